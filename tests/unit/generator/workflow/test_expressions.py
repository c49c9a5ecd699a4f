"""The expressions of a definition: where they are, what the engine makes of them, and what rules say of them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.findings.position import Position
from generator.lint.linter import lint, lint_together
from generator.lint.rule import Repository
from generator.workflow import expressions
from generator.workflow.dsl import Holds
from generator.workflow.expressions import Expression, bare
from generator.workflow.workflow import Workflow
from tests.unit.conftest import defined, linted, workflow

FUNCTIONS = [
    {"name": "post", "type": "custom", "operation": "rest:post:/greet"},
    {"name": "log", "type": "custom", "operation": "sysout"},
    {"name": "run", "type": "custom", "operation": "script:python"},
    {"name": "shape", "type": "expression", "operation": "{a: .b}"},
]


def calling(function: str, arguments: Any, **fields: Any) -> dict[str, Any]:
    """Fields of a definition whose one state calls a function."""
    action = {"functionRef": {"refName": function, "arguments": arguments}, **fields}
    states = [{"name": "A", "type": "operation", "actions": [action], "end": True}]
    return {"functions": [f for f in FUNCTIONS if f["name"] in (function, "shape")], "states": states}


def found(fields: dict[str, Any]) -> dict[str, Holds]:
    return {one.raw: one.holds for one in defined(fields).definition.expressions}


def rules_of(fields: dict[str, Any]) -> list[str]:
    """The rules of expressions that a definition breaks, with their severity."""
    ours = (
        "expression",
        "jq",
        "jq-function",
        "outputs",
        "text",
        "secret",
        "constant",
        "variable",
        "field",
        "data",
        "parameter",
    )
    read = defined(fields)
    findings = (*lint(read), *lint_together(Repository(workflows=[read])))
    return [f"{f.severity} {f.rule}" for f in findings if f.rule.endswith(ours) and f.rule != "unknown-field"]


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("${ .a }", ".a"),
        (" ${.a} \n", ".a"),
        ("{{ .a }}", ".a"),
        (".a", ".a"),
        ("${ .a", ".a"),
        ("${ {a: {b: 1}} }", "{a: {b: 1}}"),
        ("a ${ .b }", "a ${ .b }"),
    ],
)
def test_the_marks_come_off_as_the_engine_takes_them_off(raw: str, text: str) -> None:
    assert bare(raw) == text


def test_every_place_that_holds_an_expression_is_found() -> None:
    filters = {"fromStateData": ".f1", "results": ".f2", "toStateData": ".t1"}
    action = {
        "functionRef": {"refName": "post", "arguments": {"x": ".a1", "y": [{"z": "${ .a2 }"}], "n": 1}},
        "actionDataFilter": filters,
        "condition": ".c1",
        "sleep": {"before": "PT1S", "after": "${ .d1 }"},
    }
    event = {"eventRef": "e", "data": ".e1"}
    states = [
        {
            "name": "A",
            "type": "operation",
            "actions": [action],
            "transition": {"nextState": "B", "produceEvents": [event]},
        }
        | {"stateDataFilter": {"input": ".f3", "output": ".f4"}, "metadata": {"errorMessage": ".m1", "other": ".m2"}},
        {"name": "B", "type": "switch", "dataConditions": [{"condition": ".c2", "end": True}], "defaultCondition": "C"},
        {"name": "C", "type": "foreach", "inputCollection": ".i1", "outputCollection": ".t2", "iterationParam": "x"}
        | {"actions": [{"functionRef": "shape"}], "end": True},
    ]
    events = [{"name": "e", "type": "t", "source": "s", "kind": "produced"}]
    read = found({"functions": FUNCTIONS, "events": events, "states": states})
    assert read == {
        "{a: .b}": Holds.OPERATION,
        ".a1": Holds.ARGUMENTS,
        "${ .a2 }": Holds.ARGUMENTS,
        ".f1": Holds.FILTER,
        ".f2": Holds.FILTER,
        ".t1": Holds.TARGET,
        ".c1": Holds.CONDITION,
        "${ .d1 }": Holds.DURATION,
        ".e1": Holds.DATA,
        ".f3": Holds.FILTER,
        ".f4": Holds.FILTER,
        ".m1": Holds.METADATA,
        ".c2": Holds.CONDITION,
        ".i1": Holds.COLLECTION,
        ".t2": Holds.TARGET,
    }


def test_scripts_references_to_functions_and_other_languages_hold_no_jq() -> None:
    assert ".x y" not in found(calling("run", {"script": ".x y"}))
    assert "fn:shape" not in found(calling("post", {"x": "fn:shape"}))
    assert found({**calling("post", {"x": "$.a"}), "expressionLang": "jsonpath"}) == {}


@pytest.mark.parametrize("name", ["transition", "end", "condition", "data"])
def test_a_key_of_the_dsl_inside_arguments_is_data(name: str) -> None:
    assert linted(calling("post", {name: "B", "deep": {name: ".b"}})) == []


BROKEN = "${ .a b }"


@pytest.mark.parametrize(
    ("fields", "broken"),
    [
        (calling("post", {"x": BROKEN}), ["warning invalid-expression"]),
        (calling("post", {"x": ".a b"}), ["warning doubtful-text"]),
        (calling("post", {"x": '"a" + .b in c'}), ["warning doubtful-text"]),
        (calling("post", {"x": "$a b"}), ["warning doubtful-text"]),
        (calling("post", {"x": "(if .a then .b end)"}), ["warning doubtful-text"]),
        (calling("post", {"x": "Task"}), []),
        (calling("post", {"x": "utf-8"}), []),
        (calling("post", {"x": "./a path"}), []),
        (calling("post", {"x": "../a/b"}), []),
        (calling("post", {"x": "... and so on"}), []),
        (calling("post", {"x": "$5 a day"}), []),
        (calling("post", {"x": "(optional)"}), []),
        (calling("post", {"x": "[x] done"}), []),
        (calling("post", {"x": "Hello \\(.name)!"}), []),
        (calling("post", {"x": "Hello \\(.name | trim)!"}), ["warning unknown-jq-function"]),
        (calling("post", {"x": ".name | trim"}), ["warning unknown-jq-function"]),
        (calling("post", {"x": "${ .name | trim }"}), ["error unknown-jq-function"]),
        (calling("post", {"x": "${ .name | @base32 }"}), ["error unknown-jq-function"]),
        (calling("post", {"x": "${ .names[] }"}), ["warning several-outputs"]),
        (calling("log", {"message": "${ .names[] }"}), []),
        (calling("post", {"x": '${ "a" }"'}), ["warning unclosed-expression", "warning invalid-expression"]),
        (calling("post", {"x": "${ $user.name }"}), ["warning unknown-variable"]),
        (calling("post", {"x": "${ $ENV.HOME }"}), ["warning unknown-variable"]),
        (calling("post", {"x": "${ $CONST.a }"}), ["error unknown-constant"]),
        (calling("post", {"x": "${ $WORKFLOW.version }"}), ["warning unknown-workflow-field"]),
        (calling("post", {"x": "${ $WORKFLOW.instanceId }"}), []),
        (calling("post", {}, condition=".a b"), ["error invalid-expression"]),
        (calling("post", {}, actionDataFilter={"results": ".a b"}), ["error invalid-expression"]),
        (calling("post", {}, actionDataFilter={"toStateData": ".a b"}), ["error invalid-expression"]),
        (calling("post", {}, actionDataFilter={"results": "if .a then .b end"}), ["error invalid-expression"]),
        (calling("post", {}, actionDataFilter={"results": "{a: $SECRET.b}"}), ["warning bare-secret"]),
        (calling("post", {}, actionDataFilter={"results": "{a: $SECRET.b.c}"}), ["warning bare-secret"]),
        (calling("post", {"x": "${ {a: $SECRET.b} }"}), []),
        (calling("post", {}, actionDataFilter={"results": '.a | gsub("^"; "x")'}), ["warning different-jq"]),
    ],
)
def test_what_is_wrong_with_an_expression_depends_on_where_it_stands(fields: dict[str, Any], broken: list[str]) -> None:
    assert rules_of(fields) == broken


def event_data(data: Any) -> dict[str, Any]:
    events = [{"name": "e", "type": "t", "source": "s", "kind": "produced"}]
    action = {"eventRef": {"triggerEventRef": "e", "data": data}}
    return {"events": events, "states": [{"name": "A", "type": "operation", "actions": [action], "end": True}]}


@pytest.mark.parametrize(("data", "broken"), [('{"a": [1]}', []), (".a", []), ("{a b}", ["error invalid-expression"])])
def test_event_data_is_an_expression_or_json(data: str, broken: list[str]) -> None:
    assert rules_of(event_data(data)) == broken


def test_a_constant_that_is_declared_is_known() -> None:
    fields = {**calling("post", {"x": "${ $CONST.greeting }"}), "constants": {"greeting": "Hello"}}
    assert "error unknown-constant" not in rules_of(fields)


def test_a_finding_points_at_the_character_in_the_file() -> None:
    text = """id: greeting
