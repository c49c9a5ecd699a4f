"""HTTP requests, their answers and retries."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final
from urllib.parse import SplitResult, urlsplit

SCHEMES: Final = ("http", "https")
#: Methods that change nothing, so a request may be retried or redirected.
SAFE: Final = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The response of a server, whatever its status, with the complete body."""

    status: int
    body: bytes = field(repr=False)
    """Not in the representation: it may hold a token."""
    headers: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)
    """Values by lower-case name."""


@dataclass(frozen=True, kw_only=True)
class Backoff:
    """The number of attempts and the pauses between them if a server is busy or unavailable."""

    attempts: int = 7
    first: float = 0.5
    """Seconds before the second attempt, doubled before each further one."""
    longest: float = 10
    """The most seconds between two attempts if the server sends no Retry-After."""
    longest_asked: float = 60
    """The most seconds that a server's Retry-After may ask for."""

    def repeats(self, status: int) -> bool:
        """Return whether a status is worth a retry: too many requests (429) or a server error (5xx)."""
        return status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR

    def pause(self, number: int, answer: Answer | None) -> float:
        """Return the seconds to wait after attempt `number`, counted from 0; `answer` is None if the connection failed.

        Jitter of up to a half keeps clients that failed together from retrying together.
        """
        asked = _retry_after(answer.headers.get("retry-after", "")) if answer else None
        jitter = random.uniform(0.5, 1)  # noqa: S311 - no secret
        if asked is not None:
            return min(asked, self.longest_asked) + self.first * (1 - jitter)
        return min(self.longest, self.first * float(2**number)) * jitter


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request to a server."""

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Not in the representation: headers and body may hold a login."""
    body: bytes | None = field(default=None, repr=False)
    limit: int
    """The most bytes of the answer's body."""
    silence: float | None = 20
    """Seconds that the server may be silent, or None for no limit."""
    patience: float | None = 120
    """Seconds for everything: name resolution, redirects, retries and the whole body; None for no limit."""
    attempts: int = 3
    """The most attempts for a request that may be retried, if there is no `backoff`."""
    backoff: Backoff | None = None
    """Longer pauses and more attempts, for a server that is worth waiting for."""
    repeatable: bool = False
    """Whether a request that changes something is idempotent, so that it may be retried."""
    advice: str = "; download it and name the file"
    """The end of the message about a time-out."""

    @property
    def again(self) -> bool:
        """Whether the request may be retried."""
        return self.method in SAFE or self.repeatable


def _retry_after(value: str) -> float | None:
    """Return the seconds of a Retry-After header (RFC 9110, 10.2.3: a number or a date), or None if it is invalid."""
    if value.isdecimal():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def split_url(url: str) -> SplitResult:
    """Return the parts of a URL, all empty if it is invalid, as `http://[::1` is."""
    try:
        parts = urlsplit(url)
        parts.port, parts.hostname  # noqa: B018 - reading them raises for an invalid URL
    except ValueError:
        return urlsplit("")
    return parts


def is_url(url: str) -> bool:
    """Return whether a text is a URL with a host."""
    return bool(split_url(url).netloc)


def scheme_of(url: str) -> str:
    """Return the scheme of a URL, or "" if it has none or is invalid."""
    try:
        return urlsplit(url).scheme
    except ValueError:
        return ""


def without_secrets(url: str) -> str:
    """Return a URL without its possible secrets: user, password and query."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return f"{url.partition('://')[0]}://…"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
