"""What `waybill diff` says of two definitions: a table of changes, each with its impact."""

from __future__ import annotations

import pytest

from generator.diff.change import Impact, Topic
from generator.diff.compare import compare
from generator.diff.words import place_of
from tests.unit.conftest import workflow
from tests.unit.generator.diff.differing import (
    CONDITIONS,
    EVENT,
    WAITING,
    F,
    Fields,
    G,
    between,
    call,
    flow,
    inject,
    said,
    snapshot,
    switch,
)

#: What is changed: old fields, new fields, what is said of it.
CHANGES: dict[str, tuple[Fields, Fields, list[str]]] = {
    "a state more": (
        flow(inject("A")),
        flow(inject("A", "B"), inject("B")),
        [
            "internal: state 'B': added: inject",
            "internal: state 'A': next: end → B",
        ],
    ),
    "a state less": (
        flow(inject("A"), inject("B")),
        flow(inject("A")),
        ["internal: state 'B': removed: inject"],
    ),
    "a state under another name": (
        flow(inject("A", "B"), inject("B", data={"x": 1, "y": 2})),
        flow(inject("A", "Z"), inject("Z", data={"x": 1, "y": 2})),
        ["internal: state 'Z': renamed; it was 'B'"],
    ),
    "two states under other names that lead to each other": (
        flow(inject("A", "B"), inject("B", "C", data={"x": 1}), inject("C", data={"y": 2})),
        flow(inject("A", "Y"), inject("Y", "Z", data={"x": 1}), inject("Z", data={"y": 2})),
        ["internal: state 'Y': renamed; it was 'B'", "internal: state 'Z': renamed; it was 'C'"],
    ),
    "a state under another name and with other content": (
        flow(inject("A", "B"), {"name": "B", "type": "sleep", "duration": "PT1S", "transition": "A"}),
        flow(inject("A", "Z"), {"name": "Z", "type": "sleep", "duration": "PT9S", "transition": "A"}),
        ["internal: state 'Z': renamed; it was 'B'", "internal: state 'Z': duration: PT1S → PT9S"],
    ),
    "two states alike that nothing leads to, so that no name is the other's": (
        flow(inject("A"), inject("B", data={}), inject("C", data={})),
        flow(inject("A"), inject("Y", data={}), inject("Z", data={})),
        [
            "internal: state 'B': removed: inject",
            "internal: state 'C': removed: inject",
            "internal: state 'Y': added: inject",
            "internal: state 'Z': added: inject",
        ],
    ),
    "the name of a condition": (
        flow({**switch("A", {}, "B"), "dataConditions": [{"name": "x", "condition": ".x", "end": True}]}, inject("B")),
        flow({**switch("A", {}, "B"), "dataConditions": [{"name": "y", "condition": ".x", "end": True}]}, inject("B")),
        ["internal: state 'A': name of the condition of the end: x → y"],
    ),
    "two states alike that are entered by different ways": (
        flow(switch("A", CONDITIONS, "D"), inject("B", data={}), inject("C", data={}), inject("D")),
        flow(switch("A", {".x": "Y", ".y": "Z"}, "D"), inject("Y", data={}), inject("Z", data={}), inject("D")),
        ["internal: state 'Y': renamed; it was 'B'", "internal: state 'Z': renamed; it was 'C'"],
    ),
    "the type of a state": (
        flow(inject("A")),
        flow({"name": "A", "type": "sleep", "duration": "PT1S", "end": True}),
        [
            "internal: state 'A': type: inject → sleep",
            'internal: state \'A\': data removed: {"by": "A"}',
            "internal: state 'A': duration added: PT1S",
        ],
    ),
    "where a state leads": (
        flow(inject("A", "B"), inject("B"), inject("C")),
        flow(inject("A", "C"), inject("B"), inject("C")),
        ["internal: state 'A': next: B → C"],
    ),
    "a condition": (
        flow(switch("A", {".x": "B"}, "C"), inject("B"), inject("C")),
        flow(switch("A", {".x > 1": "B"}, "C"), inject("B"), inject("C")),
        ["internal: state 'A': condition of the way to 'B': .x → .x > 1"],
    ),
    "where a condition leads": (
        flow(switch("A", {".x": "B"}, "C"), inject("B"), inject("C")),
        flow(switch("A", {".x": "C"}, "C"), inject("B"), inject("C")),
        ["internal: state 'A': when .x: B → C"],
    ),
    "the order of conditions": (
        flow(switch("A", {".x": "B", ".y": "C"}, "C"), inject("B"), inject("C")),
        flow(switch("A", {".y": "C", ".x": "B"}, "C"), inject("B"), inject("C")),
        ["internal: state 'A': order of the conditions: B, C → C, B"],
    ),
    "the default of a switch": (
        flow(switch("A", {".x": "B"}, "C"), inject("B"), inject("C")),
        flow(switch("A", {".x": "B"}, "B"), inject("B"), inject("C")),
        ["internal: state 'A': otherwise: C → B"],
    ),
    "how an error is handled": (
        flow(call("A", "f", onErrors=[{"errorRef": "e", "transition": "B"}]), inject("B"), functions=[F]),
        flow(call("A", "f", onErrors=[{"errorRef": "e", "end": True}]), inject("B"), functions=[F]),
        ["internal: state 'A': on the error e: B → end"],
    ),
    "what a state is compensated by": (
        flow(call("A", "f", compensatedBy="B"), inject("B", usedForCompensation=True), functions=[F]),
        flow(call("A", "f"), inject("B", usedForCompensation=True), functions=[F]),
        ["internal: state 'A': way removed: for compensation to B"],
    ),
    "what is sent on the way": (
        flow(inject("A", end={"produceEvents": [{"eventRef": "approved", "data": ".a"}]}), events=[EVENT]),
        flow(inject("A", end={"produceEvents": [{"eventRef": "approved", "data": ".b"}]}), events=[EVENT]),
        ["internal: state 'A': the end: produceEvents[approved].data: .a → .b"],
    ),
    "the argument of a call": (
        flow({**call("A"), "actions": [{"functionRef": {"refName": "f", "arguments": {"id": ".a"}}}]}, functions=[F]),
        flow({**call("A"), "actions": [{"functionRef": {"refName": "f", "arguments": {"id": ".b"}}}]}, functions=[F]),
        ["internal: state 'A': actions[f].functionRef.arguments.id: .a → .b"],
    ),
    "the order of calls": (
        flow(call("A", "f", "g"), functions=[F, G]),
        flow(call("A", "g", "f"), functions=[F, G]),
        ["internal: state 'A': actions: order: f, g → g, f"],
    ),
    "a function more": (
        flow(inject("A"), functions=[F]),
        flow(inject("A"), functions=[F, G]),
        ["internal: function 'g': added: specs/a.yaml#stop"],
    ),
    "a function under another name": (
        flow(call("A", "f"), functions=[F]),
        flow(call("A", "h"), functions=[{**F, "name": "h"}]),
        ["internal: function 'h': renamed; it was 'f'"],
    ),
    "the operation of a function": (
        flow(call("A", "f"), functions=[F]),
        flow(call("A", "f"), functions=[{**F, "operation": "specs/a.yaml#start"}]),
        ["internal: function 'f': operation: specs/a.yaml#go → specs/a.yaml#start"],
    ),
    "the type of an event that is waited for": (
        flow(WAITING, events=[EVENT]),
        flow(WAITING, events=[{**EVENT, "type": "org.accepted"}]),
        ["breaking: event 'approved': type: org.approved → org.accepted"],
    ),
    "the correlation of an event": (
        flow(WAITING, events=[EVENT]),
        flow(WAITING, events=[{**EVENT, "correlation": [{"contextAttributeName": "order"}]}]),
        ['breaking: event \'approved\': correlation added: [{"contextAttributeName": "order"}]'],
    ),
    "an event less": (
        flow(inject("A"), events=[{**EVENT, "kind": "produced"}]),
        flow(inject("A")),
        ["breaking: event 'approved': removed: org.approved"],
    ),
    "an event more": (
        flow(inject("A")),
        flow(inject("A"), events=[EVENT]),
        ["compatible: event 'approved': added: org.approved"],
    ),
    "a retry": (
        flow(inject("A"), retries=[{"name": "r", "maxAttempts": 3, "delay": "PT1S"}]),
        flow(inject("A"), retries=[{"name": "r", "maxAttempts": 5, "delay": "PT1S"}]),
        ["internal: retry 'r': maxAttempts: 3 → 5"],
    ),
    "an error's code": (
        flow(inject("A"), errors=[{"name": "e", "code": "404"}]),
        flow(inject("A"), errors=[{"name": "e", "code": "500"}]),
        ["internal: error 'e': code: 404 → 500"],
    ),
    "a timeout of the workflow": (
        flow(inject("A"), timeouts={"workflowExecTimeout": "PT1H"}),
        flow(inject("A"), timeouts={"workflowExecTimeout": "PT2H"}),
        ["internal: timeouts.workflowExecTimeout.duration: PT1H → PT2H"],
    ),
    "where it starts": (
        flow(inject("A"), inject("B")),
        {**flow(inject("A"), inject("B")), "start": "B"},
        ["internal: start.stateName: A → B"],
    ),
    "the id": (flow(inject("A")), flow(inject("A"), id="hello"), ["breaking: id: greeting → hello"]),
    "the version": (flow(inject("A")), flow(inject("A"), version="2.0.0"), ["compatible: version: 1.0.0 → 2.0.0"]),
}

