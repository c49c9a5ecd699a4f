"""`waybill changelog`: a section for each version, and that people's text and published bytes stay as they are."""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path

import pytest

from generator.compatibility.supported import ORCHESTRATOR_ANNOTATION as ORCHESTRATOR
from generator.compatibility.supported import SONATAFLOW_ANNOTATION as SONATAFLOW
from generator.compatibility.supported import is_same_line
from generator.diff.changelog import versions_in, with_sections
from tests.command import run
from tests.unit.conftest import write, write_workflow

FOLDER = Path("charts/workflows/charts/greeting")
FILE = FOLDER / "CHANGELOG.md"


@pytest.fixture(autouse=True)
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A repository with two versions of a chart, as the folder that the command runs in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    monkeypatch.setenv("WAYBILL_INITIAL_VERSION", "2.0.0")
    write_workflow(tmp_path / "workflows", "greeting", {"application.properties": "a=1\n"})
    said("build", "greeting")
    publish("a=${URL}\n")


def said(*words: str, code: int = 0) -> str:
    """What a command that ends with this code writes to standard error."""
    result = run(*words)
    assert result.code == code, result.err
    return result.err


def publish(properties: str) -> None:
    write(Path("workflows/greeting"), {"application.properties": properties})
    said("build", "greeting", "--bump", "auto")


def test_each_version_has_a_section_of_what_changed() -> None:
    assert said("changelog", "greeting") == f"{FILE}  3.0.0, 2.0.0\n"
    assert FILE.read_text() == (
        "# Changes of greeting\n\n"
        "## 3.0.0\n\n"
        "### Breaking\n\n"
        "- needs the new value env.URL\n\n"
        "### Internal\n\n"
        "- property `a`: 1 → $\\{URL\\}\n\n"
        "## 2.0.0\n\nThe first version that waybill made.\n"
    )


def test_what_people_wrote_stays_and_a_new_version_comes_above() -> None:
    FILE.write_text("# Mine\n\nWords.\n\n## [2.0.0] - 2026-01-01\n\nHow it began.\n\n## Before\n\nLong ago.\n")
    said("changelog", "greeting")
    publish("a=${URL:x}\n")
    assert said("changelog", "greeting") == f"{FILE}  3.0.1\n"
    text = FILE.read_text()
    assert [line for line in text.splitlines() if line.startswith("#") and not line.startswith("###")] == [
        "# Mine",
        "## 3.0.1",
        "## 3.0.0",
        "## [2.0.0] - 2026-01-01",
        "## Before",
    ]
    assert text.startswith("# Mine\n\nWords.\n\n## 3.0.1\n\n")
    assert text.endswith("## [2.0.0] - 2026-01-01\n\nHow it began.\n\n## Before\n\nLong ago.\n")


def test_a_second_run_changes_nothing() -> None:
    said("changelog", "greeting")
    before = FILE.read_bytes()
    assert said("changelog", "greeting") == f"{FILE}  has a section for each version\n"
    assert FILE.read_bytes() == before


def test_without_published_versions_there_is_the_present_one() -> None:
    Path("dist/index.yaml").unlink()
    assert said("changelog", "greeting") == f"{FILE}  3.0.0\n"


def test_a_changelog_stays_through_builds_and_bumps_and_is_in_no_package() -> None:
    before = {path.name: path.read_bytes() for path in Path("dist").iterdir()}
    said("changelog", "greeting")
    text = FILE.read_bytes()
    said("build", "--all", "--bump", "auto")
    said("build", "--all", "--check")
    assert {path.name: path.read_bytes() for path in Path("dist").iterdir()} == before
    said("chart", "greeting", "-o", str(FOLDER.parent))
    said("bump", "greeting", "minor")
    publish("a=2\n")
    assert FILE.read_bytes() == text
    said("package", str(FOLDER), "-o", "out")
    for path in (*Path("dist").glob("*.tgz"), *Path("out").glob("*.tgz")):
        with tarfile.open(path) as tar:
            assert [name for name in tar.getnames() if "CHANGELOG" in name] == []


def test_a_chart_that_was_never_built_has_no_changelog() -> None:
    write_workflow(Path("workflows"), "third")
    assert "waybill build third first" in said("changelog", "third", code=2)
    assert "did you mean 'third'?" in said("changelog", "thrid", code=2)


def test_sections_are_put_where_their_version_belongs() -> None:
    text = with_sections("## 3.0.0\n\n## 1.0.0\n", "a", {"2.0.0": "## 2.0.0\n", "2.0.0-rc.1": "## 2.0.0-rc.1\n"})
    assert text == "## 3.0.0\n\n## 2.0.0\n\n## 2.0.0-rc.1\n\n## 1.0.0\n"
    assert versions_in(text) == {"3.0.0", "2.0.0", "2.0.0-rc.1", "1.0.0"}


def test_versions_that_waybill_did_not_make_have_no_section() -> None:
    for version in ("1.0.0", "1.1.0"):
        write(Path("mine"), {"Chart.yaml": f"apiVersion: v2\nname: greeting\nversion: {version}\n"})
        said("package", "mine", "-o", "dist")
    said("index", "dist")
    assert said("changelog", "greeting") == f"{FILE}  3.0.0, 2.0.0\n"
    assert "## 2.0.0\n\nThe first version that waybill made.\n" in FILE.read_text()


@pytest.mark.parametrize("newest", ["0.1.0", "2.0.0"])
def test_a_version_is_compared_with_the_one_before_it_for_the_same_operator(
    newest: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in Path("dist").iterdir():
        path.unlink()
    shutil.rmtree("charts")
    monkeypatch.setenv("WAYBILL_INITIAL_VERSION", newest)
    Path("compatibility.yaml").write_text("rows: [{charts: ['*'], versions: 1.45.x, sonataflow: 1.45.x}]\n")
    older = ("--sonataflow", "1.45")
    write(Path("workflows/greeting"), {"application.properties": "a=1\n"})
    said("build", "greeting")
    said("build", "greeting", *older)
    write(Path("workflows/greeting"), {"application.properties": "a=2\n"})
    said("build", "greeting", *older, "--bump", "auto")
    own = Path("charts/sonataflow-1.45/workflows/charts/greeting/CHANGELOG.md")
    assert said("changelog", "greeting", *older) == f"{own}  1.45.1, 1.45.0\n"
    first = "The first version for SonataFlow 1.45.x." if newest < "1.45" else "The first version that waybill made."
    assert own.read_text() == (
        f"# Changes of greeting\n\n## 1.45.1\n\n### Internal\n\n- property `a`: 1 → 2\n\n## 1.45.0\n\n{first}\n"
    )
    said("build", "greeting", "--bump", "auto")
    assert "1.45" not in said("changelog", "greeting")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({}, {}, True),
        ({}, {SONATAFLOW: "10.x"}, True),
        ({SONATAFLOW: "10.x"}, {SONATAFLOW: ">=10"}, True),
        ({SONATAFLOW: "10.x"}, {SONATAFLOW: "1.45.x"}, False),
        ({SONATAFLOW: "somebody's"}, {SONATAFLOW: "10.x"}, False),
        ({SONATAFLOW: "1.45.x"}, {ORCHESTRATOR: "1.3.x"}, False),
        ({SONATAFLOW: "1.45.x"}, {SONATAFLOW: "1.45.x", ORCHESTRATOR: "1.3.x"}, True),
    ],
)
def test_versions_are_of_one_line_if_they_are_for_the_same_operators(
    one: dict[str, str], other: dict[str, str], *, same: bool
) -> None:
    assert is_same_line(one, other) == is_same_line(other, one) == same
