"""Brings workflows in from somebody's repository."""
