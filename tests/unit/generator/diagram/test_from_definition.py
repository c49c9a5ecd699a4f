"""What a picture shows of a definition."""

from __future__ import annotations

import json
from typing import Any

import pytest

from generator.diagram.from_definition import MAX_NODES, read_scene
from generator.diagram.scene import Frame, FrameKind, Node, NodeKind, Row, Scene
from generator.findings.errors import FindingsError
from generator.workflow.graph import EdgeKind
from tests.unit.conftest import MINIMAL, defined

CALL = {"functionRef": "greet"}
END = {"end": True}


def scene_of(states: list[dict[str, Any]], **fields: Any) -> Scene:
    read = defined({"start": "A", "states": states, **fields})
    return read_scene(read.definition, read.subflows)


def drawn(state: dict[str, Any], **fields: Any) -> Node:
    """The box of a state A."""
    scene = scene_of([{"name": "A", **END, **state}], **fields)
    return next(node for node in scene.nodes if node.name == "A")


def said(body: tuple[Row | Frame, ...]) -> list[Any]:
    """Rows as text, frames as their title with what is in them."""
    return [part.text if isinstance(part, Row) else {part.title: said(part.body)} for part in body]


def ways(scene: Scene) -> list[tuple[str, str, EdgeKind, tuple[str, ...]]]:
    return [(scene.nodes[w.source].name, scene.nodes[w.target].name, w.kind, w.labels) for w in scene.links]


STATES: list[tuple[dict[str, Any], list[Any]]] = [
    ({"type": "operation", "actions": [CALL]}, ["greet"]),
    (
        {"type": "operation", "actions": [CALL, CALL], "actionMode": "parallel"},
        ["all at the same time", *["greet"] * 2],
    ),
    (
        {
            "type": "operation",
            "actions": [{**CALL, "condition": "${ .x }", "sleep": {"before": "PT1S", "after": "PT2S"}}],
        },
        ["waits 1 s", "if .x", "greet", "waits 2 s"],
    ),
    ({"type": "operation", "actions": [{"subFlowRef": "other"}]}, [{"other": []}]),
    (
        {"type": "operation", "actions": [{"eventRef": {"triggerEventRef": "asked", "resultEventRef": "answered"}}]},
        ["emits asked"],
    ),
    ({"type": "operation", "actions": [{"name": "nothing"}]}, ["nothing"]),
    ({"type": "sleep", "duration": "PT30S"}, ["waits 30 s"]),
    ({"type": "delay", "timeDelay": "PT30S"}, ["waits 30 s"]),
    ({"type": "inject", "data": {"a": 1, "b": 2}}, ["sets a, b"]),
    (
        {"type": "callback", "action": CALL, "eventRef": "answered", "timeouts": {"eventTimeout": "PT1H"}},
        ["greet", "then on answered", "waits at most 1 h"],
    ),
    ({"type": "event", "onEvents": [{"eventRefs": ["asked", "answered"]}]}, ["on asked or answered"]),
    (
        {"type": "event", "exclusive": False, "onEvents": [{"eventRefs": ["asked", "answered"], "actions": [CALL]}]},
        ["on asked and answered", "greet"],
    ),
    (
        {"type": "event", "onEvents": [{"eventRefs": ["asked"], "actions": [CALL]}, {"eventRefs": ["answered"]}]},
        [{"on asked": ["greet"]}, {"on answered": []}],
    ),
    (
        {"type": "parallel", "branches": [{"name": "l", "actions": [CALL]}, {"name": "r", "actions": [CALL]}]},
        ["one after another, in any order", {"l": ["greet"]}, {"r": ["greet"]}],
    ),
    (
        {"type": "parallel", "completionType": "atLeast", "numCompleted": 1, "branches": [{"actions": [CALL]}, {}]},
        ["one after another, in any order", "goes on after 1 of 2", {"branch 1": ["greet"]}, {"branch 2": []}],
    ),
    (
        {
            "type": "parallel",
            "completionType": "atLeast",
            "numCompleted": 1,
            "branches": [{"name": "l", "actions": [CALL], "timeouts": {"branchExecTimeout": "PT1M"}}],
        },
        ["goes on after 1 of 1", {"l": ["greet", "each branch at most 1 min"]}],
    ),
    (
        {"type": "foreach", "inputCollection": "${ .all }", "iterationParam": "one", "actions": [CALL]},
        [{"each one of .all": ["all at the same time", "greet"]}],
    ),
    (
        {"type": "foreach", "inputCollection": ".all", "mode": "sequential", "actions": [CALL]},
        [{"each item of .all": ["one after another", "greet"]}],
    ),
    (
        {"type": "foreach", "inputCollection": ".all", "batchSize": 2, "actions": [CALL]},
        [{"each item of .all": ["2 at the same time", "greet"]}],
    ),
    (
        {"type": "operation", "actions": [CALL], "timeouts": {"stateExecTimeout": "PT1M", "actionExecTimeout": "PT5S"}},
        ["greet", "at most 1 min", "each action at most 5 s"],
    ),
]


