"""Rules about transitions: unreachable states, missing ends, busy loops and compensation.

The engine's behavior was tested with SonataFlow 10.1 (../shared/tools/engine), each mistake in a separate workflow.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from generator.findings.finding import Severity
from generator.findings.position import Position
from generator.lint.rule import Example, Found, rule
from generator.text.yaml_reader import FieldPath
from generator.workflow.definition import Definition
from generator.workflow.flow import actions_in, states_of
from generator.workflow.graph import Edge, EdgeKind, Graph, closure, cycles, in_order
from generator.workflow.workflow import Workflow

if TYPE_CHECKING:
    from generator.workflow.graph import Owner
    from generator.workflow.long_form import State

#: Types of states whose `onErrors` the engine ignores.
WITHOUT_HANDLERS: Final = frozenset({"inject", "sleep", "switch"})
#: Types of start states that allow no incoming transition, because the engine does not run them as sub-processes.
_ONE_WAY_IN: Final = frozenset({"inject", "sleep", "switch", "event", "parallel"})
#: Types of states that wait for time to pass or for events.
_WAITING: Final = frozenset({"sleep", "delay", "event", "callback"})
#: How many states of a loop a message names.
_MAX_SHOWN: Final = 5

_TWO_STATES: Final = """
states:
  - {name: Begin, type: inject, data: {count: 0}, %s}
  - {name: Finish, type: inject, data: {done: true}, end: true}
"""
_LOOP: Final = """
functions:
  - {name: add, type: expression, operation: "{count: (.count + 1)}"}
states:
  - {name: Begin, type: inject, data: {count: 0}, transition: Add}
  - {name: Add, type: operation, actions: [{functionRef: add}], transition: Again}
  - name: Again
    type: switch
    dataConditions: [{condition: .count < 3, transition: Add}]
    defaultCondition: %s
"""
_SPIN: Final = """
functions:
  - {name: add, type: expression, operation: "{count: (.count + 1)}"}
states:
  - name: Begin
    type: switch
    dataConditions: [{condition: .count > 9, end: true}]
    defaultCondition: {transition: Add}
  - {name: Add, type: operation, actions: [{functionRef: add}], transition: Again}
  - {name: Again, type: operation, actions: [{functionRef: add}], %s}
"""
_WAIT: Final = """
states:
  - name: Begin
    type: switch
    dataConditions: [{condition: .wait, transition: Wait}]
    defaultCondition: {end: true}
  - {name: Wait, type: sleep, duration: PT1M, %s}
"""
_UNDO: Final = """
functions:
  - {name: undo, type: expression, operation: "{booked: false}"}
states:
  - {name: Begin, type: inject, data: {booked: true}, compensatedBy: Undo, end: {compensate: true}}
  - {name: Undo, type: operation, actions: [{functionRef: undo}]%s}
