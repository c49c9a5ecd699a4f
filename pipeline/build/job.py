"""The main job of `waybill build`, which composes the other modules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Protocol, TypeVar

from generator.chart.chart import Chart, chart_name, required_values
from generator.chart.files import ChartFiles
from generator.chart.names import UMBRELLA
from generator.chart.release_size import umbrella_findings
from generator.compatibility.proof import Candidate, left_out, refuted
from generator.contracts.minify import Saving, minified
from generator.findings.errors import FindingsError, VersionError
from generator.findings.finding import Finding, errors, for_output, in_file_order, strictly
from generator.lint.linter import SIZES, lint_sizes
from generator.text.words import plural
from generator.versions.steps import Step
from generator.workflow.workflow import Workflow
from pipeline.build.generated_files import outdated
from pipeline.build.left_out import leaving_out, with_errors
from pipeline.build.plan import Plan
from pipeline.build.request import BuildRequest
from pipeline.build.result import BuildResult, BuiltChart
from pipeline.build.versioning import step_of, umbrella_of
from pipeline.charts import index as index_file
from pipeline.charts.archive import Package
from pipeline.charts.folder import read_charts_folder
from pipeline.charts.index import Index, known_index
from pipeline.images.listing import LISTING, listing_with
from pipeline.images.recipes import Recipes
from pipeline.images.result import ImageResult
from pipeline.inspect.lint import read_folders
from pipeline.operators.known import Operators, charts_of
from pipeline.system.files import Transaction, differences, write_if_changed
from pipeline.system.journal import Journal
from pipeline.workspace.settings import Settings

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class MadeImages:
    """The results for the images of a build; `note` says why some were not made, or is ""."""

    images: tuple[ImageResult, ...] = ()
    note: str = ""


#: Makes the images of a plan, and calls the function before the first one.
MakeImages = Callable[[Plan, Callable[[], object]], MadeImages]


def no_images(_plan: Plan, _before: Callable[[], object]) -> MadeImages:
    """Make no images, for a build that only generates."""
    return MadeImages()


class Reporter(Protocol):
    """Shows the stages of a build and their progress."""

    def stage(self, name: str, what: str) -> None:
        """Show that the stage `name` begins; `what` briefly says how much there is to do."""

    def track(self, name: str, items: Sequence[T]) -> Iterable[T]:
        """Yield `items`, and show how many of them are done."""


@dataclass(frozen=True, kw_only=True)
class _Packed:
    """Charts at their new versions, their packages, and the version steps, each by the chart's name."""

    plan: Plan
    """The plan, whose index does not have the entries that the packages replace."""
    charts: Mapping[str, Chart]
    packages: Mapping[str, Package]
    steps: Mapping[str, Step]


def build(
    options: BuildRequest,
    settings: Settings,
    journal: Journal,
    *,
    created: datetime,
    reporter: Reporter,
    make_images: MakeImages = no_images,
    dry_run: bool = False,
) -> BuildResult:
    """Lint, then generate charts, packages and the index, then write everything at once, or nothing in a dry run.

    Raises:
        FindingsError: a workflow has errors; it has the findings of all folders, and nothing was written.
        VersionError: the index has a version with different bytes.
        OutputError: a file cannot be written; the old files are unchanged.
    """
    plan, charts = _charts(prepare(options, settings, reporter), reporter)
    if options.keep_going:
        refused = _packages(plan.with_images(()), charts, reporter).plan.left_out[len(plan.left_out) :]
        plan = plan.without({each.chart: each.reasons for each in refused})
    _umbrella_fits(plan, ChartFiles.joined({}, {name: chart.files for name, chart in plan.of(charts).items()}))
    # Raise errors in charts before spending minutes on images.
    made = make_images(plan, lambda: _packages(plan.with_images(()), plan.of(charts), reporter))
    plan = plan.with_images(made.images)
    reporter.stage("packages", plural(len(plan.workflows) + 1, "package"))
    packed = _packages(plan, plan.of(charts), reporter)
    plan = packed.plan
    proved = _prove(plan, packed)
    umbrella, umbrella_package = umbrella_of(plan, packed.charts, packed.steps)
    proved = (*proved, *_umbrella_fits(plan, umbrella))
    reporter.stage("index", str(settings.output / "index.yaml"))
    packages = [*packed.packages.values(), umbrella_package]
    known = plan.replaceable([umbrella_package])
    url = index_file.packages_at(settings.repository_url)
    index = index_file.add(known, packages, created=created, url=url)
    files = _output_files(plan, packages, index, made.images)
    different: tuple[str, ...] = ()
    if dry_run:
        different = (*_different(plan, umbrella), *_paths(settings.output, outdated(settings.output, files)))
    else:
        _write(plan, umbrella, files, journal)
    return BuildResult(
        charts=tuple(_row(plan, chart, packed) for chart in sorted(packed.charts.values(), key=_folder_name)),
        umbrella=_umbrella_row(plan, umbrella, umbrella_package),
        index=settings.output / "index.yaml",
        findings=in_file_order([*plan.findings, *proved]),
        crds=plan.operators.files,
        savings=plan.savings,
        images=made.images,
        note=made.note,
        left_out=plan.left_out,
        differences=different,
    )