version: "1.0"
specVersion: "0.8"
name: Greeting
functions:
  - name: shape
    type: expression
    operation: |
      {
        a: .b,
        c: .d && .e
      }
  - name: fold
    type: expression
    operation: >-
      {a: .b,
      c: 'x'}
  - name: quote
    type: expression
    operation: "{\\"a\\": .b, \\"c\\": .d e}"
  - name: single
    type: expression
    operation: '${ {a: ''x''} }'
states:
  - name: A
    type: operation
    actions: [{functionRef: shape}, {functionRef: fold}, {functionRef: quote}, {functionRef: single}]
    end: true
"""
    lines = text.splitlines()
    broken = [f for f in lint(workflow({"greeting.sw.yaml": text})) if f.rule == "invalid-expression"]
    seen = [lines[f.line - 1][f.column - 1 :] for f in broken if f.line and f.column]
    assert seen == ["&& .e", "'x'}", 'e}"', "''x''} }'"]


@given(
    st.text(alphabet=st.sampled_from("ab .|\n\"'\\é{}"), min_size=1, max_size=30),
    st.sampled_from(["json", "single", "block"]),
    st.data(),
)
def test_a_place_in_a_value_is_found_in_each_way_to_write_it(value: str, style: str, data: st.DataObject) -> None:
    import json  # noqa: PLC0415 - for this test alone

    value = value.strip() or "a"
    if style == "single":
        value = value.replace("\n", "|")
    written = {
        "json": json.dumps(value),
        "single": "'" + value.replace("'", "''") + "'",
        "block": "|\n" + "".join(f"      {line}\n" if line.strip() else "\n" for line in value.split("\n")),
    }[style]
    document = f"a: x\nb: {written}\n"
    offset = data.draw(st.sampled_from([i for i, c in enumerate(value) if c.strip()]))
    one = Expression(raw=value, holds=Holds.FILTER, at=Position(path="p", line=2, column=4), where=())
    place = expressions.position(one, offset - one.offset, document)
    assert place.line
    assert place.column
    there = document.split("\n")[place.line - 1][place.column - 1 :]
    escaped = {"é": "\\u00e9", '"': '\\"', "\\": "\\\\"}.get(value[offset], value[offset])
    assert there.startswith(escaped if style == "json" else value[offset])


def flow_of(schema: dict[str, Any] | None, *states: dict[str, Any]) -> Workflow:
    content = {"dataInputSchema": {"schema": schema}} if schema else {}
    return defined({**content, "functions": FUNCTIONS, "states": list(states)})


CLOSED = {"type": "object", "properties": {"name": {}, "place": {}}, "additionalProperties": False}
OPEN = {"type": "object", "properties": {"name": {}, "place": {}}}


def reading(text: str, **fields: Any) -> dict[str, Any]:
    return {
        "name": "A",
        "type": "inject",
        "data": {"greeting": 1},
        "stateDataFilter": {"output": text},
        "end": True,
    } | fields


def unwritten(of: Workflow) -> list[str]:
    return [f.message.partition("'")[2].partition("'")[0] for f in lint(of) if f.rule == "unwritten-data"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("{a: .name, b: .greeting, c: .nobody}", [".nobody"]),
        ('{a: "\\(.nam)"}', [".nam"]),
        ("{a: (.nobody // 1), b: .nobody?, c: (.nobody == null)}", []),
        ("{a: (if .nobody then 1 else .nobody2 end)}", []),
        ("{a: (.list | map(.x)), b: (.name | .y)}", [".list"]),
        ('{a: has("nobody"), b: [.name[].z]}', []),
    ],
)
def test_a_name_that_nobody_writes_is_told_where_the_input_is_closed(text: str, names: list[str]) -> None:
    assert unwritten(flow_of(CLOSED, reading(text))) == names


def test_where_the_input_may_bring_more_only_a_misspelt_name_is_told() -> None:
    assert unwritten(flow_of(OPEN, reading("{a: .nobody, b: .greting}"))) == [".greting"]


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "operation", "actions": [{"functionRef": "post"}]},
        {"type": "operation", "actions": [{"functionRef": "shape"}], "onErrors": [{"errorRef": "e", "end": True}]},
        {"type": "callback", "action": {"functionRef": "log"}, "eventRef": "e"},
    ],
)
def test_nothing_is_told_where_anything_can_be_written(fields: dict[str, Any]) -> None:
    first = {"name": "F", "transition": "A", **fields}
    assert unwritten(flow_of(CLOSED, first, reading("{a: .nobody}"))) == []


@pytest.mark.parametrize(
    "action",
    [
        {"functionRef": "post", "actionDataFilter": {"toStateData": ".nobody.at.all"}},
        {"functionRef": "post", "actionDataFilter": {"results": "{nobody: .x}"}},
        {"functionRef": "set"},
    ],
)
def test_what_an_action_writes_is_known(action: dict[str, Any]) -> None:
    functions = [*FUNCTIONS, {"name": "set", "type": "expression", "operation": ".nobody = 1"}]
    first = {"name": "F", "type": "operation", "actions": [action], "transition": "A"}
    read = defined(
        {"dataInputSchema": {"schema": CLOSED}, "functions": functions, "states": [first, reading("{a: .nobody}")]}
    )
    assert unwritten(read) == []


def test_a_foreach_state_s_element_is_a_variable() -> None:
    arguments = {"a": "${ .one }", "b": "${ $one }", "c": "${ .two }"}
    state = {"name": "A", "type": "foreach", "inputCollection": ".all", "iterationParam": "one", "end": True}
    action = {"functionRef": {"refName": "post", "arguments": arguments}}
    fields = {"functions": FUNCTIONS[:1], "states": [{**state, "actions": [action]}]}
    assert rules_of(fields) == ["warning element-not-in-data"]


def branches_of(*actions: list[dict[str, Any]], names: tuple[str | None, ...] = ("one", "two")) -> list[str]:
    functions = [
        {"name": "ask", "type": "custom", "operation": "rest:post:/ask"},
        {"name": "count", "type": "expression", "operation": "{count: 1}"},
        {"name": "report", "type": "expression", "operation": "{report: (.count // 0)}"},
        {"name": "renew", "type": "expression", "operation": ".count = 2"},
    ]
    listed = [{"name": n, "actions": a} if n else {"actions": a} for n, a in zip(names, actions, strict=False)]
    state = {"name": "A", "type": "parallel", "branches": listed, "end": True}
    found = lint(defined({"functions": functions, "states": [state]}))
    return [f"{f.severity}: {f.message}" for f in found if f.rule == "branch-order"]


COUNT, REPORT, RENEW = ({"functionRef": name} for name in ("count", "report", "renew"))
NOTE = "the engine runs them in any order; read it in a state after this one"


def asked(name: str, target: str) -> dict[str, Any]:
    function = {"refName": "ask", "arguments": {"name": f"${{ {name} }}"}}
    return {"functionRef": function, "actionDataFilter": {"toStateData": target}}


def test_a_branch_that_reads_what_another_writes_is_noted() -> None:
    told = f"note: branch 'two' reads '.count', which branch 'one' writes, and {NOTE}"
    assert branches_of([COUNT], [REPORT]) == [told]
    assert branches_of([COUNT], [{**COUNT, "condition": ".count > 0"}])[0] == told
    assert branches_of([COUNT], [REPORT], names=(None, None)) == [
        f"note: branch 2 reads '.count', which branch 1 writes, and {NOTE}"
    ]
    assert branches_of([asked(".name", ".a.x")], [asked(".a.x.id", ".b")]) == [
        f"note: branch 'two' reads '.a.x.id', which branch 'one' writes, and {NOTE}"
    ]


def test_branches_that_read_what_no_other_writes_are_not() -> None:
    assert branches_of([COUNT, REPORT], [RENEW]) == [
        f"note: branch 'one' reads '.count', which branch 'two' writes, and {NOTE}"
    ]
    assert branches_of([COUNT, REPORT], [asked(".name", ".b")]) == []
    assert branches_of([COUNT], [RENEW]) == []
    assert branches_of([asked(".name", ".a.x")], [asked(".a.y", ".b")]) == []
    assert branches_of([COUNT], [{**REPORT, "actionDataFilter": {"fromStateData": ".other"}}]) == []
