"""`waybill explain`: explain what a workflow does, calls and needs, in plain English."""

from __future__ import annotations

from typing import Any, Literal

import click

from generator.explain import explanation
from pipeline.commands.command import command, print_json, settings_of
from pipeline.workspace import folders, workflows


@command(
    "workflows",
    short_help="Explain a workflow in plain English.",
    example="waybill explain greeting\nwaybill explain escalation --format markdown",
    writes=False,
)
@click.argument("folder")
@click.option(
    "--format",
    "format_",
    type=click.Choice(("text", "markdown", "json")),
    default="text",
    help="The output format.  [text]",
)
def explain(folder: str, *, format_: Literal["text", "markdown", "json"], as_json: bool, **options: Any) -> None:
    """Explain in plain English what a workflow does, calls and needs, and how it ends."""
    workflow = workflows.read_folder(folders.find_folder(folder, settings_of(options)))
    explained = explanation.explain(workflow)
    if as_json or format_ == "json":
        print_json({"ok": True, **explained.as_json()})
    else:
        click.echo(explained.as_markdown() if format_ == "markdown" else explained.as_text(), nl=False)
