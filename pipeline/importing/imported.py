"""The plan of an import, with the result for each workflow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from generator.chart.chart import Chart
from generator.findings.edits import Edit
from generator.findings.finding import Finding, errors
from generator.handmade.chart import Adopted, Remark
from generator.workflow.workflow import Workflow
from pipeline.charts.folder import ChartsFolder
from pipeline.charts.index import Index
from pipeline.importing.rows import ImportedRows
from pipeline.importing.source import ReadFile

State = Literal["imported", "unchanged", "left out"]


@dataclass(kw_only=True)
class Imported:
    """The result for one workflow. `problems` say why it is left out, `adopted` is its hand-made chart."""

    name: str
    folder: str
    """Its folder in the other repository."""
    files: dict[str, ReadFile] = field(default_factory=dict)
    chart_folder: str = ""
    adopted: Adopted | None = None
    workflow: Workflow | None = None
    chart: Chart | None = None
    there: bool = False
    """Whether this repository has the workflow already, with the same files."""
    problems: list[str] = field(default_factory=list)
    findings: tuple[Finding, ...] = ()
    fixed: tuple[Edit, ...] = ()
    gone: list[Remark] = field(default_factory=list)

    @property
    def state(self) -> State:
        """The workflow's state."""
        if self.problems or errors(self.findings):
            return "left out"
        return "unchanged" if self.there else "imported"

    @property
    def needs_hand(self) -> bool:
        """Whether the user has something to do."""
        return self.state == "left out" or bool(self.adopted and self.adopted.by_hand)


@dataclass(frozen=True, kw_only=True)
class ImportPlan:
    """Everything that an import writes."""

    workflows: tuple[Imported, ...]
    shared: Mapping[str, bytes]
    """The new files of shared/ by path."""
    clashes: tuple[str, ...]
    """The files of shared/ that exist here with other content."""
    folder: ChartsFolder
    known: Index
    rows: ImportedRows
    notes: tuple[str, ...]

    def of(self, state: State) -> list[Imported]:
        """Return the workflows in a state."""
        return [each for each in self.workflows if each.state == state]