def check(options: BuildRequest, settings: Settings, *, reporter: Reporter) -> tuple[str, ...]:
    """Return the paths in the charts folder whose bytes differ from what would be generated; writes nothing.

    Raises:
        FindingsError: a workflow has errors.
    """
    plan, charts = _charts(prepare(options, settings, reporter), reporter)
    wanted = plan.folder.wanted(
        charts,
        plan.version(UMBRELLA),
        capabilities=plan.line.capabilities,
        everything=options.everything,
        kept=plan.kept,
    )
    return _different(plan, wanted)


def _different(plan: Plan, umbrella: ChartFiles) -> tuple[str, ...]:
    """Return the paths in the charts folder whose bytes differ from an umbrella's."""
    return _paths(plan.folder.path, differences(plan.folder.path, plan.folder.with_changelogs(umbrella)))


def _paths(folder: Path, names: Iterable[str]) -> tuple[str, ...]:
    return tuple((folder / name).as_posix() for name in names)


def prepare(options: BuildRequest, settings: Settings, reporter: Reporter) -> Plan:
    """Read and lint the requested workflows, and read existing charts and the index; writes nothing.

    Raises:
        FindingsError: a workflow has errors; it has the findings of all folders. With `keep_going`, only if all
            workflows have errors, or an error belongs to none.
    """
    reporter.stage("lint", plural(len(options.folders), "workflow"))
    tracked = reporter.track("lint", options.folders)
    workflows, linted = read_folders(tracked, settings, complete=options.everything and not options.excluded)
    findings = list(linted)
    savings: list[Saving] = []
    if options.minify_specs:
        cut = [minified(workflow) for workflow in workflows]
        workflows = [workflow for workflow, _ in cut]
        savings = [saving for _, found in cut for saving in found]
        others = (finding for finding in findings if finding.rule not in SIZES)
        findings = [*others, *(finding for workflow in workflows for finding in lint_sizes(workflow))]
    named = {chart_name(workflow.source.name): workflow for workflow in workflows}
    ordered = in_file_order(for_output([*findings, *_name_collisions(workflows, named)]))
    broken: Mapping[Path, list[Finding]] = {}
    if errors(ordered):
        broken = with_errors(options.folders, errors(ordered), settings) if options.keep_going else {}
        if not broken or len(broken) == len(options.folders):
            raise FindingsError(ordered)
        workflows = [workflow for workflow in workflows if Path(workflow.source.path) not in broken]
        named = {chart_name(workflow.source.name): workflow for workflow in workflows}
    operators = Operators(settings.compatibility)
    line = operators.line(operator=options.operator, sonataflow=options.sonataflow)
    line.require([*named, UMBRELLA], everything=options.everything)
    reporter.stage("charts", f"{plural(len(workflows), 'chart')} for SonataFlow {line.capabilities.sonataflow.name}")
    recipes = Recipes(settings=settings, sonataflow=line.capabilities.sonataflow)
    return Plan(
        workflows=named,
        recipes=recipes,
        images={name: recipes.reference(recipes.committed(workflow)) for name, workflow in named.items()},
        findings=ordered,
        savings=tuple(savings),
        operators=operators,
        line=line,
        folder=read_charts_folder(charts_of(settings.charts, line.operator) / UMBRELLA),
        known=known_index(settings.output, options.merge, accept=options.accept_index),
        options=options,
        settings=settings,
        left_out=tuple(leaving_out(folder.name, found) for folder, found in broken.items()),
    )


def _name_collisions(workflows: Iterable[Workflow], named: Mapping[str, Workflow]) -> Iterator[Finding]:
    for workflow in workflows:
        name = chart_name(workflow.source.name)
        if named[name] is not workflow:
            message = f"the folder and {named[name].source.path} both make the chart '{name}'; rename one"
            yield Finding(path=workflow.source.path, rule="chart-name", message=message)


def _charts(plan: Plan, reporter: Reporter) -> tuple[Plan, dict[str, Chart]]:
    """Generate the charts by name, at their committed versions; see `Plan.version` for new ones.

    Raises:
        FindingsError: a chart cannot be generated; with `keep_going`, only if that is true of all.
    """
    charts: dict[str, Chart] = {}
    wrong: dict[str, Sequence[Finding]] = {}
    for name in reporter.track("charts", list(plan.workflows)):
        try:
            charts[name] = plan.chart(name, plan.version(name))
        except FindingsError as error:
            wrong[name] = error.findings
    if not wrong:
        return plan, charts
    findings = in_file_order([*plan.findings, *(finding for found in wrong.values() for finding in found)])
    if not plan.options.keep_going or not charts:
        raise FindingsError(findings)
    return replace(plan.without(wrong), findings=findings), charts


