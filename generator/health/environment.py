"""Environment variables of containers, and the JSON patches that set them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from generator.health.objects import Object, at, entries


def variables(containers: Sequence[Mapping[str, Any]]) -> Mapping[str, str | None]:
    """Map the containers' variables, in upper case, to their values, or to None for a `valueFrom`."""
    found: dict[str, str | None] = {}
    for container in containers:
        for each in entries(container, "env"):
            value = each.get("value")
            found[str(each.get("name")).upper()] = value if isinstance(value, str) else None
    return found


def setting(item: Object, path: Sequence[str], name: str, value: str) -> list[Mapping[str, Any]]:
    """Return the JSON patch (RFC 6902) that sets one variable in the list at `path` and keeps the others."""
    operations: list[Mapping[str, Any]] = [
        {"op": "add", "path": pointer_to(path[:depth]), "value": {}}
        for depth in range(1, len(path))
        if not isinstance(at(item, *path[:depth]), dict)
    ]
    there, place = at(item, *path), pointer_to(path)
    if not isinstance(there, list):
        return [*operations, {"op": "add", "path": place, "value": [{"name": name, "value": value}]}]
    for number, each in enumerate(there):
        if isinstance(each, dict) and str(each.get("name")).upper() == name.upper():
            return [{"op": "replace", "path": f"{place}/{number}", "value": {"name": each["name"], "value": value}}]
    return [{"op": "add", "path": f"{place}/-", "value": {"name": name, "value": value}}]


def pointer_to(path: Sequence[str]) -> str:
    """Return the JSON pointer (RFC 6901) of a field."""
    return "".join(f"/{each.replace('~', '~0').replace('/', '~1')}" for each in path)
