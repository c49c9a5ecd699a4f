"""The charts of this repository, as they are committed, under real Helm."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from generator.chart.chart import chart_name, required_values
from pipeline.workspace.workflows import read_folder
from tests.conftest import ROOT, Helm

UMBRELLA = ROOT / "charts" / "workflows"
FOLDERS = sorted(folder for folder in (ROOT / "workflows").iterdir() if folder.name != "shared")


def values_of(folder: Path) -> dict[str, Any]:
    """Values for all that an install of a workflow must be given."""
    return given(required_values(read_folder(folder)))


def given(paths: Iterable[str]) -> dict[str, Any]:
    """Values in which all paths have one."""
    values: dict[str, Any] = {}
    for path in paths:
        *parents, name = path.split(".")
        below = values
        for parent in parents:
            below = below.setdefault(parent, {})
        below[name] = "given"
    return values


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_chart_of_ours_is_clean_and_installs_its_workflow(folder: Path, helm: Helm) -> None:
    chart = UMBRELLA / "charts" / chart_name(folder.name)
    values = values_of(folder)
    assert helm.lint(chart, values) == []
    rendered = helm.render(chart, values)
    workflow = next(each for each in rendered if each["kind"] == "SonataFlow")
    assert workflow["metadata"]["name"] == read_folder(folder).object_name
    names = [(each["kind"], each["metadata"]["name"]) for each in rendered]
    assert len(names) == len(set(names))


def test_the_umbrella_installs_all_of_them(helm: Helm) -> None:
    values = {chart_name(folder.name): {"enabled": True, **values_of(folder)} for folder in FOLDERS}
    assert helm.lint(UMBRELLA, values) == []
    rendered = helm.render(UMBRELLA, values)
    workflows = {each["metadata"]["name"] for each in rendered if each["kind"] == "SonataFlow"}
    assert workflows == {read_folder(folder).object_name for folder in FOLDERS}
    names = [(each["kind"], each["metadata"]["name"]) for each in rendered]
    assert len(names) == len(set(names))