#: What is not changed: two ways to write one thing.
SAME: dict[str, tuple[Fields, Fields]] = {
    "states in another order": (
        flow(inject("A", "B"), inject("B")),
        {**flow(inject("B"), inject("A", "B")), "start": "A"},
    ),
    "functions in another order": (flow(inject("A"), functions=[F, G]), flow(inject("A"), functions=[G, F])),
    "a short form": (
        flow(inject("A", "B"), inject("B")),
        flow(inject("A", "") | {"transition": {"nextState": "B"}}, inject("B")),
    ),
    "a default": (flow(inject("A"), functions=[F]), flow(inject("A"), functions=[{**F, "type": "rest"}])),
    "the start left out": (flow(inject("A")), {"start": None, "states": [inject("A")]}),
    "error handlers in another order": (
        flow(call("A", "f", onErrors=[{"errorRef": "e", "end": True}, {"errorRef": "h", "transition": "A"}])),
        flow(call("A", "f", onErrors=[{"errorRef": "h", "transition": "A"}, {"errorRef": "e", "end": True}])),
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_is_said(what: str) -> None:
    old, new, expected = CHANGES[what]
    assert said(between(old, new)) == expected


@pytest.mark.parametrize("what", SAME)
def test_two_ways_to_write_one_thing_are_no_difference(what: str) -> None:
    old, new = SAME[what]
    assert between(old, new).changes == ()


def test_comments_key_order_and_layout_are_no_difference() -> None:
    one = "id: greeting\nversion: '1'\nname: x\nstates: [{name: A, type: inject, data: {}, end: true}]"
    other = """\
# A comment.
version: "1"
id: greeting
name: x
states:
  - type: inject
    name: A
    end: {terminate: true}
    data: {}
"""
    found = compare(snapshot(workflow({"g.sw.yaml": one})), snapshot(workflow({"g.sw.yaml": other})))
    assert found.changes == ()


def test_what_the_engine_reads_alike_is_no_change() -> None:
    one = (
        "id: g\nversion: '1'\nname: x\nkeepActive: 'true'\n"
        "states: [{name: A, type: inject, data: {a: yes, b: 0150, c: 1_000, d: 0o17}, end: on}]\n"
    )
    other = (
        "id: g\nversion: '1'\nname: x\nkeepActive: true\n"
        "states: [{name: A, type: inject, data: {a: true, b: 104, c: 1000, d: '0o17'}, end: true}]\n"
    )
    spec = "openapi: 3.0.3\npaths: {/: {get: {operationId: go, responses: {default: {description: %s}}}}}\n"
    old = workflow({"g.sw.yaml": one, "specs/a.yaml": spec % "NO"})
    assert (
        compare(snapshot(old), snapshot(workflow({"g.sw.yaml": other, "specs/a.yaml": spec % "false"}))).changes == ()
    )
    assert compare(
        snapshot(old), snapshot(workflow({"g.sw.yaml": one.replace("0150", "150"), "specs/a.yaml": spec % "NO"}))
    ).changes


def test_a_change_stands_at_its_line_and_column_on_both_sides() -> None:
    old = "id: g\nversion: '1'\nname: x\nstates:\n- {name: A, type: sleep, duration: PT1S, end: true}\n"
    new = "id: g\nversion: '1'\nname: x\nstates:\n\n- {name: A, type: sleep, duration: PT2S, end: true}\n"
    (change,) = compare(snapshot(workflow({"g.sw.yaml": old})), snapshot(workflow({"g.sw.yaml": new}))).changes
    assert change.old
    assert (change.old.line, change.old.column) == (5, 36)
    assert place_of(change) == "workflows/greeting/g.sw.yaml:6:36"


def test_changes_come_by_impact_and_then_by_topic() -> None:
    found = between(
        flow(inject("A"), functions=[F], version="1.0.0"),
        flow(inject("A", "B"), inject("B"), functions=[G], version="2.0.0", id="other"),
    )
    order = [(change.impact, change.topic) for change in found.changes]
    assert [impact for impact, _ in order] == sorted((i for i, _ in order), key=list(Impact).index)
    assert order[0] == (Impact.BREAKING, Topic.WORKFLOW)


def test_a_long_condition_is_cut_where_it_did_not_change() -> None:
    same = " and ".join(f".value{number} == {number}" for number in range(20))
    old, new = (flow(switch("A", {f"{same} and .kind == {kind}": "B"}, "B"), inject("B")) for kind in ("1", "2"))
    (change,) = said(between(old, new))
    assert ".kind == 1" in change
    assert ".kind == 2" in change


def test_the_way_of_an_event_switch_without_an_event_is_called_by_its_time() -> None:
    def waiting(target: str) -> dict[str, object]:
        state = {"name": "A", "type": "switch", "timeouts": {"eventTimeout": "PT30S"}}
        state |= {"eventConditions": [{"eventRef": "approved", "transition": "B"}]}
        state |= {"defaultCondition": {"transition": target}}
        return flow(state, inject("B"), inject("C"), events=[EVENT])

    assert any("after 30 seconds" in change for change in said(between(waiting("B"), waiting("C"))))


def test_a_variable_that_moves_to_the_secret_breaks_installs() -> None:
    before = {"application.properties": "a=${TOKEN:}\n"}
    moved = said(between({}, {}, before, {**before, "secret.properties": "TOKEN=\n"}))
    assert [line for line in moved if "TOKEN" in line] == [
        "breaking: variable 'TOKEN': removed: default ''",
        "breaking: secret 'TOKEN': added",
    ]
    (reason,) = [c.reason for c in between({}, {}, before, {**before, "secret.properties": "TOKEN=\n"}).changes][:1]
    assert reason == "values that set 'env.TOKEN' are refused; give 'secret.data.TOKEN' instead"
