"""Applies renames to all references in a flow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from generator.workflow import dsl
from generator.workflow.dsl import Field, Shape, Target

if TYPE_CHECKING:
    from generator.workflow.long_form import Flow

Renames = Mapping[Target, Mapping[str, str]]


def followed(flow: Flow, renames: Renames) -> Flow:
    """Return a flow in long form with old names in references replaced with new ones.

    Declarations keep their names, and so do the states in `states`.
    """
    return cast("Flow", _object(flow, dsl.WORKFLOW, renames, ()))


def _object(value: Mapping[str, Any], shape: Shape, renames: Renames, where: tuple[str, ...]) -> dict[str, Any]:
    return {
        key: _field(child, shape.fields[key], renames, (*where, key)) if key in shape.fields else child
        for key, child in value.items()
    }


def _field(value: Any, field: Field, renames: Renames, where: tuple[str, ...]) -> Any:
    if isinstance(value, list) and field.many:
        return [_renamed(item, field, renames, where) for item in value]
    return _renamed(value, field, renames, where)


def _renamed(value: Any, field: Field, renames: Renames, where: tuple[str, ...]) -> Any:
    if field.refers and isinstance(value, str):
        return renames.get(field.refers, {}).get(value, value)
    if isinstance(field.kind, Shape) and isinstance(value, dict):
        shape = dsl.STATES.get(str(value.get("type")), field.kind) if where == ("states",) else field.kind
        return _object(value, shape, renames, where)
    return value
