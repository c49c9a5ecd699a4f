"""The charts folder as it lies on disk, and as it should be."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import yaml

from generator.chart.chart import Chart
from generator.findings.errors import OutputError, VersionError
from pipeline.charts.folder import ChartsFolder, chart_version, read_charts_folder
from tests.unit.conftest import write

GENERATED = "name: one\nversion: 1.0.0\ndescription: d\nannotations: {waybill/folder: one}\n"
HAND_MADE = "name: mine\nversion: 3.0.0-rc.1\n"
CHART = Chart(
    name="one",
    version="1.0.0",
    folder="one",
    description="d",
    app_version="1",
    files={"Chart.yaml": GENERATED.encode(), "templates/a.yaml": b"a"},
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An umbrella over a generated and a hand-made chart."""
    files = {
        "Chart.yaml": "name: workflows\nversion: 2.0.0\n",
        "templates/old.yaml": "x",
        "charts/one/Chart.yaml": GENERATED,
        "charts/one/templates/a.yaml": "a",
        "charts/mine/Chart.yaml": HAND_MADE,
        "charts/mine/files/x": "x",
    }
    return write(tmp_path / "workflows", files)


def test_a_folder_that_is_not_there_is_empty(tmp_path: Path) -> None:
    found = read_charts_folder(tmp_path / "none")
    assert (found.files(), found.version(), found.chart_version("one")) == ({}, None, None)


def test_the_umbrella_and_its_charts_are_read_with_their_versions(folder: Path) -> None:
    found = read_charts_folder(folder)
    assert sorted(found.own) == ["Chart.yaml", "templates/old.yaml"]
    assert {name: sorted(files) for name, files in found.charts.items()} == {
        "mine": ["Chart.yaml", "files/x"],
        "one": ["Chart.yaml", "templates/a.yaml"],
    }
    assert (found.version(), found.chart_version("one"), found.chart_version("mine")) == (
        "2.0.0",
        "1.0.0",
        "3.0.0-rc.1",
    )
    assert sorted(found.files()) == sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_a_folder_that_holds_files_but_no_chart_is_not_ours(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"contains files but no Chart\.yaml, so it is not a chart"):
        read_charts_folder(write(tmp_path, {"x.txt": ""}))


def test_a_chart_is_new_changed_or_unchanged(folder: Path) -> None:
    found = read_charts_folder(folder)
    other = dataclasses.replace(CHART, files={**CHART.files, "templates/a.yaml": b"b"})
    assert [found.state(chart) for chart in (CHART, other, dataclasses.replace(CHART, name="two"))] == [
        "unchanged",
        "changed",
        "new",
    ]


@pytest.mark.parametrize(("everything", "names"), [(False, ["mine", "one"]), (True, ["mine"])])
def test_a_chart_that_is_not_generated_now_stays_unless_its_workflow_is_gone(
    folder: Path, *, everything: bool, names: list[str]
) -> None:
    wanted = read_charts_folder(folder).wanted({}, "2.0.1", capabilities=None, everything=everything)
    assert sorted({path.split("/")[1] for path in wanted if path.startswith("charts/")}) == names
    umbrella = yaml.safe_load(wanted["Chart.yaml"])
    assert umbrella["version"] == "2.0.1"
    assert [chart["name"] for chart in umbrella["dependencies"]] == names
    assert wanted["charts/mine/files/x"] == b"x"
    assert "templates/old.yaml" not in wanted


def test_a_generated_chart_takes_the_place_of_the_one_that_lies_there(folder: Path) -> None:
    chart = dataclasses.replace(CHART, version="1.1.0", files={"Chart.yaml": b"name: one\nversion: 1.1.0\n"})
    wanted = read_charts_folder(folder).wanted({"one": chart}, "2.0.1", capabilities=None, everything=False)
    assert [path for path in wanted if path.startswith("charts/one/")] == ["charts/one/Chart.yaml"]
    dependencies = {c["name"]: c["version"] for c in yaml.safe_load(wanted["Chart.yaml"])["dependencies"]}
    assert dependencies == {"mine": "3.0.0-rc.1", "one": "1.1.0"}


def test_the_version_of_a_chart_is_read_from_chart_yaml(tmp_path: Path) -> None:
    assert chart_version(tmp_path) is None
    write(tmp_path, {"Chart.yaml": "name: a\nversion: 1.2.3-rc.1\n"})
    assert chart_version(tmp_path) == "1.2.3-rc.1"
    write(tmp_path, {"Chart.yaml": "name: a\nversion: v1\n"})
    with pytest.raises(VersionError, match=r"Chart\.yaml: version 'v1' is not a SemVer version"):
        chart_version(tmp_path)


def test_an_empty_folder_has_no_files() -> None:
    assert ChartsFolder(path=Path("x")).files() == {}
