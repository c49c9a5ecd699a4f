"""`waybill matrix`: show compatibility.yaml as a table."""

from __future__ import annotations

import sys
from typing import Any

import click

from generator.compatibility import table
from pipeline.commands.command import command, print_json, settings_of
from pipeline.operators.known import read_compatibility
from pipeline.terminal.colours import width_of
from pipeline.terminal.table import table_lines


@command(
    "compatibility",
    short_help="Show which charts run on which operators.",
    example="waybill matrix --markdown > docs/compatibility.md\nwaybill matrix --json",
    writes=False,
)
@click.option("--markdown", is_flag=True, help="Print a Markdown table, the default unless the output is a terminal.")
def matrix(*, markdown: bool, as_json: bool, **options: Any) -> None:
    """Show compatibility.yaml as a table: charts, their versions and the operators they run on."""
    if markdown and as_json:
        raise click.UsageError("--markdown or --json, not both")
    read = read_compatibility(settings_of(options).compatibility)
    if as_json:
        print_json(table.as_json(read))
    elif read.rows and not markdown and sys.stdout.isatty():
        for line in table_lines(table.HEADINGS, [*table.cells(read)], numbers=(), width=width_of(sys.stdout)):
            click.echo(line)
    else:
        click.echo(table.markdown(read), nl=False)
