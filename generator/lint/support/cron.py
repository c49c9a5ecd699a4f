"""Validates cron expressions in the formats of cron (5 fields) and Quartz (6 or 7), which the specification both shows.

No library validates both: croniter and cronsim support neither `?` nor years nor Quartz's days of the week, and
cron-descriptor does not check ranges. Engines do not read schedules, so only the syntax is checked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS: Final = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")


@dataclass(frozen=True, kw_only=True)
class _Field:
    """A field: its range of numbers, their names, and a regular expression for other values."""

    name: str
    lowest: int
    highest: int
    names: tuple[str, ...] = ()
    also: str = "(?!)"


_SECOND: Final = _Field(name="second", lowest=0, highest=59)
_MINUTE: Final = _Field(name="minute", lowest=0, highest=59)
_HOUR: Final = _Field(name="hour", lowest=0, highest=23)
_DAY: Final = _Field(name="day of the month", lowest=1, highest=31, also=r"\?|L(W|-\d{1,2})?|\d{1,2}W")
_MONTH: Final = _Field(name="month", lowest=1, highest=12, names=_MONTHS)
_WEEKDAY: Final = _Field(
    name="day of the week", lowest=0, highest=7, names=_DAYS, also=r"\?|L|([0-7]|[A-Z]{3})(L|#[1-5])"
)
_YEAR: Final = _Field(name="year", lowest=1970, highest=2199)
#: The fields of an expression by their number.
_FORMATS: Final = {
    5: (_MINUTE, _HOUR, _DAY, _MONTH, _WEEKDAY),
    6: (_SECOND, _MINUTE, _HOUR, _DAY, _MONTH, _WEEKDAY),
    7: (_SECOND, _MINUTE, _HOUR, _DAY, _MONTH, _WEEKDAY, _YEAR),
}
_PART: Final = re.compile(r"(?P<all>\*)|(?P<first>[A-Z]{3}|\d{1,4})(?:-(?P<last>[A-Z]{3}|\d{1,4}))?", re.ASCII)


def what_is_wrong(expression: str) -> str | None:
    """Return what is wrong with a cron expression and how to fix it, or None if it is valid."""
    words = expression.upper().split()
    if len(words) not in _FORMATS:
        return f"a cron expression has 5 fields (6 or 7 with seconds and years), this has {len(words)}; see crontab(5)"
    for field, word in zip(_FORMATS[len(words)], words, strict=True):
        if any(not _fits(part, field) for part in word.split(",")):
            allowed = f"{field.lowest} to {field.highest}, '*', 'a-b' or '*/n'"
            return f"'{word[:100]}' is not a valid {field.name}; write {allowed}"
    return None


def _fits(part: str, field: _Field) -> bool:
    if re.fullmatch(field.also, part, re.ASCII):
        return True
    span, slash, step = part.partition("/")
    match = _PART.fullmatch(span)
    if match is None or (slash and not (step.isascii() and step.isdecimal() and 0 < int(step[:9]) <= field.highest)):
        return False
    numbers = [_number(match[key], field) for key in ("first", "last") if match[key]]
    return all(number is not None and field.lowest <= number <= field.highest for number in numbers)


def _number(word: str, field: _Field) -> int | None:
    if word.isdecimal():
        return int(word)
    return field.names.index(word) + 1 if word in field.names else None
