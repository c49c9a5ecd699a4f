"""Converts hand-made charts of an existing repository: splits generated objects from those written by users."""
