"""Somebody's repository with hand-made charts: which parts a build makes anyway, and which people wrote."""
