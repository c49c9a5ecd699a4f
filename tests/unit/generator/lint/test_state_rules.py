"""Rules of single states, actions and values, case by case; the engine's answer to each was seen."""

from __future__ import annotations

from typing import Any

import pytest

from generator.lint.support.cron import what_is_wrong
from tests.unit.conftest import linted

Fields = dict[str, Any]
CALL = {"functionRef": "f"}
BRANCHES = [{"name": "a", "actions": [CALL]}, {"name": "b", "actions": [CALL]}]


def with_state(**fields: Any) -> Fields:
    state = {"name": "A", "type": "operation", "actions": [CALL], "end": True, **fields}
    return {
        "start": "A",
        "functions": [{"name": "f", "type": "custom", "operation": "rest:get:/x"}],
        "events": [{"name": "e", "type": "t", "source": "s"}],
        "errors": [{"name": "E", "code": "404"}, {"name": "F"}, {"name": "G", "code": ""}],
        "states": [{key: value for key, value in state.items() if value is not None}],
    }


def parallel(**fields: Any) -> Fields:
    return with_state(
        **{"type": "parallel", "actions": None, "branches": BRANCHES, "completionType": "atLeast", **fields}
    )


def switch(**fields: Any) -> Fields:
    return with_state(**{"type": "switch", "actions": None, "end": None, "defaultCondition": {"end": True}, **fields})


def undecided(**fields: Any) -> Fields:
    """A switch without a default."""
    return switch(defaultCondition=None, **fields)


ON = [{"eventRefs": ["e"], "actions": []}]


def callback(data: str) -> Fields:
    return with_state(type="callback", actions=None, action=CALL, eventRef="e", eventDataFilter={"data": data})


def printing(arguments: Any) -> Fields:
    fields = with_state(actions=[{"functionRef": {"refName": "p", "arguments": arguments}}])
    return {**fields, "functions": [{"name": "p", "type": "custom", "operation": "sysout:INFO"}]}


def scripted(arguments: Any) -> Fields:
    fields = with_state(actions=[{"functionRef": {"refName": "p", "arguments": arguments}}])
    return {**fields, "functions": [{"name": "p", "type": "custom", "operation": "script:python"}]}


DATA = [{"condition": ".a", "end": True}]
EVENTS = [{"eventRef": "e", "end": True}]

