"""The common parts of all commands: options for settings, an example, error handling."""

from __future__ import annotations

import functools
import json
import os
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from click.core import ParameterSource

from generator.findings.errors import FindingsError, SettingsError, WaybillError
from generator.findings.finding import Severity
from pipeline.system.journal import Journal
from pipeline.terminal import console
from pipeline.terminal.failure import link_loop, system_error, without_logins
from pipeline.workspace.settings import Settings, known_settings
from pipeline.workspace.settings_reader import load_settings, unknown_variables

if TYPE_CHECKING:
    from generator.kubernetes.steps import Step

FILE: Final = click.Path(path_type=Path)
#: Passes a command its journal as the first argument.
pass_journal = click.make_pass_decorator(Journal, ensure=True)

_CHECK: Final = click.option(
    "--check", is_flag=True, help="Write nothing; list outdated files, and exit 1 if there are any."
)
_OF_ALL: Final = (
    click.option("--json", "as_json", is_flag=True, help="Print a JSON document to standard output."),
    click.option("-q", "--quiet", is_flag=True, help="Show only errors and the result."),
    click.option(
        "-v", "--verbose", is_flag=True, help="Show the files that are written and the programs that are run."
    ),
    click.option("--debug", is_flag=True, help="Show a traceback if the command fails."),
)


class Command(click.Command):
    """A command whose help ends with an example."""

    example = ""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """Write the example."""
        formatter.write(f"\nExample:\n  {self.example.replace(chr(10), chr(10) + '  ')}\n")


def filled(text: str) -> str:
    """The type of an option with a value that is not empty: an empty one is most often a variable that nobody has set.

    Raises:
        BadParameter: it is empty, or more than one line.
    """
    if not text.strip():
        raise click.BadParameter("it is empty; give a value, or leave the option out")
    if not text.isprintable():
        raise click.BadParameter("it has a line break or another control character")
    return text


def command(
    *settings: str, short_help: str, example: str, writes: bool = True, results: Sequence[str] = ()
) -> Callable[[Callable[..., None]], Command]:
    """Make a function a command with its own options, those of `settings`, and --json, --debug and the like.

    The function receives `as_json`; its exceptions become a message and an exit code. `example` has one command per
    line. If the command `writes`, the message about findings says that nothing was written, unless the journal has
    effects. `results` are the names of lists in its JSON document, which are empty after a failure.
    """

    def decorate(function: Callable[..., None]) -> Command:
        own: list[click.Parameter] = getattr(function, "__click_params__", [])
        guarded = _guarded(function, writes=writes, results=results)
        guarded.__click_params__ = []  # type: ignore[attr-defined]  # where click collects options
        for option in reversed((*map(_option, settings), *_OF_ALL)):
            option(guarded)
        guarded.__click_params__ += own  # type: ignore[attr-defined]  # as above
        # A command whose name is a Python keyword has a function and a module that end in an underscore.
        made = click.command(function.__name__.rstrip("_"), cls=Command, short_help=short_help)(guarded)
        made.example = example
        return made

    return decorate


def _option(name: str) -> Callable[[Any], Any]:
    """Return the option for a setting, with its text and default, or `--check`."""
    if name == "check":
        return _CHECK
    setting = known_settings()[name,]
    text = setting.about.text.replace("`", "")
    if setting.type is bool:
        return click.option(f"{setting.option}/--no-{setting.option[2:]}", default=None, help=text)
    default = f"  [{setting.default}]" if setting.default else ""
    form = FILE if setting.type is Path else str
    return click.option(setting.option, type=form, metavar=setting.about.metavar, help=text + default)


def operator_options(function: Callable[..., None]) -> Callable[..., None]:
    """Add `--operator` and `--sonataflow`, to build for an operator other than the newest SonataFlow."""
    for option in (
        click.option("--sonataflow", metavar="V", help="Build for this SonataFlow version, such as 1.45."),
        click.option("--operator", metavar="V", help="Build for this Orchestrator version, such as 1.3.2."),
    ):
        function = option(function)
    return function


def image_options(function: Callable[..., None]) -> Callable[..., None]:
    """Add the options for pushing images and building several at a time."""
    for option in (
        click.option(
            "--jobs", type=click.IntRange(min=1), metavar="N", help="Build N images at a time.  [half the cores]"
        ),
        click.option("--attest", is_flag=True, help="Attach an SBOM and provenance to pushed images."),
        click.option("--allow-dirty", is_flag=True, help="Also push images of folders with uncommitted changes."),
        click.option("--latest", is_flag=True, help="Also tag images pushed from the default branch as latest."),
    ):
        function = option(function)
    return function


def accept_index(function: Callable[..., None]) -> Callable[..., None]:
    """Add `--accept-index`, to read an index.yaml whose end does not prove that it is complete."""
    return click.option(
        "--accept-index",
        "accept",
        metavar="SHA256",
        help="Accept the index with this SHA-256, even if it may be truncated.",
    )(function)


def _guarded(function: Callable[..., None], *, writes: bool, results: Sequence[str]) -> Callable[..., None]:
    """Turn errors into a message and an exit code."""

    @functools.wraps(function)
    def run(*args: Any, debug: bool, as_json: bool, quiet: bool, verbose: bool, **kwargs: Any) -> None:
        journal = click.get_current_context().ensure_object(Journal)
        with console.with_verbosity(_verbosity(journal, quiet=quiet, verbose=verbose)):
            for warning in unknown_variables(os.environ):
                console.hint(f"waybill: warning: {warning}")
            try:
                function(*args, as_json=as_json, **kwargs)
            except (WaybillError, KeyboardInterrupt, OSError, RuntimeError) as error:
                cause = link_loop(error) or error
                if debug or isinstance(cause, RuntimeError):
                    _show_done(journal)
                    raise
                _fail(cause, journal, as_json=as_json, writes=writes, results=results)

    return run


