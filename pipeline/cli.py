"""The command line: `waybill` and its commands."""

from __future__ import annotations

import gc
import importlib
import keyword
import sys
from collections.abc import Mapping
from types import ModuleType
from typing import Any, Final

import click
from click.shell_completion import CompletionItem

#: The short help of each command; a command's module is imported only when the command runs.
SHORT_HELPS: Final = {
    "actions": "Write GitHub Actions workflows for a repository.",
    "build": "Lint workflows, and build images, charts, packages and the index.",
    "bump": "Bump chart versions.",
    "changelog": "Update a chart's CHANGELOG.md.",
    "changed": "List the workflows that changed since they were last processed.",
    "check": "Check charts against operator versions.",
    "completion": "Print a shell completion script.",
    "matrix": "Show which charts run on which operators.",
    "manifests": "Write a workflow's objects as plain Kubernetes YAML.",
    "chart": "Write a workflow's chart folder.",
    "package": "Package chart folders.",
    "image": "Build, push or save the container images of workflows.",
    "import": "Import workflows from another repository.",
    "index": "Write an index.yaml for packages.",
    "init": "Create a workflow repository, or complete an existing one.",
    "gitops": "Write objects for Argo CD, Flux, Tekton or Argo Workflows.",
    "lint": "Lint workflow definitions and their files.",
    "diagram": "Draw a workflow as a diagram.",
    "diff": "Show the changes between two versions of a workflow.",
    "doctor": "Show what this machine is missing, and how to get it.",
    "namespace": "Add a namespace for workflows.",
    "new": "Create a new workflow.",
    "platform": "Write a chart that installs what workflows need in a cluster.",
    "explain": "Explain a workflow in plain English.",
    "rhdh": "Configure Red Hat Developer Hub.",
    "run": "Run a workflow on a local engine.",
    "attest": "Attach an SBOM and provenance to a pushed image.",
    "propose": "Propose charts to a config repository in pull requests.",
    "publish": "Publish charts to chart repositories.",
    "umbrella": "Write the umbrella chart of the charts folder.",
    "verify": "Verify a pushed image or a chart repository.",
}


class LazyGroup(click.Group):
    """The group of the commands in `pipeline.commands`.

    Help and completion import no command; running a command imports its module. Completion reads a table of options.
    """

    def __init__(self, *args: Any, short_helps: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._short_helps = short_helps

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names of all commands, sorted."""
        return sorted(self._short_helps)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command and return it, or None if no command has that name."""
        if cmd_name not in self._short_helps:
            return None
        if ctx.resilient_parsing:
            from pipeline.commands.completions.light import light_command  # noqa: PLC0415 - only completion needs it

            if light := light_command(cmd_name):
                return light
        name = f"{cmd_name}_" if keyword.iskeyword(cmd_name) else cmd_name
        found: click.Command = getattr(_import_quickly(f"pipeline.commands.{name}"), name)
        return found

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse a command line, which messages show and files hold as UTF-8.

        Raises:
            UsageError: an argument is not UTF-8.
        """
        for word in args:
            if any("\ud800" <= character <= "\udfff" for character in word):
                ctx.fail(f"the argument {word!a} is not UTF-8")
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that a command line names.

        Raises:
            UsageError: no such command; the message suggests the closest name.
        """
        name = args[0]
        if name not in self._short_helps and not name.startswith("-") and not ctx.resilient_parsing:
            from generator.findings.suggestions import did_you_mean  # noqa: PLC0415 - only a typo needs difflib

            ctx.fail(f"No such command '{name}'{did_you_mean(name, self._short_helps) or '.'}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands and their short helps."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, self._short_helps[name]) for name in self.list_commands(ctx)])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return what a shell completes after `waybill`: the commands and the group's options."""
        names = [name for name in self.list_commands(ctx) if name.startswith(incomplete)]
        commands = [CompletionItem(name, help=self._short_helps[name]) for name in names]
        return [*commands, *click.Command.shell_complete(self, ctx, incomplete)]


def _import_quickly(name: str) -> ModuleType:
    """Import a command's module with the garbage collector off, which saves 20 ms."""
    if name not in sys.modules:
        gc.disable()
        try:
            importlib.import_module(name)
        finally:
            gc.enable()
        gc.freeze()
    return sys.modules[name]


@click.group(
    cls=LazyGroup,
    short_helps=SHORT_HELPS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.version_option(package_name="waybill", message="%(prog)s %(version)s")
def waybill() -> None:
    """Turn SonataFlow workflow folders into installable Helm charts and a chart repository.

    \b
    Example:
      waybill build --all
      helm install greeting dist/greeting-2.0.0.tgz
    """  # noqa: D301 - \b keeps click from joining the lines


def main() -> None:
    """Run the command line, and turn any unexpected exception into a message."""
    from pipeline.terminal import streams  # noqa: PLC0415 - only for the program: tests call `waybill` itself

    streams.prepare()
    try:
        waybill(prog_name="waybill")
    except Exception as error:
        if "--debug" in sys.argv:
            raise
        from pipeline.terminal.failure import explain  # noqa: PLC0415 - only a failure needs it

        sys.exit(explain(error))
