"""Cuts OpenAPI files down to the operations that a workflow calls, with all that these refer to."""

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

#: Where OpenAPI 2 keeps what operations share.
_SWAGGER_SECTIONS: Final = ("definitions", "parameters", "responses")


@dataclass(frozen=True, kw_only=True)
class Saving:
    """What cutting one file down saved, in bytes."""

    path: str
    before: int
    after: int


def minified(workflow: Workflow) -> tuple[Workflow, tuple[Saving, ...]]:
    """Return the workflow with its OpenAPI files cut down, and what each cut saved.

    A file that no function calls, that another file refers to, or that is no OpenAPI stays as it is.
    """
    called = _called(workflow)
    mounted = dict(workflow.mounted)
    savings = []
    for path, operations in sorted(called.items()):
        if _referred_to(path, workflow):
            continue
        data = mounted[path]
        smaller = _cut(data, path, operations)
        if smaller is not None and len(smaller) < len(data):
            mounted[path] = smaller
            savings.append(Saving(path=workflow.source.shown(path), before=len(data), after=len(smaller)))
    return replace(workflow, mounted=mounted), tuple(savings)


def _called(workflow: Workflow) -> dict[str, set[str]]:
    """Spec file to the ids of the operations that functions call in it."""
    called: dict[str, set[str]] = {}
    for call in calls(workflow):
        if call.path and call.path.split("/")[0] in RESOURCE_FOLDERS:
            called.setdefault(call.path, set()).add(call.operation_id)
    return called


def _referred_to(path: str, workflow: Workflow) -> bool:
    """Whether another file names this one in a `$ref`; its name is enough to keep it."""
    name = path.rsplit("/", 1)[-1].encode()
    return any(name in data and b"$ref" in data for other, data in workflow.mounted.items() if other != path)


def _cut(data: bytes, path: str, operations: set[str]) -> bytes | None:
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
    """Return a spec with the operations of these ids alone, and all that these refer to."""
    called = {address: _called_part(item, operations) for address, item in spec["paths"].items()}
    called = {address: item for address, item in called.items() if item}
    needed = _needed(spec, called)
    smaller = {key: _needed_part(key, value, needed) for key, value in spec.items()}
    smaller["paths"] = {
        a: called.get(a, item) for a, item in spec["paths"].items() if a in called or ("paths", a) in needed
    }
    return smaller


def written(spec: dict[str, Any], path: str) -> bytes:
    """The bytes of a spec: JSON or YAML, as the end of its path says."""
    text = json.dumps(spec, indent=2, ensure_ascii=False) if path.endswith(".json") else yaml_writer.dump(spec)
    return text.encode()


def _called_part(item: Any, operations: set[str]) -> dict[str, Any]:
    """A path item with the called operations; nothing where it has none."""
    if not isinstance(item, dict):
        return {}
    wanted = {
        method
        for method, operation in item.items()
        if method in METHODS and isinstance(operation, dict) and operation.get("operationId") in operations
    }
    return {key: value for key, value in item.items() if key not in METHODS or key in wanted} if wanted else {}


def _needed_part(section: str, content: Any, needed: set[Pointer]) -> Any:
    """What of a section the called operations need; security schemes always stay."""
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
    """Where every local `$ref` that is reachable from the called operations leads."""
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
    """The part of a spec that a JSON pointer (RFC 6901, in a URI fragment) leads to; a bare name is a schema's."""
    if not reference.startswith("#/"):
        return ("components", "schemas", reference)
    parts = pointer(reference)
    return parts[: 3 if parts[0] == "components" else 2]
