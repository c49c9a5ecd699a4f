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
