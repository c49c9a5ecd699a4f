"""The main job: from workflow folders to charts, packages and an index. It only composes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

from semver import Version

from generator.chart import Chart, chart_name, workflow_chart
from generator.document import parse
from generator.errors import FindingsError, OutputError, VersionError
from generator.findings import Finding, errors, in_file_order
from generator.lint import lint, lint_together
from generator.manifests import ImageReference
from generator.minify import Saving, minified
from generator.source import SharedFiles, read_shared, read_source
from generator.umbrella import NAME as UMBRELLA
from generator.umbrella import SubChart, umbrella_files
from generator.versions import Bump, bumped, parse_version
from generator.workflow import Workflow, read_workflow
from pipeline import index as index_file
from pipeline.files import Transaction, differences
from pipeline.folders import SHARED
from pipeline.index import Index
from pipeline.outcome import BuildOptions, BuildResult, BuiltChart
from pipeline.package import Package, package
from pipeline.settings import Settings

#: Says in Chart.yaml which workflow folder a chart was generated from.
FOLDER_ANNOTATION: Final = "waybill/folder"


class Reporter(Protocol):
    """Hears which stage of the work has begun."""

    def stage(self, name: str, what: str) -> None:
        """`name` is the stage, `what` a few words on how much there is to do."""


@dataclass(frozen=True, kw_only=True)
class _Prepared:
    """Workflows that passed their checks, with all they had to say."""

    workflows: tuple[Workflow, ...]
    findings: tuple[Finding, ...]
    savings: tuple[Saving, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Tree:
    """The charts folder as it lies on disk: the umbrella's files by path, and its version."""

    files: Mapping[str, bytes] = field(default_factory=dict)

    def sub_charts(self) -> tuple[str, ...]:
        """The names of the charts below charts/."""
        return tuple(sorted({path.split("/")[1] for path in self.files if path.startswith("charts/")}))

    def sub_chart(self, name: str) -> dict[str, bytes]:
        """The files of one chart, by path below its folder."""
        prefix = f"charts/{name}/"
        return {path.removeprefix(prefix): data for path, data in self.files.items() if path.startswith(prefix)}


def read_folder(folder: Path, shared: Mapping[Path, SharedFiles] | None = None) -> Workflow:
    """Read one workflow folder with the shared/ beside it.

    Raises:
        FindingsError: it cannot be read; see `read_source` and `read_workflow`.
    """
    beside = folder.resolve().parent / SHARED
    files = (shared or {}).get(beside) or read_shared(beside)
    return read_workflow(read_source(folder, shown=folder.as_posix(), shared=files))


def read_folders(folders: Iterable[Path]) -> tuple[list[Workflow], list[Finding]]:
    """Read and check many folders; what cannot be read is among the findings."""
    workflows: list[Workflow] = []
    findings: list[Finding] = []
    shared: dict[Path, SharedFiles] = {}
    for folder in folders:
        beside = folder.resolve().parent / SHARED
        try:
            if beside not in shared:
                shared[beside] = read_shared(beside)
            workflow = read_folder(folder, shared)
        except FindingsError as error:
            findings += error.findings
        else:
            workflows.append(workflow)
            findings += lint(workflow)
    return workflows, [*findings, *lint_together(workflows)]


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
    prepared = _prepare(options, reporter)
    tree = _read_tree(settings.charts / UMBRELLA)
    known = _known_index(options, settings)
    reporter.stage("charts", _count(len(prepared.workflows), "chart"))
    charts = {chart.name: chart for chart in _charts(prepared, tree, settings)}
    reporter.stage("packages", _count(len(charts) + 1, "package"))
    charts, packages = _versioned(charts, prepared, known, options, settings)
    umbrella, umbrella_package = _umbrella(charts, tree, known, options, settings)
    packages = [*packages, umbrella_package]
    reporter.stage("index", str(settings.output / "index.yaml"))
    index = index_file.add(known, packages, created=created, url=settings.repository_url)
    _write(umbrella, tree, packages, index, settings)
    rows = {chart.folder: _row(chart, tree, packages, prepared, settings) for chart in charts.values()}
    state = "unchanged" if dict(tree.files) == umbrella else "changed" if tree.files else "new"
    return BuildResult(
        charts=tuple(rows[folder] for folder in sorted(rows)),
        umbrella=BuiltChart(
            folder="",
            chart=UMBRELLA,
            version=umbrella_package.version,
            image="",
            package=settings.output / umbrella_package.file_name,
            state=state,
            bytes=len(umbrella_package.data),
        ),
        index=settings.output / "index.yaml",
        findings=prepared.findings,
        savings=prepared.savings,
    )


