"""Reads and parses a workflow folder: files, definitions, properties and build arguments."""
