"""Lints workflows: the rules, their suppression by comments and settings, and automatic fixes."""
