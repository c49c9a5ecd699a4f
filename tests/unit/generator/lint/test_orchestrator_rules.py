"""Rules of the Orchestrator, case by case: only what certainly is so is told."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.lint.linter import lint_together
from generator.lint.rule import Repository
from generator.lint.support.object_literal import UNKNOWN, read_object
from tests.unit.conftest import defined, linted, shown

Fields = dict[str, Any]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("{}", {}),
        ('{a: 1, "b": "x", c: [1, {d: null}], e: true}', {"a": 1, "b": "x", "c": [1, {"d": None}], "e": True}),
        ('${ {result: {message: "a" + .b}} }', {"result": {"message": UNKNOWN}}),
        ('{a: ("x" | tostring), b: .c[0], d: {"e": $SECRET.f}}', {"a": UNKNOWN, "b": UNKNOWN, "d": {"e": UNKNOWN}}),
        (r'{a: "x \(.b + "}") y", c: 1}', {"a": UNKNOWN, "c": 1}),
        ("{a: 1, # a comment, with: {\n b: 2}", {"a": 1, "b": 2}),
        ('{"a\\"b": 1}', {'a"b': 1}),
        ("{a: if .x then {b: 1} else 2 end}", {"a": UNKNOWN}),
        (".a", None),
        ("{a: 1} | .b", None),
        ("{a: 1} + {b: 2}", None),
        ("{(.k): 1}", None),
        ("{a}", None),
        ("{$x}", None),
        ("{a: 1", None),
        ("", None),
        ("{" * 5000, None),
    ],
)
def test_an_object_is_read_as_far_as_it_stands_in_the_text(expression: str, expected: Any) -> None:
    assert read_object(expression) == expected


@given(st.text(alphabet='{}[]()":,.\\ab1$ #\n', max_size=40))
def test_any_text_is_an_object_or_none(text: str) -> None:
    assert read_object(text) is None or text.lstrip("$ \n").startswith(("{", "#", "("))


def ending_with(expression: str, action: Fields | None = None, **state: Any) -> Fields:
    return {
        "start": "A",
        "annotations": ["workflow-type/infrastructure"],
        "functions": [
            {"name": "done", "type": "expression", "operation": expression},
            {"name": "call", "type": "custom", "operation": "rest:get:/x"},
            {"name": "log", "type": "custom", "operation": "sysout"},
        ],
        "states": [
            {"name": "A", "type": "operation", "actions": [{"functionRef": "done", **(action or {})}], "end": True}
            | state
        ],
    }


RESULT = '{result: {message: "x"}}'

#: The fields, the rule, and how many findings.
CASES: list[tuple[Fields, str, int]] = [
    (ending_with(RESULT), "no-result", 0),
    (ending_with("{a: 1}"), "no-result", 1),
    (ending_with("{a: 1}") | {"annotations": []}, "no-result", 0),
    (ending_with(".a"), "no-result", 0),
    (ending_with(RESULT, {"actionDataFilter": {"useResults": False}}), "no-result", 1),
    (ending_with(RESULT, {"actionDataFilter": {"toStateData": ".other"}}), "no-result", 1),
    (ending_with("{a: 1}", {"actionDataFilter": {"toStateData": "${ .result }"}}), "no-result", 0),
    (ending_with("{a: 1}", {"functionRef": "call"}), "no-result", 0),
    (ending_with("{a: 1}", {"functionRef": "log"}), "no-result", 1),
    (ending_with("{a: 1}", stateDataFilter={"output": RESULT}), "no-result", 0),
    (ending_with("{a: 1}", stateDataFilter={"output": ".x"}), "no-result", 0),
    (ending_with("{workflowOptions: {}}"), "no-result", 0),
    (ending_with('{result: {completedWith: "error"}}'), "workflow-result", 0),
    (ending_with('{result: {completedWith: "ok"}}'), "workflow-result", 1),
    (ending_with("{result: {completedWith: .x}}"), "workflow-result", 0),
    (ending_with('{result: {output: [{key: "a", value: 1}]}}'), "workflow-result", 1),
    (ending_with('{result: {outputs: {key: "a", value: 1}}}'), "workflow-result", 1),
    (ending_with('{result: {outputs: [{key: "a", vale: 1}]}}'), "workflow-result", 1),
    (ending_with('{result: {outputs: [{key: "a"}]}}'), "workflow-result", 1),
    (ending_with('{result: {outputs: [{key: "a", value: .b, format: "html"}]}}'), "workflow-result", 1),
    (ending_with("{result: {outputs: (.a | map({key: .x}))}}"), "workflow-result", 0),
    (ending_with('{result: {nextWorkflows: [{id: "greeting"}]}}'), "workflow-result", 1),
    (ending_with('{result: {nextWorkflows: ["greeting"]}}'), "workflow-result", 1),
    (ending_with("{result: .x}"), "workflow-result", 0),
    (ending_with('{workflowOptions: {currentVersion: {id: "a", name: "A"}, newOptions: []}}'), "workflow-options", 0),
    (ending_with("{workflowOptions: {newOption: []}}"), "workflow-options", 1),
    (ending_with("{result: {workflowOptions: {otherOptions: {}}}}"), "workflow-options", 1),
    ({"annotations": ["workflow-type/assesment"]}, "workflow-type", 1),
    ({"annotations": ["workflow-type/other"]}, "workflow-type", 1),
    ({"annotations": ["workflow-type/assessment", "finance"]}, "workflow-type", 0),
]


@pytest.mark.parametrize(("fields", "rule", "count"), CASES)
def test_a_result_is_judged_as_the_orchestrator_shows_it(fields: Fields, rule: str, count: int) -> None:
    found = linted(fields, about=rule)
    assert len(found) == count, found


def test_an_offered_workflow_has_to_be_there_where_all_are_known() -> None:
    one = defined(ending_with('{result: {nextWorkflows: [{id: "greting", name: "G"}, {id: .x, name: "X"}]}}'))
    assert lint_together(Repository(workflows=[one])) == ()
    (line,) = shown(lint_together(Repository(workflows=[one], complete=True)))
    assert "offers the unknown workflow 'greting'; did you mean 'greeting'? [unknown-workflow]" in line
