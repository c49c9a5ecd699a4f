"""The main job: from workflow folders to charts, packages and an index. It only composes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Protocol, TypeVar

from semver import Version

from generator.chart import Chart, chart_name, required_values, workflow_chart
from generator.content_key import content_key
from generator.errors import FindingsError, OutputError, VersionError
from generator.findings import Finding, errors, in_file_order, strictly
from generator.lint import RULES, SIZES, lint, lint_sizes, lint_together
from generator.lint.ignores import heed
from generator.lint.rule import Repository
from generator.manifests import ImageReference
from generator.minify import Saving, minified
from generator.next_version import Need, Step, at_most, largest, next_step
from generator.source import SharedFiles
from generator.umbrella import NAME as UMBRELLA
from generator.versions import Bump
from generator.workflow import Workflow
from pipeline import index as index_file
from pipeline.charts_folder import ChartsFolder, read_charts_folder
from pipeline.files import FILE_MODE, Transaction, differences
from pipeline.index import Index
from pipeline.outcome import BuildOptions, BuildResult, BuiltChart
from pipeline.package import Package, package, read_package_files
from pipeline.reading import read_folder
from pipeline.report import plural
from pipeline.settings import Settings

T = TypeVar("T")


class Reporter(Protocol):
    """Hears which stage of the work has begun, and how far it is."""

    def stage(self, name: str, what: str) -> None:
        """`name` is the stage, `what` a few words on how much there is to do."""

    def track(self, name: str, items: Sequence[T]) -> Iterable[T]:
        """Hand on `items` one by one, and show how many of them are done."""


@dataclass(frozen=True, kw_only=True)
class _Work:
    """All that a build starts from: workflows that passed their checks, what is there already, what was asked for."""

    workflows: Mapping[str, Workflow]
    """Chart name to workflow."""
    findings: tuple[Finding, ...]
    savings: tuple[Saving, ...]
    folder: ChartsFolder
    known: Index
    options: BuildOptions
    settings: Settings

    def chart(self, name: str, version: str) -> Chart:
        """The chart of a workflow at a version."""
        workflow = self.workflows[name]
        return workflow_chart(workflow, version=version, image=image_of(workflow, self.settings))


@dataclass(frozen=True, kw_only=True)
class _Packed:
    """Charts at the versions that they get, their packages, and how the versions moved; each by the chart's name."""

    charts: Mapping[str, Chart]
    packages: Mapping[str, Package]
    steps: Mapping[str, Step]


def read_folders(
    folders: Iterable[Path], settings: Settings, *, complete: bool = False
) -> tuple[list[Workflow], tuple[Finding, ...]]:
    """Read and check many folders; what cannot be read is among the findings, what the settings ignore is not.

    `complete` says that no workflow of the repository is left out.
    """
    workflows: list[Workflow] = []
    findings: list[Finding] = []
    shared: dict[Path, SharedFiles] = {}
    for folder in folders:
        try:
            workflow = read_folder(folder, shared)
        except FindingsError as error:
            findings += error.findings
            complete = False
        else:
            workflows.append(workflow)
            findings += lint(workflow)
    findings += lint_together(Repository(workflows=workflows, complete=complete))
    heard = heed(findings, workflows, settings.ignores, RULES, complete=complete)
    return workflows, strictly(heard) if settings.strict else heard


def image_of(workflow: Workflow, settings: Settings) -> ImageReference:
    """Where the image of a workflow is, tagged with the hash of what it is built from."""
    repository = f"{settings.registry}/{settings.image_prefix}{workflow.source.name}".lower()
    return ImageReference(repository=repository, tag=workflow.image_tag())


def build(options: BuildOptions, settings: Settings, *, created: datetime, reporter: Reporter) -> BuildResult:
    """Check, then generate charts, packages and index, then write all of it at once.

    Raises:
        FindingsError: a workflow has errors; every finding of every folder is in it, and nothing was written.
        VersionError: the index has a version with other bytes.
        OutputError: something cannot be written; what was there is still there.
    """
    work = _prepare(options, settings, reporter)
    charts = _charts(work, reporter)
    reporter.stage("packages", plural(len(charts) + 1, "package"))
    packed = _packages(work, charts, reporter)
    umbrella, umbrella_package = _umbrella(work, packed)
    reporter.stage("index", str(settings.output / "index.yaml"))
    packages = [*packed.packages.values(), umbrella_package]
    index = index_file.add(work.known, packages, created=created, url=settings.repository_url)
    _write(work, umbrella, packages, index)
    return BuildResult(
        charts=tuple(_row(work, chart, packed) for chart in sorted(packed.charts.values(), key=_folder_name)),
        umbrella=_umbrella_row(work, umbrella, umbrella_package),
        index=settings.output / "index.yaml",
        findings=work.findings,
        savings=work.savings,
    )


