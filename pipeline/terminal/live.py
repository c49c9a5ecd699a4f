"""Live progress lines for parallel tasks, or a line per stage if standard error is not a terminal."""

from __future__ import annotations

import sys
import threading
import time
from types import TracebackType
from typing import Final, Self

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Column

#: The most characters of a task's current activity.
_SHOWN: Final = 100


def error_console() -> Console:
    """Return a rich console for standard error that shows text as it is, brackets included.

    FORCE_COLOR is only for colours: rich would take a pipe for a terminal, and send cursor movements.
    """
    return Console(stderr=True, markup=False, force_terminal=sys.stderr.isatty())


class LiveLines:
    """Shows the activity of each task: live if `watched`, or else with a line for each stage; nothing if `quiet`."""

    def __init__(self, heading: str, *, watched: bool, quiet: bool) -> None:
        console = error_console()
        self._heading = heading
        self._quiet = quiet
        self._console = console
        self._lock = threading.Lock()
        self._tasks: dict[str, TaskID] = {}
        self._started: dict[str, float] = {}
        self._progress = Progress(
            TextColumn(f"{heading:>9} ", table_column=Column(no_wrap=True)),
            SpinnerColumn(table_column=Column(no_wrap=True)),
            TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True)),
            TextColumn("{task.fields[what]}", markup=False, table_column=Column(no_wrap=True, ratio=1)),
            TimeElapsedColumn(table_column=Column(no_wrap=True)),
            expand=True,
            console=console,
            transient=True,
            disable=not watched,
        )

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._progress.stop()

    def stage(self, title: str, name: str) -> None:
        """Show that a stage of the task `title` begins, in a line of its own if not `watched`."""
        self.update(title, name)
        if self._progress.disable:
            self._print(f"{title}: {name}")

    def update(self, title: str, text: str) -> None:
        """Show the current activity of the task `title`."""
        with self._lock:
            if title not in self._tasks:
                self._tasks[title] = self._progress.add_task(title, total=None, what="")
                self._started[title] = time.monotonic()
        self._progress.update(self._tasks[title], what=text[:_SHOWN])

    def done(self, title: str, text: str) -> None:
        """Write the result of the task `title` as a permanent line."""
        now = time.monotonic()
        seconds = now - self._started.get(title, now)
        if (task := self._tasks.pop(title, None)) is not None:
            self._progress.remove_task(task)
        self._print(f"{title}: {text}, {seconds:.1f} s")

    def _print(self, text: str) -> None:
        if not self._quiet:
            self._console.print(f"{self._heading:>9}  {text}", markup=False, highlight=False, soft_wrap=True)