def check(options: BuildOptions, settings: Settings, *, reporter: Reporter) -> tuple[str, ...]:
    """Return the paths in the charts folder whose bytes are not what would be generated; writes nothing.

    Raises:
        FindingsError: a workflow has errors.
    """
    prepared = _prepare(options, reporter)
    folder = settings.charts / UMBRELLA
    tree = _read_tree(folder)
    reporter.stage("charts", _count(len(prepared.workflows), "chart"))
    charts = {chart.name: chart for chart in _charts(prepared, tree, settings)}
    version = _committed_version(tree.files, folder) or settings.initial_version
    wanted = _wanted_tree(charts, tree, version, everything=options.everything)
    return tuple(f"{folder.as_posix()}/{path}" for path in differences(folder, wanted))


def _prepare(options: BuildOptions, reporter: Reporter) -> _Prepared:
    reporter.stage("check", _count(len(options.folders), "workflow"))
    workflows, findings = read_folders(options.folders)
    savings: list[Saving] = []
    if options.minify_specs:
        cut = [minified(workflow) for workflow in workflows]
        workflows = [workflow for workflow, _ in cut]
        savings = [saving for _, some in cut for saving in some]
        findings = [f for f in findings if f.rule != "config-map-size"] + [f for w in workflows for f in lint(w)]
    ordered = in_file_order(findings)
    if errors(ordered):
        raise FindingsError(ordered)
    return _Prepared(workflows=tuple(workflows), findings=ordered, savings=tuple(savings))


def _read_tree(folder: Path) -> _Tree:
    """Read the charts folder; a folder without Chart.yaml is not ours to replace."""
    if not folder.is_dir():
        return _Tree()
    try:
        paths = [path for path in folder.rglob("*") if path.is_file()]
        if paths and not (folder / "Chart.yaml").is_file():
            raise OutputError(
                f"{folder}: holds files but no Chart.yaml, so it is no chart; move it away, or name another"
            )
        return _Tree(files={path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(paths)})
    except OSError as error:
        raise OutputError(f"{error.filename}: cannot be read: {error.strerror}") from error


def _known_index(options: BuildOptions, settings: Settings) -> Index:
    known = read_index(settings.output / "index.yaml", optional=True)
    return index_file.merge(known, read_index(options.merge)) if options.merge else known


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


def committed_version(folder: Path) -> str | None:
    """The version that the chart in `folder` has, or None where there is no chart yet.

    Raises:
        VersionError: it is not SemVer.
        FindingsError: its Chart.yaml cannot be parsed.
    """
    path = folder / "Chart.yaml"
    return _committed_version({"Chart.yaml": path.read_bytes()}, folder) if path.is_file() else None


def _charts(prepared: _Prepared, tree: _Tree, settings: Settings) -> list[Chart]:
    """The charts at their committed versions; new ones start at the setting."""
    charts: list[Chart] = []
    findings: list[Finding] = []
    folders: dict[str, str] = {}
    for workflow in prepared.workflows:
        name = chart_name(workflow.source.name)
        if (other := folders.setdefault(name, workflow.source.path)) != workflow.source.path:
            message = f"the folder and {other} both make the chart '{name}'; rename one"
            findings.append(Finding(path=workflow.source.path, rule="chart-name", message=message))
            continue
        path = settings.charts / UMBRELLA / "charts" / name
        version = _committed_version(tree.sub_chart(name), path) or settings.initial_version
        try:
            charts.append(workflow_chart(workflow, version=version, image=image_of(workflow, settings)))
        except FindingsError as error:
            findings += error.findings
    if findings:
        raise FindingsError(in_file_order([*prepared.findings, *findings]))
    return charts


def _committed_version(files: Mapping[str, bytes], shown: Path) -> str | None:
    metadata = _metadata(files, shown)
    version = metadata.get("version")
    if version is None:
        return None
    return str(parse_version(str(version), f"{shown}/Chart.yaml: version"))


def _metadata(files: Mapping[str, bytes], shown: Path) -> dict[str, object]:
    if "Chart.yaml" not in files:
        return {}
    content = parse(files["Chart.yaml"], f"{shown}/Chart.yaml").root.plain()
    return content if isinstance(content, dict) else {}


