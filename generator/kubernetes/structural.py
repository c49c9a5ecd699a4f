"""Structural schemas of Kubernetes: their shape held to what all that reads them relies on, and compiled."""

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

#: What a schema says to people alone (OpenAPI 3.0.3, Schema Object), and what it is of.
_NO_RULES: Final = ("description", "title", "example", "externalDocs", "x-kubernetes-group-version-kind")
#: What an OpenAPI document has in the place of a reference to another schema, such as that of all metadata.
_ANYTHING: Final = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
_FIELD: Final = {"$ref": "#/definitions/field"}
#: What is walked: an object a field, but for `additionalProperties`; what else a schema holds, its draft says.
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
    """The schema of a CustomResourceDefinition, or of what an API server makes of one, without what is for people.

    Raises:
        FindingsError: no API server has such a schema (Kubernetes, apiextensions/v1, JSONSchemaProps).
    """
    import jsonschema_rs  # noqa: PLC0415 - 27 ms, paid only where a schema is read

    try:
        jsonschema_rs.Draft7Validator(_SHAPE).validate(schema)
        taken = _taken(schema)
        validator(taken)
    except jsonschema_rs.ValidationError as error:
        raise _misshapen(shown, f"'{field_path(tuple(error.instance_path))}': {error.message}") from error
    except (ValueError, RecursionError) as error:
        raise _misshapen(shown, str(error)) from error
    return taken


def validator(schema: Mapping[str, Any]) -> Validator:
    """Return the validator for a structural schema, as in kube-apiserver.

    Raises:
        ValueError: it is no schema.
    """
    import jsonschema_rs  # noqa: PLC0415 - as above

    content = OpenApiSchemas(content={}).schema(schema).content
    return jsonschema_rs.Draft7Validator(content, validate_formats=True, formats={"byte": _is_base64}, offline=True)


def _misshapen(shown: str, reason: str) -> FindingsError:
    message = f"its schema of SonataFlow cannot be understood: {reason}"
    return FindingsError([Finding(path=shown, rule="crd", message=message)])


def _taken(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema without what it says to people, and without references."""
    if _refers(schema):
        return _ANYTHING

    def stripped(value: Any) -> Any:
        match value:
            case dict():
                return _taken(value)
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
        if key not in _NO_RULES
    }


def _refers(schema: Mapping[str, Any]) -> bool:
    """Whether it stands for another schema: an API server writes that as the one part of an `allOf`, or plainly."""
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
