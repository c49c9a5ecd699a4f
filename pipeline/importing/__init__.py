"""Imports workflows from another repository."""
