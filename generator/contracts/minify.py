"""Reduces OpenAPI files to the operations that a workflow calls, with everything to which they refer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from generator.contracts.calls import calls
from generator.contracts.openapi import METHODS
from generator.findings.errors import FindingsError
from generator.text import yaml_writer
from generator.text.json_pointer import Pointer, at_pointer, pointer
from generator.text.yaml_reader import parse
from generator.text.yaml_scalars import Dialect
from generator.workflow.folder import MAX_SPEC_BYTES, MAX_SPEC_VALUES, RESOURCE_FOLDERS
from generator.workflow.workflow import Workflow

#: The sections of OpenAPI 2 with definitions that operations share.
_SWAGGER_SECTIONS: Final = ("definitions", "parameters", "responses")


@dataclass(frozen=True, kw_only=True)
class Saving:
    """The size of a file before and after minification, in bytes."""

    path: str
    before: int
    after: int


def minified(workflow: Workflow) -> tuple[Workflow, tuple[Saving, ...]]:
    """Return the workflow with its OpenAPI files minified, and the savings.

    Files that no function calls, to which another file refers, or that are not OpenAPI are unchanged.
    """
    called = _called(workflow)
    mounted = dict(workflow.mounted)
    savings = []
    for path, operations in sorted(called.items()):
        if _referred_to(path, workflow):
            continue
        data = mounted[path]
        smaller = _minified(data, path, operations)
        if smaller is not None and len(smaller) < len(data):
            mounted[path] = smaller
            savings.append(Saving(path=workflow.source.shown(path), before=len(data), after=len(smaller)))
    return replace(workflow, mounted=mounted), tuple(savings)


def _called(workflow: Workflow) -> dict[str, set[str]]:
    """Return the ids of the called operations in each spec file, by path."""
    called: dict[str, set[str]] = {}
    for call in calls(workflow):
        if call.path and call.path.split("/")[0] in RESOURCE_FOLDERS:
            called.setdefault(call.path, set()).add(call.operation_id)
    return called


def _referred_to(path: str, workflow: Workflow) -> bool:
    """Return whether another file may refer to this one: it has a `$ref` and contains the file's name."""
    name = path.rsplit("/", 1)[-1].encode()
    return any(name in data and b"$ref" in data for other, data in workflow.mounted.items() if other != path)


def _minified(data: bytes, path: str, operations: set[str]) -> bytes | None:
    try:
        spec = parse(
            data, path, max_bytes=MAX_SPEC_BYTES, max_values=MAX_SPEC_VALUES, dialect=Dialect.SPEC
        ).root.plain()
    except FindingsError:
        return None
    if not isinstance(spec, dict) or not isinstance(spec.get("paths"), dict):
        return None
    return written(cut(spec, operations), path)


def cut(spec: dict[str, Any], operations: set[str]) -> dict[str, Any]:
    """Return a spec with only the operations of these ids, and everything to which they refer."""
    called = {address: _called_part(item, operations) for address, item in spec["paths"].items()}
    called = {address: item for address, item in called.items() if item}
    needed = _needed(spec, called)
    smaller = {key: _needed_part(key, value, needed) for key, value in spec.items()}
    smaller["paths"] = {
        a: called.get(a, item) for a, item in spec["paths"].items() if a in called or ("paths", a) in needed
    }
    return smaller


def written(spec: dict[str, Any], path: str) -> bytes:
    """Return a spec as JSON if its path ends in `.json`, otherwise as YAML."""
    text = json.dumps(spec, indent=2, ensure_ascii=False) if path.endswith(".json") else yaml_writer.dump(spec)
    return text.encode()


def _called_part(item: Any, operations: set[str]) -> dict[str, Any]:
    """Return a path item with only its called operations, or an empty one if it has none."""
    if not isinstance(item, dict):
        return {}
    wanted = {
        method
        for method, operation in item.items()
        if method in METHODS and isinstance(operation, dict) and operation.get("operationId") in operations
    }
    return {key: value for key, value in item.items() if key not in METHODS or key in wanted} if wanted else {}


def _needed_part(section: str, content: Any, needed: set[Pointer]) -> Any:
    """Return the part of a section that the called operations need; security schemes are always kept."""
    if not isinstance(content, dict):
        return content
    if section in _SWAGGER_SECTIONS:
        return {name: value for name, value in content.items() if (section, name) in needed}
    if section != "components":
        return content
    return {
        kind: values
        if kind == "securitySchemes" or not isinstance(values, dict)
        else {name: value for name, value in values.items() if (section, kind, name) in needed}
        for kind, values in content.items()
    }


def _needed(spec: dict[str, Any], called: dict[str, Any]) -> set[Pointer]:
    """Return the targets of all local `$ref`s that the called operations use, directly or indirectly."""
    needed: set[Pointer] = set()
    waiting = list(_references(called))
    while waiting:
        target = waiting.pop()
        if target not in needed:
            needed.add(target)
            waiting += _references(at_pointer(spec, target))
    return needed


def _references(value: Any) -> Iterator[Pointer]:
    match value:
        case dict():
            for key, child in value.items():
                if key in ("$ref", "operationRef") and isinstance(child, str):
                    yield _pointer(child)
                elif key == "discriminator" and isinstance(child, dict) and isinstance(child.get("mapping"), dict):
                    yield from (_pointer(str(target)) for target in child["mapping"].values())
                else:
                    yield from _references(child)
        case list():
            for child in value:
                yield from _references(child)


def _pointer(reference: str) -> Pointer:
    """Return the definition to which a reference leads (RFC 6901, in a URI fragment); a bare name is a schema's."""
    if not reference.startswith("#/"):
        return ("components", "schemas", reference)
    parts = pointer(reference)
    return parts[: 3 if parts[0] == "components" else 2]
