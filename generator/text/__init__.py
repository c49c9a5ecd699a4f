"""Reads YAML with positions, and writes YAML, Markdown, templates and sentences."""
