"""Rules about durations, which are ISO 8601 as Java parses it, or expressions.

Sources: RuleFlowProcessValidator.validateTimer, TimerNodeVisitor and TimeoutsConfigResolver (Kogito 10.1.0),
java.time.Duration.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from generator.findings.finding import Severity
from generator.jq.compiling import refusals
from generator.lint.rule import Example, Found, rule
from generator.workflow.dsl import Holds
from generator.workflow.expressions import Expression
from generator.workflow.workflow import Workflow

#: The syntax of java.time.Duration.parse: days and time, without weeks, months and years.
_ISO: Final = re.compile(
    r"[-+]?P(?=[-+\dT])(?:[-+]?\d+D)?(?:T(?=[-+\d])(?:[-+]?\d+H)?(?:[-+]?\d+M)?(?:[-+]?\d+(?:[.,]\d{0,9})?S)?)?",
    re.ASCII,
)
#: ISO 8601 durations with years, months or weeks.
_CALENDAR: Final = re.compile(
    r"P(?=\d+[YMW])(?:\d+Y)?(?:\d+M)?(?:\d+W)?(?:\d+D)?(?:T(?=\d)(?:\d+H)?(?:\d+M)?(?:\d+S)?)?", re.ASCII
)
#: The engine's additional syntax (Drools, TimeUtils): `1h 30m`, or a number of milliseconds.
_SIMPLE: Final = re.compile(r"[-+]?(\d+d)?\s*(\d+h)?\s*(\d+m)?\s*(\d+s)?\s*(\d+(ms)?)?", re.ASCII | re.IGNORECASE)
#: A configuration variable in place of an expression; in jq, paths start with '.' and variables with '$'.
_VARIABLE: Final = re.compile(r"([A-Za-z_][\w.-]*)\s*(?::.*)?", re.ASCII | re.DOTALL)
#: The fields that become timers, whose text the engine's build writes into Java code.
_TIMERS: Final = ("before", "after", "duration", "timeDelay", "eventTimeout", "resultEventTimeout")

_SLEEP: Final = """
states:
  - {name: Begin, type: sleep, duration: %s, end: true}
"""


def _durations(workflow: Workflow) -> Iterator[Expression]:
    for definition in workflow.definitions():
        yield from (duration for duration in definition.held if duration.holds is Holds.DURATION)


def _misplaced_variable(duration: Expression) -> str | None:
    """Return the variable of `${VAR}` or `${VAR:default}` in place of an expression, or None."""
    match = _VARIABLE.fullmatch(duration.text) if duration.marked else None
    return match[1] if match else None


@rule(
    "invalid-duration",
    reason="A duration is ISO 8601 with days, hours, minutes and seconds (P1D, PT1H30M), or an expression; months "
    "and years have no fixed length.",
    consequence=(
        "The build fails with `Could not parse delay`; a `workflowExecTimeout` fails each start of the workflow."
    ),
    bad=Example(definition=_SLEEP % "P1M"),
    good=Example(definition=_SLEEP % "P30D"),
)
def invalid_duration(workflow: Workflow) -> Iterator[Found]:
    """A duration that is neither ISO 8601 nor an expression."""
    durations = [duration for duration in _durations(workflow) if not _ISO.fullmatch(duration.raw)]
    refused = refusals([duration.text for duration in durations if duration.marked or _may_be_expression(duration)])
    for duration in durations:
        if _is_simple(duration) or _misplaced_variable(duration):
            continue
        if "workflowExecTimeout" in duration.where:
            message = (
                f"'{duration.raw[:100]}' is not an ISO 8601 duration, and nothing else is accepted here; write PT1H"
            )
            yield Found(at=duration.at, message=message)
        elif duration.text not in refused:
            yield Found(at=duration.at, message=_not_iso(duration.raw))
        elif refusal := refused[duration.text]:
            yield Found(at=duration.at, message=f"the expression does not compile: {refusal.why}")


def _is_simple(duration: Expression) -> bool:
    """Return whether a duration has the engine's additional syntax (`1h30m`, `500`), if its field allows that."""
    match duration.where[-1]:
        case _ if "workflowExecTimeout" in duration.where:
            return False
        case "eventTimeout":
            return duration.raw.strip().isdecimal()
        case _:
            return bool(_SIMPLE.fullmatch(duration.raw.strip()))


def _may_be_expression(duration: Expression) -> bool:
    return duration.raw.lstrip().startswith((".", "$"))


def _not_iso(raw: str) -> str:
    if _CALENDAR.fullmatch(raw):
        return f"'{raw[:100]}' has weeks, months or years, which Java's durations do not have; use days: P30D"
    return f"'{raw[:100]}' is not an ISO 8601 duration; write P1D, PT1H30M or PT5S, or an expression: ${{ .period }}"


@rule(
    "variable-in-duration",
    reason="`${VAR}` and `${VAR:default}` belong in application.properties; in a definition `${ }` holds jq.",
    consequence="The build fails with `Could not parse delay`.",
    bad=Example(definition=_SLEEP % "'${PERIOD:PT5S}'"),
    good=Example(definition=_SLEEP % "'${ $SECRET.PERIOD }'"),
)
def variable_in_duration(workflow: Workflow) -> Iterator[Found]:
    """A configuration variable used as a duration."""
    for duration in _durations(workflow):
        if name := _misplaced_variable(duration):
            yield Found(
                at=duration.at,
                message=f"variables are not resolved here; write ${{ $SECRET.{name[:100]} }}, which reads properties "
                "and the environment",
            )


@rule(
    "quote-in-duration",
    reason="The engine writes a timer's text into Java code without escaping it.",
    consequence="The build fails with an error in the generated Java code.",
    bad=Example(definition=_SLEEP % """'${ .period // "PT5S" }'"""),
    good=Example(definition=_SLEEP % "'${ .period }'"),
)
def quote_in_duration(workflow: Workflow) -> Iterator[Found]:
    """A double quote, a backslash or a line break in a timer's expression."""
    for duration in _durations(workflow):
        timer = duration.where[-1] in _TIMERS and "workflowExecTimeout" not in duration.where
        if timer and (mark := next((mark for mark in '"\\\n' if mark in duration.raw.strip("\n")), "")):
            what = {"\n": "a line break", "\\": "a backslash"}.get(mark, "a double quote")
            message = (
                f"{what} here breaks the engine's build; compute the duration in an earlier state, and refer to it"
            )
            yield Found(at=duration.at, message=message)


@rule(
    "doubtful-duration",
    severity=Severity.WARNING,
    reason="Anything that is not ISO 8601 follows the engine's own rules, and a bare number counts milliseconds.",
    consequence="The engine reads `6` as six milliseconds.",
    bad=Example(definition=_SLEEP % "'6'"),
    good=Example(definition=_SLEEP % "PT6S"),
)
def doubtful_duration(workflow: Workflow) -> Iterator[Found]:
    """A duration without a unit, or written like `1h 30m`."""
    for duration in _durations(workflow):
        text = duration.raw.strip()
        if text.isdigit():
            yield Found(
                at=duration.at, message=f"'{text[:100]}' means milliseconds; write PT{text[:100]}S if seconds are meant"
            )
        elif _SIMPLE.fullmatch(text):
            yield Found(at=duration.at, message=f"'{text[:100]}' is not ISO 8601; write it as PT1H30M, P1D, PT0.5S")
