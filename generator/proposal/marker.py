"""A comment at the end of a body that no page shows: it tells a later run what the proposal holds."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from typing import Any, Final

#: It begins a line: text from files is in a sentence, a list or a code block, which begin otherwise.
_MARKER: Final = re.compile(r"^ {0,3}<!--[ \t]*waybill:[ \t]*(\{.*?\})[ \t]*-->", re.MULTILINE)
#: Everything but these is written as an escape of JSON, so no name ends the comment or means anything to a forge.
_SAFE: Final = re.compile(r'[A-Za-z0-9_.:/", {}]|(?<!-)-(?!-)')
#: A SHA-256 in hexadecimal digits.
KEY: Final = re.compile(r"[0-9a-f]{64}")
_COMMIT: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@dataclass(frozen=True, kw_only=True)
class Marker:
    """What a proposal holds: the workflow's folder, and the source commit by all its digits.

    `time` is the commit's, in UTC (RFC 3339) to the second: such texts sort as the times do. `content` is the key of
    what is proposed (see `Holding`); empty where an earlier waybill wrote the marker.
    """

    workflow: str
    commit: str
    time: str
    content: str = ""

    def __str__(self) -> str:
        text = json.dumps(asdict(self))
        return f"<!-- waybill: {''.join(_escaped(text, place) for place in range(len(text)))} -->"


def read_marker(body: str) -> Marker | None:
    """Return the marker of a body, whatever people wrote around it; the last of several. None where there is none."""
    for match in reversed(list(_MARKER.finditer(body))):
        try:
            found = _marker(json.loads(match[1]))
        except (ValueError, RecursionError):
            continue
        if found:
            return found
    return None


def _marker(content: Any) -> Marker | None:
    """The marker that an object is; None where it is of another form. Further keys are those of a later waybill."""
    if not isinstance(content, dict):
        return None
    workflow, commit, time, key = (str(content.get(name, "")) for name in ("workflow", "commit", "time", "content"))
    valid = workflow and _COMMIT.fullmatch(commit) and _TIME.fullmatch(time) and (not key or KEY.fullmatch(key))
    return Marker(workflow=workflow, commit=commit, time=time, content=key) if valid else None


def with_marker(body: str, marker: Marker) -> str:
    """Return a body with another marker at its end, and none of those that it has."""
    return f"{_MARKER.sub('', body).rstrip()}\n\n{marker}\n"


def _escaped(text: str, place: int) -> str:
    return text[place] if text[place] == "\\" or _SAFE.match(text, place) else f"\\u{ord(text[place]):04x}"
