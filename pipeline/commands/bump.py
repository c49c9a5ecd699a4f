"""`waybill bump`: bump versions without a build."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click
from semver import Version

from generator.findings.suggestions import did_you_mean
from generator.versions.semver_text import BUMPS, is_version
from pipeline.build.bump import Move, Target, bump_charts, bump_workflows
from pipeline.commands.command import command, pass_journal, print_json, require_names_or_all, settings_of
from pipeline.system import locks
from pipeline.system.journal import Journal
from pipeline.terminal import console
from pipeline.workspace import folders


def _target(_context: click.Context, _parameter: click.Parameter, word: str) -> Target:
    """Convert an argument to a part of a version, or a version.

    Raises:
        BadParameter: the argument is neither.
    """
    if part := next((part for part in BUMPS if part == word), None):
        return part
    if is_version(word):
        return Version.parse(word)
    near = did_you_mean(word, BUMPS)
    raise click.BadParameter(f"'{word}' is neither a part ({', '.join(BUMPS)}) nor a version such as 2.1.0{near}")


def _complete(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    return [part for part in BUMPS if part.startswith(begun)]


@command(
    "workflows",
    "charts",
    "output",
    "initial_version",
    short_help="Bump chart versions.",
    example="waybill bump greeting escalation minor\nwaybill bump --all patch\n"
    "waybill bump greeting 3.0.0\nwaybill bump greeting patch --app",
)
@click.argument("workflow", nargs=-1)
@click.argument("to", metavar="PART|VERSION", callback=_target, shell_complete=_complete)
@click.option("--all", "everything", is_flag=True, help="Bump the charts of all workflows that were built.")
@click.option("--app", is_flag=True, help="Bump the workflow's version instead of its chart's.")
@pass_journal
def bump(
    journal: Journal,
    /,
    workflow: tuple[str, ...],
    to: Target,
    *,
    everything: bool,
    app: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Bump the chart versions of one or more workflows, and the umbrella's.

    PART is patch, minor, major, rc or release: `rc` numbers release candidates (rc.1, rc.2), `release` turns the last
    one into a release. VERSION is the new version, such as 2.1.0, and must not be older. Nothing is bumped if a name is
    unknown.
    """
    require_names_or_all(workflow, everything=everything)
    settings = settings_of(options)
    folders.refuse_misplaced(settings)
    with locks.only_writer(settings.output, console.say_waiting, [settings.charts]):
        moves = (bump_workflows if app else bump_charts)(workflow, to, settings, journal)
    if as_json:
        print_json({"ok": True, "moved": [move.as_json() for move in moves]})
        return
    _show(moves, workflow)


def _show(moves: Sequence[Move], names: Sequence[str]) -> None:
    """Show the new versions and the command that builds them; `names` are the workflows on the command line."""
    if not moves:
        console.say("every chart already has that version")
        return
    console.show_table(("chart", "before", "after"), ((move.name, move.before, move.after) for move in moves))
    for move in moves:
        if move.note:
            console.say(f"{move.name}: {move.note}")
    console.show_next(["waybill", "build", *(names or ["--all"])])
