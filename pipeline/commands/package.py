"""`waybill package`: package chart folders."""

from __future__ import annotations

from pathlib import Path

import click

from pipeline.build import single_steps
from pipeline.commands.command import FILE, command, pass_journal, print_json, settings_of
from pipeline.system.journal import Journal
from pipeline.terminal import console
from pipeline.workspace import folders


@command(short_help="Package chart folders.", example="waybill package charts/workflows/charts/greeting -o dist")
@click.argument("chart", nargs=-1, required=True, type=FILE)
@click.option("-o", "--out", type=FILE, required=True, metavar="OUT", help="The folder for the packages.")
@pass_journal
def package(journal: Journal, /, chart: tuple[Path, ...], *, out: Path, as_json: bool) -> None:
    """Package chart folders as CHART-VERSION.tgz; the same chart always gives the same bytes."""
    folders.refuse_among_workflows(out, "--out", settings_of({}))
    packages = single_steps.write_packages(out, chart, journal)
    paths = [f"{out.as_posix()}/{packed.file_name}" for packed in packages]
    if as_json:
        listed = [{"path": path, "digest": p.digest} for path, p in zip(paths, packages, strict=True)]
        print_json({"ok": True, "packages": listed})
        return
    for path in paths:
        console.say(path)
    console.show_next(["waybill", "index", out.as_posix()])
