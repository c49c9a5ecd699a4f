"""Splits ISO 8601 durations of weeks, days, hours, minutes and seconds into their parts."""

from __future__ import annotations

import re
from typing import Final

_DURATION: Final = re.compile(
    r"P(?:(?P<week>\d+)W)?(?:(?P<day>\d+)D)?(?:T(?:(?P<hour>\d+)H)?(?:(?P<minute>\d+)M)?(?:(?P<second>\d+(?:\.\d+)?)S)?)?"
)


def duration_parts(text: str) -> dict[str, str]:
    """Return the number of each unit (`week` … `second`), the largest first; empty if the text is no such duration."""
    match = _DURATION.fullmatch(text)
    return {unit: number for unit, number in match.groupdict().items() if number} if match else {}
