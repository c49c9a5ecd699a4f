"""What the operator's reader of `spec.flow` takes: the Go SDK, which decodes each resource before anything runs.

The facts are made by the SDK itself (tests/reader_facts.py): for each field of the DSL the types of JSON that every
version of it in use decodes.
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

#: Why it matters: the operator lists all resources before it looks at one.
CONSEQUENCE: Final = "its cache of all workflows may not fill"
#: What Go's int32 holds.
MAX_INTEGER: Final = 2**31 - 1
MIN_INTEGER: Final = -(2**31)
#: A state of any type, and what an authentication has by its scheme.
STATE: Final = dsl.WORKFLOW.fields["states"].kind
SCHEME: Final = dsl.AUTH.fields["scheme"]
PROPERTIES: Final = cast("Shape", dsl.AUTH.fields["properties"].kind)
#: After the name of a field: its items, and the values of a map.
ITEMS: Final = "[]"
VALUES: Final = "{}"


class JsonType(StrEnum):
    """A type of JSON, as fine as the reader distinguishes them."""

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
    """Blank, or what is neither the inside of a JSON string nor a JSON object: no schema's path or content."""
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
#: Types that nobody writes to say something, and the wider or narrower form of another one.
_UNNAMED: Final = {JsonType.MISSING, JsonType.NULL, JsonType.EMPTY_TEXT, JsonType.LARGE_INTEGER, JsonType.BROKEN_TEXT}


@dataclass(frozen=True, kw_only=True)
class Unreadable:
    """A value at `path` of a flow that the operator cannot decode.

    `readable` are the types that it decodes there, `choices` the only texts of the field.
    """

    path: FieldPath
    found: JsonType
    readable: frozenset[JsonType]
    choices: tuple[str, ...] = ()

    @property
    def what(self) -> str:
        """What it cannot read: `'arguments' as a string`, or `an item of 'auth' without 'properties'`."""
        if self.found is JsonType.MISSING:
            return f"{_shown(self.path[:-1])} without {_shown(self.path)}"
        return f"{_shown(self.path)} as {_WORDS[self.found]}"

    @property
    def instead(self) -> str:
        """What to write in its place."""
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
        """The types that it reads, in words."""
        words = [_WORDS[each] for each in JsonType if each in self.readable - _UNNAMED and each in _WORDS]
        if JsonType.CHOICE in self.readable and JsonType.TEXT not in self.readable:
            words += self.choices
        return listed(words, "or")


def _shown(path: FieldPath) -> str:
    """A place as a message has it: the last name in it, and whether it is one item."""
    name = next((part for part in reversed(path) if isinstance(part, str)), "flow")
    return f"an item of '{name}'" if path and isinstance(path[-1], int) else f"'{name}'"


def unreadable(flow: Mapping[str, Any]) -> Iterator[Unreadable]:
    """The values of a flow (`spec.flow`) that the operator cannot decode."""
    facts = _facts()[dsl.WORKFLOW.name]
    yield from _Object(content=flow, shape=dsl.WORKFLOW, where=(), facts=facts).unreadable()


def fields_of(shape: Shape) -> Iterator[tuple[str, Field]]:
    """The fields of an object that the resource has; the identity of a workflow is metadata there."""
    for key, field in shape.fields.items():
        if field.kind is not dsl.Kind.DROPPED and not (shape is dsl.WORKFLOW and key in dsl.IDENTITY):
            yield key, field


def objects_in(field: Field) -> Iterator[tuple[Shape, str]]:
    """The objects that a field can hold, each with its name among the facts: states by type, properties by scheme."""
    if field.kind is STATE:
        yield from ((shape, shape.name) for shape in dsl.STATES.values())
    elif field.kind is PROPERTIES:
        yield from ((PROPERTIES, _properties(scheme)) for scheme in SCHEME.choices)
    elif isinstance(field.kind, Shape):
        yield field.kind, field.kind.name


def object_in(field: Field, content: Mapping[str, Any], beside: Mapping[str, Any]) -> tuple[Shape, str] | None:
    """The object that a field holds with some content, by the fields beside it; None where the SDK knows none."""
    return next((each for each in objects_in(field) if _is_read_as(content, beside, *each)), None)


def _is_read_as(content: Mapping[str, Any], beside: Mapping[str, Any], shape: Shape, name: str) -> bool:
    """Whether the reader takes an object for that of a name: a state by its type, properties by the scheme beside."""
    if types := [type_ for type_, state in dsl.STATES.items() if state is shape]:
        return content.get("type") in types
    if shape is PROPERTIES:
        return name == _properties(beside.get("scheme") or SCHEME.default)
    return True


def _properties(scheme: str) -> str:
    return f"{PROPERTIES.name} of {scheme}"


def choices_of(shape: Shape, key: str) -> tuple[str, ...]:
    """The only texts of a field, where there are such."""
    if key == "type" and shape in dsl.STATES.values():
        return tuple(dsl.STATES)
    return shape.fields[key].choices if key in shape.fields else ()


def type_of(value: Any, choices: tuple[str, ...]) -> JsonType:
    """The type of a value as JSON."""
    if isinstance(value, str):
        return _type_of_text(value, choices)
    if isinstance(value, int) and not isinstance(value, bool):
        return JsonType.INTEGER if MIN_INTEGER <= value <= MAX_INTEGER else JsonType.LARGE_INTEGER
    if value is None:
        return JsonType.NULL
    # Dates are texts in JSON.
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
    """An object of the DSL in a flow, and what the reader decodes of it."""

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
    """Object to field to the types that the reader decodes; a field that is not there it decodes from anything."""
    text = (resources.files("generator.kubernetes") / "facts/operator-reader.json").read_bytes()
    return {
        name: {key: frozenset(map(JsonType, types)) for key, types in fields.items()}
        for name, fields in json.loads(text).items()
    }
