"""The input of a new workflow as a JSON Schema, from which the Orchestrator makes a form."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from generator.contracts.arguments import kind
from generator.contracts.json_schema import JsonSchema
from generator.contracts.openapi import Spec
from generator.contracts.samples import example

#: Objects in objects: no form is deeper.
_DEPTH: Final = 3
_MOST: Final = 60
_LONGEST: Final = 300
_NUMBERS: Final = ("minimum", "maximum", "multipleOf")
_LENGTHS: Final = ("minLength", "maxLength", "minItems", "maxItems")
_TYPES: Final[Mapping[type, str]] = {str: "string", bool: "boolean", int: "integer", float: "number"}
#: Formats that a form has a field for and every validator knows.
_FORMATS: Final = ("date", "date-time", "email", "uri", "uuid", "ipv4", "ipv6", "hostname")


def form(name: str, schema: Any, spec: Spec, depth: int = 0) -> dict[str, Any]:
    """A property of an input for a part of an OpenAPI file: its references resolved, and only what forms understand."""
    given = spec.resolved(schema)
    made: dict[str, Any] = {"title": title(name), "description": _description(given) or f"The {title(name).lower()}."}
    match kind(spec, given if "$ref" not in given else {}):
        case "object" if depth < _DEPTH:
            made |= _object(given, spec, depth)
        case "array" if depth < _DEPTH:
            made |= {"type": "array", "items": form(f"{name} item", given.get("items"), spec, depth + 1)}
        case "array":
            made |= {"type": "array"}
        case "string" | "integer" | "number" | "boolean" as plain:
            made["type"] = plain
        case _:
            made["type"] = "object"
    made |= _limits(given, made["type"])
    return _with_values(given, made)


def title(name: str) -> str:
    """A name as a form shows it: `petId` is `Pet id`, `X-Request-Id` `X request id`."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name[:100])
    text = " ".join(re.findall(r"[^\W_]+", words)).lower()
    return f"{text[:1].upper()}{text[1:]}" or "Value"


def _object(given: Mapping[str, Any], spec: Spec, depth: int) -> dict[str, Any]:
    fields = spec.fields(given)
    kept = {
        name: one
        for name, one in fields.properties.items()
        if spec.resolved(one).get("readOnly") is not True and (name in fields.required or depth == 0)
    }
    if not kept:
        kept = dict(fields.properties)
    shown = dict(list(kept.items())[:_MOST])
    made: dict[str, Any] = {
        "type": "object",
        "properties": {name: form(name, one, spec, depth + 1) for name, one in shown.items()},
    }
    required = [name for name in shown if name in fields.required]
    return {**made, **({"required": required} if required else {})}


def _limits(given: Mapping[str, Any], type_: str) -> dict[str, Any]:
    """The limits of a value, those alone that are what they should be."""
    if type_ in ("integer", "number"):
        return {
            key: given[key]
            for key in _NUMBERS
            if _is_number(given.get(key)) and (key != "multipleOf" or given[key] > 0)
        }
    made: dict[str, Any] = {
        key: given[key]
        for key in _LENGTHS
        if type(given.get(key)) is int and given[key] >= 0 and key.endswith("Items") == (type_ == "array")
    }
    if type_ == "string" and given.get("format") in _FORMATS:
        made["format"] = given["format"]
    return made if type_ in ("string", "array") else {}


def _with_values(given: Mapping[str, Any], made: dict[str, Any]) -> dict[str, Any]:
    """The choices, the default and the example, those alone that fit the rest."""
    choices = given.get("enum")
    scalar = made["type"] in _TYPES.values()
    if isinstance(choices, list) and scalar:
        fitting = [
            each for each in dict.fromkeys(c for c in choices if isinstance(c, (str, int, float))) if _fits(made, each)
        ]
        if fitting:
            made["enum"] = fitting
    for key, name in (("default", "default"), ("example", "examples")):
        value = given.get(key)
        if scalar and value is not None and _fits(made, value):
            made[name] = value if key == "default" else [value]
    if not scalar or _fits(made, example(JsonSchema(content=made, document=made))):
        return made
    return {key: made[key] for key in ("title", "description", "type")}


def _fits(schema: dict[str, Any], value: Any) -> bool:
    return JsonSchema(content=schema, document=schema).fits(value)


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and abs(value) < 2**53


def _description(given: Mapping[str, Any]) -> str:
    text = given.get("description")
    return " ".join(text.split())[:_LONGEST] if isinstance(text, str) else ""


def rendered(schema: Mapping[str, Any]) -> bytes:
    """A schema as a file."""
    return f"{json.dumps(schema, indent=2, ensure_ascii=False)}\n".encode()