def _versioned(
    charts: Mapping[str, Chart],
    prepared: _Prepared,
    known: Index,
    options: BuildOptions,
    settings: Settings,
) -> tuple[dict[str, Chart], list[Package]]:
    """Pack each chart, at a new version where one was asked for.

    A chart that was named gets the bump; with --all only those that are published with other bytes.
    """
    workflows = {chart_name(workflow.source.name): workflow for workflow in prepared.workflows}
    result: dict[str, Chart] = {}
    packages: list[Package] = []
    refused: list[Package] = []
    for name, chart in charts.items():
        packed = package(chart.files, name)
        if options.bump and _wants_bump(packed, known, options):
            version = str(_bumped(Version.parse(chart.version), options.bump, name))
            chart = workflow_chart(workflows[name], version=version, image=image_of(workflows[name], settings))  # noqa: PLW2901 - the bumped one takes its place
            packed = package(chart.files, name)
        if _published_otherwise(packed, known):
            refused.append(packed)
        result[name] = chart
        packages.append(packed)
    if refused:
        raise VersionError("\n".join(map(index_file.published_otherwise, refused)))
    return result, packages


def _wants_bump(packed: Package, known: Index, options: BuildOptions) -> bool:
    if not options.everything or options.bump == "release":
        return options.bump != "release" or not options.everything or bool(Version.parse(packed.version).prerelease)
    return _published_otherwise(packed, known)


def _bumped(version: Version, part: Bump, name: str) -> Version:
    try:
        return bumped(version, part)
    except VersionError as error:
        raise VersionError(f"{name}: {error}") from None


def _published_otherwise(packed: Package, known: Index) -> bool:
    entry = known.find(packed.name, packed.version)
    return entry is not None and entry.get("digest") not in (None, packed.digest)


def _umbrella(
    charts: Mapping[str, Chart], tree: _Tree, known: Index, options: BuildOptions, settings: Settings
) -> tuple[dict[str, bytes], Package]:
    """The umbrella with all its charts, and its package.

    Nobody writes its version by hand, so it moves on by itself when what is in it changed.
    """
    committed = _committed_version(tree.files, settings.charts / UMBRELLA)
    version = Version.parse(committed or settings.initial_version)
    files = _wanted_tree(charts, tree, str(version), everything=options.everything)
    packed = package(files, UMBRELLA)
    while _published_otherwise(packed, known):
        part: Bump = "patch" if options.bump in (None, "release") else options.bump
        version = bumped(version, part)
        files = _wanted_tree(charts, tree, str(version), everything=options.everything)
        packed = package(files, UMBRELLA)
    return files, packed


def _wanted_tree(charts: Mapping[str, Chart], tree: _Tree, version: str, *, everything: bool) -> dict[str, bytes]:
    """The umbrella folder as it should be: charts just generated, those built before, and hand-made ones as they are.

    With --all, a generated chart whose workflow is gone goes.
    """
    subs = [SubChart(name=c.name, version=c.version, description=c.description) for c in charts.values()]
    files = {f"charts/{c.name}/{path}": data for c in charts.values() for path, data in c.files.items()}
    for name in tree.sub_charts():
        if name in charts:
            continue
        kept = tree.sub_chart(name)
        metadata = _metadata(kept, Path(name))
        annotations = metadata.get("annotations")
        generated = isinstance(annotations, dict) and FOLDER_ANNOTATION in annotations
        if everything and generated:
            continue
        files |= {f"charts/{name}/{path}": data for path, data in kept.items()}
        if metadata:
            description = str(metadata.get("description", ""))
            subs.append(
                SubChart(name=name, version=str(metadata.get("version")), description=description, checked=generated)
            )
    files |= umbrella_files(subs, version=version)
    return {path: files[path] for path in sorted(files)}


def _write(
    umbrella: Mapping[str, bytes], tree: _Tree, packages: Sequence[Package], index: Index, settings: Settings
) -> None:
    with Transaction() as transaction:
        if dict(tree.files) != umbrella:
            transaction.replace_tree(settings.charts / UMBRELLA, umbrella)
        for packed in packages:
            write_if_changed(transaction, settings.output / packed.file_name, packed.data)
        write_if_changed(transaction, settings.output / "index.yaml", index_file.render(index))
        transaction.commit()


def write_if_changed(transaction: Transaction, target: Path, data: bytes) -> None:
    """Stage a file unless it has these bytes already."""
    try:
        same = target.is_file() and target.read_bytes() == data
    except OSError as error:
        raise OutputError(f"{target}: cannot be read: {error.strerror}") from error
    if not same:
        transaction.replace_file(target, data)


def _row(chart: Chart, tree: _Tree, packages: Sequence[Package], prepared: _Prepared, settings: Settings) -> BuiltChart:
    packed = next(p for p in packages if p.name == chart.name)
    before = tree.sub_chart(chart.name)
    workflow = next(w for w in prepared.workflows if w.source.name == chart.folder)
    return BuiltChart(
        folder=chart.folder,
        chart=chart.name,
        version=chart.version,
        image=str(image_of(workflow, settings)),
        package=settings.output / packed.file_name,
        state="new" if not before else "unchanged" if before == dict(chart.files) else "changed",
        bytes=len(packed.data),
    )


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
