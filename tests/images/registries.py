"""Registries on loopback for the tests, with a login, and a proxy before one that fails when it is told to."""

from __future__ import annotations

import base64
import http.client
import json
import os
import secrets
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import pytest

from pipeline.run.engine.process import free_port
from tests.conftest import missing

#: Seconds within which a registry answers after it was started.
_START: Final = 30
#: Headers that the proxy writes itself.
_OF_CONNECTION: Final = frozenset({"connection", "transfer-encoding", "content-length", "expect"})


@dataclass(frozen=True)
class Login:
    """A user of a registry; the password is a new one each time, so that a test can look for it everywhere."""

    username: str = "waybill-tests"
    password: str = field(default_factory=lambda: f"pw-{secrets.token_urlsafe(18)}", repr=False)

    @property
    def basic(self) -> str:
        """Base64 of USER:PASSWORD, as in the header Authorization and in config.json."""
        return base64.b64encode(f"{self.username}:{self.password}".encode()).decode()


@dataclass
class Registry:
    """A registry in a process of its own; it can be killed, and started again on its port and its folder."""

    folder: Path
    """Below it: `storage/`, and the registry's log."""
    port: int
    login: Login
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    process: subprocess.Popen[bytes] | None = None

    @property
    def host(self) -> str:
        """HOST:PORT, as images are named after it."""
        return f"127.0.0.1:{self.port}"

    @property
    def storage(self) -> Path:
        return self.folder / "storage"

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def start(self) -> None:
        """Start the registry, and wait until it answers."""
        with (self.folder / "log").open("ab") as log:
            environment = {**os.environ, **self.environment}
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log, env=environment, cwd=self.folder)
        end = time.monotonic() + _START
        while not _answers(self.host):
            if self.process.poll() is not None or time.monotonic() > end:
                pytest.fail(f"the registry does not start: {self.log}")
            time.sleep(0.02)

    def kill(self) -> None:
        """End the registry at once (SIGKILL), whatever it is doing."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def restart(self) -> None:
        self.kill()
        self.start()

    def docker_config(self, folder: Path, *hosts: str) -> Path:
        """Write a config.json with the login for the registry or `hosts`; returns the folder, for DOCKER_CONFIG."""
        folder.mkdir(parents=True, exist_ok=True)
        auths = {host: {"auth": self.login.basic} for host in hosts or (self.host,)}
        folder.joinpath("config.json").write_text(json.dumps({"auths": auths}))
        return folder


def _answers(host: str) -> bool:
    connection = http.client.HTTPConnection(host, timeout=5)
    try:
        connection.request("GET", "/v2/")
        return connection.getresponse().status in (200, 401)
    except OSError:
        return False
    finally:
        connection.close()


@contextmanager
def _running(registry: Registry) -> Iterator[Registry]:
    registry.storage.mkdir(parents=True, exist_ok=True)
    try:
        registry.start()
        yield registry
    finally:
        registry.kill()


@contextmanager
def docker_registry(folder: Path, login: Login | None = None) -> Iterator[Registry]:
    """Debian's docker-registry, without the referrers API, behind a login kept by htpasswd (bcrypt)."""
    if shutil.which("docker-registry") is None:
        missing("docker-registry (Debian's package of that name)")
    if shutil.which("htpasswd") is None:
        missing("htpasswd (Debian's package apache2-utils)")
    folder.mkdir(parents=True, exist_ok=True)
    login = login or Login()
    port = free_port()
    users = folder / "htpasswd"
    made = ["htpasswd", "-B", "-C", "4", "-i", "-c", str(users), login.username]
    subprocess.run(made, input=login.password, text=True, check=True, capture_output=True)
    settings = {
        "version": 0.1,
        "log": {"level": "info", "fields": {"service": "registry"}},
        "storage": {"filesystem": {"rootdirectory": str(folder / "storage")}, "delete": {"enabled": True}},
        # The secret signs the state of uploads: with one of its own, a restarted registry goes on with them.
        "http": {"addr": f"127.0.0.1:{port}", "secret": "kept over restarts", "relativeurls": True},
        "auth": {"htpasswd": {"realm": "tests", "path": str(users)}},
    }
    config = folder / "config.yml"
    config.write_text(json.dumps(settings))
    command = ("docker-registry", "serve", str(config))
    with _running(Registry(folder=folder, port=port, login=login, command=command)) as registry:
        yield registry


