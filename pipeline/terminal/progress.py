"""Progress bars, drawn by rich; `console` imports this module only to show one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from rich.progress import track

from pipeline.terminal.live import error_console

T = TypeVar("T")


def tracked(description: str, items: Sequence[T]) -> Iterable[T]:
    """Yield `items`, with a progress bar until the last one is done."""
    return track(items, description=description, console=error_console(), transient=True)
