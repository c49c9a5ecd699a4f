"""Rules that lint does not report, by their examples: each command that a rule names reports the bad one alone."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from generator.lint.registry import RULES
from generator.lint.rule import FOLDER, Example
from tests.command import Outcome, run
from tests.unit.conftest import write

#: The severity and the rule of a finding, as a person sees it; notes are about other things than the example.
FINDING = re.compile(r": (error|warning): .* \[([a-z-]+)\]$", re.MULTILINE)
#: Rule and command; Helm renders the chart that no-sonataflow is about: tests/integration/test_check_charts.py.
REPORTED = [
    (rule.name, command)
    for rule in RULES.values()
    if not rule.of_lint and rule.name != "no-sonataflow"
    for command in rule.reported_by
]
#: Rule to how the command ends for its good example, where that is not well: a run finds no JDK and no Maven.
ENDS = {"input": 2}


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def reported(command: str, example: Example, repository: Path, monkeypatch: pytest.MonkeyPatch) -> Outcome:
    """Run a command beside the workflows of an example; without programs, so that a run ends before the engine."""
    write(repository / "workflows", example.workflows())
    write(repository, example.repository)
    for line in example.commands:
        subprocess.run(["sh", "-ec", line], cwd=repository / "workflows" / FOLDER, check=True)
    monkeypatch.setenv("PATH", str(repository))
    return run(*command.split()[1:])


@pytest.mark.parametrize(("name", "command"), REPORTED)
def test_a_command_reports_the_bad_example_of_its_rule_and_nothing_else(
    name: str, command: str, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = reported(command, RULES[name].bad, repository, monkeypatch)
    found = FINDING.findall(result.err)
    assert {rule for _, rule in found} == {name}, result.err
    assert (str(RULES[name].severity), name) in found


@pytest.mark.parametrize(("name", "command"), REPORTED)
def test_a_command_reports_nothing_about_the_good_example(
    name: str, command: str, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = reported(command, RULES[name].good, repository, monkeypatch)
    assert FINDING.findall(result.err) == []
    assert result.code == ENDS.get(name, 0), result.err


def test_rules_shows_a_rule_of_another_command_with_the_commands_that_report_it() -> None:
    said = run("lint", "--rules", "no-row").out
    assert said.startswith("no-row (error)\n\nA version of a chart that is in no row of compatibility.yaml,")
    assert "\nreported by:\n    waybill check example\n    waybill build example\n\nwrong: compatibility.yaml\n" in said


def test_rules_in_json_says_of_each_rule_what_reports_it() -> None:
    told = run("lint", "--rules", "--json", "syntax", "no-row").json["rules"]
    assert [rule["reported_by"] for rule in told] == [
        ["waybill lint"],
        ["waybill check example", "waybill build example"],
    ]
