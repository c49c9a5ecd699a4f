"""Facts about fields of the custom resource: what is lost if one is dropped, and what to write instead."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources

from generator.text.yaml_reader import FieldPath, field_path


def loss(path: FieldPath) -> str | None:
    """Return the consequence of a dropped field (`the workflow's state is lost on restart`), or None if unknown."""
    return _nearest(path, _facts("losses"))


def instead(path: FieldPath) -> str | None:
    """Return what to write instead of a value that an operator refuses, or None."""
    return _nearest(path, _facts("instead"))


def _nearest(path: FieldPath, facts: Mapping[str, str]) -> str | None:
    """Return the fact about a field or its nearest parent, or None. Facts apply to all items of a list."""
    names = tuple(part for part in path if isinstance(part, str))
    above = (field_path(names[:end]) for end in range(len(names), 0, -1))
    return next((facts[field] for field in above if field in facts), None)


@cache
def _facts(name: str) -> Mapping[str, str]:
    facts: dict[str, str] = json.loads((resources.files("generator.kubernetes") / f"facts/{name}.json").read_bytes())
    return facts
