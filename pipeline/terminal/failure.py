"""Explains what a command did not expect: standard output that takes nothing, a folder that is gone, a bug."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Final

from pipeline.terminal import console

_REPORT: Final = "this is a bug; run the command again with --debug and report what it shows"


def explain(error: Exception) -> int:
    """Say what went wrong, and return the exit code. Of a bug, the message names the place and no value of ours."""
    if isinstance(error, BrokenPipeError):
        return 1
    console.say_error(system_error(error) if isinstance(error, OSError) else _bug(error))
    return 1


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
