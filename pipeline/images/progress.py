"""Turns the messages of a container engine's streams into readable lines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

#: States of a layer that repeat often or are not worth a line.
_QUIET: Final = frozenset({"Waiting", "Preparing", "Verifying Checksum", "Pulling fs layer"})
_UNIT: Final = 1000
#: Control sequences for colours (ECMA-48), with which the engine marks standard error.
_ESCAPED: Final = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")


class Progress:
    """Turns messages into lines: text as it comes, and only the changes of each layer's state."""

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
            yield from self._layer_lines(str(message.get("id") or ""), status, message.get("progressDetail"))

    def rest(self) -> Iterator[str]:
        """Yield the last line, if it had no line break."""
        if self._rest:
            yield _plain(self._rest)
        self._rest = ""

    def _layer_lines(self, layer: str, status: str, detail: object) -> Iterator[str]:
        if not layer:
            yield status
        elif status not in _QUIET and self._states.get(layer) != status:
            self._states[layer] = status
            total = detail.get("total") if isinstance(detail, dict) else None
            yield f"{layer}: {status}{f' {readable(total)}' if isinstance(total, int) and total > 0 else ''}"


def _plain(line: str) -> str:
    """Return a line for a log file: without colours, and without text that a terminal would overwrite."""
    return _ESCAPED.sub("", line).rstrip("\r").rpartition("\r")[2]


def readable(size: int) -> str:
    """Format a number of bytes: 999 B, 1.2 kB, 34.5 MB."""
    value, unit = float(size), "B"
    for unit in ("B", "kB", "MB", "GB"):
        if value < _UNIT or unit == "GB":
            break
        value /= _UNIT
    return f"{value:.0f} B" if unit == "B" else f"{value:.1f} {unit}"
