"""What a build works on: workflows that passed their checks, what is there already, what was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from generator.chart.chart import Chart, workflow_chart
from generator.chart.umbrella import NAME as UMBRELLA
from generator.compatibility.version_line import VersionLine
from generator.contracts.minify import Saving
from generator.findings.finding import Finding
from generator.kubernetes.objects import ImageReference
from generator.workflow.workflow import Workflow
from pipeline.build.request import BuildRequest
from pipeline.charts.folder import ChartsFolder
from pipeline.charts.index import Index
from pipeline.operators.known import Operators
from pipeline.workspace.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Plan:
    """All that a build starts from. `line` is what the charts are built for."""

    workflows: Mapping[str, Workflow]
    """Chart name to workflow."""
    images: Mapping[str, ImageReference]
    """Chart name to the image that it names."""
    findings: tuple[Finding, ...]
    savings: tuple[Saving, ...]
    operators: Operators
    line: VersionLine
    folder: ChartsFolder
    known: Index
    options: BuildRequest
    settings: Settings

    def version(self, name: str) -> str:
        """The version that a chart has before it moves.

        Raises:
            VersionError: none is for the operator that was asked for, or the committed one is for another.
        """
        committed = self.folder.version() if name == UMBRELLA else self.folder.chart_version(name)
        return self.line.start(name, committed, self.known.versions(name), self.settings.initial_version)

    def chart(self, name: str, version: str) -> Chart:
        """The chart of a workflow at a version."""
        return workflow_chart(
            self.workflows[name], version=version, image=self.images[name], capabilities=self.line.capabilities
        )
