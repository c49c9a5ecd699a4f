"""Output on the terminal: stages, findings, tables, the next command to run."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from enum import IntEnum
from typing import TYPE_CHECKING, Final, TypeVar

import click

from generator.findings.finding import Finding, Severity
from generator.findings.printable import in_one_line
from generator.text.words import listed, plural
from pipeline.terminal.colours import is_live, wants_colour, width_of
from pipeline.terminal.table import table_lines

if TYPE_CHECKING:
    from generator.contracts.minify import Saving
    from pipeline.terminal.live import LiveLines

_COLOURS: Final = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}
#: From this many items on, work takes seconds, and a progress bar is shown.
_MANY: Final = 50

T = TypeVar("T")


class Verbosity(IntEnum):
    """How much a command prints besides its result and its errors."""

    QUIET = 0
    NORMAL = 1
    VERBOSE = 2


class _Current:
    """The verbosity of this process, in every thread."""

    verbosity = Verbosity.NORMAL


@contextmanager
def with_verbosity(verbosity: Verbosity) -> Iterator[None]:
    """Set the verbosity while the block runs."""
    before = _Current.verbosity
    _Current.verbosity = verbosity
    try:
        yield
    finally:
        _Current.verbosity = before


def is_quiet() -> bool:
    """Return whether the user wants only the result and errors."""
    return _Current.verbosity is Verbosity.QUIET


class StageReporter:
    """Writes one line per stage to standard error."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet

    def stage(self, name: str, what: str) -> None:
        """Write that a stage begins; `name` is its short name, `what` its description."""
        if not self._quiet:
            hint(f"{name:>9}  {what}")

    def track(self, name: str, items: Sequence[T]) -> Iterable[T]:
        """Return `items`, with a progress bar if there are many and standard error is a terminal."""
        if self._quiet or is_quiet() or len(items) < _MANY or not is_live(sys.stderr):
            return items
        from pipeline.terminal.progress import tracked  # noqa: PLC0415 - 80 ms, only for long work

        return tracked(f"{name:>9}", items)


def say(text: str) -> None:
    """Write a message to standard error."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - this module prints


def hint(text: str) -> None:
    """Write a message to standard error, unless --quiet."""
    if not is_quiet():
        say(text)


def detail(text: str) -> None:
    """Write a message to standard error with --verbose only."""
    if _Current.verbosity is Verbosity.VERBOSE:
        say(in_one_line(text))


def say_error(message: str) -> None:
    """Write an error message; control characters, which may come from names and files, are escaped."""
    say("\n".join(map(in_one_line, f"waybill: error: {message}".split("\n"))))


def say_waiting() -> None:
    """Write that another process holds the lock."""
    say("another waybill is writing here; waiting for it to finish")


def show_findings(findings: Iterable[Finding]) -> None:
    """Write errors, and warnings unless --quiet, to standard error, a line each; only lint shows notes."""
    shown = (Severity.ERROR,) if is_quiet() else (Severity.ERROR, Severity.WARNING)
    print_text(as_text(finding for finding in findings if finding.severity in shown), err=True)


def print_text(text: str, *, err: bool = False) -> None:
    """Write text to standard output or standard error, with its colours only if the stream takes them."""
    click.echo(text, nl=False, err=err, color=wants_colour(sys.stderr if err else sys.stdout))


def as_text(findings: Iterable[Finding]) -> str:
    """Return a line per finding, with its severity in colour, for `print_text`."""
    return "".join(f"{_coloured(finding)}\n" for finding in findings)


def _coloured(finding: Finding) -> str:
    where, _, rest = str(finding).partition(f": {finding.severity}: ")
    return f"{where}: {styled(finding.severity, _COLOURS[finding.severity], bold=True)}: {rest}"


def styled(text: str, colour: str | None, *, bold: bool) -> str:
    """Return text in a colour and, optionally, bold, for `print_text`."""
    return click.style(text, fg=colour, bold=bold) if colour or bold else text


def counted(findings: Sequence[Finding]) -> str:
    """Return the number of findings by severity, as in `3 errors, 1 warning and 2 notes`."""
    counts = {severity: sum(finding.severity is severity for finding in findings) for severity in Severity}
    parts = [plural(number, severity) for severity, number in counts.items() if number]
    return listed(parts) or "no findings"


def show_next_fix(findings: Sequence[Finding], names: Sequence[str]) -> None:
    """Write that `--fix` can fix some findings, if so; `names` are the workflows of the command."""
    fixable = sum(finding.edit is not None for finding in findings)
    if not fixable:
        return
    which = f"{fixable} of them" if fixable < len(findings) else "all of them"
    show_next(["waybill", "lint", *names, "--fix"], f"fixes {'it' if len(findings) == 1 else which}")


def show_savings(savings: Sequence[Saving]) -> None:
    """Write a line for each OpenAPI file that was cut down."""
    for saving in savings:
        hint(f"cut down {saving.path}: {size(saving.before)} to {size(saving.after)}")


def size(number: int) -> str:
    """Return a number of bytes in KiB."""
    return f"{number / 1024:,.1f} KiB"


def image_size(number: int) -> str:
    """Return a number of bytes in MiB."""
    return f"{number / 1024 / 1024:,.1f} MiB"


def show_table(headings: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Collection[str] = ()) -> None:
    """Write a table to standard error; the columns whose headings are in `numbers` are right-aligned."""
    for line in table_lines(headings, [*rows], numbers=numbers, width=width_of(sys.stderr)):
        say(line)


def is_watched() -> bool:
    """Return whether live updates are shown: on a terminal, unless --quiet."""
    return is_live(sys.stderr) and not is_quiet()


def live_images() -> LiveLines:
    """Return a context manager with a live line for each image."""
    return live_lines("image")


def live_lines(heading: str) -> LiveLines:
    """Return a context manager with a live line for each task."""
    from pipeline.terminal.live import LiveLines  # noqa: PLC0415 - 80 ms, only for long work

    return LiveLines(heading, watched=is_watched(), quiet=is_quiet())


def show_next(words: Sequence[str], why: str = "") -> None:
    """Write the next command to copy, and what it does."""
    hint(f"next   {shlex.join(words)}{f'   {why}' if why else ''}")
