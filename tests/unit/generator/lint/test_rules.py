"""Each rule of lint by the examples that its documentation shows: the bad one breaks it alone, the good one none.

Rules that other commands report: tests/unit/pipeline/test_rule_examples.py.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path

import javaproperties  # noqa: F401 - the reader loads it late, when nobody may read where Python lies
import pytest

from generator.findings.errors import FindingsError
from generator.findings.finding import Finding, Severity
from generator.forms.releases import Release, parse_release
from generator.lint.linter import lint, lint_together
from generator.lint.registry import RULES, SUBJECTS
from generator.lint.rule import FOLDER, Example, Repository, Rule
from generator.lint.suppressions import IgnoreSettings, apply_suppressions
from generator.workflow.folder import SharedFiles, read_shared, read_source
from generator.workflow.workflow import Workflow, read_workflow
from pipeline.workspace.folders import all_folders
from tests.unit.conftest import write

NOBODY = 65534
OF_LINT = [rule for rule in RULES.values() if rule.of_lint]


@pytest.fixture
def workflows() -> Iterator[Path]:
    """An empty workflows folder that any user of the machine can read."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


def findings(rule: Rule, example: Example, workflows: Path) -> list[Finding]:
    """All that lint says of an example, written to disk; notes of other rules left out."""
    if os.name == "nt" and (example.commands or rule.name == "portable-name"):
        pytest.skip("left out: Windows cannot hold this example")
    write(workflows, example.workflows())
    for command in example.commands:
        subprocess.run(["sh", "-ec", command], cwd=workflows / FOLDER, check=True)
    found: list[Finding] = []
    read: list[Workflow] = []
    shared = read_shared(workflows / "shared")
    with without_rights():
        for folder in all_folders(workflows) or [workflows / FOLDER]:
            try:
                read.append(workflow_in(folder, shared))
            except FindingsError as error:
                found += error.findings
    for workflow in read:
        found += lint(workflow)
    found += lint_together(Repository(workflows=read, complete=True, rhdh=rhdh(example)))
    kept = apply_suppressions(found, read, IgnoreSettings(), RULES, complete=True)
    return [finding for finding in kept if finding.severity is not Severity.NOTE or finding.rule == rule.name]


def rhdh(example: Example) -> Release | None:
    """The release of Red Hat Developer Hub that the settings of an example name."""
    settings = tomllib.loads(str(example.repository.get("waybill.toml", "")))
    return parse_release(settings["rhdh"], "rhdh") if "rhdh" in settings else None


def workflow_in(folder: Path, shared: SharedFiles) -> Workflow:
    return read_workflow(read_source(folder, shown=f"workflows/{folder.name}", shared=shared))


class without_rights:  # noqa: N801 - reads as a sentence where it is used
    """Read as a user without special rights: root could read what chmod forbids."""

    def __enter__(self) -> None:
        self._root = os.name != "nt" and os.geteuid() == 0
        if self._root:
            os.seteuid(NOBODY)

    def __exit__(self, *_: object) -> None:
        if self._root:
            os.seteuid(0)


@pytest.mark.parametrize("rule", OF_LINT, ids=lambda rule: rule.name)
def test_the_bad_example_breaks_its_rule_and_no_other(rule: Rule, workflows: Path) -> None:
    found = findings(rule, rule.bad, workflows)
    assert {finding.rule for finding in found} == {rule.name}, "\n".join(map(str, found))


@pytest.mark.parametrize("rule", OF_LINT, ids=lambda rule: rule.name)
def test_the_good_example_breaks_no_rule(rule: Rule, workflows: Path) -> None:
    assert findings(rule, rule.good, workflows) == []


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.name)
def test_a_rule_says_what_it_finds_why_and_what_happens_otherwise(rule: Rule) -> None:
    for text in (rule.summary, rule.reason, rule.consequence):
        assert text.endswith((".", "?"))
        assert len(text) > 15


def test_a_rule_has_one_name_and_stands_under_one_subject() -> None:
    assert len(RULES) == sum(map(len, SUBJECTS.values()))
