"""The service that examples call: it takes every request, keeps it, and answers as it is told."""

from __future__ import annotations

import json
import re
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

#: The name of an example in a path: `/missingUrlBad/greet`, `/ticketsmissingUrlBad`.
_NAME: Final = r"(?<=/tickets)\w+(Bad|Good)|^/(?!tickets)\w+(Bad|Good)"


@dataclass(frozen=True, kw_only=True)
class Request:
    """What arrived: the path without the example's name, and what a call of it may lose on its way."""

    method: str
    path: str
    authorization: str | None
    body: Any


class Service:
    """Listens on a port of its own from the start; `status` is that of every answer."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.status = 200
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def port(self) -> int:
        return self._server.server_port

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _plain(data: bytes) -> Any:
    try:
        return json.loads(data) if data else None
    except ValueError:
        return data.decode()


def _handler(service: Service) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            service.requests.append(
                Request(
                    method=self.command,
                    path=re.sub(_NAME, "", self.path),
                    authorization=self.headers.get("Authorization"),
                    body=_plain(data),
                )
            )
            self.send_response(service.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        do_GET = do_POST = _answer  # noqa: N815 - the names that http.server looks for

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler
