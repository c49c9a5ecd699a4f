"""Fixes what has one right answer: applies the edits that findings carry, and keeps those that make things better."""

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

#: One fixed mistake may bring another to light; more than this many times in a row, it is a circle.
_MAX_ROUNDS: Final = 10


@dataclass(frozen=True, kw_only=True)
class Fixed:
    """A workflow with its fixes applied: `files` that changed, by path as in findings, and the `edits` of them."""

    workflow: Workflow
    files: Mapping[str, bytes]
    edits: tuple[Edit, ...]


def fix(workflow: Workflow, ignores: IgnoreSettings | None = None) -> Fixed:
    """Return the workflow with every edit applied that leaves fewer findings and no new error.

    What comments or `ignores` keep back stays as it is.
    """
    ignores = ignores or IgnoreSettings()
    files: dict[str, bytes] = {}
    done: list[Edit] = []
    for _ in range(_MAX_ROUNDS):
        findings = lint(workflow)
        kept = apply_suppressions(findings, [workflow], ignores, RULES, complete=False)
        edits = [(finding.edit, *finding.also) for finding in kept if finding.edit]
        better = _better(workflow, findings, edits)
        if better is None:
            break
        workflow, applied = better
        done += applied
        files |= {edit.path: _text(workflow, edit.path) for edit in applied}
    return Fixed(workflow=workflow, files=files, edits=tuple(done))


def _better(
    workflow: Workflow, findings: Sequence[Finding], edits: Sequence[Sequence[Edit]]
) -> tuple[Workflow, tuple[Edit, ...]] | None:
    """The workflow with all edits, or with those of the first finding alone that help."""
    for some in ([edit for one in edits for edit in one], *edits):
        changed, applied = _edited(workflow, some)
        if applied and changed is not None:
            after = lint(changed)
            fewer = _in_folder(changed, after) < _in_folder(workflow, findings)
            if fewer and len(errors(after)) <= len(errors(findings)):
                return changed, applied
    return None


def _in_folder(workflow: Workflow, findings: Iterable[Finding]) -> int:
    """How many findings are in the workflow's own files: an edit may lead to a file of workflows/shared at last."""
    return sum(finding.path.startswith(f"{workflow.source.path}/") for finding in findings)


def _edited(workflow: Workflow, edits: Iterable[Edit]) -> tuple[Workflow | None, tuple[Edit, ...]]:
    """The workflow as it reads with some edits, or None where it cannot be read then."""
    source = workflow.source
    resources = dict(source.resources)
    applied: list[Edit] = []
    for relative in dict.fromkeys((*source.resources, SECRETS)):
        here = [edit for edit in edits if edit.path == source.shown(relative)]
        if here:
            text, fitting = apply_edits(decode(resources.get(relative, b""), source.shown(relative)), here)
            resources[relative] = text.encode()
            applied += fitting
    try:
        return read_workflow(replace(source, resources=resources)), tuple(applied)
    except FindingsError:
        return None, ()


def _text(workflow: Workflow, path: str) -> bytes:
    return next(data for relative, data in workflow.source.resources.items() if workflow.source.shown(relative) == path)
