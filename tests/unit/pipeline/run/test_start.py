"""The start of an instance: what the engine's answer is read as."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from pipeline.run.start import Reply, post


class Engine(http.server.BaseHTTPRequestHandler):
    """Answers with the status and the body that it is sent, as [status, body]."""

    def do_POST(self) -> None:
        status, body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - http.server calls it so
        pass


@pytest.fixture
def engine() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Engine) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize(
    ("status", "body", "reply"),
    [
        (
            201,
            '{"id": "1", "workflowdata": {"a": 2}}',
            Reply(status=201, instance="1", data={"a": 2}, message="the engine responded with 201"),
        ),
        (500, '{"id": "1", "message": "no such state"}', Reply(status=500, instance="1", message="no such state")),
        (404, "nothing", Reply(status=404, message="the engine responded with 404: nothing")),
        (400, "[]", Reply(status=400, message="the engine responded with 400: []")),
    ],
)
def test_an_answer_of_the_engine_is_read(engine: str, status: int, body: str, reply: Reply) -> None:
    assert post(f"{engine}/greeting", [status, body]) == reply


def test_an_engine_that_is_gone_is_said_to_be() -> None:
    assert post("http://127.0.0.1:9/greeting", {}) == Reply(
        status=599,
        message="the engine does not respond: http://127.0.0.1:9/greeting: cannot be sent: Connection refused",
    )
