"""Messages for unexpected exceptions: standard output that cannot be written, a folder that is gone, a bug."""

from __future__ import annotations

import errno
import os
import re
import traceback
from pathlib import Path
from typing import Final

from pipeline.terminal import console

#: Parts of a URL that may be secret: a login before the host, and the query.
_LOGIN: Final = re.compile(r"(\w:/{1,2})[^/?#@\s'\"]+@")
_QUERY: Final = re.compile(r"(\w:/{1,2}[^\s'\"?]*\?)[^\s'\"]+")
_REPORT: Final = "this is a bug; run the command again with --debug and report what it shows"


def explain(error: Exception) -> int:
    """Write what went wrong, and return the exit code; the message about a bug names its place, but no values."""
    if isinstance(error, BrokenPipeError):
        return 1
    console.say_error(system_error(error) if isinstance(error, OSError) else _bug(error))
    return 1


def link_loop(error: BaseException) -> OSError | None:
    """Return the OSError for a symlink loop, a RuntimeError of `Path.resolve` before Python 3.13, or None."""
    prefix, _, path = str(error).partition(" from ")
    if not isinstance(error, RuntimeError) or prefix != "Symlink loop":
        return None
    return OSError(errno.ELOOP, os.strerror(errno.ELOOP), path.strip("'"))


def without_logins(message: str) -> str:
    """Return a message without logins and queries in its URLs, which come unchecked from the command line."""
    return _QUERY.sub(r"\1…", _LOGIN.sub(r"\1", message))


def system_error(error: OSError) -> str:
    """Return the system's error message, with the file if it is known."""
    if not _has_current_folder():
        return "the current folder is gone; change to one that exists"
    return f"{error.filename}: {error.strerror}" if error.filename else error.strerror or str(error)


def _has_current_folder() -> bool:
    try:
        Path.cwd()
    except FileNotFoundError:
        return False
    return True


def _bug(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    place = f" in {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}; {_REPORT}"
