"""What is known of a custom resource's fields: what is lost with one that is dropped, and what to write instead."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources

from generator.text.yaml_reader import FieldPath, field_path


def loss(path: FieldPath) -> str | None:
    """What it means that an operator drops a field (`the workflow's state is lost on restart`)."""
    return _nearest(path, _facts("losses"))


def instead(path: FieldPath) -> str | None:
    """What to write instead of a value that an operator refuses; None where there is nothing."""
    return _nearest(path, _facts("instead"))


def _nearest(path: FieldPath, facts: Mapping[str, str]) -> str | None:
    """The fact about the field, or about the nearest one above it of which there is one; it holds for all items."""
    names = tuple(part for part in path if isinstance(part, str))
    above = (field_path(names[:end]) for end in range(len(names), 0, -1))
    return next((facts[field] for field in above if field in facts), None)


@cache
def _facts(name: str) -> Mapping[str, str]:
    facts: dict[str, str] = json.loads((resources.files("generator.kubernetes") / f"facts/{name}.json").read_bytes())
    return facts
