"""Conditions of a switch: which exclude each other, which the engine takes first, and what lint says of it.

tests/engine holds the order against the engine.
"""

from __future__ import annotations

from typing import Any

import pytest

from generator.jq.exclusion import exclude
from generator.jq.syntax import parse
from generator.jq.tree import Node
from generator.lint.support.condition_order import Way, ways_of_switches
from tests.unit.conftest import defined, linted

State = dict[str, Any]

END = {"end": True}


def to(state: str, **fields: Any) -> State:
    return {"transition": {"nextState": state, **fields}}


def inject(name: str, way: State = END) -> State:
    return {"name": name, "type": "inject", "data": {"a": 1}, **way}


def switch(*ways: State, name: str = "S", default: State = END) -> State:
    conditions = [{"condition": f".{letter}", **way} for letter, way in zip("abc", ways, strict=False)]
    return {"name": name, "type": "switch", "dataConditions": conditions, "defaultCondition": default}


def tree(text: str) -> Node:
    found = parse(text)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('.a == "x"', '.a == "y"'),
        ('.a == "x"', '"y" == .a'),
        ('.a == "x"', '.a != "x"'),
        (".a == null", ".a > 3"),
        (".a == 1", ".a == 1.5"),
        (".a < -1", ".a >= 0"),
        (".a <= 1", "1 < .a"),
        (".a >= .b", ".a < .b"),
        (".a >= .b", ".b > .a"),
        (".a == .b", ".b != .a"),
        (".a", ".a | not"),
        (".a", ".a != true"),
        (".a == false", ".a"),
        (".a | not", ".a == 1"),
        (".a and .b", ".c and (.a | not)"),
        (".a and .b", "(.a | not) or (.b | not)"),
        (".a and .b | not", ".b and .a and .c"),
        ('.a == "x" or .a == "y"', '.a == "z"'),
        ("(.a | length) > 0", ".a | length == 0"),
        (".a | (.b and .c)", "(.a | .b | not) and .d"),
        ('.["a"] == 1', ".a == 2"),
        (".a | not | not", ".a | not"),
        ('any(.l[]; .s == "x")', 'any(.l[]; .s == "x") | not'),
        ("$SECRET.a == 1", "$SECRET.a == 2"),
    ],
)
def test_conditions_exclude_each_other(one: str, other: str) -> None:
    assert exclude(tree(one), tree(other))
    assert exclude(tree(other), tree(one))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (".a", ".b"),
        (".a", ".a"),
        ('.a == "x"', '.b == "y"'),
        ('.a != "x"', '.a != "y"'),
        (".a >= 1", ".a <= 1"),
        (".a > 1", ".a < 2"),
        (".a >= .b", ".b >= .a"),
        (".a == .b", ".a == .c"),
        (".a == .b", ".a == 1"),
        (".a or .b", ".a | not"),
        ('.a == "x" or .b', '.a == "z"'),
        (".a == [1]", ".a == [2]"),
        ('.a == "\\(.b)"', '.a == "\\(.c)"'),
        ("1 == 1", "true"),
        (".a | length > 0", ".b | length == 0"),
        (".a.b", ".b | not"),
    ],
)
def test_conditions_may_hold_at_once(one: str, other: str) -> None:
    assert not exclude(tree(one), tree(other))
    assert not exclude(tree(other), tree(one))


def test_a_long_chain_of_conditions_is_no_matter() -> None:
    chain = " and ".join(f".a{number}" for number in range(250))
    assert exclude(tree(chain), tree(f"{chain.replace(' and ', ' or ')} | not"))


CALLS = {"type": "operation", "actions": [{"functionRef": "f"}]}
SLEEPS = {"type": "sleep", "duration": "PT1S"}


def failing(**fields: Any) -> State:
    """A state with a handler that leads to A."""
    return {"name": "D", "onErrors": [{"errorRefs": ["E"], **to("A")}], **fields, **END}


def ways(states: list[State]) -> tuple[Way, ...]:
    """The conditions of the first switch."""
    events = [{"name": "e", "kind": "produced", "source": "s", "type": "t"}]
    functions = [{"name": "f", "type": "custom", "operation": "rest:get:/x"}]
    errors = [{"name": "E", "code": "404"}]
    fields = {"start": "S", "errors": errors, "events": events, "functions": functions, "states": states}
    return next(ways_of_switches(defined(fields).definition.graph), ())


AB = switch(to("A"), to("B"))
AB_OR_D = switch(to("A"), to("B"), default=to("D"))
SENDS = {"produceEvents": [{"eventRef": "e"}]}


@pytest.mark.parametrize(
    ("shows", "states", "order"),
    [
        ("the order of the states", [AB, inject("A"), inject("B")], "ab"),
        ("another order of the states", [AB, inject("B"), inject("A")], "ba"),
        ("ends after states", [switch(END, to("B"), default=to("D")), inject("B"), inject("D")], "ba"),
        ("ends as they are written", [switch(END, END, default=to("D")), inject("D")], "ab"),
        ("an event on the way", [switch(to("A", **SENDS), to("B")), inject("A"), inject("B")], "ba"),
        ("compensation on the way", [switch(to("A", compensate=True), to("B")), inject("A"), inject("B")], "ba"),
        ("several ways in", [AB_OR_D, inject("A"), inject("B"), inject("D", to("A"))], "ba"),
        ("such a state and an end", [switch(to("A"), END, default=to("D")), inject("A"), inject("D", to("A"))], "ba"),
        ("the default's state", [switch(to("A"), to("B"), default=to("A")), inject("A"), inject("B")], "b"),
        ("the default's end", [switch(END, to("B")), inject("B")], "b"),
        ("an error's way in", [AB_OR_D, failing(**CALLS), inject("A"), inject("B")], "ba"),
        ("no handler of a sleep", [AB_OR_D, failing(**SLEEPS), inject("A"), inject("B")], "ab"),
        ("a state that is not there", [switch(to("A"), to("Nowhere"), to("B")), inject("B"), inject("A")], "ca"),
        ("a switch for compensation", [{**AB, "usedForCompensation": True}, inject("A"), inject("B")], ""),
    ],
)
def test_the_engine_tests_conditions_in_an_order_of_its_own(shows: str, states: list[State], order: str) -> None:
    tested = [way for way in ways(states) if way.rank is not None]
    tested = sorted(tested, key=lambda way: sum(other.wins_over(way) for other in tested))
    assert "".join(way.edge.when[1:] for way in tested) == order, shows


LATE = {"name": "Late", "condition": ".late", "transition": "B"}
DONE = {"name": "Done", "condition": ".done", "transition": "A"}


@pytest.mark.parametrize(
    ("late", "said"),
    [
        (LATE, "let 'Late' exclude 'Done' ('and (… | not)'), or put the state 'A' before 'B'"),
        ({**LATE, "name": None}, "when 'Done' and '.late' both hold, the engine takes '.late'; let"),
        ({**LATE, "condition": f".late and {'.long' * 20}"}, "'Late'"),
        ({**LATE, "condition": ".late and (.done | not)"}, None),
        ({**LATE, "condition": ".late &&"}, None),
    ],
)
def test_lint_says_which_condition_wins(late: State, said: str | None) -> None:
    late = {key: value for key, value in late.items() if value}
    state = {"name": "S", "type": "switch", "dataConditions": [DONE, late], "defaultCondition": END}
    found = linted({"start": "S", "states": [state, inject("B"), inject("A")]}, about="condition-order")
    assert [said in line for line in found] == [True] * len(found) if said else not found
