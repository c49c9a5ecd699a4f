"""Access to the outside: files, git, the clock, HTTP, caches."""
