"""`waybill diff`: what is different between two versions of a workflow, or of all of them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final, Literal

import click

from pipeline.commands.command import command, print_json, settings_of

if TYPE_CHECKING:
    from generator.diff.change import Difference

_FORMATS: Final = ("text", "markdown", "json")
_LIMITS: Final = ("breaking", "any")


@command(
    "workflows",
    "output",
    "repository_url",
    "registry",
    "image_prefix",
    "minify_specs",
    short_help="Say what is different between two versions.",
    example="waybill diff greeting@v1.2.0 greeting\nwaybill diff main...HEAD --format markdown\n"
    "waybill diff greeting@1.2.0 dist/greeting-2.0.0.tgz",
    writes=False,
)
@click.argument("old")
@click.argument("new", required=False)
@click.option("--format", "format_", type=click.Choice(_FORMATS), default="text", help="[text]")
@click.option("--fail-on", type=click.Choice(_LIMITS), help="Exit 1 on a breaking difference, or on any.")
def diff(
    old: str,
    new: str | None,
    *,
    format_: Literal["text", "markdown", "json"],
    fail_on: Literal["breaking", "any"] | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Say what is different between OLD and NEW, whom it concerns, and what waiting instances would trip over.

    Each is a workflow folder, a chart folder, a package, or WORKFLOW@REVISION: a commit, tag or branch of git, else a
    published version. A revision alone, or a range (main..HEAD), is about all workflows. Without NEW, it is
    the folder as it lies there.
    """
    from pipeline.inspect.diff import compared  # noqa: PLC0415 - as above
    from pipeline.terminal import console  # noqa: PLC0415 - --help does not need it

    pairs = compared(old, new, settings_of(options))
    differences = [pair.difference for pair in pairs]
    failed = any(_fails(difference, fail_on) for difference in differences)
    if as_json or format_ == "json":
        print_json({"ok": not failed, "differences": [difference.as_json() for difference in differences]})
    elif format_ == "markdown":
        from generator.diff.markdown import markdown  # noqa: PLC0415 - as above

        click.echo(markdown(pairs), nl=False)
    else:
        console.show_differences(differences)
    if failed:
        sys.exit(1)


def _fails(difference: Difference, limit: str | None) -> bool:
    """Whether a difference is what `--fail-on` is about."""
    from generator.diff.change import Impact  # noqa: PLC0415 - as above

    if limit == "breaking":
        return bool(difference.of(Impact.BREAKING))
    return limit == "any" and bool(difference.changes)
