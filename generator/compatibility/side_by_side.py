"""Workflows that cannot run side by side: two with one id, whose objects have the same names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from generator.compatibility.rendered import RenderedChart
from generator.findings.finding import Finding, Severity
from generator.findings.position import Position
from generator.kubernetes.objects import VERSION
from generator.workflow.workflow import Workflow

RULE: Final = "colliding-id"


@dataclass(frozen=True, kw_only=True)
class Installable:
    """A workflow that somebody may install: the name of its SonataFlow, which is its id in lower case.

    `chart` is its chart's name, `version` the workflow's own, "" where nobody says. `at` is where the id is written, of
    a `folder`, else the chart.
    """

    name: str
    chart: str
    version: str
    at: Position
    folder: bool


def of_workflow(workflow: Workflow, chart: str) -> Installable:
    """A workflow folder, and the chart that is made of it."""
    definition = workflow.definition
    at = definition.position_of("id")
    return Installable(name=workflow.object_name, chart=chart, version=definition.version, at=at, folder=True)


def of_chart(rendered: RenderedChart, chart: str, path: str) -> Iterator[Installable]:
    """The SonataFlow of a chart that somebody made."""
    for resource in rendered.resources.values():
        metadata = resource["metadata"]
        # A label cannot hold every version, the annotation can.
        said = {**(metadata.get("labels") or {}), **(metadata.get("annotations") or {})}
        yield Installable(
            name=str(metadata["name"]),
            chart=chart,
            version=str(said.get(VERSION, "")),
            at=Position(path=path),
            folder=False,
        )


def collisions(installables: Iterable[Installable]) -> Iterator[Finding]:
    """A finding for each workflow whose id another one before it has.

    The same version of one chart is one thing in two forms. Two versions of it are an upgrade, unless both are to run:
    that is a warning.
    """
    seen: dict[str, list[Installable]] = {}
    for each in installables:
        others = seen.setdefault(each.name, [])
        if other := next((other for other in others if not _are_one(each, other)), None):
            upgrade = each.chart == other.chart and not (each.folder and other.folder)
            yield _finding(each, other, Severity.WARNING if upgrade else Severity.ERROR)
        others.append(each)


def _are_one(each: Installable, other: Installable) -> bool:
    """Whether it is one version of one chart, as a folder, a chart or a package."""
    same = each.chart == other.chart and each.version == other.version
    return same and not (each.folder and other.folder)


def _finding(each: Installable, other: Installable, severity: Severity) -> Finding:
    what = "is also that of" if severity is Severity.ERROR else "has another version in"
    message = (
        f"the id '{each.name}' {what} {other.at.path}: in one namespace, one replaces the other; to run both, give one "
        f"another id, such as '{each.name}-v2'"
    )
    at = each.at
    return Finding(path=at.path, line=at.line, column=at.column, rule=RULE, message=message, severity=severity)
