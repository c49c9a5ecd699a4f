"""What a person sees."""

from __future__ import annotations

from dataclasses import replace

import pytest

from generator.findings.edits import Edit
from generator.findings.finding import Finding, Severity
from generator.text.words import plural
from pipeline.terminal.console import StageReporter, as_text, counted, show_findings, show_next_fix, show_table

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


def test_a_severity_has_a_colour_unless_nobody_wants_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert as_text([ERROR]) == "a: \x1b[31m\x1b[1merror\x1b[0m: m [r]\n"
    monkeypatch.setenv("NO_COLOR", "1")
    assert as_text([ERROR]) == "a: error: m [r]\n"


def test_a_stage_is_a_line_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    StageReporter().stage("check", "2 workflows")
    StageReporter(quiet=True).stage("check", "2 workflows")
    assert capsys.readouterr() == ("", "    check  2 workflows\n")


@pytest.mark.parametrize(
    ("fixable", "others", "names", "said"),
    [
        (1, 0, (), "next   waybill lint --fix   mends it\n"),
        (2, 0, ("greeting",), "next   waybill lint greeting --fix   mends all of them\n"),
        (1, 2, ("a b",), "next   waybill lint 'a b' --fix   mends 1 of them\n"),
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
    assert [line.rstrip() for line in err.splitlines() if "─" not in line and line.strip()] == [
        " name          size",
        " a      1,024.0 KiB",
        " [b]        2.0 KiB",
    ]
