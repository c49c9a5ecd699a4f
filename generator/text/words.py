"""Words for sentences: lists, plurals, quoted names, durations."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from generator.text.durations import duration_parts

_LONGEST: Final = 160
#: As many names are listed as fit a sentence.
_LISTED: Final = 6


def quoted(text: Any) -> str:
    """A name or an expression from a file, in one line and cut where it is long."""
    line = " ".join(str(text).split())
    return f"'{line if len(line) <= _LONGEST else line[: _LONGEST - 1] + '…'}'"


def listed(items: Iterable[str], last: str = "and") -> str:
    """`a, b and c`."""
    found = list(items)
    if len(found) <= 1:
        return "".join(found)
    return f"{', '.join(found[:-1])} {last} {found[-1]}"


def several(names: Sequence[str], last: str = "and") -> str:
    """The names in quotes, the first of many."""
    shown = [quoted(name) for name in names[:_LISTED]]
    return listed([*shown, f"{len(names) - _LISTED} more"] if len(names) > _LISTED else shown, last)


def plural(number: int, noun: str) -> str:
    """`1 branch`, `2 branches`."""
    return f"{number} {noun}{'' if number == 1 else 'es' if noun.endswith(('ch', 's')) else 's'}"


def duration(text: Any) -> str:
    """`PT1M30S` as `1 minute and 30 seconds`; an expression as what it is."""
    parts = duration_parts(str(text))
    if not parts:
        return f"as long as {quoted(without_mark(str(text)))} says"
    return listed(f"{number} {unit}{'' if number == '1' else 's'}" for unit, number in parts.items())


def without_mark(expression: str) -> str:
    """The expression inside `${ }`, which a sentence leaves out."""
    match = re.fullmatch(r"\$\{(.*)\}", expression.strip(), re.DOTALL)
    return match[1].strip() if match else expression


def told_apart(texts: Sequence[str], limit: int = _LONGEST) -> list[str]:
    """Return the texts in one line each, those that begin alike cut where they do not differ.

    A text that is longer than `limit`, and whose difference from another would be cut off at the end, keeps its
    beginning and what comes from the difference on; the others stay as long as they are.
    """
    lines = [" ".join(text.split()) for text in texts]
    return [_shortened(line, [other for other in lines if other != line], limit) for line in lines]


def _shortened(line: str, others: Iterable[str], limit: int) -> str:
    alike = max((_alike(line, other) for other in others), default=0)
    if len(line) <= limit or alike < limit * 3 // 4:
        return line
    before = line[: limit // 4].rstrip()
    start = max(limit // 4, alike - limit // 3)
    breaks = (line.find(" ", start, alike) + 1, line.find(".", start, alike))
    start = min((place for place in breaks if place > 0), default=start)
    after = line[start:]
    room = limit - len(before) - 1
    return f"{before}…{after if len(after) <= room else f'{after[: room - 1].rstrip()}…'}"


def _alike(one: str, other: str) -> int:
    """How many characters two texts begin with that are the same."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(one), len(other)))
