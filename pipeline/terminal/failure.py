"""Explains what a command did not expect: standard output that takes nothing, a folder that is gone, a bug."""

from __future__ import annotations

import errno
import os
import re
import traceback
from pathlib import Path
from typing import Final

from pipeline.terminal import console

#: What may be a secret in a URL, whoever wrote it: a login before the host, and the query.
_LOGIN: Final = re.compile(r"(\w:/{1,2})[^/?#@\s'\"]+@")
_QUERY: Final = re.compile(r"(\w:/{1,2}[^\s'\"?]*\?)[^\s'\"]+")
_REPORT: Final = "this is a bug; run the command again with --debug and report what it shows"


def explain(error: Exception) -> int:
    """Say what went wrong, and return the exit code. Of a bug, the message names the place and no value of ours."""
    if isinstance(error, BrokenPipeError):
        return 1
    console.say_error(system_error(error) if isinstance(error, OSError) else _bug(error))
    return 1


def link_loop(error: BaseException) -> OSError | None:
    """The error about a link that leads to itself, of which `Path.resolve` makes a RuntimeError before Python 3.13."""
    prefix, _, path = str(error).partition(" from ")
    if not isinstance(error, RuntimeError) or prefix != "Symlink loop":
        return None
    return OSError(errno.ELOOP, os.strerror(errno.ELOOP), path.strip("'"))


def without_logins(message: str) -> str:
    """The message with nothing in its URLs that may be a secret: they come from the command line as they are."""
    return _QUERY.sub(r"\1…", _LOGIN.sub(r"\1", message))


def system_error(error: OSError) -> str:
    """What the system refused, and where it is known to be."""
    if not _here():
        return "the current folder is gone; change to one that exists"
    return f"{error.filename}: {error.strerror}" if error.filename else error.strerror or str(error)


def _here() -> bool:
    try:
        Path.cwd()
    except FileNotFoundError:
        return False
    return True


def _bug(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    place = f" in {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}; {_REPORT}"
