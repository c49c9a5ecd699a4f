"""Validates a custom resource as an API server does: which fields it drops, and which values it refuses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from generator.kubernetes.crd import Crd
from generator.kubernetes.structural import validator
from generator.text.yaml_reader import FieldPath, field_path

if TYPE_CHECKING:
    from jsonschema_rs import ValidationError, Validator

_OPEN: Final = "x-kubernetes-preserve-unknown-fields"
#: The fields that every resource has and that the server handles itself.
_COMMON_FIELDS: Final = frozenset({"apiVersion", "kind", "metadata"})
_NAMES: Final = {
    "object": "an object",
    "array": "a list",
    "string": "a string",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}
#: The formats of strings that kube-apiserver checks, in words.
_FORMATS: Final = {"byte": "text in base64", "date-time": "a date with a time, such as 2026-01-31T12:00:00Z"}


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A value that the server refuses: its path, and a message such as `must be an object, not a string`."""

    path: FieldPath
    message: str

    def __str__(self) -> str:
        return f"{field_path(self.path)} {self.message}"


@dataclass(frozen=True, kw_only=True)
class Admission:
    """The outcome for a resource: stored without the `dropped` fields, or not at all if values are `refused`."""

    dropped: tuple[FieldPath, ...] = ()
    refused: tuple[Refusal, ...] = ()


def admit(resource: Mapping[str, Any], crd: Crd) -> Admission:
    """Validate a resource against an operator's schema as kube-apiserver does.

    Unknown fields are dropped first, then defaults are filled in, then the rest is validated (Kubernetes,
    apiextensions-apiserver: pruning, defaulting, structural schemas). `metadata` is not checked.
    """
    dropped: list[FieldPath] = []
    content = {key: value for key, value in resource.items() if key not in _COMMON_FIELDS}
    stored = _stored(content, _without_common_fields(crd.schema), (), dropped)
    refused = [*_invalid_values(stored, crd), *_duplicates(stored, crd.schema, ())]
    return Admission(dropped=tuple(dropped), refused=tuple(sorted(refused, key=_sort_key)))


def _sort_key(refusal: Refusal) -> list[tuple[int, str]]:
    return [(part, "") if isinstance(part, int) else (0, part) for part in refusal.path]


def _without_common_fields(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    fields = {name: field for name, field in schema.get("properties", {}).items() if name not in _COMMON_FIELDS}
    return {**schema, "properties": fields}


def _stored(value: Any, schema: Mapping[str, Any], path: FieldPath, dropped: list[FieldPath]) -> Any:
    """Return the value as it would be stored, and append the paths of dropped fields to `dropped`."""
    match value:
        case dict():
            return _stored_object(value, schema, path, dropped)
        case list() if isinstance(item := schema.get("items"), dict):
            # A list that preserves unknown fields preserves its items' (apiextensions-apiserver, pruning, skipPrune).
            item = {**item, _OPEN: True} if schema.get(_OPEN) else item
            return [_stored(child, item, (*path, number), dropped) for number, child in enumerate(value)]
    return value


def _stored_object(
    value: Mapping[str, Any], schema: Mapping[str, Any], path: FieldPath, dropped: list[FieldPath]
) -> dict[str, Any]:
    fields: Mapping[str, Any] = schema.get("properties", {})
    stored: dict[str, Any] = {}
    for name, child in value.items():
        field = fields.get(name, schema.get("additionalProperties"))
        if isinstance(field, dict):
            # A null in a field that is not nullable is dropped without a warning, and replaced by the default.
            if child is not None or field.get("nullable"):
                stored[name] = _stored(child, field, (*path, name), dropped)
        elif field is True or schema.get(_OPEN):
            stored[name] = child
        else:
            dropped.append((*path, name))
    for name, field in fields.items():
        if name not in stored and "default" in field:
            stored[name] = _stored(field["default"], field, (*path, name), dropped)
    return stored


def _invalid_values(stored: Mapping[str, Any], crd: Crd) -> Iterator[Refusal]:
    for error in _validator(crd).iter_errors(stored):
        path = tuple(error.instance_path)
        if error.kind.name == "required":
            yield Refusal(path=(*path, error.kind.as_dict()["property"]), message="is missing")
        else:
            yield Refusal(path=path, message=_message(error))


def _message(error: ValidationError) -> str:
    about = error.kind.as_dict()
    match error.kind.name:
        case "type":
            wanted = " or ".join(_NAMES[name] for name in about["types"] if name != "null")
            return f"must be {wanted}, not {_kind_of(error.instance)}"
        case "enum":
            return f"must be one of {', '.join(map(str, about['options']))}, not {error.instance!r}"
        case "format":
            return f"must be {_FORMATS.get(about['format'], about['format'])}, not {error.instance!r}"
    return f"is invalid: {error.message}"


def _kind_of(value: Any) -> str:
    match value:
        case dict():
            return "an object"
        case list():
            return "a list"
        case str():
            return "a string"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
    return "null"


def _duplicates(value: Any, schema: Mapping[str, Any], path: FieldPath) -> Iterator[Refusal]:
    """Yield duplicate items of lists that must not have any (x-kubernetes-list-type)."""
    match value:
        case dict():
            fields = schema.get("properties", {})
            for name, child in value.items():
                field = fields.get(name, schema.get("additionalProperties"))
                if isinstance(field, dict):
                    yield from _duplicates(child, field, (*path, name))
        case list() if isinstance(item := schema.get("items"), dict):
            seen: list[Any] = []
            for number, child in enumerate(value):
                yield from _duplicates(child, item, (*path, number))
                if (key := _key_of(child, schema)) in seen:
                    yield Refusal(path=(*path, number), message=f"is repeated: {key}")
                elif key is not None:
                    seen.append(key)


def _key_of(item: Any, schema: Mapping[str, Any]) -> Any:
    """Return what must be unique: the keys of a map's item, or a whole item of a set; None for other lists."""
    match schema.get("x-kubernetes-list-type"), item:
        case "map", dict():
            return {name: item.get(name) for name in schema.get("x-kubernetes-list-map-keys", ())}
        case "set", _:
            return item
    return None


@cache
def _validator(crd: Crd) -> Validator:
    return validator(_without_common_fields(crd.schema))
