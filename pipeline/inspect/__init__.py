"""Inspects workflows: lint, diffs, diagrams, changes."""
