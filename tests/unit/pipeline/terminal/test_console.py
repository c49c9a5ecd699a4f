"""What a person sees."""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from pathlib import Path

import pytest

from generator.contracts.minify import Saving
from generator.findings.edits import Edit
from generator.findings.finding import Finding, Severity
from generator.text.words import plural
from pipeline.build.result import BuildResult, BuiltChart
from pipeline.terminal.console import StageReporter, as_text, counted, show_build, show_findings, show_next_fix

ERROR = Finding(path="a", rule="r", message="m")
WARNING = Finding(path="a", rule="r", message="m", severity=Severity.WARNING)


def built(folder: str = "greeting", output: str = "dist") -> BuiltChart:
    return BuiltChart(
        folder=folder,
        chart=folder or "workflows",
        version="0.1.0",
        image="i",
        package=Path(output) / f"{folder}-0.1.0.tgz",
        state="new",
        bytes=2048,
    )


def result(*charts: BuiltChart, output: str = "dist") -> BuildResult:
    return BuildResult(
        charts=charts,
        umbrella=built("", output),
        index=Path(output) / "index.yaml",
        findings=(),
        savings=(Saving(path="workflows/[x]/a.json", before=2048, after=1024),),
    )


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


def test_a_build_ends_with_a_table_and_the_next_command_and_leaves_standard_output_alone(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show_build(result(built()))
    out, err = capsys.readouterr()
    assert out == ""
    rows = [line.split() for line in err.splitlines() if line.strip()]
    assert rows[0] == ["workflow", "state", "package", "size"]
    assert ["greeting", "new", "dist/greeting-0.1.0.tgz", "2.0", "KiB"] in rows
    assert ["all", "of", "them", "new", "dist/-0.1.0.tgz", "2.0", "KiB"] in rows
    assert "cut down workflows/[x]/a.json: 2.0 KiB to 1.0 KiB" in err
    assert err.splitlines()[-1] == "next   helm install greeting dist/greeting-0.1.0.tgz"


def test_the_next_command_is_for_the_chart_that_needs_least(capsys: pytest.CaptureFixture[str]) -> None:
    much, less = (dataclasses.replace(built(name), required=("env.A",) * n) for name, n in (("much", 2), ("less", 1)))
    show_build(result(much, less))
    assert capsys.readouterr().err.splitlines()[-1] == "next   helm install less dist/less-0.1.0.tgz --set env.A=..."


@pytest.mark.parametrize("output", ["dist[red]", "dist[/x]", "[bold]"])
def test_a_path_with_brackets_is_shown_as_it_is(capsys: pytest.CaptureFixture[str], output: str) -> None:
    show_build(result(built(output=output), output=output))
    err = capsys.readouterr().err
    assert f"{output}/greeting-0.1.0.tgz" in err.splitlines()[-1]
    assert err.count(f"{output}/") == 3


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
