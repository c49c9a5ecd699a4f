"""The record of the last build: it answers only where nothing has changed since."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.build.job import build
from pipeline.build.record import Record, record_of
from pipeline.build.request import BuildRequest
from pipeline.build.result import BuildResult
from pipeline.system.journal import Journal
from pipeline.terminal.console import StageReporter
from pipeline.workspace.settings import Settings
from tests.unit.conftest import write, write_workflow

FOLDERS = [Path("workflows/greeting")]


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository that was built, its record kept in a cache folder of its own."""
    write_workflow(tmp_path / "workflows", "greeting", version=1.5)
    write(tmp_path / "workflows" / "shared", {"schemas/r.json": "{}"})
    monkeypatch.chdir(tmp_path)
    made()
    return tmp_path


def record(**options: Any) -> Record:
    return record_of(BuildRequest(**{"folders": FOLDERS, **options}), Settings())


def made(**options: Any) -> BuildResult:
    wanted = BuildRequest(**{"folders": FOLDERS, **options})
    before = record_of(wanted, Settings())
    result = build(
        wanted, Settings(), Journal(), created=datetime(2026, 1, 1, tzinfo=UTC), reporter=StageReporter(quiet=True)
    )
    before.keep(result)
    return result


@pytest.mark.usefixtures("repository")
def test_a_build_with_nothing_changed_is_answered_from_the_record() -> None:
    answer = record().unchanged()
    assert answer is not None
    fresh = made()
    assert answer == fresh
    assert {chart.state for chart in (*answer.charts, answer.umbrella)} == {"unchanged"}
    assert [finding.rule for finding in answer.findings] == ["wrong-type"]


@pytest.mark.parametrize(
    "path",
    [
        "workflows/greeting/greeting.sw.json",
        "workflows/greeting/new.txt",
        "workflows/greeting/README.md",
        "workflows/greeting/chart/values.yaml",
        "workflows/shared/schemas/r.json",
        "workflows/shared/new.json",
        "charts/workflows/Chart.yaml",
        "charts/workflows/charts/greeting/values.yaml",
        "charts/workflows/charts/new/Chart.yaml",
        "dist/index.yaml",
        "dist/greeting-0.1.0.tgz",
        "dist/workflows-0.1.0.tgz",
    ],
)
def test_a_file_that_changed_or_came_is_noticed(repository: Path, path: str) -> None:
    write(repository, {path: "changed"})
    assert record().unchanged() is None


@pytest.mark.parametrize(
    "path",
    [
        "workflows/shared/schemas/r.json",
        "charts/workflows/charts/greeting/values.yaml",
        "dist/index.yaml",
        "dist/greeting-0.1.0.tgz",
    ],
)
def test_a_file_that_went_is_noticed(repository: Path, path: str) -> None:
    (repository / path).unlink()
    assert record().unchanged() is None


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize("options", [{"everything": True}, {"minify_specs": True}, {"bump": "patch"}])
def test_another_request_is_another_build(options: dict[str, Any]) -> None:
    assert record(**options).unchanged() is None


@pytest.mark.usefixtures("repository")
def test_other_settings_are_another_build() -> None:
    options = BuildRequest(folders=FOLDERS)
    assert record_of(options, Settings()).unchanged() is not None
    assert record_of(options, Settings(registry="other.io/x")).unchanged() is None


def test_a_published_index_that_changed_is_noticed(repository: Path) -> None:
    write(repository, {"published.yaml": "apiVersion: v1\nentries: {}\n"})
    options = {"merge": Path("published.yaml")}
    made(**options)
    assert record(**options).unchanged() is not None
    write(repository, {"published.yaml": "apiVersion: v1\nentries: {a: []}\n"})
    assert record(**options).unchanged() is None


def test_a_build_from_inside_the_workflow_s_folder_notices_a_change_of_shared(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository / "workflows" / "greeting")
    before = record(folders=[Path()]).inputs
    write(repository / "workflows" / "shared", {"schemas/r.json": "[]"})
    assert record(folders=[Path()]).inputs != before


def test_a_folder_with_a_link_is_always_built(repository: Path) -> None:
    (repository / "workflows" / "greeting" / "link.txt").symlink_to("greeting.sw.json")
    assert record().inputs is None
    assert record().unchanged() is None


@pytest.mark.usefixtures("repository")
def test_a_build_that_bumps_is_never_kept() -> None:
    made(bump="patch")
    assert record(bump="patch").unchanged() is None


def test_a_cache_folder_that_cannot_be_written_is_no_failure(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(repository, {"file": ""})
    monkeypatch.setenv("WAYBILL_CACHE", str(repository / "file"))
    assert made().charts
    assert record().unchanged() is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["inputs", "outputs", "packages", "result", "charts"]), inner, max_size=4)
    ),
    max_leaves=8,
)


@given(st.binary(max_size=50) | json_values.map(lambda value: json.dumps(value).encode()))
def test_a_record_of_any_bytes_answers_nothing(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "record.json"
    path.write_bytes(data)
    assert Record(path=path, inputs="x", outputs=()).unchanged() is None


@pytest.mark.parametrize("key", ["charts", "umbrella", "index", "findings"])
def test_a_record_of_another_version_of_waybill_answers_nothing(repository: Path, key: str) -> None:
    (path,) = (repository / ".cache").rglob("*.json")
    kept = json.loads(path.read_bytes())
    assert record().unchanged() is not None
    path.write_text(json.dumps({**kept, "result": {name: v for name, v in kept["result"].items() if name != key}}))
    assert record().unchanged() is None
