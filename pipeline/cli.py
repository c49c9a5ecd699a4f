"""The command line: `waybill` and its commands."""

from __future__ import annotations

import click

from pipeline.commands.build import build
from pipeline.commands.bump import bump
from pipeline.commands.changelog import changelog
from pipeline.commands.chart import chart
from pipeline.commands.check import check
from pipeline.commands.diagram import diagram
from pipeline.commands.diff import diff
from pipeline.commands.explain import explain
from pipeline.commands.index import index
from pipeline.commands.lint import lint
from pipeline.commands.manifests import manifests
from pipeline.commands.matrix import matrix
from pipeline.commands.package import package
from pipeline.commands.run import run


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="waybill", message="%(prog)s %(version)s")
def waybill() -> None:
    """Turn SonataFlow workflow folders into a Helm chart repository that installs.

    \b
    Example:
      waybill build --all
      helm install greeting dist/greeting-2.0.0.tgz
    """  # noqa: D301 - \b keeps click from joining the lines


_CHARTS = (build, bump, changelog, check, matrix, manifests, chart, package, index)
_WORKFLOWS = (lint, diagram, diff, explain, run)

for command in (*_CHARTS, *_WORKFLOWS):
    waybill.add_command(command)


def main() -> None:
    """Run the command line."""
    waybill(prog_name="waybill")
