"""Serves mock services on loopback, each on its own port."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit

from generator.mocks.service import Answer, Request


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """A request to a mock service, given by name, and the answer."""

    service: str
    request: Request
    answer: Answer
    at: float = field(default_factory=time.time)
    """The time of the answer, in seconds since 1970."""


class Answering(Protocol):
    """A mock service."""

    def answer(self, request: Request) -> Answer:
        """Return the answer to a request."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Report an error in a mock service, but not a caller that disconnects, as the engine does when it stops."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def serving(name: str, stand_in: Answering, heard: Callable[[Exchange], None] = lambda _: None) -> Iterator[str]:
    """Serve a mock service while the block runs; yield its URL. `heard` is called in a thread for each exchange."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one(self) -> None:
            request = Request(
                method=self.command,
                path=urlsplit(self.path).path,
                query=parse_qsl(urlsplit(self.path).query, keep_blank_values=True),
                headers={key.lower(): value for key, value in self.headers.items()},
                body=_body(self),
            )
            answer = stand_in.answer(request)
            heard(Exchange(service=name, request=request, answer=answer))
            self.send_response(answer.status)
            if answer.media_type:
                self.send_header("Content-Type", answer.media_type)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer.body)

        do_GET = do_PUT = do_POST = do_DELETE = do_OPTIONS = do_HEAD = do_PATCH = do_TRACE = handle_one  # noqa: N815 - http.server's names

        def log_message(self, *_: object) -> None:
            """Log nothing, as `heard` is called instead."""

    server = _Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def _body(handler: BaseHTTPRequestHandler) -> bytes:
    """Return the body of a request, in one piece or in chunks (RFC 9112, section 7.1)."""
    if handler.headers.get("Transfer-Encoding", "").lower() != "chunked":
        return handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
    body = b""
    while size := int(handler.rfile.readline().partition(b";")[0], 16):
        body += handler.rfile.read(size)
        handler.rfile.readline()
    while handler.rfile.readline().strip():
        pass
    return body