def _verbosity(journal: Journal, *, quiet: bool, verbose: bool) -> console.Verbosity:
    """Return the verbosity; for --verbose, also start tracing."""
    if quiet and verbose:
        raise click.UsageError("--quiet or --verbose, not both")
    if verbose:
        from pipeline.terminal.tracing import trace  # noqa: PLC0415 - only for --verbose: its hook cannot be removed

        trace()
        journal.watch(lambda done: console.detail(f"     done  {done}"))
        return console.Verbosity.VERBOSE
    return console.Verbosity.QUIET if quiet else console.Verbosity.NORMAL


def _fail(error: BaseException, journal: Journal, *, as_json: bool, writes: bool, results: Sequence[str]) -> None:
    """Print the error and the effects so far, without a traceback, and exit with the error's code."""
    if isinstance(error, BrokenPipeError):
        sys.exit(1)
    findings = error.findings if isinstance(error, FindingsError) else ()
    message = _message(error, journal)
    if findings:
        console.show_findings(findings)
        stopped = [finding for finding in findings if finding.severity is not Severity.NOTE]
        console.say(f"{console.counted(stopped)}{journal.nothing_was('written') if writes else ''}")
    else:
        console.say_error(message)
    _show_done(journal)
    if as_json:
        done = [effect.as_json() for effect in journal.effects]
        found = [finding.as_json() for finding in findings]
        next_ = shlex.join(journal.go_on) or None
        none: dict[str, list[object]] = {name: [] for name in results}
        print_json({"ok": False, "error": message, **none, "findings": found, "done": done, "next": next_})
    sys.exit(error.exit_code if isinstance(error, WaybillError) else 1)


def _message(error: BaseException, journal: Journal) -> str:
    match error:
        case KeyboardInterrupt():
            return f"interrupted{journal.nothing_was('changed')}"
        case OSError():
            return system_error(error)
        case _:
            return without_logins(str(error))


def _show_done(journal: Journal) -> None:
    """Show the effects before the failure, and the command that continues from there."""
    for line in journal.lines():
        console.say(line)
    if journal.go_on:
        console.show_next(journal.go_on, "continues from there")


def print_json(document: Mapping[str, Any]) -> None:
    """Write one JSON document to standard output, in ASCII if its encoding does not have all characters."""
    text = json.dumps(document, indent=2, ensure_ascii=False)
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(document, indent=2)
    click.echo(text)


def print_objects(objects: Sequence[Mapping[str, Any]], *, as_json: bool) -> None:
    """Write objects to standard output: YAML for kubectl, or a JSON document."""
    if as_json:
        print_json({"ok": True, "objects": list(objects)})
    else:
        from generator.text.yaml_writer import dump  # noqa: PLC0415 - 10 ms that only this pays

        click.echo("---\n".join(map(dump, objects)), nl=False)


def show_steps(steps: Sequence[Step]) -> None:
    """Print numbered commands, each on a line of its own so that it can be copied."""
    for number, step in enumerate(steps, 1):
        console.say(f"{number:>2}  {step.what}\n    {step.command}")


def settings_of(options: Mapping[str, Any]) -> Settings:
    """Return the settings of the current folder, overridden by a command's options."""
    return load_settings(Path(), os.environ, options)


def require_names_or_all(names: Sequence[str], *, everything: bool) -> None:
    """Require either names of workflows or --all.

    Raises:
        UsageError: there is neither, or both.
    """
    if bool(names) == everything:
        raise click.UsageError("name one or more workflows, or give --all" if not names else "names or --all, not both")


def is_asked_by_a_person(*, as_json: bool) -> bool:
    """Return whether a user at a terminal can answer questions."""
    return not as_json and sys.stdin.isatty() and sys.stderr.isatty()


def same_command(without: str) -> list[str]:
    """Return the current command line, to be copied, without one of its flags."""
    context = click.get_current_context()
    arguments: list[str] = []
    options: list[str] = []
    for parameter in context.command.params:
        name, value = str(parameter.name), context.params.get(str(parameter.name))
        if name == without or context.get_parameter_source(name) is not ParameterSource.COMMANDLINE:
            continue
        values = [str(each) for each in (value if isinstance(value, tuple) else (value,))]
        if isinstance(parameter, click.Argument):
            arguments += values
        elif isinstance(value, bool):
            options.append(parameter.opts[0] if value else parameter.secondary_opts[0])
        else:
            options += [word for each in values for word in (parameter.opts[0], each)]
    return [*context.command_path.split(), *arguments, *options]


def refuse_without_apply(options: Mapping[str, Any]) -> None:
    """Refuse the options of `--apply` without it.

    Raises:
        SettingsError: one of them is given.
    """
    if not options["applies"] and (options["dry_run"] or options["context"] is not None):
        raise SettingsError("--dry-run and --context go with --apply")


def refuse_together(option: str, *others: str) -> None:
    """Refuse an option beside others that are given, by the names of their parameters.

    Raises:
        SettingsError: one of them is; the message names both.
    """
    context = click.get_current_context()
    parameters = {each.name: each for each in context.command.params}
    for other in others:
        if context.params[other]:
            raise SettingsError(f"{option} and {parameters[other].opts[-1]} contradict each other; give one")


def finish_check(paths: tuple[str, ...], *, as_json: bool) -> None:
    """Show the paths that `--check` found out of date; exit 1 if there are any."""
    if as_json:
        print_json({"ok": not paths, "different": list(paths)})
    for path in paths:
        console.say(f"{path}: out of date")
    if paths:
        console.say("run the same command without --check, and commit what it writes")
        sys.exit(1)
    console.hint("everything is up to date")
