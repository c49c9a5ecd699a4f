"""One server in front of two: as github.com serves git and web pages from one host."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

#: What is of one connection alone (RFC 9110, 7.6.1), or told anew.
_OWN = frozenset({"connection", "transfer-encoding", "content-length", "host", "server", "date"})


@contextmanager
def front_of(route: Callable[[str], str]) -> Iterator[str]:
    """The URL of a server that passes each request to the URL that `route` gives for its path."""

    class Handler(BaseHTTPRequestHandler):
        def _pass(self) -> None:
            target = urlsplit(route(self.path))
            body = self._body()
            connection = http.client.HTTPConnection(target.netloc)
            headers = {name: value for name, value in self.headers.items() if name.lower() not in _OWN}
            path = f"{target.path}?{target.query}" if target.query else target.path
            connection.request(self.command, path, body, headers)
            answer = connection.getresponse()
            data = answer.read()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in _OWN:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
            connection.close()

        do_GET = do_POST = _pass  # noqa: N815 - http.server's names

        def _body(self) -> bytes:
            if self.headers.get("Transfer-Encoding") != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length", 0)))
            chunks = []
            while size := int(self.rfile.readline(), 16):
                chunks.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(chunks)

        def log_message(self, *words: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
