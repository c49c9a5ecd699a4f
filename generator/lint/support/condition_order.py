"""Determines the order in which the engine evaluates the conditions of a switch, which differs from the file's.

Source: Kogito 10.1.0. SplitInstance takes the first connection whose constraint is true. ProcessVisitor writes the
connections in the order of their target nodes. ServerlessWorkflowParser creates these nodes: those of states, then the
ends of conditions and the nodes that produce their events, then a join before each state with several incoming edges.
SwitchHandler marks a condition with the default's target as the default, so that it is never evaluated.
tests/engine compares this with the engine.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from generator.lint.rules.graph import is_followed
from generator.workflow.graph import Edge, EdgeKind, Graph

#: The target nodes of conditions in the engine's order: a state, a node for the condition only, a join.
_STATE, _OWN_NODE, _JOIN = range(3)


@dataclass(frozen=True, order=True)
class Rank:
    """The position of a condition in the order of evaluation; lower ranks are evaluated first."""

    phase: int
    place: int


@dataclass(frozen=True, kw_only=True)
class Way:
    """A condition of a switch, and its rank, or None if it is never evaluated."""

    edge: Edge
    rank: Rank | None

    @property
    def by_state(self) -> bool:
        """Whether its rank depends on the target's position in `states`."""
        return self.rank is not None and self.rank.phase == _STATE

    @property
    def joins(self) -> bool:
        """Whether the target has several incoming edges, so that it is evaluated late."""
        return self.rank is not None and self.rank.phase == _JOIN

    def wins_over(self, other: Way) -> bool:
        """Return whether it is taken if both conditions are true."""
        return self.rank is not None and (other.rank is None or self.rank < other.rank)


def ways_of_switches(graph: Graph) -> Iterator[tuple[Way, ...]]:
    """Yield the data conditions of each switch, in the order of the file, except in compensation states."""
    joins = _joins(graph)
    for name, state in graph.states.items():
        if not state.get("usedForCompensation") and (edges := _conditions(graph, name)):
            default = _default(graph, name)
            yield tuple(
                Way(edge=edge, rank=None if default and default.target == edge.target else _rank(graph, joins, edge))
                for edge in edges
            )


def _rank(graph: Graph, joins: Mapping[str, int], edge: Edge) -> Rank:
    if edge.target is None or _has_own_node(edge):
        return Rank(_OWN_NODE, int(edge.where[3]))
    if edge.target in joins:
        return Rank(_JOIN, joins[edge.target])
    return Rank(_STATE, graph.indices[edge.target])


def _has_own_node(edge: Edge) -> bool:
    """Return whether the engine creates an additional node between a condition and its target."""
    return bool(edge.produces) or edge.compensates


def _conditions(graph: Graph, name: str) -> list[Edge]:
    """Return the data conditions with a target; if a condition has both a transition and an end, the transition."""
    found: dict[Any, Edge] = {}
    for edge in graph.outgoing(name):
        if edge.kind is EdgeKind.CONDITION and (edge.target is None or edge.target in graph.states):
            found.setdefault(edge.where[3], edge)
    return list(found.values())


def _default(graph: Graph, name: str) -> Edge | None:
    return next((edge for edge in graph.outgoing(name) if edge.kind is EdgeKind.DEFAULT), None)


def _joins(graph: Graph) -> dict[str, int]:
    """Return the states with several incoming edges by name, with the index of their join in the order of creation."""
    incoming = Counter(edge.target for edge in graph.edges if _is_in_main_flow(graph, edge))
    created: dict[str, None] = {}
    for name in graph.states:
        created.setdefault(name)
        if conditions := _conditions(graph, name):
            default = _default(graph, name)
            for edge in (*([default] if default else []), *conditions):
                if edge.target is not None and not _has_own_node(edge):
                    created.setdefault(edge.target)
    return {name: place for place, name in enumerate(created) if incoming[name] > 1}


def _is_in_main_flow(graph: Graph, edge: Edge) -> bool:
    """Return whether the engine follows an edge in the main flow, not in a compensation."""
    return is_followed(graph, edge) and not graph.states[edge.source].get("usedForCompensation")
