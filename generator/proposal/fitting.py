"""Fits the sections of a body into a forge's limit: what matters least is shortened first, and said to be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

#: GitHub counts code points (tried by others with ASCII and emoji), and `length` never counts fewer.
GITHUB_LIMIT: Final = 65_536
#: GitLab allows a megabyte; UTF-8 has at most three bytes for each UTF-16 code unit.
GITLAB_LIMIT: Final = 1_048_576 // 3
#: Ours: what is never left out fits in it.
SMALLEST_LIMIT: Final = 16_384
#: A section as small as this makes room for nothing, and stays while a larger one can be shortened.
_SMALL: Final = 1_000


@dataclass(frozen=True, kw_only=True)
class Form:
    """A section as it is shown; `missing` says what it lacks of the whole."""

    text: str
    missing: str = ""


@dataclass(frozen=True, kw_only=True)
class Section:
    """A section in its forms, the whole first and the shortest last; those of a lower `rank` stay whole longer.

    Each form is Markdown of its own: none ends inside of a code block, a list or a folded part.
    """

    rank: int
    forms: tuple[Form, ...]


def length(text: str) -> int:
    """The number of UTF-16 code units: what JavaScript counts, and at least as many as there are code points."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def fitted(sections: Sequence[Section], write: Callable[[Sequence[Form]], str], limit: int) -> str:
    """Return what `write` makes of the sections' forms, at most `limit` long (see `length`).

    Raises:
        ValueError: the shortest forms are longer than that.
    """
    shown = [0] * len(sections)
    while True:
        text = write([section.forms[form] for section, form in zip(sections, shown, strict=True)])
        if length(text) <= limit:
            return text
        left = [place for place, section in enumerate(sections) if shown[place] + 1 < len(section.forms)]
        if not left:
            raise ValueError(f"a body of {length(text):,} characters is the shortest; the limit is {limit:,}")
        large = [place for place in left if length(sections[place].forms[shown[place]].text) > _SMALL] or left
        rank = max(sections[place].rank for place in large)
        for place in large:
            shown[place] += sections[place].rank == rank
