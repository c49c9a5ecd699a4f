"""`waybill build`: build charts, packages and an index from workflow folders."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from generator.chart.names import UMBRELLA, release_name
from generator.findings.finding import Severity
from generator.text.words import listed, plural
from pipeline.build import record
from pipeline.build.request import BuildRequest
from pipeline.build.result import BuildResult, BuiltChart
from pipeline.commands.command import (
    FILE,
    accept_index,
    command,
    finish_check,
    image_options,
    operator_options,
    pass_journal,
    print_json,
    require_names_or_all,
    same_command,
    settings_of,
)
from pipeline.images.builders import may_make_images
from pipeline.images.orders import Orders
from pipeline.system import locks
from pipeline.system.clock import creation_time
from pipeline.system.journal import Journal
from pipeline.terminal import console
from pipeline.workspace import folders
from pipeline.workspace.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from generator.versions.steps import Asked
    from pipeline.images.result import ImageResult

_BUMPS: Final = ("auto", "patch", "minor", "major", "rc", "release")


@command(
    "workflows",
    "charts",
    "output",
    "registry",
    "image_prefix",
    "images",
    "builder",
    "runtime",
    "platform",
    "engine",
    "signing_key",
    "public_key",
    "repository_url",
    "initial_version",
    "minify_specs",
    "strict",
    "compatibility",
    "check",
    short_help="Lint workflows, and build images, charts, packages and the index.",
    example="waybill build greeting\nwaybill build --all --bump auto\nwaybill build --all --images push\n"
    "waybill build --all --exclude 'mtv-*' --keep-going\nwaybill build --all --bump auto --dry-run\n"
    "waybill build --all --sonataflow 1.45\n"
    "waybill build --all --workflows my/workflows --charts my/charts --output dist",
    results=("images", "failed", "charts", "savings"),
)
@click.argument("workflow", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Build every workflow in the workflows folder.")
@click.option(
    "--exclude", multiple=True, metavar="NAME", help="Leave out a workflow, or those that match a pattern (mtv-*)."
)
@click.option("--keep-going", is_flag=True, help="Leave out workflows with errors, build the rest, and exit 1.")
@click.option("--dry-run", is_flag=True, help="Show what would be written, without writing anything.")
@click.option(
    "--bump",
    type=click.Choice(_BUMPS),
    help="Bump the named charts or, with --all, the changed ones; auto derives the bump from the changes.",
)
@click.option("--force-version", is_flag=True, help="Allow a --bump smaller than the changes require.")
@operator_options
@click.option("--merge", type=FILE, metavar="FILE", help="The published index.yaml to merge.")
@accept_index
@image_options
@pass_journal
def build(
    journal: Journal,
    /,
    workflow: tuple[str, ...],
    *,
    everything: bool,
    exclude: tuple[str, ...],
    keep_going: bool,
    dry_run: bool,
    bump: Asked | None,
    force_version: bool,
    operator: str | None,
    sonataflow: str | None,
    merge: Path | None,
    accept: str | None,
    latest: bool,
    allow_dirty: bool,
    attest: bool,
    jobs: int | None,
    check: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Lint workflows, then build their images, charts, packages and index.yaml.

    WORKFLOW is the name or path of a folder. A build writes everything or nothing, with one exception: if an
    image fails or a workflow is left out, its chart stays as it was, also in the umbrella. A build stops if an
    operator's CRD contradicts what compatibility.yaml claims about a chart.
    """
    require_names_or_all(workflow, everything=everything)
    if check and (dry_run or keep_going):
        raise click.UsageError("--check writes nothing and stops at errors; leave out --dry-run and --keep-going")
    if force_version and not bump:
        raise click.UsageError("--force-version goes with --bump")
    settings = settings_of(options)
    if everything and _has_nothing(settings):
        _show_nothing(settings, as_json=as_json)
        return
    if attest and settings.images != "push":
        raise click.UsageError("--attest goes with --images push: it attaches statements to pushed images")
    selected = folders.select_folders(workflow, settings)
    folders.refuse_misplaced(settings, selected)
    selected, excluded = folders.exclude_folders(selected, exclude)
    wanted = BuildRequest(
        folders=selected,
        excluded=excluded,
        everything=everything,
        keep_going=keep_going,
        bump=bump,
        force_version=force_version,
        operator=operator,
        sonataflow=sonataflow,
        merge=merge,
        accept_index=accept,
        minify_specs=settings.minify_specs,
    )
    if check:
        _check(wanted, settings, as_json=as_json)
        return
    if dry_run:
        result = _dry_run(wanted, settings, journal)
    else:
        orders = Orders(latest=latest, allow_dirty=allow_dirty, attest=attest)
        with locks.only_writer(settings.output, console.say_waiting, [settings.charts]):
            result = _build_if_changed(wanted, settings, journal, orders, jobs)
    console.show_findings(result.findings)
    if not as_json and (found := [f for f in result.findings if f.severity is not Severity.NOTE]):
        console.hint(console.counted(found))
    if as_json:
        print_json({**_build_json(result), **({"dry_run": True, "files": result.differences} if dry_run else {})})
    else:
        show_build(result, dry_run=dry_run)
    if result.failed or result.left_out:
        sys.exit(1)


def _has_nothing(settings: Settings) -> bool:
    """Return whether the repository has neither workflows nor charts yet, as after waybill init."""
    there = settings.workflows.is_dir() and not (settings.charts / UMBRELLA).exists()
    return there and not folders.all_folders(settings.workflows)


