"""The plan of a build: linted workflows, existing charts and index, and the request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from generator.chart.chart import Chart, chart_name, workflow_chart
from generator.chart.names import UMBRELLA
from generator.chart.pin import Pin
from generator.compatibility.version_line import VersionLine
from generator.contracts.minify import Saving
from generator.findings.finding import Finding
from generator.kubernetes.objects import ImageReference
from generator.workflow.workflow import Workflow
from pipeline.build.left_out import LeftOut, leaving_out
from pipeline.build.pins import has_pins, known_pins, pinned_package, without_replaceable
from pipeline.build.request import BuildRequest
from pipeline.charts.archive import Package
from pipeline.charts.folder import ChartsFolder
from pipeline.charts.index import Index, read_index
from pipeline.images.recipes import Recipes
from pipeline.images.result import ImageResult
from pipeline.operators.known import Operators
from pipeline.workspace.settings import Settings

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Everything that a build works on. `line` is the operator that the charts are built for."""

    workflows: Mapping[str, Workflow]
    """The workflow by chart name."""
    recipes: Recipes
    images: Mapping[str, ImageReference]
    """The workflow's image by chart name."""
    findings: tuple[Finding, ...]
    savings: tuple[Saving, ...]
    operators: Operators
    line: VersionLine
    folder: ChartsFolder
    known: Index
    options: BuildRequest
    settings: Settings
    pins: Mapping[str, tuple[Pin, ...]] = field(default_factory=dict)
    """The digests for the images in a chart's package, by chart name."""
    failed: frozenset[str] = frozenset()
    """The charts that stay as they are because one of their images failed."""
    left_out: tuple[LeftOut, ...] = ()
    """The workflows that are not built because of errors."""

    @property
    def kept(self) -> frozenset[str]:
        """The charts that stay as they are although their workflows are not built."""
        excluded = (chart_name(folder.name) for folder in self.options.excluded)
        return self.failed.union(excluded, (each.chart for each in self.left_out))

    def without(self, reasons: Mapping[str, Sequence[Finding | str]]) -> Plan:
        """Return the plan without some charts; `reasons` are by chart name."""
        more = [leaving_out(self.workflows[name].source.name, why) for name, why in reasons.items()]
        workflows = {name: workflow for name, workflow in self.workflows.items() if name not in reasons}
        return replace(self, workflows=workflows, left_out=(*self.left_out, *more))

    def of(self, each: Mapping[str, T]) -> dict[str, T]:
        """Return only the values of charts that are built."""
        return {name: value for name, value in each.items() if name in self.workflows}

    def with_images(self, made: Sequence[ImageResult]) -> Plan:
        """Return the plan with the digests of its images, and without the workflows whose images failed."""
        by_folder = {workflow.source.name: name for name, workflow in self.workflows.items()}
        failed = frozenset(by_folder[image.workflow] for image in made if image.state == "failed")
        pushed: dict[str, list[Pin]] = {}
        for image in made:
            if image.pin:
                pushed.setdefault(by_folder[image.workflow], []).append(image.pin)
        pins = {}
        for name in self.workflows.keys() - failed:
            now = pushed.get(name, [])
            there = {pin.repository for pin in now}
            before = known_pins(self.known, name, self._keys(name)) if has_pins(self.known, name) else ()
            pins[name] = (*now, *(pin for pin in before if pin.repository not in there))
        return replace(
            self,
            workflows={name: workflow for name, workflow in self.workflows.items() if name not in failed},
            pins=pins,
            failed=failed,
        )

    def _keys(self, name: str) -> dict[str, str]:
        """Return the committed image key of each image of a chart, by repository."""
        return {reference.repository: recipe.key for recipe, reference in self.recipes.all(self.workflows[name])}

    def version(self, name: str) -> str:
        """Return the version of a chart before a bump.

        Raises:
            VersionError: no version is for the requested operator, or the committed one is for another.
        """
        committed = self.folder.version() if name == UMBRELLA else self.folder.chart_version(name)
        return self.line.start(name, committed, self.known.versions(name), self.settings.initial_version)

    def chart(self, name: str, version: str) -> Chart:
        """Return the chart of a workflow at a version."""
        workflow = self.workflows[name]
        return workflow_chart(
            workflow,
            version=version,
            image=self.images[name],
            functions=self.recipes.functions(workflow),
            capabilities=self.line.capabilities,
        )

    def replaceable(self, packages: Sequence[Package]) -> Index:
        """Return the index without the entries that packages with digests may replace."""
        if not any(self.pins.values()):
            return self.known
        options = self.options
        published = read_index(options.merge, accept=options.accept_index) if options.merge else None
        return without_replaceable(self.known, packages, self.settings.output, published)

    def packed(self, chart: Chart) -> Package:
        """Return the package of a chart, with the digests of its images."""
        return pinned_package(chart.files, chart.name, self.pins)
