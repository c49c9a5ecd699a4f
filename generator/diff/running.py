"""Finds hazards for instances that wait while a new version is installed.

The engine stores a waiting instance under the id and version of its workflow, with the number of the node in which it
waits. Nodes are numbered in the order of the definition. docs/design.md describes the tests with the engine.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from generator.diff.change import Change, Hazard, Kind, Topic
from generator.diff.content import Pairing, canonical
from generator.diff.flow import Definitions
from generator.diff.snapshot import Snapshot
from generator.workflow.definition import Definition
from generator.workflow.waits import wait_of

_FINISH_FIRST: Final = "let them finish or abort them before the upgrade, or run the old version next to the new one"
#: The fields of an event by which the engine routes it to a waiting instance.
_ROUTING: Final = ("type", "source", "correlation", "kind")
#: Fields for which the engine creates no nodes, or only nodes after those of all states.
_WITHOUT_NODES: Final = (
    "name",
    "transition",
    "end",
    "onErrors",
    "dataConditions",
    "defaultCondition",
    "compensatedBy",
    "metadata",
    "arguments",
    "data",
)
#: The number of states named in a message.
_NAMED: Final = 5


def hazards(
    old: Snapshot, new: Snapshot, pairs: Sequence[Definitions], changes: Sequence[Change], subflows: Pairing
) -> Iterator[Hazard]:
    """Yield the hazards for waiting instances of the old snapshot; none if nothing in it waits."""
    waiting = [pair for pair in pairs if any(map(wait_of, pair.old.graph.states.values()))]
    gone = [old.subflows()[name] for name in (*subflows.removed, *subflows.renamed)]
    if not waiting and not any(_waits(definition) for definition in gone):
        return
    yield from _identity(old, new)
    for definition in gone:
        yield from _subflow(definition, subflows.renamed)
    for pair in waiting:
        about = [change for change in changes if change.within == pair.within]
        yield from _states(pair, about)
        yield from _events(pair, about)
        yield from _node_numbers(pair)


def _waits(definition: Definition) -> bool:
    return any(map(wait_of, definition.graph.states.values()))


def _identity(old: Snapshot, new: Snapshot) -> Iterator[Hazard]:
    """Yield a hazard for a new id or version, by which the engine looks up instances."""
    if old.object_name != new.object_name:
        message = f"waiting instances belong to '{old.object_name}'; the new workflow does not find them"
        yield Hazard(subject="id", message=message, advice=_FINISH_FIRST)
    elif old.version != new.version:
        one, other = old.version or "none", new.version or "none"
        message = f"waiting instances are stored under version '{one}'; version '{other}' does not find them"
        advice = f"{_FINISH_FIRST}; or keep the definition's version"
        yield Hazard(subject="version", message=message, advice=advice)


def _subflow(definition: Definition, renamed: Mapping[str, str]) -> Iterator[Hazard]:
    what = f"was renamed to '{renamed[definition.id]}'" if definition.id in renamed else "was removed"
    message = f"the subflow '{definition.id}' {what}; instances in it, or waiting for it, cannot continue"
    yield Hazard(subject=definition.id, message=message, advice=_FINISH_FIRST)


def _states(pair: Definitions, changes: Sequence[Change]) -> Iterator[Hazard]:
    states = pair.old.graph.states
    for change in changes:
        name = (change.before if change.kind is Kind.RENAMED else change.subject) or ""
        if change.topic is not Topic.STATE or name not in states or (wait := wait_of(states[name])) is None:
            continue
        if change.kind is Kind.REMOVED and not change.what:
            message = f"the state '{name}' was removed, and instances may be in it: {wait.reason}"
        elif change.kind is Kind.RENAMED:
            message = (
                f"the state '{name}' was renamed to '{change.after}', and instances may be in it: {wait.reason}; the "
                "engine finds it by its position in the file, people and dashboards by its name"
            )
        elif change.what == "type":
            message = f"the state '{name}' has a new type, and instances may be in it: {wait.reason}"
        else:
            continue
        yield Hazard(subject=name, message=message, advice=_FINISH_FIRST, within=pair.within)


def _events(pair: Definitions, changes: Sequence[Change]) -> Iterator[Hazard]:
    awaited = {
        event: name
        for name, state in pair.old.graph.states.items()
        for action_wait in [wait_of(state)]
        if action_wait
        for event in action_wait.events
    }
    new_names = {new: old for old, new in pair.renames.get("event", {}).items()}
    for change in changes:
        name = new_names.get(change.subject, change.subject)
        if change.topic is not Topic.EVENT or name not in awaited:
            continue
        field = change.what.partition(".")[0].partition("[")[0]
        if change.kind is Kind.RENAMED:
            message = (
                f"the event '{name}' was renamed to '{change.after}', and instances may wait for it in "
                f"'{awaited[name]}'; the engine identifies it by its type"
            )
        elif change.kind is Kind.REMOVED and not change.what:
            message = f"the event '{name}' was removed, and instances may wait for it in '{awaited[name]}'"
        elif field in _ROUTING:
            message = (
                f"the event '{name}' has a new {field}, and instances may wait for the old one in '{awaited[name]}'"
            )
        else:
            continue
        advice = f"{_FINISH_FIRST}; or keep sending the old event until the last of them has ended"
        yield Hazard(subject=name, message=message, advice=advice, within=pair.within)


def _node_numbers(pair: Definitions) -> Iterator[Hazard]:
    """Yield a hazard for states whose node numbers change; a new node changes those of all nodes after it."""
    renamed = pair.renames.get("state", {})
    moved = []
    for name, state in pair.old.graph.states.items():
        after = renamed.get(name, name)
        other = pair.new.graph.states.get(after)
        if other is None or state["type"] != other["type"]:
            continue
        if wait_of(state) and _structure_up_to(pair.old, name) != _structure_up_to(pair.new, after):
            moved.append(name)
    if moved:
        names = ", ".join(f"'{name}'" for name in moved[:_NAMED]) + (" and others" if len(moved) > _NAMED else "")
        message = (
            f"instances may wait in {names}, and states above have changed: the engine stores the number of the node "
            "in which they wait, counted from the top"
        )
        yield Hazard(subject=moved[0], message=message, advice=_FINISH_FIRST, within=pair.within)


def _structure_up_to(definition: Definition, name: str) -> str:
    """Return the structure of all states up to this one, which determines the numbers of its nodes."""
    graph = definition.graph
    states = definition.flow.get("states", ())
    return canonical([_structure(state) for state in states[: graph.indices[name] + 1]])


def _structure(value: Any) -> Any:
    match value:
        case dict():
            return {key: _structure(child) for key, child in value.items() if key not in _WITHOUT_NODES}
        case list():
            return [_structure(child) for child in value]
        case _:
            return None
