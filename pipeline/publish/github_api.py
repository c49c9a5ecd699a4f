"""A client of GitHub's APIs, based on PyGithub, with retries and error messages."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, TypeVar

from generator.findings.errors import SettingsError
from generator.findings.printable import in_one_line
from pipeline.images.image_name import is_loopback
from pipeline.publish.errors import AuthenticationError, PublishError
from pipeline.system.git_credentials import TOKEN, find_token
from pipeline.system.http_request import Answer, Backoff, split_url, without_secrets
from pipeline.system.requests_client import connection_error, trusted_certificates

if TYPE_CHECKING:
    from github import Github, GithubException
    from github.Auth import Auth

T = TypeVar("T")

#: github.com; GitHub Enterprise Server has its API below a path (docs.github.com/enterprise-server/rest).
SERVER: Final = "https://github.com"
_API: Final = "https://api.github.com"
_ENTERPRISE_API: Final = "/api/v3"
#: Seconds between two requests that change something, as GitHub recommends
#: (docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api).
_PAUSE: Final = 1.0
#: Seconds to wait if a secondary rate limit does not say how long (the same page).
_SECONDARY_LIMIT: Final = 60
#: Time-out in seconds for silence; GitHub ends a request after ten, but an upload takes longer.
_SILENCE: Final = 60
_PERMISSION: Final = "contents: write"
#: The REST status of each error type of the GraphQL API, whose errors come with status 200.
_STATUS: Final[Mapping[str, int]] = {
    "FORBIDDEN": HTTPStatus.FORBIDDEN,
    "INSUFFICIENT_SCOPES": HTTPStatus.FORBIDDEN,
    "NOT_FOUND": HTTPStatus.NOT_FOUND,
    "RATE_LIMITED": HTTPStatus.TOO_MANY_REQUESTS,
    "STALE_DATA": HTTPStatus.CONFLICT,
    "UNPROCESSABLE": HTTPStatus.UNPROCESSABLE_ENTITY,
}
#: The most characters of GitHub's error message.
_SAID: Final = 300
#: The exceptions that PyGithub, and code that reads its results, raise for an unexpected answer.
_STRANGE: Final = (AssertionError, AttributeError, RuntimeError, TypeError, ValueError)
_DENIED: Final = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS})


class NotFoundError(PublishError):
    """GitHub responded with 404: there is no such resource, or this token may not see it."""


class RefusedError(PublishError):
    """GitHub refuses the request (422), so a retry does not help."""


class LostAnswerError(PublishError):
    """There was no answer, or a server error: whether the change was made is unknown."""


class ConflictError(PublishError):
    """The resource is not in the expected state (409)."""


class RateLimitError(PublishError):
    """GitHub accepts no more requests for now; the message says until when."""


@dataclass(frozen=True, kw_only=True)
class GithubApi:
    """GitHub, or a GitHub Enterprise Server, with a token.

    Calls raise AuthenticationError if GitHub refuses the token, or else PublishError; no message contains the token.
    """

    url: str = _API
    """The URL of the REST API."""
    server: str = SERVER
    """The URL of the website, from which packages are downloaded."""
    token: str = field(default="", repr=False)
    source: str = ""
    """Where the token was found, for messages."""
    pause: float = _PAUSE
    """Seconds between two requests that change something."""
    is_app: bool = False
    """Whether the token is a JWT that a GitHub App signed itself."""
    lazy: bool = False
    """Whether the client fetches objects only when an attribute is read."""
    backoff: Backoff = field(default_factory=Backoff)

    @classmethod
    def of(cls, environment: Mapping[str, str], **settings: Any) -> GithubApi:
        """Return GitHub according to GITHUB_SERVER_URL and GITHUB_API_URL, which GitHub Actions sets.

        The token comes from `find_token`.

        Raises:
            SettingsError: a variable is not a URL, or would send the token over plain HTTP.
        """
        server = environment.get("GITHUB_SERVER_URL", "").rstrip("/") or SERVER
        url = environment.get("GITHUB_API_URL", "").rstrip("/")
        url = url or (_API if server == SERVER else f"{server}{_ENTERPRISE_API}")
        for name, value in (("GITHUB_SERVER_URL", server), ("GITHUB_API_URL", url)):
            _check_url(name, value)
        token = find_token(split_url(server).netloc, environment)
        value, source = (token.value, token.source) if token else ("", "")
        return cls(url=url, server=server, token=value, source=source, **settings)

    @cached_property
    def client(self) -> Github:
        """The client, which does not retry by itself."""
        import github  # noqa: PLC0415 - 150 ms, only for GitHub

        # PyGithub logs to standard error by default.
        github.set_log_level(logging.CRITICAL)
        return github.Github(
            base_url=self.url,
            auth=self._auth,
            user_agent="waybill",
            timeout=_SILENCE,
            verify=trusted_certificates(),
            per_page=100,
            lazy=self.lazy,
            retry=None,
            seconds_between_requests=None,
            seconds_between_writes=self.pause or None,
        )

    @property
    def _auth(self) -> Auth | None:
        import github  # noqa: PLC0415 - as above

        if not self.token:
            return None
        return github.Auth.AppAuthToken(self.token) if self.is_app else github.Auth.Token(self.token)

    def call(self, what: str, work: Callable[[], T], *, twice: bool = True, needs: str = _PERMISSION) -> T:
        """Return the result of `work`, which uses the client, with retries while GitHub is busy.

        `twice` says whether the request may be repeated if its answer was lost, `needs` is the required permission.

        Raises:
            AuthenticationError: the token is refused or has too few permissions, or there is none.
            NotFoundError: 404.
            RefusedError: 422.
            ConflictError: 409.
            LostAnswerError: there was no answer, or a server error (5xx).
            RateLimitError: too many requests.
            PublishError: another failure.
        """
        import requests  # noqa: PLC0415 - as above
        from github import GithubException  # noqa: PLC0415 - as above

        number = 0
        while True:
            last = number + 1 >= self.backoff.attempts
            try:
                return work()
            except GithubException as error:
                pause = self._pause(error, number, twice=twice)
                if last or pause is None:
                    raise self._error(what, error, needs) from error
            except requests.exceptions.SSLError as error:
                raise PublishError(
                    f"{what}: {self.url}: the connection is not trusted: {connection_error(error, _SILENCE)}"
                ) from error
            except requests.RequestException as error:
                if last or not twice:
                    raise LostAnswerError(
                        f"{what}: {self.url}: {connection_error(error, _SILENCE)}; check the network"
                    ) from error
                pause = self.backoff.pause(number, None)
            except _STRANGE as error:
                message = f"{what}: {self.url} does not answer as GitHub does; check GITHUB_API_URL and the network"
                raise PublishError(message) from error
            time.sleep(pause)
            number += 1

    def changed(
        self, what: str, change: Callable[[], T], look: Callable[[], T | None], *, needs: str = _PERMISSION
    ) -> T:
        """Make a change that must not be made twice; if its answer is lost, `look` returns the result if it was made.

        Raises:
            PublishError: see `call`.
        """
        number = 0
        while True:
            try:
                return self.call(what, change, twice=False, needs=needs)
            except LostAnswerError:
                number += 1
                if number == self.backoff.attempts:
                    raise
            time.sleep(self.backoff.pause(number - 1, None))
            if (found := look()) is not None:
                return found

    def mutate(self, mutation: str, variables: Mapping[str, Any], wanted: str) -> Mapping[str, Any]:
        """Return the result of a GraphQL mutation, for use in `call`, which needs errors in the form of REST's."""
        from github import GithubException  # noqa: PLC0415 - as above

        try:
            answer = self.client.requester.graphql_named_mutation(mutation, dict(variables), wanted)[1]
        except GithubException as error:
            errors = error.data.get("errors") if isinstance(error.data, dict) else None
            if not errors:
                raise
            said = {"message": "; ".join(_detail(each) for each in errors)}
            kind = errors[0].get("type", "") if isinstance(errors[0], dict) else ""
            raise GithubException(_STATUS.get(kind, error.status), said, error.headers) from error
        if not isinstance(answer, dict) or not answer:
            raise TypeError(answer)
        return answer

    def _pause(self, error: GithubException, number: int, *, twice: bool) -> float | None:
        """Return the seconds to wait before a retry, or None if that does not help."""
        if _is_rate_limit(error):
            seconds = _until_allowed(error)
            return seconds if seconds <= self.backoff.longest_asked else None
        if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR and twice:
            return self.backoff.pause(number, Answer(status=error.status, body=b"", headers=error.headers or {}))
        return None

    def _error(self, what: str, error: GithubException, needs: str) -> PublishError:
        said = f"{error.status}{self._said(error)}"
        if _is_rate_limit(error):
            return RateLimitError(f"{what}: GitHub's rate limit ({said}); {later(_until_allowed(error))}")
        if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return LostAnswerError(f"{what}: GitHub responded with {said}; try again later")
        kind, reason = self._reason(error, said, needs)
        return kind(f"{what}: {reason}")

    def _reason(self, error: GithubException, said: str, needs: str) -> tuple[type[PublishError], str]:
        """Return the error's class and message: why GitHub refuses a request, and what to do."""
        match error.status:
            case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN | HTTPStatus.NOT_FOUND if not self.token:
                places = f"{TOKEN}, GITHUB_TOKEN, git's credential helper and gh"
                todo = f"looked in {places}: set one of these variables, or run: gh auth login"
                return AuthenticationError, f"GitHub requires a token ({said}), and none was found; {todo}"
            case HTTPStatus.UNAUTHORIZED:
                todo = f"it is wrong or has expired: make a new one with the permission {needs}"
                return AuthenticationError, f"GitHub refuses the token from {self.source} ({said}); {todo}"
            case HTTPStatus.FORBIDDEN:
                wanted = in_one_line((error.headers or {}).get("x-accepted-github-permissions", "").replace("=", ": "))
                todo = f"it needs the permission {wanted or needs} for this repository{self._hint}"
                return AuthenticationError, f"the token from {self.source} may not do this ({said}); {todo}"
            case HTTPStatus.NOT_FOUND:
                todo = (
                    f"check the name, and that the token from {self.source} may see it (permission {needs}){self._hint}"
                )
                return NotFoundError, f"not found ({said}); {todo}"
        others: dict[int, tuple[type[PublishError], str]] = {
            HTTPStatus.CONFLICT: (ConflictError, f"it has changed meanwhile ({said}); run it again"),
            HTTPStatus.UNPROCESSABLE_ENTITY: (RefusedError, f"GitHub refuses it ({said})"),
        }
        return others.get(error.status, (PublishError, f"GitHub responded with {said}"))

    @property
    def _hint(self) -> str:
        """A hint on the permissions of a GitHub Actions token, or "" for other tokens."""
        if self.source != "GITHUB_TOKEN":
            return ""
        return "; a workflow's token is only for its own repository; for another one, use a GitHub App's or your own"

    def _said(self, error: GithubException) -> str:
        """Return GitHub's error message in one line, without the token that it may repeat."""
        data = error.data if isinstance(error.data, dict) else {}
        errors = data.get("errors")
        details = [_detail(each) for each in (errors if isinstance(errors, list) else ())]
        text = "; ".join(filter(None, [str(data.get("message") or ""), *details]))
        text = text.replace(self.token, "…") if self.token else text
        return f": {in_one_line(text)[:_SAID]}" if text else ""