@contextmanager
def referrers_registry(folder: Path, login: Login | None = None) -> Iterator[Registry]:
    """A registry with the referrers API of OCI 1.1, behind a login; it forgets manifests when it ends."""
    program = Path(os.environ.get("WAYBILL_REFERRERS_REGISTRY", "none"))
    if not program.is_file():
        missing("registry with the referrers API (run: nox -s e2e-image, where Go is)")
    folder.mkdir(parents=True, exist_ok=True)
    login = login or Login()
    port = free_port()
    command = (str(program), f"127.0.0.1:{port}", str(folder / "storage"))
    environment = {"REGISTRY_USERNAME": login.username, "REGISTRY_PASSWORD": login.password}
    registry = Registry(folder=folder, port=port, login=login, command=command, environment=environment)
    with _running(registry):
        yield registry


@contextmanager
def token_registry(folder: Path, login: Login | None = None) -> Iterator[tuple[Registry, TokenService]]:
    """Debian's docker-registry, which takes no login itself, but tokens that a token service signs for one."""
    if shutil.which("docker-registry") is None:
        missing("docker-registry (Debian's package of that name)")
    folder.mkdir(parents=True, exist_ok=True)
    with TokenService(folder, login or Login()) as service:
        threading.Thread(target=service.serve_forever, args=(0.05,), daemon=True).start()
        port = free_port()
        token = {
            "realm": service.realm,
            "service": "tests",
            "issuer": "tests",
            "rootcertbundle": str(service.certificate),
        }
        settings = {
            "version": 0.1,
            "storage": {"filesystem": {"rootdirectory": str(folder / "storage")}},
            "http": {"addr": f"127.0.0.1:{port}", "secret": "kept over restarts", "relativeurls": True},
            "auth": {"token": token},
        }
        config = folder / "config.yml"
        config.write_text(json.dumps(settings))
        command = ("docker-registry", "serve", str(config))
        with _running(Registry(folder=folder, port=port, login=service.login, command=command)) as registry:
            yield registry, service
        service.shutdown()


