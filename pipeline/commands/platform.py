"""`waybill platform`: write the chart with everything that workflows need in their cluster."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from generator.platform.platform import PLATFORM, platform_chart, platform_sonataflow
from generator.platform.values import PROFILES, Profile
from generator.versions.semver_text import PARTS, Part
from pipeline.build.generated_files import outdated, write
from pipeline.build.platform_files import left_over, next_version, refuse_others
from pipeline.commands.command import FILE, command, finish_check, pass_journal, print_json, settings_of
from pipeline.system.journal import Journal
from pipeline.terminal import console
from pipeline.workspace.folders import refuse_among_workflows


@command(
    "check",
    short_help="Write a chart that installs what workflows need in a cluster.",
    example="waybill platform --profile openshift -o charts\nwaybill platform --profile kind --sonataflow 10 -o out",
)
@click.option(
    "--profile",
    type=click.Choice(PROFILES),
    required=True,
    help="The cluster: OpenShift, kind, or any that already has the operators.",
)
@click.option(
    "--sonataflow", metavar="V", help="Write the chart for this SonataFlow version, such as 1.45.  [the newest]"
)
@click.option("-o", "--out", type=FILE, required=True, metavar="DIR", help="The chart goes to DIR/platform.")
@click.option("--bump", type=click.Choice(PARTS), help="Bump the version of the existing chart.")
@pass_journal
def platform(
    journal: Journal,
    /,
    *,
    profile: Profile,
    sonataflow: str | None,
    out: Path,
    bump: Part | None,
    check: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Write the chart `platform`: operators, Knative, the SonataFlowPlatform, PostgreSQL and network policies.

    The profile openshift subscribes to the operators in OpenShift's catalog, kind is for a kind cluster, and existing
    for a cluster whose operators are managed elsewhere: it creates no cluster-scoped objects. The chart's README has
    the commands in order. The version stays the same until --bump; for SonataFlow 1.45, it starts at 1.45.0. Other
    files in DIR/platform are left alone.
    """
    if check and bump:
        raise click.UsageError("--check or --bump, not both")
    refuse_among_workflows(out, "--out", settings_of(options))
    flow = platform_sonataflow(sonataflow)
    folder = out / PLATFORM
    refuse_others(folder)
    version = next_version(folder, flow, bump)
    files = platform_chart(profile, flow, version)
    gone = left_over(folder, files)
    if check:
        paths = (*outdated(folder, files), *gone)
        finish_check(tuple(f"{folder.as_posix()}/{path}" for path in paths), as_json=as_json)
        return
    write(folder, files, gone, journal)
    if as_json:
        print_json({"ok": True, "chart": PLATFORM, "version": version, "folder": folder.as_posix()})
        return
    console.say(f"{folder.as_posix()}  {PLATFORM} {version} for SonataFlow {flow.name}, {len(files)} files")
    for path in gone:
        console.say(f"{(folder / path).as_posix()}: removed, since the profile {profile} has none")
    console.hint(f"{folder.as_posix()}/README.md has the commands that install it, in order")
