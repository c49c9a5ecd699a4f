"""Checks a call's arguments as the engine does: which are parameters, which the body, and which it cannot send.

The rules were tested with the engine (Kogito 10.1.0 with quarkus-openapi-generator 2.9): WorkflowWorkItemHandler
removes each parameter from the arguments by name and casts it, and makes the body from the rest.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from generator.contracts.openapi import Body, Operation, Parameter, Schema, Spec
from generator.findings.suggestions import one_of
from generator.jq import engine
from generator.jq.names import uses
from generator.jq.syntax import parse
from generator.text.yaml_reader import FieldPath, field_path
from generator.text.yaml_scalars import spelled

Kind = Literal["string", "integer", "number", "boolean", "array", "object", "map", "any", "unknown"]

_KINDS: Final[Mapping[str, Kind]] = {
    "string": "string",
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
    "array": "array",
}
#: The name of a literal's type in a message.
_LITERAL_NAMES: Final = {
    str: "text",
    bool: "true or false",
    int: "a number",
    float: "a number",
    list: "a list",
    dict: "a map",
}
_KIND_NAMES: Final[Mapping[str, str]] = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a map",
    "map": "a map",
}
#: The Python types of the literals that the engine can cast to a parameter of each kind.
_CAST: Final[Mapping[str, tuple[type, ...]]] = {
    "string": (str,),
    "integer": (int, float),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
}
#: The same for values in a body, which Jackson converts.
_CONVERTED: Final[Mapping[str, tuple[type, ...]]] = {
    "string": (str, bool, int, float),
    "integer": (int, float),
    "number": (int, float),
    "boolean": (bool, int),
    "array": (list,),
    "object": (dict,),
    "map": (dict,),
}
#: Longer strings are not checked as literals.
_MAX_LITERAL: Final = 200
_JSON_SCALAR: Final = re.compile(r"\s*(-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?|true|false|null)\s*")


class Unknown:
    """The value of an argument that is only known at run time."""


UNKNOWN: Final = Unknown()


@dataclass(frozen=True, kw_only=True)
class Misfit:
    """An argument that the operation does not accept: its path below the arguments, and the reason."""

    path: FieldPath
    message: str


def literal(argument: Any) -> Any:
    """Return the value that the engine reads from an argument, or `UNKNOWN` if it evaluates the argument.

    It reads every string that compiles as a jq expression: "5" is the number 5, and "length" is a function. "Task" is
    text, because there is no such function.
    """
    if not isinstance(argument, str):
        return argument
    if len(argument) > _MAX_LITERAL:
        return UNKNOWN
    if _JSON_SCALAR.fullmatch(argument):
        return json.loads(argument)
    tree = parse(argument)
    return argument if tree and not all(engine.knows(use) for use in uses(tree).functions) else UNKNOWN


def kind(spec: Spec, schema: Schema) -> Kind:
    """Return the kind of Java type that the engine's client has for a schema; "any" is Object, "object" a class."""
    resolved = spec.resolved(schema)
    what = _type(resolved)
    if (schema and not resolved) or (what not in _KINDS and what not in ("object", "")):
        return "unknown"
    if any(key in resolved for key in ("allOf", "oneOf", "anyOf")):
        return "object" if spec.fields(resolved).properties else "unknown"
    if what in _KINDS:
        return _KINDS[what]
    if resolved.get("properties"):
        return "object"
    if what == "object":
        return "any" if resolved.get("additionalProperties", False) is False else "map"
    return "unknown" if resolved.keys() - {"description", "title", "nullable", "example"} else "any"


def _type(schema: Schema) -> str:
    given = schema.get("type", "")
    if isinstance(given, list):
        given = [one for one in given if one != "null"]
        given = given[0] if len(given) == 1 else None
    return given if isinstance(given, str) else "?"


def split(operation: Operation, arguments: Mapping[str, Any]) -> tuple[dict[str, Parameter], dict[str, Any]]:
    """Return the parameters that have arguments, by name, and the remaining arguments, which are for the body."""
    parameters = {parameter.name: parameter for parameter in operation.parameters}
    given = {name: parameters[name] for name in arguments if name in parameters}
    return given, {name: value for name, value in arguments.items() if name not in parameters}


def cannot_be_given(spec: Spec, parameter: Parameter) -> str:
    """Return why the engine rejects every value of a parameter (its Java type has no JSON form), or ""."""
    schema = spec.resolved(parameter.schema)
    what = kind(spec, parameter.schema)
    if "oneOf" in schema or "anyOf" in schema:
        return "one of several"
    if what == "string" and schema.get("format") in ("binary", "date", "date-time", "uuid", "uri"):
        return f"of the format '{schema['format']}'"
    if what == "string" and parameter.named and "enum" in schema:
        return "an enumeration that has a name of its own"
    if what == "number" and schema.get("format") not in ("float", "double"):
        return "a number without a format"
    if what == "object":
        return "an object"
    return ""


