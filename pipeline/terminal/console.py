"""What a person sees: stages while work goes on, findings, a table at the end, the next command to copy."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, TypeVar

import click

from generator.findings.finding import Finding, Severity
from generator.text.words import listed, plural

if TYPE_CHECKING:
    from rich.console import Console

    from generator.compatibility.support_status import Listed
    from generator.compatibility.verdict import Verdict
    from generator.contracts.minify import Saving
    from generator.diff.change import Difference
    from generator.lint.rule import Rule
    from pipeline.build.bump import Move
    from pipeline.build.result import BuildResult, BuiltChart
    from pipeline.operators.compatibility_check import Checked

_COLOURS: Final = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}
_IMPACT_COLOURS: Final = {"breaking": "red", "compatible": "green", "internal": None}
_WIDTH_OF_A_LOG: Final = 120
#: As many versions are named as fit a cell.
_NAMED: Final = 5
#: From here on work takes seconds, and a bar says how many more.
_MANY: Final = 50

T = TypeVar("T")


class StageReporter:
    """Writes a line a stage to standard error."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet

    def stage(self, name: str, what: str) -> None:
        """Say that a stage begins."""
        if not self._quiet:
            print(f"{name:>9}  {what}", file=sys.stderr, flush=True)  # noqa: T201 - this is the terminal

    def track(self, name: str, items: Sequence[T]) -> Iterable[T]:
        """Hand on `items`; a person at a terminal sees a bar where there are many."""
        if self._quiet or len(items) < _MANY or not sys.stderr.isatty():
            return items
        from rich.progress import track  # noqa: PLC0415 - 60 ms that short work does not pay

        return track(items, description=f"{name:>9}", console=_console(), transient=True)


