"""Access to the outside world: files, git, the clock, HTTP, caches."""
