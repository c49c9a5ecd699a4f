"""Rules about single states and actions.

The engine's behavior was tested with SonataFlow 10.1 (../shared/tools/engine), each mistake in a separate workflow.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from generator.findings.finding import Severity
from generator.jq import engine
from generator.jq.names import Use
from generator.lint.rule import Example, Found, rule
from generator.lint.rules.expressions import compiles
from generator.lint.rules.graph import WITHOUT_HANDLERS
from generator.workflow.expressions import bare
from generator.workflow.flow import actions_of, states_of
from generator.workflow.workflow import Workflow

#: The fields of an action that define what it does.
_KINDS: Final = ("functionRef", "eventRef", "subFlowRef")
_BRANCHES_AT_LEAST: Final = 2

_ADD: Final = 'functions:\n  - {name: add, type: expression, operation: "{count: (.count + 1)}"}\n'
_ACTION: Final = (
    _ADD
    + """
states:
  - name: Begin
    type: operation
    actions:
      - %s
    end: true
"""
)
_SWITCH: Final = """
states:
  - name: Begin
    type: switch%s
    defaultCondition: {end: true}
"""
_DECIDED: Final = _SWITCH.replace("    defaultCondition: {end: true}\n", "")
_APPROVED: Final = "events:\n  - {name: approved, source: desk, type: com.example.approved}"
_ON_DATA: Final = "\n    dataConditions: [{condition: .approved, end: true}]"
_ON_EVENT: Final = "\n    eventConditions: [{eventRef: approved, transition: Finish}]"
_FINISH: Final = "  - {name: Finish, type: inject, data: {done: true}, end: true}\n"
_PARALLEL: Final = (
    _ADD
    + """
states:
  - name: Begin
    type: parallel
    completionType: atLeast
    numCompleted: %s
    branches:
      - {name: one, actions: [{functionRef: add}]}
      - {name: two, actions: [{functionRef: add}]}
    end: true
"""
)
_FOREACH: Final = (
    _ADD
    + """
states:
  - name: Begin
    type: foreach
    inputCollection: .items
    actions: [{functionRef: add}]
    end: true
"""
)
_HANDLED: Final = (
    'errors:\n  - {name: notFound, code: "404"}\n  - {name: gone, code: "410"}\n'
    + _ADD
    + """
states:
  - name: Begin
    type: operation
    actions: [{functionRef: add}]
    onErrors:
      - %s
    end: true
