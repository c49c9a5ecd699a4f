"""mypy knows the names of the DSL's fields: what the plugin in tests/field_names.py adds to it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT

ASKED = """\
from generator.workflow.long_form import Action, State

def asked(action: Action, state: State) -> None:
    print(action.get("functionRef"), state.get("actions"), state.get("timeouts", {}).get("eventTimeout"))
    print(action.get("functoinRef"))
    print(action["functoinRef"])
    print(state.get("acitons", ()))
    print(action.get("functionRef", {}).get("refNme"))
    if state["type"] == "callback":
        print(state.get("eventRef"), state.get("actions"))
    if state["type"] == "calback":
        print(state)
"""


def test_a_misspelt_field_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "asked.py"
    file.write_text(ASKED)
    command = (sys.executable, "-m", "mypy", "--config-file", "pyproject.toml", "--cache-dir", tmp_path, file)
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    found = re.findall(r"asked\.py:(\d+): error: .*\[(\S+)\]$", done.stdout, re.MULTILINE)
    assert found == [
        ("5", "typeddict-item"),
        ("6", "typeddict-item"),
        ("7", "typeddict-item"),
        ("8", "typeddict-item"),
        ("10", "typeddict-item"),
        ("11", "comparison-overlap"),
        ("12", "unreachable"),
    ], done.stdout + done.stderr
