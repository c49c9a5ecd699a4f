"""Measures, breaks and shortens text for pictures, whatever fonts their viewer has."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Final

from generator.findings.printable import in_one_line
from generator.text.durations import duration_parts

#: Characters by their maximal width in em, rounded up, in DejaVu Sans, Liberation Sans (Arial, Helvetica), Noto Sans,
#: Roboto, Open Sans and Inter.
_WIDTHS: Final = {
    0.30: "'ijl",
    0.35: " ,.:;I",
    0.40: "()[]ft·\u2018\u2019",
    0.45: "!/\\r",
    0.50: '"-',
    0.55: "s\u201c\u201d",
    0.60: "*?JL_`ckvxyz|\u2013",
    0.65: "$0123456789FTabdeghnopqu{}",
    0.70: "ABEKPSVXYZ",
    0.75: "CRU",
    0.80: "&DGHNOQ",
    0.85: "#+<=>^w~",
    0.95: "M",
    1.00: "%Wm…—",
    1.05: "@",
}
_BOLD_WIDTHS: Final = {
    0.35: " 'ijl",
    0.40: ",.:;I·\u2018\u2019",
    0.45: "/\\f",
    0.50: "!()-[]rt",
    0.55: '"*\u201c\u201d',
    0.60: "J_csz|\u2013",
    0.65: "?L`x",
    0.70: "$0123456789EFTaekovy",
    0.75: "CPSYZbdghnpqu{}",
    0.80: "ABKRVX",
    0.85: "#+<=>DGHNU^~",
    0.90: "&OQ",
    0.95: "w",
    1.00: "@M…—",
    1.05: "%m",
    1.15: "W",
}
_REGULAR: Final[Mapping[str, float]] = {c: em for em, chars in _WIDTHS.items() for c in chars}
_BOLD: Final[Mapping[str, float]] = {c: em for em, chars in _BOLD_WIDTHS.items() for c in chars}
#: Where names and expressions may be broken: after blanks and punctuation, before dots and capitals in camel case.
_BREAKS: Final = re.compile(r"(?<=[\s_,;:/|-])(?=[^\s_,;:/|-])|(?<=[a-z0-9])(?=[A-Z])|(?<=\w)(?=\.)")
#: The length in characters above which a condition is shortened.
MAX_CONDITION: Final = 48
_ELLIPSIS: Final = "…"
_UNITS: Final = {"week": "w", "day": "d", "hour": "h", "minute": "min", "second": "s"}


def is_measured(text: str) -> bool:
    """Return whether the width of every character is known; otherwise, the text is drawn with a fixed width."""
    return all(_base(c) in _REGULAR for c in text)


def width(text: str, size: float, *, bold: bool = False) -> float:
    """Return the maximal width of a text, in the unit of `size`."""
    table = _BOLD if bold else _REGULAR
    return size * sum(table.get(c) or _width_of_others(c, table) for c in text)


def _base(character: str) -> str:
    """Return a letter without its accents, which has the same width."""
    return unicodedata.normalize("NFD", character)[0]


def _width_of_others(character: str, table: Mapping[str, float]) -> float:
    if unicodedata.combining(character):
        return 0.0
    if unicodedata.east_asian_width(character) in "WF":
        return 1.0
    return table.get(_base(character), 0.9 if character.isupper() else 0.75)


def printable(text: str) -> str:
    """Return the text in one line, with characters escaped that are invisible or not allowed in XML or UTF-8."""
    return in_one_line(" ".join(text.split()))


def expression(text: str) -> str:
    """Return an expression in one line, without `${ }` around it."""
    line = printable(text)
    inner = line[2:-1].strip() if line.startswith("${") and line.endswith("}") and line.count("${") == 1 else line
    return inner or line


def duration(text: str) -> str:
    """Return an ISO 8601 duration in words, as in `1 min 30 s` for `PT1M30S`; anything else is an expression."""
    parts = duration_parts(text)
    return " ".join(f"{number} {_UNITS[unit]}" for unit, number in parts.items()) or expression(text)


def shortened(text: str, limit: int) -> str:
    """Return the text, or its beginning with an ellipsis, with at most `limit` characters."""
    return text if len(text) <= limit else f"{text[: limit - 1].rstrip()}{_ELLIPSIS}"


def wrapped(text: str, room: float, size: float, *, lines: int, bold: bool = False) -> tuple[str, ...]:
    """Break a text into at most `lines` lines that fit `room`; if it is too long, the last ends with an ellipsis."""
    rest = printable(text)
    broken: list[str] = []
    while rest and len(broken) < lines:
        if width(rest, size, bold=bold) <= room:
            return (*broken, rest)
        line = _fitting(rest, room, size, bold=bold)
        if len(broken) == lines - 1:
            line = _with_ellipsis(rest, room, size, bold=bold)
        broken.append(line.rstrip())
        rest = rest[len(line) :].lstrip()
    return tuple(broken) or ("",)


def _fitting(text: str, room: float, size: float, *, bold: bool) -> str:
    """Return the longest beginning of a text that fits and may be broken off; at least one character."""
    taken = ""
    for piece in _BREAKS.split(text):
        if width((taken + piece).rstrip(), size, bold=bold) > room:
            break
        taken += piece
    return taken or _beginning(text, room, size, bold=bold)


def _with_ellipsis(text: str, room: float, size: float, *, bold: bool) -> str:
    beginning = _beginning(text, room - width(_ELLIPSIS, size, bold=bold), size, bold=bold)
    return f"{beginning.rstrip()}{_ELLIPSIS}"


def _beginning(text: str, room: float, size: float, *, bold: bool) -> str:
    end, total = 0, 0.0
    table = _BOLD if bold else _REGULAR
    for character in text:
        total += size * (table.get(character) or _width_of_others(character, table))
        if total > room and end:
            break
        end += 1
    return text[:end]
