"""Temporary changes to the environment of this process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

#: Where libjq looks for a home folder, on Windows too (jq 1.8, src/util.c: get_home).
_HOMES: Final = ("HOME", "USERPROFILE", "HOMEPATH")


@contextmanager
def without_home() -> Iterator[None]:
    """Keep libjq from reading ~/.jq, the user's own definitions, while the block runs.

    libjq reads that file before every program that it compiles, and has no option to skip it. This also works as a
    decorator.
    """
    kept = {name: os.environ.pop(name) for name in _HOMES if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(kept)
