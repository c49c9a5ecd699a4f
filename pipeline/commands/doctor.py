"""`waybill doctor`: check what this machine, this repository or a cluster is missing, and say how to get it."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from generator.delivery.names import check_name
from generator.findings.errors import OutputError, SettingsError
from generator.findings.suggestions import one_of
from generator.health.check import BAD
from generator.text.words import listed, plural
from pipeline.commands.command import command, print_json, print_objects
from pipeline.doctor.check import Surroundings, this_system
from pipeline.doctor.checks import Checked, examine, select_checks
from pipeline.terminal import console
from pipeline.workspace.settings import Settings
from pipeline.workspace.settings_reader import load_settings

if TYPE_CHECKING:
    from generator.health.check import Diagnosis


@command(
    short_help="Show what this machine is missing, and how to get it.",
    example=(
        "waybill doctor\nwaybill doctor publish propose\nwaybill doctor --cluster\n"
        "waybill doctor --cluster -n demo policies labels"
    ),
    writes=False,
)
@click.argument("names", nargs=-1, metavar="[CHECK|COMMAND]...")
@click.option(
    "--timeout", type=click.IntRange(min=1), default=20, metavar="SECONDS", help="The time limit of each check.  [20]"
)
@click.option(
    "--cluster",
    "looks_at_cluster",
    is_flag=True,
    help="Check the cluster of kubectl or oc instead.",
)
@click.option(
    "-n",
    "--namespace",
    "namespaces",
    multiple=True,
    metavar="N",
    help="With --cluster: check only the workflows of this namespace. Repeatable.  [all]",
)
@click.option("--context", metavar="NAME", help="With --cluster: the kubeconfig context.  [the current one]")
@click.option(
    "--role",
    "user",
    metavar="USER",
    help="With --cluster: print the Roles with which this user can run the checks.",
)
def doctor(
    names: tuple[str, ...],
    *,
    timeout: int,
    looks_at_cluster: bool,
    namespaces: tuple[str, ...],
    context: str | None,
    user: str | None,
    as_json: bool,
) -> None:
    """Check this machine and this repository: what is there, what is missing or too old, and what needs it.

    CHECK is a name in the first column, COMMAND a command of waybill: with names, only their checks run. Exits 1 if
    something is missing that the settings ask for, that a named command needs, or that is named itself. Logins are
    tried as a push tries them; nothing is changed anywhere.

    With --cluster it checks a cluster instead, from the operators to the workflows, and prints the commands that show
    or fix what it finds. A fault that another one explains is not repeated. Of Secrets, it reads only the keys.
    """
    if looks_at_cluster:
        for namespace in namespaces:
            check_name(namespace, "a namespace")
        if user is None:
            _diagnose(names, namespaces, context, timeout, as_json=as_json)
        else:
            _write_roles(user, names, namespaces, context, timeout, as_json=as_json)
        return
    if namespaces or context or user:
        raise SettingsError("--namespace, --context and --role go with --cluster")
    checks = select_checks(names, _commands())
    settings, error = _settings()
    surroundings = Surroundings(settings=settings, error=error, environment=dict(os.environ), patience=timeout)
    found = examine(checks, names, surroundings)
    bad = [each for each in found if each.is_bad]
    if as_json:
        print_json({"ok": not bad, "checks": [each.as_json() for each in found]})
    else:
        _show_checks(found, bad)
    if bad:
        sys.exit(1)


def _diagnose(
    names: tuple[str, ...], namespaces: tuple[str, ...], context: str | None, timeout: int, *, as_json: bool
) -> None:
    """Check a cluster."""
    from generator.health.diagnosis import CHECKS, diagnose  # noqa: PLC0415 - only --cluster pays for it
    from pipeline.doctor.cluster import read_objects  # noqa: PLC0415 - as above

    known = [check.name for check in CHECKS]
    for name in names:
        if name not in known:
            raise SettingsError(f"--cluster has no check '{name}'{one_of(name, known)}")
    cluster = read_objects(context, namespaces, patience=timeout)
    found = [each for each in diagnose(cluster) if not names or each.name in names]
    bad = [each for each in found if each.is_bad]
    if as_json:
        print_json({"ok": not bad, "checks": [each.as_json() for each in found]})
    else:
        _show_diagnoses(found, bad, cluster.program)
    if bad:
        sys.exit(1)


def _write_roles(
    user: str, names: tuple[str, ...], namespaces: tuple[str, ...], context: str | None, timeout: int, *, as_json: bool
) -> None:
    """Print the Roles with which a user can diagnose this cluster."""
    from generator.health.reading import roles  # noqa: PLC0415 - only --cluster pays for it
    from pipeline.doctor.cluster import read_objects  # noqa: PLC0415 - as above

    if names:
        raise SettingsError("--role is for all checks; leave out their names")
    cluster = read_objects(context, namespaces, patience=timeout)
    if cluster.unreadable:
        raise OutputError(
            "the Roles name objects that you may not read; run this as a user who may read the whole cluster"
        )
    print_objects(roles(cluster, user), as_json=as_json)


def _show_diagnoses(found: Sequence[Diagnosis], bad: Sequence[Diagnosis], program: str) -> None:
    console.show_table(("check", "state", "found"), ((each.name, each.state, _found_cell(each)) for each in found))
    for each in found:
        for fault in each.faults:
            console.say(f"{each.name}: {fault.message}")
            for line in (*([fault.help] if fault.help else ()), *fault.commands):
                console.say(f"  {line}")
    if any(each.denied for each in found):
        console.say("you may not read everything; a cluster administrator grants USER the rights with:")
        console.say(f"  waybill doctor --cluster --role USER | {program} apply -f -")
    console.say(f"to fix: {listed(each.name for each in bad)}" if bad else _conclusion(found))


def _found_cell(found: Diagnosis) -> str:
    """Return a check's cell of the table; its faults follow below the table with their commands."""
    noun = "note" if found.state == "note" else "fault"
    return f"{plural(len(found.faults), noun)}, see below" if found.faults else found.message


