"""Builds the graph of a definition's states and transitions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

from generator.text.yaml_reader import FieldPath
from generator.workflow.flow import states_of, workflow_timeout

if TYPE_CHECKING:
    from generator.workflow.long_form import (
        DataCondition,
        DefaultCondition,
        End,
        ErrorHandler,
        EventCondition,
        Flow,
        State,
        Transition,
    )

    #: Objects of the DSL that have a transition or an end.
    Owner: TypeAlias = State | DataCondition | EventCondition | DefaultCondition | ErrorHandler


class EdgeKind(StrEnum):
    """The reason why a workflow goes from one state to another."""

    TRANSITION = "transition"
    CONDITION = "condition"
    EVENT = "event"
    DEFAULT = "default"
    ERROR = "error"
    COMPENSATION = "compensation"
    TIMEOUT = "timeout"


@dataclass(frozen=True, kw_only=True)
class Edge:
    """A way out of a state: to another state or, if `target` is None, to the end.

    `when` is the condition, the event or the errors (joined with commas) that it requires, `name` its name in the
    definition, `after` how long a switch waits for events before it takes this default. `where` is its path in the
    flow, for `Definition.position_of`.
    """

    source: str
    target: str | None
    kind: EdgeKind
    where: FieldPath
    when: str = ""
    name: str = ""
    after: str = ""
    produces: tuple[str, ...] = ()
    compensates: bool = False
    continues_as: str | None = None


@dataclass(frozen=True, kw_only=True)
class Graph:
    """The start state, all states by name (of the same name, the first), and all edges, in the file's order."""

    start: str
    states: Mapping[str, State]
    indices: Mapping[str, int]
    """The index of each state in `states` of the flow, by name."""
    edges: tuple[Edge, ...]

    def outgoing(self, state: str) -> tuple[Edge, ...]:
        """Return the edges that leave a state."""
        return self._by_source.get(state, ())

    @cached_property
    def _by_source(self) -> dict[str, tuple[Edge, ...]]:
        found: dict[str, list[Edge]] = {}
        for edge in self.edges:
            found.setdefault(edge.source, []).append(edge)
        return {source: tuple(edges) for source, edges in found.items()}

    def following(self, edges: Iterable[Edge]) -> dict[str, list[str]]:
        """Return the targets of each state's edges among `edges`, by state; unknown states are ignored."""
        found: dict[str, list[str]] = {name: [] for name in self.states}
        for edge in edges:
            if edge.target in found and edge.source in found:
                found[edge.source].append(str(edge.target))
        return found

    def reachable(self) -> frozenset[str]:
        """Return the states that a run can reach, including those run for compensation or on a timeout."""
        first = [self.start, *(e.target for e in self.edges if e.kind is EdgeKind.TIMEOUT and e.target)]
        return closure(first, self.following(self.edges)) & self.states.keys()


def read_graph(flow: Flow) -> Graph:
    """Return the graph of a definition's flow in long form, without its malformed parts."""
    states: dict[str, State] = {}
    indices: dict[str, int] = {}
    edges: list[Edge] = []
    for where, state in states_of(flow):
        if (name := state.get("name")) is not None and name not in states:
            states[name], indices[name] = state, int(where[1])
            edges += _edges(name, state, where)
    start = flow.get("start", {}).get("stateName", "")
    timeout = workflow_timeout(flow)
    if timeout and (run_before := timeout.get("runBefore")):
        where = ("timeouts", "workflowExecTimeout", "runBefore")
        edges.append(Edge(source="", target=run_before, kind=EdgeKind.TIMEOUT, where=where, when=timeout["duration"]))
    return Graph(start=start, states=states, indices=indices, edges=tuple(edges))


