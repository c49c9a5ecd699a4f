"""Ranges of versions: what overlaps, what a message says, and the laws that hold for all of them."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from semver import Version

from generator.findings.errors import SettingsError, VersionError, WaybillError
from generator.versions.ranges import Range, parse_loose, parse_range

few = st.integers(0, 2)
pre_releases = st.sampled_from(["0", "rc.1", "rc.1.0", "rc.2", "x"])
releases = st.builds(Version, few, few, few)
versions = st.builds(Version, few, few, few, st.none() | pre_releases)
written = st.builds(
    lambda numbers, pre: ".".join(numbers) + (f"-{pre}" if pre else ""),
    st.lists(st.sampled_from(["0", "1", "2", "x", "*"]), min_size=1, max_size=3),
    st.none() | pre_releases,
)
constraints = st.builds(
    "".join, st.tuples(st.sampled_from(["", "=", "!=", ">", "<", ">=", "=>", "<=", "=<", "~", "~>", "^"]), written)
)
groups = st.lists(constraints, min_size=1, max_size=3).map(" ".join) | st.builds("{} - {}".format, written, written)
ranges = st.lists(groups, min_size=1, max_size=2).map(" || ".join).map(lambda text: parse_range(text, "range"))


@given(ranges, ranges)
def test_overlapping_is_symmetric(one: Range, other: Range) -> None:
    assert one.overlaps(other) == other.overlaps(one)


@given(ranges, ranges, versions)
def test_two_ranges_that_hold_one_version_overlap(one: Range, other: Range, version: Version) -> None:
    if one.holds(version) and other.holds(version):
        assert one.overlaps(other)


@given(ranges)
def test_a_range_overlaps_itself_where_it_holds_anything(one: Range) -> None:
    assert one.overlaps(one) == one.overlaps(parse_range(">=0.0.0-0", "range"))


@given(ranges)
def test_the_text_of_a_range_is_the_range(one: Range) -> None:
    assert parse_range(str(one), "range") == one


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1.3.x", "1.4.x"),
        ("1.3.x", "1.2.x || 1.4.x"),
        ("<1.3", ">=1.3"),
        (">1.2", "1.2.x"),
        ("0.2.37", "0.2.36"),
        ("1.3.0-rc.1", "1.3.x"),
        (">1.3.0-rc.1 <1.3.0", "*"),
        (">=1.3.0-rc.1 <1.3.0-rc.1.0", ">1.3.0-rc.1"),
        (">=1.3.0 <1.3.3 !=1.3.0 !=1.3.1", "!=1.3.2"),
        ("^0.0.3", "^0.0.4"),
        ("~1.2 >1.3", "*"),
        ("!=1", "1.x"),
        ("!=1.3.x", "1.3.4 - 1.3.9"),
    ],
)
def test_these_do_not_overlap(one: str, other: str) -> None:
    assert not parse_range(one, "range").overlaps(parse_range(other, "range"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1.3.x", "1.3.9"),
        ("<=1.3", ">=1.3"),
        (">1.2.3", "<1.2.5"),
        (">1.2.3-a", "<1.2.3-a.1"),
        (">=1.3.0-rc.1", "~1.3.0-rc.2"),
        (">=1.3.0 <1.3.3 !=1.3.0 !=1.3.2", "!=9"),
        ("!=1.3.x >0.0.0-0", "1.3.4-a"),
        ("!=1.3.x >0.0.0-0", ">=1.3.4 <1.3.5-1"),
        ("*", "0.0.0"),
        ("18446744073709551615.x", ">1"),
    ],
)
def test_these_overlap(one: str, other: str) -> None:
    assert parse_range(one, "range").overlaps(parse_range(other, "range"))


def test_a_pre_release_is_held_where_one_of_the_constraints_names_one() -> None:
    version = Version.parse("1.3.5-rc.1")
    assert not parse_range("1.3.x", "range").holds(version)
    assert parse_range(">=1.3.0-0 <2", "range").holds(version)
    assert not parse_range(">=1.3.0-0 <1.3 || 1.3.x", "range").holds(version)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "newest",
            "the range 'newest' is not a range of versions: 'newest' is not a version; write a range as in 1.3.x,",
        ),
        ("1.2 || ", "a version is missing"),
        ("1.2.3.4", "'.4' follows a version"),
        ("1.2.3-01", "a number in a pre-release must not start with 0, as '01' does"),
        ("1y || 1xx", "'y' follows a version"),
        ("1xx", "'1xx' is not a number"),
        ("99999999999999999999", "99999999999999999999 is larger than"),
        ("1" * 513, "has more than 512 bytes"),
        ("||".join(["1"] * 33), "has more than 32 alternatives"),
        (" ".join(["1"] * 33), "has more than 32 constraints"),
    ],
)
def test_what_is_no_range_is_refused_with_what_is_wrong_and_how_to_write_one(text: str, message: str) -> None:
    with pytest.raises(SettingsError) as refused:
        parse_range(text, "the range", error=SettingsError)
    assert message in str(refused.value)
    assert "as in 1.3.x" in str(refused.value)


@pytest.mark.parametrize(
    ("text", "version"), [("1.45", "1.45.0"), ("10", "10.0.0"), ("1.3.2", "1.3.2"), ("1.3.0-rc.1", "1.3.0-rc.1")]
)
def test_what_is_missing_from_an_operators_version_is_zero(text: str, version: str) -> None:
    assert str(parse_loose(text, "--operator")) == version


@pytest.mark.parametrize("text", ["", "v1", "1.x", "latest", "1.2.3.4", "01", "1.45\n"])
def test_what_is_no_operators_version_is_refused(text: str) -> None:
    with pytest.raises(VersionError, match=r"' is not a version; write it as in 1\.45\.0, 1\.45 or 10"):
        parse_loose(text, "--operator")


@given(st.text() | st.text(alphabet="0123456789xX*.-+|,^~<>=! v\n\t"))
def test_whatever_the_text_is_it_is_a_range_or_refused(text: str) -> None:
    with contextlib.suppress(WaybillError):
        assert parse_range(text, "range").overlaps(parse_range("*", "range")) in (True, False)
