"""Whether a stream takes colours and live updates."""

from __future__ import annotations

import os
from typing import IO, Any


def wants_colour(stream: IO[Any]) -> bool:
    """Return whether to colour output to a stream, by NO_COLOR, then FORCE_COLOR, then the kind of stream.

    Sources: no-color.org and force-color.org; an empty variable counts as unset.
    """
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or is_live(stream)


def is_live(stream: IO[Any]) -> bool:
    """Return whether a stream is a terminal that can redraw a line; a dumb terminal cannot, and has no colours."""
    return stream.isatty() and os.environ.get("TERM") not in ("dumb", "unknown")


def width_of(stream: IO[Any]) -> int | None:
    """Return the characters in a line of a terminal, or None if the stream is not a terminal."""
    if not stream.isatty():
        return None
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns):
        return int(columns)
    try:
        return os.get_terminal_size(stream.fileno()).columns or None
    except OSError:
        return None
