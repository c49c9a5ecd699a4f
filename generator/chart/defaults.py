"""Applies the defaults of a workflow's chart/values.yaml to the values that every chart has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from generator.chart.values import Value
from generator.text.yaml_blocks import blocks_of

#: The values whose defaults a workflow may set itself: only its author knows what its pods need.
OWN_DEFAULTS: Final = ("podTemplate",)


class NotAMapError(ValueError):
    """The default for a map is not a map; the message is the value's path."""


def with_defaults(values: Sequence[Value], defaults: Mapping[str, Any]) -> tuple[Value, ...]:
    """Return the values with other defaults; maps are merged, and keys that are not in the table become values.

    A top-level key that is not in `values` is left out, since the chart's operator cannot use it.

    Raises:
        NotAMapError: the default for a map is not a map.
    """
    return tuple(_with_default(value, defaults[value.key], "") if value.key in defaults else value for value in values)


def without_keys(text: str, keys: Sequence[str]) -> str:
    """Return the text of a values.yaml without some top-level keys, their values and their comments."""
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
