"""The command line: `waybill` and its commands."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any, Final

import click
from click.shell_completion import CompletionItem

#: What `waybill --help` says of each command; a command's module is imported when it is run.
SHORT_HELPS: Final = {
    "build": "Check workflows, make charts, packages and index.",
    "bump": "Move the versions of charts.",
    "changelog": "Write the CHANGELOG.md of a chart.",
    "check": "Check which charts run on which operators.",
    "matrix": "Show which charts run on which operators.",
    "manifests": "Write plain Kubernetes YAML.",
    "chart": "Write one chart folder.",
    "package": "Pack chart folders.",
    "index": "Write an index.yaml over packages.",
    "lint": "Check definitions and their files.",
    "diagram": "Draw a workflow.",
    "diff": "Say what is different between two versions.",
    "explain": "Tell in sentences what a workflow does.",
    "run": "Run one workflow on the local engine.",
}


class LazyGroup(click.Group):
    """A group of the commands in `pipeline.commands`: help and completion import none of them, a run its own."""

    def __init__(self, *args: Any, short_helps: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._short_helps = short_helps

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click calls it so
        """The names of all commands, sorted."""
        return sorted(self._short_helps)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click calls it so
        """Import a command; None where there is none of that name."""
        if cmd_name not in self._short_helps:
            return None
        found: click.Command = getattr(importlib.import_module(f"pipeline.commands.{cmd_name}"), cmd_name)
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that a command line names.

        Raises:
            UsageError: there is none; with the nearest right name.
        """
        name = args[0]
        if name not in self._short_helps and not name.startswith("-") and not ctx.resilient_parsing:
            from generator.findings.suggestions import did_you_mean  # noqa: PLC0415 - difflib, which a typo alone needs

            ctx.fail(f"No such command '{name}'{did_you_mean(name, self._short_helps) or '.'}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands with their short helps."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, self._short_helps[name]) for name in self.list_commands(ctx)])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """What a shell offers after `waybill`: the commands, and the group's options."""
        names = [name for name in self.list_commands(ctx) if name.startswith(incomplete)]
        commands = [CompletionItem(name, help=self._short_helps[name]) for name in names]
        return [*commands, *click.Command.shell_complete(self, ctx, incomplete)]


@click.group(
    cls=LazyGroup,
    short_helps=SHORT_HELPS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.version_option(package_name="waybill", message="%(prog)s %(version)s")
def waybill() -> None:
    """Turn SonataFlow workflow folders into a Helm chart repository that installs.

    \b
    Example:
      waybill build --all
      helm install greeting dist/greeting-2.0.0.tgz
    """  # noqa: D301 - \b keeps click from joining the lines


def main() -> None:
    """Run the command line."""
    waybill(prog_name="waybill")