"""
_TWICE: Final = "[{name: seat, actions: [{functionRef: undo}]}, {name: meal, actions: [{functionRef: undo}]}]"


@rule(
    "unreachable-state",
    reason="A state that nothing leads to never runs: a transition is missing, or names the wrong state.",
    consequence="The build fails: `Has no connection to the start node`. A compensation state is silently left out.",
    bad=Example(definition=_TWO_STATES % "end: true"),
    good=Example(definition=_TWO_STATES % "transition: Finish"),
)
def unreachable_state(workflow: Workflow) -> Iterator[Found]:
    """A state that no run can reach."""
    for definition in with_known_states(workflow):
        graph = definition.graph
        reached = _reached(graph)
        for name, state in graph.states.items():
            if name in reached:
                continue
            compensates = state.get("usedForCompensation", False)
            way = "compensatedBy" if compensates else "transition"
            message = f"nothing leads to the state '{name}'; name it in a '{way}', or remove it"
            yield Found(
                at=_position(definition, name), message=message, severity=Severity.WARNING if compensates else None
            )


@rule(
    "no-end",
    severity=Severity.WARNING,
    reason="A run that never ends keeps its memory, and never gives a result.",
    consequence=(
        "If no state at all has an end, the build fails: `Process has no end node`. In all other cases the instance "
        "never ends."
    ),
    bad=Example(definition=_WAIT % "transition: Wait"),
    good=Example(definition=_WAIT % "end: true"),
)
def no_end(workflow: Workflow) -> Iterator[Found]:
    """States without an end that a run cannot leave."""
    for definition in with_known_states(workflow):
        graph = definition.graph
        never = not any(edge.target is None for edge in graph.edges)
        for loop in _loops(graph):
            if not loop.leaving and not loop.spins:
                first = loop.states[0]
                message = f"no end is reachable from the state '{first}'; give it, or a later state, 'end: true'"
                severity = Severity.ERROR if never else None
                yield Found(at=_position(definition, first), message=message, severity=severity)


@rule(
    "busy-loop",
    reason="A loop that neither waits nor branches runs as fast as it can, forever.",
    consequence="The request fails with a StackOverflowError after keeping a processor busy.",
    bad=Example(definition=_SPIN % "transition: Add"),
    good=Example(definition=_SPIN % "end: true"),
)
def busy_loop(workflow: Workflow) -> Iterator[Found]:
    """A loop without an exit condition, a sleep or an event."""
    for definition in with_known_states(workflow):
        for loop in _loops(definition.graph):
            if loop.spins:
                way = ", ".join(f"'{name}'" for name in loop.states[:_MAX_SHOWN])
                way += ", …" if len(loop.states) > _MAX_SHOWN else ""
                message = f"the loop of {way} never waits and has no exit; leave it on a condition, or sleep in it"
                severity = Severity.WARNING if loop.leaving else None
                yield Found(at=_position(definition, loop.states[0]), message=message, severity=severity)


@rule(
    "back-to-start",
    reason="The engine gives such a start state one incoming connection, which is the start itself.",
    consequence="The build fails: `This type of node cannot have more than one incoming connection`.",
    bad=Example(
        definition=_LOOP.replace("Begin, type: inject, data: {count: 0}", "Begin, type: sleep, duration: PT1S").replace(
            ".count < 3, transition: Add", ".count < 3, transition: Begin"
        )
        % "{end: true}"
    ),
    good=Example(definition=_LOOP % "{end: true}"),
)
def back_to_start(workflow: Workflow) -> Iterator[Found]:
    """A transition back to a start state that allows none."""
    for definition in workflow.definitions():
        graph = definition.graph
        start = graph.states.get(graph.start)
        if start is None or not (start["type"] in _ONE_WAY_IN or start.get("stateDataFilter", {}).get("input")):
            continue
        for edge in graph.edges:
            if edge.target == graph.start and is_followed(graph, edge):
                message = f"this leads back to the start state '{graph.start}'; start at a new state before it"
                yield Found(at=definition.position_of(*edge.where), message=message)


@rule(
    "end-and-transition",
    reason="A run either continues or ends; it is unclear which of the two is meant.",
    consequence="On a state the build fails: `cannot have more than one outgoing connection`. On a condition the "
    "transition wins, on an error handler the end.",
    bad=Example(definition=_TWO_STATES % "end: true, transition: Finish"),
    good=Example(definition=_TWO_STATES % "transition: Finish"),
)
def end_and_transition(workflow: Workflow) -> Iterator[Found]:
    """A state, a condition or an error handler with both `end` and `transition`."""
    for definition in workflow.definitions():
        for where, owner in _owners(definition):
            if owner.get("transition") and owner.get("end") is not None:
                message = "both 'transition' and 'end' are set; keep one of them"
                severity = None if "type" in owner else Severity.WARNING
                yield Found(at=definition.position_of(*where, "end"), message=message, severity=severity)


@rule(
    "no-way-out",
    reason="A run that arrives here can neither continue nor end.",
    consequence="The build fails: `has no outgoing connection`, or on a condition with a NullPointerException.",
    bad=Example(
        definition=_LOOP.replace("transition: Add}]", "transition: Add}, {condition: .count < 9}]") % "{end: true}"
    ),
    good=Example(definition=_LOOP % "{end: true}"),
)
def no_way_out(workflow: Workflow) -> Iterator[Found]:
    """A state, a condition or an error handler with neither `end` nor `transition`."""
    for definition in workflow.definitions():
        compensating = _compensation_targets(definition.graph)
        for where, owner in _owners(definition):
            decides = (
                owner.get("type") == "switch" or owner.get("name") in compensating or owner.get("usedForCompensation")
            )
            if owner.get("transition") is None and owner.get("end") is None and not decides:
                message = "neither 'transition' nor 'end' is set; add one of them"
                yield Found(at=definition.position_of(*where), message=message)


@rule(
    "switch-way",
    reason="A switch goes where its conditions say; its own `transition` or `end` would override them.",
    consequence="The build fails: `Split does not have a constraint for Connection`.",
    bad=Example(definition=(_LOOP % "{end: true}").rstrip() + "\n    end: true"),
    good=Example(definition=_LOOP % "{end: true}"),
)
def switch_way(workflow: Workflow) -> Iterator[Found]:
    """A switch state with a `transition` or an `end` besides its conditions."""
    for definition in workflow.definitions():
        for where, state in states_of(definition.flow, "switch"):
            for way in ("transition", "end"):
                if way in state:
                    message = f"a switch has no '{way}' of its own; move it to 'defaultCondition'"
                    yield Found(at=definition.position_of(*where, way), message=message)


@rule(
    "compensation",
    reason="A compensation state is not part of the main flow: it runs when a transition or an end compensates, and "
    "returns to it.",
    consequence="The build fails with `Unknown node id` or a message about a node without connections.",
    bad=Example(definition=_UNDO % ""),
    good=Example(definition=_UNDO % ", usedForCompensation: true"),
)
def compensation(workflow: Workflow) -> Iterator[Found]:
    """A compensation state that is part of the main flow, or is not marked as one."""
    for definition in workflow.definitions():
        graph = definition.graph
        marked = {name for name, state in graph.states.items() if state.get("usedForCompensation")}
        if graph.start in marked:
            at = definition.position_of("start", "stateName")
            yield Found(at=at, message=f"the start state '{graph.start}' is 'usedForCompensation'; start at another")
        for edge in graph.edges:
            if edge.target in graph.states and (message := _invalid_edge(graph, edge, marked)):
                yield Found(at=definition.position_of(*edge.where), message=message)


def _invalid_edge(graph: Graph, edge: Edge, marked: set[str]) -> str | None:
    """Return what is wrong with an edge from or to a compensation state, or None."""
    from_marked, to_marked = edge.source in marked, edge.target in marked
    match edge.kind:
        case EdgeKind.COMPENSATION if from_marked:
            return f"'{edge.source}' is 'usedForCompensation' itself, so nothing undoes it; remove 'compensatedBy'"
        case EdgeKind.COMPENSATION if not to_marked:
            return f"'{edge.target}' has no 'usedForCompensation: true'; add it there"
        case EdgeKind.ERROR if to_marked and is_followed(graph, edge):
            return f"'{edge.target}' is 'usedForCompensation', so no error leads to it; name another state, or end"
        case EdgeKind.COMPENSATION | EdgeKind.TIMEOUT | EdgeKind.ERROR:
            pass
        case _ if from_marked and not to_marked:
            return f"a compensation state leads to '{edge.target}', which is not one; remove the transition"
        case _ if to_marked and not from_marked:
            return f"'{edge.target}' is 'usedForCompensation'; name it in 'compensatedBy' instead"
    return None


@rule(
    "compensation-state",
    reason="A compensation runs its states one after the other: it can neither decide nor wait for events, several "
    "branches at once can only be its last state, and only from an operation can an error lead to another state.",
    consequence="The build fails with a message about a node without connections, an `Unknown node id` or an "
    "`Unrecognized field`; with a loop it never ends.",
    bad=Example(
        definition=_UNDO.replace("operation, actions: [{functionRef: undo}]", f"parallel, branches: {_TWICE}")
        % ", usedForCompensation: true"
    ),
    good=Example(definition=_UNDO % ", usedForCompensation: true"),
)
def compensation_state(workflow: Workflow) -> Iterator[Found]:
    """A state of a compensation that the engine cannot run there."""
    for definition in with_known_states(workflow):
        graph = definition.graph
        first = _compensation_targets(graph)
        goes_on = graph.following(edge for edge in graph.edges if edge.kind is EdgeKind.TRANSITION)
        run = closure(first, goes_on)
        marked = [name for name, state in graph.states.items() if state.get("usedForCompensation")]
        for name in marked:
            state = graph.states[name]
            if message := _unsupported_state(
                state, reached=name in run, first=name in first, goes_on=bool(goes_on[name])
            ):
                yield Found(at=_position(definition, name), message=message)
            if name in run and state["type"] != "operation":
                yield from _continuing_handlers(definition, name)
        inside = {name: [target for target in goes_on[name] if target in marked] for name in marked if name in run}
        for loop in in_order(cycles(inside), graph.indices):
            message = f"the compensation leads back to '{loop[0]}' and never ends; remove the transition"
            yield Found(at=_position(definition, loop[0]), message=message)


def _unsupported_state(state: State, *, reached: bool, first: bool, goes_on: bool) -> str | None:
    """Return why a state cannot be part of a compensation, as its first state or before another, or None."""
    match state["type"]:
        case "event":
            return "an event state cannot be 'usedForCompensation'; call what it waits for from an operation"
        case "switch" if reached:
            return "a switch cannot be part of a compensation; decide with the 'condition' of an action"
        case "parallel" if first:
            return "a compensation cannot start with a parallel state; put an operation before it"
        case "parallel" if reached and goes_on:
            return "a parallel state ends a compensation; run what follows it before, or as actions of a branch"
    return None


def _continuing_handlers(definition: Definition, name: str) -> Iterator[Found]:
    """Yield a state's error handlers that lead to another state, which is not possible in a compensation."""
    for edge in definition.graph.outgoing(name):
        if edge.kind is EdgeKind.ERROR and edge.target and is_followed(definition.graph, edge):
            message = "in a compensation, only the error of an operation can lead to a state; let it end the run"
            yield Found(at=definition.position_of(*edge.where), message=message)


