"""Tables, which rich draws; `console` imports this module where it shows one."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from rich import box
from rich.console import Console
from rich.table import Table

_WIDTH_OF_A_LOG: Final = 120


def print_table(headings: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Collection[str]) -> None:
    """Draw a table; columns of `numbers` are aligned to the right and not broken, others are folded."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in headings:
        if heading in numbers:
            table.add_column(heading, justify="right", no_wrap=True)
        else:
            table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*row)
    error_console().print(table)


def error_console() -> Console:
    """Standard error; text is shown as it is, brackets included."""
    return Console(stderr=True, markup=False, width=None if sys.stderr.isatty() else _WIDTH_OF_A_LOG)
