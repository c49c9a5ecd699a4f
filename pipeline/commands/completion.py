"""`waybill completion`: print the completion script for a shell."""

from __future__ import annotations

from typing import Final, Literal

import click
from click.shell_completion import get_completion_class

from pipeline.commands.command import command, print_json

_SHELLS: Final = ("bash", "zsh", "fish")


@command(
    short_help="Print a shell completion script.",
    example="waybill completion bash > ~/.local/share/bash-completion/completions/waybill\n"
    'eval "$(waybill completion zsh)"\n'
    "waybill completion fish > ~/.config/fish/completions/waybill.fish",
    writes=False,
)
@click.argument("shell", type=click.Choice(_SHELLS), metavar="|".join(_SHELLS))
def completion(*, shell: Literal["bash", "zsh", "fish"], as_json: bool) -> None:
    """Print a shell script that completes commands, options, their values and the repository's workflows.

    Load it when the shell starts: for bash 4.4 or newer, from a file in ~/.local/share/bash-completion/completions; for
    zsh, from ~/.zshrc after compinit; for fish, from a file in ~/.config/fish/completions.
    """
    found = get_completion_class(shell)
    if found is None:
        raise click.UsageError(f"no completion for {shell}")
    group = click.get_current_context().find_root().command
    # Not `source`, which checks this machine's bash, although another one may load the script.
    script = found.source_template % found(group, {}, "waybill", "_WAYBILL_COMPLETE").source_vars()
    if as_json:
        print_json({"ok": True, "script": script})
    else:
        click.echo(script)
