"""Writes a chart's CHANGELOG.md from the differences between its versions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from semver import Version

from generator.chart.chart import chart_name
from generator.chart.files import ChartFiles
from generator.chart.names import CHANGELOG
from generator.compatibility.supported import is_same_line, operators_said
from generator.diff.changelog import section, versions_in, with_sections
from generator.diff.compare import compare
from generator.diff.snapshot import Snapshot, snapshot_of_chart
from generator.findings.errors import FindingsError, SettingsError
from generator.versions.semver_text import is_version
from pipeline.charts.archive import read_package_files
from pipeline.charts.folder import ChartsFolder, chart_annotations
from pipeline.charts.repository import ChartRepository, chart_repositories, read_repository
from pipeline.system.files import Transaction
from pipeline.system.journal import Journal
from pipeline.workspace.folders import find_folder
from pipeline.workspace.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Written:
    """The result: the changelog's path, and the versions with new sections, newest first."""

    path: Path
    versions: tuple[str, ...]


def write_changelog(name: str, folder: ChartsFolder, settings: Settings, journal: Journal) -> Written:
    """Add a section to a chart's changelog for each version without one: the current and the earlier published ones.

    Each version is compared with the previous one for the same operators.

    Raises:
        SettingsError: there is no such workflow, or its chart was never built.
        OutputError: a package cannot be fetched, or the changelog cannot be written; nothing was changed.
    """
    chart = chart_name(find_folder(name, settings).name)
    present = folder.chart_version(chart)
    if present is None:
        raise SettingsError(f"{name}: its chart was never built, so it has no version; waybill build {name} first")
    repository = _repository(chart, settings)
    text = folder.changelogs.get(chart, b"").decode()
    known = versions_in(text)
    before = _before(chart, present, repository)
    annotations = chart_annotations(folder.charts[chart])
    others = [version for version, said in before.items() if not is_same_line(annotations, said)]
    versions = [present, *(version for version in before if version not in others)]
    sections: dict[str, str] = {}

    def snapshot(version: str | None) -> Snapshot | None:
        if version is None:
            return None
        return _snapshot(
            folder.charts[chart] if version == present else _published(chart, version, repository), version
        )

    for version, previous in zip(versions, [*versions[1:], None], strict=True):
        if version not in known and (new := snapshot(version)):
            old = snapshot(previous)
            older = [other for other in others if Version.parse(other) < Version.parse(version)]
            operators = operators_said(annotations) if older else ""
            sections[version] = section(version, compare(old, new) if old else None, operators=operators)
    path = folder.path / "charts" / chart / CHANGELOG
    if sections:
        with Transaction(journal) as transaction:
            transaction.replace_file(path, with_sections(text, chart, sections).encode())
            transaction.commit()
    return Written(path=path, versions=tuple(sections))


def _repository(chart: str, settings: Settings) -> ChartRepository | None:
    """Return the repository that has the chart: the output folder, or else the settings' repository, or None."""
    for place in reversed(chart_repositories(settings.repository_url, settings.output)):
        repository = read_repository(place)
        if chart in repository.index.entries:
            return repository
    return None


def _before(chart: str, present: str, repository: ChartRepository | None) -> dict[str, Mapping[str, object]]:
    """Return the annotations of the published versions before the current one, newest first."""
    entries = repository.index.entries[chart] if repository else ()
    listed = {str(entry.get("version")): entry.get("annotations") for entry in entries}
    before = [version for version in listed if is_version(version) and Version.parse(version) < Version.parse(present)]
    found = ((version, listed[version]) for version in sorted(before, key=Version.parse, reverse=True))
    return {version: said if isinstance(said, Mapping) else {} for version, said in found}


def _published(chart: str, version: str, repository: ChartRepository | None) -> ChartFiles:
    if repository is None:
        return ChartFiles()
    return read_package_files(repository.fetch(chart, version), f"{chart}-{version}.tgz of {repository.place}")


def _snapshot(files: ChartFiles, version: str) -> Snapshot | None:
    """Return a version's snapshot without its number, or None if waybill did not make the chart."""
    try:
        return replace(snapshot_of_chart(files, title=version, shown=version), chart_version=None)
    except FindingsError:
        return None
