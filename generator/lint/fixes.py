"""Applies the automatic fixes of findings, and keeps those that reduce the number of findings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from generator.findings.edits import Edit, apply_edits
from generator.findings.errors import FindingsError
from generator.findings.finding import Finding, errors
from generator.lint.linter import lint
from generator.lint.registry import RULES
from generator.lint.suppressions import IgnoreSettings, apply_suppressions
from generator.text.yaml_reader import decode
from generator.workflow.workflow import SECRETS, Workflow, read_workflow

#: A fix can reveal another finding; more rounds than this are taken for a cycle.
_MAX_ROUNDS: Final = 10


@dataclass(frozen=True, kw_only=True)
class Fixed:
    """A workflow with its fixes applied: the changed `files`, by path as in findings, and the applied `edits`."""

    workflow: Workflow
    files: Mapping[str, bytes]
    edits: tuple[Edit, ...]


def fix(workflow: Workflow, ignores: IgnoreSettings | None = None) -> Fixed:
    """Apply all edits with which a workflow has fewer findings and no new errors.

    Findings that are suppressed by comments or `ignores` are not fixed.
    """
    ignores = ignores or IgnoreSettings()
    files: dict[str, bytes] = {}
    applied_edits: list[Edit] = []
    for _ in range(_MAX_ROUNDS):
        findings = lint(workflow)
        kept = apply_suppressions(findings, [workflow], ignores, RULES, complete=False)
        edits = [(finding.edit, *finding.also) for finding in kept if finding.edit]
        improved = _improved(workflow, findings, edits)
        if improved is None:
            break
        workflow, applied = improved
        applied_edits += applied
        files |= {edit.path: _text(workflow, edit.path) for edit in applied}
    return Fixed(workflow=workflow, files=files, edits=tuple(applied_edits))


def _improved(
    workflow: Workflow, findings: Sequence[Finding], edits: Sequence[Sequence[Edit]]
) -> tuple[Workflow, tuple[Edit, ...]] | None:
    """Return the workflow with all edits, or with those of the first finding that improve it, or None."""
    for candidate in ([edit for of_finding in edits for edit in of_finding], *edits):
        changed, applied = _edited(workflow, candidate)
        if applied and changed is not None:
            after = lint(changed)
            fewer = _count_in_folder(changed, after) < _count_in_folder(workflow, findings)
            if fewer and len(errors(after)) <= len(errors(findings)):
                return changed, applied
    return None


def _count_in_folder(workflow: Workflow, findings: Iterable[Finding]) -> int:
    """Return the number of findings in the workflow's own files: edits can resolve a reference to workflows/shared."""
    return sum(finding.path.startswith(f"{workflow.source.path}/") for finding in findings)


def _edited(workflow: Workflow, edits: Iterable[Edit]) -> tuple[Workflow | None, tuple[Edit, ...]]:
    """Return the workflow with edits applied, and those that were applied; None and () if it is invalid then."""
    source = workflow.source
    resources = dict(source.resources)
    applied: list[Edit] = []
    for relative in dict.fromkeys((*source.resources, SECRETS)):
        in_file = [edit for edit in edits if edit.path == source.shown(relative)]
        if in_file:
            text, fitting = apply_edits(decode(resources.get(relative, b""), source.shown(relative)), in_file)
            resources[relative] = text.encode()
            applied += fitting
    try:
        return read_workflow(replace(source, resources=resources)), tuple(applied)
    except FindingsError:
        return None, ()


def _text(workflow: Workflow, path: str) -> bytes:
    return next(data for relative, data in workflow.source.resources.items() if workflow.source.shown(relative) == path)
