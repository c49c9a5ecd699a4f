"""What --verbose shows of the world outside: programs that are started, servers that are connected to."""

from __future__ import annotations

import functools
import os
import shlex
import sys
from typing import Any

from pipeline.terminal import console
from pipeline.terminal.failure import without_logins


@functools.cache
def trace() -> None:
    """Show what the interpreter's audit events say from now on; without --verbose, `console` keeps it to itself.

    By them all of it is seen in one place, also what libraries do (docs.python.org, "Audit events table").
    """
    sys.addaudithook(_show_event)


def _show_event(event: str, given: tuple[Any, ...]) -> None:
    match event, given:
        case "subprocess.Popen", (_, words, folder, _):
            listed = [words] if isinstance(words, (str, bytes)) else words
            where = f" (in {os.fsdecode(folder)})" if folder else ""
            console.detail(f"   starts  {without_logins(shlex.join(os.fsdecode(word) for word in listed))}{where}")
        case "http.client.connect", (_, host, port):
            console.detail(f" connects  {host}:{port}")