def say(text: str) -> None:
    """A message for a person, on standard error."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - this is the terminal


def say_waiting() -> None:
    """Say why nothing happens."""
    say("another waybill writes here; waiting for it to end")


def show_findings(findings: Iterable[Finding]) -> None:
    """A line a finding, on standard error; notes are for those who ask lint."""
    click.echo(as_text(f for f in findings if f.severity is not Severity.NOTE), nl=False, err=True)


def as_text(findings: Iterable[Finding]) -> str:
    """A line a finding, its severity in colour; click.echo takes the colours off where nobody would see them."""
    return "".join(f"{_coloured(finding)}\n" for finding in findings)


def _coloured(finding: Finding) -> str:
    where, _, rest = str(finding).partition(f": {finding.severity}: ")
    return f"{where}: {_styled(finding.severity, _COLOURS[finding.severity], bold=True)}: {rest}"


def _styled(text: str, colour: str | None, *, bold: bool) -> str:
    """The text in a colour or bold, unless nobody wants colours (no-color.org)."""
    plain = "NO_COLOR" in os.environ or not (colour or bold)
    return text if plain else click.style(text, fg=colour, bold=bold)


def counted(findings: Sequence[Finding]) -> str:
    """`3 errors, 1 warning and 2 notes`."""
    counts = {severity: sum(finding.severity is severity for finding in findings) for severity in Severity}
    parts = [plural(number, severity) for severity, number in counts.items() if number]
    return listed(parts) or "no findings"


def show_next_fix(findings: Sequence[Finding], names: Sequence[str]) -> None:
    """Say that some findings can be mended by themselves; `names` are the workflows that were asked for."""
    fixable = sum(finding.edit is not None for finding in findings)
    if not fixable:
        return
    some = f"{fixable} of them" if fixable < len(findings) else "all of them"
    say(f"next   {shlex.join(['waybill', 'lint', *names, '--fix'])}   mends {'it' if len(findings) == 1 else some}")


def show_rules(rules: Iterable[Rule], overview: Mapping[str, Sequence[Rule]]) -> None:
    """All that is to say of some rules, below a line for each in the overview; a pager shows it at a terminal."""
    width = max((len(rule.name) for listed in overview.values() for rule in listed), default=0)
    lines = [
        line
        for subject, listed in overview.items()
        for line in (subject, *(f"  {rule.name:<{width}}  {rule.severity:<7}  {rule.summary}" for rule in listed))
    ]
    text = "\n".join([*lines, *([""] if lines else []), *(rule.as_text() for rule in rules)])
    if sys.stdout.isatty():
        click.echo_via_pager(text)
    else:
        click.echo(text, nl=False)


def show_differences(differences: Sequence[Difference]) -> None:
    """A report on standard output, in colour where somebody watches."""
    from generator.diff.words import lines  # noqa: PLC0415 - `waybill diff` alone needs it

    if not differences:
        click.echo("No differences")
    for line in lines(differences):
        colour = _IMPACT_COLOURS[line.impact] if line.impact else None
        click.echo(_styled(line.text, colour, bold=line.heading))


def show_checked(checked: Checked) -> None:
    """What stands in the way, and a table of what runs where."""
    show_findings(checked.findings)
    if checked.verdicts:
        _console().print(_verdict_table(checked.verdicts))


def show_next_build(checked: Checked) -> None:
    """Say how to build for the last of the SonataFlows that lose or refuse something that was not made for them."""
    from generator.compatibility.verdict import Outcome  # noqa: PLC0415 - `waybill check` alone needs it

    others = (each for each in checked.verdicts if each.sonataflow != checked.made_for)
    broken = [each for each in others if each.outcome in (Outcome.LOSES, Outcome.REFUSED)]
    if not broken:
        return
    sonataflow = str(broken[-1].sonataflow)
    names = list(dict.fromkeys(each.workflow for each in broken if each.sonataflow == sonataflow))
    which = names if len(names) <= _NAMED else ["--all"]
    say(f"next   {shlex.join(['waybill', 'build', *which, '--sonataflow', sonataflow])}   makes charts for it")


def show_listed(versions: Sequence[Listed]) -> None:
    """A row a chart: the versions that an operator runs, newest first, and how many it does not."""
    from rich import box  # noqa: PLC0415 - as above
    from rich.table import Table  # noqa: PLC0415 - as above

    from generator.compatibility.support_status import SupportStatus  # noqa: PLC0415 - `waybill check` alone needs it

    others = [status for status in SupportStatus if status is not SupportStatus.CLAIMED]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("chart", overflow="fold")
    table.add_column("runs, newest first", overflow="fold")
    for status in others:
        table.add_column(status, justify="right")
    for chart in dict.fromkeys(each.chart for each in versions):
        of_chart = [each for each in versions if each.chart == chart]
        claimed = [each.version for each in of_chart if each.status is SupportStatus.CLAIMED]
        counts = (sum(each.status is status for each in of_chart) for status in others)
        table.add_row(chart, _some(claimed) or "none", *(str(count) if count else "" for count in counts))
    _console().print(table)


def _some(versions: Sequence[str]) -> str:
    more = len(versions) - _NAMED
    return ", ".join([*versions[:_NAMED], *([f"and {more} more"] if more > 0 else [])])


def _verdict_table(verdicts: Sequence[Verdict]) -> object:
    """A row a workflow, a column an operator; a cell is empty where the chart does not claim to run there."""
    from rich import box  # noqa: PLC0415 - 50 ms that --help and --json do not pay
    from rich.table import Table  # noqa: PLC0415 - as above

    operators = list(dict.fromkeys(verdict.operator for verdict in verdicts))
    cells = {(verdict.workflow, verdict.operator): str(verdict.outcome) for verdict in verdicts}
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("workflow", *operators):
        table.add_column(heading, overflow="fold")
    for workflow in dict.fromkeys(verdict.workflow for verdict in verdicts):
        table.add_row(workflow, *(cells.get((workflow, operator), "") for operator in operators))
    return table


def show_build(result: BuildResult) -> None:
    """The table of what was built, and what to do next."""
    console = _console()
    console.print(_build_table([*result.charts, result.umbrella]))
    show_savings(result.savings)
    for chart in result.charts:
        if chart.reason:
            say(f"{chart.chart} {chart.before} -> {chart.version}: {chart.reason}")
    if result.charts:
        easiest = min(result.charts, key=lambda chart: len(chart.required))
        values = "".join(f" --set {path}=..." for path in easiest.required)
        say(f"next   helm install {easiest.chart} {easiest.package}{values}")


def show_moves(moves: Sequence[Move], names: Sequence[str]) -> None:
    """The table of versions that moved, and the command that builds them; `names` are the workflows asked for."""
    from rich import box  # noqa: PLC0415 - as above
    from rich.table import Table  # noqa: PLC0415 - as above

    table = Table("chart", "before", "after", box=box.SIMPLE_HEAD, pad_edge=False)
    for move in moves:
        table.add_row(move.name, move.before, move.after)
    _console().print(table)
    for move in moves:
        if move.note:
            say(f"{move.name}: {move.note}")
    say(f"next   {shlex.join(['waybill', 'build', *names])}")


def show_savings(savings: Sequence[Saving]) -> None:
    """A line for each spec that was cut down."""
    for saving in savings:
        say(f"cut down {saving.path}: {_size(saving.before)} to {_size(saving.after)}")


def _console() -> Console:
    from rich.console import Console  # noqa: PLC0415 - 50 ms that --help and --json do not pay

    return Console(stderr=True, markup=False, width=None if sys.stderr.isatty() else _WIDTH_OF_A_LOG)


def _build_table(charts: Sequence[BuiltChart]) -> object:
    from rich import box  # noqa: PLC0415 - as above
    from rich.table import Table  # noqa: PLC0415 - as above

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("workflow", "state", "package"):
        table.add_column(heading, overflow="fold")
    table.add_column("size", justify="right", no_wrap=True)
    for chart in charts:
        table.add_row(chart.folder or "all of them", chart.state, str(chart.package), _size(chart.bytes))
    return table


def _size(number: int) -> str:
    return f"{number / 1024:,.1f} KiB"
