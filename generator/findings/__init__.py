"""Findings, their fixes, and the errors shown to users."""
