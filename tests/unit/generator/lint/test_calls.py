"""Which operation a function calls, and what the rules say of its arguments."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.contracts.arguments import UNKNOWN, literal
from generator.contracts.calls import calls, operation_of
from generator.lint.linter import lint
from tests.unit.conftest import Files, defined, linted_by, shown, workflow

STRING = {"type": "string"}
PET = {"type": "object", "required": ["name"], "properties": {"name": STRING, "age": {"type": "integer"}}}
SERVERS = [{"url": "https://pets.example.com"}]
WARNING = "warning"


def query(name: str, schema: Any, *, required: bool = False, where: str = "query") -> dict[str, Any]:
    return {"name": name, "in": where, "required": required, "schema": schema}


def spec(*parameters: Any, body: Any = None, required: bool = True, **fields: Any) -> str:
    """A spec with one operation, `op`."""
    operation: dict[str, Any] = {"operationId": "op", "parameters": parameters}
    if body is not None:
        operation["requestBody"] = {"required": required, "content": {"application/json": {"schema": body}}}
    content = {"openapi": "3.0.3", "servers": SERVERS, "paths": {"/op": {"post": operation}}, **fields}
    return json.dumps(content)


def calling(arguments: Any = None, operation: str = "specs/a.json#op") -> dict[str, Any]:
    reference = {"refName": "f"} | ({} if arguments is None else {"arguments": arguments})
    return {
        "functions": [{"name": "f", "operation": operation}],
        "states": [{"name": "A", "type": "operation", "actions": [{"functionRef": reference}], "end": True}],
    }


def linted(fields: Mapping[str, Any], files: Files) -> list[str]:
    """What the rules of calls say."""
    return shown(linted_by(["Calls"], fields, files))


def said(text: str, arguments: Any = None) -> list[str]:
    """What lint says of a call, without the place."""
    return [line.split(": ", 1)[1] for line in linted(calling(arguments), {"specs/a.json": text})]


def one(function: Mapping[str, Any], files: Files, shared: Files | None = None, **fields: Any) -> Any:
    found = list(calls(defined({"functions": [function], **fields}, files, shared)))
    return found[0] if found else None


@pytest.mark.parametrize(
    "function",
    [
        {"name": "f", "type": "custom", "operation": "sysout"},
        {"name": "f", "type": "custom", "operation": "rest:post:/path#x"},
        {"name": "f", "type": "custom", "operation": "service:java:org.acme.Greeter#greet"},
        {"name": "f", "type": "custom", "operation": "knative:services.serving.knative.dev/x?path=/#y"},
        {"name": "f", "type": "expression", "operation": '{a: "#"}'},
        {"name": "f", "type": "asyncapi", "operation": "specs/a.json#op"},
        {"name": "f", "operation": "no-file"},
    ],
)
def test_a_function_of_another_kind_calls_no_operation(function: Mapping[str, Any]) -> None:
    assert one(function, {"specs/a.json": spec()}) is None


@pytest.mark.parametrize("prefix", ["", "classpath:", "classpath:/", "file:", "file://"])
def test_a_spec_is_found_with_any_prefix(prefix: str) -> None:
    call = one({"name": "f", "operation": f"{prefix}specs/a-b.json#op"}, {"specs/a-b.json": spec()})
    assert (call.path, call.id, call.package, call.operation.id) == ("specs/a-b.json", "a_b_json", "ab", "op")


ALIASES = [{"extensionid": "workflow-uri-definitions", "definitions": {"pets": "https://x/main/shared/specs/a.json"}}]


def test_an_alias_is_looked_up_in_shared_by_the_tail_of_its_url() -> None:
    function = {"name": "f", "operation": "pets#op"}
    call = one(function, {}, {"specs/a.json": spec()}, extensions=ALIASES)
    assert (call.id, call.fetched, call.shown) == ("pets", True, "workflows/shared/specs/a.json")
    assert call.operation.method == "POST"


def test_an_alias_without_a_copy_is_a_note_once() -> None:
    functions = [{"name": name, "operation": "pets#op"} for name in "ab"]
    found = [line for line in linted({"functions": functions, "extensions": ALIASES}, {}) if "unchecked-spec" in line]
    assert len(found) == 1
    assert "note: calls of 'https://x/main/shared/specs/a.json' are not checked" in found[0]


def test_what_is_missing_from_a_copy_is_no_error_as_the_engine_takes_the_original() -> None:
    fields = {**calling(operation="pets#no"), "extensions": ALIASES}
    (found,) = [
        finding
        for finding in lint(defined(fields, shared={"specs/a.json": spec()}))
        if finding.rule == "unknown-operation"
    ]
    assert found.severity == WARNING


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("", "a_json"),
        ("FILE_NAME", "a_json"),
        ("full_uri", "specs_a_json"),
        ("FUNCTION_NAME", "greeting_f"),
        ("SPEC_TITLE", "The_pets"),
    ],
)
def test_the_name_of_a_spec_follows_the_strategy(strategy: str, expected: str) -> None:
    files = {
        "specs/a.json": spec(info={"title": "The pets", "version": "1"}),
        "application.properties": f"kogito.sw.operationIdStrategy={strategy}\n",
    }
    assert one({"name": "f", "operation": "specs/a.json#op"}, files).id == expected


def test_the_operation_of_a_function_is_told_with_its_definition() -> None:
    found = defined(calling(), {"specs/a.json": spec()})
    (function,) = found.definition.flow["functions"]
    operation = operation_of(found, found.definition, function)
    assert operation is not None
    assert (operation.method, operation.path) == ("POST", "/op")
    assert operation_of(found, found.definition, {"name": "other"}) is None


def test_a_subflow_s_spec_is_looked_up_beside_it() -> None:
    sub = json.dumps({"id": "sub", "version": "1", "specVersion": "0.8", "name": "s", **calling()})
    main = {
        "functions": [],
        "states": [{"name": "A", "type": "operation", "actions": [{"subFlowRef": "sub"}], "end": True}],
    }
    found = defined(main, {"subflows/sub.sw.json": sub, "subflows/specs/a.json": spec()})
    assert [call.path for call in calls(found)] == ["subflows/specs/a.json"]


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ("specs/a.json", "error: 'specs/a.json' is not an operation of a file; write FILE#OPERATION"),
        ("specs/a.json#op#x", "error: 'specs/a.json#op#x' is not an operation of a file; write FILE#OPERATION"),
        ("rest:get:/path", "error: 'rest:get:/path' is not an operation of a file; give the function the type custom"),
    ],
)
def test_a_function_that_names_no_operation_of_a_file(operation: str, expected: str) -> None:
    (line,) = [
        line for line in linted(calling(operation=operation), {"specs/a.json": spec()}) if "not an operation" in line
    ]
    assert line.split(": ", 1)[1] == f"{expected} [invalid-operation]"


def test_a_function_that_nobody_calls_breaks_no_build() -> None:
    lines = linted({"functions": [{"name": "f", "operation": "specs/a.json"}]}, {"specs/a.json": spec()})
    assert [line for line in lines if "warning" in line and "invalid-operation" in line]


def test_an_unknown_operation_is_named_with_the_nearest_and_where() -> None:
    text = json.dumps({"openapi": "3.0.3", "paths": {"/a": {"get": {"operationId": "readTicket"}}}, "servers": SERVERS})
    found = linted_by(["Calls"], calling(operation="specs/a.json#readTickt"), {"specs/a.json": text})
    assert shown(found) == [
        (
            "workflows/greeting/greeting.sw.json:24:20: error: workflows/greeting/specs/a.json has no operation "
            "'readTickt'; did you mean 'readTicket'? [unknown-operation]"
        )
    ]
    assert found[0].edit is not None
    assert (found[0].edit.old, found[0].edit.new) == ("specs/a.json#readTickt", "specs/a.json#readTicket")


@pytest.mark.parametrize(
    ("argument", "seen"),
    [
        (5, 5),
        ("5", 5),
        (" -1.5e3 ", -1500.0),
        ("true", True),
        ("null", None),
        ("Task", "Task"),
        ("in-progress", "in-progress"),
        ("utf-8", "utf-8"),
        ("length", UNKNOWN),
        ("not - null", UNKNOWN),
        (".name", UNKNOWN),
        ("${ .name }", UNKNOWN),
        ("$SECRET.a", UNKNOWN),
        ('"5"', UNKNOWN),
        ("01", UNKNOWN),
        ("a b", UNKNOWN),
        ("{a: cat}", "{a: cat}"),
        ("", UNKNOWN),
        ("1" * 5000, UNKNOWN),
    ],
)
def test_what_the_engine_sees_in_an_argument(argument: Any, seen: Any) -> None:
    assert literal(argument) is seen or literal(argument) == seen


ENUM = {"type": "string", "enum": ["cat", "dog"]}
NAMED = {"components": {"schemas": {"Kind": ENUM}}}
KIND = {"$ref": "#/components/schemas/Kind"}


@pytest.mark.parametrize(
    ("text", "arguments", "expected"),
    [
        # Required arguments.
        (spec(query("q", STRING, required=True)), {"q": ".q"}, []),
        (
            spec(query("q", STRING, required=True)),
            None,
            ["warning: 'op' needs 'q' (query); add it to the arguments [missing-argument]"],
        ),
        (
            spec(query("id", STRING, where="path")),
            {"id": None},
            ["error: 'op' needs 'id' (path); add it to the arguments [missing-argument]"],
        ),
        (spec(query("q", STRING, required=True)), "${ .all }", []),
        (spec(query("q", STRING, required=True)), ".all", []),
        (
            spec(body=PET),
            {"age": 3},
            [
                (
                    "warning: 'op' needs 'name' in its body; add it to the arguments, or it is sent as null "
                    "[missing-argument]"
                )
            ],
        ),
        (spec(body=PET, required=False), None, []),
        (spec(body={**PET, "properties": {"name": {**STRING, "readOnly": True}}}), {}, []),
        # Unknown arguments.
        (
            spec(query("limit", {"type": "integer"})),
            {"limt": 3},
            ["warning: 'op' does not take 'limt'; did you mean 'limit'? [unknown-argument]"],
        ),
        (spec(), {"x": 1}, ["warning: 'op' does not take 'x'; remove it [unknown-argument]"]),
        (
            spec(body=PET),
            {"name": "Ada", "colour": "red"},
            ["warning: 'op' does not take 'colour'; it takes name, age [unknown-argument]"],
        ),
        (
            spec(body={"properties": {"pets": {"type": "array", "items": PET}}}),
            {"pets": [{"name": "Ada", "agee": 3}]},
            ["warning: 'op' does not take 'agee' in 'pets.0'; did you mean 'age'? [unknown-argument]"],
        ),
        (spec(body={**PET, "additionalProperties": True}), {"name": "Ada", "colour": "red"}, []),
        (spec(body={"$ref": "#/components/schemas/None"}), {"x": 1, "y": 2}, []),
        (spec(body={"oneOf": [PET, {"properties": {"wheels": STRING}}]}), {"name": "Ada", "wheels": "two"}, []),
        # Literals that do not fit.
        (
            spec(query("q", STRING)),
            {"q": "5"},
            [
                "error: 'q' takes text, and the engine reads '5' as a number; write '\"5\"' [wrong-argument]",
            ],
        ),
        (
            spec(query("q", STRING)),
            {"q": True},
            ["error: 'q' takes text, and this is true or false; write '\"true\"' [wrong-argument]"],
        ),
        (spec(query("q", STRING)), {"q": '"5"'}, []),
        (
            spec(query("q", {"type": "integer"})),
            {"q": "many"},
            ["error: 'q' takes a whole number, and 'many' is text [wrong-argument]"],
        ),
        (spec(query("q", {"type": "integer"})), {"q": "3"}, []),
        (
            spec(query("q", {"type": "array", "items": STRING})),
            {"q": "one"},
            ["error: 'q' takes a list, and 'one' is text [wrong-argument]"],
        ),
        (spec(body=PET), {"name": 5, "age": "5"}, []),
        (
            spec(body=PET),
            {"name": ["x"], "age": "old"},
            [
                "error: 'age' takes a whole number, and 'old' is text [wrong-argument]",
                "error: 'name' takes text, and this is a list [wrong-argument]",
            ],
        ),
        (
            spec(body={"properties": {"pet": PET, "kind": ENUM}}),
            {"pet": {"name": "Ada", "age": True}, "kind": "cta"},
            [
                "error: 'kind' cannot be 'cta'; did you mean 'cat'? (one of cat, dog) [wrong-argument]",
                "error: 'pet.age' takes a whole number, and this is true or false [wrong-argument]",
            ],
        ),
        # What the engine cannot send.
        (
            spec(query("kind", KIND), **NAMED),
            {"kind": ".kind"},
            [
                (
                    "warning: 'kind' is an enumeration that has a name of its own, which the engine cannot send; "
                    "make it a plain string in workflows/greeting/specs/a.json [unsendable-argument]"
                )
            ],
        ),
        (spec(query("kind", ENUM)), {"kind": ".kind"}, []),
        (
            spec(query("n", {"type": "number"})),
            {"n": 3},
            [
                (
                    "warning: 'n' is a number without a format, which the engine cannot send; make it a plain string "
                    "in workflows/greeting/specs/a.json [unsendable-argument]"
                )
            ],
        ),
        (spec(query("n", {"type": "number", "format": "double"})), {"n": 3}, []),
        # Which argument becomes the body.
        (spec(body={"type": "object"}), {"payload": {"a": 1, "b": 2}}, []),
        (
            spec(body={"type": "object"}),
            {"a": 1, "b": ".b"},
            [
                (
                    "warning: of 'a', 'b' the engine sends only one as the body of 'op'; put the body's fields into "
                    "one argument, of any name [ambiguous-body]"
                )
            ],
        ),
        (spec(query("q", STRING, required=True), body={"type": "object"}), {"q": ".q", "pet": ".pet"}, []),
        (
            spec(query("q", STRING), body={"type": "object"}),
            {"q": ".q", "pet": ".pet"},
            [
                (
                    "warning: of 'q', 'pet' the engine sends only one as the body of 'op'; leave out 'q', which is "
                    "not required, or give the body a schema [ambiguous-body]"
                )
            ],
        ),
        (spec(query("q", STRING), body={"type": "object"}, required=False), {"q": ".q", "pet": ".pet"}, []),
        (spec(body={"type": "array", "items": PET}), {"pets": ".pets", "x": 1}, []),
    ],
)
def test_the_arguments_of_a_call(text: str, arguments: Any, expected: list[str]) -> None:
    assert sorted(said(text, arguments)) == expected


def test_an_unknown_argument_stands_where_its_key_stands() -> None:
    definition = """\
id: greeting
version: "1"
specVersion: "0.8"
name: Greeting
functions:
  - {name: f, operation: "specs/a.json#op"}
states:
  - name: A
    type: event
    onEvents:
      - eventRefs: [e]
        actions:
          - functionRef:
              refName: f
              arguments:
                limt: 3
    end: true
events: [{name: e, type: t, source: s}]
start: A
"""
    files = {"greeting.sw.yaml": definition, "specs/a.json": spec(query("limit", {"type": "integer"}))}
    (found,) = [finding for finding in lint(workflow(files)) if finding.rule == "unknown-argument"]
    assert str(found).startswith("workflows/greeting/greeting.sw.yaml:16:17: warning: 'op' does not take 'limt'")
    assert found.edit is not None
    assert (found.edit.line, found.edit.column, found.edit.old, found.edit.new) == (16, 17, "limt", "limit")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["x", "5", ".a", "${ .a }", "cat"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "age", "q"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(VALUES, st.sampled_from([PET, STRING, {}, {"type": ["string", "null"]}, {"items": 3}, {"type": 5}, KIND]))
def test_any_arguments_are_looked_at_without_an_error(arguments: Any, schema: Any) -> None:
    said(spec(query("q", schema), body=schema, **NAMED), arguments)
