"""Writes Markdown in which text from files stays text: no tag, link, mention or table cell comes of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from generator.findings.printable import in_one_line

_BACKTICKS: Final = re.compile(r"`+")
#: A name in quotes, which may hold apostrophes.
_QUOTED: Final = re.compile(r"(?<!\w)'(.*?)'(?!\w)")
_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]<>#~@&!])")


def code(text: str) -> str:
    """A code span that holds the text to the letter (CommonMark 0.31, 6.1); nothing where there is none."""
    shown = in_one_line(text)
    if not shown.strip():
        return ""
    fence = _longer_than_in(shown, 1)
    space = " " if shown[0] == "`" or shown[-1] == "`" or (shown[0] == " " and shown[-1] == " ") else ""
    return f"{fence}{space}{shown}{space}{fence}"


def plain(text: str) -> str:
    """A sentence of ours, in which names in 'quotes' come from files and become code spans."""
    parts = _QUOTED.split(in_one_line(text))
    return "".join(code(part) if index % 2 else _SPECIAL.sub(r"\\\1", part) for index, part in enumerate(parts))


def row(cells: Sequence[str]) -> str:
    """A line of a table (GitHub Flavored Markdown, 4.10): a bar is escaped in code spans, too."""
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"


def paragraph(text: str) -> str:
    """Prose of a workflow's author, which may be Markdown: one line, no HTML."""
    return " ".join(text.split()).replace("<", "&lt;")


def cell(text: str) -> str:
    """The same for a cell of a table that a template writes."""
    return paragraph(text).replace("|", r"\|")


def fenced(text: str, language: str) -> str:
    """A code block whose fence is longer than any in the text."""
    fence = _longer_than_in(text, 3)
    safe = "".join(c if c.isprintable() or c in "\t\n" else ascii(c)[1:-1] for c in text)
    return f"{fence}{language}\n{safe.rstrip()}\n{fence}"


def _longer_than_in(text: str, least: int) -> str:
    """Backticks, `least` or more, and more than the text has in a row."""
    return "`" * max([least, *(len(run) + 1 for run in _BACKTICKS.findall(text))])


def folded(title: str, content: str) -> str:
    """A section that a reader opens."""
    return f"<details>\n<summary>{title}</summary>\n\n{content}\n\n</details>"
