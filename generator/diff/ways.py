"""Pairs the old and new edges of a state, and describes edges in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from generator.diff.content import canonical, shown
from generator.text.words import duration
from generator.workflow.flow import value_at
from generator.workflow.graph import Edge, EdgeKind

if TYPE_CHECKING:
    from generator.workflow.long_form import Flow

#: An edge, and the fields of its transition or end apart from the target.
Way = tuple[Edge, Mapping[str, Any]]


def way_of(flow: Flow, edge: Edge) -> Mapping[str, Any]:
    """Return the fields of an edge's transition or end apart from the target."""
    value = value_at(flow, edge.where)
    return {key: part for key, part in value.items() if key != "nextState"} if isinstance(value, dict) else {}


def paired_ways(old: list[Way], new: list[Way]) -> tuple[list[tuple[Way, Way]], list[Way], list[Way]]:
    """Return paired, removed and added edges: pairs are equal, or have the same name, condition, target, or kind."""
    pairs: list[tuple[Way, Way]] = []
    gone, come = list(old), list(new)
    for key in (_by_everything, _by_name, _by_condition, _by_target, _by_kind):
        waiting: dict[tuple[str, ...], list[Way]] = {}
        for way in come:
            if found := key(way):
                waiting.setdefault(found, []).append(way)
        for way in list(gone):
            found = key(way)
            if found and waiting.get(found):
                other = waiting[found].pop(0)
                pairs.append((way, other))
                gone.remove(way)
                come.remove(other)
    return pairs, gone, come


def _by_everything(way: Way) -> tuple[str, ...]:
    edge, rest = way
    return (edge.kind, edge.target or "", edge.when, edge.name, canonical(rest))


def _by_name(way: Way) -> tuple[str, ...]:
    return (way[0].kind, way[0].name) if way[0].name else ()


def _by_condition(way: Way) -> tuple[str, ...]:
    return (way[0].kind, way[0].when)


def _by_target(way: Way) -> tuple[str, ...]:
    return (way[0].kind, way[0].target or "")


def _by_kind(way: Way) -> tuple[str, ...]:
    """Return the kind of an unconditional edge; conditional edges are not paired by kind."""
    return () if way[0].when else (way[0].kind,)


def place_of(edge: Edge) -> int:
    """Return the index of a condition in its state."""
    return next((step for step in reversed(edge.where) if isinstance(step, int)), 0)


def target_of(edge: Edge) -> str:
    """Return the target of an edge: a state, or `end`."""
    return "end" if edge.target is None else edge.target


def way_text(edge: Edge) -> str:
    """Return the name of an edge for a sentence."""
    return "the end" if edge.target is None else f"the way to '{edge.target}'"


def reason_of(edge: Edge) -> str:
    """Return when an edge is taken, or "" if always."""
    match edge.kind:
        case EdgeKind.CONDITION:
            return f"when {shown(edge.when)}"
        case EdgeKind.EVENT:
            return f"on the event {edge.when}"
        case EdgeKind.DEFAULT:
            return f"after {duration(edge.after)}" if edge.after else "otherwise"
        case EdgeKind.ERROR:
            return f"on the error {edge.when}"
        case EdgeKind.COMPENSATION:
            return "for compensation"
        case _:
            return ""
