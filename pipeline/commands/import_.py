"""`waybill import`: import the workflows of another repository, with the content of their hand-made charts."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import click

from generator.findings.finding import errors
from generator.findings.printable import in_one_line
from generator.handmade.chart import Remark
from generator.text.words import plural
from pipeline.commands.command import command, pass_journal, print_json, settings_of
from pipeline.importing.imported import Imported, ImportPlan
from pipeline.importing.plan import plan_import
from pipeline.importing.source import open_foreign
from pipeline.importing.writing import write_import
from pipeline.system import locks
from pipeline.system.journal import Journal
from pipeline.terminal import console


@command(
    "workflows",
    "charts",
    "output",
    "registry",
    "image_prefix",
    "initial_version",
    "compatibility",
    "strict",
    short_help="Import workflows from another repository.",
    example="waybill import ../their-repository --dry-run\n"
    "waybill import https://github.com/acme/workflows.git#main greeting escalation\n"
    "waybill import git@git.example.com:acme/workflows.git --their-charts deploy/helm --fix",
)
@click.argument("source", metavar="FOLDER|GIT-URL")
@click.argument("workflow", nargs=-1)
@click.option("--their-charts", metavar="FOLDER", help="The folder of the hand-made charts in that repository.")
@click.option("--fix", is_flag=True, help="Fix findings in the imported files that have only one correct fix.")
@click.option("--dry-run", is_flag=True, help="Show what would be imported, without writing anything.")
@pass_journal
def import_(
    journal: Journal,
    /,
    source: str,
    workflow: tuple[str, ...],
    *,
    their_charts: str | None,
    fix: bool,
    dry_run: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Import all workflows, or the named ones, from a folder or a git repository (URL#BRANCH:FOLDER).

    Files that a build generates are not imported; the custom parts of a hand-made chart go into the workflow's chart/.
    Existing files are never overwritten. Exits 1 if something is left for you to do.
    """
    settings = settings_of(options)
    with locks.only_writer(settings.output, console.say_waiting, [settings.charts, settings.workflows]):
        with open_foreign(source, os.environ) as repository:
            console.StageReporter(quiet=as_json).stage("read", repository.title)
            plan = plan_import(repository, settings, workflow, charts=their_charts, fixing=fix)
        if not dry_run:
            write_import(plan, settings, journal)
    by_hand = any(each.needs_hand for each in plan.workflows)
    if as_json:
        print_json({"ok": not by_hand, **_as_json(plan)})
    else:
        _show(plan, dry_run=dry_run)
        if fixable := [each.name for each in plan.of("left out") if any(found.edit for found in errors(each.findings))]:
            console.show_next(
                ["waybill", "import", source, *fixable, "--fix"], "fixes findings that have only one correct fix"
            )
    if by_hand:
        sys.exit(1)


def _show(plan: ImportPlan, *, dry_run: bool) -> None:
    """Show a table of the workflows, then notes on each."""
    headings = ("workflow", "state", "chart", "before", "moved", "generated", "to do")
    console.show_table(headings, (_row(each) for each in plan.workflows), numbers=headings[4:])
    for each in plan.workflows:
        for line in _lines(each):
            console.say(in_one_line(line))
        console.show_findings(errors(each.findings))
    for note in (*plan.rows.notes, *plan.notes):
        console.say(note)
    coming = [each.name for each in plan.of("imported")]
    done = "would be imported" if dry_run else "imported"
    there, left = len(plan.of("unchanged")), len(plan.of("left out"))
    counts = [f"{plural(len(coming), 'workflow')} {done}"]
    counts += [f"{there} already here"] if there else []
    counts += [f"{left} left out"] if left else []
    console.say(", ".join(counts))
    if coming and not dry_run:
        console.show_next(["waybill", "build", *coming])


def _row(each: Imported) -> Sequence[str]:
    adopted = each.adopted
    chart = f"{each.chart.name} {each.chart.version}" if each.chart and each.state != "left out" else ""
    counts = (adopted.moved, adopted.gone, adopted.by_hand) if adopted else ((), (), ())
    was = adopted.version if adopted else ""
    return (each.name, each.state, chart, was, *(str(len(count)) if count else "" for count in counts))


def _lines(each: Imported) -> Iterator[str]:
    for problem in each.problems:
        yield f"{each.name}: left out: {problem}"
    if each.adopted is None or each.state != "imported":
        return
    for moved in each.adopted.moved:
        yield f"{each.name}: moved {moved.path} to chart/{moved.to}"
    for title, found in (
        ("to do", each.adopted.by_hand),
        ("not imported", each.adopted.left),
        ("note", each.adopted.notes),
    ):
        for remark in found:
            yield f"{each.name}: {title}: {remark.path}{': ' if remark.path else ''}{remark.why}"
    for edit in each.fixed:
        yield f"fixed {edit}"


def _as_json(plan: ImportPlan) -> dict[str, object]:
    return {
        "workflows": [_workflow_as_json(each) for each in plan.workflows],
        "shared": {"new": sorted(plan.shared), "clashes": list(plan.clashes)},
        "rows": [
            {"charts": list(row.charts), "versions": row.versions, "sonataflow": row.operator} for row in plan.rows.rows
        ],
        "notes": [*plan.rows.notes, *plan.notes],
    }


def _workflow_as_json(each: Imported) -> dict[str, object]:
    adopted = each.adopted
    return {
        "name": each.name,
        "from": each.folder,
        "state": each.state,
        "chart": each.chart.name if each.chart else None,
        "version": each.chart.version if each.chart else None,
        "hand_made_chart": each.chart_folder or None,
        "hand_made_version": adopted.version if adopted else None,
        "hand_made_app_version": adopted.app_version if adopted else None,
        "moved": [{"path": moved.path, "to": f"chart/{moved.to}"} for moved in adopted.moved] if adopted else [],
        "made_anyway": _remarks([*each.gone, *(adopted.gone if adopted else ())]),
        "left": _remarks(adopted.left if adopted else ()),
        "by_hand": _remarks(adopted.by_hand if adopted else ()),
        "notes": _remarks(adopted.notes if adopted else ()),
        "problems": each.problems,
        "findings": [finding.as_json() for finding in each.findings],
        "fixed": [edit.as_json() for edit in each.fixed],
    }


def _remarks(found: Sequence[Remark]) -> list[dict[str, str]]:
    return [{"path": remark.path, "why": remark.why} for remark in found]
