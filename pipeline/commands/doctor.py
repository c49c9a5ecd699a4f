"""`waybill doctor`: what this machine and this repository are missing, for which commands, and how to get it."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from generator.findings.errors import SettingsError
from generator.text.words import listed
from pipeline.commands.command import command, print_json
from pipeline.doctor.check import BAD, Surroundings, this_system
from pipeline.doctor.checks import Checked, examine, select_checks
from pipeline.terminal import console
from pipeline.workspace.settings import Settings
from pipeline.workspace.settings_reader import load_settings


@command(
    short_help="Say what this machine is missing, and how to get it.",
    example="waybill doctor\nwaybill doctor publish propose\nwaybill doctor run --timeout 5",
    writes=False,
)
@click.argument("names", nargs=-1, metavar="[CHECK|COMMAND]...")
@click.option("--timeout", type=click.IntRange(min=1), default=20, metavar="SECONDS", help="For each check.  [20]")
def doctor(names: tuple[str, ...], *, timeout: int, as_json: bool) -> None:
    """Look at this machine and this repository: what is there, what is missing or old, and what it is needed for.

    CHECK is a name of the first column, COMMAND one of waybill's: only what these need is looked at. The exit code is 1
    if something is missing that the settings ask for, that a named command cannot do without, or that is named itself.
    Logins are tried as a push tries them; nothing is changed anywhere.
    """
    checks = select_checks(names, _commands())
    settings, error = _settings()
    surroundings = Surroundings(settings=settings, error=error, environment=dict(os.environ), patience=timeout)
    found = examine(checks, names, surroundings)
    bad = [each for each in found if each.is_bad]
    if as_json:
        print_json({"ok": not bad, "checks": [each.as_json() for each in found]})
    else:
        _show(found, bad)
    if bad:
        sys.exit(1)


def _commands() -> list[str]:
    """The names of waybill's commands."""
    root = click.get_current_context().find_root()
    return root.command.list_commands(root) if isinstance(root.command, click.Group) else []


def _settings() -> tuple[Settings, str]:
    """The settings, or the defaults and why there are none."""
    try:
        return load_settings(Path(), os.environ, {}), ""
    except SettingsError as error:
        return Settings(), str(error)


def _show(found: Sequence[Checked], bad: Sequence[Checked]) -> None:
    rows = ((each.check.name, each.result.state, each.result.message.partition("\n")[0]) for each in found)
    console.show_table(("check", "state", "found"), rows)
    for each in found:
        if each.result.state in (*BAD, "note"):
            _advise(each)
    names = listed(each.check.name for each in bad)
    console.say(f"to fix: {names}" if bad else "everything that the settings ask for is there")


def _advise(checked: Checked) -> None:
    """Say what a check is for, and what to do."""
    check, result = checked.check, checked.result
    commands = f"for waybill {listed(check.commands)}" if check.commands else "for every command"
    console.say(f"{check.name}: {commands}{'' if checked.needed else '; the settings do not ask for it'}")
    for line in (*result.message.splitlines()[1:], *result.help.splitlines()):
        console.say(f"  {line.strip()}")
    system = this_system()
    for name, how in result.get.items():
        if system in ("", name):
            console.say(f"  {name}: {how}")
