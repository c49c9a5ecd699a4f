"""Starts the engine as a process, waits until it is ready, and stops it."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final

from generator.findings.errors import OutputError
from pipeline.run.engine.errors import EngineError
from pipeline.system.http import send
from pipeline.system.http_request import Request
from pipeline.system.locks import in_use

#: The time-outs in seconds for the engine to become ready, and to stop.
_READY: Final = 180
_STOP: Final = 20
_INTERVAL: Final = 0.1
_MAX_HEALTH: Final = 1024 * 1024
_SHOWN: Final = 3000


@dataclass(frozen=True, kw_only=True)
class RunningEngine:
    """An engine that serves requests at `url` and logs to `log_file`."""

    url: str
    log_file: Path

    @property
    def log(self) -> str:
        """The log so far."""
        return self.log_file.read_text(encoding="utf-8", errors="replace")


def free_port() -> int:
    """Return a free loopback port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def started(jar: Path, variables: Mapping[str, str], *, port: int, log_file: Path) -> Iterator[RunningEngine]:
    """Run an application while the block runs; `variables` are added to this process's environment.

    The log is appended to. The engine runs in its own process group, so that Ctrl-C does not reach it before it is
    stopped.

    Raises:
        EngineError: the engine ends, or is not ready in time; the message has the end of its log.
    """
    engine = RunningEngine(url=f"http://127.0.0.1:{port}", log_file=log_file)
    options = ("-Xmx512m", "-XX:TieredStopAtLevel=1", "-Dquarkus.http.host=127.0.0.1", f"-Dquarkus.http.port={port}")
    with in_use(jar.parent), log_file.open("ab") as log:
        process = subprocess.Popen(  # noqa: S603 - fixed arguments and a jar built here
            ["java", *options, "-jar", str(jar)],  # noqa: S607 - found on PATH, as in the user's shell
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, **variables},
            start_new_session=True,
        )
        try:
            _wait_until_ready(engine, process)
            yield engine
        finally:
            _stop(process)


def _wait_until_ready(engine: RunningEngine, process: subprocess.Popen[bytes]) -> None:
    ready = Request(url=f"{engine.url}/q/health/ready", limit=_MAX_HEALTH, patience=5, attempts=1)
    end = time.monotonic() + _READY
    while process.poll() is None and time.monotonic() < end:
        with suppress(OutputError):
            if send(ready).status == HTTPStatus.OK:
                return
        time.sleep(_INTERVAL)
    raise EngineError(f"the engine does not start; its log ends with\n{engine.log[-_SHOWN:]}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
