"""The messages of a container engine's streams as lines that people read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

#: What a layer goes through many times a second, or without news.
_QUIET: Final = frozenset({"Waiting", "Preparing", "Verifying Checksum", "Pulling fs layer"})
_UNIT: Final = 1000
#: What colours a terminal (ECMA-48: control sequences). The engine marks standard error with it.
_ESCAPED: Final = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")


class Progress:
    """Turns messages into lines: text as it comes, and of each layer what is new, not each of its bytes."""

    def __init__(self) -> None:
        self._rest = ""
        self._states: dict[str, str] = {}

    def lines(self, message: Mapping[str, Any]) -> Iterator[str]:
        """Yield the lines that a message completes."""
        text = message.get("stream")
        if isinstance(text, str):
            *whole, self._rest = (self._rest + text).split("\n")
            yield from map(_plain, whole)
        status = message.get("status")
        if isinstance(status, str) and status:
            yield from self._of_layer(str(message.get("id") or ""), status, message.get("progressDetail"))

    def rest(self) -> Iterator[str]:
        """What came without the end of a line."""
        if self._rest:
            yield _plain(self._rest)
        self._rest = ""

    def _of_layer(self, layer: str, status: str, detail: object) -> Iterator[str]:
        if not layer:
            yield status
        elif status not in _QUIET and self._states.get(layer) != status:
            self._states[layer] = status
            total = detail.get("total") if isinstance(detail, dict) else None
            yield f"{layer}: {status}{f' {readable(total)}' if isinstance(total, int) and total > 0 else ''}"


def _plain(line: str) -> str:
    """Return a line as a file keeps it: without colours, and of what a terminal would overwrite the last."""
    return _ESCAPED.sub("", line).rstrip("\r").rpartition("\r")[2]


def readable(size: int) -> str:
    """Return a number of bytes as people read it: 999 B, 1.2 kB, 34.5 MB."""
    value, unit = float(size), "B"
    for unit in ("B", "kB", "MB", "GB"):
        if value < _UNIT or unit == "GB":
            break
        value /= _UNIT
    return f"{value:.0f} B" if unit == "B" else f"{value:.1f} {unit}"
