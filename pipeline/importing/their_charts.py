"""Finds the hand-made chart of each workflow in another repository."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from generator.chart.chart import chart_name
from generator.chart.names import FOLDER_ANNOTATION
from generator.findings.errors import FindingsError
from generator.handmade.layout import CHART_FILE, Layout, chart_for, is_below
from generator.handmade.objects import sonataflows_in
from generator.text.yaml_reader import parse
from pipeline.importing.source import ForeignRepository, ReadFolder


class TheirCharts:
    """The charts of a repository by folder, each read once."""

    def __init__(self, repository: ForeignRepository, layout: Layout) -> None:
        self._layout = layout
        self._read = {chart: repository.folder(chart) for chart in (*layout.charts, *layout.nested)}
        self._files = {
            chart: {path: file.data for path, file in read.files.items()} for chart, read in self._read.items()
        }
        self._installs = {chart: sonataflows_in(_templates(files)) for chart, files in self._files.items()}

    def __getitem__(self, chart: str) -> ReadFolder:
        """Return the files of a chart."""
        return self._read[chart]

    def inside(self, folder: str) -> list[str]:
        """Return the charts in a workflow's folder."""
        return [chart for chart in self._layout.charts if is_below(chart, folder)]

    def of(self, folder: str, name: str, object_name: str) -> list[str]:
        """Return the possible charts of a workflow, by its folder, its name and its custom resource's name."""
        if folder and (below := self.inside(folder)):
            return below
        for charts in (self._layout.charts, self._layout.nested):
            installs = {chart: self._installs[chart] for chart in charts}
            names = {chart: str(_chart_yaml(self._files[chart]).get("name", "")) for chart in charts}
            if mine := chart_for(folder or name, object_name, chart_name(name), installs, names):
                return mine
        return []

    def of_no_workflow(self, taken: Collection[str], folders: Collection[str]) -> Iterator[str]:
        """Yield the charts that are not `taken`, in a workflow's folder, generated, or around such charts."""
        generated = {chart for chart, files in self._files.items() if _is_generated(files)}
        for chart in self._layout.charts:
            mine = any(is_below(chart, folder) for folder in folders if folder)
            ours = any(is_below(each, chart) for each in (*generated, *taken) if each)
            if not mine and not ours:
                yield chart


def _chart_yaml(files: Mapping[str, bytes]) -> dict[str, Any]:
    """Return the content of a Chart.yaml, or an empty map if it cannot be read."""
    try:
        content = parse(files[CHART_FILE], CHART_FILE).root.plain() if CHART_FILE in files else None
    except FindingsError:
        return {}
    return content if isinstance(content, dict) else {}


def _is_generated(files: Mapping[str, bytes]) -> bool:
    annotations = _chart_yaml(files).get("annotations")
    return isinstance(annotations, dict) and FOLDER_ANNOTATION in annotations


def _templates(files: Mapping[str, bytes]) -> Iterator[str]:
    for path, data in files.items():
        if path.startswith("templates/") and path.endswith((".yaml", ".yml")):
            yield data.decode(errors="replace")
