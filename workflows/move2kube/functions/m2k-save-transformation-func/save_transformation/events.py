"""CloudEvents over HTTP, in both modes of the binding (CloudEvents 1.0, HTTP protocol binding, section 3)."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any, Final
from urllib.error import HTTPError
from urllib.request import Request as HttpRequest
from urllib.request import urlopen

from save_transformation.errors import SaveError, TryAgainError

ASKED: Final = "save-transformation"
SAVED: Final = "transformation_saved"
FAILED: Final = "error"
SOURCE: Final = "m2k-save-transformation-func"
#: How long a broker may take to accept an event, in seconds.
BROKER_TIMEOUT: Final = 30

_STRUCTURED: Final = "application/cloudevents+json"
_RUN: Final = re.compile(r"[A-Za-z0-9-]{1,64}")
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,128}")


class EventError(Exception):
    """What came in is no event that this function takes: nobody can be told but the sender."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a run of the workflow asks for; `run` is the ID of its instance."""

    run: str
    repository: str
    source_branch: str
    target_branch: str
    workspace: str
    project: str
    transformation: str


def read_request(headers: Mapping[str, str], body: bytes) -> Request:
    """Return what the event asks for; names of `headers` in lower case.

    Raises:
        EventError: no CloudEvent, another type, or data without one of the fields.
    """
    try:
        content = json.loads(body)
    except ValueError:
        raise EventError("the body is not JSON") from None
    structured = headers.get("content-type", "").split(";")[0].strip().lower() == _STRUCTURED
    attributes = content if structured else {name.removeprefix("ce-"): value for name, value in headers.items()}
    if not isinstance(attributes, dict) or not attributes.get("specversion"):
        raise EventError("this is no CloudEvent: 'specversion' is missing")
    if attributes.get("type") != ASKED:
        raise EventError(f"an event of the type {attributes.get('type')!r} came in; this function takes '{ASKED}'")
    data = content.get("data") if structured else content
    if not isinstance(data, dict):
        raise EventError("the event's data is not a map")
    return Request(
        run=_text(data, "run", _RUN),
        repository=_text(data, "repository"),
        source_branch=_text(data, "sourceBranch"),
        target_branch=_text(data, "targetBranch"),
        workspace=_text(data, "workspace", _ID),
        project=_text(data, "project", _ID),
        transformation=_text(data, "transformation", _ID),
    )


def _text(data: Mapping[str, Any], key: str, pattern: re.Pattern[str] | None = None) -> str:
    value = data.get(key)
    if not isinstance(value, str) or not value or (pattern and not pattern.fullmatch(value)):
        raise EventError(f"the event's data has no usable '{key}'")
    return value


def saved(broker_url: str, request: Request, commit: str) -> None:
    """Tell the run that its outcome is saved.

    Raises:
        TryAgainError: the broker did not take the event.
    """
    _send(broker_url, SAVED, request, {"branch": request.target_branch, "commit": commit})


def failed(broker_url: str, request: Request, error: SaveError) -> None:
    """Tell the run why its outcome is not saved.

    Raises:
        TryAgainError: the broker did not take the event.
    """
    _send(broker_url, FAILED, request, {"message": str(error)})


def _send(broker_url: str, kind: str, request: Request, data: Mapping[str, str]) -> None:
    """Send an event that the engine hands to the run alone: `kogitoprocrefid` names its instance."""
    headers = {
        "content-type": "application/json",
        "ce-specversion": "1.0",
        "ce-id": str(uuid.uuid4()),
        "ce-source": SOURCE,
        "ce-type": kind,
        "ce-kogitoprocrefid": request.run,
    }
    # The settings let only http and https through.
    message = HttpRequest(broker_url, data=json.dumps(data).encode(), headers=headers, method="POST")  # noqa: S310
    try:
        with urlopen(message, timeout=BROKER_TIMEOUT):  # noqa: S310 - the same
            pass
    except HTTPError as error:
        raise TryAgainError(f"the broker answered {error.code} to the event '{kind}'") from error
    except (OSError, HTTPException) as error:
        raise TryAgainError(f"the broker did not take the event '{kind}': {error}") from error
