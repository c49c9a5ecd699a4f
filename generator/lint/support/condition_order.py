"""The order in which the engine tests the conditions of a switch, which is not the one they are written in.

Source: Kogito 10.1.0. SplitInstance takes the first connection whose constraint holds; ProcessVisitor writes the
connections in the order of the nodes that they lead to, and ServerlessWorkflowParser makes those nodes: each state's,
then the ends of conditions and what sends their events, then a join before each state with several ways in.
SwitchHandler marks a condition that leads where the default leads as the default: it is not tested at all.
tests/engine holds it against the engine.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from generator.lint.rules.graph import is_followed
from generator.workflow.graph import Edge, EdgeKind, Graph

#: What a condition leads to, in the order of the engine: a state, what is made for the condition alone, a join.
_STATE, _OWN_NODE, _JOIN = range(3)


@dataclass(frozen=True, order=True)
class Rank:
    """When a condition is tested; the lower is tested earlier."""

    phase: int
    place: int


@dataclass(frozen=True, kw_only=True)
class Way:
    """A condition of a switch, where it leads, and when it is tested; never where there is no rank."""

    edge: Edge
    rank: Rank | None

    @property
    def by_state(self) -> bool:
        """Whether the place of the target in `states` decides when it is tested."""
        return self.rank is not None and self.rank.phase == _STATE

    @property
    def joins(self) -> bool:
        """Whether several ways lead to the target, so that it is tested late."""
        return self.rank is not None and self.rank.phase == _JOIN

    def wins_over(self, other: Way) -> bool:
        """Whether this one is taken where both conditions hold."""
        return self.rank is not None and (other.rank is None or self.rank < other.rank)


def ways_of_switches(graph: Graph) -> Iterator[tuple[Way, ...]]:
    """The conditions of each switch on data, in the order of the file; those for compensation are left out."""
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
    """Whether the engine puts a node of its own on the way to a state."""
    return bool(edge.produces) or edge.compensates


def _conditions(graph: Graph, name: str) -> list[Edge]:
    """The conditions on data that lead somewhere; of a transition and an end in one condition the transition wins."""
    found: dict[Any, Edge] = {}
    for edge in graph.outgoing(name):
        if edge.kind is EdgeKind.CONDITION and (edge.target is None or edge.target in graph.states):
            found.setdefault(edge.where[3], edge)
    return list(found.values())


def _default(graph: Graph, name: str) -> Edge | None:
    return next((edge for edge in graph.outgoing(name) if edge.kind is EdgeKind.DEFAULT), None)


def _joins(graph: Graph) -> dict[str, int]:
    """The states with several ways in, to their place among the joins: each is made when it is first come across."""
    ways_in = Counter(edge.target for edge in graph.edges if _leads_in(graph, edge))
    met: dict[str, None] = {}
    for name in graph.states:
        met.setdefault(name)
        if conditions := _conditions(graph, name):
            default = _default(graph, name)
            for edge in (*([default] if default else []), *conditions):
                if edge.target is not None and not _has_own_node(edge):
                    met.setdefault(edge.target)
    return {name: place for place, name in enumerate(met) if ways_in[name] > 1}


def _leads_in(graph: Graph, edge: Edge) -> bool:
    """Whether this way takes part in the workflow itself; of several handlers of one error one is enough to know."""
    return is_followed(graph, edge) and not graph.states[edge.source].get("usedForCompensation")
