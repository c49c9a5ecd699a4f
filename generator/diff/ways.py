"""The ways out of a state: which of the old ones is which of the new ones, and how people call them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from generator.diff.content import canonical, shown
from generator.text.words import duration
from generator.workflow.flow import value_at
from generator.workflow.graph import Edge, EdgeKind

if TYPE_CHECKING:
    from generator.workflow.long_form import Flow

#: A way out of a state, and what its transition or end says beside where it leads.
Way = tuple[Edge, Mapping[str, Any]]


def way_of(flow: Flow, edge: Edge) -> Mapping[str, Any]:
    """What a transition or an end says beside where it leads."""
    value = value_at(flow, edge.where)
    return {key: part for key, part in value.items() if key != "nextState"} if isinstance(value, dict) else {}


def paired_ways(old: list[Way], new: list[Way]) -> tuple[list[tuple[Way, Way]], list[Way], list[Way]]:
    """Pair the ways out of a state: equal ones, then by name, condition, target, and last by kind."""
    pairs: list[tuple[Way, Way]] = []
    gone, come = list(old), list(new)
    for key in (_whole, _named, _condition, _leading, _alone):
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


def _whole(way: Way) -> tuple[str, ...]:
    edge, rest = way
    return (edge.kind, edge.target or "", edge.when, edge.name, canonical(rest))


def _named(way: Way) -> tuple[str, ...]:
    return (way[0].kind, way[0].name) if way[0].name else ()


def _condition(way: Way) -> tuple[str, ...]:
    return (way[0].kind, way[0].when)


def _leading(way: Way) -> tuple[str, ...]:
    return (way[0].kind, way[0].target or "")


def _alone(way: Way) -> tuple[str, ...]:
    """Two conditions that share nothing are two things; two unconditional ways are one that changed."""
    return () if way[0].when else (way[0].kind,)


def place_of(edge: Edge) -> int:
    """Where a condition stands among the others of its state."""
    return next((step for step in reversed(edge.where) if isinstance(step, int)), 0)


def target_of(edge: Edge) -> str:
    """Where a way leads: a state, or `end`."""
    return "end" if edge.target is None else edge.target


def way_text(edge: Edge) -> str:
    """What a way is called in a sentence."""
    return "the end" if edge.target is None else f"the way to '{edge.target}'"


def reason_of(edge: Edge) -> str:
    """When a way is taken; empty where it always is."""
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
