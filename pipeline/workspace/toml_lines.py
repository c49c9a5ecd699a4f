"""Where a key stands in a TOML document: tomllib keeps no positions."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from typing import Any


def line_of(text: str, path: Sequence[str]) -> int:
    """Return the line, from 1, on which the key or table at `path` starts; 1 where it cannot be told.

    Found by parsing: the key is absent from what stands above its line, and there once its value is complete.
    """
    lines = text.splitlines(keepends=True)
    for number, line in enumerate(lines, start=1):
        if path[-1] in line and _holds(_parsed(lines[: number - 1]), path) is False:
            complete = (_parsed(lines[:end]) for end in range(number, len(lines) + 1))
            if _holds(next((each for each in complete if each is not None), None), path):
                return number
    return 1


def _parsed(lines: Sequence[str]) -> dict[str, Any] | None:
    try:
        return tomllib.loads("".join(lines))
    except tomllib.TOMLDecodeError:
        return None


def _holds(document: dict[str, Any] | None, path: Sequence[str]) -> bool | None:
    """Return whether a document has something at `path`; None where the lines are no whole document."""
    if document is None:
        return None
    value: Any = document
    for key in path:
        if not isinstance(value, dict) or key not in value:
            return False
        value = value[key]
    return True