def _conclusion(found: Sequence[Diagnosis]) -> str:
    unjudged = [each.name for each in found if each.denied]
    return f"nothing to fix, but {listed(unjudged)} could not be checked everywhere" if unjudged else "nothing to fix"


def _commands() -> list[str]:
    """Return the names of waybill's commands."""
    root = click.get_current_context().find_root()
    return root.command.list_commands(root) if isinstance(root.command, click.Group) else []


def _settings() -> tuple[Settings, str]:
    """Return the settings and "", or the defaults and why the settings cannot be read."""
    try:
        return load_settings(Path(), os.environ, {}), ""
    except SettingsError as error:
        return Settings(), str(error)


def _show_checks(found: Sequence[Checked], bad: Sequence[Checked]) -> None:
    rows = ((each.check.name, each.result.state, each.result.message.partition("\n")[0]) for each in found)
    console.show_table(("check", "state", "found"), rows)
    for each in found:
        if each.result.state in (*BAD, "note"):
            _advise(each)
    names = listed(each.check.name for each in bad)
    console.say(f"to fix: {names}" if bad else "everything that the settings ask for is there")


def _advise(checked: Checked) -> None:
    """Print what a check is for, and what to do."""
    check, result = checked.check, checked.result
    commands = f"for waybill {listed(check.commands)}" if check.commands else "for every command"
    console.say(f"{check.name}: {commands}{'' if checked.needed else '; the settings do not ask for it'}")
    for line in (*result.message.splitlines()[1:], *result.help.splitlines()):
        console.say(f"  {line.strip()}")
    system = this_system()
    for name, how in result.get.items():
        if system in ("", name):
            console.say(f"  {name}: {how}")
