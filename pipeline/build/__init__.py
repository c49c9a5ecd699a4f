"""Builds charts, packages and an index from workflow folders, at once or in single steps."""