#: The fields, the rule, and the findings' severity letters in order.
CASES: list[tuple[Fields, str, str]] = [
    (with_state(actions=[{"name": "x"}]), "action-kind", "e"),
    (with_state(actions=[{**CALL, "subFlowRef": "s"}]), "action-kind", "w"),
    (with_state(actions=[CALL, {"subFlowRef": "s"}]), "action-kind", ""),
    (with_state(actions=[{"functionRef": {"refName": "f", "name": "x"}}]), "unknown-field", "w"),
    (with_state(actions=[{**CALL, "nam": "x"}]), "unknown-field", "e"),
    (with_state(actions=[{"subFlowRef": {"workflowId": "s", "name": "x"}}]), "unknown-field", "w"),
    (with_state(end={"terminate": True, "compensat": True}), "unknown-field", "w"),
    (with_state(end=None, transition={"nextState": "A", "name": "x"}), "unknown-field", "w"),
    (with_state(end={"continueAs": {"workflowId": "s", "name": "x"}}), "unknown-field", "w"),
    (with_state(timeouts={"stateExecTimeout": {"total": "PT1S", "name": "x"}}), "unknown-field", "w"),
    (with_state(timeouts={"name": "x"}), "unknown-field", "e"),
    ({"start": {"stateName": "A", "schedule": {"interval": "PT1H", "name": "x"}, "name": "x"}}, "unknown-field", "ww"),
    (with_state(actions=[{}]), "action-kind", "e"),
    (with_state(actions=[1]), "action-kind", ""),
    (with_state(actions=[]), "missing-field", "w"),
    (with_state(actions=None), "missing-field", "w"),
    (parallel(numCompleted=1, branches=[{"name": "a"}, {"name": "b", "actions": []}]), "missing-field", "ww"),
    (parallel(numCompleted=1, branches=[{"actions": [CALL]}] * 2), "missing-field", "ww"),
    (parallel(numCompleted=1, branches=[{"actions": [CALL]}] * 2), "duplicate-branch", ""),
    (parallel(numCompleted=1, branches=[]), "missing-field", "e"),
    (with_state(type="callback", actions=None, eventRef="e"), "missing-field", "w"),
    (with_state(type="event", actions=None, onEvents=[{"eventRefs": ["e"]}]), "missing-field", ""),
    (callback("'x'"), "callback-event-data", "e"),
    (callback('"x"'), "callback-event-data", ""),
    (callback("5"), "callback-event-data", ""),
    (callback("${ {a: [true, null, -1]} }"), "callback-event-data", ""),
    (callback("$WORKFLOW.id"), "callback-event-data", ""),
    (callback('"\\(now)" | length'), "callback-event-data", ""),
    (callback(".decision"), "callback-event-data", "e"),
    (callback("."), "callback-event-data", "e"),
    (callback(".."), "callback-event-data", "e"),
    (callback("{a: .b}"), "callback-event-data", "e"),
    (callback("{a}"), "callback-event-data", "e"),
    (callback('"\\(.a)"'), "callback-event-data", "e"),
    (callback("length"), "callback-event-data", "e"),
    (printing({"message": ".a"}), "print-arguments", ""),
    (printing(None), "print-arguments", "e"),
    (printing({}), "print-arguments", "e"),
    (printing({"text": ".a"}), "print-arguments", "e"),
    (printing(".a"), "print-arguments", "e"),
    (printing("${ {message: .a} }"), "print-arguments", "e"),
    (printing([".a"]), "print-arguments", "e"),
    (with_state(actions=[{"functionRef": "rpc:division"}]), "unknown-function", "w"),
    (with_state(actions=[{"functionRef": {"refName": "rpc:f", "arguments": {"a": 1}}}]), "unknown-function", "w"),
    (with_state(actions=[{"functionRef": "division"}]), "unknown-function", "e"),
    (with_state(onErrors=[{"end": True}]), "error-handler", "w"),
    (with_state(onErrors=[{"errorRef": "E", "end": True}]), "error-handler", ""),
    (
        with_state(type="sleep", actions=None, duration="PT1S", onErrors=[{"errorRef": "E", "end": True}]),
        "error-h",
        "w",
    ),
    (with_state(onErrors=[{"errorRef": "F", "end": True}]), "error-code", "e"),
    (
        with_state(actions=[{"eventRef": {"triggerEventRef": "e", "resultEventRef": "f"}}]),
        "unknown-event",
        "w",
    ),
    (
        with_state(actions=[{"eventRef": {"triggerEventRef": "e", "resultEventRef": "e"}}]),
        "ignored-field",
        "n",
    ),
    ({"timeouts": {"eventTimeout": "5s"}}, "invalid-duration", "e"),
    ({"timeouts": {"eventTimeout": True}}, "invalid-duration", "e"),
    ({"timeouts": {"eventTimeout": "500"}}, "invalid-duration", ""),
    (with_state(actions=[{**CALL, "sleep": {"before": "5s"}}]), "invalid-duration", ""),
    ({"dataInputSchema": {"schema": {"type": "object"}, "failOnValidationErrors": True}}, "inline-schema", "e"),
    ({"dataInputSchema": {"schema": "schemas/a.json", "failOnValidationErrors": True}}, "inline-schema", ""),
    (scripted(None), "print-arguments", "e"),
    (scripted({}), "print-arguments", "e"),
    (scripted({"script": "print(1)"}), "print-arguments", ""),
    ({"timeouts": {"workflowExecTimeout": "5"}}, "invalid-duration", "e"),
    ({"timeouts": {"workflowExecTimeout": {"duration": 5}}}, "invalid-duration", "e"),
    ({"functions": [{"name": "f", "type": "rpc", "operation": "a.proto#b"}]}, "invalid-operation", "e"),
    ({"functions": [{"name": "f", "type": "asyncapi", "operation": "a.yaml"}]}, "invalid-operation", "e"),
    ({"functions": [{"name": "f", "type": "asyncapi", "operation": "a.yaml#b"}]}, "invalid-operation", ""),
    (with_state(onErrors=[{"errorRef": "G", "end": True}]), "error-code", "w"),
    (with_state(), "error-code", ""),
    (switch(), "switch-conditions", "e"),
    (switch(dataConditions=DATA, eventConditions=EVENTS), "switch-conditions", "e"),
    (switch(dataConditions=DATA), "switch-conditions", ""),
    (switch(dataConditions=DATA, stateDataFilter={"input": ".", "output": "."}), "state-filter", "ee"),
    (switch(dataConditions=DATA, stateDataFilter={}), "state-filter", ""),
    (with_state(type="event", actions=None, onEvents=ON, stateDataFilter={"input": "."}), "state-filter", "e"),
    (with_state(type="event", actions=None, onEvents=ON, stateDataFilter={"output": "."}), "state-filter", ""),
    (with_state(stateDataFilter={"input": ".", "output": "."}), "state-filter", ""),
    (undecided(dataConditions=DATA), "switch-default", "e"),
    (undecided(dataConditions=DATA * 2), "switch-default", "w"),
    (undecided(dataConditions=[*DATA, {"condition": ".b", "end": True}]), "missing-field", ""),
    (undecided(eventConditions=EVENTS), "switch-default", "e"),
    (undecided(eventConditions=EVENTS, timeouts={"eventTimeout": "PT1S"}), "switch-default", "e"),
    (undecided(eventConditions=EVENTS * 2), "switch-default", ""),
    (undecided(eventConditions=EVENTS * 2), "missing-field", ""),
    (undecided(eventConditions=EVENTS * 2), "switch-timeout", ""),
    (undecided(), "switch-default", ""),
    (switch(dataConditions=DATA), "switch-default", ""),
    (switch(eventConditions=EVENTS, timeouts={"eventTimeout": "PT1S"}), "switch-default", ""),
    (switch(eventConditions=EVENTS), "switch-timeout", "e"),
    (switch(eventConditions=EVENTS, timeouts={"eventTimeout": "PT1S"}), "switch-timeout", ""),
    (parallel(numCompleted=3), "num-completed", "e"),
    (parallel(numCompleted="9" * 5000), "num-completed", "e"),
    (parallel(numCompleted="many"), "num-completed", "e"),
    (parallel(numCompleted="${ .n }"), "num-completed", ""),
    (parallel(numCompleted=".numCompleted"), "num-completed", ""),
    (parallel(numCompleted=".l | length"), "num-completed", ""),
    (parallel(numCompleted="length"), "num-completed", ""),
    (parallel(numCompleted="2 "), "num-completed", ""),
    (parallel(numCompleted="3 "), "num-completed", "e"),
    (parallel(numCompleted=".n +"), "num-completed", "e"),
    (parallel(numCompleted=".n +"), "invalid-expression", ""),
    (parallel(numCompleted="a b"), "num-completed", "e"),
    (parallel(numCompleted="${ many }"), "num-completed", "e"),
    (parallel(numCompleted="fn:f"), "num-completed", "e"),
    (parallel(numCompleted="many", completionType="allOf"), "num-completed", ""),
    (parallel(numCompleted=".n | many", completionType="allOf"), "unknown-jq-function", ""),
    (parallel(numCompleted=".n | many"), "unknown-jq-function", "e"),
    (parallel(numCompleted="$foo"), "unknown-variable", "w"),
    (parallel(numCompleted=0), "num-completed", "w"),
    (parallel(numCompleted=-1), "num-completed", "w"),
    (parallel(), "num-completed", "w"),
    (parallel(numCompleted=2), "num-completed", ""),
    ({**parallel(numCompleted=1, branches=BRANCHES[:1])}, "parallel-branches", "e"),
    (parallel(numCompleted=1, branches=[BRANCHES[0]] * 2), "duplicate-branch", "w"),
    (with_state(type="foreach", inputCollection=".l"), "no-iteration-param", "e"),
    (with_state(type="delay", actions=None, timeDelay="PT1S"), "delay-state", "e"),
    (with_state(actions=[{"eventRef": "e"}]), "short-form", "e"),
    (with_state(actions=[{"eventRef": {"triggerEventRef": "e"}}]), "short-form", ""),
    ({**switch(dataConditions=DATA), "specVersion": "0.7"}, "spec-version", "w"),
    ({"start": None}, "no-start", "e"),
    ({"dataInputSchema": "schemas/a.json"}, "validation-flag", ""),
    ({"dataInputSchema": {"schema": "schemas/a.json"}}, "validation-flag", "e"),
    ({"dataInputSchema": {"schema": {"type": "object"}}}, "validation-flag", "e"),
    ({"dataInputSchema": {"schema": "schemas/a.json", "failOnValidationErrors": False}}, "validation-flag", ""),
    ({"version": None}, "no-version", "w"),
    ({"specVersion": None}, "spec-version", "w"),
    ({"expressionLang": "groovy"}, "unknown-value", "e"),
    (with_state(actions=[{**CALL, "retryRef": "r"}]), "ignored-field", "n"),
    ({"start": {"stateName": "A", "schedule": "R/PT1H"}}, "ignored-field", "n"),
    ({"extensions": [{"retryRef": "a"}], "metadata": {"retryRef": 1}}, "ignored-field", ""),
]


