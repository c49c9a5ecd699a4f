"""Kills a run of proposals at any moment, and looks whether a rerun ends where a run ends that nobody killed."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from generator.proposal.marker import read_marker
from tests.git_server import GitServer, Moment
from tests.processes import kill_with_descendants
from tests.proposer import FileForge, Order, start


def order_of(server: GitServer, charts: Mapping[str, str], number: int = 1) -> Order:
    return Order(
        repository=str(server.repository),
        url=server.url,
        forge=str(server.folder / "pulls.json"),
        charts=dict(charts),
        number=number,
    )


def states(process: subprocess.Popen[str]) -> list[str]:
    """What became of the proposals of a process."""
    said, complained = process.communicate(timeout=120)
    assert process.returncode == 0, complained
    found: list[str] = json.loads(said)["states"]
    return found


@dataclass
class Killing:
    """A run that closes a pull request, updates one and opens one, with what it found and how it ends."""

    server: GitServer
    environment: Mapping[str, str]
    order: Order
    refs: str
    pulls: bytes
    requests: list[str]
    """The requests of git that a run makes which nobody kills."""
    calls: int
    """How many calls of the forge it makes."""
    end: Any = None

    @classmethod
    def prepared(cls, server: GitServer, environment: Mapping[str, str]) -> Killing:
        first = order_of(server, {"a": "1.0.0", "b": "1.0.0"})
        states(start(first, environment))
        server.git("update-ref", "refs/heads/main", "waybill/a")
        refs = server.git("for-each-ref", "--format=%(objectname) %(refname)")
        pulls = Path(first.forge).read_bytes()
        order = order_of(server, {"a": "1.0.0", "b": "1.1.0", "c": "1.0.0"}, 2)
        server.count()
        process = start(order, environment)
        said, complained = process.communicate(timeout=120)
        assert process.returncode == 0, complained
        whole = json.loads(said)
        assert whole["states"] == ["closed", "updated", "opened"]
        killing = cls(server, environment, order, refs, pulls, list(server.requests), whole["calls"])
        killing.end = killing.now()
        return killing

    def now(self) -> tuple[dict[str, dict[str, str]], list[tuple[str, str, str]]]:
        """Every branch with its files, and every pull request with what it says that it holds."""
        forge = FileForge(self.server.repository, self.server.url, Path(self.order.forge))
        names = forge.git("for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads/").splitlines()
        marked = [(each.branch, each.state, str(read_marker(each.body))) for each in forge.read()]
        return {name: forge.files(name) for name in names}, marked

    def at_request(self, at: int, moment: Moment) -> None:
        """Kill a run before or after a request of git, and check what a rerun makes of it."""
        self._set_back()
        process: list[subprocess.Popen[str]] = []

        def watch(number: int, when: Moment) -> None:
            if (number, when) == (at, moment):
                kill_with_descendants(process[0].pid)

        self.server.count()
        self.server.watch = watch
        try:
            process.append(start(self.order, self.environment))
            said = process[0].communicate(timeout=120)
        finally:
            self.server.watch = None
        assert process[0].returncode == -signal.SIGKILL, (at, moment, said, self.server.requests)
        self._rerun((at, moment))

    def at_call(self, number: int, *, after: bool) -> None:
        """Kill a run before or after a call of the forge, and check what a rerun makes of it."""
        self._set_back()
        process = start(replace(self.order, kill=number, after=after), self.environment)
        process.communicate(timeout=120)
        assert process.returncode == -signal.SIGKILL, (number, after)
        self._rerun((number, after))

    def _rerun(self, place: object) -> None:
        states(start(self.order, self.environment))
        assert self.now() == self.end, place

    def _set_back(self) -> None:
        for name in self.server.git("for-each-ref", "--format=%(refname)").splitlines():
            self.server.git("update-ref", "-d", name)
        for line in self.refs.splitlines():
            oid, name = line.split(" ")
            self.server.git("update-ref", name, oid)
        Path(self.order.forge).write_bytes(self.pulls)
