"""Progress bars, which rich draws; `console` imports this module where it shows one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from rich.progress import track

from pipeline.terminal.live import error_console

T = TypeVar("T")


def tracked(description: str, items: Sequence[T]) -> Iterable[T]:
    """Hand on `items`, and show a bar until the last one is done."""
    return track(items, description=description, console=error_console(), transient=True)
