"""Finds the line of a key in a TOML document, as tomllib keeps no positions."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from typing import Any


def line_of(text: str, path: Sequence[str]) -> int:
    """Return the line, from 1, on which the key or table at `path` starts, or 1 if it is not found.

    The line is found by parsing: the document before it does not have the key, and the one up to its value does.
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
    """Return whether a document has a value at `path`, or None if there is no document."""
    if document is None:
        return None
    value: Any = document
    for key in path:
        if not isinstance(value, dict) or key not in value:
            return False
        value = value[key]
    return True
