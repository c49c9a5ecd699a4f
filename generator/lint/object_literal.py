"""Reads jq expressions that build an object, as far as its keys and values stand in the text.

`jq` itself can only run an expression: on input that it does not have, most of these fail. What cannot be read is
`UNKNOWN`, so that nobody takes it for wrong.
"""

from __future__ import annotations

import json
import re
from enum import Enum
from typing import Any, Final


class _Unknown(Enum):
    UNKNOWN = "unknown"


#: A value that only a run can tell.
UNKNOWN: Final = _Unknown.UNKNOWN
#: No more levels of brackets than this are read; people write three.
_MAX_DEPTH: Final = 50

_TOKEN: Final = re.compile(
    r"""\s+ | \#[^\n]* | (?P<string>"(?:[^"\\]|\\.)*") | (?P<number>-?\d+(?:\.\d+)?) | (?P<name>[A-Za-z_]\w*)"""
    r""" | (?P<mark>.)""",
    re.VERBOSE | re.DOTALL,
)
_CONSTANTS: Final = {"true": True, "false": False, "null": None}
_CLOSING: Final = {"{": "}", "[": "]", "(": ")"}

Token = tuple[str, str]


def read_object(expression: str) -> dict[str, Any] | None:
    """Return the object that an expression builds: keys to text, numbers, lists, objects or UNKNOWN.

    None where the expression is anything else than one object, or has keys that only a run can tell. `${ … }` around
    it is taken off.
    """
    text = expression.strip()
    if text.startswith("${") and text.endswith("}"):
        text = text[2:-1]
    if "\\(" in text:
        text = _without_interpolation(text)
    tokens = [(str(match.lastgroup), match[0]) for match in _TOKEN.finditer(text) if match.lastgroup]
    reader = _Reader(tokens)
    value = reader.value(0)
    return value if isinstance(value, dict) and reader.at_end() else None


def _without_interpolation(text: str) -> str:
    r"""The text with `\(…)` in strings taken out, up to its own bracket; what is left is no text that anybody reads."""
    parts, position = [], 0
    while (start := text.find("\\(", position)) >= 0:
        parts.append(text[position:start] + "\0")
        depth, position = 1, start + 2
        while position < len(text) and depth:
            depth += {"(": 1, ")": -1}.get(text[position], 0)
            position += 1
    return "".join([*parts, text[position:]])


class _Reader:
    """Reads values from tokens; whatever it does not know it skips up to the comma or bracket that ends it."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._next = 0

    def at_end(self) -> bool:
        return self._next >= len(self._tokens)

    def value(self, depth: int) -> Any:
        """The value that begins here, up to a comma, a closing bracket or the end."""
        start = self._next
        found = self._simple(depth)
        if self.at_end() or self._mark() in (",", "}", "]", ")"):
            return found
        self._next = start
        self._skip()
        return UNKNOWN

    def _simple(self, depth: int) -> Any:
        kind, text = self._take()
        match kind, text:
            case "string", _:
                return UNKNOWN if "\0" in text else _unescaped(text)
            case "number", _:
                return float(text) if "." in text else int(text[:300])
            case "name", ("true" | "false" | "null"):
                return _CONSTANTS[text]
            case "mark", "{" if depth < _MAX_DEPTH:
                return self._object(depth)
            case "mark", "[" if depth < _MAX_DEPTH:
                return self._list(depth)
        return UNKNOWN

    def _object(self, depth: int) -> Any:
        content: dict[str, Any] = {}
        while not self.at_end():
            if self._mark() == "}":
                self._take()
                return content
            kind, text = self._take()
            if kind not in ("string", "name") or "\0" in text or self._mark() != ":":
                return UNKNOWN
            self._take()
            content[_unescaped(text) if kind == "string" else text] = self.value(depth + 1)
            if self._mark() == ",":
                self._take()
        return UNKNOWN

    def _list(self, depth: int) -> Any:
        items: list[Any] = []
        while not self.at_end():
            if self._mark() == "]":
                self._take()
                return items
            items.append(self.value(depth + 1))
            if self._mark() == ",":
                self._take()
            elif self._mark() != "]":
                return UNKNOWN
        return UNKNOWN

    def _skip(self) -> None:
        """Go on to the comma or the closing bracket that ends this value."""
        open_brackets: list[str] = []
        while not self.at_end():
            mark = self._mark()
            if not open_brackets and mark in (",", "}", "]", ")"):
                return
            if mark in _CLOSING:
                open_brackets.append(_CLOSING[mark])
            elif open_brackets and mark == open_brackets[-1]:
                open_brackets.pop()
            self._next += 1

    def _mark(self) -> str:
        if self.at_end():
            return ""
        kind, text = self._tokens[self._next]
        return text if kind == "mark" else ""

    def _take(self) -> Token:
        if self.at_end():
            return "", ""
        self._next += 1
        return self._tokens[self._next - 1]


def _unescaped(text: str) -> str:
    """The text of a string token: jq escapes as JSON does."""
    try:
        return str(json.loads(text, strict=False))
    except ValueError:
        return text[1:-1]
