"""Receives the engine's events about its instances over HTTP (kie-addons-quarkus-events-process)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final, Literal

from generator.mocks.service import Answer, Request
from pipeline.run.engine.services import serving

EventKind = Literal["started", "entered", "left", "data", "error", "ended"]

#: The `state` of a completed instance (org.kie.kogito.process.ProcessInstance).
COMPLETED: Final = 2
#: The `eventType` for the start and the end of an instance or a node.
_BEGINS: Final = 1
_ENDS: Final = 2


@dataclass(frozen=True, kw_only=True)
class Event:
    """An event of an instance.

    `workflow` is the id of its definition, `parent` the instance of which it is a subflow. `name` is the node that was
    entered or left (a state has a node of its name), the path below workflowdata that got a value, or the error's
    message. `node` is the node's number in its definition. `at` is in seconds since 1970.
    """

    kind: EventKind
    workflow: str
    instance: str
    at: float
    parent: str = ""
    name: str = ""
    node: str = ""
    state: int = 0
    value: Any = None


def read_event(event: Mapping[str, Any]) -> Event | None:
    """Convert a CloudEvent of the engine, or return None if it is of another kind."""
    data = event.get("data")
    if not isinstance(data, dict) or "processInstanceId" not in data:
        return None
    found = _kind_and_fields(str(event.get("type")), data)
    if found is None:
        return None
    kind, more = found
    return Event(
        kind=kind,
        workflow=data["processId"],
        instance=data["processInstanceId"],
        at=datetime.fromisoformat(data["eventDate"]).timestamp(),
        parent=data.get("parentInstanceId") or "",
        **more,
    )


def _kind_and_fields(kind: str, data: Mapping[str, Any]) -> tuple[EventKind, dict[str, Any]] | None:
    ends = data.get("eventType") == _ENDS
    match kind:
        case "ProcessInstanceStateDataEvent" if data.get("eventType") in {_BEGINS, _ENDS}:
            return ("ended", {"state": data["state"]}) if ends else ("started", {})
        case "ProcessInstanceNodeDataEvent" if data.get("eventType") in {_BEGINS, _ENDS}:
            return "left" if ends else "entered", {"name": data["nodeName"], "node": data["nodeDefinitionId"]}
        case "ProcessInstanceErrorDataEvent":
            return "error", {"name": str(data.get("errorMessage") or "")}
        case "ProcessInstanceVariableDataEvent":
            variable, _, name = data["variableName"].partition(".")
            return ("data", {"name": name, "value": data["variableValue"]}) if variable == "workflowdata" else None
    return None


def merged(data: Any, event: Event) -> Any:
    """Return an instance's data updated by an event of the kind `data`: completely, or at a path."""
    if not event.name:
        return event.value
    changed = dict(data) if isinstance(data, dict) else {}
    key, _, rest = event.name.partition(".")
    below = Event(kind="data", workflow="", instance="", at=0, name=rest, value=event.value)
    return changed | {key: merged(changed.get(key), below)}


@contextmanager
def listening(heard: Callable[[Sequence[Event]], None]) -> Iterator[str]:
    """Receive events while the block runs; yield the URL that they are sent to.

    `heard` is called in a thread, with the events of one transaction of the engine in order.
    """
    with serving("events", _Listener(heard)) as address:
        yield f"{address}/"


@dataclass(frozen=True)
class _Listener:
    heard: Callable[[Sequence[Event]], None]

    def answer(self, request: Request) -> Answer:
        body = json.loads(request.body)
        together = body["data"] if str(body.get("type")).startswith("Multiple") else [body]
        self.heard([event for each in together if (event := read_event(each))])
        return Answer(status=HTTPStatus.ACCEPTED)
