"""The nearest right name."""

from __future__ import annotations

import difflib
from bisect import bisect
from collections.abc import Iterable, Sequence
from typing import Final

#: From how many candidates on, and up to which length of a name, the nearest is looked for with less care.
_MANY: Final = 300
#: So many of them to each side of the name are compared.
_BESIDE: Final = 15
#: How much nearer the first of two candidates has to be for no doubt to remain.
_CLEARLY: Final = 0.1
_LONG: Final = 200


def only_near(name: str, candidates: Iterable[str], *, near: float = 0.8) -> str | None:
    """Return the only candidate that is as `near` (0 to 1) to `name`, with no other nearly so; else None.

    Of very many candidates none is, since not all of them are compared.
    """
    listed = sorted(set(candidates))
    found = _close(name, listed, 2, near) if len(listed) <= _MANY else []
    nearness = [difflib.SequenceMatcher(None, one, name).ratio() for one in found]
    alone = len(found) == 1 or (len(found) == 2 and nearness[0] - nearness[1] >= _CLEARLY)  # noqa: PLR2004 - the first two
    return found[0] if alone else None


def _close(name: str, candidates: Iterable[str], number: int, near: float) -> list[str]:
    """The nearest candidates; of very many those alone that start and end most like it, since comparing is slow."""
    listed = list(candidates)
    if len(listed) > _MANY:
        by_end = _beside(name[::-1], (other[::-1] for other in listed))
        listed = sorted({*_beside(name, listed), *(other[::-1] for other in by_end)})
    return difflib.get_close_matches(name[:_LONG], listed, n=number, cutoff=near)


def _beside(name: str, names: Iterable[str]) -> list[str]:
    """The names that stand around this one where they are sorted."""
    ordered = sorted(names)
    place = bisect(ordered, name)
    return ordered[max(0, place - _BESIDE) : place + _BESIDE]


def did_you_mean(name: str, candidates: Iterable[str], *, near: float = 0.6) -> str:
    """The end of a message: the nearest right name, or nothing where none is as `near` (0 to 1) as that."""
    by_folded = {candidate.casefold(): candidate for candidate in sorted(candidates, reverse=True)}
    found = _close(name.casefold(), by_folded, 1, near)
    return f"; did you mean '{by_folded[found[0]]}'?" if found else ""


def one_of(name: str, choices: Sequence[str], *, near: float = 0.6, shown: int = 20) -> str:
    """The end of a message: the nearest right value, then the first that there are."""
    meant = did_you_mean(name, choices, near=near)
    listed = f"one of {', '.join(choices[:shown])}"
    return f"{meant} ({listed})" if meant else f"; {listed}"