@pytest.mark.parametrize(("state", "expected"), STATES, ids=lambda value: str(value)[:60])
def test_a_state_says_what_it_does(state: dict[str, Any], expected: list[Any]) -> None:
    assert said(drawn(state).body) == expected


def test_a_call_tells_all_of_itself_where_it_is_pointed_at() -> None:
    state = {"type": "operation", "actions": [{"name": "hello", **CALL, "retryRef": "often"}]}
    node = drawn(state, functions=[{"name": "greet", "operation": "specs/hi.yaml#greet"}])
    row = node.body[0]
    assert isinstance(row, Row)
    assert row.hint == "hello, retried by often: calls greet: specs/hi.yaml#greet"


def test_an_expression_is_told_from_a_call() -> None:
    node = drawn(
        {"type": "operation", "actions": [CALL]}, functions=[{"name": "greet", "type": "expression", "operation": "."}]
    )
    assert isinstance(node.body[0], Row)
    assert node.body[0].kind == "expression"


A_TO_B = {"name": "A", "type": "inject", "data": {"a": 1}}
B = {"name": "B", "type": "inject", "data": {"b": 1}, **END}


def test_the_way_without_an_event_says_after_which_time_it_is_taken() -> None:
    switch = {
        "name": "A",
        "type": "switch",
        "eventConditions": [{"eventRef": "asked", "transition": "B"}],
        "defaultCondition": {"end": True},
        "timeouts": {"eventTimeout": "PT30S"},
    }
    assert ways(scene_of([switch, B]))[1:3] == [
        ("A", "B", EdgeKind.EVENT, ("on asked",)),
        ("A", "end", EdgeKind.DEFAULT, ("after 30 s",)),
    ]


def switch_on(*conditions: str) -> dict[str, Any]:
    ways_on = [{"condition": condition, "transition": "B"} for condition in conditions]
    return {"name": "A", "type": "switch", "dataConditions": ways_on, "defaultCondition": {"end": True}}


def test_two_conditions_to_one_state_stay_two() -> None:
    scene = scene_of([switch_on(".a", ".b"), B])
    assert ways(scene)[1] == ("A", "B", EdgeKind.CONDITION, ("if .a", "if .b"))
    assert "A (switch) leads to B (if .a), B (if .b), the end (else)." in scene.description


def test_long_conditions_are_cut_where_they_do_not_differ() -> None:
    same = " and ".join(f".value{number}" for number in range(20))
    scene = scene_of([switch_on(f"{same} and .kind == 1", f"{same} and .kind == 2"), B])
    labels = scene.links[1].labels
    assert [label[-9:] for label in labels] == ["kind == 1", "kind == 2"]
    assert max(map(len, labels)) < 60
    assert f"{same} and .kind == 1" in scene.links[1].hint
    call = [{**CALL, "condition": f"{same} and .kind == {number}"} for number in (1, 2)]
    rows = said(drawn({"type": "operation", "actions": call}).body)
    assert [row[-9:] for row in rows if row.startswith("if")] == ["kind == 1", "kind == 2"]


