"""The environment of this process, changed for a while."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

#: Where libjq looks for a home folder, on Windows too (jq 1.8, src/util.c: get_home).
_HOMES: Final = ("HOME", "USERPROFILE", "HOMEPATH")


@contextmanager
def without_home() -> Iterator[None]:
    """Keep libjq from reading ~/.jq while the block runs: what somebody keeps there is no part of a workflow.

    libjq reads that file before every program that it compiles, and offers no other way to keep it from that. A
    function may be decorated with it, too.
    """
    kept = {name: os.environ.pop(name) for name in _HOMES if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(kept)
