"""Durations: what Java reads, what the engine reads beside it, and what breaks its build."""

from __future__ import annotations

from typing import Any

import pytest

from generator.lint.linter import lint
from tests.unit.conftest import defined


def rules(fields: dict[str, Any]) -> list[str]:
    return [f"{f.severity} {f.rule}" for f in lint(defined(fields)) if f.rule.endswith("duration")]


def sleeping(duration: Any) -> dict[str, Any]:
    return {"states": [{"name": "A", "type": "sleep", "duration": duration, "end": True}]}


@pytest.mark.parametrize(
    "duration",
    [
        "PT5S",
        "P1D",
        "P1DT2H",
        "PT0.5S",
        "-PT5S",
        "PT1H30M",
        "${ .period }",
        ".period",
        "$CONST.period",
        "${ $SECRET.P }",
    ],
)
def test_a_duration_is_iso_8601_or_an_expression(duration: str) -> None:
    assert rules(sleeping(duration)) == []


@pytest.mark.parametrize(
    ("duration", "rule"),
    [
        ("P1M", "error invalid-duration"),
        ("P1Y2M", "error invalid-duration"),
        ("P2W", "error invalid-duration"),
        ("PT", "error invalid-duration"),
        ("P", "error invalid-duration"),
        ("P1DT", "error invalid-duration"),
        ("pt5s", "error invalid-duration"),
        ("soon", "error invalid-duration"),
        ("${ .period && .x }", "error invalid-duration"),
        ("${PERIOD}", "error variable-in-duration"),
        ("${PERIOD:PT5S}", "error variable-in-duration"),
        ("${my.period:}", "error variable-in-duration"),
        ('${ .period // "PT5S" }', "error quote-in-duration"),
        ('"PT5S"', "error quote-in-duration"),
        ("6", "warning doubtful-duration"),
        (6, "warning doubtful-duration"),
        ("1h 30m", "warning doubtful-duration"),
    ],
)
def test_another_duration_breaks_its_rule(duration: Any, rule: str) -> None:
    assert rule in rules(sleeping(duration))


@pytest.mark.parametrize(
    "fields",
    [
        {"timeouts": {"eventTimeout": "soon"}},
        {"timeouts": {"workflowExecTimeout": {"duration": "soon"}}},
        {"timeouts": {"workflowExecTimeout": "${ .period }"}},
        {"timeouts": {"workflowExecTimeout": "unlimited"}},
        {"timeouts": {"actionExecTimeout": "soon"}},
        {"timeouts": {"stateExecTimeout": {"total": "soon"}}},
        {"retries": [{"name": "r", "maxAttempts": 1, "delay": "soon"}]},
        {"retries": [{"name": "r", "maxAttempts": 1, "maxDelay": "soon"}]},
        {"retries": [{"name": "r", "maxAttempts": 1, "increment": "soon"}]},
    ],
)
def test_every_field_that_holds_a_duration_is_looked_at(fields: dict[str, Any]) -> None:
    assert rules(fields) == ["error invalid-duration"]


def test_a_quote_breaks_timers_alone() -> None:
    timeouts = {"workflowExecTimeout": {"duration": "PT5S"}, "actionExecTimeout": '"PT5S"'}
    assert "error quote-in-duration" not in rules({"timeouts": timeouts})
    assert "error quote-in-duration" in rules({"timeouts": {"eventTimeout": '"PT5S"'}})


@pytest.mark.parametrize(
    ("duration", "why"),
    [
        ("P1M", "has weeks, months or years"),
        ("P2W", "has weeks, months or years"),
        ("P1Y2DT3H", "has weeks, months or years"),
        ("PT", "is not an ISO 8601 duration"),
        ("PT5X", "is not an ISO 8601 duration"),
        ("P1DT", "is not an ISO 8601 duration"),
    ],
)
def test_months_are_told_from_what_is_no_duration(duration: str, why: str) -> None:
    (message,) = [f.message for f in lint(defined(sleeping(duration))) if f.rule == "invalid-duration"]
    assert why in message
