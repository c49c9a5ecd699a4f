"""Converts OpenAPI schemas to the JSON Schema of a new workflow's input, which the Orchestrator shows as a form."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from generator.contracts.arguments import kind
from generator.contracts.json_schema import JsonSchema
from generator.contracts.openapi import Spec
from generator.contracts.samples import example

#: How deep objects are nested in a form.
_MAX_DEPTH: Final = 3
_MAX_PROPERTIES: Final = 60
_MAX_DESCRIPTION: Final = 300
_NUMBERS: Final = ("minimum", "maximum", "multipleOf")
_LENGTHS: Final = ("minLength", "maxLength", "minItems", "maxItems")
_TYPES: Final[Mapping[type, str]] = {str: "string", bool: "boolean", int: "integer", float: "number"}
#: Formats that forms and all validators support.
_FORMATS: Final = ("date", "date-time", "email", "uri", "uuid", "ipv4", "ipv6", "hostname")


def form(name: str, schema: Any, spec: Spec, depth: int = 0) -> dict[str, Any]:
    """Return an input property for an OpenAPI schema, with references resolved and only keywords that forms support."""
    schema = spec.resolved(schema)
    made: dict[str, Any] = {"title": title(name), "description": _description(schema) or f"The {title(name).lower()}."}
    match kind(spec, schema if "$ref" not in schema else {}):
        case "object" if depth < _MAX_DEPTH:
            made |= _object(schema, spec, depth)
        case "array" if depth < _MAX_DEPTH:
            made |= {"type": "array", "items": form(f"{name} item", schema.get("items"), spec, depth + 1)}
        case "array":
            made |= {"type": "array"}
        case "string" | "integer" | "number" | "boolean" as plain:
            made["type"] = plain
        case _:
            made["type"] = "object"
    made |= _limits(schema, made["type"])
    return _with_values(schema, made)


def title(name: str) -> str:
    """Return a label for a name: `Pet id` for `petId`, `X request id` for `X-Request-Id`."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name[:100])
    text = " ".join(re.findall(r"[^\W_]+", words)).lower()
    return f"{text[:1].upper()}{text[1:]}" or "Value"


def _object(schema: Mapping[str, Any], spec: Spec, depth: int) -> dict[str, Any]:
    fields = spec.fields(schema)
    kept = {
        name: property_
        for name, property_ in fields.properties.items()
        if spec.resolved(property_).get("readOnly") is not True and (name in fields.required or depth == 0)
    }
    if not kept:
        kept = dict(fields.properties)
    shown = dict(list(kept.items())[:_MAX_PROPERTIES])
    made: dict[str, Any] = {
        "type": "object",
        "properties": {name: form(name, property_, spec, depth + 1) for name, property_ in shown.items()},
    }
    required = [name for name in shown if name in fields.required]
    return {**made, **({"required": required} if required else {})}


def _limits(schema: Mapping[str, Any], type_: str) -> dict[str, Any]:
    """Return the valid keywords that limit a value."""
    if type_ in ("integer", "number"):
        return {
            key: schema[key]
            for key in _NUMBERS
            if _is_number(schema.get(key)) and (key != "multipleOf" or schema[key] > 0)
        }
    made: dict[str, Any] = {
        key: schema[key]
        for key in _LENGTHS
        if type(schema.get(key)) is int and schema[key] >= 0 and key.endswith("Items") == (type_ == "array")
    }
    if type_ == "string" and schema.get("format") in _FORMATS:
        made["format"] = schema["format"]
    return made if type_ in ("string", "array") else {}


def _with_values(schema: Mapping[str, Any], made: dict[str, Any]) -> dict[str, Any]:
    """Add the enum, the default and the example if they are valid; drop all limits if no value would fit them."""
    choices = schema.get("enum")
    scalar = made["type"] in _TYPES.values()
    if isinstance(choices, list) and scalar:
        fitting = [
            each for each in dict.fromkeys(c for c in choices if isinstance(c, (str, int, float))) if _fits(made, each)
        ]
        if fitting:
            made["enum"] = fitting
    for key, name in (("default", "default"), ("example", "examples")):
        value = schema.get(key)
        if scalar and value is not None and _fits(made, value):
            made[name] = value if key == "default" else [value]
    if not scalar or _fits(made, example(JsonSchema(content=made, document=made))):
        return made
    return {key: made[key] for key in ("title", "description", "type")}


def _fits(schema: dict[str, Any], value: Any) -> bool:
    return JsonSchema(content=schema, document=schema).fits(value)


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and abs(value) < 2**53


def _description(schema: Mapping[str, Any]) -> str:
    text = schema.get("description")
    return " ".join(text.split())[:_MAX_DESCRIPTION] if isinstance(text, str) else ""


def rendered(schema: Mapping[str, Any]) -> bytes:
    """Return a schema as the content of a JSON file."""
    return f"{json.dumps(schema, indent=2, ensure_ascii=False)}\n".encode()
