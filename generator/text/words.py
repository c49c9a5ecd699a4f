"""Formats lists, plurals, quoted names and durations for sentences."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from generator.text.durations import duration_parts

_LONGEST: Final = 160
#: The number of names listed in a sentence.
_LISTED: Final = 6


def quoted(text: Any) -> str:
    """Return a name or an expression in quotes, in one line and shortened if it is long."""
    line = " ".join(str(text).split())
    return f"'{line if len(line) <= _LONGEST else line[: _LONGEST - 1] + '…'}'"


def listed(items: Iterable[str], last: str = "and") -> str:
    """Return the items as in `a, b and c`."""
    found = list(items)
    if len(found) <= 1:
        return "".join(found)
    return f"{', '.join(found[:-1])} {last} {found[-1]}"


def several(names: Sequence[str], last: str = "and") -> str:
    """Return the names in quotes; of many, the first ones and the number of the rest."""
    shown = [quoted(name) for name in names[:_LISTED]]
    return listed([*shown, f"{len(names) - _LISTED} more"] if len(names) > _LISTED else shown, last)


def plural(number: int, noun: str) -> str:
    """Return the number with the noun in singular or plural: `1 branch`, `2 branches`."""
    return f"{number} {noun}{'' if number == 1 else 'es' if noun.endswith(('ch', 's')) else 's'}"


def duration(text: Any) -> str:
    """Return a duration in words: `PT1M30S` is `1 minute and 30 seconds`; an expression is quoted."""
    parts = duration_parts(str(text))
    if not parts:
        return f"as long as {quoted(without_mark(str(text)))} says"
    return listed(f"{number} {unit}{'' if number == '1' else 's'}" for unit, number in parts.items())


def without_mark(expression: str) -> str:
    """Return the expression inside `${ }`."""
    match = re.fullmatch(r"\$\{(.*)\}", expression.strip(), re.DOTALL)
    return match[1].strip() if match else expression


def told_apart(texts: Sequence[str], limit: int = _LONGEST) -> list[str]:
    """Return each text in one line, with long ones shortened so that they still differ from each other.

    If a text is longer than `limit`, and shortening it at the end would cut off its difference from another text, its
    middle is cut out instead. The others keep their length.
    """
    lines = [" ".join(text.split()) for text in texts]
    return [_shortened(line, [other for other in lines if other != line], limit) for line in lines]


def _shortened(line: str, others: Iterable[str], limit: int) -> str:
    alike = max((_common_prefix_length(line, other) for other in others), default=0)
    if len(line) <= limit or alike < limit * 3 // 4:
        return line
    before = line[: limit // 4].rstrip()
    start = max(limit // 4, alike - limit // 3)
    breaks = (line.find(" ", start, alike) + 1, line.find(".", start, alike))
    start = min((place for place in breaks if place > 0), default=start)
    after = line[start:]
    room = limit - len(before) - 1
    return f"{before}…{after if len(after) <= room else f'{after[: room - 1].rstrip()}…'}"


def _common_prefix_length(one: str, other: str) -> int:
    """Return the length of the longest common prefix of two texts."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(one), len(other)))
