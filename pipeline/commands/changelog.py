"""`waybill changelog`: what changed between the versions of a chart."""

from __future__ import annotations

from typing import Any

import click

from pipeline.build.changelog import write_changelog
from pipeline.commands.command import command, pass_journal, print_json, settings_of
from pipeline.system import locks
from pipeline.system.journal import Journal
from pipeline.terminal import console
from pipeline.workspace import folders


@command(
    "workflows",
    "charts",
    "output",
    "repository_url",
    short_help="Update the CHANGELOG.md of a chart.",
    example="waybill changelog greeting",
)
@click.argument("workflow")
@pass_journal
def changelog(journal: Journal, /, workflow: str, *, as_json: bool, **options: Any) -> None:
    """Add a section for each missing version to the CHANGELOG.md of a workflow's chart.

    Existing sections stay unchanged. The changes come from comparing the published packages.
    """
    settings = settings_of(options)
    folders.refuse_misplaced(settings)
    with locks.only_writer(settings.output, console.say_waiting, [settings.charts]):
        written = write_changelog(workflow, settings, journal)
    if as_json:
        print_json({"ok": True, "path": written.path.as_posix(), "versions": list(written.versions)})
        return
    console.say(f"{written.path.as_posix()}  {', '.join(written.versions) or 'has a section for each version'}")
