"""Reads regular files only, for paths from the user."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from generator.findings.errors import OutputError

_KINDS: Final = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
#: Do not block even if a pipe has replaced the file since; Windows has no such pipes, but a text mode.
_FLAGS: Final = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def read_regular(path: Path) -> bytes:
    """Return the bytes of a regular file, without ever blocking on a pipe or a device.

    Raises:
        OutputError: it does not exist, is not a file, or cannot be read.
    """
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            kind = next((kind for is_kind, kind in _KINDS if is_kind(mode)), "no file")
            raise OutputError(f"{path}: cannot be read: it is {kind}, not a file; remove it, or name another path")
        with os.fdopen(os.open(path, _FLAGS), "rb") as file:
            return file.read()
    except FileNotFoundError:
        raise OutputError(f"{path}: does not exist") from None
    except OSError as error:
        raise OutputError(f"{path}: cannot be read: {error.strerror}") from error
