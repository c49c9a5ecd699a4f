"""Applies all rules to a workflow, and to all workflows of a repository."""

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

#: The rules whose findings minified specs can resolve.
SIZES: Final = ("config-map-size", "release-size")
#: Below this size of the workflow's files, the whole release is smaller than Helm's limit.
_NEAR_THE_LIMIT: Final = MAX_RELEASE_BYTES * 3 // 4


def lint(workflow: Workflow) -> tuple[Finding, ...]:
    """Return all findings of a workflow, including suppressed ones, in file order."""
    findings = [*workflow.source.findings, *_chart_findings(workflow)]
    for definition in workflow.definitions():
        findings += definition.findings
    for rule in RULES.values():
        if rule.find:
            findings += rule.findings(rule.find(workflow))
    return in_file_order(findings)


def lint_sizes(workflow: Workflow) -> tuple[Finding, ...]:
    """Return only the findings of `lint` about sizes, which are the ones that minified specs change."""
    size = RULES["config-map-size"]
    findings = size.findings(size.find(workflow) if size.find else ())
    return in_file_order([*(f for f in _chart_findings(workflow) if f.rule in SIZES), *findings])


def lint_together(repository: Repository) -> tuple[Finding, ...]:
    """Return the findings of rules that compare the workflows of a repository, in file order."""
    findings: list[Finding] = []
    for rule in RULES.values():
        if rule.find_together:
            findings += rule.findings(rule.find_together(repository))
    return in_file_order(findings)


def _chart_findings(workflow: Workflow) -> Iterator[Finding]:
    """Yield the errors of generating the chart, which is only tried if more than its name could be invalid."""
    try:
        if workflow.source.overlay or _is_large(workflow):
            workflow_chart(workflow, version="0.0.0", image=ImageReference(repository="any"))
        else:
            check_name(workflow)
    except FindingsError as error:
        yield from error.findings


def _is_large(workflow: Workflow) -> bool:
    """Return whether the workflow's files are near the size limit of a release; small ones are not compressed."""
    text = sum(map(len, workflow.mounted.values())) + len(workflow.source.resources[workflow.source.definition])
    return text > MAX_RELEASE_BYTES // 8 and release_bytes(payload(workflow)) > _NEAR_THE_LIMIT
