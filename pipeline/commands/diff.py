"""`waybill diff`: show the differences between two versions of one workflow, or of all workflows."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, Final, Literal

import click

from generator.diff.change import Difference, Impact
from generator.diff.markdown import markdown
from generator.diff.words import lines
from pipeline.commands.command import command, print_json, settings_of
from pipeline.inspect.diff import compared
from pipeline.terminal import console

_FORMATS: Final = ("text", "markdown", "json")
_LIMITS: Final = ("breaking", "any")
_COLOURS: Final = {"breaking": "red", "compatible": "green", "internal": None}


@command(
    "workflows",
    "output",
    "repository_url",
    "registry",
    "image_prefix",
    "minify_specs",
    short_help="Show the changes between two versions of a workflow.",
    example="waybill diff greeting@v1.2.0 greeting\nwaybill diff\nwaybill diff main...HEAD --format markdown\n"
    "waybill diff greeting@1.2.0 dist/greeting-2.0.0.tgz",
    writes=False,
)
@click.argument("old", required=False)
@click.argument("new", required=False)
@click.option("--format", "format_", type=click.Choice(_FORMATS), default="text", help="The output format.  [text]")
@click.option("--fail-on", type=click.Choice(_LIMITS), help="Exit 1 on a breaking change, or on any change.")
def diff(
    old: str | None,
    new: str | None,
    *,
    format_: Literal["text", "markdown", "json"],
    fail_on: Literal["breaking", "any"] | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Show what changed between OLD and NEW, who is affected, and what would break waiting instances.

    OLD and NEW are workflow folders, chart folders, packages, or WORKFLOW@REVISION with a git commit, tag or branch, or
    a published version. A revision alone, or a range (main..HEAD), compares all workflows. NEW defaults to the working
    folder. Without OLD, all workflows that changed since the last commit are compared with it.
    """
    pairs = compared(old, new, settings_of(options))
    differences = [pair.difference for pair in pairs]
    failed = any(_fails(difference, fail_on) for difference in differences)
    if as_json or format_ == "json":
        print_json({"ok": not failed, "differences": [difference.as_json() for difference in differences]})
    elif format_ == "markdown":
        click.echo(markdown(pairs), nl=False)
    else:
        _show(differences)
    if failed:
        sys.exit(1)


def _fails(difference: Difference, limit: str | None) -> bool:
    """Return whether `--fail-on` applies to a difference."""
    if limit == "breaking":
        return bool(difference.of(Impact.BREAKING))
    return limit == "any" and bool(difference.changes)


def _show(differences: Sequence[Difference]) -> None:
    """Print the report to standard output, in colour on a terminal."""
    if not differences:
        click.echo("No differences")
    for line in lines(differences):
        colour = _COLOURS[line.impact] if line.impact else None
        console.print_text(f"{console.styled(line.text, colour, bold=line.heading)}\n")
