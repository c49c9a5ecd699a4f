"""`waybill changelog`: update the changelog of a chart."""

from __future__ import annotations

from typing import Any

import click

from generator.chart.names import UMBRELLA
from pipeline.build.changelog import write_changelog
from pipeline.charts.folder import read_charts_folder
from pipeline.commands.command import command, operator_options, pass_journal, print_json, settings_of
from pipeline.operators.known import Operators, charts_of
from pipeline.system import locks
from pipeline.system.journal import Journal
from pipeline.terminal import console
from pipeline.workspace import folders


@command(
    "workflows",
    "charts",
    "output",
    "repository_url",
    "compatibility",
    short_help="Update a chart's CHANGELOG.md.",
    example="waybill changelog greeting\nwaybill changelog greeting --sonataflow 1.45",
)
@click.argument("workflow")
@operator_options
@pass_journal
def changelog(
    journal: Journal,
    /,
    workflow: str,
    *,
    operator: str | None,
    sonataflow: str | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Add a section for each missing version to the CHANGELOG.md of a workflow's chart.

    Existing sections stay unchanged. The changes are those between each published package and the previous version for
    the same operator.
    """
    settings = settings_of(options)
    folders.refuse_misplaced(settings)
    with locks.only_writer(settings.output, console.say_waiting, [settings.charts]):
        line = Operators(settings.compatibility).line(operator=operator, sonataflow=sonataflow)
        charts = read_charts_folder(charts_of(settings.charts, line.operator) / UMBRELLA)
        written = write_changelog(workflow, charts, settings, journal)
    if as_json:
        print_json({"ok": True, "path": written.path.as_posix(), "versions": list(written.versions)})
        return
    console.say(f"{written.path.as_posix()}  {', '.join(written.versions) or 'has a section for each version'}")