def test_a_workflow_that_events_start_says_so() -> None:
    event = {"name": "A", "type": "event", "onEvents": [{"eventRefs": ["asked"]}], **END}
    assert "started by events" in scene_of([event]).subtitle
    assert "started by events" not in scene_of([{**A_TO_B, "transition": "C"}, {**event, "name": "C"}]).subtitle


def test_every_way_says_when_it_is_taken() -> None:
    switch = {
        "name": "A",
        "type": "switch",
        "dataConditions": [
            {"name": "ready", "condition": ".a", "transition": "B"},
            {"condition": "${ .b }", "transition": {"nextState": "C", "produceEvents": [{"eventRef": "asked"}]}},
        ],
        "defaultCondition": {"end": True},
        "onErrors": [{"errorRef": "broken", "transition": "B"}],
        "compensatedBy": "C",
    }
    c = {"name": "C", "type": "inject", "data": {"c": 1}, "usedForCompensation": True}
    assert ways(scene_of([switch, B, c])) == [
        ("start", "A", EdgeKind.TRANSITION, ()),
        ("A", "B", EdgeKind.CONDITION, ("ready",)),
        ("A", "C", EdgeKind.CONDITION, ("if .b, emits asked",)),
        ("A", "end", EdgeKind.DEFAULT, ("else",)),
        ("A", "B", EdgeKind.ERROR, ("error: broken",)),
        ("A", "C", EdgeKind.COMPENSATION, ("compensated by",)),
        ("B", "end", EdgeKind.TRANSITION, ()),
    ]


def test_an_event_and_a_timeout_have_ways_of_their_own() -> None:
    switch = {
        "name": "A",
        "type": "switch",
        "eventConditions": [{"eventRef": "asked", "transition": "B"}],
        "defaultCondition": {"transition": "B"},
    }
    limit = {"workflowExecTimeout": {"duration": "PT1H", "runBefore": "B"}}
    scene = scene_of([switch, B], timeouts=limit)
    assert ("A", "B", EdgeKind.EVENT, ("on asked",)) in ways(scene)
    assert ("timeout", "B", EdgeKind.TIMEOUT, ("after 1 h",)) in ways(scene)
    assert scene.subtitle == "greeting · 1.0.0 · 2 states · at most 1 h"


def test_ways_of_one_kind_between_two_states_are_one() -> None:
    handlers = [{"errorRef": f"e{number}", "transition": "B"} for number in range(5)]
    scene = scene_of([{**A_TO_B, "onErrors": handlers, **END}, B])
    assert ("A", "B", EdgeKind.ERROR, ("error: e0", "error: e1", "and 3 more")) in ways(scene)
    hint = next(link.hint for link in scene.links if link.kind is EdgeKind.ERROR)
    assert hint == "error: e0; error: e1; error: e2; error: e3; error: e4"


def test_a_condition_with_a_name_has_its_text_where_it_is_pointed_at() -> None:
    switch = {
        "name": "A",
        "type": "switch",
        "dataConditions": [{"name": "ready", "condition": "${ .a == 1 }", **END}],
        "defaultCondition": END,
    }
    assert "ready: .a == 1" in {link.hint for link in scene_of([switch]).links}


def test_what_nobody_defines_is_drawn_as_unknown() -> None:
    scene = scene_of([{**A_TO_B, "transition": "Nowhere"}], start="Elsewhere")
    unknown = [node.name for node in scene.nodes if node.kind is NodeKind.UNKNOWN]
    assert unknown == ["Elsewhere", "Nowhere"]


def test_a_workflow_without_states_has_a_picture() -> None:
    read = defined({"states": [], "start": ""})
    assert [node.kind for node in read_scene(read.definition).nodes] == [NodeKind.START]


