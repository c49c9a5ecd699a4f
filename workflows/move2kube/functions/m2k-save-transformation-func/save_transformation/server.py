"""The HTTP server that Knative delivers events to."""

from __future__ import annotations

import logging
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from save_transformation.errors import TryAgainError
from save_transformation.events import EventError, Request, read_request

#: An event has a few hundred bytes.
MAX_BODY_BYTES: Final = 64 * 1024

_log = logging.getLogger(__name__)


class Server(ThreadingHTTPServer):
    """Answers 202 once a request is done, and 503 where the broker should deliver it again."""

    daemon_threads = False

    def __init__(self, address: tuple[str, int], handle: Callable[[Request], None]) -> None:
        super().__init__(address, _Handler)
        self.handle = handle


class _Handler(BaseHTTPRequestHandler):
    server: Server
    #: How long a sender may be silent, in seconds.
    timeout = 30

    def do_GET(self) -> None:
        """Say that the function is there, for probes."""
        self._say(HTTPStatus.OK, "ready")

    def do_POST(self) -> None:
        """Take one event."""
        length = self.headers.get("content-length", "")
        if not length.isdecimal() or int(length) > MAX_BODY_BYTES:
            self._say(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"an event has at most {MAX_BODY_BYTES:,} bytes")
            return
        body = self.rfile.read(int(length))
        try:
            request = read_request({name.lower(): value for name, value in self.headers.items()}, body)
        except EventError as error:
            _log.warning("refused: %s", error)
            self._say(HTTPStatus.BAD_REQUEST, str(error))
            return
        try:
            self.server.handle(request)
        except TryAgainError as error:
            _log.warning("run %s: %s; to be delivered again", request.run, error)
            self._say(HTTPStatus.SERVICE_UNAVAILABLE, "a service is out of order; deliver the event again")
        except Exception:  # noqa: BLE001 - one event's fault must not end the server
            _log.exception("run %s: a fault of this function", request.run)
            self._say(HTTPStatus.INTERNAL_SERVER_ERROR, "a fault of this function; its log says more")
        else:
            self._say(HTTPStatus.ACCEPTED, "")

    def _say(self, status: HTTPStatus, text: str) -> None:
        self.send_response(status)
        # A body would be taken for an event in reply (Knative Eventing, data plane: event reply).
        body = b"" if status is HTTPStatus.ACCEPTED else f"{text}\n".encode()
        if body:
            self.send_header("content-type", "text/plain; charset=utf-8")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Log each request where one looks for it."""
        _log.debug(format, *args)
