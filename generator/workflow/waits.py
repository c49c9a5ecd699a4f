"""Why an instance of a workflow may wait in a state, and for which events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from generator.workflow.flow import actions_in

if TYPE_CHECKING:
    from generator.workflow.long_form import Action, State


@dataclass(frozen=True, kw_only=True)
class Wait:
    """Why an instance may wait in a state: the reason in words, and the events that it waits for."""

    reason: str
    events: tuple[str, ...] = ()


def wait_of(state: State) -> Wait | None:
    """Return why an instance may wait in a state (of a flow's long form), or None where it goes right through."""
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
    """Whether time passes in a state, as the engine runs it, whatever its subflows do: it retries nothing."""
    waits = state["type"] in ("event", "callback", "sleep", "delay") or bool(state.get("eventConditions"))
    return waits or any(bool(action.get("sleep")) for action in actions_in(state))
