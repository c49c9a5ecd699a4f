"""Makes commands that have only their parameters, for completion in a shell."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from generator.findings.errors import WaybillError

#: The table beside this module; docs/generate.py writes it, and a test compares it with the commands.
TABLE = "table.json"


@functools.cache
def _table() -> Mapping[str, Any]:
    read: Mapping[str, Any] = json.loads(resources.files(__package__).joinpath(TABLE).read_text(encoding="utf-8"))
    return read


def light_command(name: str) -> click.Command | None:
    """Return a command with the parameters in the table, or None if it is not there."""
    rows = _table().get(name)
    return None if rows is None else click.Command(name, params=[_parameter(row) for row in rows])


def _parameter(row: Mapping[str, Any]) -> click.Parameter:
    completes = row["completes"]
    type_ = click.Choice(completes) if isinstance(completes, list) else None
    complete = None if type_ else functools.partial(_completed, completes)
    if "options" not in row:
        return click.Argument([row["name"]], nargs=row["nargs"], type=type_, shell_complete=complete, required=False)
    if row["flag"]:
        return click.Option([*row["options"], row["name"]], is_flag=True, help=row["help"])
    return click.Option(
        [*row["options"], row["name"]],
        nargs=row["nargs"],
        multiple=row["multiple"],
        type=type_,
        shell_complete=complete,
        help=row["help"],
    )


def _completed(what: str, ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    if what in ("file", "dir"):
        return [CompletionItem(incomplete, type=what)]
    if what != "workflow":
        return []
    if os.sep in incomplete:
        return [CompletionItem(incomplete, type="dir")]
    names = (name for name in _workflows(ctx.params.get("workflows")) if name.startswith(incomplete))
    return [CompletionItem(name) for name in names]


def _workflows(folder: str | None) -> list[str]:
    """Return the names of the repository's workflows, or none if its settings are invalid."""
    from pipeline.workspace.folders import all_folders  # noqa: PLC0415 - only to complete workflows
    from pipeline.workspace.settings_reader import load_settings  # noqa: PLC0415 - as above

    try:
        place = Path(folder) if folder else load_settings(Path(), os.environ, {}).workflows
        return [path.name for path in all_folders(place)]
    except (WaybillError, OSError):
        return []
