"""`waybill run`: run a workflow on the local engine."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import click

from pipeline.commands.command import FILE, command, pass_journal, print_json, settings_of
from pipeline.run import runner
from pipeline.run.narrator import Narrator
from pipeline.run.outcome import RunRequest
from pipeline.system.journal import Journal
from pipeline.workspace import folders, workflows


@command(
    "workflows",
    short_help="Run a workflow on a local engine.",
    example="waybill run greeting\nwaybill run escalation --mock --input input.yaml",
    writes=False,
)
@click.argument("folder")
@click.option(
    "--input",
    "input_",
    type=FILE,
    metavar="FILE",
    help="The input, as JSON or YAML; - for standard input.  [generated]",
)
@click.option("--mock", is_flag=True, help="Mock the services with the examples in their OpenAPI files.")
@click.option("--env-file", type=FILE, metavar="FILE", help="A file with variables and secrets, as NAME=value lines.")
@click.option("--port", type=click.IntRange(1, 65535), help="The port of the engine.  [any free one]")
@click.option(
    "--timeout",
    type=click.FloatRange(min=1),
    default=600,
    metavar="SECONDS",
    help="The time limit for the workflow.  [600]",
)
@pass_journal
def run(
    journal: Journal,
    /,
    folder: str,
    *,
    input_: Path | None,
    mock: bool,
    env_file: Path | None,
    port: int | None,
    timeout: float,
    as_json: bool,
    **options: Any,
) -> None:
    """Run a workflow on a local engine and show each state and call. Needs a JDK 17 and Maven.

    Without --input, the input is generated from the defaults and examples in its schema. Without --mock, the workflow
    calls the real services; variables come from the environment, secret.properties and --env-file. Exits 1 if the run
    fails.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # stop the engine, as with Ctrl-C
    wanted = RunRequest(input=input_, mock=mock, env_file=env_file, port=port, timeout=timeout)
    workflow = workflows.read_folder(folders.find_folder(folder, settings_of(options)))
    outcome = runner.run(workflow, wanted, os.environ, Narrator(folder, quiet=as_json), journal)
    if as_json:
        print_json(outcome.as_json())
    if not outcome.ok:
        sys.exit(1)
