"""What lies in somebody's home folder is no part of a workflow."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import jq
import pytest

from generator.jq.compiling import refusals
from pipeline.build.single_steps import read_for_output
from pipeline.inspect.lint import fix_folders, read_folders
from pipeline.system.environment import without_home
from pipeline.system.journal import Journal
from pipeline.workspace.settings import Settings
from tests.unit.conftest import write, write_workflow


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder whose .jq no program compiles with."""
    write(tmp_path, {".jq": "def broken: ;"})
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.mark.usefixtures("home")
def test_libjq_reads_the_home_folder_where_it_is_not_kept_from_it() -> None:
    with pytest.raises(ValueError, match=r"/\.jq, line 1"):
        jq.compile(".")
    with without_home():
        assert refusals([".only_here | length"]) == {".only_here | length": None}


def test_the_home_folder_is_back_whatever_happens(home: Path) -> None:
    with contextlib.suppress(ZeroDivisionError), without_home():
        assert "HOME" not in os.environ
        raise ZeroDivisionError
    assert os.environ["HOME"] == str(home)


def test_what_lies_in_the_home_folder_has_no_say(home: Path) -> None:
    state = {"name": "A", "type": "inject", "data": {}, "end": True, "stateDataFilter": {"input": "${ .lint_reads }"}}
    folder = write_workflow(home / "workflows", "greeting", states=[state])
    _, findings = read_folders([folder], Settings())
    assert [finding for finding in findings if finding.rule == "invalid-expression"] == []
    assert fix_folders([folder], Settings(), Journal()) == ()
    assert read_for_output(folder)[0].definition.id == "greeting"
    assert os.environ["HOME"] == str(home)
