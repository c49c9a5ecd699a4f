"""The command as tests run it: in this process, or in one of its own where the claim is about a process."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from click.testing import CliRunner

from pipeline.cli import waybill

if TYPE_CHECKING:
    import click

#: The command in a process of its own, ahead of its arguments.
PROGRAM = (sys.executable, "-c", "from pipeline.cli import main; main()")


@dataclass(frozen=True)
class Outcome:
    """How a run of waybill ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Waybill = Callable[..., Outcome]


def run(
    *words: str | Path,
    command: click.Command = waybill,
    stdin: str | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Outcome:
    """Run waybill, or one command, in this process; an exception that would be a traceback is the test's."""
    with contextlib.chdir(cwd or Path.cwd()), same_signals():
        done = CliRunner(catch_exceptions=False).invoke(
            command, [*map(str, words)], input=stdin, env=env, prog_name="waybill"
        )
    assert "Traceback" not in done.output, done.output
    return Outcome(done.exit_code, done.stdout, done.stderr)


@contextlib.contextmanager
def same_signals() -> Iterator[None]:
    """Give SIGTERM back: waybill run lets it end the process as Ctrl-C does."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def run_process(*words: str | Path, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> Outcome:
    """Run the command in a process of its own: for what signals, imports or the interpreter's environment decide."""
    environment = {**os.environ, **(env or {})}
    command = [*PROGRAM, *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=environment, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return Outcome(done.returncode, done.stdout, done.stderr)
