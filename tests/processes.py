"""The processes that a process has started, as Linux shows them."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path


def descendants(pid: int) -> list[int]:
    """All that a process has started and those have, children before theirs."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            with suppress(OSError):
                # proc(5): the name in brackets may hold anything; state and parent follow it.
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                children.setdefault(parent, []).append(int(folder.name))
    found: list[int] = []
    below = [pid]
    while below:
        below = [child for parent in below for child in children.get(parent, [])]
        found += below
    return found


def kill_with_descendants(pid: int) -> None:
    """End a process and all that it has started, at once and without a chance to clean up."""
    started = descendants(pid)
    for each in (pid, *started):
        with suppress(ProcessLookupError):
            os.kill(each, signal.SIGKILL)


def shown_of(pid: int) -> bytes:
    """The arguments and the environment of a process; nothing of one that has ended."""
    shown = b""
    for name in ("cmdline", "environ"):
        with suppress(OSError):
            shown += Path("/proc", str(pid), name).read_bytes()
    return shown
