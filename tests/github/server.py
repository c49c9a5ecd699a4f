"""The servers of the fake of GitHub on loopback: the REST API with uploads, downloads for browsers, and their storage.

The API is where GitHub Enterprise Server has it, below /api/v3, and uploads below /api/uploads. A request that GitHub's
description does not have is answered with 501, and fails the test.
"""

from __future__ import annotations

import json
import re
import secrets
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
import urllib3

from tests.github import graphql
from tests.github.description import (
    API,
    GRAPHQL,
    UPLOADS,
    Request,
    find_operation,
    is_upload,
    outside,
    validate,
    wrong_answer,
)
from tests.github.operations import DOCUMENTATION, FACTS, OPERATIONS, Answer, Call, Refusal, Urls
from tests.github.state import Repository, State

#: The path of a request of git (https://git-scm.com/docs/http-protocol).
_OF_GIT = re.compile(
    r"/(?P<repository>[^/]+/[^/]+?)(\.git)?(?P<request>/(info/refs(\?.*)?|git-upload-pack|git-receive-pack))"
)


def nothing() -> None:
    """What happens at most faults besides."""


@dataclass(frozen=True)
class Fault:
    """What becomes of one request to the API instead of its answer."""

    status: int | None = None
    """None: the connection is closed without an answer."""
    message: str = "Server Error"
    headers: Mapping[str, str] = field(default_factory=dict)
    reaches: bool = False
    """Whether GitHub does what was asked all the same: then its answer alone is lost."""
    halves: bool = False
    """Whether an upload breaks off half-way."""
    meanwhile: Callable[[], None] = nothing
    """What happens before the client knows: it may be killed."""


@dataclass(frozen=True)
class Seen:
    """A request as it came."""

    method: str
    path: str
    """With its query."""
    headers: Mapping[str, str] = field(repr=False)
    operation: str | None = None

    @property
    def changes(self) -> bool:
        return self.method != "GET"


