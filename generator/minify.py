"""Cuts OpenAPI files down to the operations that a workflow calls, with all that these refer to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from generator import yaml_text
from generator.document import parse
from generator.errors import FindingsError
from generator.source import MAX_FILE_BYTES, RESOURCE_FOLDERS
from generator.workflow import Workflow

_METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


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
    for definition in workflow.definitions():
        for function in definition.flow.get("functions", []):
            file, mark, operation = str(function.get("operation", "")).partition("#")
            if mark and function.get("type") == "rest":
                path = workflow.source.resolve(file, definition.base).path
                if path and path.split("/")[0] in RESOURCE_FOLDERS:
                    called.setdefault(path, set()).add(operation)
    return called


def _referred_to(path: str, workflow: Workflow) -> bool:
    """Whether another file names this one in a `$ref`; its name is enough to keep it."""
    name = path.rsplit("/", 1)[-1].encode()
    return any(name in data and b"$ref" in data for other, data in workflow.mounted.items() if other != path)


def _cut(data: bytes, path: str, operations: set[str]) -> bytes | None:
    try:
        spec = parse(data, path, max_bytes=MAX_FILE_BYTES).root.plain()
    except FindingsError:
        return None
    paths = spec.get("paths") if isinstance(spec, dict) else None
    if not isinstance(paths, dict):
        return None
    spec["paths"] = {
        address: kept for address, item in paths.items() if isinstance(item, dict) and (kept := _kept(item, operations))
    }
    for section in ("components", "definitions", "parameters", "responses"):
        if isinstance(spec.get(section), dict):
            spec[section] = _reachable(spec, section)
    text = json.dumps(spec, indent=2, ensure_ascii=False) if path.endswith(".json") else yaml_text.dump(spec)
    return text.encode()


def _kept(item: dict[str, Any], operations: set[str]) -> dict[str, Any]:
    """A path item with the called operations; nothing where it has none."""
    wanted = {
        method
        for method, operation in item.items()
        if method in _METHODS and isinstance(operation, dict) and operation.get("operationId") in operations
    }
    return {key: value for key, value in item.items() if key not in _METHODS or key in wanted} if wanted else {}


def _reachable(spec: dict[str, Any], section: str) -> dict[str, Any]:
    """What of a section the called operations need; security schemes always stay."""
    needed = _needed(spec)
    content = spec[section]
    if section != "components":
        return {name: value for name, value in content.items() if f"#/{section}/{name}" in needed}
    return {
        kind: values
        if kind == "securitySchemes" or not isinstance(values, dict)
        else {name: value for name, value in values.items() if f"#/components/{kind}/{_escaped(name)}" in needed}
        for kind, values in content.items()
    }


def _needed(spec: dict[str, Any]) -> set[str]:
    """Every local `$ref` that is reachable from the paths."""
    needed: set[str] = set()
    waiting = list(_references(spec["paths"]))
    while waiting:
        reference = waiting.pop()
        if reference not in needed:
            needed.add(reference)
            waiting += _references(_target(spec, reference))
    return needed


def _references(value: Any) -> Iterator[str]:
    match value:
        case dict():
            for key, child in value.items():
                if key == "$ref" and isinstance(child, str):
                    yield "/".join(child.split("/")[:4])
                elif key == "mapping" and isinstance(child, dict):
                    yield from (str(target) for target in child.values())
                else:
                    yield from _references(child)
        case list():
            for child in value:
                yield from _references(child)


def _target(spec: dict[str, Any], reference: str) -> Any:
    target: Any = spec
    for part in reference.removeprefix("#/").split("/"):
        name = part.replace("~1", "/").replace("~0", "~")
        target = target.get(name) if isinstance(target, dict) else None
    return target


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
