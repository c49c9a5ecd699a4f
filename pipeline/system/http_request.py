"""Requests to a server over HTTP, and its responses."""

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
#: Methods that change nothing, so that a request may be sent again, or elsewhere.
SAFE: Final = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The response of a server, whatever its status, with the complete body."""

    status: int
    body: bytes = field(repr=False)
    """It may hold a token."""
    headers: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)
    """By their names in lower case."""


@dataclass(frozen=True, kw_only=True)
class Backoff:
    """How often a request is sent to a server that is busy or away, and how long it waits between."""

    attempts: int = 7
    first: float = 0.5
    """Seconds before the second attempt; twice as many before each further one."""
    longest: float = 10
    """The most seconds between two attempts where the server does not say how long it takes."""
    longest_asked: float = 60
    """The most seconds that a server's Retry-After is heeded for."""

    def repeats(self, status: int) -> bool:
        """Whether an answer may be another one later: too many requests (429), and the server's own failures (5xx)."""
        return status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR

    def pause(self, number: int, answer: Answer | None) -> float:
        """Seconds to wait after attempt `number`, from 0 on; `answer` is None where the connection failed.

        Jitter of up to a half keeps clients that failed together from coming back together.
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
    """They may hold a login, and the body may, too."""
    body: bytes | None = field(default=None, repr=False)
    limit: int
    """The most bytes that the body of the answer may have."""
    silence: float | None = 20
    """Seconds that the server may be silent; None: as long as it takes."""
    patience: float | None = 120
    """Seconds for all of it: names, redirects, further attempts, and the last byte."""
    attempts: int = 3
    """How often a request that changes nothing is sent before it is given up, where there is no `backoff`."""
    backoff: Backoff | None = None
    """For a server that is worth waiting for."""
    repeatable: bool = False
    """Whether it may be sent again though it changes something: sent twice, it does the same."""
    advice: str = "; download it and name the file"
    """The end of the message where it takes too long."""

    @property
    def again(self) -> bool:
        """Whether it may be sent more than once."""
        return self.method in SAFE or self.repeatable


def _retry_after(value: str) -> float | None:
    """Seconds that the header Retry-After asks for (RFC 9110, 10.2.3: a number, or a date); None where it says none."""
    if value.isdecimal():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def split_url(url: str) -> SplitResult:
    """Return the parts of a URL; empty ones where it is none: `http://[::1` is not."""
    try:
        parts = urlsplit(url)
        parts.port, parts.hostname  # noqa: B018 - either is read, and refused, no sooner
    except ValueError:
        return urlsplit("")
    return parts


def is_url(url: str) -> bool:
    """Whether a text can be a URL with a host."""
    return bool(split_url(url).netloc)


def scheme_of(url: str) -> str:
    """The scheme of a URL; "" where it has none, or is no URL."""
    try:
        return urlsplit(url).scheme
    except ValueError:
        return ""


def without_secrets(url: str) -> str:
    """A URL without what may be a secret: user, password and query."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return f"{url.partition('://')[0]}://…"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