"""
)


@rule(
    "action-kind",
    reason="An action does exactly one thing: it calls a function, produces or awaits an event, or runs a subflow.",
    consequence="With none, the build fails: `does not have function or event defined`. Of several, only the first "
    "runs, in the order functionRef, eventRef, subFlowRef.",
    bad=Example(definition=_ACTION.removeprefix(_ADD) % "{name: wait, sleep: {before: PT1S}}"),
    good=Example(definition=_ACTION % "{functionRef: add, sleep: {before: PT1S}}"),
)
def action_kind(workflow: Workflow) -> Iterator[Found]:
    """An action with none or several of functionRef, eventRef and subFlowRef."""
    for definition in workflow.definitions():
        for where, action in actions_of(definition.flow):
            given = [kind for kind in _KINDS if action.get(kind) is not None]
            if not given and where not in definition.misread:
                message = f"the action does nothing; give it one of {', '.join(_KINDS)}"
                yield Found(at=definition.position_of(*where), message=message)
            for ignored in given[1:]:
                message = f"'{ignored}' is not run next to '{given[0]}'; make it a separate action"
                yield Found(at=definition.position_of(*where, ignored), message=message, severity=Severity.WARNING)


@rule(
    "error-handler",
    severity=Severity.WARNING,
    reason="The error looks handled but is not: it ends the run.",
    consequence="Handlers of inject, sleep and switch states, and handlers without an error, are silently ignored; "
    "next to `errorRef`, nothing in `errorRefs` is handled.",
    bad=Example(definition=_HANDLED % "{errorRef: notFound, errorRefs: [gone], end: true}"),
    good=Example(definition=_HANDLED % "{errorRefs: [notFound, gone], end: true}"),
)
def error_handler(workflow: Workflow) -> Iterator[Found]:
    """An error handler that the engine ignores, in whole or in part."""
    for definition in workflow.definitions():
        for where, state in states_of(definition.flow):
            for index, handler in enumerate(state.get("onErrors", ())):
                at = (*where, "onErrors", index)
                if state["type"] in WITHOUT_HANDLERS:
                    message = f"errors of a state of type {state['type']} are never handled; remove 'onErrors'"
                    yield Found(at=definition.position_of(*at), message=message)
                elif not handler.get("errorRef") and not handler.get("errorRefs"):
                    message = "the handler names no error; name some in 'errorRefs'"
                    yield Found(at=definition.position_of(*at), message=message)
                elif handler.get("errorRef") and handler.get("errorRefs"):
                    message = "'errorRefs' is not handled next to 'errorRef'; add that name to it"
                    yield Found(at=definition.position_of(*at, "errorRefs"), message=message)


@rule(
    "error-code",
    reason="The engine matches an error by its code; the name is used only within the definition.",
    consequence="The build fails: `Cannot find any error definition for errorRef`.",
    bad=Example(
        definition=(_HANDLED % "{errorRef: notFound, end: true}")
        .replace(', code: "404"', "")
        .replace('  - {name: gone, code: "410"}\n', "")
    ),
    good=Example(
        definition=(_HANDLED % "{errorRef: notFound, end: true}").replace('  - {name: gone, code: "410"}\n', "")
    ),
)
def error_code(workflow: Workflow) -> Iterator[Found]:
    """An error that a handler names, but that has no code."""
    for definition in workflow.definitions():
        handled = {r.name for r in definition.references if r.target == "error" and r.phrase == "handles"}
        for index, error in enumerate(definition.flow.get("errors", ())):
            if error.get("name") in handled and not error.get("code"):
                message = f"the error '{error['name']}' has no 'code'; add the HTTP status or the exception's class"
                # The build accepts an empty code, which matches no error.
                empty = ("errors", index, "code") in definition.positions
                severity = Severity.WARNING if empty else None
                yield Found(at=definition.position_of("errors", index, "name"), message=message, severity=severity)


@rule(
    "switch-conditions",
    reason="A switch decides either on data or on events.",
    consequence="The build fails with a message that names the state.",
    bad=Example(definition=_SWITCH % ""),
    good=Example(definition=_SWITCH % _ON_DATA),
)
def switch_conditions(workflow: Workflow) -> Iterator[Found]:
    """A switch state with both dataConditions and eventConditions, or with neither."""
    for definition in workflow.definitions():
        for where, state in states_of(definition.flow, "switch"):
            data, events = state.get("dataConditions"), state.get("eventConditions")
            if data and events:
                at = definition.position_of(*where, "eventConditions")
                yield Found(
                    at=at, message="the switch has dataConditions and eventConditions; split it into two switch states"
                )
            elif not data and not events:
                at = definition.position_of(*where, "name")
                yield Found(at=at, message="the switch has no conditions; add dataConditions or eventConditions")


@rule(
    "switch-default",
    reason="A switch needs at least two ways out, one of them for data that meets none of its conditions.",
    consequence="With a single way out the build fails: `Split does not have more than one outgoing connection`. With "
    "several conditions on data, a run that meets none fails: `XOR split could not find at least one valid outgoing "
    "connection`. A switch on several events needs no default: it waits for one of them.",
    bad=Example(definition=_DECIDED % _ON_DATA),
    good=Example(definition=_SWITCH % _ON_DATA),
)
def switch_default(workflow: Workflow) -> Iterator[Found]:
    """A switch without a defaultCondition that has a single way out, or decides on data."""
    for definition in workflow.definitions():
        for where, state in states_of(definition.flow, "switch"):
            data, events = state.get("dataConditions", ()), state.get("eventConditions", ())
            if state.get("defaultCondition") is not None or (data and events):
                continue
            at = definition.position_of(*where, "dataConditions" if data else "eventConditions")
            if len(data) + len(events) == 1:
                message = "the switch has a single way out; add a 'defaultCondition', or a second condition"
                yield Found(at=at, message=message)
            elif data:
                message = "the run fails when none of the conditions holds; add a 'defaultCondition'"
                yield Found(at=at, message=message, severity=Severity.WARNING)


@rule(
    "state-filter",
    reason="The engine runs a filter as a node of its own before or after the state. It cannot add one to a switch, or "
    "before the events that start a workflow.",
    consequence="The build fails with a message about a node's connections.",
    bad=Example(definition=_SWITCH % ("\n    stateDataFilter: {input: .request}" + _ON_DATA)),
    good=Example(definition=_SWITCH % _ON_DATA),
)
def state_filter(workflow: Workflow) -> Iterator[Found]:
    """A stateDataFilter of a switch state, or an input filter of an event state that starts the workflow."""
    for definition in workflow.definitions():
        start = definition.graph.start
        for where, state in states_of(definition.flow):
            for name in ("input", "output"):
                at = (*where, "stateDataFilter", name)
                if at not in definition.positions or not state.get("stateDataFilter", {}).get(name):
                    continue
                if state["type"] == "switch":
                    message = "a switch can have no filter; move it to the states before or after it"
                    yield Found(at=definition.position_of(*at), message=message)
                elif state["type"] == "event" and name == "input" and state.get("name") == start:
                    message = "the state that starts the workflow has no data to filter yet; remove the input filter"
                    yield Found(at=definition.position_of(*at), message=message)


@rule(
    "switch-timeout",
    reason="A switch that waits for events takes its default after a timeout, which has to be set.",
    consequence='The build fails: `The "eventTimeout" configuration is required`.',
    bad=Example(definition=_APPROVED + _SWITCH % _ON_EVENT + _FINISH),
    good=Example(definition="timeouts: {eventTimeout: PT1H}\n" + _APPROVED + _SWITCH % _ON_EVENT + _FINISH),
)
def switch_timeout(workflow: Workflow) -> Iterator[Found]:
    """A switch on events with a default but without an eventTimeout."""
    for definition in workflow.definitions():
        everywhere = definition.flow.get("timeouts", {}).get("eventTimeout")
        for where, state in states_of(definition.flow, "switch"):
            waits = state.get("eventConditions") and state.get("defaultCondition") is not None
            if waits and not (state.get("timeouts", {}).get("eventTimeout") or everywhere):
                message = "the switch waits for events forever; add 'timeouts: {eventTimeout: …}' to it"
                yield Found(at=definition.position_of(*where, "eventConditions"), message=message)


@rule(
    "num-completed",
    reason="The state can wait for at least one and at most all of its branches.",
    consequence="With too large a number, the instance waits forever. With text that is no expression, the build "
    "fails: `illegal n value`. "
    "With none or less than 1, the state does not wait as intended.",
    bad=Example(definition=_PARALLEL % 3),
    good=Example(definition=_PARALLEL % 1),
)
def num_completed(workflow: Workflow) -> Iterator[Found]:
    """A parallel state that waits for more branches than it has, or for an invalid number of them."""
    for definition in workflow.definitions():
        for where, state in states_of(definition.flow, "parallel"):
            if state["completionType"] != "atLeast":
                continue
            wanted, branches = str(state["numCompleted"]).strip(), len(state.get("branches", ()))
            at = definition.position_of(*where, "numCompleted")
            if not wanted.lstrip("-").isdecimal():
                if definition.expression_lang == "jq" and _is_not_expression(wanted):
                    message = f"'{wanted[:100]}' is neither a number nor an expression; write one from 1 to {branches}"
                    yield Found(at=at, message=message)
            elif wanted.isdecimal() and (len(wanted) > len(str(branches)) or int(wanted) > branches):
                yield Found(
                    at=at,
                    message=f"the state waits for {wanted[:100]} of {branches} branches; write at most {branches}",
                )
            elif wanted.startswith("-") or int(wanted) < 1:
                message = f"'atLeast' needs 'numCompleted', from 1 to {branches}; add it"
                yield Found(at=at, message=message, severity=Severity.WARNING)


def _is_not_expression(wanted: str) -> bool:
    """Return whether the engine does not read the text as an expression; a word is one if it is a jq function."""
    text = bare(wanted)
    if text.isidentifier():
        return not engine.knows(Use(f"{text}/0", 0))
    return text.startswith("fn:") or not compiles(text)


@rule(
    "parallel-branches",
    reason="A single branch is not parallel: nothing splits and nothing joins.",
    consequence="The build fails: `Split does not have more than one outgoing connection`.",
    bad=Example(definition=(_PARALLEL % 1).replace("      - {name: two, actions: [{functionRef: add}]}\n", "")),
    good=Example(definition=_PARALLEL % 1),
)
def parallel_branches(workflow: Workflow) -> Iterator[Found]:
    """A parallel state with fewer than two branches."""
    for definition in workflow.definitions():
        for where, state in states_of(definition.flow, "parallel"):
            if 0 < len(state.get("branches", ())) < _BRANCHES_AT_LEAST:
                message = "the state has one branch; add another, or make it an operation state"
                yield Found(at=definition.position_of(*where, "branches"), message=message)


@rule(
    "duplicate-branch",
    severity=Severity.WARNING,
    reason="The specification requires the names of a state's branches to differ; a log cannot tell them apart "
    "otherwise.",
    consequence="The engine runs both.",
    bad=Example(definition=(_PARALLEL % 1).replace("name: two", "name: one")),
    good=Example(definition=_PARALLEL % 1),
)
def duplicate_branch(workflow: Workflow) -> Iterator[Found]:
    """Two branches of one state with the same name."""
    for definition in workflow.definitions():
        for where, state in states_of(definition.flow, "parallel"):
            seen: set[str] = set()
            for index, branch in enumerate(state.get("branches", ())):
                if (name := branch.get("name")) is None:
                    continue
                if name in seen:
                    at = definition.position_of(*where, "branches", index, "name")
                    yield Found(at=at, message=f"two branches are named '{name}'; rename one")
                seen.add(name)


@rule(
    "no-iteration-param",
    reason="Without a name for it, an action cannot read the item that it runs for.",
    consequence="The build fails: `ForEach has no variable name`.",
    bad=Example(definition=_FOREACH),
    good=Example(definition=_FOREACH.replace("    actions", "    iterationParam: item\n    actions")),
)
def iteration_param(workflow: Workflow) -> Iterator[Found]:
    """A foreach state without iterationParam."""
    for definition in workflow.definitions():
        for where, state in states_of(definition.flow, "foreach"):
            if not state.get("iterationParam"):
                message = "the foreach state has no 'iterationParam'; add a name for the item, and read it as '$name'"
                yield Found(at=definition.position_of(*where, "name"), message=message)
