"""Requests over HTTP, to a real server on loopback that answers as it is told, byte for byte."""

from __future__ import annotations

import gzip
import shutil
import socketserver
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from generator.findings.errors import OutputError, SettingsError, WaybillError
from pipeline.system import http_client
from pipeline.system.http import download, send
from pipeline.system.http_request import Answer, Backoff, Request, without_secrets
from tests.conftest import missing

WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwhole"
SHORT = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort"
CUT = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n"
BUSY = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
MISSING = b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone"
LOGIN = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"
HUNG_UP = b""


def moved(location: str) -> bytes:
    return f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()


class Server(socketserver.ThreadingTCPServer):
    """Answers each request with the next of `answers`, the last one again and again, and keeps what it was sent."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: list[bytes] = [WHOLE]
        self.endless = b""
        self.silent = False
        self.requests: list[bytes] = []
        self.closing = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, *_: Any) -> None:
        """A client that hangs up is what some tests are about."""


class Handler(socketserver.BaseRequestHandler):
    server: Server

    def handle(self) -> None:
        asked = b""
        while b"\r\n\r\n" not in asked:
            asked += self.request.recv(65536)
        self.server.requests.append(asked)
        answers = self.server.answers
        self.request.sendall(answers.pop(0) if len(answers) > 1 else answers[0])
        if self.server.silent:
            self.server.closing.wait()
        with suppress(OSError):
            while self.server.endless and not self.server.closing.wait(0.01):
                self.request.sendall(self.server.endless)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    for name in ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(http_client, "PAUSES", (0, 0))
    with Server() as made:
        threading.Thread(target=made.serve_forever, args=(0.01,), daemon=True).start()
        yield made
        made.closing.set()
        made.shutdown()


def why(request: Request | str) -> str:
    with pytest.raises(WaybillError) as caught:
        download(request, limit=100) if isinstance(request, str) else send(request)
    return str(caught.value)


def test_what_a_server_serves_is_returned(server: Server) -> None:
    assert download(f"{server.url}/a?b=c", limit=5) == b"whole"
    assert server.requests[0].startswith(b"GET /a?b=c HTTP/1.1\r\n")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (SHORT, "the response ends 5 bytes early"),
        (CUT, "the response ends early"),
        (HUNG_UP, "the connection was closed without a response"),
        (b"nonsense\r\n\r\n", "the response is not HTTP"),
    ],
)
def test_an_answer_that_is_not_whole_is_refused(server: Server, answer: bytes, reason: str) -> None:
    server.answers = [answer]
    assert why(f"{server.url}/a") == f"{server.url}/a: cannot be fetched: {reason}"
    assert len(server.requests) == 3


@pytest.mark.parametrize("first", [SHORT, CUT, HUNG_UP, BUSY])
def test_a_fetch_that_fails_is_tried_again(server: Server, first: bytes) -> None:
    server.answers = [first, first, WHOLE]
    assert download(server.url, limit=100) == b"whole"


@pytest.mark.parametrize("first", [SHORT, HUNG_UP])
def test_what_changes_something_is_sent_once(server: Server, first: bytes) -> None:
    server.answers = [first, WHOLE]
    assert f"{server.url}/a: cannot be sent: " in why(
        Request(method="POST", url=f"{server.url}/a", body=b"{}", limit=99)
    )
    assert len(server.requests) == 1


@pytest.mark.parametrize("first", [SHORT, HUNG_UP, BUSY])
def test_what_may_be_repeated_is_sent_again_though_it_changes_something(server: Server, first: bytes) -> None:
    server.answers = [first, WHOLE]
    request = Request(method="PUT", url=f"{server.url}/a", body=b"{}", limit=99, repeatable=True)
    assert send(request).body == b"whole"
    assert len(server.requests) == 2


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504, 507])
def test_a_busy_server_is_waited_for_where_there_is_a_backoff(server: Server, status: int) -> None:
    server.answers = [b"HTTP/1.1 %d x\r\nContent-Length: 0\r\n\r\n" % status] * 3 + [WHOLE]
    assert send(Request(url=server.url, limit=99, backoff=Backoff(attempts=4, first=0))).status == 200
    assert len(server.requests) == 4


def test_the_last_answer_of_a_server_that_stays_busy_is_returned(server: Server) -> None:
    server.answers = [BUSY]
    assert send(Request(url=server.url, limit=99, backoff=Backoff(attempts=4, first=0))).status == 503
    assert len(server.requests) == 4


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_a_refusal_is_not_waited_out(server: Server, status: int) -> None:
    server.answers = [b"HTTP/1.1 %d x\r\nContent-Length: 0\r\n\r\n" % status, WHOLE]
    assert send(Request(url=server.url, limit=99, backoff=Backoff(first=0))).status == status


def test_headers_of_an_answer_are_found_in_lower_case_and_repeated_ones_joined(server: Server) -> None:
    server.answers = [b"HTTP/1.1 200 OK\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 0\r\n\r\n"]
    assert send(Request(url=server.url, limit=0)).headers["x-a"] == "1, 2"


def test_pauses_grow_up_to_a_limit_with_a_jitter_of_a_half() -> None:
    backoff = Backoff(first=1, longest=5)
    pauses = [{backoff.pause(number, None) for _ in range(50)} for number in range(5)]
    for drawn, most in zip(pauses, (1, 2, 4, 5, 5), strict=True):
        assert len(drawn) > 1
        assert most / 2 <= min(drawn) <= max(drawn) <= most


@pytest.mark.parametrize(
    ("value", "least", "most"),
    [
        ("3", 3, 3.5),
        ("0", 0, 0.5),
        ("86400", 60, 60.5),
        ("Fri, 01 Jan 2100 00:00:00 GMT", 60, 60.5),
        ("Thu, 01 Jan 2015 00:00:00 GMT", 0, 0.5),
        ("Mon, 32 Foo", 0.5, 1),
        ("-1", 0.5, 1),
        ("", 0.5, 1),
    ],
)
def test_retry_after_is_heeded_up_to_a_limit(value: str, least: float, most: float) -> None:
    busy = Answer(status=429, body=b"", headers={"retry-after": value})
    assert least <= Backoff(first=1, longest_asked=60).pause(0, busy) <= most


def test_what_is_sent_arrives_with_its_headers_and_every_status_is_an_answer(server: Server) -> None:
    server.answers = [BUSY]
    headers = {"Content-Type": "text/x-y"}
    request = Request(
        method="POST", url=server.url, headers=headers, body=b"body", limit=0, silence=None, patience=None
    )
    assert send(request) == Answer(status=503, body=b"")
    (sent,) = server.requests
    assert b"Content-Type: text/x-y\r\n" in sent
    assert sent.startswith(b"POST / HTTP/1.1\r\n")


@pytest.mark.parametrize(
    ("answer", "requests", "message"),
    [
        (BUSY, 3, "the server responded with 503 Service Unavailable"),
        (MISSING, 1, "the server responded with 404 Not Found"),
        (b"HTTP/1.1 599 x\r\n\r\n", 1, "the server responded with 599"),
        (LOGIN, 1, "authentication failed (401); waybill sends no credentials: download the file and name it"),
    ],
)
def test_a_refusal_is_named(server: Server, answer: bytes, requests: int, message: str) -> None:
    server.answers = [answer]
    assert why(f"{server.url}/a") == f"{server.url}/a: {message}"
    assert len(server.requests) == requests


def test_more_than_the_limit_is_refused_when_it_is_announced(server: Server) -> None:
    server.answers = [b"HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n"]
    assert why(f"{server.url}/a") == f"{server.url}/a: more than 100 bytes; check the URL"


def test_more_than_the_limit_is_refused_when_it_comes(server: Server) -> None:
    server.answers = [b"HTTP/1.1 200 OK\r\n\r\n"]
    server.endless = b"x" * 10
    assert "more than 100 bytes" in why(f"{server.url}/a")


@pytest.mark.parametrize("start", [b"HTTP/1.1 200 OK\r\nX-Header: ", b"HTTP/1.1 200 OK\r\n\r\n"])
def test_a_server_that_is_never_silent_and_never_ends_is_left(server: Server, start: bytes) -> None:
    server.answers = [start]
    server.endless = b"x"
    message = why(Request(url=f"{server.url}/a", limit=10**9, patience=0.2))
    assert message == f"{server.url}/a: not complete after 0.2 seconds; download it and name the file"


def test_a_server_that_is_silent_is_left(server: Server) -> None:
    server.answers = [b"HTTP/1.1 200 OK\r\n"]
    server.silent = True
    message = why(Request(url=f"{server.url}/a", limit=9, silence=0.05, attempts=1))
    assert message == f"{server.url}/a: cannot be fetched: no response for 0.05 seconds"


def test_a_redirect_is_followed(server: Server) -> None:
    server.answers = [moved("/b"), moved(f"{server.url}/c"), WHOLE]
    assert download(f"{server.url}/a", limit=100) == b"whole"
    assert [asked.split()[1] for asked in server.requests] == [b"/a", b"/b", b"/c"]


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("file:///etc/passwd", "redirects to file, which is not followed"),
        ("ftp://127.0.0.1/x", "redirects to ftp, which is not followed"),
        ("http://[", "redirects to an invalid URL"),
        ("/again", "redirects more than 5 times"),
    ],
)
def test_a_redirect_elsewhere_is_refused(server: Server, location: str, message: str) -> None:
    server.answers = [moved(location)]
    assert why(f"{server.url}/a?token=s3cret") == f"{server.url}/a: {message}"


def test_a_redirect_of_what_changes_something_is_an_answer(server: Server) -> None:
    server.answers = [moved("/b"), WHOLE]
    assert send(Request(method="POST", url=server.url, limit=9)).status == 302


def test_headers_do_not_follow_to_another_server(server: Server) -> None:
    other = server.url.replace("127.0.0.1", "localhost")
    server.answers = [moved("/b"), moved(f"{other}/c"), WHOLE]
    headers = {"Authorization": "Bearer s3cret", "Accept": "text/x-y"}
    send(Request(url=f"{server.url}/a", headers=headers, limit=100))
    assert [b"s3cret" in asked for asked in server.requests] == [True, True, False]
    assert all(b"text/x-y" in asked for asked in server.requests)


def test_a_body_is_kept_as_it_is_sent(server: Server) -> None:
    """A package that a server calls compressed in transit has the bytes that its digest is of."""
    package = gzip.compress(b"tar")
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(package)}\r\n\r\n"
    server.answers = [head.encode() + package]
    assert download(server.url, limit=100) == package


@pytest.mark.parametrize("answer", [SHORT, HUNG_UP, BUSY, MISSING, LOGIN, moved("file:///x"), moved("/x"), b"x" * 200])
def test_no_message_holds_a_credential(server: Server, answer: bytes) -> None:
    server.answers = [answer]
    url = server.url.replace("://", "://me:s3cret@")
    assert "s3cret" not in why(f"{url}/a?token=s3cret")
    assert b"s3cret" not in server.requests[0].partition(b"\r\n")[2]


def test_no_representation_of_a_request_or_an_answer_holds_a_login() -> None:
    headers = {"Authorization": "Bearer s3cret"}
    request = Request(url="https://a.example", headers=headers, body=b"s3cret", limit=9)
    answer = Answer(status=200, body=b"s3cret", headers={"x": "s3cret"})
    assert "s3cret" not in f"{request!r} {request} {answer!r} {answer}"


def test_a_server_that_is_not_there_is_named_without_credentials(server: Server) -> None:
    server.shutdown()
    server.server_close()
    url = server.url.replace("://", "://me:s3cret@")
    assert why(f"{url}/a?token=s3cret") == f"{server.url}/a: cannot be fetched: Connection refused"


@pytest.mark.parametrize(
    "url", ["ftp://me:s3cret@a.example/x", "file:///etc/passwd", "a.example/x", "", "http//x", "https://me:s3cret@[x/"]
)
def test_what_is_not_an_http_url_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match=r"is not an HTTP URL; download the package and name the file$") as caught:
        download(url, limit=9)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://", "http:///x", "http://me:s3cret@a:b/", "http://a.example:99999/"])
def test_a_url_without_a_host_or_a_port_is_refused(url: str) -> None:
    with pytest.raises(OutputError, match=r": cannot be fetched: it is not a URL$") as caught:
        download(url, limit=9)
    assert "s3cret" not in str(caught.value)


def test_the_proxy_of_the_environment_is_asked_and_logged_in_to(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", server.url.replace("://", "://me:s3%20cret@"))
    assert download("http://charts.example/a", limit=100) == b"whole"
    (asked,) = server.requests
    assert asked.startswith(b"GET http://charts.example/a HTTP/1.1\r\n")
    assert b"Proxy-Authorization: Basic bWU6czMgY3JldA==\r\n" in asked.replace(
        b"proxy-authorization", b"Proxy-Authorization"
    )


def test_a_proxy_that_refuses_is_named_without_its_login(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", server.url.replace("://", "://me:s3cret@"))
    server.answers = [LOGIN]
    message = why("https://charts.example/a")
    reason = "the proxy: Tunnel connection failed: 401 Unauthorized"
    assert message == f"https://charts.example/a: cannot be fetched: {reason}"
    assert server.requests[0].startswith(b"CONNECT charts.example:443 HTTP/1.")


def test_no_proxy_stands_before_this_machine(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy.invalid:3128")
    assert download(server.url, limit=100) == b"whole"
    assert download(server.url.replace("127.0.0.1", "localhost"), limit=100) == b"whole"


@pytest.mark.parametrize("proxy", ["socks5://me:s3cret@127.0.0.1:1", "http://me:s3cret@a:b", "http://"])
def test_a_proxy_that_is_none_is_refused_by_its_variable(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("http_proxy", proxy)
    assert why("http://charts.example/a") == "the variable http_proxy is not the URL of an HTTP proxy"


@pytest.fixture
def trusted(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of the server over TLS, with a certificate that is trusted here."""
    if shutil.which("openssl") is None:
        missing("openssl")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    words = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    names = ["-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"]
    subprocess.run(
        ["openssl", "req", *words, *names, "-keyout", key, "-out", certificate], check=True, capture_output=True
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    return server.url.replace("http://", "https://")


def test_a_step_from_https_to_http_is_not_taken(server: Server, trusted: str) -> None:
    server.answers = [moved(f"{trusted}/b"), moved("http://127.0.0.1:9/c")]
    assert why(f"{trusted}/a?token=s3cret") == f"{trusted}/b: redirects to http, which is not followed"


def test_a_certificate_that_nobody_trusts_is_refused(trusted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    message = why(f"{trusted}/a?token=s3cret")
    assert message.startswith(f"{trusted}/a: cannot be fetched: the connection is not trusted: ")
    assert "certificate verify failed" in message
    assert "s3cret" not in message


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://me:pw@a.example:8/b?c=d#e", "https://a.example:8/b"),
        ("https://a.example", "https://a.example"),
        ("https://me:pw@[/x", "https://…"),
    ],
)
def test_an_address_is_shown_without_what_may_be_a_secret(url: str, shown: str) -> None:
    assert without_secrets(url) == shown
