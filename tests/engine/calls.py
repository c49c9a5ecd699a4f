"""Calls as tests compare them with those that a stand-in got: in full, as `Call.plain` gives them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any, TypeVar

from tests.engine.services.service import Service

#: How the workflows sign in with what `variables` gives them; to Jira as waybill@example.com:jira-token.
JIRA = {"authorization": "Basic d2F5YmlsbEBleGFtcGxlLmNvbTpqaXJhLXRva2Vu"}
CLUSTER = {"authorization": "Bearer cluster-token"}
BACKSTAGE = {"authorization": "Bearer backstage-token"}
JSON = {"content-type": "application/json"}

Seen = TypeVar("Seen")


def plain(method: str, path: str, headers: Mapping[str, str] | None = None, body: Any = None) -> dict[str, Any]:
    """Return a call as `Call.plain` does."""
    return {"method": method, "path": path, "headers": headers or {}, "body": body}


def calls(service: Service) -> list[dict[str, Any]]:
    """Return the calls of a service in full; a content type counts only where there is content.

    The engine hands that of the start on to the calls before the first wait, whether or not they have a body.
    """
    seen = [call.plain() for call in service.calls]
    for call in seen:
        if call["body"] is None:
            call["headers"].pop("content-type", None)
    return seen


def in_turn(seen: Iterable[Seen]) -> list[Seen]:
    """Return calls without those that repeat the one before: how many looks there are is a matter of time."""
    return [call for call, _ in groupby(seen)]
