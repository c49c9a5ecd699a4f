"""`waybill bump`: which bytes move, that nothing else does, and what is refused before anything is written."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from generator.versions.semver_text import Bump
from pipeline.build.job import build
from pipeline.build.request import BuildRequest
from pipeline.system.journal import Journal
from pipeline.terminal.console import StageReporter
from pipeline.workspace.folders import all_folders
from pipeline.workspace.settings import Settings
from tests.command import run
from tests.unit.conftest import write, write_workflow

CHARTS = Path("charts/workflows")
GREETING = CHARTS / "charts/greeting/Chart.yaml"


@pytest.fixture(autouse=True)
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose two workflows were built at 0.1.0, as the folder that the command runs in."""
    monkeypatch.chdir(tmp_path)
    write_workflow(tmp_path / "workflows", "greeting")
    write_workflow(tmp_path / "workflows", "second.x", id="second")
    options = BuildRequest(folders=all_folders(Path("workflows")), everything=True)
    build(options, Settings(), Journal(), created=datetime(2026, 3, 4, tzinfo=UTC), reporter=StageReporter(quiet=True))
    return tmp_path


def files() -> dict[str, bytes]:
    found = (path for place in ("workflows", "charts", "dist") for path in Path(place).rglob("*") if path.is_file())
    return {path.as_posix(): path.read_bytes() for path in found}


def changed(before: dict[str, bytes]) -> set[str]:
    after = files()
    return {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}


def umbrella() -> dict[str, str]:
    content = yaml.safe_load((CHARTS / "Chart.yaml").read_bytes())
    return {"workflows": content["version"], **{chart["name"]: chart["version"] for chart in content["dependencies"]}}


@pytest.mark.parametrize(
    ("part", "chart", "whole"),
    [
        ("patch", "0.1.1", "0.1.1"),
        ("minor", "0.2.0", "0.2.0"),
        ("major", "1.0.0", "1.0.0"),
        ("rc", "0.1.1-rc.1", "0.1.1-rc.1"),
    ],
)
def test_a_chart_moves_and_the_umbrella_with_it(part: Bump, chart: str, whole: str) -> None:
    before = files()
    assert run("bump", "greeting", part).code == 0
    assert umbrella() == {"workflows": whole, "greeting": chart, "second": "0.1.0"}
    assert changed(before) == {str(GREETING), str(CHARTS / "Chart.yaml"), str(CHARTS / "README.md")}
    assert GREETING.read_bytes() == before[str(GREETING)].replace(b"version: 0.1.0", f"version: {chart}".encode())


def test_several_charts_move_at_once_and_a_chart_is_named_by_its_workflow() -> None:
    assert run("bump", "greeting", "second.x", "greeting", "minor").code == 0
    assert umbrella() == {"workflows": "0.2.0", "greeting": "0.2.0", "second": "0.2.0"}


def test_a_line_of_a_person_stays_as_it_was_written() -> None:
    GREETING.write_bytes(b"# mine\r\napiVersion: v2\r\nversion:   '1.2.3-rc9' # why\r\nname: greeting\r\n")
    result = run("bump", "greeting", "rc")
    assert GREETING.read_bytes() == (b"# mine\r\napiVersion: v2\r\nversion:   '1.2.4-rc.1' # why\r\nname: greeting\r\n")
    assert "greeting: after 1.2.3-rc9 comes 1.2.4-rc.1: rc10 sorts before rc9" in result.err


@pytest.mark.parametrize(
    ("name", "written", "expected"),
    [
        ("a.sw.yaml", "id: third\nversion: '1.0.0'  # of the flow\n", "id: third\nversion: '1.1.0'  # of the flow\n"),
        ("a.sw.yaml", 'version:\n  "1.0.0"\nid: third\n', 'version:\n  "1.1.0"\nid: third\n'),
        ("a.sw.json", '{"id": "third", "version" : "1.0.0",', '{"id": "third", "version" : "1.1.0",'),
    ],
)
def test_with_app_the_definition_moves_and_the_chart_does_not(name: str, written: str, expected: str) -> None:
    rest = {
        "a.sw.yaml": "specVersion: '0.8'\nstates: [{name: A, type: inject, data: {a: b}, end: true}]\n",
        "a.sw.json": '"specVersion": "0.8", "states": [{"name": "A", "type": "inject", "data": {}, "end": true}]}\n',
    }[name]
    path = write(Path("workflows/third"), {name: written + rest}) / name
    before = files()
    result = run("bump", "third", "minor", "--app")
    assert result.code == 0, result.err
    assert changed(before) == {path.as_posix()}
    assert path.read_text() == expected + rest


def test_the_table_says_what_moved_and_what_to_do_next() -> None:
    result = run("bump", "greeting", "second.x", "patch")
    rows = [line.split() for line in result.err.splitlines()]
    assert ["greeting", "0.1.0", "0.1.1"] in rows
    assert ["workflows", "0.1.0", "0.1.1"] in rows
    assert result.err.splitlines()[-1] == "next   waybill build greeting second.x"
    assert result.out == ""


