"""How a finding looks and which name is the nearest."""

from __future__ import annotations

import pytest

from generator.findings.finding import Finding, Severity, blocking, errors, in_file_order
from generator.findings.suggestions import did_you_mean, only_near


def finding(path: str = "a.yaml", line: int | None = 1, column: int | None = 1, **options: object) -> Finding:
    fields: dict[str, object] = {"rule": "r", "message": "m", **options}
    return Finding(path=path, line=line, column=column, **fields)  # type: ignore[arg-type]  # a test's own fields


def test_a_finding_names_file_line_column_severity_message_and_rule() -> None:
    found = finding("workflows/x/x.sw.yaml", 31, 19, rule="unknown-state", message="no such state")
    assert str(found) == "workflows/x/x.sw.yaml:31:19: error: no such state [unknown-state]"


def test_a_finding_on_a_whole_file_has_no_line() -> None:
    assert str(finding("a/b", None, None, severity=Severity.WARNING)) == "a/b: warning: m [r]"


def test_a_finding_as_json_holds_all_that_its_line_says() -> None:
    assert finding("a", 2, 3, severity=Severity.NOTE, blocking=True).as_json() == {
        "path": "a",
        "line": 2,
        "column": 3,
        "severity": "note",
        "rule": "r",
        "message": "m",
        "fixable": False,
    }


def test_findings_come_by_file_then_position_and_only_once() -> None:
    first, second, third = finding("a", 2, 9), finding("a", 10, 1), finding("b", 1, 1)
    assert in_file_order([third, second, first, second]) == (first, second, third)


def test_a_warning_and_a_note_are_no_errors() -> None:
    kinds = [finding(severity=severity) for severity in Severity]
    assert [found.severity for found in errors(kinds)] == [Severity.ERROR]


def test_the_nearest_of_very_many_names_is_offered() -> None:
    names = [f"readTicket{n}" for n in range(1000)]
    assert did_you_mean("readTickt500", names) == "; did you mean 'readTicket500'?"
    assert did_you_mean("zzz", names) == ""
    assert did_you_mean("madTicket500", names) == "; did you mean 'readTicket500'?"
    assert only_near("readTickt500", names, near=0.95) is None


@pytest.mark.parametrize(
    ("name", "candidates", "expected"),
    [
        ("dataCondition", ["dataConditions", "defaultCondition", "eventConditions"], "dataConditions"),
        ("greet", ["greets", "greete"], None),
        ("greeet", ["greet", "other"], "greet"),
        ("zzz", ["greet"], None),
    ],
)
def test_a_name_is_mended_only_where_one_right_name_is_clearly_the_nearest(
    name: str, candidates: list[str], expected: str | None
) -> None:
    assert only_near(name, candidates) == expected


def test_only_what_makes_an_object_impossible_is_blocking() -> None:
    stops, goes_on = finding(blocking=True), finding()
    assert blocking([goes_on, stops]) == (stops,)


@pytest.mark.parametrize(
    ("name", "candidates", "expected"),
    [
        ("GreetInEnglsh", ["GreetInSpanish", "GreetInEnglish"], "; did you mean 'GreetInEnglish'?"),
        ("STATES", ["states", "start"], "; did you mean 'states'?"),
        ("zzz", ["states"], ""),
        ("states", [], ""),
        ("", ["states"], ""),
    ],
)
def test_the_nearest_name_is_offered_and_none_where_none_is_near(
    name: str, candidates: list[str], expected: str
) -> None:
    assert did_you_mean(name, candidates) == expected
