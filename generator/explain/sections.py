"""Writes the sections of an explanation: input, steps, loops, calls, events, requirements and ends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from generator.contracts.calls import Call, calls
from generator.contracts.inputs import inputs
from generator.explain.loops import loops
from generator.explain.phrases import events, on_error, ways_on
from generator.explain.states import Functions, States, request_of
from generator.text.words import duration, listed, quoted, several
from generator.workflow.definition import Definition
from generator.workflow.flow import actions_in, called_by, events_of, workflow_timeout
from generator.workflow.graph import EdgeKind, Graph
from generator.workflow.properties import HIDDEN, Variable, masked
from generator.workflow.waits import wait_of
from generator.workflow.workflow import Workflow

if TYPE_CHECKING:
    from generator.workflow.long_form import Action, Function, State

_TIMER_STATES: Final = ("sleep", "delay")
#: The types of states that wait only in their actions.
_ACTION_STATES: Final = ("operation", "parallel", "foreach")


@dataclass(frozen=True, kw_only=True)
class Section:
    """A heading and the sentences below it, `numbered` if they are steps."""

    title: str
    sentences: tuple[str, ...]
    numbered: bool = False


def sections_of(workflow: Workflow) -> Iterator[Section]:
    """Yield the sections that have sentences."""
    main = workflow.definition
    found = [
        ("What it takes", _input(workflow), False),
        ("What it does, step by step", _steps(main, workflow), True),
        ("What it repeats", loops(main.graph, order_of(main.graph)), False),
        *((f"The subflow {quoted(d.id)}", _steps(d, workflow), True) for d in workflow.subflows),
        ("What it calls", _calls(workflow), False),
        ("Which events it knows", _events(workflow), False),
        ("What it needs", _needs(workflow), False),
        ("How it ends", _ends(main), False),
    ]
    for title, sentences, numbered in found:
        if listed_ones := tuple(sentences):
            yield Section(title=title, sentences=listed_ones, numbered=numbered)


def order_of(graph: Graph) -> tuple[str, ...]:
    """Return the states reachable from the start in topological order, apart from cycles, and then the others."""
    done: list[str] = []
    entered: set[str] = set()
    waiting = [(graph.start, False)]
    while waiting:
        state, through = waiting.pop()
        if through:
            done.append(state)
        elif state in graph.states and state not in entered:
            entered.add(state)
            waiting.append((state, True))
            edges = sorted(graph.outgoing(state), key=lambda edge: edge.kind is EdgeKind.ERROR)
            waiting += [(edge.target, False) for edge in edges if edge.target is not None]
    return (*reversed(done), *(state for state in graph.states if state not in entered))


def _functions(definition: Definition, workflow: Workflow) -> Functions:
    functions = definition.flow.get("functions", ())
    called = {call.index: call for call in calls(workflow) if call.definition is definition}
    return {each["name"]: (each, called.get(index)) for index, each in enumerate(functions) if each.get("name")}


def _event_start(definition: Definition, workflow: Workflow) -> str:
    """Return the start state if events start the workflow, or "" if a request does or for a subflow."""
    state = definition.graph.states.get(definition.graph.start)
    return definition.graph.start if definition is workflow.definition and state and state["type"] == "event" else ""


def _steps(definition: Definition, workflow: Workflow) -> Iterator[str]:
    """Yield sentences on what each state does and where it leads, from the start on."""
    graph = definition.graph
    retries = {str(retry.get("name")): retry for retry in definition.flow.get("retries", ())}
    codes = {str(e.get("name")): e.get("code", "") for e in definition.flow.get("errors", ())}
    states = States(_functions(definition, workflow), retries)
    reachable = graph.reachable()
    for name in order_of(graph):
        edges = graph.outgoing(name)
        sentences = [f"{quoted(name)}: {states.says(graph.states[name])}.", *ways_on(edges)]
        failing = [edge for edge in edges if edge.kind is EdgeKind.ERROR]
        sentences += [f"{_capitalized(on_error(edge, codes, alone=len(failing) == 1))}." for edge in failing]
        if name not in reachable:
            sentences.append("Nothing leads to it.")
        yield " ".join(sentences)


def _capitalized(text: str) -> str:
    return text[:1].upper() + text[1:]


def _input(workflow: Workflow) -> Iterator[str]:
    for given in inputs(workflow):
        must = "must be given" if given.mandatory else "may be given"
        when = f" when {given.when}" if given.when else ""
        kind = f": {given.kind}" if given.kind else ""
        about = given.description or given.title
        yield f"{quoted(given.path)} {must}{when}{kind}." + (f" {_sentence(about)}" if about else "")


def _sentence(text: Any) -> str:
    """Return prose from a file, without quotes and with a final full stop."""
    words = quoted(text)[1:-1]
    return words if words.endswith((".", "!", "?", "…")) else f"{words}."


def _calls(workflow: Workflow) -> Iterator[str]:
    for definition in workflow.definitions():
        used = {called_by(action) for state in definition.graph.states.values() for action in actions_in(state)}
        for name, (function, call) in _functions(definition, workflow).items():
            if name in used and not is_computed(function):
                yield _call(name, function, call, workflow)


def is_computed(function: Function) -> bool:
    """Return whether a function runs inside the engine: an expression, or a line in the log."""
    return function["type"] == "expression" or function.get("operation", "").startswith("sysout")


def _call(name: str, function: Function, call: Call | None, workflow: Workflow) -> str:
    if call is None:
        operation, kind = function.get("operation"), function["type"]
        what = quoted(operation) if operation else "a function without an operation"
        return f"{quoted(name)} is {what} (type {quoted(kind)})."
    if not (request := request_of(call)):
        place = f"{quoted(call.operation_id)} of {quoted(call.shown)}"
        return f"{quoted(name)} is the operation {place}, which is not available."
    return f"{quoted(name)} is {quoted(request)} of {quoted(call.path or call.shown)}, {_server(call, workflow)}."


def _server(call: Call, workflow: Workflow) -> str:
    """Return the address of a call: that in application.properties, or else the spec's first server."""
    if configured := workflow.configuration().get(f"quarkus.rest-client.{call.id}.url"):
        return f"at {quoted(masked(configured))}"
    server = call.spec.server if call.spec else ""
    return f"at {quoted(server)}" if server else "at an address that is not configured"


