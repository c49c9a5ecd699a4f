"""HTTP requests with limits on time and size, and with no credentials in messages."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from http import HTTPStatus

from generator.findings.errors import OutputError, SettingsError
from pipeline.system.http_request import SCHEMES, Answer, Request, scheme_of, without_secrets


def download(url: str, *, limit: int) -> bytes:
    """Return the body at a URL, at most `limit` bytes.

    Raises:
        SettingsError: `url` is not an HTTP URL.
        OutputError: the download fails; the message holds no credential.
    """
    answer = send(Request(url=url, limit=limit))
    if answer.status == HTTPStatus.OK:
        return answer.body
    place = without_secrets(url)
    if answer.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        failed = f"{place}: authentication failed ({answer.status})"
        message = f"{failed}; waybill sends no credentials: download the file and name it"
        raise OutputError(message)
    raise OutputError(f"{place}: the server responded with {answer.status}{_phrase(answer.status)}")


def send(request: Request) -> Answer:
    """Send a request and return its answer.

    A request that changes nothing, or is `repeatable`, is retried if the connection fails or the server is unavailable.
    One that changes nothing follows redirects, but never from https to http. Proxies are those of the environment.

    Raises:
        SettingsError: the URL is not an HTTP URL.
        OutputError: there is no complete answer within the limits; the message holds no credential.
    """
    if scheme_of(request.url) not in SCHEMES:
        raise SettingsError(
            f"'{without_secrets(request.url)}' is not an HTTP URL; download the package and name the file"
        )
    from pipeline.system.http_client import answer_to  # noqa: PLC0415 - 80 ms for urllib3, only for URLs

    try:
        return _within(request.patience, lambda: answer_to(request))
    except TimeoutError:
        message = f"not complete after {request.patience:g} seconds{request.advice}"
        raise OutputError(f"{without_secrets(request.url)}: {message}") from None


def _within(seconds: float | None, work: Callable[[], Answer]) -> Answer:
    """Run `work` in a thread, with a time-out that also covers name resolution and slow headers.

    Raises:
        TimeoutError: `work` takes longer.
    """
    future: Future[Answer] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised again where the result is awaited
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future.result(seconds)


def _phrase(status: int) -> str:
    return f" {HTTPStatus(status).phrase}" if status in set(HTTPStatus) else ""
