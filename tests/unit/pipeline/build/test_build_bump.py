"""`waybill build --bump`: which charts move, since when, and that nothing moves twice."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.command import run
from tests.unit.conftest import write, write_workflow

PLAIN, OPTIONAL, REQUIRED = "a=1\n", "a=${URL:x}\n", "a=${URL}\n"
UMBRELLA = Path("charts/workflows/Chart.yaml")


@pytest.fixture(autouse=True)
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A repository whose two workflows were built at 2.0.0, as the folder that the command runs in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    monkeypatch.setenv("WAYBILL_INITIAL_VERSION", "2.0.0")
    write_workflow(tmp_path / "workflows", "greeting", {"application.properties": PLAIN})
    write_workflow(tmp_path / "workflows", "second")
    built("--all")


def built(*words: str) -> dict[str, str]:
    """The versions after a build that ends well."""
    return {name: row["version"] for name, row in rows(*words).items()}


def rows(*words: str) -> dict[str, dict[str, Any]]:
    result = run("build", *words, "--json")
    assert result.code == 0, result.err
    content = result.json
    return {row["chart"]: row for row in (*content["charts"], content["umbrella"])}


def properties(text: str, name: str = "greeting") -> None:
    write(Path("workflows") / name, {"application.properties": text})


def files() -> dict[str, bytes]:
    found = (path for place in ("charts", "dist") for path in Path(place).rglob("*") if path.is_file())
    return {path.as_posix(): path.read_bytes() for path in found}


@pytest.mark.parametrize(
    ("text", "version"), [(REQUIRED, "3.0.0"), (OPTIONAL, "2.1.0"), ("a=2\n", "2.0.1"), ("# why\na=1\n", "2.0.1")]
)
@pytest.mark.parametrize("which", [["--all"], ["greeting"]])
def test_auto_moves_what_changed_as_far_as_it_asks_for_once(which: list[str], text: str, version: str) -> None:
    properties(text)
    versions = built(*which, "--bump", "auto")
    assert (versions["greeting"], versions["workflows"]) == (version, version)
    assert versions.get("second", "2.0.0") == "2.0.0"
    before = files()
    assert built(*which, "--bump", "auto") == versions
    assert files() == before


def test_auto_moves_nothing_where_nothing_changed() -> None:
    before = files()
    assert set(built("--all", "--bump", "auto").values()) == {"2.0.0"}
    assert set(built("greeting", "--bump", "auto").values()) == {"2.0.0"}
    assert files() == before


def test_the_reason_is_shown_and_in_json() -> None:
    properties(REQUIRED)
    built_rows = rows("--all", "--bump", "auto")
    row, second = built_rows["greeting"], built_rows["second"]
    assert (row["before"], row["version"], row["bump"]) == ("2.0.0", "3.0.0", "major")
    assert row["reason"] == "needs the new value env.URL"
    assert (second["before"], second["bump"], second["reason"]) == (None, None, None)


def test_a_line_below_the_table_says_why() -> None:
    properties(REQUIRED)
    result = run("build", "--all", "--bump", "auto")
    assert "greeting 2.0.0 -> 3.0.0: needs the new value env.URL" in result.err.splitlines()


def test_the_umbrella_moves_by_the_largest_part_of_its_charts() -> None:
    properties(OPTIONAL)
    properties("a=2\n", "second")
    assert built("--all", "--bump", "auto") == {"greeting": "2.1.0", "second": "2.0.1", "workflows": "2.1.0"}


def test_a_chart_less_breaks_the_umbrella_and_a_chart_more_is_a_value_more() -> None:
    write_workflow(Path("workflows"), "third")
    assert built("--all", "--bump", "auto") == {
        "greeting": "2.0.0",
        "second": "2.0.0",
        "third": "2.0.0",
        "workflows": "2.1.0",
    }
    shutil.rmtree("workflows/third")
    assert built("--all", "--bump", "auto")["workflows"] == "3.0.0"


def test_a_smaller_part_than_the_changes_ask_for_is_refused_for_all_charts_at_once() -> None:
    properties(REQUIRED)
    properties(OPTIONAL, "second")
    before = files()
    result = run("build", "--all", "--bump", "patch")
    assert result.code == 1
    assert "greeting: --bump patch is too small, the changes since 2.0.0 require major: needs" in result.err
    assert "second: --bump patch is too small, the changes since 2.0.0 require minor: takes" in result.err
    assert files() == before


def test_a_smaller_part_is_taken_where_it_is_forced() -> None:
    properties(REQUIRED)
    assert built("--all", "--bump", "patch", "--force-version")["greeting"] == "2.0.1"


def test_force_version_alone_makes_no_sense() -> None:
    assert run("build", "--all", "--force-version").code == 2


def test_candidates_lead_to_the_version_that_the_changes_ask_for() -> None:
    properties(REQUIRED)
    assert built("greeting", "--bump", "rc") == {"greeting": "3.0.0-rc.1", "workflows": "3.0.0-rc.1"}
    properties(PLAIN)
    assert built("--all", "--bump", "auto")["greeting"] == "3.0.0-rc.2"
    assert built("--all", "--bump", "release")["greeting"] == "3.0.0"


def test_the_version_before_is_the_published_one_where_the_chart_was_written_again() -> None:
    """`waybill chart` writes a chart at the version that it has: what was published is still what counts."""
    properties(REQUIRED)
    result = run("chart", "greeting", "-o", "charts/workflows/charts")
    assert result.code == 0, result.err
    assert built("--all", "--bump", "auto")["greeting"] == "3.0.0"


@pytest.mark.parametrize("spoiled", ["dist/index.yaml", "dist/greeting-2.0.0.tgz"])
def test_without_its_package_the_committed_chart_is_the_version_before(spoiled: str) -> None:
    Path(spoiled).unlink()
    properties(REQUIRED)
    assert built("--all", "--bump", "auto")["greeting"] == "3.0.0"


def test_a_package_with_other_bytes_than_the_index_says_is_not_the_version_before() -> None:
    Path("dist/greeting-2.0.0.tgz").write_bytes(b"no package")
    properties(OPTIONAL)
    assert built("--all", "--bump", "auto")["greeting"] == "2.1.0"


def test_a_digest_that_was_filled_in_moves_nothing() -> None:
    shutil.rmtree("dist")
    path = Path("charts/workflows/charts/greeting/values.yaml")
    text = path.read_text()
    assert 'digest: ""' in text
    path.write_text(text.replace('digest: ""', f'digest: "sha256:{"a" * 64}"'))
    assert built("--all", "--bump", "auto")["greeting"] == "2.0.0"


def test_a_chart_that_waybill_did_not_make_gives_way_to_a_major_version() -> None:
    shutil.rmtree("dist")
    path = Path("charts/workflows/charts/second")
    shutil.rmtree(path)
    write(path, {"Chart.yaml": "name: second\nversion: 1.4.0\n"})
    row = rows("--all", "--bump", "auto")["second"]
    assert (row["version"], row["reason"]) == ("2.0.0", "waybill did not make the previous chart")
    assert yaml.safe_load(UMBRELLA.read_bytes())["dependencies"][1]["version"] == "2.0.0"


@pytest.mark.parametrize("words", [["greeting", "--bump", "auto"], ["greeting", "--bump", "minor"]])
def test_the_umbrella_moves_in_a_fresh_clone_too(words: list[str]) -> None:
    shutil.rmtree("dist")
    properties(OPTIONAL)
    assert built(*words) == {"greeting": "2.1.0", "workflows": "2.1.0"}
    shutil.rmtree("dist")
    assert built("greeting", "--bump", "auto") == {"greeting": "2.1.0", "workflows": "2.1.0"}