def _show_nothing(settings: Settings, *, as_json: bool) -> None:
    note = f"{settings.workflows.as_posix()}: there are no workflows yet, so there is nothing to build"
    if as_json:
        empty: dict[str, list[object]] = {name: [] for name in ("images", "failed", "charts", "findings", "savings")}
        print_json({"ok": True, "note": note, "umbrella": None, "index": None, **empty})
    else:
        console.say(note)
        console.show_next(["waybill", "new", "NAME"], "starts a workflow")


def _build_if_changed(
    wanted: BuildRequest, settings: Settings, journal: Journal, orders: Orders, jobs: int | None
) -> BuildResult:
    # A record of the last build cannot say whether an image exists; only an engine or a registry can.
    last_build = None if may_make_images(settings, os.environ) else record.record_of(wanted, settings)
    if last_build and (result := last_build.unchanged()):
        return result
    result = _build(wanted, settings, journal, orders, jobs)
    if last_build:
        last_build.keep(result)
    return result


def _build(wanted: BuildRequest, settings: Settings, journal: Journal, orders: Orders, jobs: int | None) -> BuildResult:
    from pipeline.build import job  # noqa: PLC0415 - not loaded if nothing changed
    from pipeline.build.image_maker import ImageMaker  # noqa: PLC0415 - as above

    created = creation_time(settings.workflows, os.environ)
    maker = ImageMaker(settings=settings, journal=journal, shown=console.live_images, orders=orders, jobs=jobs)
    return job.build(wanted, settings, journal, created=created, reporter=console.StageReporter(), make_images=maker)


def _dry_run(wanted: BuildRequest, settings: Settings, journal: Journal) -> BuildResult:
    """Return the result that a build would have, without images and without writing anything."""
    from pipeline.build import job  # noqa: PLC0415 - as above

    note = "no image is built in a dry run, so no package names a digest" if settings.images == "push" else ""
    return job.build(
        wanted,
        settings,
        journal,
        created=creation_time(settings.workflows, os.environ),
        reporter=console.StageReporter(),
        make_images=lambda _plan, _before: job.MadeImages(note=note),
        dry_run=True,
    )


def _check(wanted: BuildRequest, settings: Settings, *, as_json: bool) -> None:
    from pipeline.build import job  # noqa: PLC0415 - as above

    finish_check(job.check(wanted, settings, reporter=console.StageReporter()), as_json=as_json)


def show_build(result: BuildResult, *, dry_run: bool = False) -> None:
    """Show the table of charts, what was left out, and the next command."""
    rows = (
        (chart.folder or "all of them", chart.state, str(chart.package), console.size(chart.bytes))
        for chart in (*result.charts, result.umbrella)
    )
    console.show_table(("workflow", "state", "package", "size"), rows, numbers=("size",))
    if result.images:
        show_images(result.images)
    if result.note:
        console.say(result.note)
    console.show_savings(result.savings)
    for chart in result.charts:
        if chart.reason:
            console.say(f"{chart.chart} {chart.before} -> {chart.version}: {chart.reason}")
    for each in result.left_out:
        console.say(f"{each.folder}: left out, so its chart stays as it was: {each.summary}")
    if dry_run:
        console.say(f"dry run: {plural(len(result.differences), 'file')} would be written or removed")
        console.show_next(same_command(without="dry_run"), "writes them")
    elif result.charts:
        # Show a chart that is new or changed and, of those, the one with the fewest required values.
        _show_install(min(result.charts, key=lambda chart: (chart.state == "unchanged", len(chart.required))))


def _show_install(chart: BuiltChart) -> None:
    """Show the command that installs a chart; its values go into a file, as secrets do not belong on a command line."""
    values = ("-f", "my-values.yaml") if chart.required else ()
    console.show_next(["helm", "install", release_name(chart.chart), str(chart.package), *values])
    if chart.required:
        paths = [path.replace(r"\.", ".") for path in chart.required]
        console.hint(f"       my-values.yaml sets {listed(paths)}")


def show_images(images: Sequence[ImageResult]) -> None:
    """Show the table of images, then why some failed, with the end of each log."""
    rows = (
        (
            image.name,
            image.state,
            f"{image.repository}@{image.digest}" if image.digest else image.reference,
            console.image_size(image.size) if image.size is not None else "",
        )
        for image in images
    )
    console.show_table(("image", "state", "reference", "size"), rows, numbers=("size",))
    for image in images:
        if image.note:
            console.say(image.note)
        if image.state == "failed":
            for line in image.last_lines:
                console.say(f"  {line}")
            console.say(f"{image.workflow}: {image.reason}{f'; the log is {image.log}' if image.log else ''}")


def _build_json(result: BuildResult) -> dict[str, Any]:
    def chart(built: BuiltChart) -> dict[str, Any]:
        return {
            "workflow": built.folder or None,
            "chart": built.chart,
            "version": built.version,
            "image": built.image or None,
            "before": built.before,
            "bump": built.bump,
            "reason": built.reason or None,
            "state": built.state,
            "package": built.package.as_posix(),
            "bytes": built.bytes,
            "required": list(built.required),
        }

    return {
        "ok": not (result.failed or result.left_out),
        "left_out": [each.as_json() for each in result.left_out],
        "images": [image.as_json() | {"state": image.state} for image in result.images],
        "failed": [{"workflow": image.workflow, "image": image.name, "error": image.reason} for image in result.failed],
        "note": result.note or None,
        "charts": [chart(built) for built in result.charts],
        "umbrella": chart(result.umbrella),
        "index": result.index.as_posix(),
        "findings": [finding.as_json() for finding in result.findings],
        "savings": [{"path": s.path, "before": s.before, "after": s.after} for s in result.savings],
    }
