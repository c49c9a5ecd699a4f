"""What a person sees."""

from __future__ import annotations

import sys
from dataclasses import replace

import pytest

from generator.findings.edits import Edit
from generator.findings.finding import Finding, Severity
from generator.text.words import plural
from pipeline.terminal.console import (
    StageReporter,
    Verbosity,
    counted,
    detail,
    say,
    show_findings,
    show_next,
    show_next_fix,
    show_table,
    with_verbosity,
)
from pipeline.terminal.table import table_lines

ERROR = Finding(path="a", rule="r", message="m")
WARNING = Finding(path="a", rule="r", message="m", severity=Severity.WARNING)


@pytest.mark.parametrize(
    ("findings", "expected"),
    [
        ([], "no findings"),
        ([ERROR], "1 error"),
        ([ERROR, ERROR, WARNING], "2 errors and 1 warning"),
        ([ERROR, WARNING, *[replace(ERROR, severity=Severity.NOTE)] * 2], "1 error, 1 warning and 2 notes"),
    ],
)
def test_findings_are_counted_by_severity(findings: list[Finding], expected: str) -> None:
    assert counted(findings) == expected


@pytest.mark.parametrize(("number", "expected"), [(0, "0 charts"), (1, "1 chart"), (21, "21 charts")])
def test_one_is_no_plural(number: int, expected: str) -> None:
    assert plural(number, "chart") == expected


def test_findings_but_notes_go_to_standard_error_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    show_findings([ERROR, WARNING, replace(ERROR, severity=Severity.NOTE)])
    assert capsys.readouterr() == ("", "a: error: m [r]\na: warning: m [r]\n")


#: The environment, whether a terminal watches, and whether there are colours then.
COLOURS = [
    ({}, True, True),
    ({}, False, False),
    ({"NO_COLOR": "1"}, True, False),
    ({"NO_COLOR": ""}, True, True),
    ({"FORCE_COLOR": "1"}, False, True),
    ({"FORCE_COLOR": ""}, False, False),
    ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
    ({"TERM": "dumb"}, True, False),
    ({"TERM": "dumb", "FORCE_COLOR": "1"}, True, True),
]


@pytest.mark.parametrize(("environment", "terminal", "coloured"), COLOURS)
def test_a_severity_has_a_colour_where_somebody_sees_and_wants_it(
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *,
    terminal: bool,
    coloured: bool,
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"TERM": "xterm", **environment}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    show_findings([ERROR])
    severity = "\x1b[31m\x1b[1merror\x1b[0m" if coloured else "error"
    assert capsys.readouterr().err == f"a: {severity}: m [r]\n"


def test_the_quiet_see_errors_and_results_alone(capsys: pytest.CaptureFixture[str]) -> None:
    with with_verbosity(Verbosity.QUIET):
        show_findings([ERROR, WARNING])
        StageReporter().stage("check", "2 workflows")
        show_next(["waybill", "build"])
        say("the result")
        detail("more")
    assert capsys.readouterr().err == "a: error: m [r]\nthe result\n"


def test_the_verbose_see_details_with_all_that_others_see(capsys: pytest.CaptureFixture[str]) -> None:
    detail("not yet")
    with with_verbosity(Verbosity.VERBOSE):
        StageReporter().stage("check", "2 workflows")
        detail("starts git")
    assert capsys.readouterr().err == "    check  2 workflows\nstarts git\n"


def test_a_stage_is_a_line_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    StageReporter().stage("check", "2 workflows")
    StageReporter(quiet=True).stage("check", "2 workflows")
    assert capsys.readouterr() == ("", "    check  2 workflows\n")


@pytest.mark.parametrize(
    ("fixable", "others", "names", "said"),
    [
        (1, 0, (), "next   waybill lint --fix   fixes it\n"),
        (2, 0, ("greeting",), "next   waybill lint greeting --fix   fixes all of them\n"),
        (1, 2, ("a b",), "next   waybill lint 'a b' --fix   fixes 1 of them\n"),
        (0, 2, (), ""),
    ],
)
def test_what_mends_is_said_as_it_is_to_be_copied(
    fixable: int, others: int, names: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    finding = Finding(path="a", rule="r", message="m")
    edited = replace(finding, edit=Edit(path="a", line=1, column=1, old="x", new="y"))
    show_next_fix([edited] * fixable + [finding] * others, names)
    assert capsys.readouterr().err == said


def test_a_table_is_on_standard_error_with_its_numbers_to_the_right(capsys: pytest.CaptureFixture[str]) -> None:
    show_table(("name", "size"), [("a", "1,024.0 KiB"), ("[b]", "2.0 KiB")], numbers=("size",))
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "",
        " name          size",
        " ──────────────────",
        " a      1,024.0 KiB",
        " [b]        2.0 KiB",
        "",
    ]


ROWS = [("greeting", "new", "runs on the newest of all operators that there are"), ("escalation-of-all", "new", "")]


def laid_out(width: int | None, rows: list[tuple[str, ...]] = ROWS) -> list[str]:
    return list(table_lines(("workflow", "state", "why"), rows, numbers=(), width=width))


@pytest.mark.parametrize("width", [None, *range(10, 120)])
def test_no_word_of_a_table_is_broken_and_no_line_ends_in_blanks(width: int | None) -> None:
    lines = laid_out(width)
    words = [word for row in ROWS for cell in row for word in cell.split()]
    assert sorted(word for line in lines for word in line.split() if word in words) == sorted(words)
    assert [line for line in lines if line != line.rstrip()] == []


@pytest.mark.parametrize("width", range(45, 120))
def test_a_table_fits_the_terminal_while_words_do(width: int) -> None:
    assert [line for line in laid_out(width) if len(line) > width] == []


def test_cells_are_wrapped_between_words() -> None:
    assert laid_out(60) == [
        "",
        " workflow            state   why",
        " ──────────────────────────────────────────────────────────",
        " greeting            new     runs on the newest of all",
        "                             operators that there are",
        " escalation-of-all   new",
        "",
    ]


def test_what_has_no_place_beside_each_other_stands_below_each_other_in_one_piece() -> None:
    digest = "sha256:" + "0" * 64
    assert laid_out(50, [("greeting", "pushed", digest), ("escalation", "failed", "")]) == [
        "",
        " workflow   greeting",
        " state      pushed",
        f" why        {digest}",
        "",
        " workflow   escalation",
        " state      failed",
        "",
    ]
