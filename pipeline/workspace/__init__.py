"""A repository's settings and its workflow folders."""