def check(options: BuildOptions, settings: Settings, *, reporter: Reporter) -> tuple[str, ...]:
    """Return the paths in the charts folder whose bytes are not what would be generated; writes nothing.

    Raises:
        FindingsError: a workflow has errors.
    """
    work = _prepare(options, settings, reporter)
    version = work.folder.version() or settings.initial_version
    wanted = work.folder.wanted(_charts(work, reporter), version, everything=options.everything)
    different = differences(work.folder.path, work.folder.with_changelogs(wanted))
    return tuple(f"{work.folder.path.as_posix()}/{path}" for path in different)


def _prepare(options: BuildOptions, settings: Settings, reporter: Reporter) -> _Work:
    reporter.stage("check", plural(len(options.folders), "workflow"))
    tracked = reporter.track("check", options.folders)
    workflows, heard = read_folders(tracked, settings, complete=options.everything)
    findings = list(heard)
    savings: list[Saving] = []
    if options.minify_specs:
        cut = [minified(workflow) for workflow in workflows]
        workflows = [workflow for workflow, _ in cut]
        savings = [saving for _, some in cut for saving in some]
        others = (finding for finding in findings if finding.rule not in SIZES)
        findings = [*others, *(finding for workflow in workflows for finding in lint_sizes(workflow))]
    named = {chart_name(workflow.source.name): workflow for workflow in workflows}
    ordered = in_file_order([*findings, *_charts_that_meet(workflows, named)])
    if errors(ordered):
        raise FindingsError(ordered)
    reporter.stage("charts", plural(len(workflows), "chart"))
    return _Work(
        workflows=named,
        findings=ordered,
        savings=tuple(savings),
        folder=read_charts_folder(settings.charts / UMBRELLA),
        known=known_index(settings.output, options.merge),
        options=options,
        settings=settings,
    )


def _charts_that_meet(workflows: Iterable[Workflow], named: Mapping[str, Workflow]) -> Iterator[Finding]:
    for workflow in workflows:
        name = chart_name(workflow.source.name)
        if named[name] is not workflow:
            message = f"the folder and {named[name].source.path} both make the chart '{name}'; rename one"
            yield Finding(path=workflow.source.path, rule="chart-name", message=message)


def known_index(output: Path, merge: Path | None) -> Index:
    """The index that lies in `output`, merged with another one where that is given.

    Raises:
        OutputError: one cannot be read.
        FindingsError: one is no index.
        VersionError: the two have one version with other bytes.
    """
    known = read_index(output / "index.yaml", optional=True)
    return index_file.merge(known, read_index(merge)) if merge else known


def read_index(path: Path, *, optional: bool = False) -> Index:
    """Read an index.yaml; an optional one that is not there is empty.

    Raises:
        OutputError: it cannot be read.
        FindingsError: it is no index.
    """
    try:
        return index_file.parse_index(path.read_bytes(), path.as_posix())
    except FileNotFoundError:
        if optional:
            return index_file.EMPTY
        raise OutputError(f"{path}: there is no such file") from None
    except OSError as error:
        raise OutputError(f"{path}: cannot be read: {error.strerror}") from error


def _charts(work: _Work, reporter: Reporter) -> dict[str, Chart]:
    """The charts by name, at their committed versions; new ones start at the setting."""
    charts: dict[str, Chart] = {}
    findings: list[Finding] = []
    for name in reporter.track("charts", list(work.workflows)):
        try:
            charts[name] = work.chart(name, work.folder.chart_version(name) or work.settings.initial_version)
        except FindingsError as error:
            findings += error.findings
    if findings:
        raise FindingsError(in_file_order([*work.findings, *findings]))
    return charts


def _packages(work: _Work, charts: Mapping[str, Chart], reporter: Reporter) -> _Packed:
    """Charts and packages by name, at new versions where they were asked for."""
    versioned: dict[str, Chart] = {}
    packages: dict[str, Package] = {}
    steps: dict[str, Step] = {}
    refused: list[str] = []
    for name, committed in reporter.track("packages", list(charts.items())):
        packed = package(committed.files, name)
        chart = committed
        try:
            if found := _step(work, committed, packed):
                chart = work.chart(name, str(found.after))
                packed = package(chart.files, name)
                steps[name] = found
        except VersionError as error:
            refused.append(f"{name}: {error}")
        versioned[name], packages[name] = chart, packed
    refused = refused or [index_file.published_otherwise(p) for p in packages.values() if work.known.differs(p)]
    if refused:
        raise VersionError("\n".join(refused))
    return _Packed(charts=versioned, packages=packages, steps=steps)


def _step(work: _Work, chart: Chart, packed: Package) -> Step | None:
    """How a chart's version moves; None where it stays.

    A chart that was named gets the bump that was asked for; with --all, and with `auto`, only one that changed since
    the version that was published or committed.
    """
    options, version = work.options, Version.parse(chart.version)
    if options.bump is None:
        return None
    if options.bump == "release":
        return Step(before=version, part="release") if version.prerelease or not options.everything else None
    base = _base(work, chart)
    need = None
    if base is not None and content_key(base) != content_key(chart.files):
        need = _need(work, chart, base)
    elif work.known.differs(packed):
        need = Need(part="patch", reasons=[f"{version} is published with other bytes"])
    if need is None and (options.everything or options.bump == "auto"):
        return None
    return next_step(version, options.bump, need, forced=options.force_version)


