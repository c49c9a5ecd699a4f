"""Shortens the sections of a body to fit a forge's size limit, the least important first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

#: GitHub counts code points (found by others with ASCII and emoji); `length` is never smaller than that.
GITHUB_LIMIT: Final = 65_536
#: GitLab allows 1 MiB; a UTF-16 code unit is at most three bytes in UTF-8.
GITLAB_LIMIT: Final = 1_048_576 // 3
#: Waybill's own minimum, in which all text that is never omitted fits.
SMALLEST_LIMIT: Final = 16_384
#: Sections up to this length are shortened last, because that saves little.
_SMALL: Final = 1_000


@dataclass(frozen=True, kw_only=True)
class Form:
    """The whole or shortened text of a section; `missing` describes what was omitted, or is ""."""

    text: str
    missing: str = ""


@dataclass(frozen=True, kw_only=True)
class Section:
    """A section in its forms, from the whole text to the shortest; those with the highest `rank` are shortened first.

    Each form is complete Markdown: none ends inside a code block, a list or a folded part.
    """

    rank: int
    forms: tuple[Form, ...]


def length(text: str) -> int:
    """Return the number of UTF-16 code units, as JavaScript counts, which is at least the number of code points."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def fitted(sections: Sequence[Section], write: Callable[[Sequence[Form]], str], limit: int) -> str:
    """Return the result of `write` for the longest forms with which it is at most `limit` long (see `length`).

    Raises:
        ValueError: even the shortest forms exceed the limit.
    """
    shown = [0] * len(sections)
    while True:
        text = write([section.forms[form] for section, form in zip(sections, shown, strict=True)])
        if length(text) <= limit:
            return text
        shortenable = [place for place, section in enumerate(sections) if shown[place] + 1 < len(section.forms)]
        if not shortenable:
            raise ValueError(f"a body of {length(text):,} characters is the shortest; the limit is {limit:,}")
        large = [
            place for place in shortenable if length(sections[place].forms[shown[place]].text) > _SMALL
        ] or shortenable
        rank = max(sections[place].rank for place in large)
        for place in large:
            shown[place] += sections[place].rank == rank
