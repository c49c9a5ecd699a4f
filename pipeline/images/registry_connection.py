"""HTTP requests to one registry, with authentication, retries and error messages."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote, urlencode, urljoin, urlunsplit

from generator.findings.errors import OutputError
from generator.findings.printable import in_one_line
from pipeline.images.authorization import Authorizer, Scope
from pipeline.images.credentials import DOCKER_HUB, Keychain
from pipeline.images.errors import RegistryError
from pipeline.images.image_name import is_loopback
from pipeline.system.http import send
from pipeline.system.http_request import Answer, Backoff, Request, split_url

#: The most bytes of a manifest (the specification requires at least 4 MiB of registries) and of other answers.
MAX_MANIFEST: Final = 8 * 1024 * 1024
_MAX_PAGES: Final = 1000
#: Seconds for one request including retries.
_PATIENCE: Final = 1800
#: The most characters of a registry's error message.
_SAID: Final = 300
REFUSED: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


class Connection:
    """Sends requests to a registry: over HTTPS, or plain HTTP if it is on this machine or `insecure`."""

    def __init__(self, host: str, keychain: Keychain, *, insecure: bool, backoff: Backoff) -> None:
        self.host = host
        self.backoff = backoff
        self._plain = insecure or is_loopback(host)
        self._base = f"{'http' if self._plain else 'https'}://{'registry-1.docker.io' if host == DOCKER_HUB else host}"
        self._authorizer = Authorizer(host, keychain, self._send, insecure=insecure)

    def request(
        self,
        method: str,
        repository: str,
        path: str,
        *,
        push: bool = False,
        refused: bool = False,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        limit: int = MAX_MANIFEST,
    ) -> Answer:
        """Return the answer to a request below `/v2/REPOSITORY/`, with any status except 401 and 403.

        If the repository is "", the path is below `/v2/` itself. The request is retried if the connection fails or the
        registry is busy, as all requests here are idempotent.

        Raises:
            LoginError: the registry refuses the login, unless `refused` makes that an answer, too.
            RegistryError: there is no answer.
        """
        request = Request(
            url=self._url(repository, path),
            method=method,
            headers=headers or {},
            body=body,
            limit=limit,
            repeatable=True,
        )
        return self._authorized(request, Scope(repository=repository, push=push), refused=refused)

    def pages(self, repository: str, path: str, *, refused: bool = False) -> Iterator[Answer]:
        """Yield the pages of a list (RFC 8288: Link with rel="next").

        Raises:
            RegistryError: a request fails, or the next page is outside the repository's path.
        """
        for _ in range(_MAX_PAGES):
            answer = self.request("GET", repository, path, refused=refused)
            yield answer
            link = re.match(r'\s*<([^>]+)>\s*;\s*rel="?next"?', answer.headers.get("link", ""))
            if not link:
                return
            target = split_url(urljoin(self._url(repository, path), link[1]))
            _, found, rest = target.path.partition(_path_prefix(repository))
            if not found:
                raise self.error(repository, f"the next page of {path.partition('?')[0]} is elsewhere")
            path = f"{rest}?{target.query}"

    def upload(self, repository: str, started: Answer, digest: str, data: bytes) -> Answer | None:
        """Send a blob, without retries, to the URL of a started upload; return None if the connection fails.

        The URL may be on another host, which gets no login.

        Raises:
            LoginError: the registry refuses the login.
            RegistryError: the registry gives no URL to upload to.
        """
        url = self._location(repository, started)
        request = Request(
            url=f"{url}{'&' if split_url(url).query else '?'}{urlencode({'digest': digest})}",
            method="PUT",
            headers={"Content-Type": "application/octet-stream"},
            body=data,
            limit=MAX_MANIFEST,
        )
        try:
            if split_url(url).netloc != split_url(self._base).netloc:
                return self._send(request, repository)
            return self._authorized(request, Scope(repository=repository, push=True))
        except RegistryError as error:
            if isinstance(error.__cause__, OutputError):
                return None
            raise

    def expect(self, answer: Answer, repository: str, what: str, status: int) -> None:
        """Check the status of an answer.

        Raises:
            RegistryError: the status is not the expected one.
        """
        if answer.status != status:
            phrase = f" {HTTPStatus(answer.status).phrase}" if answer.status in set(HTTPStatus) else ""
            said = self._said(answer, repository)
            raise self.error(repository, f"{what}: the registry responded with {answer.status}{phrase}{said}")

    def error(self, repository: str, message: str) -> RegistryError:
        """Return the error with a message about a repository."""
        where = f", repository {repository}" if repository else ""
        return RegistryError(f"registry {self.host}{where}: {message}")

    def _authorized(self, request: Request, scope: Scope, *, refused: bool = False) -> Answer:
        """Send a request with the known authorization and, after a challenge, again with what it requires."""
        known = self._authorizer.known(scope)
        answer = self._send(_with_authorization(request, known), scope.repository)
        if answer.status == HTTPStatus.UNAUTHORIZED and not known.startswith("Basic "):
            if refused and self._authorizer.lookup(scope.repository).credential is None:
                return answer
            answer = self._send(_with_authorization(request, self._authorizer.answer(answer, scope)), scope.repository)
        if answer.status in REFUSED and not refused:
            raise self._authorizer.refused(answer, scope, self._said(answer, scope.repository))
        return answer

    def _location(self, repository: str, started: Answer) -> str:
        """Return the URL to upload a blob to.

        Raises:
            RegistryError: the answer has no URL, or one that is not secure.
        """
        location = started.headers.get("location", "")
        try:
            target = split_url(urljoin(self._url(repository, "blobs/uploads/"), location))
        except ValueError:
            target = split_url("")
        if target.netloc == split_url(self._base).netloc:
            # Behind a proxy that terminates TLS, a registry may return a URL with plain HTTP.
            target = target._replace(scheme=split_url(self._base).scheme)
        if not location or not (target.scheme == "https" or (target.scheme == "http" and self._plain)):
            raise self.error(repository, "the registry names no URL to upload to")
        return urlunsplit(target)

    def _send(self, request: Request, repository: str = "") -> Answer:
        request = dataclasses.replace(
            request, backoff=self.backoff, patience=_PATIENCE, advice="; check the network, and try again"
        )
        try:
            return send(request)
        except OutputError as error:
            raise self.error(repository, str(error)) from error

    def _url(self, repository: str, path: str) -> str:
        return f"{self._base}{_path_prefix(repository)}{path}"

    def _said(self, answer: Answer, repository: str) -> str:
        """Return the registry's error message in one line, without the secrets that it may repeat, or ""."""
        errors = json_of(answer).get("errors")
        texts = (
            " ".join(str(error[name]) for name in ("code", "message") if error.get(name))
            for error in (errors if isinstance(errors, list) else ())
            if isinstance(error, dict)
        )
        text = "; ".join(filter(None, texts))
        for secret in self._authorizer.secrets(repository):
            text = text.replace(secret, "…")
        return f": {in_one_line(text)[:_SAID]}" if text else ""


def json_of(answer: Answer) -> Mapping[str, Any]:
    """Return the JSON object in an answer, or an empty one if there is none."""
    try:
        content = json.loads(answer.body)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _path_prefix(repository: str) -> str:
    """Return the common prefix of a repository's paths, or of all paths if the repository is ""."""
    return f"/v2/{quote(repository)}/" if repository else "/v2/"


def _with_authorization(request: Request, authorization: str) -> Request:
    """Return a request with an Authorization header, or unchanged if that is ""."""
    if not authorization:
        return request
    return dataclasses.replace(request, headers={**request.headers, "Authorization": authorization})
