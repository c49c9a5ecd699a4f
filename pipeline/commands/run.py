"""`waybill run`: one workflow on the local engine."""

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
    short_help="Run one workflow on the local engine.",
    example="waybill run greeting\nwaybill run escalation --mock --input input.yaml",
    writes=False,
)
@click.argument("folder")
@click.option("--input", "input_", type=FILE, metavar="FILE", help="JSON or YAML, - for standard input; else made up.")
@click.option("--mock", is_flag=True, help="Call stand-ins that answer with the examples of the OpenAPI files.")
@click.option("--env-file", type=FILE, metavar="FILE", help="Variables and secrets, as NAME=value.")
@click.option("--port", type=click.IntRange(1, 65535), help="Where the engine listens.  [any free one]")
@click.option(
    "--timeout",
    type=click.FloatRange(min=1),
    default=600,
    metavar="SECONDS",
    help="How long the workflow may run.  [600]",
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
    """Run one workflow on the local engine, and show each state and call as it passes. Needs a JDK 17 and Maven.

    Without --input one is made of the defaults and examples in the input's schema. Without --mock real services are
    called; variables come from the environment, secret.properties and --env-file. Exits 1 when the run fails.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the engine is stopped then, as with Ctrl-C
    wanted = RunRequest(input=input_, mock=mock, env_file=env_file, port=port, timeout=timeout)
    workflow = workflows.read_folder(folders.find_folder(folder, settings_of(options)))
    outcome = runner.run(workflow, wanted, os.environ, Narrator(folder, quiet=as_json), journal)
    if as_json:
        print_json(outcome.as_json())
    if not outcome.ok:
        sys.exit(1)
