"""What a person sees of a build."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from generator.contracts.minify import Saving
from pipeline.build.result import BuildResult, BuiltChart
from pipeline.commands.build import show_build
from tests.conftest import Helm
from tests.unit.conftest import write


def built(folder: str = "greeting", output: str = "dist") -> BuiltChart:
    return BuiltChart(
        folder=folder,
        chart=folder or "workflows",
        version="0.1.0",
        image="i",
        package=Path(output) / f"{folder}-0.1.0.tgz",
        state="new",
        bytes=2048,
    )


def result(*charts: BuiltChart, output: str = "dist") -> BuildResult:
    return BuildResult(
        charts=charts,
        umbrella=built("", output),
        index=Path(output) / "index.yaml",
        findings=(),
        savings=(Saving(path="workflows/[x]/a.json", before=2048, after=1024),),
    )


def test_a_build_ends_with_a_table_and_the_next_command_and_leaves_standard_output_alone(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show_build(result(built()))
    out, err = capsys.readouterr()
    assert out == ""
    rows = [line.split() for line in err.splitlines() if line.strip()]
    assert rows[0] == ["workflow", "state", "package", "size"]
    assert ["greeting", "new", "dist/greeting-0.1.0.tgz", "2.0", "KiB"] in rows
    assert ["all", "of", "them", "new", "dist/-0.1.0.tgz", "2.0", "KiB"] in rows
    assert "cut down workflows/[x]/a.json: 2.0 KiB to 1.0 KiB" in err
    assert err.splitlines()[-1] == "next   helm install greeting dist/greeting-0.1.0.tgz"


def test_the_next_command_is_for_the_chart_that_needs_least(capsys: pytest.CaptureFixture[str]) -> None:
    much, less = (dataclasses.replace(built(name), required=("env.A",) * n) for name, n in (("much", 2), ("less", 1)))
    show_build(result(much, less))
    assert capsys.readouterr().err.splitlines()[-2:] == [
        "next   helm install less dist/less-0.1.0.tgz -f my-values.yaml",
        "       my-values.yaml sets env.A",
    ]


def test_no_secret_is_to_be_written_on_a_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    show_build(result(dataclasses.replace(built(), required=("env.JIRA_URL", r"secret.data.api\.token"))))
    err = capsys.readouterr().err
    assert "--set" not in err
    assert err.splitlines()[-1] == "       my-values.yaml sets env.JIRA_URL and secret.data.api.token"


@pytest.mark.parametrize("chart", ["Greeting", "a" * 60, "Ab_C.d", "-x-", "ÄÖ", "a" * 52 + "-b"])
def test_the_next_command_names_a_release_that_helm_takes(
    helm: Helm, chart: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    show_build(result(dataclasses.replace(built(), chart=chart)))
    name = capsys.readouterr().err.splitlines()[-1].split()[3]
    folder = write(tmp_path / "x", {"Chart.yaml": "apiVersion: v2\nname: x\nversion: 1.0.0\n", "values.yaml": "{}\n"})
    helm.run("template", name, str(folder))


@pytest.mark.parametrize("output", ["dist[red]", "dist[/x]", "[bold]"])
def test_a_path_with_brackets_is_shown_as_it_is(capsys: pytest.CaptureFixture[str], output: str) -> None:
    show_build(result(built(output=output), output=output))
    err = capsys.readouterr().err
    assert f"{output}/greeting-0.1.0.tgz" in err.splitlines()[-1]
    assert err.count(f"{output}/") == 3
