"""Proposes charts in a process of its own: the core of `waybill propose` over a git server and a forge in a file.

python -m tests.proposer ORDER, where ORDER is JSON: see `Order`.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from generator.findings.errors import WaybillError
from pipeline.proposals.forge import Draft, PullRequest
from pipeline.proposals.proposing import Wishes
from pipeline.system.journal import Journal
from tests.memory_forge import MemoryForge
from tests.proposed import NumberedSource, Run, candidate

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Order:
    """What a process is to do; it kills itself before or after the forge's call number `kill`."""

    repository: str
    url: str
    forge: str
    charts: dict[str, str]
    """Name to version."""
    number: int = 1
    kill: int = 0
    after: bool = False


class FileForge(MemoryForge):
    """A forge whose pull requests are in a file, for several processes; a call is one step."""

    def __init__(self, repository: Path, url: str, file: Path, kill: int = 0, *, after: bool = False) -> None:
        super().__init__(repository, url)
        self._file = file
        self._kill = kill
        self._after = after
        self.number = 0

    @contextmanager
    def _step(self) -> Iterator[None]:
        self.number += 1
        self._die(after=False)
        with Path(f"{self._file}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if self._file.exists():
                self.requests = [PullRequest(**each) for each in json.loads(self._file.read_text())]
            yield
            self._file.write_text(json.dumps([asdict(each) for each in self.requests]))
        self._die(after=True)

    def _die(self, *, after: bool) -> None:
        if self.number == self._kill and self._after == after:
            os.kill(os.getpid(), signal.SIGKILL)

    def opened(self, base: str) -> Mapping[str, PullRequest]:
        with self._step():
            return super().opened(base)

    def last(self, branch: str, base: str) -> PullRequest | None:
        with self._step():
            return super().last(branch, base)

    def open(self, draft: Draft, journal: Journal) -> PullRequest:
        with self._step():
            return super().open(draft, journal)

    def update(self, request: PullRequest, title: str, body: str, journal: Journal) -> PullRequest:
        with self._step():
            return super().update(request, title, body, journal)

    def close(self, request: PullRequest, comment: str, journal: Journal) -> None:
        with self._step():
            super().close(request, comment, journal)

    def read(self) -> list[PullRequest]:
        """All pull requests."""
        with self._step():
            return self.requests


def start(order: Order, environment: Mapping[str, str]) -> subprocess.Popen[str]:
    """Start a process."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.proposer", json.dumps(asdict(order))],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def main() -> None:
    order = Order(**json.loads(sys.argv[1]))
    forge = FileForge(Path(order.repository), order.url, Path(order.forge), order.kill, after=order.after)
    run = Run(forge=forge, environment=dict(os.environ), source=NumberedSource(order.number), wishes=Wishes())
    try:
        outcome = run.run(*(candidate(name, version) for name, version in order.charts.items()))
    except WaybillError as error:
        sys.exit(f"{type(error).__name__}: {error}")
    finally:
        print(json.dumps([effect.done for effect in run.journal.effects]), file=sys.stderr)
    print(json.dumps({"states": [each.state for each in outcome.proposals], "calls": forge.number}))


if __name__ == "__main__":
    main()
