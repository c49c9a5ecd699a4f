"""Describes what a state does as lines and frames inside its box."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from generator.diagram.scene import Frame, FrameKind, Node, NodeKind, Row, RowKind, Scene
from generator.diagram.text import MAX_CONDITION, duration, expression, printable
from generator.text.words import told_apart
from generator.workflow.flow import called_by, subflow_of

if TYPE_CHECKING:
    from generator.workflow.long_form import (
        Action,
        CallbackState,
        DelayState,
        EventState,
        ForeachState,
        Function,
        InjectState,
        OperationState,
        ParallelState,
        ReactionToEvents,
        SleepState,
        State,
    )

Body = Iterator[Row | Frame]
#: Returns the scene of a subflow by its id, or None if it is not expanded.
Subflow = Callable[[str], Scene | None]

_TIMEOUTS: Final = {
    "stateExecTimeout": "at most",
    "actionExecTimeout": "each action at most",
    "branchExecTimeout": "each branch at most",
    "eventTimeout": "waits at most",
}


@dataclass(frozen=True, kw_only=True)
class StateReader:
    """Converts the states of a definition into nodes; `functions` are its functions by name."""

    functions: Mapping[str, Function]
    subflow: Subflow

    def node(self, name: str, state: State) -> Node:
        """Return the node of a state."""
        kind = NodeKind(state["type"])
        compensates = bool(state.get("usedForCompensation"))
        label = f"{kind} · compensation" if compensates else str(kind)
        return Node(
            kind=kind,
            name=printable(name),
            label=label,
            body=(*self.content(state), *_timeouts(state.get("timeouts", {}))),
            side_by_side=kind is NodeKind.PARALLEL,
            for_compensation=compensates,
            hint=f"{printable(name)}: {label} state",
        )

    def content(self, state: State) -> Body:
        """Yield what a state does; nothing for a switch, whose links say that."""
        match state["type"]:
            case "operation":
                yield from self.operation(state)
            case "event":
                yield from self.event(state)
            case "callback":
                yield from self.callback(state)
            case "parallel":
                yield from self.parallel(state)
            case "foreach":
                yield from self.foreach(state)
            case "inject":
                yield from self.inject(state)
            case "sleep" | "delay":
                yield from self.sleep(state)

    def operation(self, state: OperationState | ReactionToEvents) -> Body:
        """Yield the actions, and whether they run at the same time."""
        actions = state.get("actions", ())
        if state["actionMode"] == "parallel" and len(actions) > 1:
            yield Row(kind=RowKind.ORDER, text="all at the same time")
        yield from self.actions(actions)

    def event(self, state: EventState) -> Body:
        """Yield the events that the state waits for, and what it does then."""
        reactions = state.get("onEvents", ())
        between = " or " if state["exclusive"] else " and "
        for reaction in reactions:
            events = between.join(printable(event) for event in reaction.get("eventRefs", ()) if event)
            awaited = Row(kind=RowKind.AWAITED, text=f"on {events}" if events else "on an event")
            if len(reactions) == 1:
                yield awaited
                yield from self.operation(reaction)
            else:
                yield Frame(kind=FrameKind.REACTION, title=awaited.text, body=tuple(self.operation(reaction)))

    def callback(self, state: CallbackState) -> Body:
        """Yield the action and the event that the state then waits for."""
        if action := state.get("action"):
            yield from self.actions([action])
        if event := state.get("eventRef"):
            yield Row(kind=RowKind.AWAITED, text=f"then on {printable(event)}")

    def parallel(self, state: ParallelState) -> Body:
        """Yield the number of branches that must complete, and a frame for each branch."""
        branches = state.get("branches", ())
        if len(branches) > 1:
            yield Row(kind=RowKind.ORDER, text="one after another, in any order")
        if state["completionType"] == "atLeast":
            text = f"goes on after {printable(str(state['numCompleted']))} of {len(branches)}"
            yield Row(kind=RowKind.ORDER, text=text)
        for number, branch in enumerate(branches, start=1):
            body = (*self.actions(branch.get("actions", ())), *_timeouts(branch.get("timeouts", {})))
            name = printable(branch.get("name") or "")
            hint = f"branch {name or number}"
            yield Frame(kind=FrameKind.BRANCH, title=name or hint, body=body, hint=hint)

    def foreach(self, state: ForeachState) -> Body:
        """Yield a frame with the actions for each item."""
        item = expression(state.get("iterationParam", "item"))
        collection = expression(state.get("inputCollection", "a collection"))
        text = "one after another"
        if state["mode"] != "sequential":
            size = state.get("batchSize")
            text = f"{printable(str(size))} at the same time" if size else "all at the same time"
        body = (Row(kind=RowKind.ORDER, text=text), *self.actions(state.get("actions", ())))
        title = f"each {item} of {collection}"
        yield Frame(kind=FrameKind.LOOP, title=title, body=body, hint=title)

    def inject(self, state: InjectState) -> Body:
        """Yield the keys that the state sets."""
        if keys := ", ".join(map(printable, state.get("data", ()))):
            yield Row(kind=RowKind.DATA, text=f"sets {keys}")

    def sleep(self, state: SleepState | DelayState) -> Body:
        """Yield the duration in words."""
        if lasts := state.get("duration") or state.get("timeDelay"):
            yield Row(kind=RowKind.TIME, text=f"waits {duration(lasts)}")

    def actions(self, actions: Iterable[Action]) -> Body:
        """Yield the actions with their conditions and pauses; long conditions still differ when shortened."""
        listed = list(actions)
        conditions = told_apart([expression(action.get("condition", "")) for action in listed], MAX_CONDITION)
        for action, condition in zip(listed, conditions, strict=True):
            sleep = action.get("sleep", {})
            if before := sleep.get("before"):
                yield Row(kind=RowKind.TIME, text=f"waits {duration(before)}")
            if condition:
                hint = f"if {expression(action['condition'])}"
                yield Row(kind=RowKind.CONDITION, text=f"if {condition}", hint=hint)
            yield from self.action(action)
            if after := sleep.get("after"):
                yield Row(kind=RowKind.TIME, text=f"waits {duration(after)}")

    def action(self, action: Action) -> Body:
        """Yield what an action does: call a function, run a subflow, or produce an event."""
        name, hint = printable(action.get("name", "")), _hint_prefix(action)
        called, subflow = called_by(action), subflow_of(action)
        event = action.get("eventRef", {})
        if called:
            yield self._call(called, hint)
        if subflow:
            title = printable(subflow)
            scene = self.subflow(subflow)
            yield Frame(kind=FrameKind.SUBFLOW, title=title, scene=scene, hint=f"{hint}subflow {title}")
        if produced := event.get("triggerEventRef"):
            yield Row(kind=RowKind.PRODUCED, text=f"emits {printable(produced)}", hint=hint.removesuffix(": "))
        if name and not (called or subflow or event):
            yield Row(kind=RowKind.ACTION, text=name, hint=hint.removesuffix(": "))

    def _call(self, name: str, hint: str) -> Row:
        function = self.functions.get(name)
        kind = RowKind.EXPRESSION if function and function["type"] == "expression" else RowKind.CALL
        operation = printable(function.get("operation", "")) if function else ""
        return Row(kind=kind, text=printable(name), hint=f"{hint}calls {printable(name)}: {operation}")


def _hint_prefix(action: Action) -> str:
    """Return the beginning of a hint: the name of an action and its retry, or ""."""
    retry = action.get("retryRef")
    parts = (printable(action.get("name", "")), f"retried by {printable(retry)}" if retry else "")
    prefix = ", ".join(filter(None, parts))
    return f"{prefix}: " if prefix else ""


def _timeouts(timeouts: Mapping[str, Any]) -> Iterator[Row]:
    for key, phrase in _TIMEOUTS.items():
        limit = timeouts.get(key)
        total = limit.get("total") if isinstance(limit, dict) else limit
        if total:
            yield Row(kind=RowKind.TIME, text=f"{phrase} {duration(total)}")