def _events(workflow: Workflow) -> Iterator[str]:
    main = workflow.definition
    if (start := main.graph.states.get(_event_start(main, workflow))) and start["type"] == "event":
        first = [
            events(on.get("eventRefs", ()), "or" if start["exclusive"] else "and") for on in start.get("onEvents", ())
        ]
        yield f"It is started by {listed(first, 'or' if start['exclusive'] else 'and') or 'an event'}."
    for definition in workflow.definitions():
        sent, awaited = events_of(definition.flow)
        for event in definition.flow.get("events", ()):
            name = event.get("name")
            sends, listens = name in sent, name in awaited
            if not (sends or listens):
                sends, listens = event["kind"] == "produced", event["kind"] != "produced"
            source = f" from {quoted(event['source'])}" if event.get("source") and listens else ""
            verb = "It sends and listens to" if sends and listens else "It sends" if sends else "It listens to"
            names = [
                each["contextAttributeName"]
                for each in event.get("correlation", ())
                if each.get("contextAttributeName")
            ]
            by = f", correlated by {several(names)}" if names else ""
            type_ = f": the type {quoted(event['type'])}{source}" if event.get("type") else source
            yield f"{verb} {quoted(name) if name else 'an event without a name'}{type_}{by}."


def _needs(workflow: Workflow) -> Iterator[str]:
    variables = workflow.variables()
    if required := [variable.name for variable in variables if variable.default is None]:
        yield f"The {_count_of(required, 'variable')} {_list_of(required)} must be given."
    if optional := [variable for variable in variables if variable.default is not None]:
        shown = [f"{quoted(variable.name)} ({_default(variable)})" for variable in optional]
        yield f"The {_count_of(shown, 'variable')} {listed(shown)} may be given; the default is in brackets."
    if workflow.secret_keys:
        yield f"The {_count_of(workflow.secret_keys, 'secret')} {_list_of(workflow.secret_keys)} must be given."
    yield from _persistence(workflow)