class TokenService(ThreadingHTTPServer):
    """Gives tokens that docker-registry accepts (https://distribution.github.io/distribution/spec/auth/jwt/)."""

    daemon_threads = True

    def __init__(self, folder: Path, login: Login) -> None:
        if shutil.which("openssl") is None:
            missing("openssl")
        super().__init__(("127.0.0.1", 0), _GivingTokens)
        self.login = login
        self.identity_token = f"it-{secrets.token_urlsafe(18)}"
        self.certificate, self._key = folder / "token.pem", folder / "token.key"
        words = ["req", "-x509", "-newkey", "rsa:2048", "-noenc", "-days", "2", "-subj", "/CN=tests"]
        self._openssl(*words, "-keyout", str(self._key), "-out", str(self.certificate))
        self.scopes: list[str] = []
        self.tokens: list[str] = []

    @property
    def realm(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/token"

    def token(self, scopes: Sequence[str]) -> str:
        access = []
        for scope in scopes:
            kind, name, actions = scope.split(":", 2)
            access.append({"type": kind, "name": name, "actions": actions.split(",")})
        now = int(time.time())
        chain = "".join(self.certificate.read_text().splitlines()[1:-1])
        header = {"typ": "JWT", "alg": "RS256", "x5c": [chain]}
        times = {"exp": now + 300, "nbf": now - 10, "iat": now}
        claims = {"iss": "tests", "aud": "tests", "sub": "", "jti": secrets.token_hex(8), **times, "access": access}
        signed = b".".join(_base64url(json.dumps(part).encode()) for part in (header, claims))
        signature = self._openssl("dgst", "-sha256", "-sign", str(self._key), stdin=signed)
        return b".".join([signed, _base64url(signature)]).decode()

    def _openssl(self, *words: str, stdin: bytes | None = None) -> bytes:
        return subprocess.run(["openssl", *words], input=stdin, capture_output=True, check=True).stdout


class _GivingTokens(BaseHTTPRequestHandler):
    server: TokenService

    def do_GET(self) -> None:  # by a login, in the header Authorization
        asked = parse_qs(urlsplit(self.path).query)
        self._answer(asked, allowed=self.headers.get("Authorization") == f"Basic {self.server.login.basic}")

    def do_POST(self) -> None:  # by an identity token, in a form
        asked = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        refresh = asked.get("grant_type") == ["refresh_token"] and asked.get("client_id") != [""]
        self._answer(asked, allowed=refresh and asked.get("refresh_token") == [self.server.identity_token])

    def _answer(self, asked: Mapping[str, list[str]], *, allowed: bool) -> None:
        self.server.scopes += asked.get("scope", [])
        allowed = allowed and asked.get("service") == ["tests"]
        body = b"{}"
        if allowed:
            token = self.server.token(asked.get("scope", []))
            self.server.tokens.append(token)
            body = json.dumps({"token": token, "expires_in": 300}).encode()
        self.send_response(200 if allowed else 401)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Tests look at `scopes` instead."""


def _base64url(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def nothing() -> None:
    """What happens at most faults besides."""


@dataclass(frozen=True)
class Fault:
    """What becomes of one request at the proxy."""

    status: int | None = None
    """The status that the proxy answers; None: it closes the connection without an answer."""
    headers: Mapping[str, str] = field(default_factory=dict)
    reaches: bool = False
    """Whether the registry gets the request all the same: then its answer alone is lost."""
    meanwhile: Callable[[], None] = nothing
    """What happens after that, before the client knows: the registry may be killed, or started again."""


@dataclass(frozen=True)
class Seen:
    """A request as it came to the proxy."""

    method: str
    path: str
    headers: Mapping[str, str]


class Proxy(ThreadingHTTPServer):
    """Hands requests on to a registry, but for those that `faults` names by their number, from 1 on."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, upstream: str) -> None:
        super().__init__(("127.0.0.1", 0), _Forwarding)
        self.upstream = upstream
        self.faults: dict[int, Fault] = {}
        self.seen: list[Seen] = []
        self._counting = threading.Lock()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_port}"

    def fail(self, faults: Mapping[int, Fault]) -> None:
        """Count anew from the next request on, which is the first."""
        self.seen, self.faults = [], dict(faults)

    def fault_of(self, seen: Seen) -> Fault | None:
        with self._counting:
            self.seen.append(seen)
            return self.faults.get(len(self.seen))

    def handle_error(self, *_: Any) -> None:
        """A client that hangs up, or a registry that was killed, is what the tests are about."""


class _Forwarding(BaseHTTPRequestHandler):
    server: Proxy
    protocol_version = "HTTP/1.1"

    def _forward(self) -> None:
        body = self._body()
        headers = {name.lower(): value for name, value in self.headers.items()}
        fault = self.server.fault_of(Seen(self.command, self.path, headers))
        if fault is None:
            self._answer(*self._ask(body))
            return
        if fault.reaches:
            self._ask(body)
        fault.meanwhile()
        if fault.status is None:
            self.close_connection = True
            with suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)
            return
        self._answer(fault.status, fault.headers, b"")

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _forward  # noqa: N815 - http.server's names

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _ask(self, body: bytes) -> tuple[int, Mapping[str, str], bytes]:
        """What the registry answers; 502, as from any proxy, where it does not."""
        kept = {name: value for name, value in self.headers.items() if name.lower() not in _OF_CONNECTION}
        connection = http.client.HTTPConnection(self.server.upstream, timeout=120)
        try:
            connection.request(self.command, self.path, body, {**kept, "Content-Length": str(len(body))})
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read()
        except (OSError, http.client.HTTPException):
            return 502, {}, b""
        finally:
            connection.close()

    def _answer(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.send_response_only(status)
        length = headers.get("Content-Length", "0") if self.command == "HEAD" else str(len(body))
        kept = {name: value for name, value in headers.items() if name.lower() not in _OF_CONNECTION}
        for name, value in {**kept, "Content-Length": length}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Tests look at `seen` instead."""


@contextmanager
def proxy(upstream: str) -> Iterator[Proxy]:
    """A proxy before a registry (HOST:PORT, or its URL), for failures at the n-th request."""
    server = Proxy(urlsplit(upstream).netloc or upstream)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
