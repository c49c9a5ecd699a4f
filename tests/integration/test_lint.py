"""`waybill lint` as a person, GitHub Actions and a code scanner use it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Waybill, find_node_tool

pytestmark = pytest.mark.usefixtures("repository")

DEFINITION = Path("workflows/greeting/greeting.sw.yaml")
MAIN = "from pipeline.cli import main; main()"
MISSPELT = ("transition: ReportGreeting", "transition: ReportGreetin")


@pytest.fixture
def wrong(repository: Path) -> Path:
    """The repository with two mistakes in greeting that have one right answer, and one that has none."""
    path = repository / DEFINITION
    text = path.read_text()
    text = (
        text.replace(*MISSPELT, 1)
        .replace('version: "1.0.0"', "version: 1.10")
        .replace("start: Ch", "zzz: 1\nstart: Ch")
    )
    path.write_text(text)
    return path


def test_findings_are_mended_where_one_answer_is_right_and_the_rest_stays(wrong: Path, waybill: Waybill) -> None:
    before = wrong.read_text()
    done = waybill("lint", "--fix", "greeting")
    assert done.code == 1
    assert "[unknown-field]" in done.out
    assert "fixed workflows/greeting/greeting.sw.yaml:2:10: '1.10' is now '\"1.10\"'" in done.err
    assert wrong.read_text() == before.replace(MISSPELT[1] + "\n", MISSPELT[0] + "\n").replace("1.10", '"1.10"')
    assert "fixed" not in waybill("lint", "--fix", "greeting").err


def test_without_fix_nothing_is_written_and_fix_is_offered(wrong: Path, waybill: Waybill) -> None:
    before = wrong.read_bytes()
    done = waybill("lint", "greeting")
    assert (done.code, wrong.read_bytes()) == (1, before)
    assert "next   waybill lint greeting --fix   fixes 2 of them" in done.err


def test_a_credential_is_moved_to_a_secret_that_is_not_there_yet(repository: Path, waybill: Waybill) -> None:
    folder = repository / "workflows/greeting"
    (folder / "application.properties").write_text("tickets.token=${TICKETS_TOKEN}\n")
    done = waybill("lint", "--fix", "greeting")
    assert "fixed workflows/greeting/secret.properties:1:1: added 'TICKETS_TOKEN='" in done.err
    assert (folder / "secret.properties").read_text() == "TICKETS_TOKEN=\n"


@pytest.mark.usefixtures("wrong")
def test_what_was_mended_is_in_the_json(waybill: Waybill) -> None:
    document = waybill("lint", "--fix", "greeting", "--json").json
    assert [(edit["old"], edit["new"]) for edit in document["fixed"]] == [
        ("1.10", '"1.10"'),
        ("ReportGreetin", "ReportGreeting"),
    ]
    assert [finding["rule"] for finding in document["findings"]] == ["unknown-field"]


def test_a_file_that_cannot_be_written_leaves_all_as_they_were(repository: Path, wrong: Path) -> None:
    other = repository / "workflows/escalation/ticketEscalation.sw.yaml"
    other.write_text(other.read_text().replace('version: "1.0.0"', "version: 1.10"))
    before = (wrong.read_bytes(), other.read_bytes())
    limited = ["sh", "-c", 'ulimit -f 0; exec "$@"', "sh", sys.executable, "-c", MAIN, "lint", "--fix"]
    done = subprocess.run(limited, cwd=repository, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert (wrong.read_bytes(), other.read_bytes()) == before


def test_warnings_stop_nothing_unless_strict(repository: Path, waybill: Waybill) -> None:
    path = repository / DEFINITION
    path.write_text(path.read_text().replace('version: "1.0.0"', "version: 1.10"))
    assert waybill("lint", "greeting").code == 0
    strict = waybill("lint", "greeting", "--strict")
    assert (strict.code, strict.out.count(" error: ")) == (1, 1)
    assert waybill("build", "greeting", "--strict", "--check").code == 1
    (repository / "waybill.toml").write_text("strict = true\n")
    assert waybill("lint", "greeting").code == 1
    assert waybill("lint", "greeting", "--no-strict").code == 0


def test_a_repository_ignores_a_rule_by_its_settings(repository: Path, waybill: Waybill) -> None:
    path = repository / DEFINITION
    path.write_text(path.read_text().replace('version: "1.0.0"', "version: 1.10"))
    settings = repository / "waybill.toml"
    settings.write_text('[lint.per-file-ignores]\n"workflows/greeting/*" = ["wrong-type"]\n')
    assert waybill("lint", "--strict").code == 0
    settings.write_text('[lint]\nignore = ["missing-file"]\n')
    assert "[unused-ignore]" in waybill("lint").out
    settings.write_text("[lint]\nignored = []\n")
    done = waybill("lint")
    assert (done.code, "did you mean 'ignore'?" in done.err) == (2, True)


def test_on_github_actions_findings_are_annotations(wrong: Path, waybill: Waybill) -> None:
    done = waybill("lint", "greeting", env={"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": os.fspath(wrong.parents[3])})
    assert all(line.startswith("::") for line in done.out.splitlines())
    start = "::error file=" + os.path.relpath(wrong, wrong.parents[3])
    assert any(line.startswith(start) for line in done.out.splitlines())
    assert waybill("lint", "greeting", "--format", "text", env={"GITHUB_ACTIONS": "true"}).out.startswith("workflows/")


def test_the_rules_are_listed_and_told_in_full(waybill: Waybill) -> None:
    listed = waybill("lint", "--rules")
    assert (listed.code, listed.err) == (0, "")
    assert listed.out.startswith("Files\n  syntax ")
    assert "\nunknown-state (error)\n" in listed.out
    assert listed.out.count("\nwrong: ") >= 100
    told = waybill("lint", "--rules", "unknown-state").out
    assert "wrong: example.sw.yaml" in told
    assert "right: example.sw.yaml" in told
    rules = waybill("lint", "--rules", "--json").json["rules"]
    assert {rule["rule"] for rule in rules} >= {"unknown-state", "syntax"}
    missing = waybill("lint", "--rules", "unknown-stat")
    assert (missing.code, "did you mean 'unknown-state'?" in missing.err) == (2, True)


@pytest.mark.usefixtures("wrong")
def test_a_sarif_log_is_what_code_scanning_takes(waybill: Waybill, tmp_path: Path) -> None:
    """Microsoft's validator knows the schema, the rules of the standard and those of GitHub."""
    log = tmp_path / "waybill.sarif"
    log.write_text(waybill("lint", "--format", "sarif").out)
    assert {result["ruleId"] for result in json.loads(log.read_text())["runs"][0]["results"]} >= {"unknown-field"}
    tool = find_node_tool("@microsoft/sarif-multitool-linux") / "Sarif.Multitool"
    tool.chmod(0o755)  # npm keeps no modes
    done = subprocess.run(
        [tool, "validate", log, "--rule-kind", "Sarif;Ghas"],
        env={**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Analysis completed successfully" in done.stdout
    assert ": error " not in done.stdout, done.stdout
