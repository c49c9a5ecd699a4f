"""Decides whether an instance of a workflow may wait in a state, why, and for which events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from generator.workflow.flow import actions_in

if TYPE_CHECKING:
    from generator.workflow.long_form import Action, State


@dataclass(frozen=True, kw_only=True)
class Wait:
    """The reason, in words, why an instance may wait in a state, and the events that it waits for."""

    reason: str
    events: tuple[str, ...] = ()


def wait_of(state: State) -> Wait | None:
    """Return why an instance may wait in a state of a flow in long form, or None if it never waits."""
    match state["type"]:
        case "event":
            events = tuple(name for on in state.get("onEvents", ()) for name in on.get("eventRefs", ()))
            return Wait(reason="it waits for an event", events=events)
        case "callback":
            return Wait(reason="it waits for a callback", events=(state.get("eventRef", ""),))
        case "sleep" | "delay":
            return Wait(reason="it sleeps")
    if conditions := state.get("eventConditions"):
        events = tuple(condition.get("eventRef", "") for condition in conditions)
        return Wait(reason="it waits for an event", events=events)
    return next(filter(None, map(_wait_of_action, actions_in(state))), None)


def _wait_of_action(action: Action) -> Wait | None:
    if action.get("sleep"):
        return Wait(reason="an action in it sleeps")
    if action.get("retryRef"):
        return Wait(reason="an action in it waits before it tries again")
    if action.get("subFlowRef"):
        return Wait(reason="it waits for a subflow")
    return None


def waits_itself(state: State) -> bool:
    """Return whether an instance waits in a state apart from its subflows; the engine ignores retries."""
    waits = state["type"] in ("event", "callback", "sleep", "delay") or bool(state.get("eventConditions"))
    return waits or any(bool(action.get("sleep")) for action in actions_in(state))
