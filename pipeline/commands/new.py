"""`waybill new`: start a new workflow."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any, Final

import click

from generator.findings.errors import SettingsError
from generator.scaffold.names import check_name
from generator.scaffold.operations import Service, callables, make_service, read_service
from generator.scaffold.starter import INPUT, LAYOUTS, RESULT_SCHEMA, TYPES, NewWorkflow, workflow_files
from generator.workflow.folder import MAX_SPEC_BYTES
from pipeline.build.new_workflow import Started, start_workflow
from pipeline.commands.command import FILE, command, is_asked_by_a_person, pass_journal, print_json, settings_of
from pipeline.system.journal import Journal
from pipeline.terminal import console
from pipeline.workspace.settings import Settings

#: The most operations that the prompt lists.
_SHOWN: Final = 50
_ABOUT: Final = {
    ".sw.yaml": "the definition: states, functions, result",
    "-input-schema.json": "the input schema, which defines the form",
    "workflow-output-schema.json": "the output schema: what a run returns",
    "workflow-result-schema.json": "the result that the Orchestrator shows",
    "application.properties": "configuration, each variable explained",
    "secret.properties": "the secrets, without values",
    "argfile.conf": "build arguments of the image",
    INPUT: "a sample input",
    "README.md": "states, inputs, variables",
    "catalog-info.yaml": "the workflow in Developer Hub's catalog",
    "template.yaml": "a software template that runs it",
    "rbac-policy.csv": "who may see and run it",
    "rbac-conditional-policies.yaml": "the same, for Orchestrator plugins 2.1 and newer",
}


@command(
    "workflows",
    "compatibility",
    "initial_version",
    short_help="Create a new workflow.",
    example="waybill new order-tea\n"
    "waybill new order-tea --type assessment --layout quarkus --backstage\n"
    "waybill new order-tea --from-openapi petstore.yaml --operation getPetById --operation addPet --auth",
)
@click.argument("name", required=False, metavar="[NEW-NAME]")
@click.option(
    "--type", "type_", type=click.Choice(TYPES), help="The type that the Orchestrator shows.  [infrastructure]"
)
@click.option("--layout", type=click.Choice(LAYOUTS), help="A flat folder, or a Quarkus project.  [flat]")
@click.option("--from-openapi", "openapi", type=FILE, metavar="FILE", help="Call operations of this OpenAPI file.")
@click.option("--operation", "operations", multiple=True, metavar="ID", help="An operation to call. Repeatable.")
@click.option("--backstage", is_flag=True, help="Add a catalog entry, a software template and RBAC policies.")
@click.option("--auth", is_flag=True, help="Require users to log in, and call services with their tokens.")
@click.option("--dry-run", is_flag=True, help="Show what would be written, without writing anything.")
@pass_journal
def new(
    journal: Journal,
    /,
    *,
    name: str | None,
    type_: Any,
    layout: Any,
    openapi: Path | None,
    operations: tuple[str, ...],
    backstage: bool,
    auth: bool,
    dry_run: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Create the folder of a new workflow, which lints, builds, installs and runs without changes.

    With an OpenAPI file, the workflow calls the operations one after the other: its input has the data that they need,
    and application.properties the address and credentials of their service. The workflow is added to compatibility.yaml
    and to the files of `waybill actions` if they exist. Nothing is overwritten. On a terminal, the command prompts for
    missing values.
    """
    settings = settings_of(options)
    asks = is_asked_by_a_person(as_json=as_json)
    if name is None:
        if not asks:
            raise SettingsError("NAME is missing; name the workflow, as in waybill new order-tea")
        name = _ask_name()
        type_ = type_ or _ask_one("Type", TYPES)
        layout = layout or _ask_one("Layout", LAYOUTS)
    check_name(name)
    if operations and openapi is None:
        raise SettingsError("--operation names an operation of a file; add --from-openapi FILE")
    wanted = NewWorkflow(
        name=name,
        type=type_ or TYPES[0],
        layout=layout or LAYOUTS[0],
        service=_service(openapi, operations, asks=asks) if openapi else None,
        backstage=backstage,
        auth=auth,
        shared_result=(settings.workflows / RESULT_SCHEMA).is_file(),
    )
    started = start_workflow(name, workflow_files(wanted), settings, settings.root, journal, dry_run=dry_run)
    if as_json:
        print_json(
            {
                "ok": True,
                "workflow": name,
                "folder": started.folder.as_posix(),
                "written": [path.as_posix() for path in started.written],
                "dryRun": dry_run,
            }
        )
        return
    _show(started, wanted, settings, dry_run=dry_run)


def _show(started: Started, wanted: NewWorkflow, settings: Settings, *, dry_run: bool) -> None:
    """Show the files, and the next commands."""
    if not started.written:
        console.say(f"{started.folder}: already exists; nothing to write")
    else:
        console.show_table(("file", "purpose"), ((path.as_posix(), _about(path, settings)) for path in started.written))
    if wanted.service and wanted.service.changed:
        console.say(f"specs/{wanted.service.file} has only the called operations, in a form that the engine can call")
    if dry_run:
        console.say("dry run: nothing was written")
        return
    console.show_next(["waybill", "run", wanted.name, "--mock"], "runs it; needs a JDK 17 and Maven")
    console.show_next(["waybill", "build", wanted.name], "builds its chart")


def _about(path: Path, settings: Settings) -> str:
    if path == settings.compatibility:
        return "the chart's row"
    if ".github" in path.parts:
        return "the workflow in GitHub Actions"
    if path.parent.name == "specs":
        return "the services that it calls"
    return next((what for end, what in _ABOUT.items() if path.as_posix().endswith(end)), "")


def _ask_name() -> str:
    def checked(text: str) -> str:
        try:
            check_name(text)
        except SettingsError as error:
            raise click.UsageError(str(error)) from error
        return text

    answer: str = click.prompt("Name", value_proc=checked, err=True)
    return answer


def _ask_one(what: str, choices: tuple[str, ...]) -> str:
    answer: str = click.prompt(what, type=click.Choice(choices), default=choices[0], err=True)
    return answer


def _service(path: Path, operations: tuple[str, ...], *, asks: bool) -> Service:
    """Return the service that the workflow calls, after asking for missing operations on a terminal.

    Raises:
        SettingsError: the file cannot be read, or no operation is named, or it is unknown.
        FindingsError: the file is not OpenAPI.
    """
    data = _read(path)
    shown = path.as_posix()
    if not operations and asks:
        known = callables(read_service(data, shown))
        for operation in known[:_SHOWN]:
            console.say(f"  {operation}")
        if known[_SHOWN:]:
            console.say(f"  and {len(known) - _SHOWN} more")
        answer = click.prompt("Operations, separated by spaces", default=known[0].name, err=True)
        operations = tuple(answer.replace(",", " ").split())
    return make_service(data, shown, operations)


def _read(path: Path) -> bytes:
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise SettingsError(f"{path}: is not a file; name the OpenAPI file")
        if found.st_size > MAX_SPEC_BYTES:
            raise SettingsError(f"{path}: has {found.st_size:,} bytes; waybill reads at most {MAX_SPEC_BYTES:,}")
        return path.read_bytes()
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
