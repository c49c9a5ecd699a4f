"""Suggests the closest known name for a misspelt one."""

from __future__ import annotations

import difflib
from bisect import bisect
from collections.abc import Iterable, Sequence
from typing import Final

#: With more candidates than this, only those that sort near the name are compared.
_MANY_CANDIDATES: Final = 300
#: The number of candidates compared on each side of the name.
_NEIGHBOURS_PER_SIDE: Final = 15
#: The difference in similarity above which the better of two candidates is unambiguous.
_CLEAR_MARGIN: Final = 0.1
#: The number of characters of a name that are compared.
_COMPARED_LENGTH: Final = 200


def only_near(name: str, candidates: Iterable[str], *, near: float = 0.8) -> str | None:
    """Return the candidate most similar to `name`, at least `near` (0 to 1), or None if it is not unambiguous.

    The answer is always None for more than 300 candidates, because not all of them are compared.
    """
    listed = sorted(set(candidates))
    found = _close(name, listed, 2, near) if len(listed) <= _MANY_CANDIDATES else []
    nearness = [difflib.SequenceMatcher(None, one, name).ratio() for one in found]
    alone = len(found) == 1 or (len(found) == 2 and nearness[0] - nearness[1] >= _CLEAR_MARGIN)  # noqa: PLR2004 - the first two
    return found[0] if alone else None


def _close(name: str, candidates: Iterable[str], number: int, near: float) -> list[str]:
    """Return the closest candidates; of very many, compare only those that sort near the name, because it is slow."""
    listed = list(candidates)
    if len(listed) > _MANY_CANDIDATES:
        by_end = _neighbours(name[::-1], (other[::-1] for other in listed))
        listed = sorted({*_neighbours(name, listed), *(other[::-1] for other in by_end)})
    return difflib.get_close_matches(name[:_COMPARED_LENGTH], listed, n=number, cutoff=near)


def _neighbours(name: str, names: Iterable[str]) -> list[str]:
    """Return the names that sort directly before and after this one."""
    ordered = sorted(names)
    place = bisect(ordered, name)
    return ordered[max(0, place - _NEIGHBOURS_PER_SIDE) : place + _NEIGHBOURS_PER_SIDE]


def did_you_mean(name: str, candidates: Iterable[str], *, near: float = 0.6) -> str:
    """Return a message's ending with the closest candidate, or "" if none has a similarity of `near` (0 to 1)."""
    by_folded = {candidate.casefold(): candidate for candidate in sorted(candidates, reverse=True)}
    found = _close(name.casefold(), by_folded, 1, near)
    return f"; did you mean '{by_folded[found[0]]}'?" if found else ""


def one_of(name: str, choices: Sequence[str], *, near: float = 0.6, shown: int = 20) -> str:
    """Return a message's ending with the closest choice, if there is one, and the first `shown` choices."""
    meant = did_you_mean(name, choices, near=near)
    listed = f"one of {', '.join(choices[:shown])}"
    return f"{meant} ({listed})" if meant else f"; {listed}"
