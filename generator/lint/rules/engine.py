"""Rules about what the SonataFlow engine silently ignores or gets wrong.

Each was tested with SonataFlow 10.1; ../shared/tools/engine lists them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from generator.findings.finding import Severity
from generator.findings.position import Position
from generator.jq.exclusion import exclude
from generator.jq.syntax import parse
from generator.jq.tree import Kind, Node
from generator.lint.rule import Example, Found, rule
from generator.lint.rules.expressions import valid_expressions
from generator.lint.rules.graph import with_known_states
from generator.lint.support.condition_order import Way, ways_of_switches
from generator.workflow.definition import Definition
from generator.workflow.dsl import Holds
from generator.workflow.expressions import bare
from generator.workflow.flow import actions_of, function_of, functions_of, is_printing, states_of, workflow_timeout
from generator.workflow.workflow import Workflow

if TYPE_CHECKING:
    from generator.workflow.long_form import Function

_CALLBACK: Final = """
events:
  - {name: approved, source: desk, type: com.example.approved}
functions:
  - {name: ask, type: custom, operation: "rest:post:/ask"}
states:
  - name: Begin
    type: callback
    action: {functionRef: ask}
    eventRef: approved
    eventDataFilter: {%s}
    end: true
"""
_SLEEP: Final = "states:\n  - {name: Begin, type: %s, end: true}"
_PRINT: Final = """
functions:
  - {name: print, type: custom, operation: sysout}
states:
  - name: Begin
    type: operation
    actions: [{functionRef: %s}]
    end: true
"""
_SWITCH: Final = """
states:
  - name: Begin
    type: switch
    dataConditions:
      - {name: Done, condition: .done, transition: Finish}
      - {name: Late, condition: %s, transition: Escalate}
    defaultCondition: {end: true}
  - {name: Escalate, type: inject, data: {said: late}, end: true}
  - {name: Finish, type: inject, data: {said: done}, end: true}
"""
#: jq functions that do not read their input.
_WITHOUT_INPUT: Final = ("null", "true", "false", "now", "empty")
#: How many characters of an unnamed condition a message shows.
_MAX_SHOWN: Final = 60
#: How many conditions of a switch are compared with each other; only generated definitions have more.
_MAX_COMPARED: Final = 200
#: Fields that the engine reads but ignores, with what happens instead.
_IGNORED: Final[Mapping[str, str]] = {
    "schedule": "the workflow starts only when it is called",
    "continueAs": "the workflow ends, and no other is started",
    "runBefore": "no state is run before the workflow times out",
    "authRef": "a call takes its credentials only from application.properties",
    "resultEventRef": "the action does not wait for this event; a callback state does",
    "retryRef": "the action is tried once",
    "retryableErrors": "the action is tried once",
    "nonRetryableErrors": "the action is tried once",
    "stateExecTimeout": "the state has no time limit",
    "actionExecTimeout": "the action has no time limit",
    "branchExecTimeout": "the branch has no time limit",
}


@rule(
    "callback-event-data",
    reason="The filter sees the data of the state, not the data of the event.",
    consequence="The result is null, or a StackOverflowError with `.`.",
    bad=Example(definition=_CALLBACK % "data: .decision, toStateData: .answer"),
    good=Example(definition=_CALLBACK % "toStateData: .answer"),
)
def callback_event_data(workflow: Workflow) -> Iterator[Found]:
    """`eventDataFilter.data` on a callback state, unless it reads nothing."""
    for definition in workflow.definitions():
        for where, state in states_of(definition.flow, "callback"):
            data = state.get("eventDataFilter", {}).get("data")
            if data and _reads_data(data):
                message = "'data' is evaluated on the state, not on the event; remove it, and write 'toStateData' alone"
                yield Found(at=definition.position_of(*where, "eventDataFilter", "data"), message=message)


def _reads_data(text: str) -> bool:
    """Return whether an expression reads its input; constants and variables do not."""
    tree = parse(bare(text))
    return tree is None or _reads(tree)


def _reads(tree: Node) -> bool:
    match tree.kind:
        case Kind.IDENTITY | Kind.RECURSE:
            return True
        case Kind.CALL:
            return bool(tree.children) or tree.name not in _WITHOUT_INPUT
        case Kind.PIPE:
            return _reads(tree.children[0])
        case _:
            return any(map(_reads, tree.children))


@rule(
    "print-arguments",
    reason="The text to print is an argument, `message`; so is the code of a script, `script`.",
    consequence="The build fails: `Arguments cannot be null for function`, or `Missing mandatory message argument`.",
    bad=Example(definition=_PRINT % "print"),
    good=Example(definition=_PRINT % "{refName: print, arguments: {message: .greeting}}"),
)
def print_arguments(workflow: Workflow) -> Iterator[Found]:
    """A call to `sysout` without the argument `message`, or to a script without the argument `script`."""
    for definition in workflow.definitions():
        functions = functions_of(definition.flow)
        for where, action in actions_of(definition.flow):
            function, called = function_of(action, functions), action.get("functionRef", {})
            given, requirement = called.get("arguments"), _required_argument(function) if function else None
            if not requirement or (isinstance(given, dict) and requirement[1] in given):
                continue
            at = (*where, "functionRef") if given is None else (*where, "functionRef", "arguments")
            verb, key = requirement
            message = f"'{called.get('refName')}' {verb} its argument '{key}'; write 'arguments: {{{key}: …}}'"
            yield Found(at=definition.position_of(*at), message=message)


def _required_argument(function: Function) -> tuple[str, str] | None:
    """Return what a built-in function does with its required argument, and the argument's name, or None."""
    if is_printing(function):
        return "prints", "message"
    is_script = function["type"] == "custom" and function.get("operation", "").partition(":")[0] == "script"
    return ("runs", "script") if is_script else None


