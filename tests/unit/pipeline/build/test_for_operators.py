"""`waybill build` for the operator that a person names, and what it refuses to write."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from generator.kubernetes.crd import known_crd
from tests.command import run
from tests.unit.conftest import write_workflow

ROWS = """\
rows:
  - {charts: [greeting, workflows], versions: 0.x, sonataflow: 10.x}
  - {charts: [greeting, workflows], versions: 1.45.x, sonataflow: 1.45.x}
"""
OWN = Path("charts/sonataflow-1.45/workflows/charts/greeting")
NEWEST = Path("charts/workflows/charts/greeting")


@pytest.fixture(autouse=True)
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A repository with one workflow, and no cache of earlier builds."""
    monkeypatch.chdir(tmp_path)
    write_workflow(tmp_path / "workflows", "greeting")
    Path("compatibility.yaml").write_text(ROWS)


def built(*words: str) -> dict[str, str]:
    """Chart to version."""
    result = run("build", *words, "--json")
    assert result.code == 0, result.err
    document: dict[str, Any] = result.json
    return {row["chart"]: row["version"] for row in (*document["charts"], document["umbrella"])}


def said(folder: Path) -> dict[str, str]:
    annotations: dict[str, str] = yaml.safe_load((folder / "Chart.yaml").read_text())["annotations"]
    return {key: value for key, value in annotations.items() if key not in ("waybill/folder", "waybill/workflow-id")}


def test_charts_for_an_operator_lie_beside_those_of_the_newest_and_in_one_index() -> None:
    assert built("greeting") == {"greeting": "0.1.0", "workflows": "0.1.0"}
    before = {path: path.read_bytes() for path in Path("charts").rglob("*") if path.is_file()}
    assert built("greeting", "--sonataflow", "1.45") == {"greeting": "1.45.0", "workflows": "1.45.0"}
    assert {path: path.read_bytes() for path in before} == before
    index = yaml.safe_load(Path("dist/index.yaml").read_text())
    assert {(e["version"], e["annotations"]["waybill/sonataflow-versions"]) for e in index["entries"]["greeting"]} == {
        ("0.1.0", "10.x"),
        ("1.45.0", "1.45.x"),
    }
    assert said(OWN) == said(OWN.parent.parent) == {"waybill/sonataflow-versions": "1.45.x"}
    assert "persistence:" not in (OWN / "templates" / "sonataflow.yaml").read_text()
    assert "persistence:" in (NEWEST / "templates" / "sonataflow.yaml").read_text()
    assert 'helm install greeting REPOSITORY/greeting --version "1.45.x"' in (OWN / "README.md").read_text()
    assert "--version" not in (NEWEST / "README.md").read_text()


def test_a_build_for_an_operator_again_changes_nothing_and_its_check_is_quiet() -> None:
    built("greeting", "--sonataflow", "1.45")
    before = {path: path.read_bytes() for path in Path().rglob("*") if path.is_file() and ".cache" not in path.parts}
    built("greeting", "--sonataflow", "1.45")
    assert {path: path.read_bytes() for path in before} == before
    assert run("build", "greeting", "--sonataflow", "1.45", "--check").code == 0
    (OWN / "values.yaml").write_text("mine: 1\n")
    assert run("build", "greeting", "--sonataflow", "1.45", "--check").code == 1


def test_a_change_moves_the_version_inside_its_line() -> None:
    built("--all", "--sonataflow", "1.45")
    write_workflow(Path("workflows"), "greeting", {"application.properties": "a=${NEW:x}\n"})
    result = run("build", "--all", "--sonataflow", "1.45", "--bump", "minor")
    assert result.code == 1
    assert "1.46.0 is not one of the versions 1.45.x" in result.err
    assert built("--all", "--sonataflow", "1.45", "--bump", "auto") == {"greeting": "1.45.1", "workflows": "1.45.1"}
    assert built("--all", "--sonataflow", "1.45", "--bump", "auto") == {"greeting": "1.45.1", "workflows": "1.45.1"}


def test_an_automatic_bump_compares_within_its_line() -> None:
    built("--all")
    built("--all", "--sonataflow", "1.45")
    write_workflow(Path("workflows"), "greeting", {"application.properties": "a=${NEW:x}\n"})
    assert built("--all", "--bump", "auto") == {"greeting": "0.2.0", "workflows": "0.2.0"}
    assert built("--all", "--sonataflow", "1.45", "--bump", "auto") == {"greeting": "1.45.1", "workflows": "1.45.1"}
    assert built("--all", "--bump", "auto") == {"greeting": "0.2.0", "workflows": "0.2.0"}


def test_without_the_charts_folder_a_line_goes_on_from_its_newest_published_version() -> None:
    built("greeting", "--sonataflow", "1.45")
    write_workflow(Path("workflows"), "greeting", {"application.properties": "a=${NEW:x}\n"})
    built("greeting", "--sonataflow", "1.45", "--bump", "auto")
    for path in sorted(Path("charts").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    assert built("greeting", "--sonataflow", "1.45")["greeting"] == "1.45.1"


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (
            ["--sonataflow", "1.44"],
            1,
            "no row of compatibility.yaml says which versions of greeting and workflows are for SonataFlow",
        ),
        (["--sonataflow", "3"], 2, "SonataFlow '3' is unknown; the known ones are 1.40, 1.43, 1.44, 1.45, 10"),
        (["--operator", "1.3.2"], 2, "which SonataFlow Orchestrator 1.3.x includes is unknown; name it"),
        (["--operator", "9.0"], 2, "Orchestrator '9.0' is not in compatibility.yaml; it has 1.2.x, 1.3.x"),
    ],
)
def test_what_cannot_be_built_for_is_said_and_nothing_is_written(words: list[str], code: int, message: str) -> None:
    result = run("build", "greeting", *words)
    assert (result.code, message in result.err) == (code, True), result.err
    assert not Path("charts").exists()


