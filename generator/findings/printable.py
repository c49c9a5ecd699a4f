"""Escapes text from files for output on one line of a terminal."""

from __future__ import annotations


def in_one_line(text: str) -> str:
    """Return the text with control characters escaped, because a terminal would interpret them."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