def test_json_says_the_same() -> None:
    content = run("bump", "greeting", "patch", "--json").json
    assert content["moved"][0] == {
        "name": "greeting",
        "path": GREETING.as_posix(),
        "before": "0.1.0",
        "after": "0.1.1",
        "note": None,
    }
    assert [move["name"] for move in content["moved"]] == ["greeting", "workflows"]


def test_every_name_is_checked_before_anything_is_written() -> None:
    write_workflow(Path("workflows"), "third")
    before = files()
    result = run("bump", "greeting", "greting", "third", "patch")
    assert result.code == 2
    assert "there is no workflow 'greting' in workflows; did you mean 'greeting'?" in result.err
    assert "third: its chart was never built, so it has no version; waybill build third first" in result.err
    assert changed(before) == set()


@pytest.mark.parametrize(
    ("version", "part", "said"),
    [
        ("version: 0.1.0", "release", "second: 0.1.0 is a release already"),
        ("version: 1.10", "patch", "Chart.yaml:1: version '1.10' is not a SemVer version"),
        ("name: second", "patch", "Chart.yaml: has no version"),
    ],
)
def test_a_version_that_cannot_move_stops_all_of_them(version: str, part: Bump, said: str) -> None:
    write(CHARTS / "charts/second", {"Chart.yaml": f"{version}\n"})
    write(GREETING.parent, {"Chart.yaml": GREETING.read_bytes().replace(b"0.1.0", b"0.1.0-rc.1")})
    before = files()
    result = run("bump", "greeting", "second.x", part)
    assert result.code == 1
    assert said in result.err
    assert changed(before) == set()


def test_what_was_bumped_is_what_a_build_publishes() -> None:
    run("bump", "greeting", "minor")
    before = files()
    result = run("build", "greeting")
    assert result.code == 0, result.err
    assert changed(before) == {"dist/greeting-0.2.0.tgz", "dist/workflows-0.2.0.tgz", "dist/index.yaml"}


@pytest.mark.parametrize(
    ("to", "expected"),
    [
        ("minor", {"workflows": "0.2.0", "greeting": "0.2.0", "second": "0.2.0"}),
        ("0.1.7", {"workflows": "0.1.1", "greeting": "0.1.7", "second": "0.1.7"}),
        ("2.1.0", {"workflows": "1.0.0", "greeting": "2.1.0", "second": "2.1.0"}),
        ("0.2.0-rc.3", {"workflows": "0.2.0-rc.1", "greeting": "0.2.0-rc.3", "second": "0.2.0-rc.3"}),
    ],
)
def test_all_charts_move_at_once(to: str, expected: dict[str, str]) -> None:
    write_workflow(Path("workflows"), "third")
    result = run("bump", "--all", to)
    assert result.code == 0, result.err
    assert umbrella() == expected
    assert result.err.splitlines()[-1] == "next   waybill build --all"


def test_a_chart_moves_to_the_version_that_is_named_and_the_rest_to_it_later() -> None:
    assert run("bump", "greeting", "2.1.0").code == 0
    assert umbrella() == {"workflows": "1.0.0", "greeting": "2.1.0", "second": "0.1.0"}
    assert [move["name"] for move in run("bump", "--all", "2.1.0", "--json").json["moved"]] == ["second"]
    before = files()
    result = run("bump", "--all", "2.1.0")
    assert (result.code, result.err) == (0, "every chart already has that version\n")
    assert changed(before) == set()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("greeting", "second.x", "0.0.9"),
            "greeting: is at 0.1.0, so 0.0.9 would be a step back\nsecond: is at",
        ),
        (("--all", "0.1.0-rc.9"), "greeting: is at 0.1.0, so 0.1.0-rc.9 would be a step back"),
        (("greeting", "0.1.0"), "greeting: is at 0.1.0 already"),
        (("--app", "greeting", "0.9.9"), "greeting: is at 1.0.0, so 0.9.9 would be a step back"),
    ],
)
def test_no_version_goes_back(words: tuple[str, ...], said: str) -> None:
    before = files()
    result = run("bump", *words)
    assert result.code == 1
    assert said in result.err
    assert changed(before) == set()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("greeting",), "'greeting' is neither a part (patch, minor, major, rc, release) nor a version such as 2.1.0"),
        (("greeting", "miner"), "nor a version such as 2.1.0; did you mean 'minor'?"),
        (("greeting", "v2.1.0"), "'v2.1.0' is neither a part"),
        (("minor",), "name one or more workflows, or give --all"),
        (("greeting", "--all", "minor"), "names or --all, not both"),
    ],
)
def test_a_word_that_is_no_part_and_no_version_is_refused(words: tuple[str, ...], said: str) -> None:
    result = run("bump", *words)
    assert result.code == 2
    assert said in result.err


def test_the_versions_of_all_workflows_move_with_app() -> None:
    before = files()
    assert run("bump", "--all", "--app", "3.0.0").code == 0
    assert changed(before) == {path for path in before if path.startswith("workflows/") and path.endswith(".sw.json")}


def test_the_umbrella_moves_in_a_fresh_clone_too() -> None:
    shutil.rmtree("dist")
    assert run("bump", "greeting", "patch").code == 0
    assert umbrella() == {"workflows": "0.1.1", "greeting": "0.1.1", "second": "0.1.0"}