def test_an_orchestrator_with_the_sonataflow_that_a_person_knows_of() -> None:
    Path("compatibility.yaml").write_text(
        "rows:\n  - {charts: [greeting, workflows], versions: 1.3.x, orchestrator: 1.3.x}\n"
    )
    assert built("greeting", "--operator", "1.3.2", "--sonataflow", "1.45")["greeting"] == "1.3.0"
    folder = Path("charts/orchestrator-1.3.x/workflows/charts/greeting")
    assert said(folder) == {"waybill/operator-versions": "1.3.x"}


def test_a_row_that_is_refuted_stops_the_build_and_nothing_is_written() -> None:
    Path("compatibility.yaml").write_text("rows:\n  - {charts: [greeting], versions: 0.x, sonataflow: '>=1.45'}\n")
    result = run("build", "greeting")
    assert result.code == 1
    assert "compatibility.yaml:2:5: error: greeting 0.1.0 cannot run on SonataFlow 1.45, as this row says" in result.err
    assert "spec.persistence is unknown to SonataFlow 1.45" in result.err
    assert "build for it with --sonataflow 1.45" in result.err
    assert "nothing was written" in result.err
    assert not Path("charts").exists()
    assert not Path("dist").exists() or not list(Path("dist").iterdir())


def test_a_version_without_a_row_stops_the_build_where_the_chart_has_others() -> None:
    Path("compatibility.yaml").write_text("rows:\n  - {charts: [greeting], versions: 3.x, sonataflow: 10.x}\n")
    result = run("build", "greeting")
    assert result.code == 1
    assert "no row covers greeting 0.1.0, only its versions 3.x; widen that row, or add one" in result.err


def test_a_chart_for_the_newest_needs_no_row() -> None:
    Path("compatibility.yaml").write_text("rows:\n  - {charts: ['*'], versions: 1.45.x, sonataflow: 1.45.x}\n")
    for _ in range(2):
        result = run("build", "greeting", "--strict")
        assert (result.code, "warning" in result.out + result.err) == (0, False)
        Path("compatibility.yaml").unlink(missing_ok=True)


@pytest.mark.parametrize("there", [True, False])
def test_what_is_said_of_missing_rows_is_what_to_write(*, there: bool) -> None:
    write_workflow(Path("workflows"), "farewell")
    path = Path("compatibility.yaml")
    before = "rows:\n- {charts: [farewell, greeting, workflows], versions: 0.x, sonataflow: 10.x}\n" if there else ""
    path.write_text(before) if there else path.unlink()
    result = run("build", "--all", "--operator", "1.3.2", "--sonataflow", "1.45")
    said, _, rows = result.err.partition("waybill: error: ")[2].partition("\n")
    assert "says which versions of farewell, greeting and workflows are for Orchestrator 1.3.x" in said
    path.write_text(before + rows)
    asked = ("--operator", "1.3.2", "--sonataflow", "1.45")
    assert built("--all", *asked) == {"farewell": "1.3.0", "greeting": "1.3.0", "workflows": "1.3.0"}
    assert built("--all")["greeting"] == "0.1.0"
    assert run("check").code == 0


def test_a_new_row_changes_no_file() -> None:
    def written() -> dict[Path, bytes]:
        found = (path for name in ("charts", "dist") for path in Path(name).rglob("*"))
        return {path: path.read_bytes() for path in found if path.is_file()}

    built("--all")
    built("--all", "--sonataflow", "1.45")
    before = written()
    Path("compatibility.yaml").write_text(f"{ROWS}  - {{charts: ['*'], versions: 1.44.x, sonataflow: 1.44.x}}\n")
    built("--all")
    built("--all", "--sonataflow", "1.45")
    assert written() == before


def test_another_compatibility_yaml_is_another_build() -> None:
    assert run("build", "greeting").code == 0
    Path("compatibility.yaml").write_text("rows:\n  - {charts: [greeting], versions: 3.x, sonataflow: 10.x}\n")
    assert run("build", "greeting").code == 1


def test_crds_beside_the_file_that_change_are_another_build() -> None:
    def own(name: str) -> str:
        version = {"name": "v1alpha08", "schema": {"openAPIV3Schema": known_crd(name).schema}}
        names = {"kind": "SonataFlow"}
        return json.dumps({"spec": {"group": "sonataflow.org", "names": names, "versions": [version]}})

    Path("own.yaml").write_text(own("10"))
    Path("compatibility.yaml").write_text(
        "operators:\n  sonataflow:\n    - {name: own, versions: 10.x, crd: own.yaml, properties: {}, builder: b}\n"
        "rows:\n  - {charts: [greeting], versions: 0.x, sonataflow: 10.x}\n"
    )
    built("greeting")
    assert "persistence:" in (NEWEST / "templates" / "sonataflow.yaml").read_text()
    Path("own.yaml").write_text(own("1.45"))
    result = run("build", "greeting")
    assert result.code == 1, result.err
    assert "in the index with different bytes" in result.err


def test_the_folder_of_a_single_chart_has_a_chart_for_another_operator() -> None:
    Path("compatibility.yaml").write_text("rows:\n  - {charts: ['*'], versions: 1.45.x, sonataflow: 1.45.x}\n")
    assert built("greeting")["greeting"] == "0.1.0"
    result = run("chart", "greeting", "--out", "charts/workflows/charts", "--sonataflow", "1.45")
    assert result.code == 1
    assert "its versions for SonataFlow 1.45 are 1.45.x; name another folder with --out" in result.err
    assert "--charts" not in result.err