def _packages(plan: Plan, charts: Mapping[str, Chart], reporter: Reporter) -> _Packed:
    """Return charts and packages by name, at new versions if the request asks for them.

    Raises:
        VersionError: a version cannot be bumped, or is published with different bytes, and the build cannot go on
            without it.
    """
    versioned: dict[str, Chart] = {}
    packages: dict[str, Package] = {}
    steps: dict[str, Step] = {}
    refused: dict[str, str] = {}
    for name, committed in reporter.track("packages", list(charts.items())):
        packed = plan.packed(committed)
        chart = committed
        plan = replace(plan, known=plan.replaceable([packed]))
        try:
            if found := step_of(plan, committed, packed):
                chart = plan.chart(name, str(found.after))
                packed = plan.packed(chart)
                steps[name] = found
        except VersionError as error:
            refused[name] = f"{name}: {error}"
        versioned[name], packages[name] = chart, packed
    keep_going = plan.options.keep_going
    if keep_going or not refused:
        differing = {name: packed for name, packed in packages.items() if plan.known.differs(packed)}
        refused = {name: index_file.published_otherwise(packed) for name, packed in differing.items()} | refused
    if refused and (not keep_going or len(refused) == len(charts)):
        raise VersionError("\n".join(refused.values()))
    plan = plan.without({name: [why] for name, why in refused.items()})
    return _Packed(plan=plan, charts=plan.of(versioned), packages=plan.of(packages), steps=plan.of(steps))


def _prove(plan: Plan, packed: _Packed) -> tuple[Finding, ...]:
    """Check the rows of compatibility.yaml against their operators, and return the findings.

    Raises:
        FindingsError: a row is wrong.
    """
    candidates = [
        Candidate(chart=name, version=chart.version, workflow=plan.workflows[name])
        for name, chart in packed.charts.items()
    ]
    capabilities = plan.line.capabilities
    found = in_file_order(
        [*refuted(candidates, capabilities, plan.operators.crd), *left_out(plan.workflows.values(), capabilities)]
    )
    found = strictly(found) if plan.settings.strict else found
    if errors(found):
        raise FindingsError(in_file_order([*plan.findings, *found]))
    return found


def _umbrella_fits(plan: Plan, files: ChartFiles) -> tuple[Finding, ...]:
    """Return findings if an umbrella is too large for Helm to store.

    Raises:
        FindingsError: Helm could not even load it.
    """
    found = tuple(umbrella_findings(files, plan.folder.path.as_posix()))
    if "release-size" in plan.settings.lint.ignore:
        found = errors(found)
    found = strictly(found) if plan.settings.strict else found
    if errors(found):
        raise FindingsError(in_file_order([*plan.findings, *found]))
    return found


def _output_files(
    plan: Plan, packages: Iterable[Package], index: Index, images: Sequence[ImageResult]
) -> dict[str, bytes]:
    """Return the new files of the output folder by name; its other files stay."""
    listing = {LISTING: listing_with(plan.settings.output, images)} if images else {}
    return {packed.file_name: packed.data for packed in packages} | {"index.yaml": index_file.render(index)} | listing


def _write(plan: Plan, umbrella: ChartFiles, files: Mapping[str, bytes], journal: Journal) -> None:
    with Transaction(journal) as transaction:
        if plan.folder.files() != umbrella:
            transaction.replace_tree(plan.folder.path, plan.folder.with_changelogs(umbrella))
        for name, data in files.items():
            write_if_changed(transaction, plan.settings.output / name, data)
        transaction.commit()


def _row(plan: Plan, chart: Chart, packed: _Packed) -> BuiltChart:
    workflow, archive = plan.workflows[chart.name], packed.packages[chart.name]
    moved = packed.steps.get(chart.name)
    return BuiltChart(
        folder=chart.folder,
        chart=chart.name,
        version=chart.version,
        image=str(plan.images[chart.name]),
        package=plan.settings.output / archive.file_name,
        state=plan.folder.state(chart),
        bytes=len(archive.data),
        required=required_values(workflow, plan.line.capabilities),
        before=str(moved.before) if moved else None,
        bump=moved.part if moved else None,
        reason=moved.reason if moved else "",
    )


def _umbrella_row(plan: Plan, files: ChartFiles, packed: Package) -> BuiltChart:
    before = plan.folder.files()
    return BuiltChart(
        folder="",
        chart=UMBRELLA,
        version=packed.version,
        image="",
        package=plan.settings.output / packed.file_name,
        state="new" if not before else "unchanged" if before == files else "changed",
        bytes=len(packed.data),
    )


def _folder_name(chart: Chart) -> str:
    return chart.folder