@dataclass(frozen=True, kw_only=True)
class _Loop:
    """States that lead to each other, the edges that leave them, and whether one of them waits."""

    states: Sequence[str]
    leaving: Sequence[Edge]
    waits: bool

    @property
    def spins(self) -> bool:
        """Whether it neither waits nor can be left, except by errors."""
        return not self.waits and all(edge.kind is EdgeKind.ERROR for edge in self.leaving)


def _owners(definition: Definition) -> Iterator[tuple[FieldPath, Owner]]:
    """Yield everything that can have a transition or an end, with its path: states, conditions, error handlers."""
    for where, state in states_of(definition.flow):
        yield where, state
        inner: dict[str, Sequence[Owner]] = {
            "dataConditions": state.get("dataConditions", ()),
            "eventConditions": state.get("eventConditions", ()),
            "onErrors": state.get("onErrors", ()),
        }
        for key, owners in inner.items():
            yield from (((*where, key, index), owner) for index, owner in enumerate(owners) if owner)
        if (default := state.get("defaultCondition")) is not None:
            yield (*where, "defaultCondition"), default


def with_known_states(workflow: Workflow) -> Iterator[Definition]:
    """Yield the definitions whose references to states are all unique and valid, as rules about the graph require."""
    for definition in workflow.definitions():
        names = definition.declared("state")
        targets = {reference.name for reference in definition.references if reference.target == "state"}
        if len(set(names)) == len(names) == len(definition.flow.get("states", ())) and targets <= set(names):
            yield definition