def _need(work: _Work, chart: Chart, base: Mapping[str, bytes]) -> Need:
    from generator.difference import side_of_workflow  # noqa: PLC0415 - 50 ms that a build without --bump does not pay
    from generator.difference.need import need_of  # noqa: PLC0415 - as above

    workflow = work.workflows[chart.name]
    new = side_of_workflow(workflow, title=chart.folder, image=image_of(workflow, work.settings))
    return need_of(base, chart.files, new, Version.parse(chart.version))


def _base(work: _Work, chart: Chart) -> Mapping[str, bytes] | None:
    """The files of the version before: as its package has them that the index names, else as they are committed."""
    entry = work.known.find(chart.name, chart.version)
    path = work.settings.output / f"{chart.name}-{chart.version}.tgz"
    if entry and path.is_file():
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() == entry.get("digest"):
            return read_package_files(data, path.as_posix())
    return work.folder.charts.get(chart.name)


def _umbrella(work: _Work, packed: _Packed) -> tuple[dict[str, bytes], Package]:
    """The umbrella, moved by the largest part that its charts move by; it takes and loses charts as values."""
    options, settings, folder = work.options, work.settings, work.folder
    version = Version.parse(folder.version() or settings.initial_version)
    towards = [each.towards if each.part == "rc" else each.part for each in packed.steps.values()]
    parts = [part for part in towards if part != "release"]
    part: Bump = "patch"
    if options.bump == "auto":
        there = folder.wanted(packed.charts, str(version), everything=options.everything)
        names = {path.split("/")[1] for path in there if path.startswith("charts/")}
        parts += ["major"] if folder.charts.keys() - names else ["minor"] if names - folder.charts.keys() else []
        part = "rc" if version.prerelease else at_most(version, largest(parts))
    elif options.bump not in (None, "release"):
        part = options.bump
    moving = Step(before=version, part=part, towards=largest(parts))
    return moved_umbrella(folder, packed.charts, work.known, moving, everything=options.everything)


def moved_umbrella(
    folder: ChartsFolder, charts: Mapping[str, Chart], known: Index, moving: Step, *, everything: bool = False
) -> tuple[dict[str, bytes], Package]:
    """The files of the umbrella with all its charts, and its package.

    Nobody writes its version by hand, so it moves on by itself when what is in it changed.
    """
    while True:
        files = folder.wanted(charts, str(moving.before), everything=everything)
        packed = package(files, UMBRELLA)
        if not known.differs(packed):
            return files, packed
        moving = replace(moving, before=moving.after)


def _write(work: _Work, umbrella: Mapping[str, bytes], packages: Iterable[Package], index: Index) -> None:
    with Transaction() as transaction:
        if work.folder.files() != umbrella:
            transaction.replace_tree(work.folder.path, work.folder.with_changelogs(umbrella))
        for packed in packages:
            write_if_changed(transaction, work.settings.output / packed.file_name, packed.data)
        write_if_changed(transaction, work.settings.output / "index.yaml", index_file.render(index))
        transaction.commit()


def write_if_changed(transaction: Transaction, target: Path, data: bytes, *, mode: int = FILE_MODE) -> None:
    """Stage a file unless it has these bytes already, and is no more open than it should be."""
    try:
        same = target.is_file() and target.read_bytes() == data and not target.stat().st_mode & 0o777 & ~mode
    except OSError as error:
        raise OutputError(f"{target}: cannot be read: {error.strerror}") from error
    if not same:
        transaction.replace_file(target, data, mode=mode)


def _row(work: _Work, chart: Chart, packed: _Packed) -> BuiltChart:
    workflow, archive = work.workflows[chart.name], packed.packages[chart.name]
    moved = packed.steps.get(chart.name)
    return BuiltChart(
        folder=chart.folder,
        chart=chart.name,
        version=chart.version,
        image=str(image_of(workflow, work.settings)),
        package=work.settings.output / archive.file_name,
        state=work.folder.state(chart),
        bytes=len(archive.data),
        required=required_values(workflow),
        before=str(moved.before) if moved else None,
        bump=moved.part if moved else None,
        reason=moved.reason if moved else "",
    )


def _umbrella_row(work: _Work, files: Mapping[str, bytes], packed: Package) -> BuiltChart:
    before = work.folder.files()
    return BuiltChart(
        folder="",
        chart=UMBRELLA,
        version=packed.version,
        image="",
        package=work.settings.output / packed.file_name,
        state="new" if not before else "unchanged" if before == files else "changed",
        bytes=len(packed.data),
    )


def _folder_name(chart: Chart) -> str:
    return chart.folder