def parameter_misfit(spec: Spec, parameter: Parameter, argument: Any) -> Misfit | None:
    """Return the misfit if an argument is a literal that the engine cannot cast to the parameter's type, or None."""
    value = literal(argument)
    what = kind(spec, parameter.schema)
    if value is None or value is UNKNOWN or what not in _CAST or _is_one_of(value, _CAST[what]):
        return None
    return Misfit(path=(parameter.name,), message=_misfit(parameter.name, what, argument, value))


def _is_one_of(value: Any, types: tuple[type, ...]) -> bool:
    """Return the result of `isinstance`, except that booleans are not numbers."""
    return isinstance(value, types) and (bool in types or not isinstance(value, bool))


def body_misfits(spec: Spec, schema: Schema, argument: Any, path: FieldPath) -> Iterator[Misfit]:
    """Yield a misfit for each literal in an argument that the engine cannot write to the body."""
    value = literal(argument)
    what = kind(spec, schema)
    if value is None or value is UNKNOWN:
        return
    if what in _CONVERTED and not _is_one_of(value, _CONVERTED[what]):
        yield Misfit(path=path, message=_misfit(field_path(path), what, argument, value))
    elif what == "string" and isinstance(value, str) and value not in (choices := _choices(spec, schema, value)):
        yield Misfit(path=path, message=f"'{field_path(path)}' cannot be '{value}'{one_of(value, choices)}")
    elif what == "array":
        items = spec.resolved(schema).get("items")
        for index, one in enumerate(value):
            yield from body_misfits(spec, items if isinstance(items, dict) else {}, one, (*path, index))
    elif what == "object" and not _has_alternatives(spec, schema):
        fields = spec.fields(schema).properties
        for name in value.keys() & fields.keys():
            yield from body_misfits(spec, fields[name], value[name], (*path, name))


def _choices(spec: Spec, schema: Schema, otherwise: str) -> list[str]:
    """Return the values of an enumeration, or only `otherwise` if the schema is not one."""
    choices = spec.resolved(schema).get("enum")
    if not isinstance(choices, list):
        return [otherwise]
    return [spelled(choice) if isinstance(choice, (bool, int, float)) else str(choice) for choice in choices]


def _misfit(name: str, what: Kind, argument: Any, value: Any) -> str:
    called = _LITERAL_NAMES[type(value)]
    read_as = f"and the engine reads '{argument}' as {called}" if isinstance(argument, str) else f"and this is {called}"
    if isinstance(argument, str) and isinstance(value, str):
        read_as = f"and '{argument}' is {called}"
    in_quotes = json.dumps(argument if isinstance(argument, str) else json.dumps(argument))
    help_ = f"; write '{in_quotes}'" if what == "string" and not isinstance(value, (list, dict)) else ""
    return f"'{name}' takes {_KIND_NAMES[what]}, {read_as}{help_}"


def _has_alternatives(spec: Spec, schema: Schema) -> bool:
    return any(key in spec.resolved(schema) for key in ("oneOf", "anyOf", "discriminator"))


def missing_fields(spec: Spec, schema: Schema, value: Mapping[str, Any]) -> Iterator[str]:
    """Yield the required fields that an object does not have."""
    fields = spec.fields(schema)
    for name in sorted(fields.required - value.keys()):
        read_only = spec.resolved(fields.properties.get(name, {})).get("readOnly") is True
        if not read_only:
            yield name


def unknown_fields(
    spec: Spec, schema: Schema, value: Any, path: FieldPath
) -> Iterator[tuple[FieldPath, tuple[str, ...]]]:
    """Yield the path of each unknown field, at any depth, which the engine omits, and the fields known there."""
    what = kind(spec, schema)
    if what == "array" and isinstance(value, list):
        items = spec.resolved(schema).get("items")
        for index, one in enumerate(value):
            yield from unknown_fields(spec, items if isinstance(items, dict) else {}, one, (*path, index))
    if what != "object" or not isinstance(value, dict):
        return
    fields = spec.fields(schema)
    for name, one in value.items():
        if name in fields.properties:
            yield from unknown_fields(spec, fields.properties[name], one, (*path, name))
        elif not fields.open:
            yield (*path, name), tuple(fields.properties)


def rivals(spec: Spec, operation: Operation, arguments: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the arguments of which the engine sends an arbitrary one as the body; empty if there is no ambiguity.

    This happens if the body has no class of its own, but is any object or text. Required parameters are removed from
    the arguments first, the other parameters only if the body is optional.
    """
    body = operation.body
    if body is None:
        return ()
    before = {p.name for p in operation.parameters if p.required or not body.required}
    left = {name: literal(value) for name, value in arguments.items() if name not in before}
    match kind(spec, body.schema):
        case "any":
            found = [name for name, value in left.items() if value is not None]
        case "string":
            found = [name for name, value in left.items() if isinstance(value, str)]
        case _:
            return ()
    return tuple(found) if len(found) > 1 else ()


def is_form(body: Body) -> bool:
    """Return whether a body is a form, for which the engine has no writer."""
    return body.media_type.split(";")[0].strip() == "application/x-www-form-urlencoded"
