"""Describes the loops of a workflow: their states, their pace, and how they end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from generator.explain.phrases import an_event, conditions
from generator.text.words import duration, listed, quoted, several
from generator.workflow.flow import actions_in
from generator.workflow.graph import Edge, EdgeKind, Graph, cycles, in_order

if TYPE_CHECKING:
    from generator.workflow.long_form import State


@dataclass(frozen=True, kw_only=True)
class Loop:
    """The states of a loop, in the order in which they are reached, and the edges that leave it."""

    states: tuple[str, ...]
    ways_out: tuple[Edge, ...]


def loops(graph: Graph, order: tuple[str, ...]) -> Iterator[str]:
    """Yield a sentence for each loop."""
    for loop in _loops(graph, order):
        yield f"It repeats {several(loop.states)}{_pace(loop, graph.states)}{_until(loop)}."


def _loops(graph: Graph, order: tuple[str, ...]) -> Iterator[Loop]:
    following = graph.following(edge for edge in graph.edges if edge.kind is not EdgeKind.COMPENSATION)
    for states in in_order(cycles(following), {state: place for place, state in enumerate(order)}):
        inside = set(states)
        ways_out = (edge for name in states for edge in graph.outgoing(name) if edge.target not in inside)
        yield Loop(states=tuple(states), ways_out=tuple(ways_out))


def _pace(loop: Loop, states: Mapping[str, State]) -> str:
    waits = [pause for name in loop.states for pause in _pauses(states[name])]
    if len(waits) == 1:
        pause = duration(waits[0])
        return f", with a pause {pause}" if pause.startswith("as long") else f", with a pause of {pause}"
    if waits:
        return ", with pauses"
    events = any(states[name]["type"] in ("event", "callback") for name in loop.states)
    return ", each time an event comes" if events else ", without a pause"


def _pauses(state: State) -> Iterator[str]:
    """Yield the durations that a state waits, itself or before and after its actions."""
    sleeps = [action.get("sleep", {}) for action in actions_in(state)]
    pauses = [state.get("duration"), state.get("timeDelay")]
    pauses += [pause for sleep in sleeps for pause in (sleep.get("before"), sleep.get("after"))]
    yield from (pause for pause in pauses if pause is not None)


def _until(loop: Loop) -> str:
    conditional = [edge for edge in loop.ways_out if edge.kind is EdgeKind.CONDITION]
    true = [
        quoted(e.name) if e.name else condition[5:]
        for e, condition in zip(conditional, conditions(conditional), strict=True)
    ]
    events = [f"{an_event(edge.when)} comes" for edge in loop.ways_out if edge.kind is EdgeKind.EVENT]
    onwards = [edge for edge in loop.ways_out if edge.kind in (EdgeKind.DEFAULT, EdgeKind.TRANSITION)]
    late = [f"no event comes within {duration(edge.after)}" for edge in loop.ways_out if edge.after]
    onwards = [edge for edge in onwards if not edge.after]
    further = [f"{quoted(e.source)} leads {f'to {quoted(e.target)}' if e.target else 'to the end'}" for e in onwards]
    reasons = list(dict.fromkeys((*true, *events, *late, *further)))
    if reasons:
        return f", until {listed(reasons, 'or')}"
    return ", until something fails" if loop.ways_out else ", forever"
