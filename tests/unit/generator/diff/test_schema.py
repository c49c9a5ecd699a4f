"""Which changes of a JSON Schema break those who write by it (input) or read by it (output): a table, and its laws."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from generator.diff.change import Impact, Kind
from generator.diff.schema import Role, SchemaChange, compare_schemas, inside

B, C, N = "breaking", "compatible", "internal"

Schema = Any


def compared(old: Schema, new: Schema, role: Role = Role.INPUT) -> list[SchemaChange]:
    return compare_schemas(old, new, role, inside(old), inside(new))


def one(**schema: Any) -> Schema:
    return {"type": "object", "properties": {"a": schema}}


#: What changes, the old schema, the new one, the path it is about, and the impact on input and on output.
TABLE: dict[str, tuple[Schema, Schema, str, str, str]] = {
    "an optional property more": (one(), {**one(), "properties": {"a": {}, "b": {}}}, "b", C, C),
    "a required property more": (one(), {**one(), "properties": {"a": {}, "b": {}}, "required": ["b"]}, "b", B, C),
    "a property less": ({**one(), "properties": {"a": {}, "b": {}}}, one(), "b", C, B),
    "a property less, where no other is allowed": (
        {**one(), "properties": {"a": {}, "b": {}}},
        {**one(), "additionalProperties": False},
        "b",
        B,
        B,
    ),
    "a property that is required now": (one(), {**one(), "required": ["a"]}, "a", B, C),
    "a property that is required no more": ({**one(), "required": ["a"]}, one(), "a", C, B),
    "another type": (one(type="string"), one(type="boolean"), "a", B, B),
    "a wider type": (one(type="integer"), one(type="number"), "a", C, B),
    "a narrower type": (one(type=["string", "null"]), one(type="string"), "a", B, C),
    "a type where there was none": (one(), one(type="string"), "a", B, C),
    "a value less in an enum": (one(enum=["x", "y"]), one(enum=["x"]), "a", B, C),
    "a value more in an enum": (one(enum=["x"]), one(enum=["x", "y"]), "a", C, B),
    "a constant in place of an enum": (one(enum=["x", "y"]), one(const="x"), "a", B, C),
    "an enum where there was none": (one(type="string"), one(type="string", enum=["x"]), "a", B, C),
    "a higher minimum": (one(minimum=1), one(minimum=2), "a", B, C),
    "a lower minimum": (one(minimum=2), one(minimum=1), "a", C, B),
    "a lower maximum": (one(maximum=9), one(maximum=8), "a", B, C),
    "a longest length": (one(type="string"), one(type="string", maxLength=3), "a", B, C),
    "no longest length any more": (one(maxLength=3), one(), "a", C, B),
    "a pattern": (one(), one(pattern="x"), "a", B, C),
    "another pattern": (one(pattern="x"), one(pattern="y"), "a", B, B),
    "no pattern any more": (one(pattern="x"), one(), "a", C, B),
    "no other properties any more": (one(), {**one(), "additionalProperties": False}, "", B, C),
    "other properties": ({**one(), "additionalProperties": False}, one(), "", C, B),
    "the type of other properties": (
        {"additionalProperties": {"type": "string"}},
        {"additionalProperties": {"type": "null"}},
        "*",
        B,
        B,
    ),
    "the type of items": (one(items={"type": "string"}), one(items={"type": "integer"}), "a[]", B, B),
    "items of any type no more": (one(type="array"), one(type="array", items={"type": "string"}), "a[]", B, C),
    "one more of several": (one(anyOf=[{"type": "null"}]), one(anyOf=[{"type": "null"}, {"maximum": 1}]), "a", C, B),
    "one less of several": (one(anyOf=[{"type": "null"}, {"maximum": 1}]), one(anyOf=[{"type": "null"}]), "a", B, C),
    "one more condition of all": (one(allOf=[{"minimum": 1}]), one(allOf=[{"minimum": 1}, {"maximum": 9}]), "a", B, C),
    "a change in one of several": (one(oneOf=[{"maximum": 2}]), one(oneOf=[{"maximum": 1}]), "a", B, C),
    "nothing at all": (one(), one(**{"not": {}}), "a", B, C),
    "a condition that nobody can judge": (one(**{"if": {"minimum": 1}}), one(**{"if": {"minimum": 2}}), "a", B, B),
    "what a form shows": (one(title="x"), one(title="y"), "a", N, N),
    "how a form shows it": (one(), one(**{"ui:widget": "textarea"}), "a", N, N),
    "what a reference leads to": (
        {**one(**{"$ref": "#/definitions/d"}), "definitions": {"d": {"type": "string"}}},
        {**one(**{"$ref": "#/definitions/d"}), "definitions": {"d": {"type": "null"}}},
        "a",
        B,
        B,
    ),
}

#: Two ways to write one schema.
SAME: dict[str, tuple[Schema, Schema]] = {
    "the order of an enum": (one(enum=["x", "y"]), one(enum=["y", "x"])),
    "the order of types": (one(type=["string", "null"]), one(type=["null", "string"])),
    "the order of required properties": ({"required": ["a", "b"]}, {"required": ["b", "a"]}),
    "true and no condition": (one(), {"type": "object", "properties": {"a": True}}),
    "a reference and what it leads to": (
        one(type="string"),
        {**one(**{"$ref": "#/definitions/d"}), "definitions": {"d": {"type": "string"}}},
    ),
    "the name of a definition": (
        {**one(**{"$ref": "#/definitions/d"}), "definitions": {"d": {"type": "string"}}},
        {**one(**{"$ref": "#/$defs/e"}), "$defs": {"e": {"type": "string"}}},
    ),
    "a number and an integer that is one": (one(type=["number"]), one(type=["number", "integer"])),
    "the draft": ({"$schema": "http://json-schema.org/draft-07/schema#"}, {"$id": "x"}),
    "a reference that leads nowhere": (one(**{"$ref": "gone.json"}), one(**{"$ref": "gone.json"})),
}


@pytest.mark.parametrize("what", TABLE)
def test_a_change_of_a_schema_has_its_impact(what: str) -> None:
    old, new, path, on_input, on_output = TABLE[what]
    assert [(c.path, str(c.impact)) for c in compared(old, new)] == [(path, on_input)] + (
        [("", "breaking")] if what == "a property less, where no other is allowed" else []
    )
    assert (path, on_output) in [(c.path, str(c.impact)) for c in compared(old, new, Role.OUTPUT)]


@pytest.mark.parametrize("what", SAME)
def test_two_ways_to_write_one_schema_are_no_change(what: str) -> None:
    old, new = SAME[what]
    assert compared(old, new) == []
    assert compared(new, old) == []


def test_a_breaking_change_says_why() -> None:
    (change,) = compared(one(), {**one(), "properties": {"a": {}, "b": {"type": "string"}}, "required": ["b"]})
    assert change.reason == "required: callers that omit it are refused"
    assert (change.kind, change.after) == (Kind.ADDED, "string")


def test_a_property_deep_inside_has_its_whole_path() -> None:
    old = one(type="array", items={"properties": {"b": {"minimum": 1}}})
    new = one(type="array", items={"properties": {"b": {"minimum": 2}}})
    assert [change.path for change in compared(old, new)] == ["a[].b"]


def test_schemas_that_refer_to_themselves_come_to_an_end() -> None:
    def tree(kind: str) -> Schema:
        node = {"type": "object", "properties": {"value": {"type": kind}, "left": {"$ref": "#/$defs/n"}}}
        return {"$ref": "#/$defs/n", "$defs": {"n": node}}

    assert [change.path for change in compared(tree("string"), tree("null"))] == ["value"]


def test_a_chain_of_thousands_of_references_comes_to_an_end() -> None:
    definitions = {f"d{n}": {"properties": {"a": {"$ref": f"#/$defs/d{n + 1}"}}} for n in range(5000)}
    schema = {"$ref": "#/$defs/d0", "$defs": definitions}
    assert compared(schema, schema) == []


def test_a_doubling_of_references_takes_no_time() -> None:
    definitions = {
        f"d{n}": {"properties": {snapshot: {"$ref": f"#/$defs/d{n + 1}"} for snapshot in "ab"}} for n in range(60)
    }
    assert compared({"$ref": "#/$defs/d0", "$defs": definitions}, {"$ref": "#/$defs/d0", "$defs": definitions}) == []


SCALARS = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a", "abc"])
VALUES = st.recursive(
    SCALARS, lambda v: st.lists(v, max_size=2) | st.dictionaries(st.sampled_from("ab"), v, max_size=2), max_leaves=4
)
TYPES = st.sampled_from(["string", "integer", "number", "null", "boolean", "array", "object"])


def schemas() -> st.SearchStrategy[Schema]:
    """Schemas of the keywords that are judged."""

    def keywords(inner: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
        return st.fixed_dictionaries(
            {},
            optional={
                "type": TYPES | st.lists(TYPES, min_size=1, max_size=3, unique=True),
                "enum": st.lists(SCALARS, min_size=1, max_size=3),
                "minimum": st.integers(-2, 2),
                "maxLength": st.integers(0, 2),
                "required": st.lists(st.sampled_from("ab"), max_size=2, unique=True),
                "properties": st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
                "additionalProperties": st.booleans(),
                "items": inner,
            },
        )

    return st.recursive(keywords(st.just({})), keywords, max_leaves=4)


@given(schemas())
def test_no_schema_differs_from_itself(schema: Schema) -> None:
    assert compared(schema, schema) == []


@given(schemas(), schemas(), VALUES)
def test_input_that_is_refused_from_now_on_is_a_breaking_change(old: Schema, new: Schema, value: Any) -> None:
    accepted, refused = Draft7Validator(old).is_valid(value), not Draft7Validator(new).is_valid(value)
    if accepted and refused and not _is_about_a_property_that_came(old, new):
        assert any(change.impact is Impact.BREAKING for change in compared(old, new))


def _is_about_a_property_that_came(old: Schema, new: Schema) -> bool:
    """A property that is described for the first time refuses what nobody had a reason to give."""
    return any(change.kind is Kind.ADDED and not change.what for change in compared(old, new))


@given(VALUES, VALUES)
def test_whatever_stands_in_place_of_a_schema_can_be_compared(old: Any, new: Any) -> None:
    compared(old, new)
    compared({"properties": old, "required": new}, {"type": old, "enum": new, "anyOf": old})
