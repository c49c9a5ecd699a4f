"""Writes and parses the hidden comment at the end of a body, which records for later runs what is proposed."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from typing import Any, Final

#: Only at the start of a line, where no text from files can be: that is in sentences, lists and code blocks.
_MARKER: Final = re.compile(r"^ {0,3}<!--[ \t]*waybill:[ \t]*(\{.*?\})[ \t]*-->", re.MULTILINE)
#: All other characters are JSON-escaped, so that no name ends the comment or has a meaning for a forge.
_SAFE: Final = re.compile(r'[A-Za-z0-9_.:/", {}]|(?<!-)-(?!-)')
#: A SHA-256 hash in hexadecimal digits.
KEY: Final = re.compile(r"[0-9a-f]{64}")
_COMMIT: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@dataclass(frozen=True, kw_only=True)
class Marker:
    """The workflow folder, the full source commit and the content of a proposal.

    `time` is that of the commit, to the second in UTC (RFC 3339), so that texts sort by time. `content` is the hash of
    the proposed files (see `Holding`), or "" if an older version of waybill wrote the marker.
    """

    workflow: str
    commit: str
    time: str
    content: str = ""

    def __str__(self) -> str:
        text = json.dumps(asdict(self))
        return f"<!-- waybill: {''.join(_escaped(text, place) for place in range(len(text)))} -->"


def read_marker(body: str) -> Marker | None:
    """Return the marker in a body that users may have edited, the last if there are several, or None."""
    for match in reversed(list(_MARKER.finditer(body))):
        try:
            found = _marker(json.loads(match[1]))
        except (ValueError, RecursionError):
            continue
        if found:
            return found
    return None


def _marker(content: Any) -> Marker | None:
    """Return the marker of a JSON document, or None if it is malformed; keys of newer versions are ignored."""
    if not isinstance(content, dict):
        return None
    workflow, commit, time, key = (str(content.get(name, "")) for name in ("workflow", "commit", "time", "content"))
    valid = workflow and _COMMIT.fullmatch(commit) and _TIME.fullmatch(time) and (not key or KEY.fullmatch(key))
    return Marker(workflow=workflow, commit=commit, time=time, content=key) if valid else None


def with_marker(body: str, marker: Marker) -> str:
    """Return the body with its markers replaced by the given one, at the end."""
    return f"{_MARKER.sub('', body).rstrip()}\n\n{marker}\n"


def _escaped(text: str, place: int) -> str:
    return text[place] if text[place] == "\\" or _SAFE.match(text, place) else f"\\u{ord(text[place]):04x}"
