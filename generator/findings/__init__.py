"""Findings and errors: what is wrong, where, and what fixes it."""
