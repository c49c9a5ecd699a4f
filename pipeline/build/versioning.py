"""Bumps the versions of charts in a build, as requested and as changes require."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from semver import Version

from generator.chart.chart import Chart
from generator.chart.content import content_key
from generator.chart.files import ChartFiles
from generator.chart.names import UMBRELLA
from generator.chart.pin import Pin
from generator.compatibility.version_line import VersionLine
from generator.diff.snapshot import snapshot_of_workflow
from generator.versions.semver_text import Bump
from generator.versions.steps import Need, Step, at_most, largest, next_step
from pipeline.build.pins import pinned_package, pins_of_charts
from pipeline.build.plan import Plan
from pipeline.charts.archive import Package, read_package_files
from pipeline.charts.folder import ChartsFolder
from pipeline.charts.index import Index


def step_of(plan: Plan, chart: Chart, packed: Package) -> Step | None:
    """Return the version step of a chart, or None if its version stays.

    A named chart gets the requested bump. With --all or `auto`, only a chart that changed since its published or
    committed version does.

    Raises:
        VersionError: the changes require a larger bump than requested, or no version is left for the operator.
    """
    options, version = plan.options, Version.parse(chart.version)
    if options.bump is None:
        return None
    if options.bump == "release":
        return Step(before=version, part="release") if version.prerelease or not options.everything else None
    base = _base(plan, chart)
    need = None
    if base is not None and content_key(base) != content_key(chart.files):
        need = _need(plan, chart, base)
    elif plan.known.differs(packed):
        need = Need(part="patch", reasons=[f"{version} is published with different bytes"])
    if need is None and (options.everything or options.bump == "auto"):
        return None
    step = next_step(version, options.bump, need, forced=options.force_version)
    return plan.line.step(chart.name, step, exactly=options.bump != "auto")


def _need(plan: Plan, chart: Chart, base: ChartFiles) -> Need:
    from generator.diff.need import need_of  # noqa: PLC0415 - 50 ms, only for --bump

    new = snapshot_of_workflow(
        plan.workflows[chart.name],
        title=chart.folder,
        image=plan.images[chart.name],
        capabilities=plan.line.capabilities,
    )
    return need_of(base, chart.files, new, Version.parse(chart.version))


def _base(plan: Plan, chart: Chart) -> ChartFiles | None:
    """Return the files of a chart's current version: from the package in the index, or else as committed, or None."""
    entry = plan.known.find(chart.name, chart.version)
    path = plan.settings.output / f"{chart.name}-{chart.version}.tgz"
    if entry and path.is_file():
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() == entry.get("digest"):
            return read_package_files(data, path.as_posix())
    return plan.folder.charts.get(chart.name)


def umbrella_of(plan: Plan, charts: Mapping[str, Chart], steps: Mapping[str, Step]) -> tuple[ChartFiles, Package]:
    """Return the umbrella, bumped by the largest part among its charts; adding or removing charts counts, too."""
    options, folder = plan.options, plan.folder
    version = Version.parse(plan.version(UMBRELLA))
    towards = [each.towards if each.part == "rc" else each.part for each in steps.values()]
    parts = [part for part in towards if part != "release"]
    part: Bump = "patch"
    if options.bump == "auto":
        there = folder.wanted(
            charts, str(version), capabilities=plan.line.capabilities, everything=options.everything, kept=plan.kept
        )
        names = there.subcharts.keys()
        parts += ["major"] if folder.charts.keys() - names else ["minor"] if names - folder.charts.keys() else []
        part = "rc" if version.prerelease else at_most(version, largest(parts))
    elif options.bump not in (None, "release"):
        part = options.bump
    moving = Step(before=version, part=part, towards=largest(parts))
    return moved_umbrella(
        folder,
        charts,
        plan.known,
        moving,
        line=plan.line,
        everything=options.everything,
        kept=plan.kept,
        pins=plan.pins,
        replaceable=plan.replaceable,
        committed=folder.files() if options.bump and folder.own else None,
    )


def moved_umbrella(
    folder: ChartsFolder,
    charts: Mapping[str, Chart],
    known: Index,
    moving: Step,
    *,
    line: VersionLine | None = None,
    everything: bool = False,
    kept: Collection[str] = (),
    pins: Mapping[str, Sequence[Pin]] | None = None,
    replaceable: Callable[[Sequence[Package]], Index] | None = None,
    committed: ChartFiles | None = None,
) -> tuple[ChartFiles, Package]:
    """Return the files of the umbrella with all its charts, and its package, with its version bumped if necessary.

    With `everything`, charts whose workflows are gone are removed, unless they are in `kept`. `pins` are the digests of
    charts that were just built. `replaceable` returns the index without the entries that packages may replace.
    `committed` are the umbrella's current files, for an index without an umbrella, as in a fresh clone. The version is
    bumped whenever the content changes, as users do not write it by hand.

    Raises:
        VersionError: no version is left for the operator.
    """
    if known.versions(UMBRELLA):
        committed = None
    while True:
        files = folder.wanted(
            charts,
            str(moving.before),
            capabilities=line.capabilities if line else None,
            everything=everything,
            kept=kept,
        )
        packed = pinned_package(files, UMBRELLA, {**pins_of_charts(known, files), **(pins or {})})
        changed = committed is not None and content_key(committed) != content_key(files)
        if not changed and not (replaceable([packed]) if replaceable else known).differs(packed):
            return files, packed
        committed = None
        step = line.step(UMBRELLA, moving, exactly=False) if line else moving
        moving = replace(step, before=step.after)
