"""Sends HTTP requests with urllib3: retries, redirects, proxies and error messages."""

from __future__ import annotations

import http.client
import ipaddress
import time
from contextlib import closing
from http import HTTPStatus
from typing import Final
from urllib.parse import unquote, urljoin
from urllib.request import getproxies, proxy_bypass

import urllib3
from urllib3 import exceptions

from generator.findings.errors import OutputError, SettingsError
from pipeline.system.http_request import SAFE, SCHEMES, Answer, Request, scheme_of, split_url, without_secrets

_CHUNK: Final = 1024 * 1024
_MAX_REDIRECTS: Final = 5
#: Responses of a server or its proxy that are worth a retry.
_PASSING: Final = frozenset({HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT})
#: Seconds before each further attempt.
PAUSES: Final = (0.3, 1.0)
_REASONS: Final = (
    (exceptions.NameResolutionError, "the host name cannot be resolved"),
    (exceptions.ConnectTimeoutError, "no connection after {silence:g} seconds"),
    (exceptions.ReadTimeoutError, "no response for {silence:g} seconds"),
    (exceptions.LocationValueError, "it is not a URL"),
    (http.client.RemoteDisconnected, "the connection was closed without a response"),
    (http.client.BadStatusLine, "the response is not HTTP"),
    (http.client.IncompleteRead, "the response ends early"),
)


def answer_to(request: Request) -> Answer:
    """Return the answer to a request, with retries if they are safe and may help.

    Raises:
        SettingsError: a proxy in the environment is not a URL.
        OutputError: there is no answer, or it is larger than the limit.
        TimeoutError: the answer takes longer than the request's `patience`.
    """
    until = None if request.patience is None else time.monotonic() + request.patience
    for number in range(_pauses(request)):
        answer = None
        try:
            answer = _answer(request, until)
        except exceptions.HTTPError as error:
            if isinstance(error, (exceptions.SSLError, exceptions.LocationValueError)):
                raise _failure(request, error) from None
        else:
            if not (request.backoff.repeats(answer.status) if request.backoff else answer.status in _PASSING):
                return answer
        time.sleep(request.backoff.pause(number, answer) if request.backoff else PAUSES[number])
    try:
        return _answer(request, until)
    except exceptions.HTTPError as error:
        raise _failure(request, error) from None


def _pauses(request: Request) -> int:
    """Return how often a request may be retried."""
    if not request.again:
        return 0
    return request.backoff.attempts - 1 if request.backoff else min(request.attempts - 1, len(PAUSES))


def _answer(request: Request, until: float | None) -> Answer:
    """Return the answer to one attempt, following redirects."""
    url = request.url
    headers = request.headers
    for _ in range(_MAX_REDIRECTS + 1):
        with (
            _pool(url) as pool,
            closing(
                pool.urlopen(
                    request.method,
                    url,
                    body=request.body,
                    headers={"User-Agent": "waybill", **headers},
                    redirect=False,
                    retries=False,
                    preload_content=False,
                    timeout=urllib3.Timeout(connect=request.silence, read=request.silence),
                )
            ) as response,
        ):
            location = response.get_redirect_location() if request.method in SAFE else None
            if not location:
                received = {name.lower(): response.headers[name] for name in response.headers}
                return Answer(status=response.status, body=_body(response, request, until), headers=received)
        target = _redirect_target(url, location)
        if split_url(target)[:2] != split_url(url)[:2]:
            # The other headers may hold a login, which is not for another server.
            headers = {name: value for name, value in headers.items() if name.lower() == "accept"}
        url = target
    raise OutputError(f"{without_secrets(request.url)}: redirects more than {_MAX_REDIRECTS} times")


def _body(response: urllib3.BaseHTTPResponse, request: Request, until: float | None) -> bytes:
    """Return the body as sent; urllib3 refuses one that is shorter than its Content-Length."""
    data = bytearray()
    announced = response.length_remaining or 0
    while announced <= request.limit and (chunk := response.read1(_CHUNK, decode_content=False)):
        data += chunk
        if len(data) > request.limit:
            break
        if until is not None and time.monotonic() > until:
            raise TimeoutError
    if max(announced, len(data)) > request.limit:
        message = f"more than {request.limit:,} bytes; check the URL"
        raise OutputError(f"{without_secrets(request.url)}: {message}")
    return bytes(data)


def _redirect_target(url: str, location: str) -> str:
    """Return the target URL of a redirect.

    Raises:
        OutputError: it leaves HTTP, or goes from https to http.
    """
    try:
        target = urljoin(url, location)
    except ValueError:
        raise OutputError(f"{without_secrets(url)}: redirects to an invalid URL") from None
    scheme = scheme_of(target)
    if scheme not in SCHEMES or (scheme_of(url) == "https" and scheme != "https"):
        raise OutputError(f"{without_secrets(url)}: redirects to {scheme or 'no URL'}, which is not followed")
    return target


def _pool(url: str) -> urllib3.PoolManager:
    """Return a connection pool for a URL: through the environment's proxy, but not for this machine."""
    parts = split_url(url)
    host = parts.hostname or ""
    proxy = None if _is_loopback(host) or proxy_bypass(host) else getproxies().get(parts.scheme)
    if not proxy:
        return urllib3.PoolManager()
    try:
        return _proxy(proxy if "://" in proxy else f"http://{proxy}")
    except exceptions.LocationValueError:
        raise SettingsError(f"the variable {parts.scheme}_proxy is not the URL of an HTTP proxy") from None


def _proxy(url: str) -> urllib3.ProxyManager:
    address = urllib3.util.parse_url(url)
    if not address.host:
        raise exceptions.LocationValueError
    login = urllib3.make_headers(proxy_basic_auth=unquote(address.auth)) if address.auth else None
    return urllib3.ProxyManager(address._replace(auth=None).url, proxy_headers=login)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _failure(request: Request, error: exceptions.HTTPError) -> OutputError:
    verb = "fetched" if request.method in SAFE else "sent"
    return OutputError(f"{without_secrets(request.url)}: cannot be {verb}: {_reason(error, request.silence)}")


def _reason(error: BaseException | None, silence: float | None) -> str:
    """Return why a request failed; urllib3's own messages contain the whole URL, with its secrets."""
    match error:
        case exceptions.NewConnectionError() if not isinstance(error, exceptions.NameResolutionError):
            return _reason(error.__cause__, silence)
        case exceptions.ProxyError():
            return f"the proxy: {_reason(error.original_error, silence)}"
        case exceptions.ProtocolError() if len(error.args) > 1:
            return _reason(error.args[1], silence)
        case exceptions.IncompleteRead():
            return f"the response ends {error.expected:,} bytes early"
        case exceptions.SSLError():
            return f"the connection is not trusted: {error}"
    words = next((words for kind, words in _REASONS if isinstance(error, kind)), "")
    # An OSError without an errno comes from http.client, if a proxy refuses the connection.
    said = (error.strerror or str(error)) if isinstance(error, OSError) else ""
    return words.format(silence=silence) or said or type(error).__name__
