"""Walks through a definition's flow, in its long form: its states, their actions, its functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from generator.text.yaml_reader import FieldPath

Flow = Mapping[str, Any]
State = Mapping[str, Any]
Action = Mapping[str, Any]
Function = Mapping[str, Any]


def states_of(flow: Flow, *types: str) -> Iterator[tuple[FieldPath, State]]:
    """The states of some types, or all of them, each with its path in the flow."""
    for index, state in enumerate(flow.get("states", ())):
        if not types or state.get("type") in types:
            yield ("states", index), state


def actions_of(flow: Flow) -> Iterator[tuple[FieldPath, Action]]:
    """Every action of every state, each with its path in the flow."""
    for where, state in states_of(flow):
        yield from _actions(state, where)


def actions_in(state: State) -> Iterator[Action]:
    """Every action of a state: its own, those of its branches and its events, and that of a callback."""
    yield from (action for _, action in _actions(state, ()))


def _actions(state: State, where: FieldPath) -> Iterator[tuple[FieldPath, Action]]:
    owners: list[tuple[FieldPath, Mapping[str, Any]]] = [(where, state)]
    for key in ("branches", "onEvents"):
        owners += [((*where, key, index), owner) for index, owner in enumerate(state.get(key, ()))]
    for at, owner in owners:
        yield from (((*at, "actions", index), action) for index, action in enumerate(owner.get("actions", ())))
    if action := state.get("action"):
        yield (*where, "action"), action


def functions_of(flow: Flow) -> dict[Any, Function]:
    """The functions by name; of two of one name the last."""
    return {function.get("name"): function for function in flow.get("functions", ())}


def value_at(flow: Flow, where: FieldPath) -> Any:
    """The value at a path that is known to be there."""
    value: Any = flow
    for step in where:
        value = value[step]
    return value
