"""`waybill check`: check charts against versions of the operator."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from generator.compatibility.support_status import Listed, SupportStatus
from generator.compatibility.verdict import Outcome, Verdict
from generator.findings.errors import SettingsError
from generator.findings.finding import errors
from pipeline.commands.command import accept_index, command, print_json, settings_of
from pipeline.operators.index_check import check_index
from pipeline.terminal import console
from pipeline.workspace import folders
from pipeline.workspace.settings import Settings

if TYPE_CHECKING:  # imported lazily, as --index does not need it
    from pipeline.operators.compatibility_check import Asked, Checked

#: The most versions in a cell, and the most workflows in a suggested command.
_NAMED: Final = 5


@command(
    "workflows",
    "charts",
    "compatibility",
    short_help="Check charts against operator versions.",
    example="waybill check\nwaybill check greeting --sonataflow 1.45\nwaybill check --sonataflow all\n"
    "waybill check greeting-2.0.0.tgz --operator 1.3.2\n"
    "waybill check --crds my/operator/crds\nwaybill check --cluster --context production\n"
    "waybill check --index https://example.com/charts/index.yaml --operator 1.3.2",
    writes=False,
)
@click.argument("words", nargs=-1, metavar="[WORKFLOW|CHART]...")
@click.option("--sonataflow", multiple=True, metavar="V", help="A SonataFlow version such as 1.45, or all. Repeatable.")
@click.option("--operator", multiple=True, metavar="V", help="An Orchestrator version such as 1.3.2. Repeatable.")
@click.option("--crds", metavar="PATH", help="Check against the operator CRDs in a folder, a file or at a URL.")
@click.option("--cluster", is_flag=True, help="Check against the cluster that kubectl or oc is logged in to.")
@click.option("--context", metavar="NAME", help="With --cluster: the kubeconfig context.  [the current one]")
@click.option("--index", metavar="PLACE", help="List which versions in this index.yaml (a file or URL) run.")
@accept_index
def check(
    words: tuple[str, ...],
    *,
    sonataflow: tuple[str, ...],
    operator: tuple[str, ...],
    crds: str | None,
    cluster: bool,
    context: str | None,
    index: str | None,
    accept: str | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Check which fields of each chart an operator would drop or reject.

    Without a version, each chart is checked against the operators that compatibility.yaml says it runs on, once with
    its default values and once with every optional value set. Helm renders an existing chart folder or package, with
    its default values. Exits 1 unless every chart fits.
    """
    _refuse_contradictions(cluster=cluster, context=context, index=index, accept=accept)
    settings = settings_of(options)
    if index:
        listed = check_index(
            index,
            orchestrators=operator,
            sonataflows=sonataflow,
            compatibility=settings.compatibility,
            accept=accept,
        )
        ok = _show_index(listed, as_json=as_json)
    else:
        from pipeline.operators.compatibility_check import Asked  # noqa: PLC0415 - not for --index

        asked = Asked(sonataflows=sonataflow, orchestrators=operator, crds=crds, cluster=cluster, context=context)
        ok = _check_charts(words, asked, settings, as_json=as_json)
    if not ok:
        sys.exit(1)


def _refuse_contradictions(*, cluster: bool, context: str | None, index: str | None, accept: str | None) -> None:
    """Raise an error if two options contradict each other."""
    if accept is not None and index is None:
        raise SettingsError("--accept-index goes with --index")
    if context is not None and not cluster:
        raise SettingsError("--context goes with --cluster")
    if index and cluster:
        raise SettingsError("--index is about a published repository, --cluster about the workflows here; give one")


def _show_index(listed: Sequence[Listed], *, as_json: bool) -> bool:
    """List the charts of a published repository; return whether the operator runs any of them."""
    ok = any(each.status is SupportStatus.CLAIMED for each in listed)
    if as_json:
        versions = [{"chart": each.chart, "version": each.version, "status": str(each.status)} for each in listed]
        print_json({"ok": ok, "versions": versions})
    else:
        _show_listed(listed)
    return ok