def test_each_state_has_an_end_of_its_own_and_a_workflow_to_go_on_with_is_named() -> None:
    scene = scene_of([{**A_TO_B, "end": {"continueAs": "other"}}, B])
    assert [(n.kind, n.name) for n in scene.nodes[3:]] == [(NodeKind.CONTINUED, "other"), (NodeKind.END, "end")]


@pytest.mark.parametrize(
    ("schedule", "label"), [("PT15M", "every 15 min"), ({"cron": "0 0 * * * ?"}, "at 0 0 * * * ?")]
)
def test_a_schedule_stands_at_the_start(schedule: Any, label: str) -> None:
    scene = scene_of([B], start={"stateName": "B", "schedule": schedule})
    assert scene.links[0].labels == (label,)


def subflow(id_: str, *runs: str) -> str:
    state = {"name": "S", "type": "operation", "actions": [{"subFlowRef": run} for run in runs] or [CALL], **END}
    return json.dumps({**MINIMAL, "id": id_, "name": id_, "start": "S", "states": [state]})


def expanded(state: dict[str, Any]) -> Node:
    files = {"subflows/one.sw.json": subflow("one", "two", "one"), "subflows/two.sw.json": subflow("two", "one")}
    read = defined({"start": "A", "states": [{"name": "A", **END, **state}]}, files)
    return read_scene(read.definition, read.subflows, expand=True).nodes[1]


def test_a_subflow_is_drawn_once_where_it_is_run_first() -> None:
    node = expanded({"type": "operation", "actions": [{"subFlowRef": "one"}, {"subFlowRef": "two"}]})
    first, second = node.body
    assert isinstance(first, Frame)
    assert isinstance(second, Frame)
    assert first.kind is FrameKind.SUBFLOW
    assert first.scene is not None
    inner = [part for part in first.scene.nodes[1].body if isinstance(part, Frame)]
    assert [(part.title, part.scene is not None) for part in inner] == [("two", True), ("one", False)]
    assert second.scene is None


def test_a_subflow_is_folded_unless_it_is_asked_for() -> None:
    files = {"subflows/one.sw.json": subflow("one")}
    state = {"name": "A", "type": "operation", "actions": [{"subFlowRef": "one"}], **END}
    read = defined({"start": "A", "states": [state]}, files)
    frame = read_scene(read.definition, read.subflows).nodes[1].body[0]
    assert isinstance(frame, Frame)
    assert frame.scene is None


def test_more_states_than_anybody_could_read_are_refused() -> None:
    states = [{"name": f"S{number}", "type": "inject", "data": {"a": 1}, **END} for number in range(MAX_NODES)]
    with pytest.raises(FindingsError, match=r"801 states and ends; a picture shows at most 400"):
        scene_of(states, start="S0")


def test_the_description_says_the_picture_in_words() -> None:
    scene = scene_of([{**A_TO_B, "transition": "B"}, B])
    assert scene.description == ("2 states. The start leads to A. A (inject) leads to B. B (inject) leads to the end.")


def test_an_end_has_one_way_to_it() -> None:
    switch = {
        "name": "A",
        "type": "switch",
        "dataConditions": [{"condition": ".a", **END}, {"condition": ".b", **END}],
        "defaultCondition": END,
    }
    assert ways(scene_of([switch])) == [
        ("start", "A", EdgeKind.TRANSITION, ()),
        ("A", "end", EdgeKind.CONDITION, ("if .a", "if .b")),
        ("A", "end", EdgeKind.DEFAULT, ("else",)),
    ]
    scene = scene_of([switch])
    assert [node.kind for node in scene.nodes].count(NodeKind.END) == 2


def test_a_state_of_any_name_is_no_end() -> None:
    scene = scene_of([{**A_TO_B, **END}, {**B, "name": "\0A\0transition\0"}])
    assert [node.kind for node in scene.nodes].count(NodeKind.END) == 2
