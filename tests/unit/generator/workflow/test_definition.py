"""Every short form in its long form, positions of all that is named, and files that a definition refers to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from generator.findings.errors import FindingsError
from generator.findings.finding import Severity
from generator.findings.position import Position
from generator.workflow.workflow import read_workflow
from tests.unit.conftest import (
    MINIMAL,
    Files,
    action,
    defined,
    definition,
    findings_of,
    read,
    rules,
    shown,
    state,
    workflow,
    write,
)

HERE = "workflows/greeting/greeting.sw.yaml"
END: dict[str, Any] = {"name": "B", "type": "inject", "data": {"x": 1}, "end": True}


def flow(fields: dict[str, Any], files: Files | None = None, shared: Files | None = None) -> dict[str, Any]:
    return dict(definition(fields, files, shared).flow)


def test_the_smallest_definition_has_no_finding_and_stays_as_it_is() -> None:
    found = definition({})
    assert found.findings == ()
    assert found.flow == {
        "start": {"stateName": "A"},
        "states": [{"name": "A", "type": "inject", "end": {"terminate": True}, "data": {"language": "English"}}],
    }


def test_what_a_definition_is_called_is_no_part_of_its_flow() -> None:
    found = definition({"description": "d", "expressionLang": "jsonpath", "version": "1.10"})
    assert (found.id, found.name, found.version, found.description, found.expression_lang) == (
        "greeting",
        "Greeting",
        "1.10",
        "d",
        "jsonpath",
    )
    assert not {"id", "name", "version", "description", "expressionLang", "specVersion"} & set(found.flow)


def test_the_expression_language_is_jq_unless_another_is_named() -> None:
    assert definition({}).expression_lang == "jq"


def test_a_key_names_the_workflow_where_it_has_no_id() -> None:
    fields = {key: value for key, value in MINIMAL.items() if key != "id"}
    found = workflow({"g.sw.json": json.dumps({**fields, "key": "greet"})}).definition
    assert found.id == "greet"
    assert found.findings == ()


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("A", {"stateName": "A"}),
        ({"stateName": "A"}, {"stateName": "A"}),
        (None, {"stateName": "A"}),
        ("", {"stateName": "A"}),
        ({"schedule": "R/PT2H"}, {"stateName": "A", "schedule": {"interval": "R/PT2H"}}),
        (
            {"stateName": "A", "schedule": {"cron": "0 0/15 * * * ?", "timezone": "UTC"}},
            {"stateName": "A", "schedule": {"cron": {"expression": "0 0/15 * * * ?"}, "timezone": "UTC"}},
        ),
        (
            {"stateName": "A", "schedule": {"cron": {"expression": "x", "validUntil": "2026-01-01T00:00:00Z"}}},
            {"stateName": "A", "schedule": {"cron": {"expression": "x", "validUntil": "2026-01-01T00:00:00Z"}}},
        ),
    ],
)
def test_a_start_has_one_long_form(start: object, expected: dict[str, Any]) -> None:
    found = definition({"start": start})
    assert found.flow["start"] == expected
    assert found.findings == ()


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        (True, {"terminate": True}),
        ({"terminate": True}, {"terminate": True}),
        ({}, {}),
        ({"terminate": False}, {}),
        ({"compensate": True}, {"compensate": True}),
        ({"continueAs": "next"}, {"continueAs": {"workflowId": "next"}}),
        (
            {"continueAs": {"workflowId": "next", "version": "1", "workflowExecTimeout": "PT1H"}},
            {"continueAs": {"workflowId": "next", "version": "1", "workflowExecTimeout": {"duration": "PT1H"}}},
        ),
        (
            {"produceEvents": [{"eventRef": "E", "data": "${ .x }", "contextAttributes": {"a": "1"}}]},
            {"produceEvents": [{"eventRef": "E", "data": "${ .x }", "contextAttributes": {"a": "1"}}]},
        ),
    ],
)
def test_an_end_has_one_long_form(end: object, expected: dict[str, Any]) -> None:
    assert state({"end": end})["end"] == expected


def test_an_end_that_is_false_is_no_end() -> None:
    assert "end" not in state({"end": False, "transition": "A"})


@pytest.mark.parametrize(
    ("transition", "expected"),
    [
        ("A", {"nextState": "A"}),
        ({"nextState": "A"}, {"nextState": "A"}),
        ({"nextState": "A", "compensate": True}, {"nextState": "A", "compensate": True}),
        ({"nextState": "A", "compensate": False}, {"nextState": "A"}),
        (
            {"nextState": "A", "produceEvents": [{"eventRef": "E"}]},
            {"nextState": "A", "produceEvents": [{"eventRef": "E"}]},
        ),
    ],
)
def test_a_transition_has_one_long_form(transition: object, expected: dict[str, Any]) -> None:
    assert state({"transition": transition})["transition"] == expected


DEFAULT_FILTER = {"actionDataFilter": {"useResults": True}}


@pytest.mark.parametrize(
    ("given_action", "expected"),
    [
        ({"functionRef": "f"}, {"functionRef": {"refName": "f", "invoke": "sync"}}),
        (
            {"functionRef": {"refName": "f", "arguments": {"n": 1, "s": "${ .x }"}, "invoke": "async"}},
            {"functionRef": {"refName": "f", "arguments": {"n": 1, "s": "${ .x }"}, "invoke": "async"}},
        ),
        (
            {"functionRef": {"refName": "f", "arguments": "${ .all }"}},
            {"functionRef": {"refName": "f", "arguments": "${ .all }", "invoke": "sync"}},
        ),
        (
            {"functionRef": {"refName": "f", "selectionSet": "{ id }"}},
            {"functionRef": {"refName": "f", "selectionSet": "{ id }", "invoke": "sync"}},
        ),
        ({"eventRef": "e"}, {"eventRef": {"triggerEventRef": "e", "invoke": "sync"}}),
        (
            {
                "eventRef": {
                    "triggerEventRef": "e",
                    "resultEventRef": "r",
                    "resultEventTimeout": "PT1M",
                    "data": {"a": 1},
                }
            },
            {
                "eventRef": {
                    "triggerEventRef": "e",
                    "resultEventRef": "r",
                    "resultEventTimeout": "PT1M",
                    "data": {"a": 1},
                    "invoke": "sync",
                }
            },
        ),
        (
            {"subFlowRef": "s"},
            {"subFlowRef": {"workflowId": "s", "onParentComplete": "terminate", "invoke": "sync"}},
        ),
        (
            {"subFlowRef": {"workflowId": "s", "version": "1", "onParentComplete": "continue", "invoke": "async"}},
            {"subFlowRef": {"workflowId": "s", "version": "1", "onParentComplete": "continue", "invoke": "async"}},
        ),
        ({"sleep": {"before": "PT1S", "after": "PT2S"}}, {"sleep": {"before": "PT1S", "after": "PT2S"}}),
        ({"condition": "${ .x }"}, {"condition": "${ .x }"}),
        (
            {"retryRef": "r", "nonRetryableErrors": ["E"], "retryableErrors": ["F"]},
            {"retryRef": "r", "nonRetryableErrors": ["E"], "retryableErrors": ["F"]},
        ),
    ],
)
def test_an_action_has_one_long_form(given_action: dict[str, Any], expected: dict[str, Any]) -> None:
    assert action(given_action) == {**expected, **DEFAULT_FILTER}


@pytest.mark.parametrize(
    ("data_filter", "expected"),
    [
        ({}, {"useResults": True}),
        ({"useResults": False}, {"useResults": False}),
        ({"useResults": True}, {"useResults": True}),
        (
            {"fromStateData": "a", "results": "b", "toStateData": "c"},
            {"fromStateData": "a", "useResults": True, "results": "b", "toStateData": "c"},
        ),
    ],
)
def test_results_are_used_unless_an_action_says_not(data_filter: dict[str, Any], expected: dict[str, Any]) -> None:
    assert action({"name": "a", "actionDataFilter": data_filter})["actionDataFilter"] == expected


ON_EVENTS = {"eventRefs": ["e"], "actions": [{"name": "x"}]}
LONG_ON_EVENTS = {
    "eventRefs": ["e"],
    "actionMode": "sequential",
    "actions": [{"name": "x", **DEFAULT_FILTER}],
    "eventDataFilter": {"useData": True},
}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"type": "event", "onEvents": [ON_EVENTS]}, {"exclusive": True, "onEvents": [LONG_ON_EVENTS]}),
        (
            {"type": "event", "exclusive": False, "onEvents": [{**ON_EVENTS, "eventDataFilter": {"useData": False}}]},
            {"exclusive": False, "onEvents": [{**LONG_ON_EVENTS, "eventDataFilter": {"useData": False}}]},
        ),
        (
            {"actions": [{"name": "x"}], "actionMode": "parallel"},
            {"actions": [{"name": "x", **DEFAULT_FILTER}], "actionMode": "parallel"},
        ),
        ({"actions": []}, {"actions": [], "actionMode": "sequential"}),
        (
            {"type": "switch", "dataConditions": [{"condition": "x", "transition": "A"}], "defaultCondition": "A"},
            {
                "dataConditions": [{"condition": "x", "transition": {"nextState": "A"}}],
                "defaultCondition": {"transition": {"nextState": "A"}},
            },
        ),
        (
            {
                "type": "switch",
                "eventConditions": [{"eventRef": "e", "end": True, "metadata": {"a": "b"}}],
                "defaultCondition": {"end": True},
            },
            {
                "eventConditions": [{"eventRef": "e", "end": {"terminate": True}, "metadata": {"a": "b"}}],
                "defaultCondition": {"end": {"terminate": True}},
            },
        ),
        ({"type": "sleep", "duration": "PT6S"}, {"duration": "PT6S"}),
        ({"type": "delay", "timeDelay": "PT6S"}, {"timeDelay": "PT6S"}),
        (
            {"type": "parallel", "branches": [{"name": "b", "actions": [{"name": "x"}]}]},
            {
                "branches": [{"name": "b", "actions": [{"name": "x", **DEFAULT_FILTER}]}],
                "completionType": "allOf",
                "numCompleted": 0,
            },
        ),
        (
            {
                "type": "parallel",
                "branches": [{"name": "b", "actions": [], "timeouts": {"branchExecTimeout": "PT1S"}}],
                "completionType": "atLeast",
                "numCompleted": "2",
            },
            {
                "branches": [{"name": "b", "actions": [], "timeouts": {"branchExecTimeout": "PT1S"}}],
                "completionType": "atLeast",
                "numCompleted": "2",
            },
        ),
        ({"type": "inject", "data": {"a": {"b": [1, None]}}}, {"data": {"a": {"b": [1, None]}}}),
        (
            {"type": "foreach", "inputCollection": "${ .a }", "actions": [], "batchSize": 2},
            {"inputCollection": "${ .a }", "actions": [], "batchSize": 2, "mode": "parallel"},
        ),
        (
            {
                "type": "foreach",
                "inputCollection": "a",
                "outputCollection": "b",
                "iterationParam": "c",
                "mode": "sequential",
            },
            {"inputCollection": "a", "outputCollection": "b", "iterationParam": "c", "mode": "sequential"},
        ),
        (
            {"type": "callback", "action": {"functionRef": "f"}, "eventRef": "e", "eventDataFilter": {"data": "d"}},
            {
                "action": {"functionRef": {"refName": "f", "invoke": "sync"}, **DEFAULT_FILTER},
                "eventRef": "e",
                "eventDataFilter": {"useData": True, "data": "d"},
            },
        ),
    ],
    ids=lambda value: value.get("type", "operation") if isinstance(value, dict) else None,
)
def test_a_state_of_each_type_has_one_long_form(fields: dict[str, Any], expected: dict[str, Any]) -> None:
    name = fields.get("type", "operation")
    assert state(fields) == {"name": "A", "type": name, **expected}


def test_what_all_states_may_have_is_kept() -> None:
    fields = {
        "id": "7",
        "stateDataFilter": {"input": "i", "output": "o"},
        "onErrors": [{"errorRef": "E", "transition": "A"}, {"errorRefs": ["E", "F"], "end": True}],
        "compensatedBy": "A",
        "usedForCompensation": True,
        "metadata": {"a": "b"},
    }
    found = state({"type": "sleep", "duration": "PT1S", **fields})
    assert found == {
        "name": "A",
        "type": "sleep",
        "duration": "PT1S",
        **fields,
        "onErrors": [
            {"errorRef": "E", "transition": {"nextState": "A"}},
            {"errorRefs": ["E", "F"], "end": {"terminate": True}},
        ],
    }


@pytest.mark.parametrize(
    ("timeout", "expected"),
    [
        ("PT5M", {"total": "PT5M"}),
        ({"total": "PT5M"}, {"total": "PT5M"}),
        ({"total": "PT5M", "single": "PT1M"}, {"total": "PT5M", "single": "PT1M"}),
    ],
)
def test_a_state_timeout_has_one_long_form(timeout: object, expected: dict[str, Any]) -> None:
    assert state({"timeouts": {"stateExecTimeout": timeout}})["timeouts"] == {"stateExecTimeout": expected}


@pytest.mark.parametrize(
    ("timeout", "expected"),
    [
        ("PT1H", {"duration": "PT1H"}),
        ({"duration": "PT1H"}, {"duration": "PT1H"}),
        ({"interrupt": True}, {"duration": "unlimited", "interrupt": True}),
        ({"duration": "PT1H", "interrupt": False}, {"duration": "PT1H"}),
        ({"runBefore": "A"}, {"duration": "unlimited", "runBefore": "A"}),
    ],
)
def test_a_workflow_timeout_has_one_long_form_and_is_unlimited_without_a_duration(
    timeout: object, expected: dict[str, Any]
) -> None:
    assert flow({"timeouts": {"workflowExecTimeout": timeout}})["timeouts"] == {"workflowExecTimeout": expected}


def test_the_workflow_s_other_timeouts_are_kept() -> None:
    given_timeouts = {
        "stateExecTimeout": "PT1S",
        "actionExecTimeout": "a",
        "branchExecTimeout": "b",
        "eventTimeout": "e",
    }
    assert flow({"timeouts": given_timeouts})["timeouts"] == {**given_timeouts, "stateExecTimeout": {"total": "PT1S"}}


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        ({"name": "f", "operation": "o"}, {"name": "f", "operation": "o", "type": "rest"}),
        (
            {"name": "f", "operation": "o", "type": "custom", "authRef": "a", "metadata": {"x": 1}},
            {"name": "f", "operation": "o", "type": "custom", "authRef": "a", "metadata": {"x": 1}},
        ),
    ],
)
def test_a_function_is_rest_unless_it_says_otherwise(function: dict[str, Any], expected: dict[str, Any]) -> None:
    assert flow({"functions": [function]})["functions"] == [expected]


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({}, {"kind": "consumed", "dataOnly": True}),
        ({"dataOnly": False, "kind": "produced"}, {"kind": "produced", "dataOnly": False}),
        (
            {"source": "s", "correlation": [{"contextAttributeName": "n", "contextAttributeValue": "v"}]},
            {
                "source": "s",
                "kind": "consumed",
                "dataOnly": True,
                "correlation": [{"contextAttributeName": "n", "contextAttributeValue": "v"}],
            },
        ),
    ],
)
def test_an_event_is_consumed_as_data_alone_unless_it_says_otherwise(
    event: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert flow({"events": [{"name": "e", "type": "t", **event}]})["events"] == [{"name": "e", "type": "t", **expected}]


def test_retries_and_errors_are_kept() -> None:
    retries = [
        {"name": "r", "delay": "PT1S", "maxDelay": "PT9S", "increment": "PT1S", "multiplier": 2, "maxAttempts": 3}
    ]
    errors = [{"name": "E", "code": "404", "description": "d"}]
    found = flow({"retries": retries, "errors": errors})
    assert (found["retries"], found["errors"]) == (retries, errors)


AUTH = {"name": "a", "scheme": "bearer", "properties": {"token": "${ $SECRET.T }"}}


@pytest.mark.parametrize(
    ("auth", "expected"),
    [
        ([AUTH], [AUTH]),
        (AUTH, [AUTH]),
        (
            [{"name": "a", "properties": "mysecret"}],
            [{"name": "a", "scheme": "basic", "properties": {"secret": "mysecret"}}],
        ),
        (
            {"name": "o", "scheme": "oauth2", "properties": {"grantType": "clientCredentials", "scopes": ["x"]}},
            [{"name": "o", "scheme": "oauth2", "properties": {"grantType": "clientCredentials", "scopes": ["x"]}}],
        ),
    ],
)
def test_authentication_is_a_list_or_a_single_map(auth: object, expected: list[Any]) -> None:
    found = definition({"auth": auth})
    assert found.flow["auth"] == expected
    assert found.findings == ()
    assert found.declared("auth") == (expected[0]["name"],)


def test_a_data_input_schema_has_one_long_form() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    assert flow({"dataInputSchema": "schemas/a.json"})["dataInputSchema"] == {
        "schema": "schemas/a.json",
        "failOnValidationErrors": True,
    }
    assert flow({"dataInputSchema": {"schema": schema, "failOnValidationErrors": False}})["dataInputSchema"] == {
        "schema": schema,
        "failOnValidationErrors": False,
    }


def test_extensions_are_read_but_no_part_of_the_flow() -> None:
    extensions = [
        {"extensionid": "workflow-output-schema", "outputSchema": "schemas/out.json"},
        {"extensionId": "workflow-uri-definitions", "definitions": {"remote": "https://example.org/a.json"}},
    ]
    found = definition({"extensions": extensions})
    assert "extensions" not in found.flow
    ((schema, place),) = found.output_schemas()
    assert schema == "schemas/out.json"
    assert place.line > 1
    assert found.uri_definitions() == {"remote": "https://example.org/a.json"}
    assert found.findings == ()


@pytest.mark.parametrize(
    "extensions",
    [
        "x",
        ["x"],
        {"extensionid": "workflow-uri-definitions"},
        [{"extensionid": "workflow-uri-definitions", "definitions": "x"}],
        [{"extensionid": "workflow-uri-definitions", "definitions": ["x"]}],
        [{"extensionid": ["workflow-output-schema"], "outputSchema": 1}],
        [{"extensionid": "workflow-output-schema", "outputSchema": 1}],
    ],
)
def test_extensions_of_any_form_are_read(extensions: object) -> None:
    found = definition({"extensions": extensions})
    assert list(found.output_schemas()) == []
    assert found.uri_definitions() == {}


def test_numbers_stay_exact() -> None:
    data = {"big": 12345678901234567890123, "float": 0.1, "negative": -7, "text": "1.10"}
    read_back = state({"type": "inject", "data": data})["data"]
    assert json.dumps(read_back) == json.dumps(data)


def test_an_empty_string_and_null_are_left_out() -> None:
    found = definition({"keepActive": None, "functions": None, "secrets": [], "annotations": []})
    assert "keepActive" not in found.flow
    assert "functions" not in found.flow
    assert state({"id": "", "metadata": None}) == state({})


FLAT = """\
id: greeting
version: "1"
functions:
  - name: f
    operation: x
    type: custom
