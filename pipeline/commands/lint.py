"""`waybill lint`: lint workflows, fix them, and explain the rules."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import click

from generator.findings.errors import SettingsError
from generator.findings.finding import errors
from generator.findings.suggestions import did_you_mean
from generator.lint.registry import RULES, SUBJECTS
from generator.lint.rule import Rule
from generator.text.words import plural
from pipeline.commands.command import command, pass_journal, print_json, settings_of
from pipeline.inspect.lint import Format, default_format, fix_folders, read_folders, rendered
from pipeline.system.journal import Journal
from pipeline.terminal import console
from pipeline.workspace import folders

_FORMATS: Final = ("text", "json", "github", "sarif")


@command(
    "workflows",
    "rhdh",
    "strict",
    short_help="Lint workflow definitions and their files.",
    example="waybill lint greeting escalation\nwaybill lint --rules unknown-state",
)
@click.argument("workflow", nargs=-1)
@click.option(
    "--format", "format_", type=click.Choice(_FORMATS), help="The output format.  [github on GitHub Actions, else text]"
)
@click.option("--rules", is_flag=True, help="Explain the named rules, or all, with reasons and examples.")
@click.option("--fix", is_flag=True, help="Fix findings that have only one correct fix, then lint.")
@pass_journal
def lint(
    journal: Journal,
    /,
    workflow: tuple[str, ...],
    *,
    format_: Format | None,
    rules: bool,
    fix: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Lint the definitions and files of the named workflows, or of all. Exits 1 on an error.

    A comment `# waybill: ignore[RULE] reason` on the line, above it or at the top of the file suppresses a finding.
    """
    if rules:
        if format_ in ("github", "sarif"):
            raise click.UsageError("--rules supports only the formats text and json")
        _show_rules(workflow, as_json=as_json or format_ == "json")
        return
    settings = settings_of(options)
    selected = folders.select_folders(workflow, settings)
    fixed = fix_folders(selected, settings, journal) if fix else ()
    tracked = console.StageReporter().track("lint", selected)
    _, findings = read_folders(tracked, settings, complete=not workflow)
    wanted: Format = "json" if as_json else format_ or default_format(os.environ)
    for edit in fixed:
        console.say(f"fixed {edit}")
    console.print_text(rendered(findings, wanted, fixed=fixed, environment=os.environ))
    console.hint(f"{console.counted(findings)} in {plural(len(selected), 'workflow')}")
    console.show_next_fix(findings, workflow)
    if errors(findings):
        sys.exit(1)


def _show_rules(names: tuple[str, ...], *, as_json: bool) -> None:
    for name in names:
        if name not in RULES:
            help_ = did_you_mean(name, RULES) or "; waybill lint --rules lists them"
            raise SettingsError(f"there is no rule '{name}'{help_}")
    if as_json:
        print_json({"ok": True, "rules": [RULES[name].as_json() for name in names or RULES]})
    else:
        _print_rules([RULES[name] for name in names or RULES], {} if names else SUBJECTS)


def _print_rules(rules: Iterable[Rule], overview: Mapping[str, Sequence[Rule]]) -> None:
    """Print an overview with one line per rule, then each rule in full, in a pager on a terminal."""
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
