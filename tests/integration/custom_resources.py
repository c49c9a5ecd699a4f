"""Custom resources held against the definitions of their kinds, as an API server that refuses unknown fields would."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import yaml


def refusals(document: Mapping[str, Any], definitions: Path) -> list[str]:
    """What an API server that knows the CustomResourceDefinitions below `definitions` says against a resource.

    Raises:
        LookupError: there is no definition of the resource's kind and version.
    """
    validator = jsonschema.Draft7Validator(_closed(_schema_of(document, definitions)))
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(document)]


def _schema_of(document: Mapping[str, Any], definitions: Path) -> Any:
    group, _, version = document["apiVersion"].partition("/")
    for spec in _definitions(definitions):
        if (spec["group"], spec["names"]["kind"]) == (group, document["kind"]):
            for served in spec["versions"]:
                if served["name"] == version:
                    return served["schema"]["openAPIV3Schema"]
    raise LookupError(f"no definition of {document['apiVersion']} {document['kind']} below {definitions}")


@cache
def _definitions(folder: Path) -> tuple[Any, ...]:
    """The definitions below a folder, read once."""
    files = (path.read_bytes() for path in sorted(folder.rglob("*.yaml")))
    return tuple(each["spec"] for data in files for each in yaml.load_all(data, yaml.CSafeLoader))


def _closed(schema: Any) -> Any:
    """The schema with every object closed that does not say it is open; metadata is the server's own business."""
    if isinstance(schema, list):
        return [_closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(value) for key, value in schema.items()}
    open_ = schema.get("x-kubernetes-preserve-unknown-fields") or "additionalProperties" in schema
    return (
        closed if open_ or not isinstance(schema.get("properties"), dict) else {**closed, "additionalProperties": False}
    )
