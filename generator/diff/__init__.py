"""Compares two versions of a workflow: the changes, their impact, and the hazards for waiting instances."""
