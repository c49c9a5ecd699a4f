"""Versions of charts: SemVer, what comes next, Helm's ranges."""