def _check_charts(words: Sequence[str], asked: Asked, settings: Settings, *, as_json: bool) -> bool:
    """Check workflows and charts against operators and show the results; return whether everything fits."""
    from pipeline.operators import compatibility_check  # noqa: PLC0415 - as above

    charts, selected = _selected(words, settings)
    checked = compatibility_check.check(console.StageReporter().track("check", selected), asked, settings, charts)
    ok = all(each.outcome is Outcome.FITS for each in checked.verdicts) and not errors(checked.findings)
    if as_json:
        print_json({"ok": ok, **_as_json(checked)})
        return ok
    _show_checked(checked)
    if not (charts or asked.crds or asked.cluster):
        _show_next_build(checked)
    return ok


def _selected(words: Sequence[str], settings: Settings) -> tuple[list[Path], list[Path]]:
    """Return the named charts and workflow folders; all workflows if none is named."""
    from pipeline.operators import helm  # noqa: PLC0415 - as above

    charts = [Path(word) for word in words if helm.is_chart(word)]
    names = [word for word in words if not helm.is_chart(word)]
    return charts, folders.select_folders(names, settings) if names or not charts else []


def _as_json(checked: Checked) -> dict[str, Any]:
    return {
        **({"cluster": checked.cluster.as_json()} if checked.cluster else {}),
        "verdicts": [verdict.as_json() for verdict in checked.verdicts],
        "findings": [finding.as_json() for finding in checked.findings],
    }


def _show_checked(checked: Checked) -> None:
    """Show the findings and a table of charts and operators."""
    console.show_findings(checked.findings)
    if checked.verdicts:
        _show_verdicts(checked.verdicts)


def _show_verdicts(verdicts: Sequence[Verdict]) -> None:
    """Show one row per workflow, one column per operator; a cell is empty if the chart does not claim to run there."""
    operators = list(dict.fromkeys(verdict.operator for verdict in verdicts))
    cells = {(verdict.workflow, verdict.operator): str(verdict.outcome) for verdict in verdicts}
    rows = (
        (workflow, *(cells.get((workflow, operator), "") for operator in operators))
        for workflow in dict.fromkeys(verdict.workflow for verdict in verdicts)
    )
    console.show_table(("workflow", *operators), rows)


def _show_next_build(checked: Checked) -> None:
    """Suggest a build for the last SonataFlow that drops or rejects a field of a chart made for another."""
    others = (each for each in checked.verdicts if each.sonataflow != checked.made_for)
    broken = [each for each in others if each.outcome in (Outcome.LOSES, Outcome.REFUSED)]
    if not broken:
        return
    sonataflow = str(broken[-1].sonataflow)
    names = list(dict.fromkeys(each.workflow for each in broken if each.sonataflow == sonataflow))
    which = names if len(names) <= _NAMED else ["--all"]
    console.show_next(["waybill", "build", *which, "--sonataflow", sonataflow], "makes charts for it")


def _show_listed(versions: Sequence[Listed]) -> None:
    """Show one row per chart: the versions that the operator runs, newest first, and the number of the others."""
    others = [status for status in SupportStatus if status is not SupportStatus.CLAIMED]
    by_chart: dict[str, list[Listed]] = {}
    for each in versions:
        by_chart.setdefault(each.chart, []).append(each)
    rows = ((chart, *_row(of_chart, others)) for chart, of_chart in by_chart.items())
    console.show_table(("chart", "runs, newest first", *others), rows, numbers=others)


def _row(versions: Sequence[Listed], others: Sequence[SupportStatus]) -> Iterator[str]:
    """Yield the versions of a chart that run, then the number with each other status; zero is an empty cell."""
    yield _shortened([each.version for each in versions if each.status is SupportStatus.CLAIMED]) or "none"
    counts = Counter(each.status for each in versions)
    yield from (str(counts[status] or "") for status in others)


def _shortened(versions: Sequence[str]) -> str:
    more = len(versions) - _NAMED
    return ", ".join([*versions[:_NAMED], *([f"and {more} more"] if more > 0 else [])])
