"""Lays out tables to fit the width of a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Iterator, Sequence
from typing import Final

_GAP: Final = "   "


def table_lines(
    headings: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: Collection[str], width: int | None
) -> Iterator[str]:
    """Yield the lines of a table without trailing blanks; the columns in `numbers` are right-aligned.

    If it is wider than `width`, cells are wrapped between words. If that is not enough, each row becomes a list of its
    cells; a cell without blanks (a path, a digest) may exceed the width, so that it can be copied in one piece.
    """
    columns = [[heading, *(row[number] for row in rows)] for number, heading in enumerate(headings)]
    widest = [max(map(len, column)) for column in columns]
    rigid = [heading in numbers for heading in headings]
    least = [
        most if fixed else max(len(word) for cell in column for word in cell.split() or [""])
        for column, most, fixed in zip(columns, widest, rigid, strict=True)
    ]
    widths = _fitting(widest, least, None if width is None else width - len(_GAP) * (len(headings) - 1) - 2)
    if widths is None:
        yield from _records(headings, rows)
        return
    yield ""
    yield from _row(headings, widths, rigid)
    yield f" {'─' * (sum(widths) + len(_GAP) * (len(widths) - 1))}"
    for row in rows:
        yield from _row(row, widths, rigid)
    yield ""


def _fitting(widest: Sequence[int], least: Sequence[int], room: int | None) -> list[int] | None:
    """Return column widths, the widest reduced until all fit, or None if words would have to break."""
    widths = list(widest)
    if room is None:
        return widths
    if sum(least) > room:
        return None
    while sum(widths) > room:
        spare = [(width - smallest, number) for number, (width, smallest) in enumerate(zip(widths, least, strict=True))]
        widths[max(spare)[1]] -= 1
    return widths


def _row(cells: Sequence[str], widths: Sequence[int], rigid: Sequence[bool]) -> Iterator[str]:
    wrapped = [
        [cell] if fixed else textwrap.wrap(cell, width, break_long_words=False, break_on_hyphens=False) or [""]
        for cell, width, fixed in zip(cells, widths, rigid, strict=True)
    ]
    for number in range(max(map(len, wrapped))):
        parts = [lines[number] if number < len(lines) else "" for lines in wrapped]
        aligned = (
            part.rjust(width) if fixed else part.ljust(width)
            for part, width, fixed in zip(parts, widths, rigid, strict=True)
        )
        yield f" {_GAP.join(aligned)}".rstrip()


def _records(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    width = max(map(len, headings))
    yield ""
    for row in rows:
        yield from (f" {heading:<{width}}{_GAP}{cell}" for heading, cell in zip(headings, row, strict=True) if cell)
        yield ""
