"""Who wants colours, and who watches: a person at a terminal, or a file, a pipe, a log."""

from __future__ import annotations

import os
from typing import IO, Any


def wants_colour(stream: IO[Any]) -> bool:
    """Whether to colour what goes there: NO_COLOR, then FORCE_COLOR, then what the stream is.

    Sources: no-color.org and force-color.org, by which an empty variable is none.
    """
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or is_live(stream)


def is_live(stream: IO[Any]) -> bool:
    """Whether a line there can be drawn again; a dumb terminal cannot move its cursor, and has no colours either."""
    return stream.isatty() and os.environ.get("TERM") not in ("dumb", "unknown")


def width_of(stream: IO[Any]) -> int | None:
    """How many characters fit a line of a terminal; None where nobody watches."""
    if not stream.isatty():
        return None
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns):
        return int(columns)
    try:
        return os.get_terminal_size(stream.fileno()).columns or None
    except OSError:
        return None
