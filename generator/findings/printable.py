"""Text from files, made safe for a line of a terminal."""

from __future__ import annotations


def in_one_line(text: str) -> str:
    """The text with control characters spelled out: names come from files, and a terminal would obey them."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
