"""What a shell completes after `waybill`: asked as a shell asks, and by a real shell that has loaded the script."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from pipeline.cli import SHORT_HELPS, waybill
from pipeline.commands.completions.light import TABLE
from pipeline.commands.completions.table import table
from tests.command import PROGRAM, run
from tests.conftest import ROOT, missing
from tests.unit.conftest import write, write_workflow


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("greeting", "greeting-later", "escalation"):
        write_workflow(tmp_path / "flows", name)
    write(tmp_path, {"waybill.toml": 'workflows = "flows"\n', "elsewhere/other/other.sw.yaml": ""})
    monkeypatch.chdir(tmp_path)
    return tmp_path


def offered(words: str) -> list[str]:
    """What is offered for the last word, each with its type."""
    environment = {"_WAYBILL_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    return run(env=environment).out.split()


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("waybill li", ["plain,lint"]),
        ("waybill lint --fo", ["plain,--format"]),
        ("waybill lint --format s", ["plain,sarif"]),
        ("waybill lint gr", ["plain,greeting", "plain,greeting-later"]),
        ("waybill lint greeting esc", ["plain,escalation"]),
        ("waybill run --mock esc", ["plain,escalation"]),
        ("waybill build --bump mi", ["plain,minor"]),
        ("waybill bump greeting greeting-l", ["plain,greeting-later"]),
        ("waybill lint --workflows elsewhere o", ["plain,other"]),
        ("waybill lint --workflows els", ["dir,els"]),
        ("waybill lint flows/gr", ["dir,flows/gr"]),
        ("waybill run greeting --input inp", ["file,inp"]),
        ("waybill gitops te", ["plain,tekton"]),
        ("waybill completion z", ["plain,zsh"]),
        ("waybill build -", ["plain,--all"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_commands_options_choices_and_workflows_are_offered(words: str, expected: list[str]) -> None:
    found = offered(words)
    assert found == expected if words[-1] != "-" else set(expected) <= set(found)


def test_wrong_settings_offer_nothing_and_no_traceback(repository: Path) -> None:
    write(repository, {"waybill.toml": "workflows = 7\n"})
    assert offered("waybill lint gr") == []


def test_the_table_is_what_the_commands_say() -> None:
    context = click.Context(waybill)
    commands = {name: command for name in SHORT_HELPS if (command := waybill.get_command(context, name))}
    written = (ROOT / "pipeline" / "commands" / "completions" / TABLE).read_text(encoding="utf-8")
    assert written == table(commands), "run: nox -s docs"


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize("words", ["waybill l", "waybill propose --", "waybill lint gr", "waybill diff gr"])
def test_completion_imports_no_command_and_nothing_heavy(words: str) -> None:
    code = (
        "import contextlib, sys\nfrom pipeline.cli import waybill\n"
        "with contextlib.suppress(SystemExit): waybill(prog_name='waybill')\n"
        "print(sorted(sys.modules), file=sys.stderr)"
    )
    environment = {"_WAYBILL_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **environment}, capture_output=True, text=True, check=True
    )
    assert done.stdout
    loaded = {name for name in done.stderr.split("'") if name.isidentifier() or "." in name}
    assert {name for name in loaded if name.startswith("pipeline.commands.")} == {
        "pipeline.commands.completions",
        "pipeline.commands.completions.light",
    } - ({"pipeline.commands.completions", "pipeline.commands.completions.light"} if words == "waybill l" else set())
    assert loaded & {"yaml", "jinja2", "rich", "urllib3", "jsonschema_rs", "git", "filelock", "email.utils"} == set()


#: How each shell loads the script and is asked, without a terminal, what it completes for `waybill lint greeting-`.
ASKED = {
    "bash": 'eval "$(waybill completion bash)"; COMP_WORDS=(waybill lint greeting-); COMP_CWORD=2; '
    '_waybill_completion waybill; printf "%s\\n" "${COMPREPLY[@]}"',
    "fish": "waybill completion fish | source; complete --do-complete 'waybill lint greeting-'",
    "zsh": 'autoload -U compinit; compinit -u; eval "$(waybill completion zsh)"; print ${_comps[waybill]}',
}
SAID = {"bash": "greeting-later", "fish": "greeting-later", "zsh": "_waybill_completion"}


@pytest.mark.parametrize("shell", ASKED)
def test_a_shell_that_has_loaded_the_script_completes(repository: Path, tmp_path: Path, shell: str) -> None:
    program = shutil.which(shell)
    if program is None:
        missing(shell)
    bin_ = write(tmp_path / "bin", {"waybill": f'#!/bin/sh\nexec "{PROGRAM[0]}" -c "{PROGRAM[2]}" "$@"\n'})
    (bin_ / "waybill").chmod(0o755)
    environment = {**os.environ, "PATH": f"{bin_}{os.pathsep}{os.environ['PATH']}", "HOME": str(tmp_path)}
    done = subprocess.run(
        [program, "-c", ASKED[shell]], cwd=repository, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.stdout.split(), done.stderr) == ([SAID[shell]], "")


def test_json_has_the_script() -> None:
    assert run("completion", "bash", "--json").json["script"] in run("completion", "bash").out
