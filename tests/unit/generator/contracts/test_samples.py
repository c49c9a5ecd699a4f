"""Values that are made for a schema: they fit it, come from its examples first, and are the same each time."""

from __future__ import annotations

import json
from typing import Any

import pytest

from generator.contracts.json_schema import JsonSchema, OpenApiSchemas
from generator.contracts.samples import example

Schema = dict[str, Any]


def made(schema: Any, document: Schema | None = None, *, complete: bool = True) -> Any:
    whole = schema if document is None else document
    return example(JsonSchema(content=schema, document=whole), complete=complete)


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