states:
  - name: A
    type: operation
    actions:
      - functionRef: f
    transition: B
  - name: B
    type: inject
    data: {}
    onErrors:
      - errorRef: E
        transition: {nextState: A}
    end: true
"""


def test_every_reference_has_its_place() -> None:
    found = workflow({"greeting.sw.yaml": FLAT}).definition
    listed = [(r.target, r.name, r.phrase, r.at.line, r.at.column) for r in found.references]
    assert sorted(listed) == [
        ("error", "E", "handles", 17, 19),
        ("function", "f", "calls", 11, 22),
        ("state", "A", "transition to", 18, 33),
        ("state", "B", "transition to", 12, 17),
    ]
    assert {r.at.path for r in found.references} == {HERE}


def test_every_declaration_has_its_place() -> None:
    found = workflow({"greeting.sw.yaml": FLAT}).definition
    assert [(d.target, d.name, d.at.line, d.at.column) for d in found.declarations] == [
        ("function", "f", 4, 11),
        ("state", "A", 8, 11),
        ("state", "B", 13, 11),
    ]


@pytest.mark.parametrize(
    ("path", "line", "column"),
    [
        (("functions", 0, "operation"), 5, 16),
        (("states", 0, "actions", 0, "functionRef"), 11, 22),
        (("states", 1, "onErrors", 0, "transition", "nextState"), 18, 33),
        (("states", 1, "end"), 19, 10),
        (("states", 0, "actions", 0, "actionDataFilter", "useResults"), 11, 9),
        (("no", "such", "path"), 1, 1),
    ],
)
def test_a_value_of_the_flow_knows_where_it_was_written(path: tuple[str | int, ...], line: int, column: int) -> None:
    found = workflow({"greeting.sw.yaml": FLAT}).definition
    assert found.position_of(*path) == Position(path=HERE, line=line, column=column)


LISTS: dict[str, tuple[list[Any], Any]] = {
    "functions": ([{"name": "f", "operation": "o"}], [{"name": "f", "operation": "o", "type": "rest"}]),
    "events": (
        [{"name": "e", "type": "t"}],
        [{"name": "e", "type": "t", "kind": "consumed", "dataOnly": True}],
    ),
    "retries": ([{"name": "r", "maxAttempts": 3}], [{"name": "r", "maxAttempts": 3}]),
    "errors": ([{"name": "E", "code": "1"}], [{"name": "E", "code": "1"}]),
    "auth": ([AUTH], [AUTH]),
    "secrets": (["S", "T"], ["S", "T"]),
}
MAPS: dict[str, tuple[dict[str, Any], Any]] = {
    "constants": ({"a": {"b": 1}}, {"a": {"b": 1}}),
    "timeouts": ({"workflowExecTimeout": "PT1H"}, {"workflowExecTimeout": {"duration": "PT1H"}}),
}
BOTH: dict[str, tuple[Any, Any]] = {**LISTS, **MAPS}


@pytest.mark.parametrize("key", BOTH)
@pytest.mark.parametrize("reference", ["specs/x.json", "./specs/x.json", "file://specs/x.json", "file:specs/x.json"])
def test_a_section_may_be_in_a_file_of_the_folder(key: str, reference: str) -> None:
    content, expected = BOTH[key]
    found = definition({key: reference}, {"specs/x.json": json.dumps(content)})
    assert found.findings == ()
    assert found.flow[key] == expected


@pytest.mark.parametrize("key", BOTH)
@pytest.mark.parametrize("name", ["specs/x.json", "specs/x.yaml"])
def test_a_section_in_a_file_may_stand_under_its_key(key: str, name: str) -> None:
    content, expected = BOTH[key]
    found = definition({key: name}, {name: json.dumps({key: content})})
    assert found.findings == ()
    assert found.flow[key] == expected


@pytest.mark.parametrize("key", BOTH)
def test_a_section_may_be_in_a_file_of_the_shared_folder(key: str) -> None:
    content, expected = BOTH[key]
    found = definition({key: "../shared/x.yaml"}, shared={"x.yaml": json.dumps(content)})
    assert found.findings == ()
    assert found.flow[key] == expected


def test_an_authentication_in_a_file_may_be_a_single_map() -> None:
    assert flow({"auth": "auth.json"}, {"auth.json": json.dumps(AUTH)})["auth"] == [AUTH]
    assert flow({"auth": "auth.json"}, {"auth.json": json.dumps({"auth": AUTH})})["auth"] == [AUTH]


def test_one_file_may_hold_several_sections() -> None:
    content = json.dumps({"functions": LISTS["functions"][0], "events": LISTS["events"][0]})
    found = definition({"functions": "specs/x.json", "events": "specs/x.json"}, {"specs/x.json": content})
    assert shown(found.findings) == []
    assert (found.flow["functions"], found.flow["events"]) == (LISTS["functions"][1], LISTS["events"][1])


@pytest.mark.parametrize("key", BOTH)
def test_an_address_is_never_fetched(key: str) -> None:
    found = definition({key: "https://localhost:1/x.json"})
    (finding,) = found.findings
    assert finding.rule == "missing-file"
    assert finding.message == (
        f"'https://localhost:1/x.json' is not fetched; copy it into the folder and name the copy (it holds '{key}')"
    )
    assert key not in found.flow


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("specs/none.json", "there is no file 'specs/none.json'"),
        ("file://specs/none.json", "there is no file 'file://specs/none.json'"),
        ("../shared/none.json", "there is no file '../shared/none.json'"),
        ("../../x.json", "'../../x.json' is outside the folder; copy it in, or into workflows/shared"),
        ("/etc/passwd", "'/etc/passwd' is outside the folder; copy it in, or into workflows/shared"),
    ],
)
def test_a_section_in_a_file_that_is_not_there_is_found_where_it_is_named(reference: str, message: str) -> None:
    text = f'id: g\nversion: "1"\nfunctions: {reference}\nstates: []\n'
    found = workflow({"greeting.sw.yaml": text}).definition
    first = found.findings[0]
    assert str(first) == f"{HERE}:3:12: error: {message} (it holds 'functions') [missing-file]"


def test_what_is_wrong_in_a_file_that_is_referred_to_has_its_place_there() -> None:
    text = "functions:\n  - name: f\n    operation: o\n    tpye: rest\n"
    found = definition({"functions": "specs/f.yaml"}, {"specs/f.yaml": text})
    assert shown(found.findings) == [
        (
            "workflows/greeting/specs/f.yaml:4:5: error: a function has no field 'tpye'; did you mean 'type'? "
            "[unknown-field]"
        )
    ]
    assert found.position_of("functions", 0, "operation") == Position(
        path="workflows/greeting/specs/f.yaml", line=3, column=16
    )
    assert found.declarations[0].at == Position(path="workflows/greeting/specs/f.yaml", line=2, column=11)


def test_what_is_wrong_in_a_shared_file_has_the_place_where_the_file_lies() -> None:
    found = definition({"functions": "../shared/f.yaml"}, shared={"f.yaml": "- name: f\n  operation: o\n  tpye: x\n"})
    assert [(f.path, f.line) for f in found.findings] == [("workflows/shared/f.yaml", 3)]


def test_after_a_file_that_is_referred_to_places_are_those_of_the_definition_again() -> None:
    text = FLAT.replace("  - name: f\n    operation: x\n    type: custom\n", "").replace(
        "functions:", "functions: f.json"
    )
    found = workflow({"greeting.sw.yaml": text, "f.json": '[{"name": "f", "operation": "o"}]'}).definition
    assert {declaration.at.path for declaration in found.declarations if declaration.target == "state"} == {HERE}


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"", "empty-file"),
        (b"[", "syntax"),
        ("a: é".encode("latin-1"), "encoding"),
        (b"[" * 200, "depth"),
    ],
)
def test_a_file_that_cannot_be_parsed_stops_with_its_own_name(data: bytes, rule: str) -> None:
    with pytest.raises(FindingsError) as caught:
        definition({"functions": "x.yaml"}, {"x.yaml": data})
    assert [(f.path, f.rule) for f in caught.value.findings] == [("workflows/greeting/x.yaml", rule)]


def test_a_file_that_refers_to_another_file_is_refused() -> None:
    found = definition({"functions": "x.yaml"}, {"x.yaml": "functions: x.yaml\n"})
    assert shown(found.findings) == [
        "workflows/greeting/x.yaml:1:12: error: expected the content of 'functions', found a string [wrong-type]"
    ]


def test_a_subflow_refers_to_files_beside_it_and_to_those_of_the_workflow() -> None:
    subflow = {**MINIMAL, "id": "s", "functions": "specs/f.json", "events": "specs/e.json"}
    files = {
        "subflows/s.sw.json": json.dumps(subflow),
        "subflows/specs/f.json": json.dumps(LISTS["functions"][0]),
        "specs/e.json": json.dumps(LISTS["events"][0]),
    }
    (found,) = workflow(files).subflows
    assert found.findings == ()
    assert found.path == "workflows/greeting/subflows/s.sw.json"
    assert (found.flow["functions"], found.flow["events"]) == (LISTS["functions"][1], LISTS["events"][1])


FOUND = [
    ("version: 1.10", 2, 10, "warning", 'expected a string, found a number; write it in quotes: "1.10"', "wrong-type"),
    ("version: true", 2, 10, "warning", 'expected a string, found a boolean; write it in quotes: "true"', "wrong-type"),
    ("verison: x", 2, 1, "error", "a workflow has no field 'verison'; did you mean 'version'?", "unknown-field"),
    ("zzz: x", 2, 1, "error", "a workflow has no field 'zzz'", "unknown-field"),
    ("functions: {f: 1}", 2, 12, "error", "'functions' must be a list, not a map", "wrong-type"),
    ("functions: 7", 2, 12, "error", "'functions' must be a list, not a number", "wrong-type"),
    ("functions: [x]", 2, 13, "error", "expected a function (a map), found a string", "wrong-type"),
    ("functions: [{name: f}]", 2, 13, "error", "a function needs 'operation'; add it", "missing-field"),
    (
        "functions: [{name: f, operation: o, type: rset}]",
        2,
        43,
        "error",
        "unknown value 'rset'; did you mean 'rest'? (one of rest, rpc, expression, graphql, odata, asyncapi, custom)",
        "unknown-value",
    ),
    ("keepActive: x", 2, 13, "error", "expected true or false, found a string", "wrong-type"),
    ("constants: [1]", 2, 12, "error", "expected a map, found a list", "wrong-type"),
    ("metadata: x", 2, 11, "error", "expected a map, found a string", "wrong-type"),
    ("start: [A]", 2, 8, "error", "expected a start (a map or a string), found a list", "wrong-type"),
    ("annotations: x", 2, 14, "error", "'annotations' must be a list, not a string", "wrong-type"),
    ("retries: [{name: r, maxAttempts: [1]}]", 2, 34, "error", "expected a whole number, found a list", "wrong-type"),
    ("description: {a: 1}", 2, 14, "error", "expected a string, found a map", "wrong-type"),
    (
        "events: [{name: e, type: t, kind: x}]",
        2,
        35,
        "error",
        "unknown value 'x'; one of consumed, produced",
        "unknown-value",
    ),
    ("id: again", 2, 1, "error", "the key 'id' is repeated here (first on line 1); keep one", "duplicate-key"),
]


@pytest.mark.parametrize(("line_of_yaml", "line", "column", "severity", "message", "rule"), FOUND)
def test_a_mistake_in_a_field_is_found_in_its_place(
    line_of_yaml: str, line: int, column: int, severity: str, message: str, rule: str
) -> None:
    text = f"id: g\n{line_of_yaml}\nstates: [{{name: A, type: inject, data: {{}}, end: true}}]\n"
    found = workflow({"greeting.sw.yaml": text}).definition
    assert shown(found.findings) == [f"{HERE}:{line}:{column}: {severity}: {message} [{rule}]"]


def test_a_version_that_is_a_number_keeps_its_last_zero() -> None:
    text = "id: g\nversion: 1.10\nstates: [{name: A, type: inject, data: {}, end: true}]\n"
    found = workflow({"g.sw.yaml": text}).definition
    assert found.version == "1.10"
    assert [finding.severity for finding in found.findings] == [Severity.WARNING]


def test_a_version_that_is_a_number_in_json_keeps_its_last_zero() -> None:
    text = json.dumps(MINIMAL).replace('"1.0.0"', "1.10")
    assert workflow({"g.sw.json": text}).definition.version == "1.10"


STATE_FAULTS = [
    ("{name: A, end: true}", "the state needs 'type'; add it", "missing-field"),
    (
        "{name: A, type: injct, data: {}}",
        (
            "unknown state type 'injct'; did you mean 'inject'? (one of callback, delay, event, foreach, inject, "
            "operation, parallel, sleep, switch)"
        ),
        "unknown-value",
    ),
    ("{name: A, type: 7}", "unknown state type '7'", "unknown-value"),
    ("x", "expected a state (a map), found a string", "wrong-type"),
    ("[x]", "expected a state (a map), found a list", "wrong-type"),
    ("{type: inject, data: {}}", "an inject state needs 'name'; add it", "missing-field"),
    ("{name: A, type: inject}", "an inject state needs 'data'; add it", "missing-field"),
    ("{name: A, type: sleep}", "a sleep state needs 'duration'; add it", "missing-field"),
    ("{name: A, type: inject, data: {}, actions: []}", "an inject state has no field 'actions'", "unknown-field"),
    ("{name: A, type: inject, data: {}, end: [A]}", "expected an end (a map), found a list", "wrong-type"),
    ("{name: A, type: inject, data: {}, transition: {}}", "a transition needs 'nextState'; add it", "missing-field"),
    ("{name: A, type: event, onEvents: []}", "'onEvents' is empty; add at least one", "missing-field"),
    (
        "{name: A, type: sleep, duration: PT1S, timeouts: {eventTimeout: x}}",
        "timeouts of a sleep state has no field 'eventTimeout'",
        "unknown-field",
    ),
]


@pytest.mark.parametrize(("text", "message", "rule"), STATE_FAULTS)
def test_a_mistake_in_a_state_is_found(text: str, message: str, rule: str) -> None:
    found = workflow({"greeting.sw.yaml": f'id: g\nversion: "1"\nstates:\n  - {text}\n'}).definition
    (finding,) = found.findings
    assert finding.message.startswith(message)
    assert (finding.rule, finding.line) == (rule, 4)


def test_a_workflow_without_states_is_refused() -> None:
    assert rules(definition({"states": []}).findings) == ["missing-field"]
    assert "needs 'states'" in str(definition({"states": None}).findings[0])


def test_a_workflow_without_an_id_is_refused_and_told_why() -> None:
    text = "version: '1'\nstates: [{name: A, type: inject, data: {}, end: true}]\n"
    (finding,) = workflow({"g.sw.yaml": text}).definition.findings
    assert finding.message == "the workflow has no 'id'; add one: it names every object"
    assert finding.blocking


@pytest.mark.parametrize("fields", [{"id": ""}, {"id": "", "key": ""}, {"id": None}])
def test_an_empty_id_is_none(fields: dict[str, Any]) -> None:
    (finding,) = definition(fields).findings
    assert (finding.rule, finding.blocking) == ("missing-field", True)


@pytest.mark.parametrize("value", [5, "workflow-uri-definitions", {"extensionid": "workflow-uri-definitions"}])
def test_extensions_are_a_list(value: Any) -> None:
    (finding,) = definition({"extensions": value}).findings
    assert (finding.rule, finding.blocking) == ("wrong-type", True)
    assert "'extensions' must be a list, not " in finding.message


@pytest.mark.parametrize(("text", "kind"), [("[]", "a list"), ("x", "a string"), ("~", "nothing"), ("7", "a number")])
def test_a_file_that_holds_no_map_is_no_definition(text: str, kind: str) -> None:
    with pytest.raises(FindingsError, match=f"expected a workflow .*, found {kind}"):
        workflow({"g.sw.yaml": text})


def test_a_name_of_surrogate_pairs_in_json_is_the_name_that_references_give() -> None:
    text = json.dumps({**MINIMAL, "start": "😀", "states": [{**MINIMAL["states"][0], "name": "😀"}]})
    assert "\\ud83d" in text
    assert workflow({"g.sw.json": text}).definition.declared("state") == ("😀",)


def test_all_files_that_cannot_be_read_are_named_at_once(tmp_path: Path) -> None:
    files = {
        "greeting.sw.yaml": b"[",
        "application.properties": b"a=\\u1",
        "secret.properties": b"\xff",
        "specs/a.yaml": b"\xff",
        "subflows/b.sw.yaml": b"",
    }
    with pytest.raises(FindingsError) as caught:
        read_workflow(read(write(tmp_path / "greeting", files)))
    assert {finding.path.removeprefix("workflows/greeting/") for finding in caught.value.findings} == set(files)


def test_a_definition_of_more_values_than_anybody_writes_is_refused() -> None:
    (finding,) = findings_of(lambda: defined({"metadata": {f"k{n}": n for n in range(20_000)}}))
    assert (finding.rule, finding.message[:34]) == ("size", "more than 30,000 keys and values; ")


def test_a_definition_of_more_expressions_than_anybody_writes_is_refused() -> None:
    def operations(size: int) -> dict[str, Any]:
        return {"functions": [{"name": "f", "type": "expression", "operation": ".a + " * size + "1"}]}

    assert defined(operations(30_000)).definition.held
    (finding,) = findings_of(lambda: defined(operations(40_001)))
    assert (finding.rule, finding.blocking) == ("size", True)
    assert finding.message == "has 200,006 characters of expressions; at most 200,000 are read; shorten them"


@pytest.mark.parametrize(
    "fields",
    [
        {"stateDataFilter": {"input": ""}},
        {"stateDataFilter": {"output": " "}},
        {"type": "operation", "actions": [{"functionRef": "f", "actionDataFilter": {"results": ""}}]},
        {"type": "operation", "actions": [{"subFlowRef": ""}]},
        {"type": "callback", "action": {"functionRef": "f"}, "eventRef": "e", "timeouts": {"eventTimeout": ""}},
    ],
)
def test_an_empty_text_that_the_engine_refuses_is_an_error(fields: dict[str, Any]) -> None:
    state = {"name": "B", "type": "inject", "end": True, **({} if "type" in fields else {"data": {}}), **fields}
    declared = {
        "functions": [{"name": "f", "type": "expression", "operation": "."}],
        "events": [{"name": "e", "type": "t"}],
    }
    (finding,) = definition({**declared, "states": [state]}).findings
    assert (finding.rule, finding.severity) == ("empty-value", Severity.ERROR)
    assert finding.message.endswith("is empty; write a value, or remove the field")


IN_A_STATE = (
    "id: g\nversion: '1'\nstates:\n"
    "  - {name: A, type: foreach, inputCollection: .a, iterationParam: i, actions: [], %s}\n"
)
#: What is written in a state, its field, what the engine makes of it (...: its build ends), and what `--fix` writes.
CONVERTED: list[tuple[str, str, Any, str | None]] = [
    *(
        (f"usedForCompensation: {text}, end: true", "usedForCompensation", True, "true")
        for text in ('"true"', "'True'", '" TRUE "', "1")
    ),
    *(
        (f"usedForCompensation: {text}, end: true", "usedForCompensation", None, "false")
        for text in ('"false"', "'FALSE'", "0")
    ),
    *(
        (f"usedForCompensation: {text}, end: true", "usedForCompensation", ..., None)
        for text in ('"yes"', '"1"', "y", "1.5", "[]")
    ),
    ("end: {terminate: 'true'}", "end", {"terminate": True}, "true"),
    ("end: {terminate: 'false'}", "end", {}, "false"),
    ("end: {terminate: 'True'}", "end", {}, "false"),
    ("end: {terminate: 2}", "end", {"terminate": True}, "true"),
    *((f"end: {text}", "end", {"terminate": True}, "true") for text in ('"true"', '"false"', "0", "y")),
    ("transition: {nextState: A, compensate: 'true'}", "transition", {"nextState": "A", "compensate": True}, "true"),
    ("end: true, batchSize: '5'", "batchSize", 5, "5"),
    ("end: true, batchSize: 1.9", "batchSize", 1, "1"),
    ("end: true, batchSize: x", "batchSize", ..., None),
    ("end: true, batchSize: 3000000000", "batchSize", ..., None),
    ("end: true, outputCollection: 0150", "outputCollection", "104", '"104"'),
    ("end: true, outputCollection: 1.10", "outputCollection", "1.1", '"1.1"'),
    ("end: true, outputCollection: 1e10", "outputCollection", "1.0E10", '"1.0E10"'),
    ("end: true, outputCollection: NO", "outputCollection", "false", '"false"'),
]


@pytest.mark.parametrize(("text", "key", "value", "right"), CONVERTED)
def test_a_scalar_of_another_type_is_what_the_engine_makes_of_it(
    text: str, key: str, value: Any, right: str | None
) -> None:
    found = workflow({"g.sw.yaml": IN_A_STATE % text}).definition
    (finding,) = found.findings
    assert finding.rule == "wrong-type"
    if value is ...:
        assert (finding.severity, finding.blocking, finding.edit) == (Severity.ERROR, True, None)
        return
    assert found.flow["states"][0].get(key) == value
    assert finding.severity is Severity.WARNING
    assert finding.edit
    assert finding.edit.new == right


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "keepActive: 'true'",
            "expected true or false, found a string; write true, which is what the engine makes of it",
        ),
        (
            "errors: [{name: e, code: 0404}]",
            'expected a string, found a number; the engine reads 0404 as "260": write that, or in quotes what is meant',
        ),
        ("version: 0150", 'expected a string, found a number; write it in quotes: "0150"'),
        ("description: NO", 'expected a string, found a boolean; write it in quotes: "NO"'),
    ],
)
def test_a_scalar_of_another_type_is_reported_with_what_to_write(text: str, message: str) -> None:
    found = workflow(
        {"g.sw.yaml": f"id: g\n{text}\nstates: [{{name: A, type: inject, data: {{}}, end: true}}]\n"}
    ).definition
    assert [finding.message for finding in found.findings] == [message]


def test_an_empty_value_is_false_to_the_engine_where_a_missing_one_is_true() -> None:
    found = definition({"events": [{"name": "e", "type": "t", "dataOnly": None}]})
    assert rules(found.findings) == ["wrong-type"]
    assert found.flow["events"][0].get("dataOnly") is False
    assert definition({"events": [{"name": "e", "type": "t"}]}).flow["events"][0]["dataOnly"] is True


def test_a_name_without_quotes_is_the_one_that_the_engine_reads_in_declaration_and_reference() -> None:
    text = "id: g\nversion: '1'\nstart: 0150\nstates: [{name: '104', type: inject, data: {}, end: true}]\n"
    found = workflow({"g.sw.yaml": text}).definition
    assert [one.name for one in found.references] == ["104"]
    assert found.declared("state") == ("104",)


def test_an_alias_is_the_text_that_the_engine_reads() -> None:
    state = "{name: A, type: inject, data: {a: &b {c: 1}, d: *b, <<: *b}, end: true}"
    text = f"id: g\nversion: '1'\nstart: A\nstates: [{state}]\n"
    found = workflow({"greeting.sw.yaml": text}).definition
    assert found.flow["states"][0]["data"] == {"a": {"c": 1}, "d": "b", "<<": "b"}
    assert [(one.rule, one.severity, one.line) for one in found.findings] == [("yaml-alias", Severity.WARNING, 4)] * 2
    assert found.findings[0].message == "the engine reads *b as the text 'b'; write out what &b holds"


@pytest.mark.parametrize(
    "fields",
    [
        {"annotations": None},
        {"events": [{"name": "e", "type": ""}]},
        {"functions": [{"name": "f", "type": "expression", "operation": ""}]},
        {"timeouts": {"workflowExecTimeout": {"duration": ""}}},
        {"states": [{**END, "onErrors": None}]},
        {"states": [{"name": "B", "type": "parallel", "branches": [], "numCompleted": None, "end": True}]},
        {"states": [{**END, "end": None, "transition": {"nextState": "B", "produceEvents": None}}]},
    ],
)
def test_an_empty_value_that_the_engine_refuses_is_an_error(fields: dict[str, Any]) -> None:
    (finding,) = [one for one in definition(fields).findings if one.rule == "empty-value"]
    assert finding.severity is Severity.ERROR


@pytest.mark.parametrize("data", [{"a": ".b"}, [".b"]])
def test_the_data_of_an_event_is_a_text(data: Any) -> None:
    fields = {"eventRef": {"triggerEventRef": "e", "data": data}}
    state = {
        "name": "B",
        "type": "operation",
        "actions": [fields],
        "end": {"produceEvents": [{"eventRef": "e", "data": data}]},
    }
    found = definition({"events": [{"name": "e", "type": "t"}], "states": [state]}).findings
    assert [(one.rule, one.severity) for one in found] == [("wrong-type", Severity.ERROR)] * 2
    assert "the engine reads the data of an event from a string, not a " in found[0].message
