"""What a proposal is about: a chart as it is on the base, the chart that shall be there, and where that comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from generator.chart.chart import ESCAPED_DOT, Chart
from generator.chart.files import ChartFiles
from generator.diff.change import Change, Difference, Topic, summary
from generator.diff.compare import compare
from generator.diff.snapshot import Snapshot, snapshot_of_chart
from generator.findings.errors import FindingsError
from generator.findings.finding import Finding
from generator.image.commit import SourceCommit
from generator.kubernetes.objects import ImageReference
from generator.text.yaml_reader import parse
from generator.versions.semver_text import is_version
from generator.workflow.workflow import Workflow


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody by the name and the address that git has; either may be empty, and neither is trusted."""

    name: str
    email: str


@dataclass(frozen=True, kw_only=True)
class Origin:
    """The commit of the workflow's own repository that a proposal brings.

    `url` is the page of the commit. `pull_request` is the URL of the pull request that brought it, or its number; both
    are empty where nobody knows them.
    """

    commit: SourceCommit
    subject: str
    author: Person
    url: str = ""
    pull_request: str = ""


@dataclass(frozen=True, kw_only=True)
class ImageChange:
    """An image that the chart names; `old` is None where the chart on the base names none in its place."""

    old: ImageReference | None
    new: ImageReference


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """One workflow's chart, proposed for the repository that the clusters follow.

    `old` are the files of the chart on the base; None where it has no such chart. `images` are the images of the
    workflow and of its functions; without any, the two charts say which image the workflow has. `command` shows the
    whole difference to whoever types it. `content` is the key of what is proposed (see `Holding`).
    """

    workflow: Workflow
    chart: Chart
    old: ChartFiles | None
    origin: Origin
    command: str
    findings: tuple[Finding, ...] = ()
    images: tuple[ImageChange, ...] = ()
    content: str = ""

    @cached_property
    def after(self) -> Snapshot:
        """The chart that is proposed."""
        return snapshot_of_chart(self.chart.files, title=self.chart.version, shown=self.chart.name)

    @cached_property
    def before(self) -> Snapshot | None:
        """The chart on the base; None where there is none, or none that waybill made."""
        if self.old is None:
            return None
        try:
            return snapshot_of_chart(self.old, title="the base", shown=self.chart.name)
        except FindingsError:
            return None

    @cached_property
    def difference(self) -> Difference | None:
        """What changes; None where there is nothing to compare with."""
        return compare(self.before, self.after) if self.before else None

    @property
    def changes(self) -> tuple[Change, ...]:
        """What changes of the workflow; the image and the chart's version have their own places."""
        own = ((Topic.IMAGE, "image"), (Topic.WORKFLOW, "chart version"))
        found = self.difference.changes if self.difference else ()
        return tuple(change for change in found if (change.topic, change.subject) not in own)

    @property
    def summary(self) -> str:
        """The changes of the workflow, counted, in a sentence."""
        if self.changes:
            return f"{summary(self.changes)}."
        if self.before and self.before.image != self.after.image:
            return "Only the image changes."
        return "Neither an install nor a caller sees a change."

    @property
    def breaks(self) -> bool:
        """Whether somebody has to act: an install, a caller, or whoever uses an object that is gone."""
        return bool(self.difference and self.difference.bump == "major")

    @cached_property
    def required(self) -> tuple[str, ...]:
        """The values that an install must give and need not have given before: paths with their dots as they are."""
        paths = self.after.required - (self.before.required if self.before else frozenset())
        return tuple(sorted(path.replace(ESCAPED_DOT, ".") for path in paths))

    @property
    def old_version(self) -> str:
        """The version of the chart on the base; empty where it has none."""
        version = str(_about(self.old or {}).get("version", ""))
        return version if is_version(version) else ""

    def annotations(self) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """The annotations of the chart on the base and of the one that is proposed."""
        before, after = (_about(each or {}).get("annotations") for each in (self.old, self.chart.files))
        return before if isinstance(before, dict) else {}, after if isinstance(after, dict) else {}


def _about(files: Mapping[str, bytes]) -> dict[str, Any]:
    """What Chart.yaml says; nothing where it cannot be read: what is on the base may have been made by anybody."""
    try:
        content = parse(files.get("Chart.yaml", b"{}"), "Chart.yaml").root.plain()
    except FindingsError:
        return {}
    return content if isinstance(content, dict) else {}