class FakeGithub:
    """GitHub with its state; `seen` are the requests to its API, `downloads` those to the other two servers."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        """`tls` makes the API one over https, at localhost."""
        self.state = State()
        self.token = f"ghp_{secrets.token_hex(18)}"
        self.state.tokens[self.token] = "write"
        self.seen: list[Seen] = []
        self.downloads: list[Seen] = []
        self.wrong: list[str] = []
        """Requests that the description does not have, and answers that are not as it says."""
        self.gits: dict[str, str] = {}
        """Where servers of git have the branches of repositories, by OWNER/REPO."""
        self._faults: dict[int, Fault] = {}
        self._count = 0
        self._lock = threading.RLock()
        self._servers = [ThreadingHTTPServer(("127.0.0.1", 0), kind) for kind in (_Api, _Browser, _Objects)]
        if tls:
            self._servers[0].socket = tls.wrap_socket(self._servers[0].socket, server_side=True)
        for server in self._servers:
            server.daemon_threads = True
            server.block_on_close = False
            server.github = self  # type: ignore[attr-defined] # for the handlers
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        api, browser, objects = (f"http://127.0.0.1:{server.server_port}" for server in self._servers)
        api = f"https://localhost:{self._servers[0].server_port}" if tls else api
        self.urls = Urls(api=f"{api}{API}", uploads=f"{api}{UPLOADS}", server=browser, objects=objects)

    def close(self) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()

    @property
    def environment(self) -> dict[str, str]:
        """What names this GitHub, as in a workflow of GitHub Actions; no token of the user's is found."""
        return {
            "GITHUB_API_URL": self.urls.api,
            "GITHUB_SERVER_URL": self.urls.server,
            "GITHUB_TOKEN": self.token,
            "NO_PROXY": "127.0.0.1,localhost",
        }

    def repository(self, name: str = "acme/charts", *, private: bool = False) -> Repository:
        """A new repository."""
        return self.state.add(Repository(name=name, private=private))

    def fail(self, faults: Mapping[int, Fault]) -> None:
        """Count anew from the next request to the API on, which is the first."""
        self.seen, self.downloads, self._count, self._faults = [], [], 0, dict(faults)

    @property
    def changes(self) -> list[str]:
        """The requests that change something, by their operations."""
        return [str(seen.operation) for seen in self.seen if seen.changes]

    def fault_of(self, seen: Seen) -> Fault | None:
        with self._lock:
            self.seen.append(seen)
            self._count += 1
            return self._faults.get(self._count)

    def answer(self, request: Request) -> Answer:
        """What GitHub answers to a request."""
        if request.operation == GRAPHQL:
            return self._graphql(request)
        if request.operation is None:
            return self._outside(request, "no such operation")
        described = FACTS["operations"][request.operation]
        try:
            if why := outside(request, described):
                return self._outside(request, why)
            permission = self._permission(request)
            self._check_denied(request.operation)
            validate(request, described)
            # An upload takes its time, and others go on meanwhile.
            call = Call(
                operation=request.operation,
                state=self.state,
                urls=self.urls,
                permission=permission,
                path=request.parameters,
                query=request.query,
                body=request.read if is_upload(described) else request.json,
                headers=request.headers,
            )
            if is_upload(described):
                answer = OPERATIONS[request.operation](call)
            else:
                with self._lock:
                    answer = OPERATIONS[request.operation](call)
        except Refusal as refusal:
            answer = Answer(status=refusal.status, body=refusal.body, headers=refusal.headers)
        if why := wrong_answer(request.operation, answer):
            self.wrong.append(why)
            return Answer(status=500, body={"message": why})
        scopes = self.state.oauth.get(request.headers.get("authorization", "").rpartition(" ")[2])
        shown = {} if scopes is None else {"X-OAuth-Scopes": scopes}
        return Answer(status=answer.status, body=answer.body, headers={**(answer.headers or {}), **shown})

    def _check_denied(self, operation: str) -> None:
        if denied := self.state.denied.get(operation):
            raise Refusal(403, "Resource not accessible by integration", x_accepted_github_permissions=denied)

    def _graphql(self, request: Request) -> Answer:
        if why := graphql.outside(request.json):
            return self._outside(request, why)
        try:
            permission = self._permission(request)
        except Refusal as refusal:
            return Answer(status=refusal.status, body=refusal.body)
        with self._lock:
            return graphql.execute(self.state, permission, request.json)

    def _permission(self, request: Request) -> Any:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if not scheme:
            return None
        if (request.operation or "").startswith("apps/"):
            # Those are for Apps, whose tokens are JSON Web Tokens, and take no other scheme.
            if scheme.lower() != "bearer":
                raise Refusal(401, "A JSON web token could not be decoded")
            return None
        if scheme.lower() not in {"bearer", "token"} or token not in self.state.tokens:
            raise Refusal(401, "Bad credentials")
        return self.state.tokens[token]

    def _outside(self, request: Request, why: str) -> Answer:
        self.wrong.append(f"{request.method} {request.path}: {why}")
        return Answer(status=501, body={"message": f"not in GitHub's description: {why}"})


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Headers and body go out together: a client would wait 40 ms for the second packet.
    wbufsize = -1
    disable_nagle_algorithm = True

    @property
    def github(self) -> FakeGithub:
        github: FakeGithub = self.server.github  # type: ignore[attr-defined] # set above
        return github

    @property
    def sent(self) -> dict[str, str]:
        return {name.lower(): value for name, value in self.headers.items()}

    def answer(self, status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        with suppress(OSError):
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Tests look at `seen` instead."""


class _Api(_Handler):
    def _handle(self) -> None:
        parts = urlsplit(self.path)
        operation, parameters = find_operation(self.command, parts.path)
        fault = self.github.fault_of(Seen(self.command, self.path, self.sent, operation))
        body: list[bytes] = []

        def read() -> bytes:
            """The body, read once; an upload that is to break off ends here."""
            if fault is not None and fault.halves:
                raise ConnectionError
            if not body:
                length = int(self.headers.get("Content-Length") or 0)
                body.append(self.rfile.read(length))
                if len(body[0]) < length:
                    raise ConnectionError
            return body[0]

        request = Request(
            method=self.command,
            path=parts.path,
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            headers=self.sent,
            operation=operation,
            parameters=parameters,
            read=read,
        )
        answer = None
        with suppress(ConnectionError):
            if fault is None or fault.reaches or fault.halves:
                answer = self.github.answer(request)
            read()
        if fault is not None:
            fault.meanwhile()
            if fault.status is None:
                self._hang_up()
                return
            body_of = {"message": fault.message, "documentation_url": DOCUMENTATION}
            self.close_connection = True
            self.answer(fault.status, json.dumps(body_of).encode(), {**fault.headers, "Connection": "close"})
        elif answer is None:
            self._hang_up()
        else:
            data = b"" if answer.body is None else json.dumps(answer.body).encode()
            self.answer(
                answer.status, data, {"Content-Type": "application/json; charset=utf-8", **(answer.headers or {})}
            )

    do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = do_HEAD = _handle  # noqa: N815 - http.server's names

    def _hang_up(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)


class _Browser(_Handler):
    """github.com: what is public, whose bytes are in the storage, and git's branches; its pages take no token."""

    def do_GET(self) -> None:
        if self._git_url():
            self.do_POST()
            return
        self.github.downloads.append(Seen(self.command, self.path, self.sent))
        path = [unquote(part) for part in urlsplit(self.path).path.split("/")[1:]]
        match path:
            case [owner, name, "releases", "download", tag, file]:
                repository = self.github.state.repositories.get(f"{owner}/{name}".lower())
                release = repository.published(tag) if repository and not repository.private else None
                asset = release.asset(file) if release else None
                if asset and asset.data is not None:
                    self.answer(302, headers={"Location": f"{self.github.urls.objects}/{asset.id}"})
                    return
        self.answer(404)

    def do_POST(self) -> None:
        """Hand a request of git on to its server."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        url = self._git_url()
        if not url:
            self.answer(404)
            return
        kept = {name: value for name, value in self.headers.items() if name != "Host"}
        answer = urllib3.request(self.command, url, body=body, headers=kept, decode_content=False, retries=False)
        headers = {name: value for name, value in answer.headers.items() if name != "Content-Length"}
        self.answer(answer.status, answer.data, headers)

    def _git_url(self) -> str:
        """Where a request of git goes to; `.git` in its URL may be left out, as on GitHub."""
        found = _OF_GIT.fullmatch(self.path)
        server = self.github.gits.get(found["repository"]) if found else None
        return f"{server}{found['request']}" if found and server else ""


class _Objects(_Handler):
    """The storage of assets: like the real one it refuses a login beside the one in its URL."""

    def do_GET(self) -> None:
        self.github.downloads.append(Seen(self.command, self.path, self.sent))
        number = self.path.removeprefix("/")
        found = (each.asset(int(number)) for each in self.github.state.repositories.values() if number.isdecimal())
        asset = next((asset for each in found if each for _, asset in [each]), None)
        if "authorization" in self.sent:
            self.answer(400, b"only one auth mechanism allowed")
        elif asset is None or asset.data is None:
            self.answer(404)
        else:
            self.answer(200, asset.data, {"Content-Type": "application/octet-stream"})


@contextmanager
def fake_github(tls: ssl.SSLContext | None = None) -> Iterator[FakeGithub]:
    """GitHub for one test, which fails where it was asked for what GitHub's description does not have."""
    github = FakeGithub(tls)
    try:
        yield github
    finally:
        github.close()
    if github.wrong:
        pytest.fail(f"outside GitHub's description: {'; '.join(github.wrong)}")
