"""Values that are made for a schema: they fit it, come from its examples first, and are the same each time."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.contracts.json_schema import JsonSchema, OpenApiSchemas
from generator.contracts.samples import example

Schema = dict[str, Any]


def made(schema: Any, document: Schema | None = None, *, complete: bool = True) -> Any:
    whole = schema if document is None else document
    return example(JsonSchema(content=schema, document=whole), complete=complete)


NAMES = ("name", "Image URL", "count", "größe", "x")
PATTERNS = (
    "^[a-z]+$",
    "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$",
    r"^[^\[\]~\s]+$",
    "^[A-Z][A-Z0-9]{3,5}$",
    r"^\d{3}-\d{2}$",
)
FORMATS = (
    "date", "date-time", "time", "duration", "email", "hostname", "ipv4", "ipv6", "uri", "uri-reference", "uuid",
    "byte", "int32", "password", "json-pointer", "regex",
)  # fmt: skip

lengths = st.tuples(st.integers(0, 40), st.integers(0, 40)).map(sorted)


def ranged(low: str, high: str, kind: str) -> st.SearchStrategy[Schema]:
    return lengths.map(lambda pair: {"type": kind, low: pair[0], high: pair[1]})


strings = st.one_of(
    st.just({"type": "string"}),
    ranged("minLength", "maxLength", "string"),
    st.sampled_from(PATTERNS).map(lambda pattern: {"type": "string", "pattern": pattern}),
    st.sampled_from(FORMATS).map(lambda format_: {"type": "string", "format": format_}),
    st.lists(st.text(), min_size=1).map(lambda values: {"type": "string", "enum": values}),
)
integers = st.tuples(st.integers(-50, 50), st.integers(2, 50), st.sampled_from(("minimum", "exclusiveMinimum"))).map(
    lambda drawn: {"type": "integer", drawn[2]: drawn[0], "maximum": drawn[0] + drawn[1]}
)
numbers = st.one_of(
    st.just({"type": "number"}),
    integers,
    st.tuples(st.integers(-9, 9), st.integers(1, 9)).map(
        lambda drawn: {"type": "integer", "minimum": drawn[0], "multipleOf": drawn[1]}
    ),
    st.just({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}),
)
references = st.sampled_from(("Tree", "Chain", "Name")).map(lambda name: {"$ref": f"#/definitions/{name}"})
leaves = strings | numbers | references | st.sampled_from(({"type": "boolean"}, {"type": "null"}, {}, {"const": 7}))


def objects(schemas: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    """Objects whose fields may be mandatory, may be closed, and may need more fields than they name."""

    def made_of(fields: dict[str, Schema], needed: frozenset[str], least: int, *, closed: bool) -> Schema:
        schema: Schema = {"type": "object", "properties": fields, "required": sorted(needed & fields.keys())}
        return {**schema, "additionalProperties": False} if closed else {**schema, "minProperties": least}

    named = st.dictionaries(st.sampled_from(NAMES), schemas, max_size=3)
    return st.builds(made_of, named, st.frozensets(st.sampled_from(NAMES)), st.integers(0, 5), closed=st.booleans())


def composed(schemas: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    lists = st.builds(
        lambda items, pair: {"type": "array", "items": items, "minItems": pair[0] // 10, "maxItems": pair[1] // 10},
        schemas,
        lengths,
    )
    tagged = st.lists(schemas, min_size=1, max_size=3).map(
        lambda parts: {
            "oneOf": [
                {"type": "object", "properties": {"kind": {"const": i}, "of": part}, "required": ["kind", "of"]}
                for i, part in enumerate(parts)
            ]
        }
    )
    joined = st.tuples(schemas, schemas).map(
        lambda two: {
            "allOf": [
                {"type": "object", "properties": {"a": two[0]}, "required": ["a"]},
                {"properties": {"b": two[1]}, "required": ["b"]},
            ]
        }
    )
    either = st.lists(schemas, min_size=1, max_size=3).map(lambda parts: {"anyOf": parts})
    distinct = st.integers(0, 4).map(
        lambda least: {"type": "array", "uniqueItems": True, "minItems": least, "items": {"type": "string"}}
    )
    conditional = schemas.map(
        lambda part: {
            "type": "object",
            "properties": {"kind": {"enum": ["plain", "rich"], "default": "rich"}},
            "if": {"properties": {"kind": {"const": "rich"}}, "required": ["kind"]},
            "then": {"properties": {"more": part}, "required": ["more"]},
        }
    )
    return st.one_of(objects(schemas), lists, tagged, joined, either, distinct, conditional)


DEFINITIONS: Schema = {
    "Name": {"type": "string", "minLength": 2},
    "Tree": {
        "type": "object",
        "properties": {
            "name": {"$ref": "#/definitions/Name"},
            "children": {"type": "array", "items": {"$ref": "#/definitions/Tree"}},
            "left": {"$ref": "#/definitions/Tree"},
        },
        "required": ["name", "children"],
    },
    "Chain": {
        "type": "object",
        "properties": {"next": {"anyOf": [{"$ref": "#/definitions/Chain"}, {"type": "null"}]}},
        "required": ["next"],
    },
}


@settings(max_examples=300)
@given(st.recursive(leaves, composed, max_leaves=8), st.booleans())
def test_a_value_fits_the_schema_that_it_is_made_for(schema: Schema, complete: bool) -> None:  # noqa: FBT001 - drawn
    whole = {**schema, "definitions": DEFINITIONS}
    if "$ref" in schema:
        whole = {"allOf": [schema], "definitions": DEFINITIONS}
    value = made(whole, complete=complete)
    jsonschema.Draft7Validator(whole, format_checker=jsonschema.Draft7Validator.FORMAT_CHECKER).validate(value)
    assert JsonSchema(content=whole, document=whole).fits(value)
    assert made(whole, complete=complete) == value


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string", "example": "a", "default": "b"}, "a"),
        ({"type": "string", "examples": ["a", "b"], "default": "c"}, "a"),
        ({"type": "string", "default": "b", "enum": ["a", "b"]}, "b"),
        ({"type": "string", "enum": ["a", "b"]}, "a"),
        ({"const": 3}, 3),
        ({"type": ["null", "integer"]}, 1),
        ({"properties": {"namespace": {"type": "string", "pattern": "^[a-z]+$"}}}, {"namespace": "namespace"}),
        ({"properties": {"mail": {"type": "string", "format": "email"}}}, {"mail": "mail@example.com"}),
        (
            {"properties": {"repository": {"type": "string", "pattern": "^(https?|ssh)://[^/]+/.+$"}}},
            {
                "repository": "https://example.com/repository",
            },
        ),
        ({"allOf": [{"type": "object", "example": {"a": 1}}]}, {"a": 1}),
        ({"type": "array", "items": {"type": "integer"}, "minItems": 3, "uniqueItems": True}, [1, 2, 3]),
        ({"oneOf": [{"type": "string", "pattern": "^(?!)$"}, {"type": "integer"}]}, 1),
        (True, {}),
    ],
    ids=repr,
)
def test_what_a_schema_names_itself_comes_first(schema: Any, expected: Any) -> None:
    assert made(schema, {}) == expected


def test_an_incomplete_value_has_what_is_mandatory_and_what_has_a_default() -> None:
    schema = {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "language": {"type": "string", "default": "English"},
            "nickname": {"type": "string"},
            "address": {"type": "object", "properties": {"country": {"type": "string", "default": "DE"}}},
        },
        "required": ["name"],
    }
    assert made(schema, complete=False) == {"name": "name", "language": "English", "address": {"country": "DE"}}


def test_an_object_that_must_hold_itself_has_no_example() -> None:
    schema = {"properties": {"self": {"$ref": "#"}}, "required": ["self"]}
    assert made(schema) is None


def test_schemas_that_all_refer_to_all_end() -> None:
    names = [f"S{number}" for number in range(30)]
    fields = {name: {"$ref": f"#/definitions/{name}"} for name in names}
    definitions = {name: {"type": "object", "properties": fields} for name in names}
    value = made({"$ref": "#/definitions/S0"}, {"definitions": definitions})
    assert len(json.dumps(value)) < 100_000


def test_an_openapi_schema_may_be_null_and_have_the_limits_of_draft_4() -> None:
    limits = {"type": "integer", "minimum": 0, "exclusiveMinimum": True, "maximum": 9, "exclusiveMaximum": False}
    properties = {
        "limits": limits,
        "nothing": {"type": "string", "nullable": True, "enum": ["a"]},
        "reference": {"allOf": [{"$ref": "#/components/schemas/Other"}], "nullable": True},
        "example": {"type": "string", "nullable": True},
        "data": {"type": "object", "example": {"nullable": True}},
    }
    content = {
        "openapi": "3.0.3",
        "components": {"schemas": {"T": {"properties": properties}, "Other": {"type": "array"}}},
    }
    schema = OpenApiSchemas(content=content).schema({"$ref": "#/components/schemas/T"})
    assert example(schema)["data"] == {"nullable": True}
    assert schema.fits(example(schema))
    assert schema.fits({"limits": 9, "nothing": None, "reference": None, "example": None})
    assert [str(misfit) for misfit in schema.misfits({"limits": 0, "reference": {}})] == [
        "'limits': 0 is less than or equal to the minimum of 0",
        "'reference': {} is not valid under any of the schemas listed in the 'anyOf' keyword",
    ]
