"""`waybill chart`: write one chart folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from generator.chart.names import release_name
from pipeline.build import single_steps
from pipeline.commands.command import (
    FILE,
    command,
    finish_check,
    operator_options,
    pass_journal,
    print_json,
    settings_of,
)
from pipeline.operators.known import Operators
from pipeline.system.files import differences
from pipeline.system.journal import Journal
from pipeline.system.staging import recover
from pipeline.terminal import console
from pipeline.workspace import folders


@command(
    "workflows",
    "registry",
    "image_prefix",
    "initial_version",
    "minify_specs",
    "compatibility",
    "check",
    short_help="Write a workflow's chart folder.",
    example="waybill chart greeting -o out\nwaybill chart greeting -o out-1.45 --sonataflow 1.45",
)
@click.argument("folder")
@click.option("-o", "--out", type=FILE, required=True, metavar="OUT", help="The chart goes to OUT/CHART.")
@operator_options
@pass_journal
def chart(
    journal: Journal,
    /,
    folder: str,
    *,
    out: Path,
    operator: str | None,
    sonataflow: str | None,
    check: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Write a workflow's chart to OUT/CHART/, and replace what the folder contains."""
    settings = settings_of(options)
    selected = folders.find_folder(folder, settings)
    folders.refuse_among_workflows(out, "--out", settings, [selected])
    workflow, savings = single_steps.read_for_output(selected, minify_specs=settings.minify_specs)
    if not check:
        recover(out)
    line = Operators(settings.compatibility).line(operator=operator, sonataflow=sonataflow)
    made, target = single_steps.chart_for(workflow, out, line, settings)
    if check:
        paths = tuple(f"{target.as_posix()}/{path}" for path in differences(target, made.files))
        finish_check(paths, as_json=as_json)
        return
    single_steps.write_chart(target, made, journal)
    if as_json:
        print_json({"ok": True, "chart": made.name, "version": made.version, "folder": target.as_posix()})
        return
    console.show_savings(savings)
    console.say(f"{target.as_posix()}  {made.name} {made.version}, {len(made.files)} files")
    console.show_next(["helm", "install", release_name(made.name), target.as_posix()])