def _edges(name: str, state: State, where: FieldPath) -> Iterator[Edge]:
    yield from _ways(name, state, where, EdgeKind.TRANSITION)
    for index, on_data in enumerate(state.get("dataConditions", ())):
        when, at = on_data.get("condition", ""), (*where, "dataConditions", index)
        yield from _ways(name, on_data, at, EdgeKind.CONDITION, when=when, label=on_data.get("name", ""))
    for index, on_event in enumerate(state.get("eventConditions", ())):
        when, at = on_event.get("eventRef", ""), (*where, "eventConditions", index)
        yield from _ways(name, on_event, at, EdgeKind.EVENT, when=when, label=on_event.get("name", ""))
    if default := state.get("defaultCondition"):
        limit = state.get("timeouts", {}).get("eventTimeout", "") if state.get("eventConditions") else ""
        yield from _ways(name, default, (*where, "defaultCondition"), EdgeKind.DEFAULT, after=limit)
    for index, handler in enumerate(state.get("onErrors", ())):
        errors = [*filter(None, [handler.get("errorRef")]), *handler.get("errorRefs", ())]
        yield from _ways(name, handler, (*where, "onErrors", index), EdgeKind.ERROR, when=", ".join(errors))
    if compensation := state.get("compensatedBy"):
        yield Edge(source=name, target=compensation, kind=EdgeKind.COMPENSATION, where=(*where, "compensatedBy"))


def _ways(
    name: str, owner: Owner, where: FieldPath, kind: EdgeKind, *, when: str = "", label: str = "", after: str = ""
) -> Iterator[Edge]:
    """Yield edges for the transition and the end of an owner, which should have exactly one of them."""
    transition, end = owner.get("transition"), owner.get("end")
    if transition and (target := transition.get("nextState")):
        yield Edge(
            source=name,
            target=target,
            kind=kind,
            where=(*where, "transition"),
            when=when,
            name=label,
            after=after,
            produces=_produced(transition),
            compensates=transition.get("compensate", False),
        )
    if end is not None:
        yield Edge(
            source=name,
            target=None,
            kind=kind,
            where=(*where, "end"),
            when=when,
            name=label,
            after=after,
            produces=_produced(end),
            compensates=end.get("compensate", False),
            continues_as=end.get("continueAs", {}).get("workflowId"),
        )


def _produced(way: Transition | End) -> tuple[str, ...]:
    return tuple(name for event in way.get("produceEvents", ()) if (name := event.get("eventRef")))


def closure(first: Iterable[str], following: Mapping[str, Iterable[str]]) -> frozenset[str]:
    """Return everything that can be reached from `first`, including `first`."""
    seen: set[str] = set()
    waiting = list(first)
    while waiting:
        if (here := waiting.pop()) not in seen:
            seen.add(here)
            waiting += following.get(here, ())
    return frozenset(seen)


def cycles(following: Mapping[str, Sequence[str]]) -> Iterator[list[str]]:
    """Yield the groups of states that form cycles: strongly connected components, by Kosaraju's algorithm.

    Neither the groups nor the states in each are sorted.
    """
    leading: dict[str, list[str]] = {name: [] for name in following}
    for source, targets in following.items():
        for target in targets:
            leading[target].append(source)
    seen: set[str] = set()
    finished = [name for first in following for name in _walk(first, following, seen)]
    seen.clear()
    for last in reversed(finished):
        component = _walk(last, leading, seen)
        if len(component) > 1 or (component and last in following[last]):
            yield component


def _walk(first: str, following: Mapping[str, Sequence[str]], seen: set[str]) -> list[str]:
    """Return what can be reached from `first` and has not been seen, in post-order."""
    if first in seen:
        return []
    seen.add(first)
    finished: list[str] = []
    path = [(first, iter(following[first]))]
    while path:
        name, targets = path[-1]
        if (target := next((t for t in targets if t not in seen), None)) is None:
            finished.append(name)
            path.pop()
        else:
            seen.add(target)
            path.append((target, iter(following[target])))
    return finished


def in_order(groups: Iterable[list[str]], places: Mapping[str, int]) -> list[list[str]]:
    """Return the groups sorted by their first state, and the states in each, by the order in `places`."""
    return sorted((sorted(group, key=places.__getitem__) for group in groups), key=lambda group: places[group[0]])
