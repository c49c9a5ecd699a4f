"""Chart versions: which are taken, what a bump makes of them, and their order."""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from semver import Version

from generator.findings.errors import SettingsError, VersionError
from generator.versions.semver_text import BUMPS, PARTS, Bump, Part, bumped, is_version, note_on, parse_version

numbers = st.integers(0, 1000)
identifiers: Final = st.integers(0, 99).map(str) | st.from_regex(r"[0-9]*[a-zA-Z-][0-9a-zA-Z-]*", fullmatch=True)
candidates: Final = st.just("rc") | st.from_regex(r"rc[0-9]{1,3}", fullmatch=True)
dotted = st.lists(identifiers | candidates, min_size=1, max_size=3).map(".".join)
versions = st.builds(
    lambda major, minor, patch, pre, build: str(Version(major, minor, patch, pre, build)),
    numbers,
    numbers,
    numbers,
    st.none() | dotted,
    st.none() | dotted,
)


@pytest.mark.parametrize(
    "text", ["0.1.0", "1.2.3", "1.0.0-rc.1", "1.0.0-alpha.beta", "1.0.0+build.7", "10.20.30-x-y+z"]
)
def test_semver_is_taken(text: str) -> None:
    assert is_version(text)
    assert str(parse_version(text, "v")) == text


@pytest.mark.parametrize(
    "text", ["", "1", "1.2", "v1.2.3", "1.2.3.4", "01.2.3", "1.2.3-", "1.2.3-01", " 1.2.3", "1.2.3\n", "a.b.c", "1.10"]
)
def test_what_is_no_semver_is_refused_and_named(text: str) -> None:
    assert not is_version(text)
    with pytest.raises(VersionError) as caught:
        parse_version(text, "x/Chart.yaml: version")
    assert str(caught.value) == (
        f"x/Chart.yaml: version '{text}' is not a SemVer version; write MAJOR.MINOR.PATCH, as in 1.2.3"
    )


def test_a_caller_may_have_another_error() -> None:
    with pytest.raises(SettingsError):
        parse_version("x", "v", error=SettingsError)


@pytest.mark.parametrize(
    ("version", "part", "expected"),
    [
        ("1.2.3", "patch", "1.2.4"),
        ("1.2.3", "minor", "1.3.0"),
        ("1.2.3", "major", "2.0.0"),
        ("1.2.3", "rc", "1.2.4-rc.1"),
        ("1.2.4-rc.1", "rc", "1.2.4-rc.2"),
        ("1.2.4-rc.9", "rc", "1.2.4-rc.10"),
        ("1.2.4-rc.2", "release", "1.2.4"),
        ("1.2.4-alpha", "rc", "1.2.4-rc.1"),
        ("1.2.4-zeta", "rc", "1.2.5-rc.1"),
        ("1.2.4-rc.x", "rc", "1.2.5-rc.1"),
        ("1.2.4-rc.1+build", "rc", "1.2.4-rc.2"),
        ("1.2.3+build", "rc", "1.2.4-rc.1"),
        ("1.2.4-rc.1+build", "release", "1.2.4"),
        ("1.2.4-rc1", "rc", "1.2.4-rc2"),
        ("1.2.4-rc08+build", "rc", "1.2.4-rc9"),
        ("1.2.4-rc9", "rc", "1.2.5-rc.1"),
        ("1.2.4-rc10", "rc", "1.2.5-rc.1"),
        ("1.2.4-rc1.x", "rc", "1.2.5-rc.1"),
        ("1.2.4-rc12", "release", "1.2.4"),
    ],
)
def test_a_bump_makes_the_next_version(version: str, part: Bump, expected: str) -> None:
    assert str(bumped(Version.parse(version), part)) == expected


@pytest.mark.parametrize(
    ("version", "towards", "expected"),
    [
        ("2.0.0", "major", "3.0.0-rc.1"),
        ("2.0.0", "minor", "2.1.0-rc.1"),
        ("2.0.0", "patch", "2.0.1-rc.1"),
        ("3.0.0-rc.1", "major", "3.0.0-rc.2"),
    ],
)
def test_a_first_candidate_is_one_of_the_version_that_is_to_come(version: str, towards: Part, expected: str) -> None:
    assert str(bumped(Version.parse(version), "rc", towards=towards)) == expected


def test_it_is_said_why_a_candidate_does_not_count_on() -> None:
    assert note_on(Version.parse("1.2.4-rc9"), "rc").startswith("after 1.2.4-rc9 comes 1.2.5-rc.1: rc10 sorts before")


@pytest.mark.parametrize(("version", "part"), [("1.2.4-rc8", "rc"), ("1.2.4-rc.9", "rc"), ("1.2.4-rc9", "release")])
def test_nothing_is_said_of_a_version_that_moves_as_expected(version: str, part: Bump) -> None:
    assert note_on(Version.parse(version), part) == ""


def test_what_is_released_is_not_released_again() -> None:
    with pytest.raises(VersionError, match=r"^1\.2\.3 is a release already; bump patch, minor or major$"):
        bumped(Version.parse("1.2.3"), "release")


@given(versions)
def test_a_version_is_written_as_it_was_read(text: str) -> None:
    assert str(parse_version(text, "v")) == text
    assert parse_version(str(parse_version(text, "v")), "v") == parse_version(text, "v")


@given(versions, st.sampled_from(BUMPS), st.sampled_from(PARTS))
def test_a_bumped_version_is_always_greater(text: str, part: Bump, towards: Part) -> None:
    version = Version.parse(text)
    if part == "release" and not version.prerelease:
        return
    assert bumped(version, part, towards=towards) > version


@given(versions)
def test_a_release_is_greater_than_its_candidates_and_they_count_up(text: str) -> None:
    first = bumped(Version.parse(text).finalize_version(), "rc")
    candidates = [first]
    for _ in range(11):
        candidates.append(bumped(candidates[-1], "rc"))
    assert candidates == sorted(candidates)
    assert bumped(candidates[-1], "release") > candidates[-1]
    assert [str(candidate.prerelease) for candidate in candidates] == [f"rc.{n}" for n in range(1, 13)]
