"""Rules of schemas and forms, case by case; what the engine's build takes was tried with each construct."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.conftest import Files, linted

NAMED = {"dataInputSchema": "schemas/input.json"}
TEXT = {"type": "string", "title": "T"}


def found(schema: Any, rule: str, files: Files | None = None, shared: Files | None = None) -> list[str]:
    text = schema if isinstance(schema, (str, bytes)) else json.dumps(schema)
    return linted(NAMED, {"schemas/input.json": text, **(files or {})}, shared, about=rule)


def of(**keywords: Any) -> dict[str, Any]:
    return {"type": "object", "title": "T", "properties": {"a": {**TEXT, **keywords}}}


#: The schema, the rule, and the findings' severity letters in order.
CASES: list[tuple[Any, str, str]] = [
    ("{", "invalid-schema", "e"),
    ("[]", "invalid-schema", "e"),
    ("", "invalid-schema", "e"),
    (of(type="strin"), "invalid-schema", "e"),
    ({"required": "a"}, "invalid-schema", "e"),
    ({"definitions": {"a": {"type": "strin"}}}, "invalid-schema", "w"),
    ({"definitions": {"0": {"type": "strin"}}}, "invalid-schema", "w"),
    ({"definitions": {"007": {"type": "strin"}}}, "invalid-schema", "w"),
    (of(minLength=-1), "invalid-schema", "w"),
    (of(pattern="["), "invalid-schema", "e"),
    ({"$schema": "http://nowhere.example/x"}, "invalid-schema", "e"),
    ({"$schema": "https://json-schema.org/draft/2020-12/schema", **of()}, "invalid-schema", ""),
    ({"$schema": "http://json-schema.org/draft-07/schema#", **of()}, "invalid-schema", ""),
    (of(type=["string", "null"]), "schema-form", "e"),
    (of(anyOf=[{"type": ["string", "number"]}]), "schema-form", "e"),
    (of(type="null"), "schema-form", "e"),
    ({"properties": {"a": True}}, "schema-form", "e"),
    ({"properties": {"a": {"items": [TEXT]}}}, "schema-form", "e"),
    ({"additionalProperties": False}, "schema-form", ""),
    ({"definitions": {"a": {"type": ["string", "null"]}}}, "schema-form", ""),
    ({"$defs": {"a": {"type": ["string", "null"]}}}, "schema-form", "e"),
    (of(**{"$ref": "#/definitions/a"}), "schema-ref", "e"),
    (of(**{"$ref": "other.json"}), "schema-ref", "e"),
    (of(**{"$ref": "http://example/x.json"}), "schema-ref", "w"),
    (of(title=""), "input-title", "w"),
    ({"properties": {"a": TEXT}}, "input-title", "w"),
    (of(title=None, **{"ui:widget": "hidden"}), "input-title", ""),
    (of(), "input-description", "n"),
    (of(**{"ui:wigdet": "text"}), "ui-property", "w"),
    (of(**{"ui:widget": "ActiveTextInptu"}), "ui-property", "w"),
    (of(**{"ui:widget": "MyOwnWidget"}), "ui-property", ""),
    (of(**{"ui:props": {"fetch:ulr": "x", "fetch:response:any": "y"}}), "ui-property", "w"),
    ({**of(), "required": ["b"]}, "required-property", "w"),
    ({**of(), "required": ["b"], "allOf": [{}]}, "required-property", ""),
    (of(default=3), "default-value", "w"),
    (of(type="number", default=3), "default-value", ""),
    (of(type="integer", default=3.5), "default-value", "w"),
    (of(type="boolean", default="true"), "default-value", "w"),
    (of(enum=["x"], default="y"), "default-value", "w"),
    (of(enum=["x", "x", 1, "1"]), "duplicate-value", "w"),
]


@pytest.mark.parametrize(("schema", "rule", "expected"), CASES)
def test_a_schema_is_judged_as_the_engine_or_the_form_judges_it(schema: Any, rule: str, expected: str) -> None:
    lines = found(schema, rule)
    assert [line.split(": ")[1][0] for line in lines] == list(expected), lines


KIND = {"type": "string", "title": "Kind", "description": "Which.", "enum": ["cat", "dog"]}
#: Where a form may have another form inside, to the path of that in the schema.
INSIDE: dict[str, Any] = {
    "dependencies": lambda form: {"dependencies": {"kind": form}},
    "a choice in dependencies": lambda form: {"dependencies": {"kind": {"oneOf": [form]}}},
    "dependentSchemas": lambda form: {"dependentSchemas": {"kind": form}},
    "then": lambda form: {"if": {"properties": {"kind": {"const": "cat"}}}, "then": form},
    "else": lambda form: {"if": {"properties": {"kind": {"enum": ["cat"]}}}, "else": form},
    "then in allOf": lambda form: {"allOf": [{"if": {"required": ["kind"]}, "then": form}]},
    "items": lambda form: {"properties": {"kind": KIND, "pets": {**TEXT, "type": "array", "items": form}}},
    "items of a dependency": lambda form: {
        "dependencies": {"kind": {"properties": {"pets": {**TEXT, "type": "array", "items": form}}}}
    },
    "a file": lambda _: {"allOf": [{"$ref": "part.json"}]},
}


def nested(where: str, form: Any, rule: str) -> list[str]:
    whole = {"type": "object", "title": "T", "properties": {"kind": KIND}, **INSIDE[where](form)}
    return [line.split(": ", 2)[2] for line in found(whole, rule, {"schemas/part.json": json.dumps(form)})]


MISTAKES: list[tuple[Any, str, str]] = [
    ({"properties": {"age": {**TEXT, "ui:widget": "updwn"}}}, "ui-property", "'updwn'; did you mean 'updown'?"),
    ({"properties": {"age": {**TEXT, "ui:wigdet": "text"}}}, "ui-property", "did you mean 'ui:widget'?"),
    ({"properties": {"age": {**TEXT, "default": 3}}}, "default-value", "the default is of type integer, not string"),
    ({"properties": {"age": TEXT}, "required": ["aeg"]}, "required-property", "did you mean 'age'?"),
    ({"properties": {"age": {"type": "string"}}}, "input-title", "the property 'age' has no 'title'"),
]


@pytest.mark.parametrize(
    ("where", "form", "rule", "message"),
    # a part in a file of its own may have its title where it is used
    [(where, *mistake) for where in INSIDE for mistake in MISTAKES if (where, mistake[1]) != ("a file", "input-title")],
)
def test_a_form_inside_of_a_form_is_judged_like_any_other(where: str, form: Any, rule: str, message: str) -> None:
    (said,) = nested(where, form, rule)
    assert message in said


@pytest.mark.parametrize("where", INSIDE)
def test_a_form_inside_of_a_form_without_a_mistake_has_no_finding(where: str) -> None:
    form = {"properties": {"age": {**TEXT, "ui:widget": "updown", "default": "3"}}, "required": ["age"]}
    for rule in ("ui-property", "default-value", "required-property", "input-title"):
        assert nested(where, form, rule) == []


@pytest.mark.parametrize(
    ("schema", "messages"),
    [
        ({"dependencies": {"knid": ["name"]}}, ["'knid' is not a property; did you mean 'kind'?"]),
        ({"dependencies": {"kind": ["nmae"]}}, ["'nmae' is not a property; did you mean 'name'?"]),
        ({"dependentRequired": {"kind": ["nmae"]}}, ["'nmae' is not a property; did you mean 'name'?"]),
        ({"dependentRequired": {"knid": ["name"]}}, ["'knid' is not a property; did you mean 'kind'?"]),
        ({"dependentSchemas": {"knid": {}}}, []),
        ({"dependentSchemas": {"knid": TEXT}}, ["'knid' is not a property; did you mean 'kind'?"]),
        ({"dependencies": {"kind": {"required": ["nmae"]}}}, ["'nmae' is not a property; did you mean 'name'?"]),
        ({"dependencies": {"kind": {"required": ["name"]}}}, []),
        ({"if": {"properties": {"knid": {"const": "x"}}}}, ["'knid' is not a property; did you mean 'kind'?"]),
        ({"if": {"required": ["kind"]}, "then": {"required": ["name"]}}, []),
        ({"allOf": [{"properties": {"age": TEXT}}], "required": ["age", "kind"]}, []),
        (
            {"anyOf": [{"required": ["name"]}, {"required": ["knid"]}]},
            ["'knid' is not a property; did you mean 'kind'?"],
        ),
        ({"then": {"properties": {"age": TEXT}}, "required": ["age"]}, []),
        ({"patternProperties": {"^x": TEXT}, "required": ["xy"]}, []),
        ({"properties": {"if": TEXT, "then": TEXT}, "required": ["if", "kind"]}, ["'kind' is not a property; add it"]),
    ],
)
def test_a_name_must_be_a_property_of_the_object_wherever_it_stands(schema: Any, messages: list[str]) -> None:
    lines = found({"properties": {"kind": TEXT, "name": TEXT}, **schema}, "required-property")
    assert [line.split(": ", 2)[2][: len(message)] for line, message in zip(lines, messages, strict=True)] == messages


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"type": "array", "items": {"enum": ["x"]}, "default": ["y"]}, "'y' is not one of its values"),
        ({"type": "array", "items": {"type": "integer"}, "default": ["1"]}, "the default is of type string"),
        ({"type": "array", "items": {"type": "integer"}, "default": [1]}, ""),
        (
            {"type": "object", "properties": {"p": {"type": "string"}}, "default": {"p": 1}},
            "the default is of type int",
        ),
        ({"type": "object", "properties": {"p": {"type": "string"}}, "default": {"q": 1}}, ""),
    ],
)
def test_a_default_is_judged_with_all_that_is_in_it(keywords: dict[str, Any], message: str) -> None:
    said = [line.split(": ", 2)[2][: len(message)] for line in found(of(**keywords), "default-value")]
    assert said == ([message] if message else [])


def test_a_default_that_a_condition_gives_must_fit_the_property() -> None:
    again = {"then": {"properties": {"kind": {"default": "horse"}}}, "if": {"required": ["kind"]}}
    (line,) = found({"properties": {"kind": KIND}, **again}, "default-value")
    assert "'horse' is not one of its values" in line
    narrower = {"oneOf": [{"properties": {"kind": {"enum": ["cat"]}}}, {"properties": {"kind": {"enum": ["dog"]}}}]}
    assert found({"properties": {"kind": {**KIND, "default": "cat"}}, **narrower}, "default-value") == []


def test_a_property_that_a_condition_names_again_needs_no_title_again() -> None:
    narrower = {"dependencies": {"kind": {"oneOf": [{"properties": {"kind": {"enum": ["cat"]}}}]}}}
    tested = {"if": {"properties": {"kind": {"enum": ["dog"]}}}}
    assert found({"title": "T", "properties": {"kind": KIND}, **narrower, **tested}, "input-title") == []


def test_a_schema_in_yaml_is_refused_as_the_engine_reads_json_alone() -> None:
    fields = {"dataInputSchema": "schemas/input.yaml"}
    (line,) = linted(fields, {"schemas/input.yaml": "type: object\n"}, about="invalid-schema")
    assert "the engine reads schemas only as JSON" in line
    assert linted(fields, {"schemas/input.yaml": '{"type": "object"}'}, about="invalid-schema") == []


def test_a_schema_of_workflows_shared_is_read_where_it_lies() -> None:
    shared = {"schemas/result.json": '{"type": "objekt"}'}
    (line,) = found(of(**{"$ref": "../shared/schemas/result.json"}), "invalid-schema", shared=shared)
    assert line.startswith("workflows/shared/schemas/result.json:1:10: error: 'type': ")


def test_a_finding_has_the_line_and_column_of_the_value() -> None:
    text = '{\n "type": "object",\n "properties": {\n  "a": {"type": ["string", "null"]}\n }\n}'
    (line,) = found(text, "schema-form")
    assert line.startswith("workflows/greeting/schemas/input.json:4:17: error: ")


def test_schemas_that_refer_to_each_other_are_read_once_each() -> None:
    files = {"schemas/a.json": '{"$ref": "b.json", "type": "strin"}', "schemas/b.json": '{"$ref": "a.json"}'}
    assert len(found({"$ref": "a.json"}, "invalid-schema", files)) == 1
    assert found({"$ref": "input.json"}, "schema-ref") == []


def test_the_schema_of_a_subflow_is_no_form() -> None:
    subflow = {"id": "s", "start": "A", "dataInputSchema": "schemas/s.json", "states": []}
    files = {"subflows/s.sw.json": json.dumps(subflow), "subflows/schemas/s.json": json.dumps(of(title=""))}
    assert linted({}, files, about="input-title") == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "properties", "$ref", "items", "required", "enum", "default", "ui:props", "$schema"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@given(JSON)
def test_any_json_is_a_schema_or_a_finding(schema: Any) -> None:
    assert all(line.startswith("workflows/greeting/") for line in found(schema, ""))