def _detail(error: Any) -> str:
    """Return the text of one error of a 422."""
    if not isinstance(error, dict):
        return str(error)
    return str(error.get("message") or f"{error.get('field', '')} {error.get('code', '')}".strip())


def _check_url(name: str, value: str) -> None:
    """Check that a token may be sent to a URL."""
    try:
        parts = split_url(value)
        usable = bool(parts.hostname) and (
            parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.netloc))
        )
    except ValueError:
        usable = False
    if not usable:
        raise SettingsError(f"{name} is '{without_secrets(value)}', and not an https URL; set it to that of GitHub")


def _is_rate_limit(error: GithubException) -> bool:
    """Return whether an error is a rate limit, which GitHub also reports with 403."""
    if error.status not in _DENIED:
        return False
    headers = error.headers or {}
    message = str(error.data.get("message") or "").lower() if isinstance(error.data, dict) else ""
    limited = "retry-after" in headers or headers.get("x-ratelimit-remaining") == "0"
    return limited or "rate limit" in message or error.status == HTTPStatus.TOO_MANY_REQUESTS


def _until_allowed(error: GithubException) -> float:
    """Return the seconds until GitHub accepts requests again."""
    headers = error.headers or {}
    if (seconds := headers.get("retry-after", "")).isdecimal():
        return float(seconds)
    if headers.get("x-ratelimit-remaining") == "0" and (reset := headers.get("x-ratelimit-reset", "")).isdecimal():
        # The reset time is in whole seconds, so add one.
        return max(0.0, float(reset) - time.time()) + 1
    return _SECONDARY_LIMIT


def later(seconds: float) -> str:
    """Return when to run the command again: the time and the number of minutes."""
    until = datetime.fromtimestamp(time.time() + seconds, UTC)
    return f"run it again after {until:%H:%M} UTC, in {max(1, math.ceil(seconds / 60))} min"
