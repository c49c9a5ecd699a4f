"""`waybill umbrella`: write the umbrella chart of the existing sub-charts."""

from __future__ import annotations

from typing import Any

from generator.chart.names import UMBRELLA
from generator.text.words import plural
from pipeline.build import single_steps
from pipeline.commands.command import (
    command,
    finish_check,
    operator_options,
    pass_journal,
    print_json,
    settings_of,
)
from pipeline.operators.known import Operators, charts_of
from pipeline.system import locks
from pipeline.system.files import differences
from pipeline.system.journal import Journal
from pipeline.terminal import console
from pipeline.workspace import folders


@command(
    "charts",
    "initial_version",
    "compatibility",
    "check",
    short_help="Write the umbrella chart of the charts folder.",
    example="waybill umbrella\nwaybill umbrella --charts my/charts --check",
)
@operator_options
@pass_journal
def umbrella(
    journal: Journal, /, *, operator: str | None, sonataflow: str | None, check: bool, as_json: bool, **options: Any
) -> None:
    """Write charts/workflows/, the umbrella chart of all sub-charts in charts/workflows/charts/.

    Pull requests that change one sub-chart each leave the umbrella out; a job on the base branch runs this command
    instead, so that the umbrella has only one writer. Its version does not change; waybill publish sets the next one.
    """
    settings = settings_of(options)
    folders.refuse_misplaced(settings)
    line = Operators(settings.compatibility).line(operator=operator, sonataflow=sonataflow)
    folder = charts_of(settings.charts, line.operator) / UMBRELLA
    if check:
        files = single_steps.umbrella_for(folder, line, settings)
        finish_check(tuple(f"{folder.as_posix()}/{path}" for path in differences(folder, files)), as_json=as_json)
        return
    with locks.only_writer(folder, console.say_waiting):
        made = single_steps.umbrella_for(folder, line, settings)
        single_steps.write_umbrella(folder, made, journal)
    charts = sorted(made.subcharts)
    if as_json:
        print_json({"ok": True, "folder": folder.as_posix(), "charts": charts})
        return
    console.say(f"{folder.as_posix()}  {plural(len(charts), 'sub-chart')}")
    console.show_next(["waybill", "publish", folder.as_posix(), "--to", "dir:public", "--dry-run"])
