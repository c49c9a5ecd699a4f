"""Determines from a definition which states write the workflow's result, and which ends are reached without one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, Final

from generator.lint.support.object_literal import read_object
from generator.text.yaml_reader import FieldPath
from generator.workflow.definition import Definition
from generator.workflow.flow import actions_of, function_of, functions_of, is_printing, states_of
from generator.workflow.graph import EdgeKind

if TYPE_CHECKING:
    from generator.workflow.long_form import Action, Function, State

#: The fields that the Orchestrator shows; either counts as a result.
_SHOWN: Final = frozenset({"result", "workflowOptions"})


class Effect(Enum):
    """Whether a state writes the result."""

    NOTHING = auto()
    WRITES = auto()
    UNKNOWN = auto()


@dataclass(frozen=True, kw_only=True)
class Written:
    """An object that a definition merges into the workflow data, and its path in the flow."""

    content: Mapping[str, Any]
    where: FieldPath


def written_objects(definition: Definition) -> Iterator[Written]:
    """Yield the objects of expression functions, inject states and output filters."""
    for index, function in enumerate(definition.flow.get("functions", ())):
        if function["type"] == "expression" and (content := read_object(function.get("operation", ""))):
            yield Written(content=content, where=("functions", index, "operation"))
    for where, state in states_of(definition.flow):
        if state["type"] == "inject" and (data := state.get("data")) is not None:
            yield Written(content=data, where=(*where, "data"))
        if (output := state.get("stateDataFilter", {}).get("output")) and (content := read_object(output)):
            yield Written(content=content, where=(*where, "stateDataFilter", "output"))


def first_ends_without_result(definition: Definition) -> Iterator[tuple[str, FieldPath]]:
    """Yield the state and the path of each end that can be reached without a state that writes the result."""
    graph = definition.graph
    effects = _effects(definition)
    waiting, seen = [graph.start], set()
    while waiting:
        name = waiting.pop()
        if name in seen or effects.get(name) is not Effect.NOTHING:
            continue
        seen.add(name)
        for edge in graph.outgoing(name):
            if edge.kind in (EdgeKind.COMPENSATION, EdgeKind.TIMEOUT):
                continue
            if edge.target is None:
                yield name, edge.where
            else:
                waiting.append(edge.target)


def _effects(definition: Definition) -> dict[str, Effect]:
    """Return the effect of each state on the result, by name."""
    functions = functions_of(definition.flow)
    effects: dict[int, set[Effect]] = {}
    for where, action in actions_of(definition.flow):
        effects.setdefault(int(where[1]), set()).add(_effect_of_action(action, functions))
    found = {}
    for (_, index), state in states_of(definition.flow):
        combined = effects.get(int(index), set()) | {_effect_of_state(state)}
        known = next((effect for effect in (Effect.UNKNOWN, Effect.WRITES) if effect in combined), Effect.NOTHING)
        found[str(state.get("name"))] = known
    return found


def _effect_of_state(state: State) -> Effect:
    """Return the effect of a state without its actions."""
    filter_ = state.get("stateDataFilter", {})
    if filter_.get("input") or filter_.get("output"):
        content = read_object(filter_.get("output", "")) if not filter_.get("input") else None
        return Effect.UNKNOWN if content is None else _effect_of_content(content)
    match state["type"]:
        case "inject":
            data = state.get("data")
            return Effect.UNKNOWN if data is None else _effect_of_content(data)
        case "event" | "foreach":
            return Effect.UNKNOWN
        case "callback":
            return _effect_of_target(state.get("eventDataFilter", {}).get("toStateData"))
        case "switch":
            return Effect.UNKNOWN if state.get("eventConditions") else Effect.NOTHING
    return Effect.NOTHING


def _effect_of_action(action: Action, functions: Mapping[str, Function]) -> Effect:
    filter_, called = action["actionDataFilter"], function_of(action, functions)
    target = filter_.get("toStateData")
    if not filter_["useResults"] or (called and is_printing(called)):
        return Effect.NOTHING
    if called and called["type"] == "expression" and not filter_.get("results") and not target:
        content = read_object(called.get("operation", ""))
        return Effect.UNKNOWN if content is None else _effect_of_content(content)
    return _effect_of_target(target)


def _effect_of_target(target: str | None) -> Effect:
    """Return the effect of a response that is written to `toStateData`: unknown, unless that is another field."""
    target = (target or "").strip().removeprefix("${").removesuffix("}").strip()
    first = target.removeprefix(".").partition(".")[0].partition("[")[0].strip('"')
    return Effect.NOTHING if target.startswith(".") and first.isidentifier() and first not in _SHOWN else Effect.UNKNOWN


def _effect_of_content(content: Mapping[str, Any]) -> Effect:
    return Effect.WRITES if content.keys() & _SHOWN else Effect.NOTHING
