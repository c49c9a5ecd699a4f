"""`waybill bump`: new versions without a build."""

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
from pipeline.workspace import folders

_PARTS: Final = ("patch", "minor", "major", "rc", "release")


@command(
    "workflows",
    "charts",
    "output",
    "initial_version",
    short_help="Bump the versions of charts.",
    example="waybill bump greeting escalation minor\nwaybill bump greeting patch --app",
)
@click.argument("workflow", nargs=-1, required=True)
@click.argument("part", type=click.Choice(_PARTS), metavar="PART")
@click.option("--app", is_flag=True, help="Bump the version of the workflow instead of its chart.")
@pass_journal
def bump(
    journal: Journal, /, workflow: tuple[str, ...], part: Bump, *, app: bool, as_json: bool, **options: Any
) -> None:
    """Bump the chart versions of one or more workflows, and the umbrella's.

    PART is patch, minor, major, rc or release: `rc` numbers release candidates (rc.1, rc.2), `release` turns the last
    one into a release. Nothing is bumped if a name is unknown.
    """
    settings = settings_of(options)
    folders.refuse_misplaced(settings)
    with locks.only_writer(settings.output, console.say_waiting, [settings.charts]):
        moves = (bump_workflows if app else bump_charts)(workflow, part, settings, journal)
    if as_json:
        print_json({"ok": True, "moved": [move.as_json() for move in moves]})
        return
    _show(moves, workflow)


def _show(moves: Sequence[Move], names: Sequence[str]) -> None:
    """Show the new versions and the command that builds them; `names` are the workflows on the command line."""
    console.show_table(("chart", "before", "after"), ((move.name, move.before, move.after) for move in moves))
    for move in moves:
        if move.note:
            console.say(f"{move.name}: {move.note}")
    console.show_next(["waybill", "build", *names])
