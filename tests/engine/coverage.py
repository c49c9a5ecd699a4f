"""How much of the workflows' definitions was run: every state, and every way from one to the next or to an end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from generator.workflow.definition import Definition
from generator.workflow.graph import read_graph
from pipeline.run.engine.events import COMPLETED
from tests.engine.engine import Instance

Way = tuple[str, str | None]

#: (id, state, next state; None for an end) to the reason why no test goes this way.
NOT_GONE: Mapping[tuple[str, str, str | None], str] = {}


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """What of a definition was run; two ways between the same two states count as one."""

    states: frozenset[str]
    ways: frozenset[Way]
    visited: frozenset[str]
    gone: frozenset[Way]
    excused: frozenset[Way] = frozenset()

    @property
    def missing(self) -> list[str]:
        """What was not run, in words."""
        states = [f"the state {state}" for state in sorted(self.states - self.visited)]
        left = sorted(self.ways - self.gone, key=lambda way: (way[0], way[1] or ""))
        return states + [f"the way from {source} to {target or 'the end'}" for source, target in left]

    def __str__(self) -> str:
        done = len(self.states & self.visited) + len(self.ways & self.gone)
        share = done / (len(self.states) + len(self.ways))
        states = f"{len(self.states & self.visited):>3} of {len(self.states):>3} states"
        return f"{states}  {len(self.ways & self.gone):>3} of {len(self.ways):>3} ways  {share:>5.0%}"


def coverage(definition: Definition, instances: Iterable[Instance]) -> Coverage:
    """Return what some instances ran of a definition."""
    graph = read_graph(definition.flow)
    visited: set[str] = set()
    gone: set[Way] = set()
    for instance in instances:
        if instance.workflow == definition.id:
            states = [node for node in instance.nodes if node in graph.states]
            visited |= set(states)
            gone |= set(pairwise(states))
            if states and instance.ended == COMPLETED:
                gone.add((states[-1], None))
    ways = {(edge.source, edge.target) for edge in graph.edges if edge.source}
    excused = {way for way in ways if (definition.id, *way) in NOT_GONE}
    return Coverage(
        states=frozenset(graph.states),
        ways=frozenset(ways - excused),
        visited=frozenset(visited),
        gone=frozenset(gone),
        excused=frozenset(excused),
    )
