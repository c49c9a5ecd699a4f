"""Checks workflows by every rule, each alone and all of a repository together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from generator.chart.chart import check_name, payload, workflow_chart
from generator.chart.release_size import MAX_RELEASE_BYTES, release_bytes
from generator.findings.errors import FindingsError
from generator.findings.finding import Finding, in_file_order
from generator.kubernetes.objects import ImageReference
from generator.lint.registry import RULES
from generator.lint.rule import Repository
from generator.workflow.workflow import Workflow

#: Rules that a cut of the specs may satisfy.
SIZES: Final = ("config-map-size", "release-size")
#: Below this a release with all that a chart adds to the workflow's own text stays below Helm's limit.
_NEAR_THE_LIMIT: Final = MAX_RELEASE_BYTES * 3 // 4


def lint(workflow: Workflow) -> tuple[Finding, ...]:
    """Return all that is wrong with a workflow, in file order; what comments ignore is still among it."""
    findings = [*workflow.source.findings, *_chart_findings(workflow)]
    for definition in workflow.definitions():
        findings += definition.findings
    for rule in RULES.values():
        if rule.find:
            findings += rule.findings(rule.find(workflow))
    return in_file_order(findings)


def lint_sizes(workflow: Workflow) -> tuple[Finding, ...]:
    """Return what of `lint` is about sizes, the one thing that a cut of the specs changes."""
    size = RULES["config-map-size"]
    findings = size.findings(size.find(workflow) if size.find else ())
    return in_file_order([*(f for f in _chart_findings(workflow) if f.rule in SIZES), *findings])


def lint_together(repository: Repository) -> tuple[Finding, ...]:
    """Return what is wrong between the workflows of one repository, in file order."""
    findings: list[Finding] = []
    for rule in RULES.values():
        if rule.find_together:
            findings += rule.findings(rule.find_together(repository))
    return in_file_order(findings)


def _chart_findings(workflow: Workflow) -> Iterator[Finding]:
    """What makes the workflow's chart impossible; it is made only where something but its name could."""
    try:
        if workflow.source.overlay or _is_large(workflow):
            workflow_chart(workflow, version="0.0.0", image=ImageReference(repository="any"))
        else:
            check_name(workflow)
    except FindingsError as error:
        yield from error.findings


def _is_large(workflow: Workflow) -> bool:
    """Whether the workflow's own text comes near the limit of a release; what is small is not composed to know."""
    text = sum(map(len, workflow.mounted.values())) + len(workflow.source.resources[workflow.source.definition])
    return text > MAX_RELEASE_BYTES // 8 and release_bytes(payload(workflow)) > _NEAR_THE_LIMIT
