"""Rules of subflows, case by case; the engine's answer to each was seen."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.conftest import MINIMAL, linted

CALL = {"functionRef": "f"}


def subflow(id_: str, *states: dict[str, Any]) -> str:
    return json.dumps({**MINIMAL, "id": id_, "events": EVENTS, **({"states": list(states)} if states else {})})


def calling(workflow: Any) -> dict[str, Any]:
    return {"states": [{"name": "A", "type": "operation", "actions": [{"subFlowRef": workflow}], "end": True}]}


EVENTS = [{"name": "e", "type": "t", "source": "s"}]


@pytest.mark.parametrize(
    ("id_", "said"),
    [
        ("child", None),
        ("my_child", None),
        ("my.child", None),
        ("Child9", None),
        ("kind-of-child", "a workflow with '-' in its id cannot be called: rename 'kind-of-child', to 'kindOfChild'"),
        ("my+child", "rename 'my+child', to 'myChild'"),
        ("9child", "the engine can make no Java class of the id '9child'; start it with a letter"),
    ],
)
def test_an_id_that_an_action_calls_is_a_name_in_java(id_: str, said: str | None) -> None:
    found = linted(calling(id_), {"subflows/child.sw.json": subflow(id_)}, about="java-name")
    assert [said in line for line in found] == ([True] if said else []), found


def test_a_call_in_the_long_form_or_one_that_nothing_waits_for_needs_a_name_in_java_too() -> None:
    called = {"workflowId": "my-child", "invoke": "async"}
    assert len(linted(calling(called), {"subflows/a.sw.json": subflow("my-child")}, about="java-name")) == 1


def test_an_id_with_dashes_that_nothing_calls_is_right() -> None:
    fields = {"id": "my-greeting", **calling("child")}
    files = {"subflows/a.sw.json": subflow("child"), "subflows/b.sw.json": subflow("not-called")}
    assert linted(fields, files, about="java-name") == []


def test_a_main_workflow_that_calls_itself_has_no_dash_in_its_id() -> None:
    assert len(linted({"id": "my-greeting", **calling("my-greeting")}, about="java-name")) == 1


def each(**fields: Any) -> dict[str, Any]:
    state = {"name": "A", "type": "foreach", "inputCollection": ".l", "iterationParam": "i", "end": True, **fields}
    return {"states": [state]}


SLEEPS = {"name": "A", "type": "sleep", "duration": "PT1S", "end": True}
COLLECTED = {"outputCollection": ".o", "actions": [{"subFlowRef": "child"}]}


@pytest.mark.parametrize(
    ("state", "waits"),
    [
        (SLEEPS, True),
        ({"name": "A", "type": "callback", "action": CALL, "eventRef": "e", "end": True}, True),
        ({"name": "A", "type": "operation", "actions": [{**CALL, "sleep": {"before": "PT1S"}}], "end": True}, True),
        ({"name": "A", "type": "operation", "actions": [{**CALL, "retryRef": "r"}], "end": True}, False),
        ({"name": "A", "type": "operation", "actions": [CALL], "end": True}, False),
        ({"name": "A", "type": "operation", "actions": [{"eventRef": {"triggerEventRef": "e"}}], "end": True}, False),
        (
            {
                "name": "A",
                "type": "operation",
                "actions": [{"eventRef": {"triggerEventRef": "e", "resultEventRef": "e"}}],
                "end": True,
            },
            False,
        ),
        (
            {
                "name": "A",
                "type": "switch",
                "eventConditions": [{"eventRef": "e", "end": True}, {"eventRef": "e", "end": True}],
            },
            True,
        ),
    ],
)
def test_a_foreach_state_that_collects_from_a_subflow_that_waits_is_noted(
    state: dict[str, Any],
    waits: bool,  # noqa: FBT001 - a table
) -> None:
    files = {"subflows/child.sw.json": subflow("child", state)}
    found = linted(each(**COLLECTED), files, about="foreach-subflow")
    assert [": note: the subflow 'child' waits" in line for line in found] == [True] * waits


def test_a_subflow_waits_where_one_that_it_calls_does() -> None:
    between = {"name": "A", "type": "operation", "actions": [{"subFlowRef": "last"}], "end": True}
    files = {"subflows/a.sw.json": subflow("child", between), "subflows/b.sw.json": subflow("last", SLEEPS)}
    assert len(linted(each(**COLLECTED), files, about="foreach-subflow")) == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"actions": [{"subFlowRef": "child"}]},
        {"outputCollection": ".o", "actions": [CALL]},
        {"outputCollection": ".o", "actions": [{"subFlowRef": {"workflowId": "child", "invoke": "async"}}]},
    ],
)
def test_a_foreach_state_that_collects_nothing_from_a_subflow_has_no_note(fields: dict[str, Any]) -> None:
    files = {"subflows/child.sw.json": subflow("child", SLEEPS)}
    assert linted(each(**fields), files, about="foreach-subflow") == []
