"""Removes the `metadata` of a definition that an operator refuses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

from generator.kubernetes.admission import admit
from generator.kubernetes.crd import Crd
from generator.text.yaml_reader import FieldPath

#: Only for people and tools; the engine does not read it.
_METADATA: Final = "metadata"


def without_refused_metadata(definition: Mapping[str, Any], crd: Crd) -> dict[str, Any]:
    """Return a definition without the `metadata` that an operator refuses (strings, up to 1.45)."""
    if not _types_metadata(crd):
        return dict(definition)
    flow = dict(_copied(definition))
    resource = {"spec": {"flow": flow}}
    refused = (_metadata_path(refusal.path, crd.schema) for refusal in admit(resource, crd).refused)
    for path in filter(None, set(refused)):
        _remove(resource, path)
    return flow


@cache
def _types_metadata(crd: Crd) -> bool:
    """Whether the schema restricts any metadata; if not, no validator needs to be loaded."""

    def typed(schema: Mapping[str, Any]) -> Iterator[bool]:
        for name, field in schema.get("properties", {}).items():
            yield name == _METADATA and "additionalProperties" in field
            yield from typed(field)
        if "items" in schema:
            yield from typed(schema["items"])

    return any(typed(crd.schema))


def _metadata_path(path: FieldPath, schema: Mapping[str, Any]) -> FieldPath:
    """Return the path of the metadata that contains a value, or (). A user's own key of that name does not count."""
    for place, key in enumerate(path):
        schema = schema.get("items", {}) if isinstance(key, int) else schema.get("properties", {}).get(key, {})
        if key == _METADATA and schema:
            return path[: place + 1]
    return ()


def _remove(content: Any, path: FieldPath) -> None:
    for key in path[:-1]:
        content = content[key]
    content.pop(path[-1], None)


def _copied(value: Any) -> Any:
    """Return a deep copy of a value."""
    match value:
        case Mapping():
            return {key: _copied(child) for key, child in value.items()}
        case list():
            return [_copied(child) for child in value]
    return value
