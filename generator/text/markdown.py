"""Writes Markdown in which text from files stays text: no tag, link, image or table cell comes of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final
from urllib.parse import quote, urlsplit

from generator.findings.printable import in_one_line

_BACKTICKS: Final = re.compile(r"`+")
#: A name in quotes, which may hold apostrophes.
_QUOTED: Final = re.compile(r"(?<!\w)'(.*?)'(?!\w)")
_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]<>#~@&!])")
#: Begins a list, a heading or a rule in Markdown, a command to GitLab.
_BEGINNING: Final = re.compile(r"^(\d*)([-+=/.)])")
#: Nobody sees it, and a forge takes nothing on both sides of it for one word.
_NOTHING: Final = "\u200b"
#: What GitHub and GitLab look for in the text that Markdown gives, so that no backslash keeps them from it: mentions,
#: issues, merge requests, labels, milestones, addresses, emoji.
_REFERENCES: Final = re.compile(r'(?i:\$|[@#!%&~](?=[\w"])|GH-(?=\d)|:(?=//|[\w+-])|www(?=\.))')
_COMMITS: Final = re.compile(r"(?<![0-9a-z])[0-9a-f]{7,40}(?![0-9a-z])", re.IGNORECASE)
#: Digits that are too few for a commit.
_FEW: Final = re.compile(r".{1,6}")
#: What an address has beside letters and digits; brackets would end it in Markdown.
_IN_ADDRESSES: Final = "/:?#=&%~+,;@!$'"
#: What closes an issue when a proposal is merged, in GitHub's words and GitLab's.
_CLOSING: Final = re.compile(
    r"\b(?=(?:clos(?:e[sd]?|ing)|fix(?:e[sd]|ing)?|resolv(?:e[sd]?|ing)|implement(?:s|ed|ing)?)\b:?\s+"
    r"(?:issues?\s+)?\S*?[#/-]\d)\w",
    re.IGNORECASE,
)


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
    return _sentence(text, lambda words: _SPECIAL.sub(r"\\\1", words))


def inert(text: str) -> str:
    """The same where a forge looks for people, issues, commits and addresses; it may begin a line."""
    return _BEGINNING.sub(r"\1\\\2", _sentence(text.strip(), lambda words: _SPECIAL.sub(r"\\\1", unlinked(words))))


def unlinked(text: str) -> str:
    """The text with a character of no width in all that a forge makes a link or a notification of."""
    text = _COMMITS.sub(lambda found: _NOTHING.join(_FEW.findall(found[0])), text)
    return _REFERENCES.sub(lambda found: found[0] + _NOTHING, text)


def without_closing(text: str) -> str:
    """The text with a character of no width where it would close an issue, in code, too: GitLab looks there."""
    return _CLOSING.sub(lambda found: found[0] + _NOTHING, text)


def _sentence(text: str, escaped: Callable[[str], str]) -> str:
    parts = _QUOTED.split(in_one_line(text))
    shown = [code(part) if index % 2 else escaped(part) for index, part in enumerate(parts)]
    between = range(2, len(shown) - 1, 2)
    # Two code spans side by side would end elsewhere than either does.
    return "".join(part or (" " if index in between else "") for index, part in enumerate(shown))


def link(text: str, url: str) -> str:
    """A link with `text`, which is Markdown; only the text if `url` is not that of a page, or contains a login."""
    try:
        parts = urlsplit(url)
        valid = url.startswith(("https://", "http://")) and parts.hostname and parts.username is None
    except ValueError:
        valid = False
    return f"[{text}]({quote(url, safe=_IN_ADDRESSES)})" if valid and url.isascii() and url.isprintable() else text


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
