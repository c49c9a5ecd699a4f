"""Starts the application of all examples, and runs one example of it at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pipeline.run.engine.process import free_port, started
from tests.engine.rules.service import Request, Service
from tests.waiting import PATIENCE


@dataclass(frozen=True, kw_only=True)
class Run:
    """What came of one start: the answer, what the service was asked, and what the application logged meanwhile."""

    status: int
    text: str
    requests: tuple[Request, ...]
    log: str

    @property
    def data(self) -> Any:
        return json.loads(self.text)["workflowdata"]

    @property
    def id(self) -> str:
        return str(json.loads(self.text)["id"])


class Application:
    """The running application, and the service that it calls."""

    def __init__(self, port: int, log: Path, service: Service) -> None:
        self.service = service
        self._port = port
        self._log = log

    @property
    def log(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")

    def start(self, name: str, given: Mapping[str, Any], status: int = 200) -> Run:
        """Start an instance; the service answers with `status` meanwhile."""
        self.service.requests.clear()
        self.service.status = status
        before = len(self.log)
        answered, text = self.post(name, given)
        return Run(status=answered, text=text, requests=tuple(self.service.requests), log=self.log[before:])

    def post(self, path: str, body: Any, content_type: str = "application/json") -> tuple[int, str]:
        return self._ask("POST", path, json.dumps(body), {"Content-Type": content_type})

    def event(self, kind: str, data: Any, run: Run | None = None) -> int:
        """Send an event, for a run or for whoever listens; returns the status of the answer."""
        event = {"specversion": "1.0", "id": kind, "source": "desk", "type": kind, "data": data}
        if run:
            event["kogitoprocrefid"] = run.id
        return self.post(kind, event, "application/cloudevents+json")[0]

    def waits(self, name: str, run: Run) -> bool:
        return self._ask("GET", f"{name}/{run.id}")[0] == 200

    def _ask(
        self, method: str, path: str, body: str | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, str]:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
        with closing(connection):
            connection.request(method, f"/{quote(path)}", body, dict(headers or {}))
            response = connection.getresponse()
            return response.status, response.read().decode()


@contextmanager
def running(application: Path, log: Path, service: Service, variables: Mapping[str, str]) -> Iterator[Application]:
    """Start an application on a free port until it is ready; stop it in the end."""
    port = free_port()
    with started(application / "quarkus-run.jar", variables, port=port, log_file=log):
        yield Application(port, log, service)