def _position(definition: Definition, state: str) -> Position:
    return definition.position_of("states", definition.graph.indices[state], "name")


def is_followed(graph: Graph, edge: Edge) -> bool:
    """Return whether the engine can follow an edge in the main flow."""
    match edge.kind:
        case EdgeKind.COMPENSATION | EdgeKind.TIMEOUT:
            return False
        case EdgeKind.ERROR:
            return bool(edge.when) and graph.states[edge.source]["type"] not in WITHOUT_HANDLERS
        case _:
            return True


def _compensation_targets(graph: Graph) -> set[str]:
    return {edge.target for edge in graph.edges if edge.kind is EdgeKind.COMPENSATION and edge.target}


def _reached(graph: Graph) -> frozenset[str]:
    """Return the states that are reachable for the engine, from the start or by compensation."""
    following = graph.following(edge for edge in graph.edges if is_followed(graph, edge))
    return closure([graph.start, *_compensation_targets(graph)], following)


def _waits(state: State) -> bool:
    sleeps = any(a.get("sleep") or a.get("eventRef") or a.get("subFlowRef") for a in actions_in(state))
    return state["type"] in _WAITING or bool(state.get("eventConditions")) or sleeps


def _loops(graph: Graph) -> Iterator[_Loop]:
    """Yield the reachable loops, each with all of its states, in the file's order."""
    reached = _reached(graph)
    found = (cycle for cycle in cycles(graph.following(graph.edges)) if cycle[0] in reached)
    for states in in_order(found, graph.indices):
        inside = set(states)
        leaving = [edge for name in states for edge in graph.outgoing(name) if edge.target not in inside]
        waits = any(_waits(graph.states[name]) for name in states)
        yield _Loop(states=states, leaving=leaving, waits=waits)
