"""The version of the umbrella follows from what is published."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from semver import Version

from pipeline.charts.archive import Package, read_package_files
from pipeline.publish.umbrella import at_version, umbrella_to_publish
from tests.unit.pipeline.publish.charts import umbrella

OTHER = "b" * 64


def at(version: str) -> Package:
    return at_version(umbrella(), Version.parse(version))


@pytest.mark.parametrize(
    ("own", "published", "expected"),
    [
        ("2.0.0", {}, "2.0.0"),
        ("2.0.0", {"2.0.0": OTHER}, "2.0.1"),
        ("2.0.0", {"2.0.0": OTHER, "2.0.7": OTHER}, "2.0.8"),
        ("2.1.0", {"2.0.7": OTHER}, "2.1.0"),
        ("2.0.3", {"2.0.2": OTHER}, "2.0.3"),
        ("1.45.0", {"1.45.0": OTHER, "2.0.7": OTHER}, "1.45.1"),
        ("2.0.0", {"not SemVer": OTHER}, "2.0.0"),
        ("2.0.0-rc.1", {"2.0.0-rc.1": OTHER}, "2.0.0-rc.2"),
    ],
)
def test_the_next_version_of_its_line_is_taken(own: str, published: dict[str, str], expected: str) -> None:
    found = umbrella_to_publish(umbrella(own), [published])
    assert found.version == expected
    assert f"version: {expected}\n".encode() in read_package_files(found.data, "x")["Chart.yaml"]


def test_what_the_newest_version_has_already_is_that_version() -> None:
    published = {"2.0.0": OTHER, "2.0.4": at("2.0.4").digest}
    assert umbrella_to_publish(umbrella(), [published]).version == "2.0.4"


def test_an_older_version_with_the_same_content_does_not_come_back() -> None:
    published = {"2.0.3": at("2.0.3").digest, "2.0.4": OTHER}
    assert umbrella_to_publish(umbrella(), [published]).version == "2.0.5"


def test_a_place_that_lacks_the_newest_version_gets_it() -> None:
    newest = {"2.0.4": at("2.0.4").digest}
    assert umbrella_to_publish(umbrella(), [{"2.0.3": OTHER}, newest, {}]).version == "2.0.4"


def test_one_version_with_two_contents_is_passed_over() -> None:
    there = at("2.0.4").digest
    assert umbrella_to_publish(umbrella(), [{"2.0.4": there}, {"2.0.4": OTHER}]).version == "2.0.5"


def test_only_the_digest_of_the_newest_version_is_asked_for() -> None:
    asked = []

    class Versions(Mapping[str, str]):
        def __getitem__(self, version: str) -> str:
            asked.append(version)
            return OTHER

        def __iter__(self) -> Iterator[str]:
            return iter(["2.0.0", "2.0.9", "2.0.3"])

        def __len__(self) -> int:
            return 3

    assert umbrella_to_publish(umbrella(), [Versions()]).version == "2.0.10"
    assert asked == ["2.0.9"]


@given(st.lists(st.integers(0, 20), max_size=5), st.integers(0, 20))
def test_publishing_what_was_just_published_changes_nothing(patches: list[int], own: int) -> None:
    published = {f"2.0.{patch}": OTHER for patch in patches}
    first = umbrella_to_publish(umbrella(f"2.0.{own}"), [published])
    again = umbrella_to_publish(umbrella(f"2.0.{own}"), [{**published, first.version: first.digest}])
    assert again == first
    assert first.version not in published
