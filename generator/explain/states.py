"""Describes in a sentence what a state does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from generator.contracts.calls import Call
from generator.explain.phrases import an_event, events
from generator.text.words import duration, listed, plural, quoted, several, without_mark

if TYPE_CHECKING:
    from generator.workflow.long_form import (
        Action,
        CallbackState,
        EventState,
        ForeachState,
        Function,
        FunctionReference,
        InjectState,
        OperationState,
        ParallelState,
        Retry,
        State,
        SwitchState,
    )

#: The declaration of each function, and its call of an OpenAPI operation, if any, by name.
Functions: TypeAlias = "Mapping[str, tuple[Function, Call | None]]"
Retries: TypeAlias = "Mapping[str, Retry]"


class States:
    """Describes states, with the functions and retries of their definition by name."""

    def __init__(self, functions: Functions, retries: Retries) -> None:
        self._functions = functions
        self._retries = retries

    def says(self, state: State) -> str:
        """Return what a state does, as a clause that starts with "it" or "for"."""
        match state["type"]:
            case "operation":
                text = self._operation(state)
            case "event":
                text = self._event(state)
            case "switch":
                text = self._switch(state)
            case "sleep":
                text = f"it waits {_time_in_words(state.get('duration'))}"
            case "delay":
                text = f"it waits {_time_in_words(state.get('timeDelay'))}"
            case "parallel":
                text = self._parallel(state)
            case "inject":
                text = self._inject(state)
            case "foreach":
                text = self._foreach(state)
            case "callback":
                text = self._callback(state)
        return text

    def _operation(self, state: OperationState) -> str:
        actions = state.get("actions", ())
        return f"it {self._actions(actions, state['actionMode'])}" if actions else _without_effect(state)

    def _event(self, state: EventState) -> str:
        clauses = []
        for group in state.get("onEvents", ()):
            actions = group.get("actions", ())
            then = f" and then {self._actions(actions, group['actionMode'])}" if actions else ""
            awaited = events(group.get("eventRefs", ()), "or" if state["exclusive"] else "and")
            clauses.append(f"waits for {awaited}{then}")
        text = listed(clauses, "or" if state["exclusive"] else "and")
        return f"it {text or 'waits for no event'}{_timeout_in_words(state)}"

    def _switch(self, state: SwitchState) -> str:
        if conditions := state.get("eventConditions"):
            names = [each.get("eventRef", "") for each in conditions]
            return f"it waits for {events(names, 'or')}{_timeout_in_words(state)}"
        return "it looks at the data"

    def _parallel(self, state: ParallelState) -> str:
        branches = state.get("branches", ())
        clauses = [
            f"{quoted(branch['name']) if branch.get('name') else f'branch {number}'} "
            f"{self._actions(branch.get('actions', ()))}"
            for number, branch in enumerate(branches, start=1)
        ]
        number = _number(state["numCompleted"])
        enough = f"{number} {'has' if number == '1' else 'have'}"
        until = enough if state["completionType"] == "atLeast" else "all of them have"
        runs = f"it runs {plural(len(branches), 'branch')}"
        order = " one after the other, in an order that changes from run to run" if len(branches) > 1 else ""
        return f"{runs}{order} ({'; '.join(clauses)}), until {until} finished"

    def _inject(self, state: InjectState) -> str:
        data = state.get("data")
        if not data:
            return _without_effect(state)
        return f"it sets {several(list(data))}"

    def _foreach(self, state: ForeachState) -> str:
        how = "one after the other" if state["mode"] == "sequential" else "all at the same time"
        item = f" (as {quoted(state['iterationParam'])})" if state.get("iterationParam") else ""
        actions = self._actions(state.get("actions", ()))
        collection = quoted(state["inputCollection"]) if state.get("inputCollection") else "a collection"
        return f"for each item of {collection}{item}, {how}, it {actions}"

    def _callback(self, state: CallbackState) -> str:
        action = state.get("action")
        does = f"{self._action(action)}, and " if action else ""
        return f"it {does}waits for {events([state.get('eventRef', '')], 'or')}{_timeout_in_words(state)}"

    def _actions(self, actions: Sequence[Action], mode: str = "sequential") -> str:
        clauses = [self._action(action) for action in actions]
        if not clauses:
            return "does nothing"
        if mode == "parallel" and len(clauses) > 1:
            return f"{listed(clauses)} at the same time"
        return ", then ".join(clauses)

    def _action(self, action: Action) -> str:
        text = self._call_in_words(action)
        sleep = action.get("sleep", {})
        if before := sleep.get("before"):
            text = f"waits {_time_in_words(before)} and {text}"
        if after := sleep.get("after"):
            text += f" and waits {_time_in_words(after)}"
        terms = [f"when {quoted(action['condition'])}"] if action.get("condition") else []
        terms += [self._retries_in_words(str(action["retryRef"]))] if action.get("retryRef") else []
        return f"{text} ({', '.join(terms)})" if terms else text

    def _call_in_words(self, action: Action) -> str:
        if function := action.get("functionRef"):
            return self._call(function)
        if subflow := action.get("subFlowRef"):
            verb = "starts" if subflow["invoke"] == "async" else "runs"
            id_ = subflow.get("workflowId")
            return f"{verb} the subflow {quoted(id_)}" if id_ else f"{verb} a subflow without an id"
        if event := action.get("eventRef"):
            return f"sends {an_event(event.get('triggerEventRef'))}"
        if any(isinstance(value, str) for value in action.get("actionDataFilter", {}).values()):
            return f"reshapes the data as {quoted(action['name'])}" if action.get("name") else "reshapes the data"
        return f"does {quoted(action['name'])}, which calls nothing" if action.get("name") else "does nothing"

    def _call(self, reference: FunctionReference) -> str:
        name = reference.get("refName")
        if not name:
            return f"{'starts' if reference['invoke'] == 'async' else 'calls'} a function without a name"
        function, call = self._functions.get(name, (None, None))
        operation = function.get("operation", "") if function else ""
        request = request_of(call)
        verb = "starts" if reference["invoke"] == "async" else "calls"
        match function["type"] if function else "":
            case "expression":
                return f"computes {quoted(name)}"
            case "custom" if operation.startswith("sysout"):
                arguments = reference.get("arguments")
                message = arguments.get("message") if isinstance(arguments, dict) else None
                return f"writes {quoted(message)} to the log" if message else "writes to the log"
            case "custom" if operation.startswith("rest:"):
                return f"{verb} {quoted(name)} ({quoted(operation.removeprefix('rest:'))})"
            case _:
                return f"{verb} {quoted(name)} ({quoted(request)})" if request else f"{verb} {quoted(name)}"

    def _retries_in_words(self, name: str) -> str:
        retry = self._retries.get(name)
        attempts, delay = (retry.get("maxAttempts"), retry.get("delay")) if retry else (None, None)
        apart = f", {duration(delay)} apart" if delay else ""
        return f"up to {attempts} times{apart}" if attempts else f"again as {quoted(name)} says"


def request_of(call: Call | None) -> str:
    """Return a request such as `POST /api/v1/namespaces`, or "" if the operation is not available."""
    operation = call.operation if call else None
    return f"{operation.method.upper()} {operation.path}" if operation else ""


def _without_effect(state: OperationState | InjectState) -> str:
    """Return what a state does that calls and sets nothing: its filters may still reshape the data."""
    reshapes = any(state.get("stateDataFilter", {}).values())
    return "it reshapes the data" if reshapes else "it does nothing"


def _number(text: Any) -> str:
    """Return a number, or a phrase with the expression that evaluates to it."""
    return str(text) if str(text).isdecimal() else f"as many as {quoted(without_mark(str(text)))} says"


def _time_in_words(text: Any) -> str:
    if not text:
        return "for a time that is not given"
    phrase = duration(text)
    return phrase if phrase.startswith("as long") else f"for {phrase}"


def _timeout_in_words(state: EventState | SwitchState | CallbackState) -> str:
    limit = state.get("timeouts", {}).get("eventTimeout")
    return f" for at most {duration(limit)}" if limit else ""