@pytest.mark.parametrize(("fields", "rule", "expected"), CASES)
def test_a_field_is_judged_as_the_engine_judges_it(fields: Fields, rule: str, expected: str) -> None:
    found = linted(fields, about=rule)
    assert [line.split(": ")[1][0] for line in found] == list(expected), found


@pytest.mark.parametrize(
    "expression",
    [
        *("* * * * *", "0 0 1 1 *", "*/15 8-18 * * MON-FRI", "0,30 * * * 7", "5/10 * * * *"),
        *(
            "0 0/15 * * * ?",
            "0 0 12 L * ?",
            "0 0 12 ? * 6#3",
            "0 0 12 LW * ?",
            "0 0 12 15W * ? 2030",
            "0 0 0 ? JAN FRIL",
        ),
    ],
)
def test_a_cron_expression_of_cron_or_quartz_is_taken(expression: str) -> None:
    assert what_is_wrong(expression) is None


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("hello", "this has 1"),
        ("", "this has 0"),
        ("60 * * * *", "'60' is not a valid minute"),
        ("* 24 * * *", "'24' is not a valid hour"),
        ("* * 0 * *", "'0' is not a valid day of the month"),
        ("* * * 13 *", "'13' is not a valid month"),
        ("* * * * FRY", "'FRY' is not a valid day of the week"),
        ("*/0 * * * *", "'*/0' is not a valid minute"),
        ("1-2-3 * * * *", "is not a valid minute"),
        ("0 0 0 1 1 ? 1800", "'1800' is not a valid year"),
        ("٣ * * * *", "is not a valid minute"),
    ],
)
def test_another_cron_expression_is_refused_with_the_field(expression: str, said: str) -> None:
    wrong = what_is_wrong(expression)
    assert wrong
    assert said in wrong
