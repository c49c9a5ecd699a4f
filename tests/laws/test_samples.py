"""The law of values that are made for a schema: they fit it."""

from __future__ import annotations

from typing import Any

import jsonschema
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.contracts.json_schema import JsonSchema
from generator.contracts.samples import example

Schema = dict[str, Any]


def made(schema: Schema, *, complete: bool) -> Any:
    return example(JsonSchema(content=schema, document=schema), complete=complete)


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
