"""Finds values of `spec.flow` that the operator cannot decode with its Go SDK.

The facts are generated with the SDK itself (tests/reader_facts.py): for each field of the DSL, the JSON types that all
versions in use decode.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any, Final, cast

from generator.text.words import listed
from generator.text.yaml_reader import FieldPath
from generator.workflow import dsl
from generator.workflow.dsl import Field, Shape

#: The consequence of such a value: the operator decodes all resources before it handles one.
CONSEQUENCE: Final = "its cache of all workflows may not fill"
#: The range of Go's int32.
MAX_INTEGER: Final = 2**31 - 1
MIN_INTEGER: Final = -(2**31)
#: The kind of a state of any type, and the fields of an authentication that depend on each other.
STATE: Final = dsl.WORKFLOW.fields["states"].kind
SCHEME: Final = dsl.AUTH.fields["scheme"]
PROPERTIES: Final = cast("Shape", dsl.AUTH.fields["properties"].kind)
#: Suffixes of a field's name in the facts: for its items, and for the values of a map.
ITEMS: Final = "[]"
VALUES: Final = "{}"


class JsonType(StrEnum):
    """A JSON type, subdivided as the SDK distinguishes values."""

    MISSING = "missing"
    NULL = "null"
    BOOLEAN = "boolean"
    INTEGER = "integer"
    LARGE_INTEGER = "large integer"
    FRACTION = "fraction"
    EMPTY_TEXT = "empty text"
    CHOICE = "choice"
    TEXT = "text"
    BROKEN_TEXT = "broken text"
    """Blank, or neither the inside of a JSON string nor a JSON object, so not the path or content of a schema."""
    LIST = "list"
    MAP = "map"


_WORDS: Final[Mapping[JsonType, str]] = {
    JsonType.MISSING: "nothing",
    JsonType.NULL: "null",
    JsonType.BOOLEAN: "true or false",
    JsonType.INTEGER: "a whole number",
    JsonType.LARGE_INTEGER: f"a whole number beyond {MAX_INTEGER}",
    JsonType.FRACTION: "a fraction",
    JsonType.EMPTY_TEXT: "an empty string",
    JsonType.TEXT: "a string",
    JsonType.BROKEN_TEXT: "a string that is blank or has quotes or backslashes in it",
    JsonType.LIST: "a list",
    JsonType.MAP: "a map",
}
_ANYTHING: Final = frozenset(JsonType)
_OTHERS: Final[Mapping[type, JsonType]] = {
    bool: JsonType.BOOLEAN,
    float: JsonType.FRACTION,
    Mapping: JsonType.MAP,
    Sequence: JsonType.LIST,
}
#: Types that a message does not suggest: empty ones, and variants of other types.
_UNNAMED: Final = {JsonType.MISSING, JsonType.NULL, JsonType.EMPTY_TEXT, JsonType.LARGE_INTEGER, JsonType.BROKEN_TEXT}


@dataclass(frozen=True, kw_only=True)
class Unreadable:
    """A value of a flow that the operator cannot decode.

    `readable` are the types that it decodes at `path`, and `choices` the only strings that the field allows.
    """

    path: FieldPath
    found: JsonType
    readable: frozenset[JsonType]
    choices: tuple[str, ...] = ()

    @property
    def what(self) -> str:
        """The unreadable value in words: `'arguments' as a string`, or `an item of 'auth' without 'properties'`."""
        if self.found is JsonType.MISSING:
            return f"{_shown(self.path[:-1])} without {_shown(self.path)}"
        return f"{_shown(self.path)} as {_WORDS[self.found]}"

    @property
    def instead(self) -> str:
        """What to write instead."""
        name = self.path[-1]
        match self.found:
            case JsonType.MISSING:
                return f"add '{name}'"
            case JsonType.LARGE_INTEGER:
                return f"write a number from {MIN_INTEGER} to {MAX_INTEGER}"
            case JsonType.BROKEN_TEXT:
                return "write a path without line breaks, quotes and backslashes, or the content as a map"
        if name == "arguments":
            return "write a map, each argument by its name: arguments: {name: .name}"
        return f"write {self._wanted}"

    @property
    def _wanted(self) -> str:
        """The readable types in words."""
        words = [_WORDS[each] for each in JsonType if each in self.readable - _UNNAMED and each in _WORDS]
        if JsonType.CHOICE in self.readable and JsonType.TEXT not in self.readable:
            words += self.choices
        return listed(words, "or")


def _shown(path: FieldPath) -> str:
    """Return a path in words: its last name, and whether it is an item of that list."""
    name = next((part for part in reversed(path) if isinstance(part, str)), "flow")
    return f"an item of '{name}'" if path and isinstance(path[-1], int) else f"'{name}'"


def unreadable(flow: Mapping[str, Any]) -> Iterator[Unreadable]:
    """Yield the values of a flow (`spec.flow`) that the operator cannot decode."""
    facts = _facts()[dsl.WORKFLOW.name]
    yield from _Object(content=flow, shape=dsl.WORKFLOW, where=(), facts=facts).unreadable()


def fields_of(shape: Shape) -> Iterator[tuple[str, Field]]:
    """Yield the fields of an object that are in the resource; a workflow's identity is in its metadata instead."""
    for key, field in shape.fields.items():
        if field.kind is not dsl.Kind.DROPPED and not (shape is dsl.WORKFLOW and key in dsl.IDENTITY):
            yield key, field


