"""The world outside: files, git, the clock, HTTP, caches."""
