"""Finds template units in forms: `$${{FAMILY.KEY}}` in a text of `ui:props`, which the Orchestrator's widgets replace.

Source: rhdh-plugins, orchestrator-form-widgets, utils/evaluateTemplate.ts. Blanks between the braces belong to the
unit, `${{…}}` is not a template, and units do not nest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

OPENING: Final = "$${{"
CLOSING: Final = "}}"
#: Text that looks like a template but is not, with its content.
_ONE_DOLLAR: Final = re.compile(r"(?<!\$)\$\{\{([^{}]*)\}\}")


@dataclass(frozen=True, kw_only=True)
class Unit:
    """The text between `$${{` and `}}` or, if it is not `closed`, the end of the text."""

    text: str
    closed: bool = True


def units(text: str) -> Iterator[Unit]:
    """Yield the units of a text in order."""
    start = text.find(OPENING)
    while start >= 0:
        begin = start + len(OPENING)
        end = text.find(CLOSING, begin)
        if end < 0:
            yield Unit(text=text[begin:], closed=False)
            return
        yield Unit(text=text[begin:end])
        start = text.find(OPENING, end + len(CLOSING))


def with_one_dollar(text: str) -> Iterator[str]:
    """Yield the content of each `${{…}}` in a text, which the form does not replace."""
    return (match[1] for match in _ONE_DOLLAR.finditer(text))