@rule(
    "ignored-field",
    severity=Severity.NOTE,
    reason="The specification defines the field and the engine accepts it, but does not implement it.",
    consequence="The workflow runs as if the field were not there.",
    bad=Example(
        definition="timeouts: {stateExecTimeout: PT1M}\nstates:\n"
        "  - {name: Begin, type: inject, data: {a: 1}, end: true}"
    ),
    good=Example(
        definition="timeouts: {workflowExecTimeout: PT1M}\nstates:\n"
        "  - {name: Begin, type: inject, data: {a: 1}, end: true}"
    ),
)
def ignored_field(workflow: Workflow) -> Iterator[Found]:
    """A field that the engine currently ignores."""
    for definition in workflow.definitions():
        for where, at in definition.positions.items():
            if where and (instead := _IGNORED.get(str(where[-1]))) and _is_flow_field(definition, where):
                yield Found(at=at, message=f"the engine ignores '{where[-1]}': {instead}")


def _is_flow_field(definition: Definition, where: tuple[str | int, ...]) -> bool:
    """Return whether a path leads to a field of the flow, not into extensions or free-form values."""
    return where[0] in definition.flow and where not in definition.key_positions


@rule(
    "timer-without-jobs",
    severity=Severity.NOTE,
    reason="A timer lives in the memory of the process that set it, unless a jobs service stores it.",
    consequence="After a restart the instance is restored, but waits forever.",
    bad=Example(definition=_SLEEP % "sleep, duration: PT1H"),
    good=Example(definition=_SLEEP % "inject, data: {greeting: Hello}"),
)
def timer_without_jobs(workflow: Workflow) -> Iterator[Found]:
    """A timer, which survives a restart only with a jobs service; reported once per definition."""
    if _has_jobs_service(workflow):
        return
    for definition in workflow.definitions():
        if timer := next(_timers(definition), None):
            message = "the timer is lost when the workflow restarts, unless a jobs service stores it"
            yield Found(at=timer, message=message)


def _has_jobs_service(workflow: Workflow) -> bool:
    prefixes = ("kogito.jobs-service.", "mp.messaging.outgoing.kogito-job-service")
    return any(key.startswith(prefixes) for key in workflow.configuration())


def _timers(definition: Definition) -> Iterator[Position]:
    """Yield the positions of timers in the workflow, its states and its actions."""
    if workflow_timeout(definition.flow):
        yield definition.position_of("timeouts", "workflowExecTimeout")
    for where, state in states_of(definition.flow):
        if state["type"] == "sleep":
            yield definition.position_of(*where, "duration")
        if state.get("timeouts", {}).get("eventTimeout"):
            yield definition.position_of(*where, "timeouts", "eventTimeout")
    for where, action in actions_of(definition.flow):
        if action.get("sleep"):
            yield definition.position_of(*where, "sleep")


