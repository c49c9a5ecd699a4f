"""What the engine's own events say."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Sequence
from typing import Any

import pytest

from pipeline.run.engine.events import Event, listening, merged, read_event

COMMON = {"eventDate": "2026-01-31T12:00:00.500+00:00", "processId": "greeting", "processInstanceId": "1"}
SAID = {"workflow": "greeting", "instance": "1", "at": 1769860800.5}
NODE = {"nodeName": "Greet", "nodeDefinitionId": "4"}
SAID_OF_NODE = {"name": "Greet", "node": "4"}
EVENTS: Sequence[tuple[str, dict[str, Any], dict[str, Any] | None]] = [
    ("ProcessInstanceStateDataEvent", {"eventType": 1, "state": 1}, {"kind": "started"}),
    ("ProcessInstanceStateDataEvent", {"eventType": 2, "state": 5}, {"kind": "ended", "state": 5}),
    (
        "ProcessInstanceStateDataEvent",
        {"eventType": 2, "state": 2, "parentInstanceId": "0"},
        {"kind": "ended", "state": 2, "parent": "0"},
    ),
    ("ProcessInstanceNodeDataEvent", {"eventType": 1, **NODE}, {"kind": "entered", **SAID_OF_NODE}),
    ("ProcessInstanceNodeDataEvent", {"eventType": 2, **NODE}, {"kind": "left", **SAID_OF_NODE}),
    ("ProcessInstanceNodeDataEvent", {"eventType": 6, **NODE}, None),
    ("ProcessInstanceErrorDataEvent", {"errorMessage": "no"}, {"kind": "error", "name": "no"}),
    ("ProcessInstanceErrorDataEvent", {"errorMessage": None}, {"kind": "error", "name": ""}),
    (
        "ProcessInstanceVariableDataEvent",
        {"variableName": "workflowdata.a.b", "variableValue": 1},
        {"kind": "data", "name": "a.b", "value": 1},
    ),
    ("ProcessInstanceVariableDataEvent", {"variableName": "workflowdatainput", "variableValue": {}}, None),
    ("ProcessInstanceSLADataEvent", {}, None),
]


@pytest.mark.parametrize(("kind", "data", "said"), EVENTS)
def test_an_event_says_what_an_instance_did(kind: str, data: dict[str, Any], said: dict[str, Any] | None) -> None:
    assert read_event({"type": kind, "data": COMMON | data}) == (said and Event(**SAID, **said))


def test_an_event_about_a_definition_says_nothing() -> None:
    assert read_event({"type": "ProcessDefinitionEvent", "data": {"id": "greeting"}}) is None


def data(name: str, value: Any) -> Event:
    return Event(kind="data", **SAID, name=name, value=value)


def test_data_come_whole_or_below_a_path() -> None:
    assert merged(None, data("", {"a": 1})) == {"a": 1}
    assert merged({"a": 1}, data("b.c", 2)) == {"a": 1, "b": {"c": 2}}
    assert merged({"a": {"b": 1, "c": 2}}, data("a.b", 3)) == {"a": {"b": 3, "c": 2}}
    assert merged({"a": 1}, data("", {})) == {}


def test_what_one_transaction_did_is_told_together_and_in_order() -> None:
    heard: list[Sequence[Event]] = []
    ended = {"type": "ProcessInstanceStateDataEvent", "data": COMMON | {"eventType": 2, "state": 2}}
    entered = {"type": "ProcessInstanceNodeDataEvent", "data": COMMON | {"eventType": 1, **NODE}}
    with listening(heard.append) as address:
        for body in ({"type": "MultipleProcessInstanceDataEvent", "data": [entered, ended]}, entered):
            request = urllib.request.Request(address, json.dumps(body).encode(), method="POST")  # noqa: S310 - loopback
            urllib.request.urlopen(request).close()  # noqa: S310 - as above
    assert [[event.kind for event in together] for together in heard] == [["entered", "ended"], ["entered"]]
