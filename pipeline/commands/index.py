"""`waybill index`: write the index of a folder of packages."""

from __future__ import annotations

import os
from pathlib import Path

import click

from generator.text.words import plural
from pipeline.charts.packages_folder import write_index
from pipeline.commands.command import FILE, accept_index, command, pass_journal, print_json, settings_of
from pipeline.system import locks
from pipeline.system.clock import creation_time
from pipeline.system.journal import Journal
from pipeline.terminal import console


@command(
    short_help="Write an index.yaml for packages.",
    example="waybill index dist --merge published/index.yaml --url https://example.org/charts",
)
@click.argument("directory", metavar="DIR", type=FILE)
@click.option("--merge", type=FILE, metavar="FILE", help="An index.yaml whose entries are kept unchanged.")
@click.option("--url", metavar="URL", help="The base URL of the packages.  [relative URLs]")
@accept_index
@pass_journal
def index(
    journal: Journal,
    /,
    directory: Path,
    *,
    merge: Path | None,
    url: str | None,
    accept: str | None,
    as_json: bool,
) -> None:
    """Write DIR/index.yaml for the packages in DIR, merged with the existing one."""
    settings = settings_of({"repository_url": url})
    created = creation_time(directory, os.environ)
    with locks.only_writer(directory, console.say_waiting):
        written = write_index(directory, merge, journal, url=settings.repository_url, created=created, accept=accept)
    path = directory / "index.yaml"
    charts = plural(len(written.entries), "chart")
    versions = written.count()
    if as_json:
        print_json({"ok": True, "index": path.as_posix(), "charts": len(written.entries), "versions": versions})
        return
    console.say(f"{path.as_posix()}  {charts}, {plural(versions, 'version')}")
