"""A server on loopback that answers as a test says: for what no real registry does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


class Answering(BaseHTTPRequestHandler):
    """Answers with what a test gives it, and keeps what was asked."""

    server: Loopback
    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.seen.append((self.command, self.path, self.headers.get("Authorization")))
        status, headers, body = self.server.answering(self)
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_POST = do_PUT = _answer  # noqa: N815 - http.server's names

    def log_message(self, *_: object) -> None:
        """Tests look at `seen` instead."""


Answers = Callable[[BaseHTTPRequestHandler], tuple[int, dict[str, str], bytes]]


class Loopback(ThreadingHTTPServer):
    """A registry that misbehaves as real ones do not."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, answering: Answers) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.answering = answering
        self.seen: list[tuple[str, str, str | None]] = []

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_port}"


Serve = Callable[[Answers], Loopback]


@pytest.fixture
def serve() -> Iterator[Serve]:
    servers: list[Loopback] = []

    def start(answering: Answers) -> Loopback:
        servers.append(Loopback(answering))
        threading.Thread(target=servers[-1].serve_forever, args=(0.05,), daemon=True).start()
        return servers[-1]

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()
