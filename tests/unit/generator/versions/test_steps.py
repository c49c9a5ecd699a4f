"""How far a chart's version moves: what the changes ask for, what a person asked for, and who wins."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from semver import Version

from generator.chart.chart import workflow_chart
from generator.chart.files import ChartFiles
from generator.diff.need import need_of
from generator.findings.errors import VersionError
from generator.versions.semver_text import PARTS, Bump, Part
from generator.versions.steps import Asked, Need, largest, next_step
from generator.workflow.workflow import Workflow
from tests.unit.conftest import Files, defined, workflow
from tests.unit.generator.diff.differing import IMAGE, snapshot


def needed(old: Workflow, new: Workflow, version: str = "2.0.0") -> Need:
    base = workflow_chart(old, version=version, image=IMAGE).files
    return need_of(base, workflow_chart(new, version=version, image=IMAGE).files, snapshot(new), Version.parse(version))


NEEDS: dict[str, tuple[Files, Files, Part, str]] = {
    "a variable that must be given": (
        {"application.properties": "a=1\n"},
        {"application.properties": "a=${URL}\n"},
        "major",
        "needs the new value env.URL",
    ),
    "a variable that may be given": (
        {"application.properties": "a=1\n"},
        {"application.properties": "a=${URL:x}\n"},
        "minor",
        "takes the new value env.URL",
    ),
    "a variable of another name": (
        {"application.properties": "a=${URL:x}\n"},
        {"application.properties": "a=${ADDRESS:x}\n"},
        "major",
        "the value env.URL is gone",
    ),
    "a secret more": (
        {"secret.properties": "A=1\n"},
        {"secret.properties": "A=1\nB=2\n"},
        "major",
        "needs the new value secret.data.B",
    ),
    "an object less": (
        {"schemas/a.json": "{}", "specs/b.json": "{}"},
        {"schemas/a.json": "{}"},
        "major",
        "ConfigMap 02-greeting-resources-specs is gone",
    ),
    "a property": (
        {"application.properties": "a=1\n"},
        {"application.properties": "a=2\n"},
        "patch",
        "property 'a': 1 → 2",
    ),
    "a comment": (
        {"application.properties": "a=1\n"},
        {"application.properties": "# why\na=1\n"},
        "patch",
        "other content in files/application.properties",
    ),
}


@pytest.mark.parametrize("what", NEEDS)
def test_a_change_asks_for_a_part_and_says_why(what: str) -> None:
    old, new, part, reason = NEEDS[what]
    need = needed(workflow(old), workflow(new))
    assert (need.part, str(need), need.certain) == (part, reason, True)


def test_below_one_what_breaks_installs_asks_for_a_minor_version() -> None:
    old, new, _, reason = NEEDS["a variable that must be given"]
    need = needed(workflow(old), workflow(new), "0.9.9")
    assert (need.part, str(need)) == ("minor", reason)


def test_what_breaks_callers_asks_for_a_major_version() -> None:
    need = needed(defined({"id": "greeting"}), defined({"id": "hello"}))
    assert need.part == "major"
    assert "id: greeting → hello" in str(need)


def test_three_reasons_are_told_and_the_rest_counted() -> None:
    old = workflow({"secret.properties": "A=\n"})
    need = needed(old, workflow({"secret.properties": "A=\nB=\nC=\nD=\nE=\nF=\n"}))
    values = "; ".join(f"needs the new value secret.data.{key}" for key in "BCD")
    assert str(need) == f"{values}; and 2 more"


def test_of_a_chart_that_cannot_be_compared_nothing_is_certain() -> None:
    new = workflow({})
    need = need_of(ChartFiles({"Chart.yaml": b"version: 2.0.0\n"}), ChartFiles(), snapshot(new), Version.parse("2.0.0"))
    assert (need.part, need.certain) == ("major", False)
    assert next_step(Version.parse("2.0.0"), "patch", need).part == "patch"


@pytest.mark.parametrize(
    ("version", "asked", "need", "expected"),
    [
        ("2.0.0", "auto", "major", "3.0.0"),
        ("2.0.0", "auto", "minor", "2.1.0"),
        ("2.0.0", "auto", "patch", "2.0.1"),
        ("2.0.0", "rc", "major", "3.0.0-rc.1"),
        ("2.0.0", "rc", "minor", "2.1.0-rc.1"),
        ("2.0.0", "rc", None, "2.0.1-rc.1"),
        ("2.0.0", "major", "patch", "3.0.0"),
        ("2.0.0", "minor", "minor", "2.1.0"),
        ("2.0.0", "patch", None, "2.0.1"),
        ("3.0.0-rc.1", "auto", "major", "3.0.0-rc.2"),
        ("3.0.0-rc.1", "rc", "major", "3.0.0-rc.2"),
        ("3.0.0-rc.1", "patch", "major", "3.0.1"),
    ],
)
def test_a_version_moves_as_asked_or_as_the_changes_ask(
    version: str, asked: Asked, need: Part | None, expected: str
) -> None:
    found = next_step(Version.parse(version), asked, Need(part=need, reasons=["x"]) if need else None)
    assert str(found.after) == expected


@pytest.mark.parametrize(("asked", "need"), [("patch", "minor"), ("patch", "major"), ("minor", "major")])
def test_less_than_the_changes_ask_for_is_refused_unless_forced(asked: Bump, need: Part) -> None:
    version, found = Version.parse("2.0.0"), Need(part=need, reasons=["needs the new value env.X"])
    with pytest.raises(VersionError) as caught:
        next_step(version, asked, found)
    assert str(caught.value) == (
        f"--bump {asked} is too small, the changes since 2.0.0 require {need}: needs the new value env.X; "
        f"build with --bump {need} or --bump auto, or keep {asked} with --force-version"
    )
    assert next_step(version, asked, found, forced=True).part == asked


@given(
    st.sampled_from(PARTS),
    st.sampled_from(("0.1.1", "2.0.0", "2.0.0-rc.1", "1.0.0-rc9")),
    st.sampled_from(("auto", "rc")),
)
def test_what_is_decided_is_always_a_later_version(part: Part, text: str, asked: Asked) -> None:
    version = Version.parse(text)
    assert next_step(version, asked, Need(part=part, reasons=["x"])).after > version


def test_the_largest_of_parts() -> None:
    assert largest(["patch", "major", "minor"]) == "major"
    assert largest([]) == "patch"
