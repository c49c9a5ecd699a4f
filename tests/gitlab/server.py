"""The server of the fake of GitLab on loopback: its REST API, below /api/v4.

A request that the table (description.py) does not have is answered with 501, and fails the test.
"""

from __future__ import annotations

import json
import secrets
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.github.server import Fault, Seen
from tests.gitlab.description import OPERATIONS, find_operation, outside, wrong_answer
from tests.gitlab.operations import FUNCTIONS, Answer, Call, Refusal
from tests.gitlab.state import Project, State, Token


class FakeGitlab:
    """GitLab with its state; `seen` are the requests to it."""

    def __init__(self) -> None:
        self.state = State()
        self.token = f"glpat-{secrets.token_hex(10)}"
        self.state.tokens[self.token] = Token(self.state.user("bot"))
        self.seen: list[Seen] = []
        self.wrong: list[str] = []
        """Requests that the table does not have, and answers that are not as it says."""
        self._faults: dict[int, Fault] = {}
        self._count = 0
        self._lock = threading.RLock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._server.gitlab = self  # type: ignore[attr-defined] # for the handler
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def environment(self) -> dict[str, str]:
        """What names this GitLab."""
        return {"WAYBILL_GITLAB_URL": self.url, "WAYBILL_GITLAB_TOKEN": self.token, "NO_PROXY": "127.0.0.1,localhost"}

    def project(self, path: str = "acme/team/config", **about: Any) -> Project:
        """A new project."""
        self.state.projects[path] = Project(next(self.state.ids), path, **about)
        return self.state.projects[path]

    def fail(self, faults: Mapping[int, Fault]) -> None:
        """Count anew from the next request on, which is the first."""
        self.seen, self._count, self._faults = [], 0, dict(faults)

    @property
    def operations(self) -> list[str]:
        return [str(seen.operation) for seen in self.seen]

    @property
    def changes(self) -> list[str]:
        """The requests that change something, by their operations."""
        return [str(seen.operation) for seen in self.seen if seen.changes]

    def fault_of(self, seen: Seen) -> Fault | None:
        with self._lock:
            self.seen.append(seen)
            self._count += 1
            return self._faults.get(self._count)

    def answer(self, method: str, path: str, headers: Mapping[str, str], data: bytes) -> Answer:
        """What GitLab answers to a request."""
        parts = urlsplit(path)
        name, parameters = find_operation(method, parts.path)
        if name is None:
            return self._outside(method, path, "no such operation")
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        body = json.loads(data) if data else None
        if why := next(outside(OPERATIONS[name], query, body), None):
            return self._outside(method, path, why)
        try:
            call = Call(
                operation=name,
                method=method,
                state=self.state,
                url=self.url,
                token=self._token(method, headers),
                path=parameters,
                query=query,
                body=body or {},
            )
            with self._lock:
                answer = FUNCTIONS[name](call)
        except Refusal as refusal:
            answer = Answer(status=refusal.status, body=refusal.body, headers=refusal.headers)
        if why := wrong_answer(name, answer.status, answer.body):
            self.wrong.append(why)
            return Answer(status=500, body={"message": why})
        return answer

    def _token(self, method: str, headers: Mapping[str, str]) -> Token | None:
        if "job-token" in headers:
            raise Refusal(401, "401 Unauthorized")
        if "private-token" not in headers:
            return None
        token = self.state.tokens.get(headers["private-token"])
        if token is None:
            raise Refusal(401, "401 Unauthorized")
        if "api" not in token.scopes and method != "GET":
            described = "The request requires higher privileges than provided by the access token."
            raise Refusal(403, {"error": "insufficient_scope", "error_description": described, "scope": "api"})
        return token

    def _outside(self, method: str, path: str, why: str) -> Answer:
        self.wrong.append(f"{method} {path}: {why}")
        return Answer(status=501, body={"message": f"not in the table: {why}"})


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Headers and body go out together: a client would wait 40 ms for the second packet.
    wbufsize = -1
    disable_nagle_algorithm = True

    def _handle(self) -> None:
        gitlab: FakeGitlab = self.server.gitlab  # type: ignore[attr-defined] # set above
        sent = {name.lower(): value for name, value in self.headers.items()}
        operation, _ = find_operation(self.command, urlsplit(self.path).path)
        fault = gitlab.fault_of(Seen(self.command, self.path, sent, operation))
        data = self.rfile.read(int(sent.get("content-length", "0")))
        answer = gitlab.answer(self.command, self.path, sent, data) if fault is None or fault.reaches else None
        if fault is not None:
            fault.meanwhile()
            if fault.status is not None:
                self.close_connection = True
                self._answer(fault.status, {"message": fault.message}, {**fault.headers, "Connection": "close"})
                return
        if fault is not None or answer is None:
            self.close_connection = True
            with suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)
            return
        self._answer(answer.status, answer.body, answer.headers)

    do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = do_HEAD = _handle  # noqa: N815 - http.server's names

    def _answer(self, status: int, body: Any, headers: Mapping[str, str]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers, "Content-Length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        with suppress(OSError):
            self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        """Tests look at `seen` instead."""


@contextmanager
def fake_gitlab() -> Iterator[FakeGitlab]:
    """GitLab for one test, which fails where it was asked for what its table does not have."""
    gitlab = FakeGitlab()
    try:
        yield gitlab
    finally:
        gitlab.close()
    if gitlab.wrong:
        pytest.fail(f"outside the table of GitLab's API: {'; '.join(gitlab.wrong)}")
    if gitlab.state.obeyed:
        pytest.fail(f"GitLab carried out quick actions: {gitlab.state.obeyed}")
