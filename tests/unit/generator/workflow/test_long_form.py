"""The types of the long form are those of the DSL table, and the long form of whatever is written has them."""

from __future__ import annotations

import copy
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from generator.findings.errors import FindingsError
from generator.text.yaml_reader import FieldPath
from generator.workflow import dsl
from generator.workflow.dsl import Field, Kind, Shape
from generator.workflow.workflow import read_workflow
from tests.dsl_types import TYPES, name_of, types
from tests.unit.conftest import definition, source
from tests.unit.generator.workflow.test_dsl import ALL

#: What the long form holds of a field that is no object, and a value that is right.
KINDS: dict[Kind, tuple[tuple[type, ...], Any]] = {
    Kind.STRING: ((str,), "a"),
    Kind.BOOLEAN: ((bool,), True),
    Kind.INTEGER: ((int,), 1),
    Kind.INTEGER_OR_STRING: ((int, str), 1),
    Kind.MAP: ((dict,), {"a": 1}),
    Kind.ANY: ((object,), {"a": "b"}),
}
#: What stands where something else belongs.
ODD = (None, True, False, 0, 1.5, "", "a", "${", "PT1S", "switch", [], {}, [[]], [{}], [None], ["a"], {"name": "a"})
#: More than the objects of the table lie in each other, lists counted too.
DEPTH = 10
STATE = dsl.WORKFLOW.fields["states"].kind


def test_the_types_are_made_from_the_table() -> None:
    assert TYPES.read_bytes() == types(), "write them anew: nox -s dsl-types"


def test_each_object_has_a_type_of_its_own() -> None:
    shapes = {id(shape): shape for shape in ALL}
    assert max(Counter(map(name_of, shapes.values())).values()) == 1


def whole(shape: Shape) -> dict[str, Any]:
    """An object with all of its fields."""
    return {key: written(field) for key, field in shape.fields.items() if field.kind is not Kind.DROPPED}


def written(field: Field) -> Any:
    if field.kind is STATE:
        return [{**whole(shape), "type": type_} for type_, shape in dsl.STATES.items()]
    value = whole(field.kind) if isinstance(field.kind, Shape) else KINDS[field.kind][1]
    return [value] if field.many else value


def places(tree: Any) -> Iterator[tuple[Any, Any]]:
    """Every map or list with each of its keys."""
    for owner, key in keys_of(tree):
        yield owner, key
        yield from places(owner[key])


def keys_of(tree: Any) -> list[tuple[Any, Any]]:
    """A map or list with each of its keys."""
    return [(tree, key) for key in (tree if isinstance(tree, dict) else range(len(tree)))] if is_inner(tree) else []


def is_inner(tree: Any) -> bool:
    return isinstance(tree, (dict, list))


def misfits(value: Any, shape: Shape, where: FieldPath = ()) -> Iterator[FieldPath]:
    """Where the long form of an object is not of its type."""
    for key, field in shape.fields.items():
        if key in value:
            yield from misfits_of_field(value[key], field, (*where, key))
        elif field.default is not None:
            yield (*where, key)
    yield from ((*where, key) for key in value if key not in shape.fields)


def misfits_of_field(value: Any, field: Field, where: FieldPath) -> Iterator[FieldPath]:
    if field.many and not isinstance(value, list):
        yield where
        return
    for index, item in enumerate(value if field.many else [value]):
        at = (*where, index) if field.many else where
        if field.kind is STATE:
            yield from misfits(item, dsl.STATES[item["type"]], at) if item != {} else ()
        elif isinstance(field.kind, Shape):
            yield from misfits(item, field.kind, at)
        elif not isinstance(item, KINDS[field.kind][0]):
            yield at


WHOLE = whole(dsl.WORKFLOW)


def test_the_long_form_of_a_definition_with_every_field_has_the_types() -> None:
    found = definition(WHOLE)
    assert list(misfits(found.flow, dsl.WORKFLOW)) == []
    assert {state["type"] for state in found.flow["states"]} == dsl.STATES.keys()


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_an_odd_value_in_each_field_leaves_the_long_form_its_types(odd: object) -> None:
    for depth in range(DEPTH):
        tree = copy.deepcopy(WHOLE)
        for owner, key in at_depth(tree, depth):
            if key != "type":  # of a state whose type is unknown nothing is read
                owner[key] = copy.deepcopy(odd)
        assert misfits_of(tree) == [], depth


@given(st.lists(st.tuples(st.integers(min_value=0), st.sampled_from(ODD)), min_size=2, max_size=8))
@example([(0, {}), (1, [])])
@settings(max_examples=40)
def test_the_long_form_of_what_is_broken_has_the_types(changes: list[tuple[int, object]]) -> None:
    tree = copy.deepcopy(WHOLE)
    for place, odd in changes:
        if found := list(places(tree)):
            owner, key = found[place % len(found)]
            owner[key] = copy.deepcopy(odd)
    assert misfits_of(tree) == []


def at_depth(tree: Any, depth: int) -> list[tuple[Any, Any]]:
    """The maps and lists so far below the top, each with each of its keys."""
    level = [(tree, key) for key in tree]
    for _ in range(depth):
        level = [below for owner, key in level for below in keys_of(owner[key])]
    return level


def misfits_of(tree: dict[str, Any]) -> list[FieldPath]:
    """Where the long form of a definition is not of its type; nowhere where it cannot be read at all."""
    try:
        read = read_workflow(source({"a.sw.json": json.dumps(tree)})).definition
    except FindingsError:
        return []
    return list(misfits(read.flow, dsl.WORKFLOW))
