"""Waiting for what takes its time, with an end."""

from __future__ import annotations

import time
from collections.abc import Callable

#: Seconds until something that never comes is called so.
PATIENCE = 60


def eventually(holds: Callable[[], bool], what: str) -> None:
    """Wait until something that no event tells of is so; fails with `what`."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, f"not within {PATIENCE} s: {what}"
        time.sleep(0.05)
