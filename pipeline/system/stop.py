"""Stops work in another process or on a server when an event is set."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

#: Seconds between two checks of the event.
_INTERVAL: Final = 0.1


@contextmanager
def ended_by(stop: threading.Event, end: Callable[[], object]) -> Iterator[None]:
    """Call `end` once, from another thread, if `stop` is set while the block runs."""
    done = threading.Event()

    def watch() -> None:
        while not done.wait(_INTERVAL):
            if stop.is_set():
                end()
                return

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