def objects_in(field: Field) -> Iterator[tuple[Shape, str]]:
    """Yield the objects that a field can hold with their names in the facts: states by type, properties by scheme."""
    if field.kind is STATE:
        yield from ((shape, shape.name) for shape in dsl.STATES.values())
    elif field.kind is PROPERTIES:
        yield from ((PROPERTIES, _properties(scheme)) for scheme in SCHEME.choices)
    elif isinstance(field.kind, Shape):
        yield field.kind, field.kind.name


def object_in(field: Field, content: Mapping[str, Any], beside: Mapping[str, Any]) -> tuple[Shape, str] | None:
    """Return the object that a field holds, by its content and its sibling fields, or None if the SDK knows none."""
    return next((each for each in objects_in(field) if _is_read_as(content, beside, *each)), None)


def _is_read_as(content: Mapping[str, Any], beside: Mapping[str, Any], shape: Shape, name: str) -> bool:
    """Whether the SDK decodes content as this object: a state by its type, properties by the sibling scheme."""
    if types := [type_ for type_, state in dsl.STATES.items() if state is shape]:
        return content.get("type") in types
    if shape is PROPERTIES:
        return name == _properties(beside.get("scheme") or SCHEME.default)
    return True


def _properties(scheme: str) -> str:
    return f"{PROPERTIES.name} of {scheme}"


def choices_of(shape: Shape, key: str) -> tuple[str, ...]:
    """Return the only strings that a field allows, or () if it allows any."""
    if key == "type" and shape in dsl.STATES.values():
        return tuple(dsl.STATES)
    return shape.fields[key].choices if key in shape.fields else ()


def type_of(value: Any, choices: tuple[str, ...]) -> JsonType:
    """Return the JSON type of a value."""
    if isinstance(value, str):
        return _type_of_text(value, choices)
    if isinstance(value, int) and not isinstance(value, bool):
        return JsonType.INTEGER if MIN_INTEGER <= value <= MAX_INTEGER else JsonType.LARGE_INTEGER
    if value is None:
        return JsonType.NULL
    # Dates are strings in JSON.
    return next((type_ for kind, type_ in _OTHERS.items() if isinstance(value, kind)), JsonType.TEXT)


def _type_of_text(text: str, choices: tuple[str, ...]) -> JsonType:
    if not text:
        return JsonType.EMPTY_TEXT
    if text in choices:
        return JsonType.CHOICE
    if not text.strip():
        return JsonType.BROKEN_TEXT
    try:
        json.loads(text if text.strip().startswith("{") else f'"{text}"')
    except ValueError:
        return JsonType.BROKEN_TEXT
    return JsonType.TEXT


@dataclass(frozen=True, kw_only=True)
class _Object:
    """An object of the DSL in a flow, and the facts about its fields."""

    content: Mapping[str, Any]
    shape: Shape
    where: FieldPath
    facts: Mapping[str, frozenset[JsonType]]

    def unreadable(self) -> Iterator[Unreadable]:
        for key, field in fields_of(self.shape):
            if key in self.content:
                yield from self._value(self.content[key], key, field, (*self.where, key))
            elif JsonType.MISSING not in (readable := self.facts.get(key, _ANYTHING)):
                yield Unreadable(path=(*self.where, key), found=JsonType.MISSING, readable=readable)

    def _value(self, value: Any, key: str, field: Field, where: FieldPath) -> Iterator[Unreadable]:
        if key not in self.facts:
            return
        choices = choices_of(self.shape, key)
        found, readable = type_of(value, choices), self.facts[key]
        if found not in readable:
            yield Unreadable(path=where, found=found, readable=readable, choices=choices)
        elif found is JsonType.MAP and isinstance(field.kind, Shape):
            yield from self._inner(value, field, where)
        elif found is JsonType.MAP:
            for name, child in value.items():
                yield from self._value(child, key + VALUES, field, (*where, name))
        elif found is JsonType.LIST:
            for index, child in enumerate(value):
                yield from self._value(child, key + ITEMS, field, (*where, index))

    def _inner(self, content: Mapping[str, Any], field: Field, where: FieldPath) -> Iterator[Unreadable]:
        if known := object_in(field, content, self.content):
            shape, name = known
            yield from _Object(content=content, shape=shape, where=where, facts=_facts()[name]).unreadable()
        elif field.kind is STATE:
            found = type_of(content["type"], ()) if "type" in content else JsonType.MISSING
            choices = tuple(dsl.STATES)
            yield Unreadable(path=(*where, "type"), found=found, readable=frozenset({JsonType.CHOICE}), choices=choices)


@cache
def _facts() -> Mapping[str, Mapping[str, frozenset[JsonType]]]:
    """Map objects to fields to the types that the SDK decodes; a field without an entry accepts any type."""
    text = (resources.files("generator.kubernetes") / "facts/operator-reader.json").read_bytes()
    return {
        name: {key: frozenset(map(JsonType, types)) for key, types in fields.items()}
        for name, fields in json.loads(text).items()
    }
