"""The table of ../shared/tools/engine/README.md, row by row: the rule that finds each mistake, tried on the engine."""

from __future__ import annotations

import pytest

from generator.lint.registry import RULES
from tests.engine.rules.table import ALONE, ELSEWHERE, OTHERS, REFUSED, RUN

#: Row of the table, and what else was seen on the engine, to the rule that finds it; each rule's bad example is a
#: folder that breaks it, and tests/unit/generator/lint/test_rules.py holds it to that.
ROWS = [
    ("an operationId that the spec does not have", "unknown-operation"),
    ("a jq expression that does not compile", "invalid-expression"),
    ("a required argument left out", "missing-argument"),
    ("a required argument misspelt", "unknown-argument"),
    ("the variable of a service's URL has no value", "required-variables"),
    ("a service has no URL at all", "missing-url"),
    ("the variable of a bearer token has no value", "required-variables"),
    ("a service that wants a token has none", "missing-credentials"),
    ("a path in quarkus.rest-client.X.url", "base-path"),
    ("two specs of one file name in different folders", "spec-clash"),
    ("jq functions that libjq has and the engine's jackson-jq lacks", "unknown-jq-function"),
    ("two specs whose names differ in digits alone", "spec-clash"),
    ("an operationId twice in one spec, a $ref to another file", "invalid-spec"),
    ("a number for a parameter that takes text", "wrong-argument"),
    ("a parameter of a Java type that no JSON has", "unsendable-argument"),
    ("a parameter or a body of the format byte", "byte-format"),
    ("several arguments where any object may be the body", "ambiguous-body"),
    ("splits or another expression with several outputs", "several-outputs"),
    ("eventDataFilter.data on a callback", "callback-event-data"),
    ("input against the dataInputSchema: a form's default", "default-value"),
    ("input against the dataInputSchema: what no form asks for", "required-property"),
    ("conditions of a switch that hold at once", "condition-order"),
    ("timers do not survive a restart without a jobs service", "timer-without-jobs"),
    ("an expression that fails in a subflow leaves the caller waiting", "subflow-error"),
    ("an undefined function", "unknown-function"),
    ("a transition to a missing state", "unknown-state"),
    ("a misspelt field", "unknown-field"),
    ("a missing spec or schema file", "missing-file"),
    ("one workflow id twice", "duplicate-subflow"),
]


#: What shows only after a restart with a database: tests/engine/test_timers.py restarts a workflow of ours.
UNTRIED = {"timer-without-jobs"}


@pytest.mark.parametrize(("row", "name"), ROWS)
def test_a_row_of_the_engine_s_table_has_a_rule_whose_examples_are_tried_on_the_engine(row: str, name: str) -> None:
    tried = {*REFUSED, *RUN, *OTHERS, ALONE}
    assert name in tried or name in UNTRIED, row


def test_every_rule_is_tried_on_the_engine_or_says_why_it_is_not() -> None:
    assert sorted([*REFUSED, *RUN, *OTHERS, ALONE, *ELSEWHERE]) == sorted(RULES)
