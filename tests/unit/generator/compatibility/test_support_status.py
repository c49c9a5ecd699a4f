"""`waybill check --index`: what of a published repository an operator runs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.conftest import Waybill

COMPATIBILITY = """\
operators:
  sonataflow:
    - {name: "1.45", versions: 1.45.x, crd: "1.45", properties: {}, builder: "builder.example/x:1"}
    - {name: "10", versions: 10.x, crd: "10", properties: {}, builder: "builder.example/x:2"}
  orchestrator:
    - {versions: 1.2.x, sonataflow: unknown}
    - {versions: 1.3.x, sonataflow: "1.45"}
    - {versions: 2.x, sonataflow: "10"}
rows:
  - {charts: [greeting], versions: 1.x, orchestrator: 1.3.x}
  - {charts: [greeting], versions: 2.x, sonataflow: 10.x}
  - {charts: [old], versions: 0.1.x, orchestrator: 1.2.x}
"""
VERSIONS = {
    "greeting": ["2.0.0", "1.10.0", "1.9.0", "1.9.0", "2.1.0-rc.1", "3.0.0", "latest"],
    "old": ["0.1.3"],
}


def index_of(versions: Mapping[str, Sequence[str]]) -> str:
    """An index with these versions of some charts, as JSON."""
    entries = {
        name: [{"name": name, "version": version, "urls": ["x.tgz"], "digest": "0" * 64} for version in listed]
        for name, listed in versions.items()
    }
    return json.dumps({"apiVersion": "v1", "entries": entries})


@pytest.fixture
def index(tmp_path: Path) -> Path:
    tmp_path.joinpath("compatibility.yaml").write_text(COMPATIBILITY)
    file = tmp_path / "index.yaml"
    file.write_text(index_of(VERSIONS))
    return file


ORDER = ["3.0.0", "2.1.0-rc.1", "2.0.0", "1.10.0", "1.9.0", "latest"]


@pytest.mark.parametrize(
    ("words", "greeting", "old"),
    [
        (["--operator", "1.3.2"], ["no row", "refuted", "refuted", "claimed", "claimed", "no row"], "refuted"),
        (["--operator", "2.0"], ["no row", "claimed", "claimed", "refuted", "refuted", "no row"], "refuted"),
        (["--operator", "1.2.4"], ["no row", "unknown", "unknown", "refuted", "refuted", "no row"], "claimed"),
        (["--sonataflow", "10.1.0"], ["no row", "claimed", "claimed", "refuted", "refuted", "no row"], "unknown"),
        (["--sonataflow", "1.45"], ["no row", "refuted", "refuted", "claimed", "claimed", "no row"], "unknown"),
    ],
)
def test_each_version_has_its_standing_newest_first(
    index: Path, words: list[str], greeting: list[str], old: str, waybill: Waybill
) -> None:
    done = waybill("check", "--json", "--index", index.name, *words)
    assert done.code == 0
    found = [(each["chart"], each["version"], each["status"]) for each in done.json["versions"]]
    expected = zip(ORDER, greeting, strict=True)
    assert found == [*(("greeting", *pair) for pair in expected), ("old", "0.1.3", old)]


def test_the_table_keeps_no_row_apart_from_refuted(index: Path, waybill: Waybill) -> None:
    done = waybill("check", "--index", index.parent, "--operator", "1.3.2")
    assert done.code == 0
    line = next(line for line in done.err.splitlines() if "greeting" in line)
    assert line.split() == ["greeting", "1.10.0,", "1.9.0", "2", "2"]


def test_nothing_that_runs_is_a_failure(index: Path, waybill: Waybill) -> None:
    index.write_text(index_of({"other": ["1.0.0"]}))
    done = waybill("check", "--index", index.name, "--sonataflow", "10")
    assert done.code == 1
    assert "none" in done.err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ([], 2, "--index needs exactly one operator"),
        (["--operator", "1.2", "--sonataflow", "10"], 2, "--index needs exactly one operator"),
        (["--operator", "9"], 2, "Orchestrator '9' is not in compatibility.yaml"),
        (["--sonataflow", "all"], 2, "--sonataflow 'all' is not a version"),
    ],
)
def test_an_index_needs_one_operator_that_is_known(
    index: Path, words: list[str], code: int, said: str, waybill: Waybill
) -> None:
    done = waybill("check", "--index", index.name, *words)
    assert (done.code, said in done.err) == (code, True), done.err


def test_an_index_that_is_none_is_a_finding(index: Path, waybill: Waybill) -> None:
    index.write_text("entries: 3\n")
    done = waybill("check", "--index", index.name, "--operator", "1.3.2")
    assert done.code == 1
    assert "index.yaml: error: not an index" in done.err
