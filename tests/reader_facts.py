"""What the operator's reader decodes, made anew: `nox -s reader-facts`, by the programs of tests/reader.

It writes generator/kubernetes/facts/operator-reader.json: for each field of each object of the DSL the types of JSON
that every version of the reader decodes there, without the fields that it decodes from anything. All places of an
object must be alike.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any, Final

from generator.kubernetes.operator_reader import (
    ITEMS,
    PROPERTIES,
    SCHEME,
    VALUES,
    JsonType,
    choices_of,
    fields_of,
    objects_in,
)
from generator.workflow import dsl
from generator.workflow.dsl import Field, Kind, Shape
from tests.conftest import ROOT
from tests.operator_reader import read

FACTS: Final = ROOT / "generator" / "kubernetes" / "facts" / "operator-reader.json"
Flow = Mapping[str, Any]
#: The name of an object and that of a field of it.
FieldName = tuple[str, str]
#: Values of each type that are tried; a choice is the field's own, and what is missing has none.
SAMPLES: Final[Mapping[JsonType, Sequence[Any]]] = {
    JsonType.NULL: [None],
    JsonType.BOOLEAN: [True, False],
    JsonType.INTEGER: [0, 3, -1, 2**31 - 1],
    JsonType.LARGE_INTEGER: [2**31, -(2**31) - 1, 10**12],
    JsonType.FRACTION: [1.5, 2.0],
    JsonType.EMPTY_TEXT: [""],
    JsonType.TEXT: ["text", "true", "${ .a }", '{"a": 1}'],
    JsonType.BROKEN_TEXT: [" ", 'a"b', "a\\x", "{a", "a\nb"],
    JsonType.LIST: [[]],
    JsonType.MAP: [{}],
}


@dataclass(frozen=True, kw_only=True)
class Place:
    """A field of an object in a flow: `key` ends in [] for its items, in {} for the values of a map."""

    name: str
    key: str
    flow_with: Callable[[Any], Flow]
    above: tuple[FieldName, ...]
    """The fields that it lies below."""
    choices: tuple[str, ...] = ()
    least: Flow | None = None
    """The least object that it can hold; None where it holds none."""
    flow_without: Flow | None = None
    default: Any = None

    def tries(self, samples: Mapping[JsonType, Sequence[Any]]) -> Iterator[tuple[JsonType, Flow]]:
        """Flows with a value of each type in this place, and one without it."""
        if self.flow_without is not None:
            yield JsonType.MISSING, self.flow_without
        for type_, values in {**samples, JsonType.CHOICE: self.choices}.items():
            for value in values:
                yield type_, self.flow_with(self.least if self.least and value == {} else value)


def places() -> Iterator[Place]:
    """Every field of the DSL table, in every place where it can stand."""
    yield from _places(dsl.WORKFLOW, dsl.WORKFLOW.name, {"states": []}, lambda flow: flow, ())


def read_places() -> list[Place]:
    """The places that the reader decodes: not those below a field that it knows nothing of."""
    found = list(places())
    everything = {JsonType.BOOLEAN, JsonType.TEXT, JsonType.LIST, JsonType.MAP}
    decoded = _decoded(found)
    unknown = {
        (place.name, place.key)
        for place in found
        if place.least is not None and all(decoded[place.name, place.key, type_] == {True} for type_ in everything)
    }
    return [place for place in found if not unknown.intersection(place.above)]


def _places(
    shape: Shape, name: str, least: Flow, wrap: Callable[[Any], Flow], above: tuple[FieldName, ...]
) -> Iterator[Place]:
    """The fields of an object that `wrap` puts into a flow, `least` being what it needs to be read."""
    for key, field in fields_of(shape):
        without = wrap({other: value for other, value in least.items() if other != key})

        def put(value: Any, key: str = key) -> Flow:
            return wrap({**least, key: value})

        def put_item(value: Any, put: Callable[[Any], Flow] = put) -> Flow:
            return put([value])

        def put_value(value: Any, put: Callable[[Any], Flow] = put) -> Flow:
            return put({"key": value})

        least_inside = next((_least(inner) for inner, _ in objects_in(field)), None)
        yield Place(
            name=name,
            key=key,
            choices=choices_of(shape, key),
            least=least_inside,
            flow_with=put,
            flow_without=without,
            default=field.default,
            above=above,
        )
        kinds = {ITEMS: (put_item, field.many or field.kind is Kind.ANY)}
        kinds[VALUES] = (put_value, field.kind is Kind.ANY or field.kind is Kind.MAP)
        for suffix, (put_one, can_be) in kinds.items():
            if can_be:
                yield Place(name=name, key=key + suffix, flow_with=put_one, least=least_inside, above=above)
        yield from _below(field, least, key, wrap, (*above, (name, key)))


def _below(
    field: Field, least: Flow, key: str, wrap: Callable[[Any], Flow], above: tuple[FieldName, ...]
) -> Iterator[Place]:
    schemes = SCHEME.choices if field.kind is PROPERTIES else repeat("")
    for (inner, inner_name), scheme in zip(objects_in(field), schemes, strict=False):
        beside = {"scheme": scheme} if scheme else {}

        def wrap_inner(content: Any, beside: Flow = beside) -> Flow:
            return wrap({**least, **beside, key: [content] if field.many else content})

        yield from _places(inner, inner_name, _least(inner), wrap_inner, above)


def facts() -> bytes:
    """What operator-reader.json holds."""
    decoded = _decoded(read_places())
    if unlike := [place for place, all_of_it in decoded.items() if len(all_of_it) > 1]:
        raise ValueError(f"the reader decodes these in some places or forms, and in others not: {unlike}")
    table: dict[str, dict[str, dict[JsonType, bool]]] = {}
    for (name, key, type_), (decodes,) in decoded.items():
        table.setdefault(name, {}).setdefault(key, {})[type_] = decodes
    lines = ",\n".join(f' "{name}": {{\n{_rows(fields)}\n }}' for name, fields in sorted(table.items()))
    return f"{{\n{lines}\n}}\n".encode()


def _decoded(found: Iterable[Place]) -> dict[tuple[str, str, JsonType], set[bool]]:
    """Whether the reader decodes a type in a field; both where that depends on the place or the value."""
    tries = [(place, type_, flow) for place in found for type_, flow in place.tries(SAMPLES)]
    answers: dict[tuple[str, str, JsonType], set[bool]] = {}
    for (place, type_, _), said in zip(tries, read(flow for _, _, flow in tries), strict=True):
        answers.setdefault((place.name, place.key, type_), set()).add(not any(said.values()))
    return answers


def _rows(fields: Mapping[str, Mapping[JsonType, bool]]) -> str:
    """The fields that the reader does not decode from anything, each with the types that it does."""
    rows = {
        key: [str(type_) for type_ in JsonType if types.get(type_)]
        for key, types in sorted(fields.items())
        if any(types.values()) and not all(types.values())
    }
    return ",\n".join(f"  {json.dumps(key)}: {json.dumps(types)}" for key, types in rows.items())


def _least(shape: Shape) -> Flow:
    """The least of an object that the reader decodes."""
    for type_, state in dsl.STATES.items():
        if state is shape:
            return {"name": "Begin", "type": type_}
    return {"properties": {}} if shape is dsl.AUTH else {}


if __name__ == "__main__":
    FACTS.write_bytes(facts())
