"""A private certificate authority, made by openssl."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.conftest import missing


@dataclass(frozen=True)
class Authority:
    """An authority that nobody trusts yet, and a server's certificate from it for `localhost`."""

    folder: Path

    @classmethod
    def made(cls, folder: Path) -> Authority:
        if shutil.which("openssl") is None:
            missing("openssl")
        folder.mkdir()
        authority = cls(folder)
        lasting = ["-newkey", "rsa:2048", "-noenc", "-days", "2"]
        authority.openssl(
            "req", "-x509", *lasting, "-subj", f"/CN={folder.name}", "-keyout", "ca.key", "-out", "ca.pem"
        )
        signed = [
            "-CA",
            "ca.pem",
            "-CAkey",
            "ca.key",
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost",
        ]
        authority.openssl("req", "-x509", *lasting, *signed, "-keyout", "server.key", "-out", "server.pem")
        return authority

    @property
    def certificate(self) -> Path:
        return self.folder / "ca.pem"

    def server_context(self) -> ssl.SSLContext:
        """What a server on localhost shows its certificate with."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "server.pem", self.folder / "server.key")
        return context

    @contextmanager
    def serving(self, answering: type[BaseHTTPRequestHandler]) -> Iterator[str]:
        """Serve on localhost while the block runs, with a certificate from this authority; gives the address."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), answering)
        server.socket = self.server_context().wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"https://localhost:{server.server_port}"
        server.shutdown()
        server.server_close()

    def fingerprint(self) -> str:
        return self.openssl("x509", "-in", "ca.pem", "-noout", "-fingerprint", "-sha256").partition("=")[2].strip()

    def openssl(self, *words: str) -> str:
        command = ["openssl", *words]
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=True).stdout
