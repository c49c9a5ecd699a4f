"""The charts folder of a repository: the umbrella chart and its sub-charts, one per workflow."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from generator.chart.chart import Chart
from generator.chart.content import content_key
from generator.chart.files import ChartFiles
from generator.chart.names import CHANGELOG, FOLDER_ANNOTATION
from generator.chart.umbrella import SubChart, umbrella_files
from generator.compatibility.capabilities import OperatorCapabilities
from generator.compatibility.supported import operator_annotations
from generator.findings.errors import OutputError
from generator.text.yaml_reader import parse
from generator.versions.semver_text import parse_version
from generator.workflow.folder import is_staged


@dataclass(frozen=True, kw_only=True)
class ChartsFolder:
    """The current content: the umbrella's own files by path, and those of each sub-chart by name."""

    path: Path
    own: ChartFiles = field(default_factory=ChartFiles)
    charts: Mapping[str, ChartFiles] = field(default_factory=dict)
    changelogs: Mapping[str, bytes] = field(default_factory=dict)
    """The CHANGELOG.md of each chart by name; it is kept apart, as packages do not contain it."""

    def files(self) -> ChartFiles:
        """Return all files of the umbrella, including its sub-charts."""
        return ChartFiles.joined(self.own, self.charts)

    def with_changelogs(self, files: ChartFiles) -> ChartFiles:
        """Return `files` with the changelogs of the charts in them."""
        staying = {name: {CHANGELOG: self.changelogs[name]} for name in self.changelogs.keys() & files.subcharts.keys()}
        return ChartFiles.joined(files, staying)

    def version(self) -> str | None:
        """Return the version of the umbrella, or None if there is none yet.

        Raises:
            VersionError: the version is not SemVer.
            FindingsError: its Chart.yaml cannot be parsed.
        """
        return _version(self.own, self.path)

    def chart_version(self, name: str) -> str | None:
        """Return the version of a chart; see `version`."""
        return _version(self.charts.get(name, {}), self.path / "charts" / name)

    def changed(self, chart: Chart) -> bool:
        """Return whether an existing chart differs from a generated one."""
        return chart.name in self.charts and content_key(self.charts[chart.name]) != content_key(chart.files)

    def state(self, chart: Chart) -> str:
        """Return how a build changes the files of a chart: new, changed or unchanged."""
        there = self.charts.get(chart.name)
        return "new" if there is None else "unchanged" if there == chart.files else "changed"

    def wanted(
        self,
        charts: Mapping[str, Chart],
        version: str,
        *,
        capabilities: OperatorCapabilities | None,
        everything: bool,
        kept: Collection[str] = (),
    ) -> ChartFiles:
        """Return all files of the new umbrella: generated charts, earlier ones, and hand-made ones unchanged.

        With `everything`, a generated chart that is neither in `charts` nor `kept` is removed. Without `capabilities`,
        the umbrella keeps its annotations about operators.
        """
        subs = [SubChart(name=c.name, version=c.version, description=c.description) for c in charts.values()]
        wanted = {chart.name: chart.files for chart in charts.values()}
        for name in sorted(self.charts.keys() - charts.keys()):
            there = self.charts[name]
            metadata = _metadata(there, self.path / "charts" / name)
            annotations = metadata.get("annotations")
            generated = isinstance(annotations, dict) and FOLDER_ANNOTATION in annotations
            if everything and generated and name not in kept:
                continue
            wanted[name] = there
            if metadata:
                subs.append(_hand_made_or_built_before(name, metadata, generated=generated))
        annotations = operator_annotations(capabilities) if capabilities else chart_annotations(self.own)
        return ChartFiles.joined(umbrella_files(subs, version=version, annotations=annotations), wanted)


def chart_annotations(files: Mapping[str, bytes]) -> dict[str, str]:
    """Return the annotations in the Chart.yaml of a chart.

    Raises:
        FindingsError: its Chart.yaml cannot be parsed.
    """
    annotations = _metadata(files, Path()).get("annotations")
    return {str(key): str(value) for key, value in annotations.items()} if isinstance(annotations, dict) else {}


def read_charts_folder(path: Path) -> ChartsFolder:
    """Read the umbrella's folder, which may be missing, or have only sub-charts.

    Raises:
        OutputError: it cannot be read, or has files but no chart, so it must not be replaced.
    """
    if not path.is_dir():
        return ChartsFolder(path=path)
    try:
        listed = (file for file in path.rglob("*") if not is_staged(file.relative_to(path)))
        files = sorted(file for file in listed if file.is_file())
        if not (path / "Chart.yaml").is_file() and any(path / "charts" not in file.parents for file in files):
            raise OutputError(
                f"{path}: contains files but no Chart.yaml, so it is not a chart; move it away, or name another"
            )
        read = ChartFiles({file.relative_to(path).as_posix(): file.read_bytes() for file in files})
    except OSError as error:
        raise OutputError(f"{error.filename}: cannot be read: {error.strerror}") from error
    below = read.subcharts
    charts = {name: files.without(CHANGELOG) for name, files in below.items()}
    changelogs = {name: files[CHANGELOG] for name, files in below.items() if CHANGELOG in files}
    return ChartsFolder(path=path, own=read.own, charts=charts, changelogs=changelogs)


def chart_version(folder: Path) -> str | None:
    """Return the version of the chart in `folder`, or None if there is no chart yet.

    Raises:
        VersionError: the version is not SemVer.
        FindingsError: its Chart.yaml cannot be parsed.
    """
    path = folder / "Chart.yaml"
    return _version({"Chart.yaml": path.read_bytes()}, folder) if path.is_file() else None


def _hand_made_or_built_before(name: str, metadata: Mapping[str, object], *, generated: bool) -> SubChart:
    description = str(metadata.get("description", ""))
    return SubChart(name=name, version=str(metadata.get("version")), description=description, checked=generated)


def _version(files: Mapping[str, bytes], shown: Path) -> str | None:
    version = _metadata(files, shown).get("version")
    return None if version is None else str(parse_version(str(version), f"{shown}/Chart.yaml: version"))


def _metadata(files: Mapping[str, bytes], shown: Path) -> dict[str, object]:
    if "Chart.yaml" not in files:
        return {}
    content = parse(files["Chart.yaml"], f"{shown}/Chart.yaml").root.plain()
    return content if isinstance(content, dict) else {}
