"""Checks and compiles structural schemas of Kubernetes."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from generator.contracts.json_schema import OpenApiSchemas
from generator.findings.errors import FindingsError
from generator.findings.finding import Finding
from generator.text.yaml_reader import field_path

if TYPE_CHECKING:
    from jsonschema_rs import Validator

#: Keywords that only describe a schema (OpenAPI 3.0.3, Schema Object), or name its kind.
_DESCRIPTIONS: Final = ("description", "title", "example", "externalDocs", "x-kubernetes-group-version-kind")
#: Replaces a reference to another schema of an OpenAPI document, such as that of `metadata`.
_ANYTHING: Final = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
_FIELD: Final = {"$ref": "#/definitions/field"}
#: The structure that waybill's code relies on: each field is an object, except for a boolean `additionalProperties`.
_SHAPE: Final = {
    **_FIELD,
    "definitions": {
        "field": {
            "type": "object",
            "properties": {
                "properties": {"type": "object", "additionalProperties": _FIELD},
                "items": _FIELD,
                "additionalProperties": {"if": {"not": {"type": "boolean"}}, "then": _FIELD},
                "x-kubernetes-list-map-keys": {"type": "array", "items": {"type": "string"}},
            },
        }
    },
}


def structural(schema: Any, shown: str) -> dict[str, Any]:
    """Return the schema of a CustomResourceDefinition, or of an API server's OpenAPI document, without descriptions.

    Raises:
        FindingsError: the schema is invalid (Kubernetes, apiextensions/v1, JSONSchemaProps).
    """
    import jsonschema_rs  # noqa: PLC0415 - takes 27 ms, which only reading a schema needs

    try:
        jsonschema_rs.Draft7Validator(_SHAPE).validate(schema)
        taken = _stripped(schema)
        validator(taken)
    except jsonschema_rs.ValidationError as error:
        raise _misshapen(shown, f"'{field_path(tuple(error.instance_path))}': {error.message}") from error
    except (ValueError, RecursionError) as error:
        raise _misshapen(shown, str(error)) from error
    return taken


def validator(schema: Mapping[str, Any]) -> Validator:
    """Return a validator for a structural schema that validates as kube-apiserver does.

    Raises:
        ValueError: the schema is invalid.
    """
    import jsonschema_rs  # noqa: PLC0415 - as above

    content = OpenApiSchemas(content={}).schema(schema).content
    return jsonschema_rs.Draft7Validator(content, validate_formats=True, formats={"byte": _is_base64}, offline=True)


def _misshapen(shown: str, reason: str) -> FindingsError:
    message = f"its schema of SonataFlow cannot be understood: {reason}"
    return FindingsError([Finding(path=shown, rule="crd", message=message)])


def _stripped(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema without descriptions and references."""
    if _is_reference(schema):
        return _ANYTHING

    def stripped(value: Any) -> Any:
        match value:
            case dict():
                return _stripped(value)
            case list():
                return [stripped(item) for item in value]
        return value

    return {
        key: {name: stripped(field) for name, field in value.items()}
        if key == "properties" and isinstance(value, dict)
        else value
        if key in ("default", "enum")
        else stripped(value)
        for key, value in schema.items()
        if key not in _DESCRIPTIONS
    }


def _is_reference(schema: Mapping[str, Any]) -> bool:
    """Whether the schema is a reference: an API server writes it as the only part of an `allOf`, or plainly."""
    match schema:
        case {"$ref": _} | {"allOf": [{"$ref": _}]}:
            return True
    return False


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True
