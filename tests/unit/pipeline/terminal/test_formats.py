"""Findings as GitHub's annotations and as SARIF."""

from __future__ import annotations

import json
import re
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.findings.edits import Edit
from generator.findings.finding import Finding, Severity
from generator.lint.registry import RULES
from pipeline.terminal.annotations import github
from pipeline.terminal.sarif import sarif

EDIT = Edit(path="a/b.yaml", line=3, column=5, old="Finsh", new="Finish")
FINDING = Finding(path="a/b.yaml", line=3, column=5, rule="unknown-state", message="no 'Finsh'", edit=EDIT)
#: What GitHub's runner reads: `::command key=value,…::data`, escapes undone (actions/runner, ActionCommand).
COMMAND = re.compile(r"::(error|warning|notice) ([^:]*)::(.*)")


def read(line: str) -> tuple[str, dict[str, str], str]:
    match = COMMAND.fullmatch(line)
    assert match, line
    properties = dict(pair.split("=", 1) for pair in match[2].split(","))
    return match[1], {key: unescaped(value) for key, value in properties.items()}, unescaped(match[3])


def unescaped(text: str) -> str:
    for code, char in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, char)
    return text


def test_an_annotation_names_file_line_column_and_rule() -> None:
    assert read(github([FINDING], {}).rstrip("\n")) == (
        "error",
        {"file": "a/b.yaml", "line": "3", "col": "5", "title": "waybill: unknown-state"},
        str(FINDING),
    )


@pytest.mark.parametrize(
    ("severity", "command"), [(Severity.ERROR, "error"), (Severity.WARNING, "warning"), (Severity.NOTE, "notice")]
)
def test_a_severity_is_one_that_github_knows(severity: Severity, command: str) -> None:
    found = Finding(path="a", rule="r", message="m", severity=severity)
    assert read(github([found], {}).rstrip("\n"))[0] == command


def test_a_path_is_that_from_the_root_of_the_checkout() -> None:
    line = github([FINDING], {"GITHUB_WORKSPACE": ".."}).rstrip("\n")
    assert read(line)[1]["file"].endswith("/a/b.yaml")
    assert not read(line)[1]["file"].startswith("..")


@given(st.text(min_size=1, max_size=30), st.text(max_size=30))
def test_no_text_of_a_file_ends_an_annotation_or_begins_another(path: str, message: str) -> None:
    (line, end) = github([Finding(path=path, line=1, column=1, rule="r", message=message)], {}).split("\n")
    assert not end
    assert line.startswith("::error ")


def test_a_log_names_each_rule_once_and_each_result_its_place() -> None:
    other = Finding(path="a b/ö.yaml", rule="zzz", message="m", severity=Severity.NOTE)
    (run,) = sarif([FINDING, other, FINDING], RULES, {})["runs"]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["unknown-state", "zzz"]
    first, second, _ = run["results"]
    assert (first["ruleId"], first["ruleIndex"], first["level"]) == ("unknown-state", 0, "error")
    place = first["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": "a/b.yaml"}, "region": {"startLine": 3, "startColumn": 5}}
    there = second["locations"][0]["physicalLocation"]
    assert unquote(there["artifactLocation"]["uri"]) == "a b/ö.yaml"
    assert there["region"] == {"startLine": 1, "startColumn": 1}


def test_a_log_holds_the_edit_that_mends() -> None:
    (result,) = sarif([FINDING], RULES, {})["runs"][0]["results"]
    ((replacement,),) = [change["replacements"] for change in result["fixes"][0]["artifactChanges"]]
    assert replacement["insertedContent"] == {"text": "Finish"}
    assert replacement["deletedRegion"] == {"startLine": 3, "startColumn": 5, "endLine": 3, "endColumn": 10}


def test_a_log_has_paths_from_the_root_of_the_checkout() -> None:
    (result,) = sarif([FINDING], RULES, {"GITHUB_WORKSPACE": ".."})["runs"][0]["results"]
    (change,) = result["fixes"][0]["artifactChanges"]
    places = (result["locations"][0]["physicalLocation"]["artifactLocation"], change["artifactLocation"])
    assert all(place["uri"].endswith("/a/b.yaml") and not place["uri"].startswith("..") for place in places)


def test_a_log_of_nothing_is_a_log() -> None:
    assert json.loads(json.dumps(sarif([], RULES, {})))["runs"][0]["results"] == []
