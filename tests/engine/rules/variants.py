"""More than a rule's two examples show: definitions that lint lets pass and the engine runs, and those it refuses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from generator.lint.rule import Example
from tests.engine.rules.table import Seen

_BASE: Final = """\
errors: [{name: gone, code: "410"}]
events:
  - {name: approved, source: desk, type: com.example.approved}
  - {name: refused, source: desk, type: com.example.refused}
functions:
  - {name: add, type: expression, operation: "{count: (.count + 1)}"}
  - {name: print, type: custom, operation: sysout}
"""
_DONE: Final = "  - {name: Done, type: inject, data: {done: true}, end: true}\n"
_LATE: Final = "  - {name: Late, type: inject, data: {late: true}, end: true}\n"
_BRANCHES: Final = "branches: [{actions: [{functionRef: add}]}, {actions: [{functionRef: add}]}]"


def _states(*states: str) -> str:
    return _BASE + "states:\n" + "".join(state if state.endswith("\n") else f"  - {{{state}}}\n" for state in states)


def _operation(action: str) -> str:
    return _states(f"name: Begin, type: operation, actions: [{action}], end: true")


def _switch(ways: str, *others: str) -> str:
    return _states(f"name: Begin, type: switch, {ways}", *others)


def _parallel(fields: str, branches: str = _BRANCHES) -> str:
    return _states(f"name: Begin, type: parallel, {branches}, {fields}end: true")


def _undone(*states: str, goes_on: str = "end: {compensate: true}") -> str:
    """A state that is undone at the end by a first of these states, which is called Undo."""
    return _states(f"name: Begin, type: inject, data: {{done: true}}, compensatedBy: Undo, {goes_on}", *states)


def _undo(fields: str, name: str = "Undo") -> str:
    return f"name: {name}, usedForCompensation: true, {fields}"


_ADDS: Final = "type: operation, actions: [{functionRef: add}]"
_HANDLES: Final = "onErrors: [{errorRef: gone, %s}]"
_TO_DONE: Final = _HANDLES % "transition: Done"
_CONDITIONS: Final = "dataConditions: [{condition: .a, transition: Done}, {condition: .b, transition: Late}]"
_EVENTS: Final = "eventConditions: [{eventRef: approved, transition: Done}, {eventRef: refused, transition: Late}]"


@dataclass(frozen=True, kw_only=True)
class Variant:
    """A definition, what is seen of a start of it, and with which input."""

    definition: str
    files: Mapping[str, str] = field(default_factory=dict)
    given: Mapping[str, Any] = field(default_factory=lambda: {"count": 0, "n": 1, "l": [1]})
    seen: Seen = field(default_factory=Seen)

    @property
    def example(self) -> Example:
        return Example(definition=self.definition, files=self.files)


def _counts(definition: str, count: int) -> Variant:
    return Variant(definition=definition, seen=Seen(data={"count": count}))


def _waits(definition: str) -> Variant:
    return Variant(definition=definition, seen=Seen(waits=True))


#: What lint reports no error of, and the engine runs.
ACCEPTED: Final[Mapping[str, Variant]] = {
    "a switch on data without a default": Variant(
        definition=_switch(_CONDITIONS, _DONE, _LATE), given={"b": True}, seen=Seen(data={"late": True})
    ),
    "a switch on data that meets no condition": Variant(
        definition=_switch(_CONDITIONS, _DONE, _LATE), seen=Seen(status=400, answer="XOR split could not find")
    ),
    "a switch on events without a default": _waits(_switch(_EVENTS, _DONE, _LATE)),
    "a switch on events with a time and no default": _waits(
        _switch(f"{_EVENTS}, timeouts: {{eventTimeout: PT1H}}", _DONE, _LATE)
    ),
    "an operation without actions": _counts(_states("name: Begin, type: operation, end: true"), 0),
    "a callback without an action": _waits(_states("name: Begin, type: callback, eventRef: approved, end: true")),
    "branches without a name": _counts(_parallel(""), 2),
    "branches without actions": _counts(_parallel("", "branches: [{name: a}, {name: b, actions: []}]"), 0),
    "a number of branches that is an expression": _counts(_parallel("completionType: atLeast, numCompleted: .n, "), 2),
    "a number of branches by a function": _counts(
        _parallel("completionType: atLeast, numCompleted: '(.l | length)', "), 2
    ),
    "a name in a function reference": _counts(_operation("{functionRef: {refName: add, name: Add}}"), 1),
    "an unknown field of an end": Variant(
        definition=_states("name: Begin, type: inject, data: {done: true}, end: {terminate: true, because: x}"),
        seen=Seen(data={"done": True}),
    ),
    "an unknown field of a transition": Variant(
        definition=_states("name: Begin, type: sleep, duration: PT0S, transition: {nextState: Done, because: x}", _DONE)
    ),
    "an unknown field of a state's timeout": _counts(
        _states(f"name: Begin, {_ADDS}, timeouts: {{stateExecTimeout: {{total: PT1H, because: x}}}}, end: true"), 1
    ),
    "an unknown field of an authentication": _counts(
        "auth: [{name: login, because: x, properties: {username: ada, password: pw}}]\n"
        + _operation("functionRef: add"),
        1,
    ),
    "constants": Variant(
        definition="constants: {greeting: Hello}\n"
        + _states(
            "name: Begin, type: inject, data: {a: 1}, stateDataFilter: {output: '{said: $CONST.greeting}'}, end: true"
        ),
        seen=Seen(data={"said": "Hello"}),
    ),
    "a name bound in an object's value": Variant(
        definition=_states(
            "name: Begin, type: inject, data: {a: 1}, stateDataFilter: "
            "{output: '{b: .a as $r | $r + 1, c: def f: 3; f, d: 4}'}, end: true"
        ),
        seen=Seen(data={"b": 2, "c": 3, "d": 4}),
    ),
    "a path in JSONPath": Variant(
        definition="expressionLang: jsonpath\n"
        + _states(
            "name: Begin, type: inject, data: {a: [{b: 1}, {b: 2}]}, "
            "stateDataFilter: {output: '$.a[?(@.b > 1 && !(@.c))]'}, end: true"
        ).replace('"{count: (.count + 1)}"', "$.count"),
        seen=Seen(data=[{"b": 2}]),
    ),
    "a compensation by an operation": _counts(_undone(_undo(_ADDS)), 1),
    "a compensation by a foreach state": _counts(
        _undone(_undo("type: foreach, inputCollection: .l, iterationParam: i, actions: [{functionRef: add}]")), 0
    ),
    "a compensation by an operation and branches": _counts(
        _undone(_undo(f"{_ADDS}, transition: Last"), _undo(f"type: parallel, {_BRANCHES}", "Last")), 3
    ),
    "an error in a compensation": _counts(_undone(_undo(f"{_ADDS}, {_TO_DONE}"), _DONE), 1),
    "an error in a compensation that ends": _counts(_undone(_undo(f"{_ADDS}, {_HANDLES % 'end: true'}")), 1),
    "an error of a compensating foreach state that ends": _counts(
        _undone(
            _undo(
                "type: foreach, inputCollection: .l, iterationParam: i, actions: [{functionRef: add}], "
                + _HANDLES % "end: true"
            )
        ),
        0,
    ),
}

_NO_SPLIT: Final = "Split does not have more than one outgoing connection"
_NO_NODE: Final = "Unknown node id"
_NO_MESSAGE: Final = "Missing mandatory message argument"

#: What lint reports as an error: the definition, the rule, and what the engine's build says.
REFUSED_TOO: Final[Mapping[str, tuple[str, str, str]]] = {
    "a switch on one event": (
        _switch("eventConditions: [{eventRef: approved, transition: Done}]", _DONE),
        "switch-default",
        _NO_SPLIT,
    ),
    "a switch on one event with a time": (
        _switch("eventConditions: [{eventRef: approved, transition: Done}], timeouts: {eventTimeout: PT1H}", _DONE),
        "switch-default",
        _NO_SPLIT,
    ),
    "a switch on events with a filter": (
        _switch(f"{_EVENTS}, stateDataFilter: {{output: .}}", _DONE, _LATE),
        "state-filter",
        "Action has no outgoing connection",
    ),
    "an event that starts with a filter": (
        _states(
            "name: Begin, type: event, stateDataFilter: {input: .}, onEvents: [{eventRefs: [approved]}], end: true"
        ),
        "state-filter",
        "A start node",
    ),
    "a single branch": (
        _parallel("", "branches: [{name: a, actions: [{functionRef: add}]}]"),
        "parallel-branches",
        _NO_SPLIT,
    ),
    "a number of branches that does not compile": (
        _parallel("completionType: atLeast, numCompleted: '.n +', "),
        "num-completed",
        "illegal n value",
    ),
    "a number of branches in words": (
        _parallel("completionType: atLeast, numCompleted: many, "),
        "num-completed",
        "illegal n value",
    ),
    "an unknown field of an action": (
        _operation("{functionRef: add, because: x}"),
        "unknown-field",
        'Unrecognized field "because"',
    ),
    "arguments of sysout as text": (
        _operation("{functionRef: {refName: print, arguments: .count}}"),
        "print-arguments",
        _NO_MESSAGE,
    ),
    "arguments of sysout without a message": (
        _operation("{functionRef: {refName: print, arguments: {text: .count}}}"),
        "print-arguments",
        _NO_MESSAGE,
    ),
    "a path in JSONPath that does not compile": (
        "expressionLang: jsonpath\n"
        + _states(
            "name: Begin, type: inject, data: {a: [1]}, stateDataFilter: {output: '$.a[?(@ > 1]'}, end: true"
        ).replace('"{count: (.count + 1)}"', "$.count"),
        "invalid-expression",
        "for language jsonpath is not a valid one",
    ),
    "a compensation by a switch": (
        _undone(_undo("type: switch, dataConditions: [{condition: .a, end: true}], defaultCondition: {end: true}")),
        "compensation-state",
        "Split does not have a constraint",
    ),
    "a compensation that leads to a switch": (
        _undone(
            _undo(f"{_ADDS}, transition: Last"),
            _undo("type: switch, dataConditions: [{condition: .a, end: true}], defaultCondition: {end: true}", "Last"),
        ),
        "compensation-state",
        "Split does not have a constraint",
    ),
    "a compensation by an event state": (
        _undone(_undo("type: event, onEvents: [{eventRefs: [approved]}]")),
        "compensation-state",
        'Unrecognized field "usedForCompensation"',
    ),
    "a compensation that goes on after branches": (
        _undone(
            _undo(f"{_ADDS}, transition: Next"),
            _undo(f"type: parallel, {_BRANCHES}, transition: Last", "Next"),
            _undo(_ADDS, "Last"),
        ),
        "compensation-state",
        "Join has no outgoing connection",
    ),
    "an error of a compensating foreach state": (
        _undone(
            _undo("type: foreach, inputCollection: .l, iterationParam: i, actions: [{functionRef: add}], " + _TO_DONE),
            _DONE,
        ),
        "compensation-state",
        _NO_NODE,
    ),
    "an error that leads into a compensation": (
        _undone(_undo(f"{_ADDS}, {_HANDLES % 'transition: Last'}"), _undo(_ADDS, "Last")),
        "compensation",
        "Event has no outgoing connection",
    ),
    "an id whose last part starts with a digit": (
        "id: first.2nd\n" + _states("name: Begin, type: inject, data: {a: 1}, end: true"),
        "java-name",
        "Process id '2nd' is not valid",
    ),
}
