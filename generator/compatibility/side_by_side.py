"""Finds workflows with the same id, which cannot run in one namespace, because their objects have the same names."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from generator.compatibility.rendered import RenderedChart
from generator.findings.finding import Finding, Severity
from generator.findings.position import Position
from generator.kubernetes.objects import VERSION
from generator.workflow.workflow import Workflow

RULE: Final = "colliding-id"
#: How an id ends that has a version in it.
_NUMBERED: Final = re.compile(r"-v[0-9]+$")


@dataclass(frozen=True, kw_only=True)
class Installable:
    """A workflow that can be installed; `name` is that of its SonataFlow, the id in lower case.

    `chart` is its chart's name, `version` the workflow's version, or "" if unknown. `at` is the position of the id in a
    `folder`, or else the chart.
    """

    name: str
    chart: str
    version: str
    at: Position
    folder: bool


def of_workflow(workflow: Workflow, chart: str) -> Installable:
    """Return a workflow folder as installable, with the name of its chart."""
    definition = workflow.definition
    at = definition.position_of("id")
    return Installable(name=workflow.object_name, chart=chart, version=definition.version, at=at, folder=True)


def of_chart(rendered: RenderedChart, chart: str, path: str) -> Iterator[Installable]:
    """Yield the SonataFlow resources of a chart as installable."""
    for resource in rendered.resources.values():
        metadata = resource["metadata"]
        # The annotation comes last: a label cannot hold every version.
        versions = {**(metadata.get("labels") or {}), **(metadata.get("annotations") or {})}
        yield Installable(
            name=str(metadata["name"]),
            chart=chart,
            version=str(versions.get(VERSION, "")),
            at=Position(path=path),
            folder=False,
        )


def collisions(installables: Iterable[Installable]) -> Iterator[Finding]:
    """Yield a finding for each workflow that has the id of an earlier one.

    The same version of a chart, as a folder and as a package, is the same workflow. Two versions of a chart are a
    warning, because they may be an upgrade.
    """
    found = list(installables)
    names = {each.name for each in found}
    seen: dict[str, list[Installable]] = {}
    for each in found:
        others = seen.setdefault(each.name, [])
        if other := next((other for other in others if not _are_same_version(each, other)), None):
            upgrade = each.chart == other.chart and not (each.folder and other.folder)
            yield _finding(each, other, _free(each.name, names), Severity.WARNING if upgrade else Severity.ERROR)
        others.append(each)


def _are_same_version(each: Installable, other: Installable) -> bool:
    """Return whether both are the same version of the same chart, as a folder, a chart or a package."""
    same = each.chart == other.chart and each.version == other.version
    return same and not (each.folder and other.folder)


def _free(name: str, taken: Collection[str]) -> str:
    """The next id that no other workflow has: greeting-v3 where there are greeting and greeting-v2."""
    base = _NUMBERED.sub("", name)
    return next(free for number in itertools.count(2) if (free := f"{base}-v{number}") not in taken)


def _finding(each: Installable, other: Installable, free: str, severity: Severity) -> Finding:
    what = "is also that of" if severity is Severity.ERROR else "has another version in"
    message = (
        f"the id '{each.name}' {what} {other.at.path}: in one namespace, one replaces the other; to run both, give one "
        f"another id, such as '{free}'"
    )
    at = each.at
    return Finding(path=at.path, line=at.line, column=at.column, rule=RULE, message=message, severity=severity)
