"""`waybill check`: which charts run on which SonataFlow."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from pipeline.commands.command import command, print_json, settings_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from generator.compatibility.crd import Crd


@command(
    "workflows",
    short_help="Check which charts run on which SonataFlow.",
    example="waybill check\nwaybill check greeting --sonataflow 1.45\nwaybill check --crds my/operator/crds",
    writes=False,
)
@click.argument("workflow", nargs=-1)
@click.option(
    "--sonataflow", multiple=True, metavar="V", help="A version, as in 1.45; may be given more than once.  [all known]"
)
@click.option("--crds", metavar="PATH", help="CRDs of an operator: a folder, a file or an address.")
def check(
    workflow: tuple[str, ...], *, sonataflow: tuple[str, ...], crds: str | None, as_json: bool, **options: Any
) -> None:
    """Check what a SonataFlow makes of each workflow's chart: what it would drop, and what it would refuse.

    A chart is checked with its default values and with every optional one. Exits 1 where something is lost or refused.
    """
    from generator.compatibility.verdict import Outcome, judge  # noqa: PLC0415 - --help does not need it
    from pipeline import folders, report  # noqa: PLC0415 - as above
    from pipeline.reading import read_folder  # noqa: PLC0415 - as above

    settings = settings_of(options)
    operators = list(_operators(sonataflow, crds))
    selected = folders.select_folders(workflow, settings)
    tracked = report.StageReporter().track("check", selected)
    verdicts = [judge(read, operator) for read in map(read_folder, tracked) for operator in operators]
    failed = any(verdict.outcome is not Outcome.FITS for verdict in verdicts)
    if as_json:
        print_json({"ok": not failed, "verdicts": [verdict.as_json() for verdict in verdicts]})
    else:
        report.show_verdicts(verdicts)
    if failed:
        sys.exit(1)


def _operators(versions: tuple[str, ...], crds: str | None) -> Iterable[Crd]:
    """The schemas that charts are held against."""
    from generator.compatibility.crd import known_crd, known_crds  # noqa: PLC0415 - as above
    from generator.errors import SettingsError  # noqa: PLC0415 - as above
    from pipeline.crds import read_crds  # noqa: PLC0415 - as above

    known = known_crds()
    for version in versions or (() if crds else known):
        if version not in known:
            raise SettingsError(
                f"SonataFlow '{version}' is not known; there are {', '.join(known)}, or name its CRDs with --crds"
            )
        yield known_crd(version)
    if crds:
        yield read_crds(crds)
