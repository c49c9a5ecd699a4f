"""Requests to a server over HTTP, and its responses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

SCHEMES: Final = ("http", "https")
#: Methods that change nothing, so that a request may be sent again, or elsewhere.
SAFE: Final = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request to a server."""

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    limit: int
    """The most bytes that the body of the answer may have."""
    silence: float | None = 20
    """Seconds that the server may be silent; None: as long as it takes."""
    patience: float | None = 120
    """Seconds for all of it: names, redirects, further attempts, and the last byte."""
    attempts: int = 3
    """How often a request that changes nothing is sent before it is given up."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The response of a server, whatever its status, with the complete body."""

    status: int
    body: bytes


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
