"""A stand-in for a node's kubelet that serves only container logs, for which the API server asks it."""

from __future__ import annotations

import ssl
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

#: The name of its node.
NODE: Final = "node"


@contextmanager
def kubelet(folder: Path, logs: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Serve logs by `NAMESPACE/POD/CONTAINER` (`…?previous` for the previous run), and yield the Node object."""
    key, certificate = folder / "kubelet.key", folder / "kubelet.crt"
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=node"]
    subprocess.run([*words, "-keyout", key, "-out", certificate], check=True, capture_output=True)

    class Logs(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            before = "?previous" if parse_qs(url.query).get("previous") == ["true"] else ""
            text = logs.get(url.path.removeprefix("/containerLogs/") + before)
            self.send_response(HTTPStatus.NOT_FOUND if text is None else HTTPStatus.OK)
            self.end_headers()
            self.wfile.write((text or "").encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Logs)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": NODE},
            "status": {
                "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
                "daemonEndpoints": {"kubeletEndpoint": {"Port": server.server_port}},
            },
        }
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
