"""Walks through a definition's flow in long form: its states, actions, functions and events.

Its types are in generator/workflow/long_form.pyi. For a definition with errors, the flow has what could be read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, overload

from generator.text.yaml_reader import FieldPath

if TYPE_CHECKING:
    from generator.workflow.long_form import (
        Action,
        CallbackState,
        DelayState,
        Flow,
        ForeachState,
        Function,
        ParallelState,
        State,
        SwitchState,
        WorkflowTimeout,
    )


@overload
def states_of(flow: Flow) -> Iterator[tuple[FieldPath, State]]: ...
@overload
def states_of(flow: Flow, type_: Literal["callback"]) -> Iterator[tuple[FieldPath, CallbackState]]: ...
@overload
def states_of(flow: Flow, type_: Literal["delay"]) -> Iterator[tuple[FieldPath, DelayState]]: ...
@overload
def states_of(flow: Flow, type_: Literal["foreach"]) -> Iterator[tuple[FieldPath, ForeachState]]: ...
@overload
def states_of(flow: Flow, type_: Literal["parallel"]) -> Iterator[tuple[FieldPath, ParallelState]]: ...
@overload
def states_of(flow: Flow, type_: Literal["switch"]) -> Iterator[tuple[FieldPath, SwitchState]]: ...
def states_of(flow: Flow, type_: str | None = None) -> Iterator[tuple[FieldPath, State]]:
    """Yield the states of a type, or all with a known type, each with its path in the flow."""
    for index, state in enumerate(flow.get("states", ())):
        if "type" in state and type_ in (None, state["type"]):
            yield ("states", index), state


def actions_of(flow: Flow) -> Iterator[tuple[FieldPath, Action]]:
    """Yield every action of every state with its path in the flow."""
    for where, state in states_of(flow):
        yield from _actions(state, where)


def actions_in(state: State) -> Iterator[Action]:
    """Yield every action of a state: its own, those of its branches and events, and that of a callback."""
    yield from (action for _, action in _actions(state, ()))


def _actions(state: State, where: FieldPath) -> Iterator[tuple[FieldPath, Action]]:
    yield from _listed(state.get("actions", ()), where)
    for index, branch in enumerate(state.get("branches", ())):
        yield from _listed(branch.get("actions", ()), (*where, "branches", index))
    for index, reaction in enumerate(state.get("onEvents", ())):
        yield from _listed(reaction.get("actions", ()), (*where, "onEvents", index))
    if action := state.get("action"):
        yield (*where, "action"), action


def _listed(actions: Sequence[Action], owner: FieldPath) -> Iterator[tuple[FieldPath, Action]]:
    yield from (((*owner, "actions", index), action) for index, action in enumerate(actions))


def functions_of(flow: Flow) -> dict[str, Function]:
    """Return the functions by name; of functions with the same name, the last."""
    return {name: function for function in flow.get("functions", ()) if (name := function.get("name"))}


def called_by(action: Action) -> str | None:
    """Return the name of the function that an action calls, or None."""
    return action.get("functionRef", {}).get("refName")


def function_of(action: Action, functions: Mapping[str, Function]) -> Function | None:
    """Return the function that an action calls, or None if it calls none or an undeclared one."""
    return functions.get(called_by(action) or "")


def is_printing(function: Function) -> bool:
    """Return whether a function writes to the log (`sysout`)."""
    return function["type"] == "custom" and function.get("operation", "").partition(":")[0] == "sysout"


def subflow_of(action: Action) -> str | None:
    """Return the id of the workflow that an action runs as a subflow, or None."""
    return action.get("subFlowRef", {}).get("workflowId")


def events_of(flow: Flow) -> tuple[frozenset[str], frozenset[str]]:
    """Return the names of the events that a flow sends, and of those that it waits for or starts with."""
    sent: set[str | None] = set()
    awaited: set[str | None] = set()
    for _, state in states_of(flow):
        ways: tuple[Any, ...] = (
            state,
            *state.get("dataConditions", ()),
            *state.get("eventConditions", ()),
            *state.get("onErrors", ()),
        )
        for owner in (*ways, state.get("defaultCondition", {})):
            for way in (owner.get("transition") or {}, owner.get("end") or {}):
                sent |= {event.get("eventRef") for event in way.get("produceEvents", ())}
        awaited |= {condition.get("eventRef") for condition in state.get("eventConditions", ())}
        awaited |= {name for on in state.get("onEvents", ()) for name in on.get("eventRefs", ())}
        awaited.add(state.get("eventRef"))
        for action in actions_in(state):
            sent.add(action.get("eventRef", {}).get("triggerEventRef"))
    return frozenset(filter(None, sent)), frozenset(filter(None, awaited))


def workflow_timeout(flow: Flow) -> WorkflowTimeout | None:
    """Return the timeout of the whole workflow, or None."""
    return flow.get("timeouts", {}).get("workflowExecTimeout")


def value_at(flow: Flow, where: FieldPath) -> Any:
    """Return the value at a path that exists."""
    value: Any = flow
    for step in where:
        value = value[step]
    return value
