"""Why an instance of a workflow may stand still in a state, and for which events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from generator.workflow.flow import actions_in


@dataclass(frozen=True, kw_only=True)
class Wait:
    """Why an instance may stand still in a state: the reason in words, and the events that it waits for."""

    reason: str
    events: tuple[str, ...] = ()


def wait_of(state: Mapping[str, Any]) -> Wait | None:
    """Return why an instance may wait in a state (of a flow's long form), or None where it goes right through."""
    match state.get("type"):
        case "event":
            events = tuple(str(name) for on in state.get("onEvents") or () for name in on.get("eventRefs") or ())
            return Wait(reason="it waits for an event", events=events)
        case "callback":
            return Wait(reason="it waits for a callback", events=(str(state.get("eventRef", "")),))
        case "sleep" | "delay":
            return Wait(reason="it sleeps")
    if conditions := state.get("eventConditions"):
        events = tuple(str(condition.get("eventRef", "")) for condition in conditions)
        return Wait(reason="it waits for an event", events=events)
    return next(filter(None, map(_wait_of_action, actions_in(state))), None)


def _wait_of_action(action: Mapping[str, Any]) -> Wait | None:
    if action.get("sleep"):
        return Wait(reason="an action in it sleeps")
    if (event := (action.get("eventRef") or {}).get("resultEventRef")) is not None:
        return Wait(reason="an action in it waits for an event", events=(str(event),))
    if action.get("retryRef"):
        return Wait(reason="an action in it waits before it tries again")
    if action.get("subFlowRef"):
        return Wait(reason="it waits for a subflow")
    return None
