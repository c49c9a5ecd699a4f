"""Rules of what leads where, case by case; what the engine does with each was seen with SonataFlow 10.1."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.lint.linter import lint
from tests.unit.conftest import linted, shown, workflow

Flow = dict[str, Any]


def inject(name: str, **fields: Any) -> Flow:
    return {"name": name, "type": "inject", "data": {"a": 1}, **fields}


def sleep(name: str, **fields: Any) -> Flow:
    return {"name": name, "type": "sleep", "duration": "PT1S", **fields}


def switch(name: str, to: Any, default: Any) -> Flow:
    return {"name": name, "type": "switch", "dataConditions": [{"condition": ".a", **to}], "defaultCondition": default}


def operation(name: str, **fields: Any) -> Flow:
    return {"name": name, "type": "operation", "actions": [{"functionRef": "f"}], **fields}


END = {"end": True}
HANDLED = {"onErrors": [{"errorRef": "E", "transition": "B"}], **END}
COMPENSATED = {"compensatedBy": "U", "end": {"compensate": True}}

MARKED = {"usedForCompensation": True}
BRANCHES = {"type": "parallel", "actions": None, "branches": [{"name": "a"}, {"name": "b"}]}
EACH = {"type": "foreach", "inputCollection": ".l", "iterationParam": "i"}
EVENT = {"type": "event", "actions": None, "onEvents": [{"eventRefs": ["e"]}]}


def undo(name: str, **fields: Any) -> Flow:
    """A state that compensates; an operation, unless the fields say otherwise."""
    return {**operation(name), **MARKED, **fields}


def to(state: str) -> Flow:
    return {"transition": state}


#: What it shows, the states, the rule, and the findings' severity letters in order (an empty text: none).
CASES: list[tuple[str, list[Flow], str, str]] = [
    ("a state after the end", [inject("A", **END), inject("B", **END)], "unreachable-state", "e"),
    ("a state that leads in", [inject("A", **to("C")), inject("B", **to("C")), inject("C", **END)], "unreachable", "e"),
    ("a loop beside", [inject("A", **END), sleep("B", **to("C")), sleep("C", **to("B"))], "unreachable", "ee"),
    ("reached by an error", [operation("A", **HANDLED), inject("B", **END)], "unreachable-state", ""),
    ("an error of an inject state", [inject("A", **HANDLED), inject("B", **END)], "unreachable-state", "e"),
    ("a switch's default", [switch("A", END, to("B")), inject("B", **END)], "unreachable-state", ""),
    ("compensation", [inject("A", **COMPENSATED), inject("U", usedForCompensation=True)], "unreachable-state", ""),
    ("compensation of nothing", [inject("A", **END), inject("U", usedForCompensation=True)], "unreachable-state", "w"),
    ("no end at all", [inject("A", **to("B")), sleep("B", **to("C")), sleep("C", **to("B"))], "no-end", "e"),
    ("no end here", [switch("A", to("B"), END), sleep("B", **to("B"))], "no-end", "w"),
    ("an end behind the loop", [switch("A", to("B"), END), sleep("B", **to("A"))], "no-end", ""),
    (
        "an end by an error",
        [inject("S", **to("A")), operation("A", **{**HANDLED, "end": None, **to("A")})],
        "no-end",
        "",
    ),
    ("two loops", [switch("A", to("B"), to("C")), sleep("B", **to("B")), sleep("C", **to("C"))], "no-end", "ee"),
    ("a busy loop", [switch("A", to("B"), END), inject("B", **to("C")), inject("C", **to("B"))], "busy-loop", "e"),
    ("a loop said once", [switch("A", to("B"), END), inject("B", **to("B"))], "no-end", ""),
    (
        "a loop with a sleep",
        [switch("A", to("B"), END), sleep("B", **to("C")), inject("C", **to("B"))],
        "busy-loop",
        "",
    ),
    ("a loop with a way out", [inject("A", **to("B")), switch("B", to("C"), END), inject("C", **to("B"))], "busy", ""),
    (
        "a loop that an error ends",
        [inject("S", **to("A")), operation("A", **{**HANDLED, "end": None}, **to("A")), inject("B", **END)],
        "busy-loop",
        "w",
    ),
    (
        "a loop of an action that sleeps",
        [
            inject("S", **to("A")),
            {**operation("A", **to("A")), "actions": [{"functionRef": "f", "sleep": {"before": "PT1S"}}]},
        ],
        "busy-loop",
        "",
    ),
    ("back to an inject state", [inject("A", **to("B")), switch("B", to("A"), END)], "back-to-start", "e"),
    ("back to an operation state", [operation("A", **to("B")), switch("B", to("A"), END)], "back-to-start", ""),
    (
        "back to a filter",
        [operation("A", stateDataFilter={"input": "."}, **to("B")), switch("B", to("A"), END)],
        "back-to-start",
        "e",
    ),
    ("both ways", [inject("A", **END, **to("B")), inject("B", **END)], "end-and-transition", "e"),
    ("both ways of a condition", [switch("A", {**END, **to("B")}, END), inject("B", **END)], "end-and-transition", "w"),
    ("no way", [inject("A")], "no-way-out", "e"),
    ("end: false is no way", [inject("A", end=False)], "no-way-out", "e"),
    ("no way of a condition", [switch("A", {}, END)], "no-way-out", "e"),
    ("no way of a default", [switch("A", END, {})], "no-way-out", "e"),
    ("no way of a compensation", [inject("A", **COMPENSATED), inject("U", usedForCompensation=True)], "no-way-out", ""),
    ("an end of a switch", [{**switch("A", END, END), **END}], "switch-way", "e"),
    ("compensation unmarked", [inject("A", **COMPENSATED), inject("U")], "compensation", "e"),
    ("compensation on the way", [inject("A", **to("U")), inject("U", usedForCompensation=True)], "compensation", "e"),
    (
        "compensation that goes on",
        [inject("A", **COMPENSATED), inject("U", usedForCompensation=True, **to("A"))],
        "compensation",
        "e",
    ),
    (
        "compensation in two steps",
        [
            inject("A", **COMPENSATED),
            inject("U", usedForCompensation=True, **to("V")),
            inject("V", usedForCompensation=True),
        ],
        "compensation",
        "",
    ),
    (
        "compensation of itself",
        [
            inject("A", **COMPENSATED),
            inject("U", usedForCompensation=True, compensatedBy="V"),
            inject("V", usedForCompensation=True),
        ],
        "compensation",
        "e",
    ),
    (
        "an error in a compensation",
        [inject("A", **COMPENSATED), undo("U", **HANDLED), inject("B", **END)],
        "compensation",
        "",
    ),
    (
        "an error in a compensation that leads into it",
        [inject("A", **COMPENSATED), undo("U", **HANDLED), undo("B")],
        "compensation",
        "e",
    ),
    (
        "an error that leads into a compensation",
        [operation("A", compensatedBy="B", **HANDLED), undo("B")],
        "compensation",
        "e",
    ),
    (
        "an ignored error that leads into a compensation",
        [inject("A", compensatedBy="B", **HANDLED), undo("B")],
        "compensation",
        "",
    ),
    ("a start that compensates", [inject("A", usedForCompensation=True)], "compensation", "e"),
    (
        "compensation by an operation",
        [inject("A", **COMPENSATED), undo("U", **to("V")), undo("V")],
        "compensation-state",
        "",
    ),
    ("compensation by branches", [inject("A", **COMPENSATED), undo("U", **BRANCHES)], "compensation-state", "e"),
    (
        "compensation that ends with branches",
        [inject("A", **COMPENSATED), undo("U", **to("V")), undo("V", **BRANCHES)],
        "compensation-state",
        "",
    ),
    (
        "compensation that goes on after branches",
        [inject("A", **COMPENSATED), undo("U", **to("V")), undo("V", **BRANCHES, **to("W")), undo("W")],
        "compensation-state",
        "e",
    ),
    (
        "compensation by a switch",
        [inject("A", **COMPENSATED), {**switch("U", END, END), **MARKED}],
        "compensation-state",
        "e",
    ),
    (
        "compensation that leads to a switch",
        [inject("A", **COMPENSATED), undo("U", **to("V")), {**switch("V", END, END), **MARKED}],
        "compensation-state",
        "e",
    ),
    ("compensation by an event", [inject("A", **COMPENSATED), undo("U", **EVENT)], "compensation-state", "e"),
    ("an event that compensates nothing", [inject("A", **END), undo("U", **EVENT)], "compensation-state", "e"),
    (
        "compensation that never ends",
        [inject("A", **COMPENSATED), undo("U", **to("V")), undo("V", **to("U"))],
        "compensation-state",
        "e",
    ),
    (
        "an error of a foreach state in a compensation",
        [inject("A", **COMPENSATED), undo("U", **EACH, **HANDLED), inject("B", **END)],
        "compensation-state",
        "e",
    ),
    (
        "an error of a foreach state in a compensation that ends",
        [inject("A", **COMPENSATED), undo("U", **EACH, onErrors=[{"errorRef": "E", **END}])],
        "compensation-state",
        "",
    ),
    (
        "an ignored error of an inject state in a compensation",
        [inject("A", **COMPENSATED), inject("U", **MARKED, **HANDLED), operation("B", **END)],
        "compensation-state",
        "",
    ),
    ("branches that compensate nothing", [inject("A", **END), undo("U", **BRANCHES)], "compensation-state", ""),
]


def flow(states: list[Flow]) -> Flow:
    return {
        "start": states[0]["name"],
        "states": [{key: value for key, value in state.items() if value is not None} for state in states],
        "functions": [{"name": "f", "type": "custom", "operation": "rest:get:/x"}],
        "errors": [{"name": "E", "code": "404"}],
        "events": [{"name": "e", "type": "t", "source": "s"}],
    }


@pytest.mark.parametrize(("what", "states", "rule", "expected"), CASES, ids=[case[0] for case in CASES])
def test_a_way_is_judged_as_the_engine_judges_it(what: str, states: list[Flow], rule: str, expected: str) -> None:
    found = linted(flow(states), about=rule)
    assert [line.split(": ")[1][0] for line in found] == list(expected), what


def test_a_misspelt_transition_alone_is_told_of_and_not_what_it_cuts_off() -> None:
    states = [inject("A", **to("Bb")), inject("B", **END)]
    assert linted(flow(states), about="unreachable-state") == []
    assert len(linted(flow(states), about="unknown-state")) == 1


def test_a_finding_stands_where_the_state_or_the_way_is_written() -> None:
    states = "- {name: A, type: inject, data: {}, end: true}\n- {name: B, type: inject, data: {}, end: true}\n"
    found = shown(lint(workflow({"greeting.sw.yaml": f"id: a\nstates:\n{states}"})))
    lost = "workflows/greeting/greeting.sw.yaml:4:10: error: nothing leads to the state 'B'"
    assert any(line.startswith(lost) for line in found)


NAMES = st.sampled_from(["A", "B", "C", "D"])


@given(st.lists(st.tuples(NAMES, NAMES, st.booleans()), max_size=8), st.sampled_from([{}, END]))
def test_whatever_leads_where_the_rules_end_with_findings(ways: list[tuple[str, str, bool]], last: Flow) -> None:
    states = [switch(source, to(target), last if ends and last else to(target)) for source, target, ends in ways]
    for rule in ("unreachable-state", "no-end", "busy-loop", "back-to-start", "compensation"):
        assert all(rule in line for line in linted(flow([*states, inject("Z", **END)]), about=rule))
