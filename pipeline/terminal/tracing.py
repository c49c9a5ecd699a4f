"""Lists started programs and connections with --verbose."""

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
    """Print a detail for each audit event from now on; `console` drops details without --verbose.

    Audit events cover libraries, too (docs.python.org, "Audit events table").
    """
    sys.addaudithook(_show_event)


def _show_event(event: str, arguments: tuple[Any, ...]) -> None:
    match event, arguments:
        case "subprocess.Popen", (_, words, folder, _):
            listed = [words] if isinstance(words, (str, bytes)) else words
            where = f" (in {os.fsdecode(folder)})" if folder else ""
            console.detail(f"   starts  {without_logins(shlex.join(os.fsdecode(word) for word in listed))}{where}")
        case "http.client.connect", (_, host, port):
            console.detail(f" connects  {host}:{port}")
