"""The command line: reads options, calls the work, shows the outcome. Nothing heavy is imported before it is needed."""

from __future__ import annotations

import functools
import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, ParamSpec

import click

if TYPE_CHECKING:
    from pipeline.linting import Format
    from pipeline.outcome import BuildOptions, BuildResult, BuiltChart
    from pipeline.settings import Settings

P = ParamSpec("P")
Command = Callable[P, None]

_FILE = click.Path(path_type=Path)
_FORMATS: Final = ("text", "json", "github", "sarif")
_BUMPS: Final = ("patch", "minor", "major", "rc", "release")

_EXAMPLES: Final = {
    "build": "waybill build greeting\n  waybill build --all --workflows my/workflows --charts my/charts --output dist",
    "manifests": "waybill manifests greeting -o out --namespace demo",
    "chart": "waybill chart greeting -o out",
    "lint": "waybill lint greeting escalation\n  waybill lint --rules unknown-state",
    "package": "waybill package charts/workflows/charts/greeting -o dist",
    "index": "waybill index dist --merge published/index.yaml --url https://example.org/charts",
}


class _Examples(click.Command):
    """A command whose help ends with examples."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click calls it so
        """Write the examples as they are to be copied."""
        formatter.write(f"\nExample:\n  {_EXAMPLES[self.name or '']}\n")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="waybill", message="%(prog)s %(version)s")
def waybill() -> None:
    """Turn SonataFlow workflow folders into a Helm chart repository that installs.

    \b
    Example:
      waybill build --all
      helm install greeting dist/greeting-2.0.0.tgz
    """  # noqa: D301 - \b keeps click from joining the lines


def _options(*names: str) -> Callable[[Command[P]], Command[P]]:
    """Settings options by name; all commands take --json and --debug too."""
    known = {
        "workflows": click.option("--workflows", type=_FILE, metavar="DIR", help="Workflow folders.  [workflows]"),
        "charts": click.option("--charts", type=_FILE, metavar="DIR", help="Charts folder.  [charts]"),
        "output": click.option("--output", type=_FILE, metavar="DIR", help="Packages and index.yaml.  [dist]"),
        "registry": click.option("--registry", metavar="HOST/PATH", help="Where images are."),
        "image_prefix": click.option("--image-prefix", metavar="TEXT", help="What an image's name starts with."),
        "repository_url": click.option("--repository-url", metavar="URL", help="Where the chart repository is served."),
        "initial_version": click.option("--initial-version", metavar="V", help="Version of a new chart.  [0.1.0]"),
        "minify_specs": click.option(
            "--minify-specs/--no-minify-specs", default=None, help="Cut OpenAPI files down to the calls in use."
        ),
        "strict": click.option("--strict/--no-strict", default=None, help="Take warnings for errors."),
        "check": click.option("--check", is_flag=True, help="Write nothing; exit 1 and name what would change."),
    }

    def decorate(function: Command[P]) -> Command[P]:
        function = click.option("--debug", is_flag=True, help="Show a traceback when something fails.")(function)
        function = click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")(
            function
        )
        for name in reversed(names):
            function = known[name](function)
        return function

    return decorate


def _guarded(function: Callable[..., None]) -> Callable[..., None]:
    """Turn errors into a message and an exit code; `as_json` and `debug` are read from the command's own options."""

    @functools.wraps(function)
    def run(*args: Any, debug: bool, as_json: bool, **kwargs: Any) -> None:
        from generator.errors import WaybillError  # noqa: PLC0415 - --help does not need it

        try:
            function(*args, as_json=as_json, **kwargs)
        except (WaybillError, KeyboardInterrupt, OSError) as error:
            if debug:
                raise
            _fail(error, as_json=as_json)

    return run


def _fail(error: BaseException, *, as_json: bool) -> None:
    """Say what went wrong, without a traceback, and end with the error's exit code."""
    from generator.errors import FindingsError, WaybillError  # noqa: PLC0415 - --help does not need it
    from pipeline import report  # noqa: PLC0415 - as above

    findings = error.findings if isinstance(error, FindingsError) else ()
    match error:
        case BrokenPipeError():
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(1)
        case KeyboardInterrupt():
            message = "interrupted; nothing was changed"
        case OSError():
            message = f"{error.filename or 'waybill'}: {error.strerror or error}"
        case _:
            message = str(error)
    if findings:
        report.show_findings(findings)
        report.say(f"{report.counted(findings)}; nothing was written")
    else:
        report.say(f"waybill: error: {message}")
    if as_json:
        _print_json({"ok": False, "error": message, "findings": [finding.as_json() for finding in findings]})
    sys.exit(error.exit_code if isinstance(error, WaybillError) else 1)


