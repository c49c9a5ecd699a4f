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
