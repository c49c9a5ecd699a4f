"""Completes command lines from a table, which is fast, as no command's module is imported."""
