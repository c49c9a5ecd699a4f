"""The templates of forms: `$${{FAMILY.KEY}}` in a text of `ui:props`, as the Orchestrator's widgets replace it.

Source: rhdh-plugins, orchestrator-form-widgets, utils/evaluateTemplate.ts. A unit is taken as it stands between the
braces, blanks included; `${{…}}` is no template; units do not nest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

OPENING: Final = "$${{"
CLOSING: Final = "}}"
#: What looks like a template and is none, with what stands in it.
_ONE_DOLLAR: Final = re.compile(r"(?<!\$)\$\{\{([^{}]*)\}\}")


@dataclass(frozen=True, kw_only=True)
class Unit:
    """What stands between `$${{` and `}}`; all up to the end of the text where that is not `closed`."""

    text: str
    closed: bool = True


def units(text: str) -> Iterator[Unit]:
    """The units of a text, in its order."""
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
    """What stands between `${{` and `}}` in a text; the form shows and sends it as it is."""
    return (match[1] for match in _ONE_DOLLAR.finditer(text))
