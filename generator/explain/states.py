"""What a state does, in a sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from generator.contracts.calls import Call
from generator.text.words import duration, listed, plural, quoted, several

#: A function's name to its declaration and what it calls, where that is known.
Functions = Mapping[str, tuple[Mapping[str, Any], Call | None]]
Retries = Mapping[str, Mapping[str, Any]]


class States:
    """Says what states do; functions and retries are looked up by name."""

    def __init__(self, functions: Functions, retries: Retries) -> None:
        self._functions = functions
        self._retries = retries

    def says(self, state: Mapping[str, Any]) -> str:
        """What a state does, as a clause that starts with "it" or "for"."""
        tell = self._tellers().get(str(state.get("type")))
        return tell(state) if tell else "it does what waybill does not know"

    def _tellers(self) -> Mapping[str, Callable[[Mapping[str, Any]], str]]:
        return {
            "operation": self._operation,
            "event": self._event,
            "switch": self._switch,
            "sleep": lambda state: f"it waits {_time(state.get('duration'))}",
            "delay": lambda state: f"it waits {_time(state.get('timeDelay'))}",
            "parallel": self._parallel,
            "inject": self._inject,
            "foreach": self._foreach,
            "callback": self._callback,
        }

    def _operation(self, state: Mapping[str, Any]) -> str:
        actions = state.get("actions") or ()
        return f"it {self._actions(actions, state.get('actionMode'))}" if actions else "it does nothing"

    def _event(self, state: Mapping[str, Any]) -> str:
        groups = state.get("onEvents") or ()
        clauses = []
        for group in groups:
            actions = group.get("actions") or ()
            then = f" and then {self._actions(actions, group.get('actionMode'))}" if actions else ""
            clauses.append(f"waits for the event {several(group.get('eventRefs') or (), 'and')}{then}")
        text = listed(clauses, "or" if state.get("exclusive") else "and")
        return f"it {text or 'waits for no event'}{_in_time(state)}"

    def _switch(self, state: Mapping[str, Any]) -> str:
        if conditions := state.get("eventConditions"):
            names = [str(each.get("eventRef")) for each in conditions]
            return f"it waits for the event {several(names, 'or')}{_in_time(state)}"
        return "it looks at the data"

    def _parallel(self, state: Mapping[str, Any]) -> str:
        branches = state.get("branches") or ()
        clauses = [f"{quoted(branch.get('name'))} {self._actions(branch.get('actions') or ())}" for branch in branches]
        until = "all of them are" if state.get("completionType") != "atLeast" else f"{state.get('numCompleted')} are"
        count = plural(len(branches), "branch")
        return f"it runs {count} at the same time ({'; '.join(clauses)}), until {until} through"

    def _inject(self, state: Mapping[str, Any]) -> str:
        data = state.get("data") or {}
        if not data:
            return "it reshapes the data" if state.get("stateDataFilter") else "it does nothing"
        return f"it sets {several(list(data))}"

    def _foreach(self, state: Mapping[str, Any]) -> str:
        how = "one after the other" if state.get("mode") == "sequential" else "all at the same time"
        item = f" (as {quoted(state['iterationParam'])})" if state.get("iterationParam") else ""
        actions = self._actions(state.get("actions") or ())
        return f"for each item of {quoted(state.get('inputCollection'))}{item}, {how}, it {actions}"

    def _callback(self, state: Mapping[str, Any]) -> str:
        action = state.get("action") or {}
        does = self._action(action)
        return f"it {does}, and waits for the event {quoted(state.get('eventRef'))}{_in_time(state)}"

    def _actions(self, actions: Sequence[Mapping[str, Any]], mode: Any = "sequential") -> str:
        clauses = [self._action(action) for action in actions]
        if not clauses:
            return "does nothing"
        if mode == "parallel" and len(clauses) > 1:
            return f"{listed(clauses)} at the same time"
        return ", then ".join(clauses)

    def _action(self, action: Mapping[str, Any]) -> str:
        text = self._does(action)
        sleep = action.get("sleep") or {}
        if sleep.get("before"):
            text = f"waits {_time(sleep['before'])} and {text}"
        if sleep.get("after"):
            text += f" and waits {_time(sleep['after'])}"
        terms = [f"when {quoted(action['condition'])}"] if action.get("condition") else []
        terms += [self._again(str(action["retryRef"]))] if action.get("retryRef") else []
        return f"{text} ({', '.join(terms)})" if terms else text

    def _does(self, action: Mapping[str, Any]) -> str:
        if function := action.get("functionRef"):
            return self._call(str(function.get("refName")), function)
        if subflow := action.get("subFlowRef"):
            verb = "starts" if subflow.get("invoke") == "async" else "runs"
            return f"{verb} the subflow {quoted(subflow.get('workflowId'))}"
        if event := action.get("eventRef"):
            result = event.get("resultEventRef")
            waits = f" and waits for the event {quoted(result)}" if result else ""
            return f"sends the event {quoted(event.get('triggerEventRef'))}{waits}"
        return f"does {quoted(action['name'])}, which calls nothing" if action.get("name") else "does nothing"

    def _call(self, name: str, reference: Mapping[str, Any]) -> str:
        function, call = self._functions.get(name, ({}, None))
        operation = str(function.get("operation", ""))
        request = request_of(call)
        verb = "starts" if reference.get("invoke") == "async" else "calls"
        match str(function.get("type")):
            case "expression":
                return f"computes {quoted(name)}"
            case "custom" if operation.startswith("sysout"):
                message = (reference.get("arguments") or {}).get("message")
                return f"writes {quoted(message)} to the log" if message else "writes to the log"
            case "custom" if operation.startswith("rest:"):
                return f"{verb} {quoted(name)} ({quoted(operation.removeprefix('rest:'))})"
            case _:
                return f"{verb} {quoted(name)} ({quoted(request)})" if request else f"{verb} {quoted(name)}"

    def _again(self, name: str) -> str:
        retry = self._retries.get(name, {})
        attempts, delay = retry.get("maxAttempts"), retry.get("delay")
        apart = f", {duration(delay)} apart" if delay else ""
        return f"up to {attempts} times{apart}" if attempts else f"again as {quoted(name)} says"


def request_of(call: Call | None) -> str:
    """`POST /api/v1/namespaces`; empty where the spec is not at hand, or has no such operation."""
    operation = call.operation if call else None
    return f"{operation.method.upper()} {operation.path}" if operation else ""


def _time(text: Any) -> str:
    said = duration(text)
    return said if said.startswith("as long") else f"for {said}"


def _in_time(state: Mapping[str, Any]) -> str:
    timeouts = state.get("timeouts") or {}
    limit = timeouts.get("eventTimeout")
    return f" for at most {duration(limit)}" if limit else ""
