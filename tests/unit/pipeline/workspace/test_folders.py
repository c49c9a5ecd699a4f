"""Selecting the workflow folders of a command."""

from __future__ import annotations

import contextlib
import re
from dataclasses import replace
from pathlib import Path

import pytest

from generator.findings.errors import SettingsError
from pipeline.workspace.folders import all_folders, find_folder, refuse_misplaced, select_folders
from pipeline.workspace.settings import Settings
from tests.unit.conftest import write


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A repository of two workflows, as the folder that the command runs in."""
    write(tmp_path, {"workflows/greeting/x": "", "workflows/escalation/x": "", "workflows/shared/x": ""})
    write(tmp_path, {"workflows/.git/x": "", "workflows/README.md": "", "elsewhere/mine/x": ""})
    monkeypatch.chdir(tmp_path)
    return Settings()


def test_all_folders_are_sorted_and_leave_out_shared_and_hidden_ones(settings: Settings) -> None:
    assert all_folders(settings.workflows) == [Path("workflows/escalation"), Path("workflows/greeting")]
    assert select_folders((), settings) == all_folders(settings.workflows)


def test_a_workflows_folder_that_is_not_there_holds_none(tmp_path: Path) -> None:
    assert all_folders(tmp_path / "none") == []


def test_a_folder_without_workflows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none: contains no workflow folders; name another with --workflows"):
        select_folders((), Settings(workflows=tmp_path / "none"))


@pytest.mark.parametrize("name", ["greeting", "workflows/greeting", "./workflows/greeting", "workflows/greeting/"])
def test_a_workflow_is_named_by_its_name_or_its_path(settings: Settings, name: str) -> None:
    assert find_folder(name, settings).resolve() == Path("workflows/greeting").resolve()


def test_a_path_may_lead_anywhere(settings: Settings, tmp_path: Path) -> None:
    assert find_folder("elsewhere/mine", settings) == Path("elsewhere/mine")
    assert find_folder(str(tmp_path / "elsewhere" / "mine"), settings) == tmp_path / "elsewhere" / "mine"


def test_a_name_in_the_workflows_folder_comes_before_a_path(settings: Settings, tmp_path: Path) -> None:
    write(tmp_path, {"greeting/x": ""})
    assert find_folder("greeting", settings) == Path("workflows/greeting")


@pytest.mark.parametrize("name", [".", ".."])
def test_a_dot_is_the_folder_that_the_command_runs_in(settings: Settings, name: str) -> None:
    assert find_folder(name, settings) == Path(name)


def test_the_order_of_names_is_kept_and_repetitions_are_left_out(settings: Settings) -> None:
    assert select_folders(("greeting", "escalation", "greeting"), settings) == [
        Path("workflows/greeting"),
        Path("workflows/escalation"),
    ]


@pytest.mark.parametrize(
    ("name", "end"),
    [
        ("greting", "; did you mean 'greeting'?"),
        ("zzz", "; it has escalation, greeting"),
        ("", "; it has escalation, greeting"),
        ("x\0y", "; it has escalation, greeting"),
    ],
)
def test_a_workflow_that_is_not_there_is_refused_with_the_nearest_name(settings: Settings, name: str, end: str) -> None:
    with pytest.raises(SettingsError) as caught:
        find_folder(name, settings)
    assert str(caught.value) == f"there is no workflow '{name}' in workflows{end}"


def test_a_file_is_answered_with_its_folder(settings: Settings) -> None:
    file = Path("workflows/greeting/greeting.sw.yaml")
    file.write_text("", encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        find_folder(str(file), settings)
    assert str(caught.value) == f"{file}: is a file; name the workflow's folder: workflows/greeting"


@pytest.mark.parametrize("name", [".", "./", "../greeting", "greeting"])
def test_a_workflow_has_one_path_however_it_is_named(settings: Settings, name: str, tmp_path: Path) -> None:
    write(tmp_path, {"greeting/x": ""})
    with contextlib.chdir(tmp_path / "workflows" / "greeting"):
        assert find_folder(name, Settings(workflows=Path("../../workflows"))) == Path("../../workflows/greeting")
    absolute = str(tmp_path / "workflows" / "greeting")
    assert select_folders(("greeting", "./workflows/greeting", absolute), settings) == [Path("workflows/greeting")]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"charts": "workflows"}, "the charts folder, workflows, is in the workflows folder, workflows"),
        ({"charts": "workflows/x"}, "the charts folder, workflows/x, is in the workflows folder, workflows"),
        ({"output": "workflows/dist"}, "the output folder, workflows/dist, is in the workflows folder"),
        ({"output": "link/dist"}, "the output folder, link/dist, is in the workflows folder"),
        ({"charts": "."}, "the workflows folder, workflows, is in the charts folder, ."),
        ({"output": "charts/workflows/dist"}, "the output folder, charts/workflows/dist, is in the umbrella's folder"),
        ({"output": "charts/sonataflow-1.45/workflows"}, "the output folder, charts/sonataflow-1.45/workflows, is in"),
        ({"charts": "elsewhere/mine"}, "the charts folder, elsewhere/mine, is in the workflow folder elsewhere/mine"),
    ],
)
def test_charts_and_packages_among_workflows_are_refused(
    settings: Settings, given: dict[str, str], why: str, tmp_path: Path
) -> None:
    (tmp_path / "link").symlink_to("workflows")
    misplaced = replace(settings, **{name: Path(path) for name, path in given.items()})
    with pytest.raises(SettingsError, match=re.escape(why)):
        refuse_misplaced(misplaced, [Path("elsewhere/mine")])


@pytest.mark.parametrize(
    "given", [{}, {"output": "charts"}, {"charts": "dist/charts"}, {"output": "."}, {"charts": "x/workflows"}]
)
def test_other_places_of_charts_and_packages_are_accepted(settings: Settings, given: dict[str, str]) -> None:
    placed = replace(settings, **{name: Path(path) for name, path in given.items()})
    refuse_misplaced(placed, [Path("elsewhere/mine")])
