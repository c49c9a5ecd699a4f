"""Makes the table from which a shell completes commands; docs/generate.py writes it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

import click

#: The arguments that name a workflow, and those that name a folder.
_WORKFLOWS: Final = frozenset({"workflow", "folder", "words", "names", "old", "new"})
_FOLDERS: Final = frozenset({"directory", "chart"})


def table(commands: Mapping[str, click.Command]) -> str:
    """Return the table of commands as JSON, with a line for each option and argument."""
    lines = (f"{json.dumps(name)}: {_rows(map(_row, command.params))}" for name, command in sorted(commands.items()))
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _rows(rows: Iterable[Mapping[str, Any]]) -> str:
    return "[\n" + ",\n".join(f"  {json.dumps(row, ensure_ascii=False)}" for row in rows) + "\n]"


def _row(param: click.Parameter) -> dict[str, Any]:
    row: dict[str, Any] = {"name": param.name, "nargs": param.nargs, "completes": _completes(param)}
    if isinstance(param, click.Option):
        options = [*param.opts, *param.secondary_opts]
        row |= {"options": options, "flag": param.is_flag, "multiple": param.multiple, "help": param.help or ""}
    return row


def _completes(param: click.Parameter) -> str | list[str]:
    """Return how to complete a parameter: its choices, "workflow", "file", "dir", or ""."""
    if isinstance(param.type, click.Choice):
        return [str(choice) for choice in param.type.choices]
    if isinstance(param, click.Argument) and param.name in _WORKFLOWS:
        return "workflow"
    if param.metavar == "DIR" or param.name in _FOLDERS:
        return "dir"
    return "file" if isinstance(param.type, click.Path) else ""