def _print_json(document: Mapping[str, Any]) -> None:
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))


def _settings(options: Mapping[str, Any]) -> Settings:
    from pipeline.settings import load_settings  # noqa: PLC0415 - as above

    return load_settings(Path(), os.environ, options)


@waybill.command(cls=_Examples, short_help="Check workflows, make charts, packages and index.")
@click.argument("workflow", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="All workflows of the workflows folder.")
@click.option(
    "--bump", type=click.Choice(_BUMPS), help="New version for the named charts; with --all for changed ones."
)
@click.option("--merge", type=_FILE, metavar="FILE", help="An index.yaml that is published already.")
@_options(
    "workflows",
    "charts",
    "output",
    "registry",
    "image_prefix",
    "repository_url",
    "initial_version",
    "minify_specs",
    "strict",
    "check",
)
@_guarded
def build(
    workflow: tuple[str, ...],
    *,
    everything: bool,
    bump: str | None,
    merge: Path | None,
    check: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Check workflows, then make their charts, packages and index.yaml: the main job.

    WORKFLOW is a folder's name or path. Everything is written at once, or nothing is.
    """
    from pipeline import files, folders, last_build, report  # noqa: PLC0415 - as above
    from pipeline.outcome import BuildOptions  # noqa: PLC0415 - as above

    if bool(workflow) == everything:
        raise click.UsageError(
            "name one or more workflows, or give --all" if not workflow else "names or --all, not both"
        )
    settings = _settings(options)
    wanted = BuildOptions(
        folders=folders.select_folders(workflow, settings),
        everything=everything,
        bump=bump,  # type: ignore[arg-type]  # click has checked the choice
        merge=merge,
        minify_specs=settings.minify_specs,
    )
    if check:
        _check(wanted, settings, as_json=as_json)
        return
    with files.only_writer(settings.output, report.say_waiting):
        record = last_build.record_of(wanted, settings)
        result = record.unchanged()
        if result is None:
            result = _build(wanted, settings)
            record.keep(result)
    report.show_findings(result.findings)
    if as_json:
        _print_json(_build_json(result))
    else:
        report.show_build(result)


def _build(wanted: BuildOptions, settings: Settings) -> BuildResult:
    from pipeline import build as job  # noqa: PLC0415 - as above
    from pipeline import report  # noqa: PLC0415 - as above
    from pipeline.clock import creation_time  # noqa: PLC0415 - as above

    created = creation_time(settings.workflows, os.environ)
    return job.build(wanted, settings, created=created, reporter=report.StageReporter())


def _check(wanted: BuildOptions, settings: Settings, *, as_json: bool) -> None:
    from pipeline import build as job  # noqa: PLC0415 - as above
    from pipeline import report  # noqa: PLC0415 - as above

    _finish_check(job.check(wanted, settings, reporter=report.StageReporter()), as_json=as_json)


def _build_json(result: BuildResult) -> dict[str, Any]:
    def chart(built: BuiltChart) -> dict[str, Any]:
        return {
            "workflow": built.folder or None,
            "chart": built.chart,
            "version": built.version,
            "image": built.image or None,
            "state": built.state,
            "package": built.package.as_posix(),
            "bytes": built.bytes,
            "required": list(built.required),
        }

    return {
        "ok": True,
        "charts": [chart(built) for built in result.charts],
        "umbrella": chart(result.umbrella),
        "index": result.index.as_posix(),
        "findings": [finding.as_json() for finding in result.findings],
        "savings": [{"path": s.path, "before": s.before, "after": s.after} for s in result.savings],
    }


def _finish_check(paths: tuple[str, ...], *, as_json: bool) -> None:
    from pipeline import report  # noqa: PLC0415 - as above

    if as_json:
        _print_json({"ok": not paths, "different": list(paths)})
    for path in paths:
        report.say(f"{path}: not what would be generated")
    if paths:
        report.say("run the same command without --check, and commit what it writes")
        sys.exit(1)
    report.say("everything is as it would be generated")


@waybill.command(cls=_Examples, short_help="Write plain Kubernetes YAML.")
@click.argument("folder")
@click.option("-o", "--out", type=_FILE, required=True, metavar="OUT", help="Where the files go.")
@click.option("--no-persistence", is_flag=True, help="Without spec.persistence and kie.flyway.enabled.")
@click.option("--namespace", default="", metavar="N", help="Namespace: metadata and label.")
@click.option("--database-namespace", default="", metavar="N", help="Where the PostgreSQL service is.")
@click.option("--image", metavar="REF", help="The image; '' leaves it out.")
@click.option("--profile", default="gitops", metavar="P", show_default=True, help="The operator's profile.")
@click.option("--with-secret-values", is_flag=True, help="Write the Secret with the values of secret.properties.")
@_options("workflows", "registry", "image_prefix", "minify_specs")
@_guarded
def manifests(
    folder: str,
    *,
    out: Path,
    no_persistence: bool,
    namespace: str,
    database_namespace: str,
    image: str | None,
    profile: str,
    with_secret_values: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Write plain Kubernetes YAML, ready for kubectl apply. Files of an earlier run that are no longer made go."""
    from generator.manifests import Database, ManifestOptions, manifest_files  # noqa: PLC0415 - as above
    from generator.manifests import manifests as objects_of  # noqa: PLC0415 - as above
    from pipeline import folders, outputs, report  # noqa: PLC0415 - as above
    from pipeline.build import image_of  # noqa: PLC0415 - as above

    settings = _settings(options)
    workflow, savings = outputs.read_for_output(
        folders.find_folder(folder, settings), minify_specs=settings.minify_specs
    )
    database = None if no_persistence else Database(schema=workflow.source.name, namespace=database_namespace)
    chosen = ManifestOptions(
        image=str(image_of(workflow, settings)) if image is None else image,
        namespace=namespace,
        profile=profile,
        database=database,
        secret_values=with_secret_values,
    )
    files = manifest_files(objects_of(workflow, chosen))
    outputs.write_manifests(out, workflow.object_name, files)
    if as_json:
        _print_json({"ok": True, "files": [f"{out.as_posix()}/{name}" for name in files]})
        return
    report.show_savings(savings)
    for name in files:
        report.say(f"{out.as_posix()}/{name}")
    if workflow.secret_keys and not with_secret_values:
        keys = ", ".join(workflow.secret_keys)
        report.say(f"no Secret was written; create '{workflow.secret_name}' with {keys}, or give --with-secret-values")
    report.say(f"next   kubectl apply -f {out.as_posix()}")


@waybill.command(cls=_Examples, short_help="Write one chart folder.")
@click.argument("folder")
@click.option("-o", "--out", type=_FILE, required=True, metavar="OUT", help="The chart goes to OUT/CHART.")
@_options("workflows", "registry", "image_prefix", "initial_version", "minify_specs", "check")
@_guarded
def chart(folder: str, *, out: Path, check: bool, as_json: bool, **options: Any) -> None:
    """Write one chart folder, OUT/CHART/, as a whole."""
    from pipeline import folders, outputs, report  # noqa: PLC0415 - as above
    from pipeline.files import differences  # noqa: PLC0415 - as above

    settings = _settings(options)
    workflow, savings = outputs.read_for_output(
        folders.find_folder(folder, settings), minify_specs=settings.minify_specs
    )
    made, target = outputs.chart_for(workflow, out, settings)
    if check:
        paths = tuple(f"{target.as_posix()}/{path}" for path in differences(target, made.files))
        _finish_check(paths, as_json=as_json)
        return
    outputs.write_chart(target, made)
    if as_json:
        _print_json({"ok": True, "chart": made.name, "version": made.version, "folder": target.as_posix()})
        return
    report.show_savings(savings)
    report.say(f"{target.as_posix()}  {made.name} {made.version}, {len(made.files)} files")
    report.say(f"next   helm install {made.name} {target.as_posix()}")


@waybill.command(cls=_Examples, short_help="Check definitions and their files.")
@click.argument("workflow", nargs=-1)
@click.option("--format", "format_", type=click.Choice(_FORMATS), help="[github on GitHub Actions, else text]")
@click.option("--rules", is_flag=True, help="List the rules; with names, all that is to say of each.")
@click.option("--fix", is_flag=True, help="Mend what has one right answer, then check.")
@_options("workflows", "strict")
@_guarded
def lint(
    workflow: tuple[str, ...], *, format_: Format | None, rules: bool, fix: bool, as_json: bool, **options: Any
) -> None:
    """Check definitions and their files; without WORKFLOW all of them. Exits 1 on an error.

    A comment `# waybill: ignore[RULE] reason` on a line, above it or at the top of a file keeps a finding back.
    """
    from generator.findings import errors  # noqa: PLC0415 - as above
    from pipeline import build as job  # noqa: PLC0415 - as above
    from pipeline import folders, linting, report  # noqa: PLC0415 - as above

    if rules:
        _show_rules(workflow, as_json=as_json or format_ == "json")
        return
    settings = _settings(options)
    selected = folders.select_folders(workflow, settings)
    fixed = linting.mend_folders(selected, settings) if fix else ()
    tracked = report.StageReporter().track("lint", selected)
    _, findings = job.read_folders(tracked, settings, complete=not workflow)
    wanted: Format = "json" if as_json else format_ or linting.default_format(os.environ)
    for edit in fixed:
        report.say(f"mended {edit}")
    click.echo(linting.rendered(findings, wanted, fixed=fixed, environment=os.environ), nl=False)
    report.say(f"{report.counted(findings)} in {report.plural(len(selected), 'workflow')}")
    report.show_next_fix(findings)
    if errors(findings):
        sys.exit(1)


def _show_rules(names: tuple[str, ...], *, as_json: bool) -> None:
    from generator.errors import SettingsError  # noqa: PLC0415 - as above
    from generator.findings import did_you_mean  # noqa: PLC0415 - as above
    from generator.lint import RULES, SUBJECTS  # noqa: PLC0415 - as above
    from pipeline import report  # noqa: PLC0415 - as above

    for name in names:
        if name not in RULES:
            help_ = did_you_mean(name, RULES) or "; waybill lint --rules lists them"
            raise SettingsError(f"there is no rule '{name}'{help_}")
    if as_json:
        _print_json({"ok": True, "rules": [RULES[name].as_json() for name in names or RULES]})
    elif names:
        click.echo("\n".join(RULES[name].as_text() for name in names), nl=False)
    else:
        report.show_rules(SUBJECTS)


@waybill.command(cls=_Examples, short_help="Pack chart folders.")
@click.argument("chart", nargs=-1, required=True, type=_FILE)
@click.option("-o", "--out", type=_FILE, required=True, metavar="OUT", help="Where the packages go.")
@_options()
@_guarded
def package(chart: tuple[Path, ...], *, out: Path, as_json: bool) -> None:
    """Pack chart folders into CHART-VERSION.tgz, the same bytes each time."""
    from pipeline import outputs, report  # noqa: PLC0415 - as above

    packages = outputs.write_packages(out, chart)
    paths = [f"{out.as_posix()}/{packed.file_name}" for packed in packages]
    if as_json:
        listed = [{"path": path, "digest": p.digest} for path, p in zip(paths, packages, strict=True)]
        _print_json({"ok": True, "packages": listed})
        return
    for path in paths:
        report.say(path)
    report.say(f"next   waybill index {out.as_posix()}")


@waybill.command(cls=_Examples, short_help="Write an index.yaml over packages.")
@click.argument("directory", metavar="DIR", type=_FILE)
@click.option("--merge", type=_FILE, metavar="FILE", help="An index.yaml whose entries stay as they are.")
@click.option("--url", metavar="URL", help="Where the packages are served; relative addresses without it.")
@_options()
@_guarded
def index(directory: Path, *, merge: Path | None, url: str | None, as_json: bool) -> None:
    """Write DIR/index.yaml over the packages in DIR, merged with the one that is there."""
    from pipeline import files, outputs, report  # noqa: PLC0415 - as above
    from pipeline.clock import creation_time  # noqa: PLC0415 - as above

    settings = _settings({"repository_url": url})
    created = creation_time(directory, os.environ)
    with files.only_writer(directory, report.say_waiting):
        written = outputs.write_index(directory, merge, url=settings.repository_url, created=created)
    path = directory / "index.yaml"
    charts = report.plural(len(written.entries), "chart")
    versions = sum(len(entries) for entries in written.entries.values())
    if as_json:
        _print_json({"ok": True, "index": path.as_posix(), "charts": len(written.entries), "versions": versions})
        return
    report.say(f"{path.as_posix()}  {charts}, {report.plural(versions, 'version')}")


def main() -> None:
    """Run the command line."""
    waybill(prog_name="waybill")
