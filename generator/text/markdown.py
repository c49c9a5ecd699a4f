"""Writes Markdown in which text from files is escaped: it creates no tags, links, images or table cells."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final
from urllib.parse import quote, urlsplit

from generator.findings.printable import in_one_line

_BACKTICKS: Final = re.compile(r"`+")
#: A name in quotes, which may contain apostrophes.
_QUOTED: Final = re.compile(r"(?<!\w)'(.*?)'(?!\w)")
_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]<>#~@&!])")
#: Begins a list, a heading or a rule in Markdown, or a quick action in GitLab.
_BEGINNING: Final = re.compile(r"^(\d*)([-+=/.)])")
#: A zero-width space: it is invisible, and a forge treats the text on both sides as separate words.
_ZERO_WIDTH_SPACE: Final = "\u200b"
#: What GitHub and GitLab link in rendered Markdown, where a backslash has no effect: mentions, issues, merge requests,
#: labels, milestones, addresses, emoji.
_REFERENCES: Final = re.compile(r'(?i:\$|[@#!%&~](?=[\w"])|GH-(?=\d)|:(?=//|[\w+-])|www(?=\.))')
_COMMITS: Final = re.compile(r"(?<![0-9a-z])[0-9a-f]{7,40}(?![0-9a-z])", re.IGNORECASE)
#: Runs of digits too short for a commit.
_UP_TO_SIX: Final = re.compile(r".{1,6}")
#: The characters of a URL that need no quoting in a Markdown link; brackets would end it.
_IN_ADDRESSES: Final = "/:?#=&%~+,;@!$'"
#: Closing keywords: they close an issue on GitHub or GitLab when a pull request is merged.
_CLOSING: Final = re.compile(
    r"\b(?=(?:clos(?:e[sd]?|ing)|fix(?:e[sd]|ing)?|resolv(?:e[sd]?|ing)|implement(?:s|ed|ing)?)\b:?\s+"
    r"(?:issues?\s+)?\S*?[#/-]\d)\w",
    re.IGNORECASE,
)


def code(text: str) -> str:
    """Return a code span with the exact text (CommonMark 0.31, section 6.1), or "" for blank text."""
    shown = in_one_line(text)
    if not shown.strip():
        return ""
    fence = _longer_than_in(shown, 1)
    space = " " if shown[0] == "`" or shown[-1] == "`" or (shown[0] == " " and shown[-1] == " ") else ""
    return f"{fence}{space}{shown}{space}{fence}"


def plain(text: str) -> str:
    """Return a message of waybill as Markdown: names in 'quotes' become code spans, the rest is escaped."""
    return _sentence(text, lambda words: _SPECIAL.sub(r"\\\1", words))


def inert(text: str) -> str:
    """Return the same as `plain`, but with nothing a forge would link or notify; it may begin a line."""
    return _BEGINNING.sub(r"\1\\\2", _sentence(text.strip(), lambda words: _SPECIAL.sub(r"\\\1", unlinked(words))))


def unlinked(text: str) -> str:
    """Return the text with a zero-width space in everything that a forge would link or notify."""
    text = _COMMITS.sub(lambda found: _ZERO_WIDTH_SPACE.join(_UP_TO_SIX.findall(found[0])), text)
    return _REFERENCES.sub(lambda found: found[0] + _ZERO_WIDTH_SPACE, text)


def without_closing(text: str) -> str:
    """Return the text with a zero-width space in closing keywords, also in code spans, which GitLab reads."""
    return _CLOSING.sub(lambda found: found[0] + _ZERO_WIDTH_SPACE, text)


def _sentence(text: str, escaped: Callable[[str], str]) -> str:
    parts = _QUOTED.split(in_one_line(text))
    shown = [code(part) if index % 2 else escaped(part) for index, part in enumerate(parts)]
    between = range(2, len(shown) - 1, 2)
    # Adjacent code spans would merge into one, so a space separates them.
    return "".join(part or (" " if index in between else "") for index, part in enumerate(shown))


def link(text: str, url: str) -> str:
    """Return a link with `text`, which is Markdown, or only the text if `url` is not an HTTP URL or has a login."""
    try:
        parts = urlsplit(url)
        valid = url.startswith(("https://", "http://")) and parts.hostname and parts.username is None
    except ValueError:
        valid = False
    return f"[{text}]({quote(url, safe=_IN_ADDRESSES)})" if valid and url.isascii() and url.isprintable() else text


def row(cells: Sequence[str]) -> str:
    """Return a table row (GitHub Flavored Markdown, section 4.10); bars are escaped in code spans as well."""
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"


def paragraph(text: str) -> str:
    """Return text by a workflow's author, which may be Markdown, in one line and without HTML."""
    return " ".join(text.split()).replace("<", "&lt;")


def cell(text: str) -> str:
    """Return the same as `paragraph`, for a table cell in a template."""
    return paragraph(text).replace("|", r"\|")


def fenced(text: str, language: str) -> str:
    """Return a code block with a fence that is longer than any in the text."""
    fence = _longer_than_in(text, 3)
    safe = "".join(c if c.isprintable() or c in "\t\n" else ascii(c)[1:-1] for c in text)
    return f"{fence}{language}\n{safe.rstrip()}\n{fence}"


def _longer_than_in(text: str, least: int) -> str:
    """Return a run of at least `least` backticks that is longer than any in the text."""
    return "`" * max([least, *(len(run) + 1 for run in _BACKTICKS.findall(text))])


def folded(title: str, content: str) -> str:
    """Return a collapsed section."""
    return f"<details>\n<summary>{title}</summary>\n\n{content}\n\n</details>"
