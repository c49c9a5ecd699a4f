"""`waybill bump`: new versions by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import click

from generator.versions.semver_text import Bump
from pipeline.build.bump import Move, bump_charts, bump_workflows
from pipeline.commands.command import command, pass_journal, print_json, settings_of
from pipeline.system import locks
from pipeline.system.journal import Journal
from pipeline.terminal import console

_PARTS: Final = ("patch", "minor", "major", "rc", "release")


@command(
    "workflows",
    "charts",
    "output",
    "initial_version",
    short_help="Move the versions of charts.",
    example="waybill bump greeting escalation minor\nwaybill bump greeting patch --app",
)
@click.argument("workflow", nargs=-1, required=True)
@click.argument("part", type=click.Choice(_PARTS), metavar="PART")
@click.option("--app", is_flag=True, help="Move the workflow's own version, and leave its chart alone.")
@pass_journal
def bump(
    journal: Journal, /, workflow: tuple[str, ...], part: Bump, *, app: bool, as_json: bool, **options: Any
) -> None:
    """Move the versions of the charts of some workflows, and the umbrella with them.

    PART is patch, minor, major, rc or release: `rc` counts candidates (rc.1, rc.2), and `release` makes a release of
    one. Every name is checked first.
    """
    settings = settings_of(options)
    with locks.only_writer(settings.output, console.say_waiting):
        moves = (bump_workflows if app else bump_charts)(workflow, part, settings, journal)
    if as_json:
        print_json({"ok": True, "moved": [move.as_json() for move in moves]})
        return
    _show(moves, workflow)


def _show(moves: Sequence[Move], names: Sequence[str]) -> None:
    """The table of versions that moved, and the command that builds them; `names` are the workflows asked for."""
    console.show_table(("chart", "before", "after"), ((move.name, move.before, move.after) for move in moves))
    for move in moves:
        if move.note:
            console.say(f"{move.name}: {move.note}")
    console.show_next(["waybill", "build", *names])