@rule(
    "subflow-error",
    severity=Severity.NOTE,
    reason="An expression that fails in a subflow ends only the subflow; the calling workflow is not notified.",
    consequence="The caller waits forever.",
    bad=Example(
        definition="states:\n  - {name: Begin, type: operation, actions: [{subFlowRef: child}], end: true}",
        files={
            "subflows/child.sw.yaml": 'id: child\nversion: "1.0"\nspecVersion: "0.8"\nstart: Begin\nstates:\n'
            "  - {name: Begin, type: inject, data: {greeting: Hello}, end: true}\n"
        },
    ),
    good=Example(
        definition="timeouts: {workflowExecTimeout: PT1H}\n"
        "states:\n  - {name: Begin, type: operation, actions: [{subFlowRef: child}], end: true}",
        files={
            "subflows/child.sw.yaml": 'id: child\nversion: "1.0"\nspecVersion: "0.8"\nstart: Begin\nstates:\n'
            "  - {name: Begin, type: inject, data: {greeting: Hello}, end: true}\n"
        },
    ),
)
def subflow_error(workflow: Workflow) -> Iterator[Found]:
    """A subflow that a workflow waits for without a timeout of its own; reported once per definition."""
    for definition in workflow.definitions():
        if workflow_timeout(definition.flow):
            continue
        for where, action in actions_of(definition.flow):
            if action.get("subFlowRef", {}).get("invoke") == "sync":
                message = "when an expression in the subflow fails, this waits forever; add a workflowExecTimeout"
                yield Found(at=definition.position_of(*where, "subFlowRef"), message=message)
                break


@rule(
    "condition-order",
    severity=Severity.WARNING,
    reason="When several conditions hold, the first should win; the engine does not evaluate them in order.",
    consequence="The engine evaluates conditions in the order of their targets in `states`; those that end or send "
    "events come after these, and those whose target has several incoming connections come last. A condition with "
    "the default's target is never evaluated.",
    bad=Example(definition=_SWITCH % ".late"),
    good=Example(definition=_SWITCH % "(.late and (.done | not))"),
)
def condition_order(workflow: Workflow) -> Iterator[Found]:
    """A condition that takes precedence over an earlier one of the same switch when both hold."""
    trees: dict[tuple[object, ...], Node] = {
        (definition.path, *expression.where[:4]): look.tree
        for definition, expression, look in valid_expressions(workflow)
        if expression.holds is Holds.CONDITION
    }
    for definition in with_known_states(workflow):
        for ways in ways_of_switches(definition.graph):
            for place, way in enumerate(ways[:_MAX_COMPARED]):
                tree = trees.get((definition.path, *way.edge.where[:4]))
                for earlier in ways[:place]:
                    other = trees.get((definition.path, *earlier.edge.where[:4]))
                    if tree and other and way.wins_over(earlier) and not exclude(tree, other):
                        at = definition.position_of(*way.edge.where[:4], "condition")
                        yield Found(at=at, message=_order_message(way, earlier))
                        break


def _order_message(way: Way, earlier: Way) -> str:
    """Return a message about which of two conditions is taken, why, and what to do."""
    wins, loses = _label(way), _label(earlier)
    message = f"when {loses} and {wins} both hold, the engine takes {wins}{_reason_for_order(way, earlier)}"
    message += f"; let {wins} exclude {loses} ('and (… | not)')"
    if way.by_state and earlier.by_state:
        message += f", or put the state '{earlier.edge.target}' before '{way.edge.target}'"
    return message


def _reason_for_order(way: Way, earlier: Way) -> str:
    if earlier.rank is None:
        return f": {_label(earlier)} leads where the default leads, and is not tested"
    if earlier.joins and not way.joins:
        return f", as several transitions lead to '{earlier.edge.target}'"
    return ""


def _label(way: Way) -> str:
    name = way.edge.name or way.edge.when
    return f"'{name[:_MAX_SHOWN]}{'…' if len(name) > _MAX_SHOWN else ''}'"
