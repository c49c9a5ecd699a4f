"""The defaults that a workflow's chart/values.yaml gives values that every chart has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from generator.chart.values import Value
from generator.text.yaml_blocks import blocks_of

#: The values whose defaults are the workflow's own: what its pods need, nobody else knows.
OWN_DEFAULTS: Final = ("podTemplate",)


class NotAMapError(ValueError):
    """A default for a value that is a map, and is none; the message is the value's path."""


def with_defaults(values: Sequence[Value], defaults: Mapping[str, Any]) -> tuple[Value, ...]:
    """Return the values with other defaults; a map is merged, and keys that are not in the table become values.

    A top-level key that is not in `values` is left out: the chart's operator has no use for it.

    Raises:
        NotAMapError: a default is not a map where the value is one.
    """
    return tuple(_with_default(value, defaults[value.key], "") if value.key in defaults else value for value in values)


def without_keys(text: str, keys: Sequence[str]) -> str:
    """Return the text of a values.yaml without some of its top-level keys and what belongs to them."""
    head, blocks = blocks_of(text, "values.yaml")
    return "".join([*head, *(line for block in blocks if block.key not in keys for line in block.lines)])


def _with_default(value: Value, default: Any, prefix: str) -> Value:
    path = f"{prefix}{value.key}"
    is_map = bool(value.children) or value.schema.get("type") == "object"
    if is_map and not isinstance(default, dict):
        raise NotAMapError(path)
    if not value.children:
        return replace(value, default=default)
    known = {child.key for child in value.children}
    children = (
        _with_default(child, default[child.key], f"{path}.") if child.key in default else child
        for child in value.children
    )
    more = (Value(key=key, default=content) for key, content in default.items() if key not in known)
    return replace(value, children=(*children, *more))