def _default(variable: Variable) -> str:
    shown = variable.shown_default
    return "hidden" if shown == HIDDEN else quoted(shown) if shown else "empty"


def _list_of(names: Any) -> str:
    return listed(map(quoted, names))


def _count_of(things: Any, noun: str) -> str:
    return noun if len(things) == 1 else f"{len(things)} {noun}s"


def _persistence(workflow: Workflow) -> Iterator[str]:
    """Yield what a wait needs to survive a restart (SonataFlow: persistence, and a jobs service for timers)."""
    waiting: list[str] = []
    timed: list[str] = []
    for definition in workflow.definitions():
        reachable = definition.graph.reachable()
        for name, state in definition.graph.states.items():
            if name in reachable and _waits(name, state, definition, workflow):
                (timed if _has_timer(state) else waiting).append(name)
    if waiting or timed:
        yield f"It may wait in {several([*timed, *waiting])}; a database keeps it over a restart."
    if timed:
        yield f"A timer (in {several(timed)}) outlives a restart only where a jobs service runs."


def _waits(name: str, state: State, definition: Definition, workflow: Workflow) -> bool:
    """Return whether an instance may wait in a state, not counting the event that starts the instance."""
    wait = wait_of(state)
    started = name == _event_start(definition, workflow) and (
        wait is None or len(wait.events) == 1 or _any_event(state)
    )
    if wait is None or not (started or state["type"] in _ACTION_STATES):
        return wait is not None
    return any(_action_waits(action, workflow, frozenset()) for action in actions_in(state))


def _any_event(state: State) -> bool:
    return state["type"] == "event" and state["exclusive"]


def _action_waits(action: Action, workflow: Workflow, above: frozenset[str]) -> bool:
    """Return whether an action waits: it sleeps, or runs a subflow that waits. The engine ignores retries."""
    if action.get("sleep"):
        return True
    id_ = action.get("subFlowRef", {}).get("workflowId")
    if not id_ or id_ in above or action["subFlowRef"]["invoke"] == "async":
        return False
    below = next((each for each in workflow.subflows if each.id == id_), None)
    return below is None or any(
        wait_of(state) is not None
        and (
            state["type"] not in _ACTION_STATES
            or any(_action_waits(each, workflow, above | {id_}) for each in actions_in(state))
        )
        for state in below.graph.states.values()
    )


def _has_timer(state: State) -> bool:
    sleeps = any(action.get("sleep") for action in actions_in(state))
    return state["type"] in _TIMER_STATES or sleeps or bool(state.get("timeouts", {}).get("eventTimeout"))


def _ends(definition: Definition) -> Iterator[str]:
    graph = definition.graph
    reachable = graph.reachable()
    ends = list(dict.fromkeys(e.source for e in graph.edges if e.target is None and e.source in reachable))
    if ends:
        yield f"It ends after {several(ends, 'or')}."
    else:
        yield "It never ends: no state that can be reached has an end."
    timeout = workflow_timeout(definition.flow)
    if timeout and timeout["duration"] != "unlimited":
        before = f", after {quoted(timeout['runBefore'])}" if timeout.get("runBefore") else ""
        yield f"It is ended after {duration(timeout['duration'])}{before}."
    if unhandled := list(_unhandled(definition)):
        yield f"An error in {several(unhandled, 'or')} ends it as failed: nothing handles it there."


def _unhandled(definition: Definition) -> Iterator[str]:
    """Yield the reachable states whose errors nothing handles."""
    graph = definition.graph
    handled = {edge.source for edge in graph.edges if edge.kind is EdgeKind.ERROR}
    reached = graph.reachable() - handled
    computed = {each.get("name") for each in definition.flow.get("functions", ()) if is_computed(each)}
    for name, state in graph.states.items():
        if name in reached and any(_may_fail(action, computed) for action in actions_in(state)):
            yield name


def _may_fail(action: Action, computed: set[str | None]) -> bool:
    """Return whether an action calls something outside the workflow."""
    called = called_by(action)
    return bool(action.get("subFlowRef")) or (bool(called) and called not in computed)
