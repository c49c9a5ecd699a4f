"""Workflows that cannot run side by side: two with one id, whose objects have the same names."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from generator.compatibility.rendered import RenderedChart
from generator.findings.finding import Finding, Severity
from generator.findings.position import Position
from generator.workflow.workflow import Workflow

RULE: Final = "colliding-id"
_VERSION: Final = "sonataflow.org/version"
#: How an id ends that has a version in it.
_NUMBERED: Final = re.compile(r"-v[0-9]+$")


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
        said = {**(metadata.get("annotations") or {}), **(metadata.get("labels") or {})}
        yield Installable(
            name=str(metadata["name"]),
            chart=chart,
            version=str(said.get(_VERSION, "")),
            at=Position(path=path),
            folder=False,
        )


def collisions(installables: Iterable[Installable]) -> Iterator[Finding]:
    """A finding for each workflow whose id another one before it has.

    The same version of one chart is one thing in two forms. Two versions of it are an upgrade, unless both are to run:
    that is a warning.
    """
    found = list(installables)
    names = {each.name for each in found}
    seen: dict[str, list[Installable]] = {}
    for each in found:
        others = seen.setdefault(each.name, [])
        if other := next((other for other in others if not _are_one(each, other)), None):
            upgrade = each.chart == other.chart and not (each.folder and other.folder)
            yield _finding(each, other, _free(each.name, names), Severity.WARNING if upgrade else Severity.ERROR)
        others.append(each)


def _are_one(each: Installable, other: Installable) -> bool:
    """Whether it is one version of one chart, as a folder, a chart or a package."""
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
