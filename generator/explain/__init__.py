"""Explains a workflow in sentences."""
