"""Lints workflow folders, fixes files, and formats findings for `waybill lint`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal

from generator.findings.edits import Edit
from generator.findings.errors import FindingsError
from generator.findings.finding import Finding, errors, strictly
from generator.forms.releases import parse_release
from generator.lint.fixes import fix
from generator.lint.linter import lint, lint_together
from generator.lint.registry import RULES
from generator.lint.rule import Repository
from generator.lint.suppressions import IgnoreSettings, apply_suppressions
from generator.workflow.folder import SharedFiles
from generator.workflow.workflow import Workflow
from pipeline.system.environment import without_home
from pipeline.system.files import Transaction
from pipeline.system.journal import Journal
from pipeline.system.staging import recover
from pipeline.terminal.annotations import github
from pipeline.terminal.console import as_text
from pipeline.terminal.sarif import sarif
from pipeline.workspace.settings import Settings
from pipeline.workspace.workflows import read_folder

Format = Literal["text", "json", "github", "sarif"]


@without_home()
def read_folders(
    folders: Iterable[Path], settings: Settings, *, complete: bool = False
) -> tuple[list[Workflow], tuple[Finding, ...]]:
    """Read and lint folders; return the workflows that can be read, and the findings that are not ignored.

    `complete` means that the folders are all workflows of the repository.
    """
    workflows: list[Workflow] = []
    findings: list[Finding] = []
    shared: dict[Path, SharedFiles] = {}
    for folder in folders:
        try:
            workflow = read_folder(folder, shared)
        except FindingsError as error:
            findings += error.findings
            complete = False
        else:
            workflows.append(workflow)
            findings += lint(workflow)
    rhdh = parse_release(settings.rhdh, "rhdh") if settings.rhdh else None
    findings += lint_together(Repository(workflows=workflows, complete=complete, rhdh=rhdh))
    kept = apply_suppressions(findings, workflows, ignores_of(settings), RULES, complete=complete)
    return workflows, strictly(kept) if settings.strict else kept


def ignores_of(settings: Settings) -> IgnoreSettings:
    """Return what lint ignores, from the settings."""
    return IgnoreSettings(
        path=settings.file.as_posix() if settings.file else "",
        everywhere=settings.lint.ignore,
        by_path=settings.lint.per_file_ignores,
    )


@without_home()
def fix_folders(folders: Iterable[Path], settings: Settings, journal: Journal) -> tuple[Edit, ...]:
    """Apply all fixes of lint in some folders, and return the edits.

    Either all files of all folders are written, or none. A folder that cannot be read stays as it is.

    Raises:
        OutputError: a file could not be written.
    """
    shared: dict[Path, SharedFiles] = {}
    done: list[Edit] = []
    with Transaction(journal) as transaction:
        for folder in folders:
            recover(folder, below=True)
            try:
                workflow = read_folder(folder, shared)
            except FindingsError:
                continue
            fixed = fix(workflow, ignores_of(settings))
            for path, data in fixed.files.items():
                transaction.replace_file(Path(path), data)
            done += fixed.edits
        transaction.commit()
    return tuple(done)


def rendered(
    findings: Sequence[Finding], format_: Format, *, fixed: Sequence[Edit], environment: Mapping[str, str]
) -> str:
    """Return the findings as text, a JSON document, annotations of GitHub, or a SARIF log."""
    match format_:
        case "text":
            return as_text(findings)
        case "github":
            return github(findings, environment)
        case "sarif":
            document: Mapping[str, object] = sarif(findings, RULES, environment)
        case "json":
            listed = [finding.as_json() for finding in findings]
            document = {"ok": not errors(findings), "findings": listed, "fixed": [edit.as_json() for edit in fixed]}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def default_format(environment: Mapping[str, str]) -> Format:
    """Return the format for annotations in GitHub Actions, or else text."""
    return "github" if environment.get("GITHUB_ACTIONS") == "true" else "text"
