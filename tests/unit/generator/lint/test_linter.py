"""Each rule of lint with what it finds and what it leaves alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from generator.contracts.calls import calls
from generator.findings.finding import Finding, Severity, blocking, errors
from generator.lint.fixes import fix
from generator.lint.linter import lint, lint_together
from generator.lint.rule import Repository
from generator.lint.rules.kubernetes import MAX_CONFIG_MAP_BYTES
from generator.workflow.workflow import read_workflow
from tests.conftest import ROOT
from tests.unit.conftest import MINIMAL, Files, defined, found_in, linted, read, rules, shown, workflow, write

HERE = "workflows/greeting/greeting.sw.yaml"


def found(text: str, files: Files | None = None) -> list[str]:
    """What lint says of a definition in YAML."""
    return shown(found_in(workflow({"greeting.sw.yaml": text, **(files or {})})))


def test_the_smallest_workflow_has_no_finding() -> None:
    assert linted({}) == []


@pytest.mark.parametrize("name", ["greeting", "escalation"])
def test_our_own_workflows_have_no_finding(name: str) -> None:
    assert found_in(read_workflow(read(ROOT / "workflows" / name))) == ()


def test_an_unknown_state_is_found_in_the_words_of_the_issue(tmp_path: Path) -> None:
    text = (ROOT / "workflows" / "greeting" / "greeting.sw.yaml").read_text()
    line = text.splitlines().index("      transition: GreetInEnglish") + 1
    wrong = text.replace("      transition: GreetInEnglish\n", "      transition: GreetInEnglsh\n")
    folder = write(tmp_path / "workflows" / "greeting", {"greeting.sw.yaml": wrong})
    write(folder, {"schemas/greeting-input-schema.json": "{}", "schemas/workflow-output-schema.json": "{}"})
    assert shown(found_in(read_workflow(read(folder)))) == [
        (
            f"workflows/greeting/greeting.sw.yaml:{line}:19: error: transition to the unknown state 'GreetInEnglsh'; "
            "did you mean 'GreetInEnglish'? [unknown-state]"
        )
    ]


DECLARED = {
    "functions": [{"name": "sayHello", "operation": "x", "type": "custom"}],
    "events": [{"name": "hello", "type": "t"}],
    "errors": [{"name": "NotFound", "code": "404"}],
    "retries": [{"name": "thrice", "maxAttempts": 3}],
    "auth": [{"name": "login", "properties": {"username": "u"}}],
}


def with_state(**fields: Any) -> dict[str, Any]:
    """Fields of a workflow that declares one of everything, with a state that has these fields."""
    base = {"name": "A", "type": "operation", "actions": [{"name": "x"}], "end": True}
    return {**DECLARED, "states": [{**base, **fields}]}


REFERENCES: list[tuple[dict[str, Any], str, str, str]] = [
    ({"transition": "?"}, "transition to", "state", "A"),
    ({"compensatedBy": "?"}, "compensated by", "state", "A"),
    ({"onErrors": [{"errorRef": "NotFound", "transition": "?"}]}, "transition to", "state", "A"),
    ({"onErrors": [{"errorRef": "?", "end": True}]}, "handles", "error", "NotFound"),
    ({"onErrors": [{"errorRefs": ["NotFound", "?"], "end": True}]}, "handles", "error", "NotFound"),
    ({"actions": [{"functionRef": "?"}]}, "calls", "function", "sayHello"),
    ({"actions": [{"functionRef": {"refName": "?"}}]}, "calls", "function", "sayHello"),
    ({"actions": [{"eventRef": "?"}]}, "triggers", "event", "hello"),
    ({"actions": [{"retryRef": "?"}]}, "refers to", "retry", "thrice"),
    ({"actions": [{"retryableErrors": ["?"]}]}, "refers to", "error", "NotFound"),
    ({"actions": [{"nonRetryableErrors": ["?"]}]}, "refers to", "error", "NotFound"),
    ({"end": {"produceEvents": [{"eventRef": "?"}]}}, "produces", "event", "hello"),
    ({"transition": {"nextState": "A", "produceEvents": [{"eventRef": "?"}]}}, "produces", "event", "hello"),
    (
        {"type": "event", "actions": None, "onEvents": [{"eventRefs": ["?"], "actions": []}]},
        "waits for",
        "event",
        "hello",
    ),
    ({"type": "switch", "actions": None, "defaultCondition": "?"}, "transition to", "state", "A"),
    (
        {
            "type": "switch",
            "actions": None,
            "defaultCondition": "A",
            "dataConditions": [{"condition": "x", "transition": "?"}],
        },
        "transition to",
        "state",
        "A",
    ),
    (
        {
            "type": "switch",
            "actions": None,
            "defaultCondition": "A",
            "eventConditions": [{"eventRef": "?", "end": True}],
        },
        "waits for",
        "event",
        "hello",
    ),
    ({"type": "callback", "actions": None, "action": {"name": "x"}, "eventRef": "?"}, "waits for", "event", "hello"),
    (
        {"type": "parallel", "actions": None, "branches": [{"name": "b", "actions": [{"functionRef": "?"}]}]},
        "calls",
        "function",
        "sayHello",
    ),
    ({"type": "foreach", "inputCollection": "x", "actions": [{"functionRef": "?"}]}, "calls", "function", "sayHello"),
]


def filled(value: Any, name: str) -> Any:
    """The value with `name` in place of each question mark."""
    match value:
        case dict():
            return {key: filled(child, name) for key, child in value.items() if child is not None}
        case list():
            return [filled(child, name) for child in value]
        case _:
            return name if value == "?" else value


@pytest.mark.parametrize(("fields", "phrase", "target", "right"), REFERENCES)
def test_a_reference_to_what_is_not_declared_is_found_with_the_nearest_name(
    fields: dict[str, Any], phrase: str, target: str, right: str
) -> None:
    base = with_state(**fields)
    base["states"] = [{key: value for key, value in base["states"][0].items() if value is not None}]
    assert linted(filled(base, right)) == []
    wrong = right + "q"
    (line,) = linted(filled(base, wrong))
    assert f" error: {phrase} the unknown {target} '{wrong}'; did you mean '{right}'? [unknown-{target}]" in line


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"start": "B"}, "start at the unknown state 'B'"),
        ({"start": {"stateName": "Aa"}}, "start at the unknown state 'Aa'; did you mean 'A'?"),
        (
            {"timeouts": {"workflowExecTimeout": {"runBefore": "Aa"}}},
            "runs, before it ends, the unknown state 'Aa'; did you mean 'A'?",
        ),
        (
            {
                "functions": [{"name": "f", "operation": "o", "type": "custom", "authRef": "lgin"}],
                "auth": DECLARED["auth"],
            },
            "authenticates with the unknown auth 'lgin'; did you mean 'login'?",
        ),
    ],
)
def test_a_reference_outside_the_states_is_checked_too(fields: dict[str, Any], message: str) -> None:
    (line,) = linted(fields)
    assert message in line


@pytest.mark.parametrize(
    ("fields", "section"),
    [
        ({"actions": [{"functionRef": "f"}]}, "functions"),
        ({"actions": [{"eventRef": {"triggerEventRef": "e"}}]}, "events"),
        ({"actions": [{"retryRef": "r"}]}, "retries"),
        ({"onErrors": [{"errorRef": "E", "end": True}]}, "errors"),
    ],
)
def test_where_no_name_is_near_the_section_to_declare_it_in_is_named(fields: dict[str, Any], section: str) -> None:
    state = {"name": "A", "type": "operation", "actions": [{"name": "x"}], "end": True, **fields}
    (line,) = linted({"states": [state]})
    assert f"; declare it under '{section}' [" in line


def test_an_unknown_reference_stops_a_build_but_no_object() -> None:
    findings = found_in(defined({"start": "B"}))
    assert errors(findings) == findings
    assert blocking(findings) == ()


def test_a_reference_in_a_subflow_is_found_in_the_subflow() -> None:
    subflow = "id: s\nversion: '1'\nstates:\n- name: A\n  type: inject\n  data: {}\n  transition: AA\n"
    (line,) = linted({}, {"subflows/s.sw.yaml": subflow})
    assert line.startswith("workflows/greeting/subflows/s.sw.yaml:7:15: error: transition to the unknown state 'AA'")


def test_a_subflow_does_not_see_what_the_workflow_declares() -> None:
    subflow = (
        "id: s\nversion: '1'\nstates: [{name: A, type: operation, actions: [{functionRef: sayHello}], end: true}]\n"
    )
    (line,) = linted(DECLARED, {"subflows/s.sw.yaml": subflow})
    assert "[unknown-function]" in line


TWICE = [
    ("functions", [{"name": "x", "operation": "o", "type": "custom"}] * 2, "function", "functions"),
    ("events", [{"name": "x", "type": "t"}] * 2, "event", "events"),
    ("errors", [{"name": "x"}] * 2, "error", "errors"),
    ("retries", [{"name": "x", "maxAttempts": 1}] * 2, "retry", "retries"),
    ("auth", [{"name": "x", "properties": {"username": "u"}}] * 2, "auth", "authentications"),
]


@pytest.mark.parametrize(("section", "content", "target", "plural"), TWICE)
def test_two_of_one_name_are_found_where_the_second_stands(
    section: str, content: list[Any], target: str, plural: str
) -> None:
    assert linted({section: content[:1]}) == []
    findings = found_in(defined({section: content}))
    (finding,) = findings
    first = defined({section: content}).definition.declarations[0].at.line
    assert finding.rule == f"duplicate-{target}"
    assert finding.message == f"two {plural} are named 'x' (the first on line {first}); rename one"
    assert (finding.line or 0) > first


def test_two_states_of_one_name_are_found() -> None:
    text = "id: g\nversion: '1'\nstates:\n- {name: A, type: inject, data: {}, end: true}\n"
    assert found(text) == []
    assert found(text + "- {name: A, type: inject, data: {}, end: true}\n") == [
        f"{HERE}:5:10: error: two states are named 'A' (the first on line 4); rename one [duplicate-state]"
    ]


def test_a_function_and_an_event_may_have_one_name() -> None:
    fields = {"functions": [{"name": "x", "operation": "o", "type": "custom"}], "events": [{"name": "x", "type": "t"}]}
    assert linted(fields) == []


def function(operation: str, kind: str = "rest") -> dict[str, Any]:
    return {"functions": [{"name": "f", "operation": operation, "type": kind}]}


SPEC = "{openapi: 3.0.3, servers: [{url: 'https://a.example.com'}], paths: {/a: {get: {operationId: op}}}}"


@pytest.mark.parametrize(
    "fields",
    [
        function("specs/a.yaml#op"),
        function("./specs/a.yaml#op"),
        function("file://specs/a.yaml#op"),
        function("classpath:/specs/a.yaml#op"),
        function("../shared/r.yaml#op"),
        function("https://example.org/a.yaml#op"),
        function("specs/a.yaml#op", "asyncapi"),
        function("none#x", "expression"),
        function("none#x", "custom"),
        function("POST:/x", "custom"),
        {"dataInputSchema": "specs/a.yaml"},
        {"dataInputSchema": "specs/a.yaml#/definitions/x"},
        {"dataInputSchema": {"schema": {"type": "object"}}},
        {"dataInputSchema": "https://example.org/schema.json"},
        {"extensions": [{"extensionid": "workflow-output-schema", "outputSchema": "specs/a.yaml"}]},
        {
            **function("remote#op"),
            "extensions": [{"extensionid": "workflow-uri-definitions", "definitions": {"remote": "https://x"}}],
        },
    ],
)
def test_a_file_that_is_there_is_no_finding(fields: dict[str, Any]) -> None:
    found = linted(fields, {"specs/a.yaml": SPEC}, {"r.yaml": SPEC})
    assert [line for line in found if ": note: " not in line] == []


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (function("specs/aa.yaml#op"), "there is no file 'specs/aa.yaml'; did you mean 'specs/a.yaml'? [missing-file]"),
        (function("zzz#op"), "there is no file 'zzz'; add it to the folder [missing-file]"),
        (function("q/q#op", "rpc"), "there is no file 'q/q'; add it to the folder [missing-file]"),
        (
            function("../other/a.yaml#op"),
            "'../other/a.yaml' is outside the folder; copy it in, or into workflows/shared [file-outside]",
        ),
        ({"dataInputSchema": "specs/aa.yaml"}, "there is no file 'specs/aa.yaml'; did you mean 'specs/a.yaml'?"),
        ({"dataInputSchema": {"schema": "zzz#/x"}}, "there is no file 'zzz'"),
        (
            {"extensions": [{"extensionid": "workflow-output-schema", "outputSchema": "zzz.json"}]},
            "there is no file 'zzz.json'",
        ),
    ],
)
def test_a_file_that_is_not_there_is_found(fields: dict[str, Any], message: str) -> None:
    (line,) = linted(fields, {"specs/a.yaml": "{}"})
    assert message in line


def test_a_file_that_is_not_there_is_found_where_it_is_named() -> None:
    text = "id: g\nversion: '1'\nfunctions:\n- name: f\n  operation: zzz.yaml#op\nstates: []\n"
    assert f"{HERE}:5:14: error: there is no file 'zzz.yaml'" in "\n".join(found(text))


def test_a_subflow_names_files_beside_it() -> None:
    subflow = {**MINIMAL, "id": "s", **function("specs/deep.yaml#op"), "dataInputSchema": "schemas/none.json"}
    (line,) = linted({}, {"subflows/s.sw.json": json.dumps(subflow), "subflows/specs/deep.yaml": SPEC})
    assert "there is no file 'schemas/none.json'" in line


@pytest.mark.parametrize("id_", ["greeting", "Greeting", "a-b", "a" * 63, "a1", "ticketEscalation"])
def test_an_id_that_kubernetes_takes_is_no_finding(id_: str) -> None:
    assert linted({"id": id_}) == []
    assert defined({"id": id_}).object_name == id_.lower()


@pytest.mark.parametrize("id_", ["a/b", "a b", "größe", "-a", "a-", "a_b", "a..b", "../x", "a\n", "$(x)", "{{ x }}"])
def test_an_id_that_is_no_kubernetes_name_is_found(id_: str) -> None:
    (finding,) = found_in(defined({"id": id_}))
    assert finding.rule == "invalid-name"
    assert finding.message.startswith(f"the id '{id_}' is not a Kubernetes name")
    assert finding.blocking


@pytest.mark.parametrize("length", [64, 300])
def test_an_id_that_is_too_long_is_found_with_its_length(length: int) -> None:
    (finding,) = found_in(defined({"id": "a" * length}))
    assert finding.message == f"the id is {length} characters long; Kubernetes allows at most 63 in a label"
    assert finding.blocking


@pytest.mark.parametrize("id_", ["1a", "a.b"])
def test_an_id_that_makes_no_service_is_a_warning(id_: str) -> None:
    (finding,) = found_in(defined({"id": id_}))
    assert (finding.rule, finding.severity, finding.blocking) == ("invalid-service-name", Severity.WARNING, False)


def test_an_invalid_id_is_found_where_it_is_written() -> None:
    text = "version: '1'\nid: a b\nstates: [{name: A, type: inject, data: {}, end: true}]\n"
    assert found(text)[0].startswith(f"{HERE}:2:5: error: the id 'a b'")


@pytest.mark.parametrize("path", ["specs/a.yaml", "specs/v1.0/a.yaml", "schemas/a-b/A_b.JSON", "specs/.keep"])
def test_a_file_whose_name_kubernetes_takes_is_no_finding(path: str) -> None:
    assert linted({}, {path: "{}"}) == []


@pytest.mark.parametrize(
    ("path", "where", "message"),
    [
        ("specs/a b.yaml", "specs/a b.yaml", "not a ConfigMap key"),
        ("specs/größe.yaml", "specs/größe.yaml", "not a ConfigMap key"),
        ("specs/" + "a" * 254, "specs/" + "a" * 254, "not a ConfigMap key"),
        ("specs/V1/a.yaml", "specs/V1", "makes the ConfigMap name '01-greeting-resources-specs-V1'"),
        ("specs/a_b/a.yaml", "specs/a_b", "which Kubernetes refuses"),
        ("specs/" + "a" * 250 + "/a.yaml", "specs/" + "a" * 250, "makes a ConfigMap name of 278 characters"),
    ],
)
def test_a_file_whose_name_kubernetes_refuses_is_found(path: str, where: str, message: str) -> None:
    (finding,) = found_in(defined({}, {path: "{}"}))
    assert (finding.path, finding.rule, finding.blocking) == (f"workflows/greeting/{where}", "invalid-name", True)
    assert message in finding.message


@pytest.mark.parametrize("text", ["A=1\nB=2", "my.key=1", "a-b=1", "%prod.TOKEN=1", "%dev.TOKEN=1\nTOKEN=2"])
def test_keys_that_a_secret_takes_are_no_finding(text: str) -> None:
    assert linted({}, {"secret.properties": text}) == []


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("A=1\na\\ b=2", 2, "'a b' is not a Secret key; use letters, digits, '-', '_' and '.'"),
        ("größe=1", 1, "'größe' is not a Secret key"),
        ("a/b=1", 1, "'a/b' is not a Secret key"),
    ],
)
def test_a_key_that_a_secret_refuses_is_found(text: str, line: int, message: str) -> None:
    (finding,) = found_in(defined({}, {"secret.properties": text}))
    assert finding.message.startswith(message)
    assert (finding.path, finding.line, finding.rule) == ("workflows/greeting/secret.properties", line, "invalid-name")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a=${TICKETS_TOKEN}", "1:3"),
        ("b=1\na=x ${PASSWORD:}", "2:5"),
        ("a=${CLIENT_SECRET}", "1:3"),
        ("a=${OPENAI_API_KEY}", "1:3"),
        ("a=${MYAPI_KEY}", "1:3"),
        ("a=${SSH_PRIVATE_KEY:none}", "1:3"),
        ("a=${tickets.token}", "1:3"),
        ("a=${ghToken}", "1:3"),
    ],
)
def test_a_variable_that_holds_a_credential_belongs_into_the_secret(text: str, place: str) -> None:
    (line,) = linted({}, {"application.properties": text}, about="plain-secret")
    assert line.startswith(f"workflows/greeting/application.properties:{place}: warning: the variable ")


@pytest.mark.parametrize(
    "text",
    ["a=${TOKEN_URL}", "a=${TOKENS}", "a=${PASSWORD_FILE}", "a=${API_KEY_NAME}", "a=${SECRETARY}", "%dev.a=${TOKEN}"],
)
def test_a_variable_with_another_name_is_no_credential(text: str) -> None:
    assert linted({}, {"application.properties": text}, about="plain-secret") == []


@pytest.mark.parametrize("key", ["TICKETS_TOKEN", "tickets.token", "tickets-token"])
def test_a_variable_that_the_secret_has_is_no_finding(key: str) -> None:
    files = {"application.properties": "a=${TICKETS_TOKEN}", "secret.properties": f"{key}=\n"}
    assert linted({}, files, about="plain-secret") == []


def test_a_credential_that_a_definition_alone_reads_is_found_there() -> None:
    state = {"name": "A", "type": "inject", "data": {}, "stateDataFilter": {"output": '{a: "\\($SECRET.my.token)"}'}}
    (line,) = linted({"states": [{**state, "end": True}]}, about="plain-secret")
    assert line.startswith("workflows/greeting/greeting.sw.json:")
    assert (
        ": warning: the variable MY_TOKEN becomes the plain value 'env.MY_TOKEN' of the chart; put MY_TOKEN= " in line
    )
    auth = [{"name": "l", "scheme": "bearer", "properties": {"token": "$SECRET.token"}}]
    (line,) = linted({"auth": auth}, about="plain-secret")
    assert line.startswith("workflows/greeting/greeting.sw.json:22:18: ")


RAW = "https://raw.githubusercontent.com/a/b/main/workflows/"
DESK = json.dumps({"openapi": "3.0.3", "paths": {"/g": {"post": {"operationId": "greet"}}}})


def _calling(uri: str, alias: str = "") -> dict[str, Any]:
    named = [{"extensionid": "workflow-uri-definitions", "definitions": {alias: uri}}] if alias else []
    action = {"functionRef": "greet"}
    return {
        "extensions": named,
        "functions": [{"name": "greet", "operation": f"{alias or uri}#greet"}],
        "states": [{"name": "A", "type": "operation", "actions": [action], "end": True}],
    }


@pytest.mark.parametrize(
    ("fields", "old", "new"),
    [
        (_calling(f"{RAW}shared/specs/desk.json"), f"{RAW}shared/specs/desk.json", "shared/specs/desk.json"),
        (_calling(f"{RAW}shared/specs/desk.json", "desk"), f"{RAW}shared/specs/desk.json", "shared/specs/desk.json"),
        (
            _calling("http://example.com/specs/desk.json"),
            "http://example.com/specs/desk.json",
            "shared/specs/desk.json",
        ),
        ({"dataInputSchema": f"{RAW}shared/in.json"}, f"{RAW}shared/in.json", "shared/in.json"),
        ({"events": f"{RAW}shared/events.json"}, f"{RAW}shared/events.json", "shared/events.json"),
    ],
)
def test_a_url_of_a_file_that_shared_has_is_named_and_fixed(fields: dict[str, Any], old: str, new: str) -> None:
    shared = {"specs/desk.json": DESK, "in.json": '{"type": "object"}', "events.json": "[]"}
    found = defined(fields, shared=shared)
    (finding,) = [f for f in lint(found) if f.rule in ("remote-copy", "missing-file")]
    assert finding.message.startswith(f"'{old}' is ")
    assert f"write '{new}'" in finding.message
    done = fix(found)
    assert [(edit.old, edit.new) for edit in done.edits] == [(old, new)]
    assert not [f for f in lint(done.workflow) if f.rule in ("remote-copy", "missing-file")]
    assert [call.shown for call in calls(done.workflow)] == (
        ["workflows/shared/specs/desk.json"] if "desk" in old else []
    )


def test_a_url_in_a_schema_of_a_file_that_shared_has_is_fixed_as_the_schema_reads_it() -> None:
    part = {"properties": {"a": {"$ref": f"{RAW}shared/schemas/part.json"}}}
    shared = {"schemas/part.json": '{"type": "string"}'}
    found = defined({"dataInputSchema": "schemas/in.json"}, {"schemas/in.json": json.dumps(part)}, shared)
    assert [f.message for f in lint(found) if f.rule in ("remote-copy", "schema-ref")] == [
        (
            f"'{RAW}shared/schemas/part.json' is fetched while the image is built, but workflows/shared has it; "
            "write '../shared/schemas/part.json'"
        )
    ]
    done = fix(found)
    assert [edit.new for edit in done.edits] == ["../shared/schemas/part.json"]
    assert not [f for f in lint(done.workflow) if f.rule in ("remote-copy", "schema-ref", "missing-file")]


@pytest.mark.parametrize("uri", ["https://example.com/specs/other.json", "https://example.com/desk.json"])
def test_a_url_of_a_file_that_shared_does_not_have_stays(uri: str) -> None:
    shared = {"specs/desk.json": DESK, "desk.json": DESK}
    found = defined(_calling(uri), shared=shared)
    assert "remote-copy" not in {f.rule for f in lint(found)}
    assert fix(found).edits == ()


@pytest.mark.parametrize(
    ("fields", "files", "place"),
    [
        ({"dataInputSchema": "in.json"}, {"in.json": "{}"}, "greeting.sw.json:"),
        ({"dataInputSchema": "forms/in.json"}, {"forms/in.json": "{}"}, "greeting.sw.json:"),
        ({"dataInputSchema": {"schema": "forms/in.json"}}, {"forms/in.json": "{}"}, "greeting.sw.json:"),
        (
            {"extensions": [{"extensionid": "workflow-output-schema", "outputSchema": "out.json"}]},
            {"out.json": "{}"},
            "greeting.sw.json:",
        ),
        (
            {"dataInputSchema": "schemas/in.json"},
            {"schemas/in.json": '{"properties": {"a": {"$ref": "../parts/a.json"}}}', "parts/a.json": "{}"},
            "schemas/in.json:1:31:",
        ),
    ],
)
def test_a_schema_that_no_config_map_holds_is_an_error(fields: dict[str, Any], files: Files, place: str) -> None:
    (line,) = linted(fields, files, about="unmounted-schema")
    assert line.startswith(f"workflows/greeting/{place}")
    assert ": error: " in line
    assert "move it to schemas/" in line


@pytest.mark.parametrize(
    ("path", "shared"),
    [("schemas/in.json", {}), ("specs/in.json", {}), ("subflows/a/in.json", {}), ("shared/in.json", {"in.json": "{}"})],
)
def test_a_schema_that_is_mounted_or_in_every_image_is_no_finding(path: str, shared: Files) -> None:
    files = {} if shared else {path: "{}"}
    assert linted({"dataInputSchema": path}, files, shared, about="unmounted-schema") == []


def test_two_keys_that_become_one_variable_are_found() -> None:
    assert linted({}, {"secret.properties": "my.key=1\nMY_KEY=2\n"}) == [
        (
            "workflows/greeting/secret.properties:2:1: error: 'MY_KEY' and 'my.key' both become the variable MY_KEY; "
            "rename one [name-clash]"
        )
    ]


def test_a_config_map_of_one_mebibyte_is_no_finding_and_a_byte_more_is_one_with_its_size() -> None:
    room = MAX_CONFIG_MAP_BYTES - len("a.yaml")
    assert linted({}, {"specs/a.yaml": "a" * room}) == []
    assert linted({}, {"specs/a.yaml": "a" * (room + 1)}) == [
        (
            "workflows/greeting/specs: error: 1,048,577 bytes; a ConfigMap holds at most 1,048,576; "
            "cut the specs down with --minify-specs, or split the folder [config-map-size]"
        )
    ]


def test_the_size_of_a_config_map_counts_all_its_files_in_bytes() -> None:
    half = "ä" * (MAX_CONFIG_MAP_BYTES // 4)
    assert rules(found_in(defined({}, {"specs/a": half, "specs/b": half}))) == ["config-map-size"]
    assert linted({}, {"specs/a": half, "schemas/b": half}) == []


def test_constants_stop_manifests_and_charts_and_say_what_to_do_instead() -> None:
    text = "id: g\nversion: '1'\nconstants: {a: 1}\nstates: [{name: A, type: inject, data: {}, end: true}]\n"
    (finding,) = found_in(workflow({"greeting.sw.yaml": text}))
    assert (finding.rule, finding.line, finding.column, finding.blocking) == ("constants", 3, 12, True)
    assert "application.properties" in finding.message
    assert "inject state" in finding.message


def test_empty_constants_stop_nothing() -> None:
    assert linted({"constants": {}}) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [("jitter", 0), ("jitter", 0.0), ("multiplier", 1), ("jitter", None)],
)
def test_a_retry_number_that_changes_nothing_is_no_finding(field: str, value: object) -> None:
    assert linted({"retries": [{"name": "r", "maxAttempts": 3, field: value}]}) == []


@pytest.mark.parametrize(("field", "value"), [("jitter", 0.5), ("jitter", "PT1S"), ("multiplier", 2)])
def test_a_retry_number_that_no_crd_takes_is_a_warning(field: str, value: object) -> None:
    (finding,) = found_in(defined({"retries": [{"name": "r", "maxAttempts": 3, field: value}]}))
    assert (finding.rule, finding.severity) == (f"retry-{field}", Severity.WARNING)
    assert f"'{field}: {value}': it is left out" in finding.message
    assert finding.message.endswith("; leave it out: the engine repeats no action")


@pytest.mark.parametrize("path", ["specs/a.yaml", "greeting.sw.json", "application.properties"])
def test_a_byte_order_mark_is_a_warning(path: str) -> None:
    content = json.dumps(MINIMAL) if path.endswith("json") else "a: 1"
    assert found_in(workflow({path: content})) == ()
    (finding,) = found_in(workflow({path: b"\xef\xbb\xbf" + content.encode()}))
    assert (finding.rule, finding.severity) == ("byte-order-mark", Severity.WARNING)
    assert finding.path == f"workflows/greeting/{path}"


def test_what_the_source_and_the_definition_found_is_among_the_findings(tmp_path: Path) -> None:
    text = json.dumps({**MINIMAL, "zzz": 1})
    files = {"g.sw.json": text, "subflows/schemas/a.json": "{}", "subflows-schemas/b.json": "{}"}
    folder = write(tmp_path / "greeting", files)
    assert sorted(rules(found_in(read_workflow(read(folder))))) == ["name-clash", "unknown-field"]


def test_findings_come_in_the_order_of_the_file() -> None:
    text = "id: g\nversion: 1.0\nstart: B\nzzz: 1\nstates: [{name: A, type: inject, data: {}, end: true}]\n"
    assert [int(line.split(":")[1]) for line in found(text)] == [2, 3, 4]


def test_two_workflows_of_one_id_fall_on_the_same_objects() -> None:
    one = workflow({"one.sw.json": json.dumps({**MINIMAL, "id": "Hello"})}, name="one")
    two = workflow({"two.sw.json": json.dumps({**MINIMAL, "id": "hello"})}, name="two")
    other = workflow({"o.sw.json": json.dumps(MINIMAL)}, name="other")
    assert lint_together(Repository(workflows=[one, other])) == ()
    (finding,) = lint_together(Repository(workflows=[one, two, other]))
    assert str(finding) == (
        "workflows/two/two.sw.json:1:8: error: the id 'hello' is also that of workflows/one/one.sw.json; "
        "give each its own id [duplicate-id]"
    )


def test_a_finding_is_one_line_whatever_the_names_in_it_hold() -> None:
    findings: tuple[Finding, ...] = found_in(defined({"start": "two\nlines\x1b[31m", "zz\nz": 1}))
    assert len(findings) == 2
    assert all(str(finding).isprintable() for finding in findings)


def test_of_very_many_findings_of_one_rule_the_first_thousand_are_told_and_that_there_are_more() -> None:
    names = [f"function{n}" for n in range(1_200)]
    functions = [{"name": name, "type": "custom", "operation": "rest:post:/greet"} for name in names]
    found = linted({"functions": functions}, about="unused-function")
    assert len(found) == 1_001
    assert "more than 1,000 findings of this rule; fix these, then run lint again" in found[-1]


@pytest.mark.parametrize(("called", "expected"), [("child", 0), ("other", 1)])
def test_a_foreach_state_of_another_workflow_binds_its_item_for_the_workflow_that_it_calls(
    called: str, expected: int
) -> None:
    reads = {"type": "inject", "data": {"a": 1}, "stateDataFilter": {"output": "{n: $number}"}, "end": True}
    child = json.dumps({**MINIMAL, "id": "child", "states": [{"name": "A", **reads}]})
    calls = {"inputCollection": ".l", "iterationParam": "number", "actions": [{"subFlowRef": called}], "end": True}
    parent = json.dumps({**MINIMAL, "id": "parent", "states": [{"name": "A", "type": "foreach", **calls}]})
    alone = workflow({"child.sw.json": child}, name="child")
    caller = workflow({"parent.sw.json": parent, "subflows/child.sw.json": child}, name="parent")
    assert [finding.rule for finding in lint_together(Repository(workflows=[alone]))] == ["unknown-variable"]
    found = lint_together(Repository(workflows=[caller, alone]))
    assert [finding.path for finding in found] == ["workflows/child/child.sw.json"] * expected
