"""A git server on loopback: git's own http-backend, behind a password, with what tests want to know and to do."""

from __future__ import annotations

import base64
import gzip
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal

PASSWORD = "s3cr3t-0f-the-tests"  # noqa: S105 - of a server that lives as long as a test
Moment = Literal["before", "after"]
#: Called with the number of a request, from 1 on, before it is handled, and after that, before it is answered.
Watch = Callable[[int, Moment], None]


@dataclass
class GitServer:
    """The server, its repository, and what went over the wire; bodies only, but those of refused requests, too."""

    folder: Path
    url: str
    watch: Watch | None = None
    requests: list[str] = field(default_factory=list)
    received: int = 0
    sent: int = 0
    hold_first_push: bool = False
    """Whether the first push waits until another client has fetched."""
    drips: bool = False
    """Whether answers come a byte at a time."""
    fetched: threading.Event = field(default_factory=threading.Event)
    holding: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def repository(self) -> Path:
        return self.folder / "charts.git"

    def git(self, *words: str, stdin: bytes = b"") -> str:
        """Run git in the server's repository."""
        command = ["git", "-C", str(self.repository), *words]
        return subprocess.run(command, input=stdin, capture_output=True, check=True).stdout.decode().strip()

    def show(self, path: str, branch: str = "gh-pages") -> bytes:
        """A file on a branch."""
        command = ["git", "-C", str(self.repository), "cat-file", "blob", f"{branch}:{path}"]
        return subprocess.run(command, capture_output=True, check=True).stdout

    def count(self) -> None:
        """Start counting anew."""
        self.requests, self.received, self.sent = [], 0, 0

    def import_files(
        self, files: dict[str, bytes], *, branch: str = "gh-pages", modes: dict[str, str] | None = None
    ) -> None:
        """Put a commit with these files on a branch."""
        lines = [f"commit refs/heads/{branch}\ncommitter t <t@t> 1700000000 +0000\ndata 1\nx\n".encode()]
        for path, data in files.items():
            mode = (modes or {}).get(path, "100644")
            lines.append(f"M {mode} inline {path}\ndata {len(data)}\n".encode() + data + b"\n")
        self.git("fast-import", "--quiet", "--force", stdin=b"".join(lines))

    def hook(self, name: str, script: str) -> None:
        """Install a hook of the server."""
        path = self.repository / "hooks" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}")
        path.chmod(0o755)


@contextmanager
def git_server(folder: Path, *, password: str = PASSWORD) -> Iterator[GitServer]:
    """Serve a new, empty repository below `folder`."""
    repository = folder / "charts.git"
    subprocess.run(["git", "init", "--bare", "--quiet", "--template=", str(repository)], check=True)
    for name, value in (
        ("http.receivepack", "true"),
        ("uploadpack.allowFilter", "true"),
        ("uploadpack.allowAnySHA1InWant", "true"),
        ("gc.auto", "0"),
    ):
        subprocess.run(["git", "-C", str(repository), "config", name, value], check=True)
    server = GitServer(folder=folder, url="")

    class Handler(_Handler):
        git = server
        login = base64.b64encode(f"x-access-token:{password}".encode()).decode()

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        listening.daemon_threads = True
        server.url = f"http://127.0.0.1:{listening.server_address[1]}/charts.git"
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield server
        listening.shutdown()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    git: GitServer
    login: str
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._serve(b"")

    def do_POST(self) -> None:
        self._serve(self._body())

    def _serve(self, body: bytes) -> None:
        server = self.git
        with server.lock:
            server.requests.append(f"{self.command} {self.path}")
            number = len(server.requests)
            server.received += len(body)
        self._watched(number, "before")
        scheme, _, login = self.headers.get("Authorization", "").partition(" ")
        # actions/checkout writes the scheme in lower case, as RFC 9110, section 11.1, allows.
        if (scheme.lower(), login) == ("basic", self.login):
            self._hold()
            status, headers, answer = self._backend(body)
            if self.path.endswith("/git-upload-pack") and server.holding.is_set():
                server.fetched.set()
        else:
            status, headers, answer = 401, [("WWW-Authenticate", 'Basic realm="charts"')], b""
        self._watched(number, "after")
        self._answer(status, headers, answer)

    def _watched(self, number: int, moment: Moment) -> None:
        if watch := self.git.watch:
            watch(number, moment)

    def _hold(self) -> None:
        server = self.git
        if not self.path.endswith("/git-receive-pack"):
            return
        with server.lock:
            first = server.hold_first_push and not server.holding.is_set()
            if first:
                server.holding.set()
        if first:
            assert server.fetched.wait(30), "no other client has fetched"

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            chunks = []
            while size := int(self.rfile.readline(), 16):
                chunks.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(chunks)
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _backend(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        """Run http-backend as a CGI program (RFC 3875)."""
        path, _, query = self.path.partition("?")
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        variables = {
            "GIT_PROJECT_ROOT": str(self.git.folder),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "PATH": os.environ["PATH"],
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "REMOTE_USER": "tests",
            "REMOTE_ADDR": "127.0.0.1",
        }
        done = subprocess.run(["git", "http-backend"], input=body, capture_output=True, env=variables, check=False)
        head, _, answer = done.stdout.partition(b"\r\n\r\n")
        headers = [tuple(line.split(": ", 1)) for line in head.decode().split("\r\n") if ": " in line]
        status = next((int(value.split()[0]) for name, value in headers if name == "Status"), 200)
        return status, [(name, value) for name, value in headers if name != "Status"], answer

    def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        with self.git.lock:
            self.git.sent += len(body)
        try:
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self._send(body)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _send(self, body: bytes) -> None:
        if not self.git.drips:
            self.wfile.write(body)
            return
        for number in range(len(body)):
            self.wfile.write(body[number : number + 1])
            time.sleep(0.02)

    def handle(self) -> None:
        # A client may end at any time, and a test may end one and with it the request.
        with suppress(Exception):
            super().handle()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""
