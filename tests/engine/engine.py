"""The engine as tests drive it: instances started over HTTP, followed by the engine's own events."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from generator.application.projects import EVENTS_VARIABLE
from pipeline.run.engine.events import COMPLETED, Event, listening, merged
from pipeline.run.engine.process import RunningEngine, free_port, started
from pipeline.system.locks import in_use
from tests.waiting import PATIENCE


@dataclass
class Instance:
    """What the engine has told of an instance."""

    workflow: str
    nodes: list[str] = field(default_factory=list)
    data: Any = None
    error: str = ""
    ended: int = 0


class Record:
    """What the engine has told of all its instances, by their ids."""

    def __init__(self) -> None:
        self.instances: dict[str, Instance] = {}
        self._changed = threading.Condition()

    def hear(self, events: Sequence[Event]) -> None:
        """Take note of what one transaction did."""
        with self._changed:
            for event in events:
                self._note(self.instances.setdefault(event.instance, Instance(event.workflow)), event)
            self._changed.notify_all()

    def _note(self, instance: Instance, event: Event) -> None:
        match event.kind:
            case "entered":
                instance.nodes.append(event.name)
            case "data":
                instance.data = merged(instance.data, event)
            case "error":
                instance.error = event.name
            case "ended":
                instance.ended = event.state

    def until(self, told: Callable[[], bool], what: Callable[[], str]) -> None:
        """Wait until something was told; fails with what there is instead."""
        with self._changed:
            assert self._changed.wait_for(told, PATIENCE), what()


class Engine:
    """Some applications, each in a process of its own, over one database; see `Run` for what becomes of a start."""

    def __init__(
        self, jars: Mapping[Path, Sequence[str]], states: Mapping[str, Sequence[str]], variables: Mapping[str, str]
    ) -> None:
        self._jars = jars
        self.states = states
        self._variables = variables
        self._ports = {jar: free_port() for jar in jars}
        self._running: dict[str, RunningEngine] = {}
        self._processes = ExitStack()
        self.changed = False
        self.record = Record()

    @contextmanager
    def running(self, log_file: Path) -> Iterator[Engine]:
        """Run the applications while the block runs."""
        self._log_file = log_file
        with listening(self.record.hear) as self._events, ExitStack() as stack:
            for jar in self._jars:
                stack.enter_context(in_use(jar.parent))
            stack.callback(self.stop)
            self.restart()
            yield self

    def restart(self, **variables: str) -> None:
        """Stop the applications and start them again, with other variables until the end of the test."""
        self.stop()
        self.changed = bool(variables)
        given = {**self._variables, **variables, EVENTS_VARIABLE: self._events}
        with ExitStack() as stack:
            for jar, workflows in self._jars.items():
                one = started(jar, given, port=self._ports[jar], log_file=self._log_file)
                running = stack.enter_context(one)
                self._running |= dict.fromkeys(workflows, running)
            self._processes = stack.pop_all()

    def stop(self) -> None:
        """Stop the applications."""
        self._processes.close()

    @property
    def log(self) -> str:
        """What the applications have logged."""
        return self._log_file.read_text(encoding="utf-8", errors="replace")

    def url(self, workflow: str) -> str:
        """Where the application that runs a workflow answers; the same after a restart."""
        return self._running[workflow].url

    def post(self, workflow: str, data: Any) -> tuple[int, Any]:
        """Start an instance; returns the status and the body of the answer."""
        return post(f"{self._running[workflow].url}/{workflow}", data)

    def start(self, workflow: str, data: Any) -> Run:
        """Start an instance, which must be taken."""
        status, body = self.post(workflow, data)
        assert status == 201, body
        return Run(self, workflow, body["id"], body["workflowdata"])

    def event(self, kind: str, data: Any, run: Run, *, path: str = "") -> None:
        """Send an event to an instance that waits for it, where its channel takes them (`/KIND`)."""
        content = {"specversion": "1.0", "id": f"{run.id}-{kind}", "source": "/test", "type": kind, "data": data}
        content["kogitoprocrefid"] = run.id
        address = f"{self._running[run.workflow].url}{path or f'/{kind}'}"
        status, body = post(address, content, "application/cloudevents+json")
        assert status < 300, body


class Run:
    """An instance: `data` are those of the answer to its start."""

    def __init__(self, engine: Engine, workflow: str, identity: str, data: Any) -> None:
        self._record = engine.record
        self._states = frozenset(engine.states[workflow])
        self.engine = engine
        self.workflow = workflow
        self.id = identity
        self.data = data

    @property
    def instance(self) -> Instance:
        return self._record.instances.get(self.id) or Instance(self.workflow)

    @property
    def states(self) -> list[str]:
        """The states that it has entered, in order."""
        return [node for node in self.instance.nodes if node in self._states]

    def wait(self, state: str, times: int = 1) -> None:
        """Wait until it has entered a state so many times."""
        assert state in self._states, f"no state {state}"
        self._record.until(lambda: Counter(self.states)[state] >= times, self._told)

    def finish(self) -> Any:
        """Wait until it has completed; returns its data."""
        self._record.until(lambda: self.instance.ended != 0 or bool(self.instance.error), self._told)
        assert self.instance.ended == COMPLETED, self._told()
        return self.instance.data

    def _told(self) -> str:
        return f"{self.workflow} {self.id}: {' > '.join(self.states)}; {self.instance.error}\n{self.engine.log[-2000:]}"


def post(address: str, value: Any, media_type: str = "application/json") -> tuple[int, Any]:
    headers = {"Content-Type": media_type}
    request = urllib.request.Request(address, json.dumps(value).encode(), headers, method="POST")  # noqa: S310 - loopback
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as response:  # noqa: S310 - as above
            status, text = response.status, response.read()
    except urllib.error.HTTPError as error:
        status, text = error.code, error.read()
    try:
        return status, json.loads(text)
    except ValueError:
        return status, text.decode(errors="replace")
