"""index.yaml: merged, in order, and what is there stays to the letter."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.findings.errors import FindingsError, VersionError
from generator.text.yaml_reader import parse
from pipeline.charts.archive import Package, package
from pipeline.charts.index import EMPTY, Index, add, merge, newest_first, parse_index, render
from tests.unit.conftest import findings_of

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
LATER = NOW + timedelta(days=1)


def packed(name: str = "demo", version: str = "1.0.0", more: str = "", body: str = "") -> Package:
    text = f"apiVersion: v2\nname: {name}\nversion: {version}\n{more}"
    return package({"Chart.yaml": text.encode(), "values.yaml": body.encode()}, name)


def index(text: str) -> Index:
    return parse_index(text.encode(), "index.yaml")


def read(data: bytes) -> Any:
    """What a YAML 1.2 reader, such as Helm's, finds."""
    return parse(data, "index.yaml", max_bytes=10**7).root.plain()


def versions(found: Index, name: str = "demo") -> list[str]:
    return [str(entry["version"]) for entry in found.entries[name]]


def of(*listed: str) -> Index:
    """An index of one chart with these versions."""
    return Index(entries={"demo": [{"version": v, "digest": v} for v in listed]}, head=EMPTY.head)


def test_a_new_package_gets_an_entry_as_helm_writes_it() -> None:
    more = "appVersion: '1.10'\ndescription: d\nkeywords: [a]\nunknown: x\nannotations: {k: v}\nhome: ''\n"
    one = packed(more=more)
    found = add(EMPTY, [one], created=NOW, url="https://example.org/charts/")
    assert read(render(found)) == {
        "apiVersion": "v1",
        "entries": {
            "demo": [
                {
                    "annotations": {"k": "v"},
                    "apiVersion": "v2",
                    "appVersion": "1.10",
                    "created": "2026-03-04T05:06:07Z",
                    "description": "d",
                    "digest": one.digest,
                    "home": "",
                    "keywords": ["a"],
                    "name": "demo",
                    "urls": ["https://example.org/charts/demo-1.0.0.tgz"],
                    "version": "1.0.0",
                }
            ]
        },
        "generated": "2026-03-04T05:06:07Z",
    }


def test_without_an_address_entries_are_beside_the_index() -> None:
    assert add(EMPTY, [packed()], created=NOW, url="").entries["demo"][0]["urls"] == ["demo-1.0.0.tgz"]


def test_the_time_is_written_in_utc() -> None:
    created = datetime(2026, 1, 1, 1, 0, 0, tzinfo=timezone(timedelta(hours=2)))
    assert add(EMPTY, [packed()], created=created, url="").entries["demo"][0]["created"] == "2025-12-31T23:00:00Z"


def test_adding_the_same_again_changes_nothing() -> None:
    once = add(EMPTY, [packed(), packed("other")], created=NOW, url="")
    again = add(parse_index(render(once), "i"), [packed("other"), packed()], created=LATER, url="https://elsewhere")
    assert render(again) == render(once)


def test_a_new_version_leaves_the_entries_that_are_there_untouched() -> None:
    once = add(EMPTY, [packed()], created=NOW, url="")
    more = add(once, [packed(), packed(version="1.1.0")], created=LATER, url="https://elsewhere")
    assert versions(more) == ["1.1.0", "1.0.0"]
    assert more.entries["demo"][1] == once.entries["demo"][0]
    assert more.head["generated"] == "2026-03-05T05:06:07Z"


def test_a_version_with_other_bytes_is_refused_and_told_what_to_do() -> None:
    once = add(EMPTY, [packed()], created=NOW, url="")
    with pytest.raises(VersionError) as caught:
        add(once, [packed(body="x")], created=NOW, url="")
    assert str(caught.value).startswith(
        "demo 1.0.0 is in the index with different bytes, and a published version never changes; "
        "give the chart a new one: --bump auto"
    )


def test_an_entry_without_a_digest_stays_as_it_is() -> None:
    known = index("entries:\n  demo:\n  - version: 1.0.0\n")
    assert add(known, [packed()], created=NOW, url="") == known


def test_two_packages_of_one_version_with_other_bytes_are_refused() -> None:
    with pytest.raises(VersionError):
        add(EMPTY, [packed(), packed(body="x")], created=NOW, url="")


def test_the_order_of_the_packages_does_not_matter() -> None:
    packages = [packed(), packed(version="2.0.0"), packed("a"), packed("z", "1.0.0-rc.1")]
    results = {render(add(EMPTY, order, created=NOW, url="")) for order in itertools.permutations(packages)}
    assert len(results) == 1
    assert list(read(results.pop())["entries"]) == ["a", "demo", "z"]


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        (["1.9.0", "1.10.0", "1.2.0"], ["1.10.0", "1.9.0", "1.2.0"]),
        (["1.0.0-rc.9", "1.0.0-rc.10", "1.0.0"], ["1.0.0", "1.0.0-rc.10", "1.0.0-rc.9"]),
        (["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-1"], ["1.0.0-alpha.1", "1.0.0-alpha", "1.0.0-1"]),
        (["0.9.9", "1.0.0-rc.1", "1.0.1-rc.1"], ["1.0.1-rc.1", "1.0.0-rc.1", "0.9.9"]),
        (["latest", "1.0.0", "x"], ["1.0.0", "latest", "x"]),
    ],
)
def test_entries_come_newest_first_by_semver(listed: list[str], expected: list[str]) -> None:
    assert [entry["version"] for entry in newest_first({"version": v} for v in listed)] == expected


KEPT = """\
apiVersion: v1
entries:
  demo:
  - apiVersion: v2
    appVersion: 1.10
    created: "2020-01-01T00:00:00.123456789Z"
    digest: abc
    unknown: {number: 1e3, list: [1, 0o17, 0x1F, on, ~, true]}
    urls: [https://example.org/demo-1.0.0.tgz]
    version: 1.0.0
generated: "2020-01-01T00:00:00Z"
publicKeys: [x]
serverInfo: {contextPath: /x}
"""


def test_what_is_in_an_index_stays_to_the_letter() -> None:
    known = index(KEPT)
    assert read(render(known)) == read(KEPT.encode())
    text = render(add(known, [packed(version="1.1.0")], created=NOW, url="")).decode()
    for kept in ("appVersion: 1.10\n", "number: 1e3\n", "- 0o17\n", "- 0x1F\n", "publicKeys:\n", "contextPath: /x\n"):
        assert kept in text
    entry = next(e for e in read(text.encode())["entries"]["demo"] if e["version"] == "1.0.0")
    assert (entry["created"], entry["digest"]) == ("2020-01-01T00:00:00.123456789Z", "abc")


@pytest.mark.parametrize(
    "text",
    [
        "1.10",
        "1e3",
        "0o17",
        "0x1F",
        "010",
        "on",
        "y",
        "null",
        "~",
        "1:30",
        "2026-01-01",
        ".5",
        ".5e3",
        "5.",
        "+1",
        "1_0",
    ],
)
def test_a_string_that_looks_like_something_else_stays_a_string(text: str) -> None:
    written = render(Index(entries={"demo": [{"version": "1.0.0", "appVersion": text}]}, head=EMPTY.head))
    for found in (read(written), yaml.safe_load(written)):
        assert found["entries"]["demo"][0]["appVersion"] == text
    assert render(parse_index(written, "i")) == written


@pytest.mark.parametrize("text", ["1.10", "1e3", "0o17", "0x1F", "010", "+1", "5.", "-0", "12345678901234567890123"])
def test_a_number_stays_a_number_to_the_letter(text: str) -> None:
    written = render(index(f"entries:\n  demo:\n  - version: 1.0.0\n    appVersion: {text}\n"))
    assert f"appVersion: {text}\n" in written.decode()
    assert read(written)["entries"]["demo"][0]["appVersion"] == read(f"a: {text}".encode())["a"]


def test_a_merge_takes_all_charts_and_all_versions() -> None:
    one = index("entries: {a: [{version: 1.0.0, digest: x}], b: [{version: 2.0.0}]}")
    other = index("entries: {a: [{version: 1.10.0, digest: y}], c: [{version: 3.0.0}]}")
    found = merge(one, other)
    assert {name: [e["version"] for e in entries] for name, entries in found.entries.items()} == {
        "a": ["1.10.0", "1.0.0"],
        "b": ["2.0.0"],
        "c": ["3.0.0"],
    }


def test_a_version_that_both_have_is_taken_from_the_first() -> None:
    one = index("entries: {a: [{version: 1.0.0, digest: x, created: first}]}")
    other = index("entries: {a: [{version: 1.0.0, digest: x, created: second}]}")
    assert merge(one, other).entries["a"] == [{"version": "1.0.0", "digest": "x", "created": "first"}]


def test_a_version_that_both_have_with_other_bytes_is_refused() -> None:
    one = index("entries: {a: [{version: 1.0.0, digest: x}]}")
    other = index("entries: {a: [{version: 1.0.0, digest: y}]}")
    with pytest.raises(VersionError, match=r"^a 1\.0\.0 is in both indexes with different bytes"):
        merge(one, other)


def test_an_index_that_holds_a_version_twice_keeps_both() -> None:
    twice = index("entries: {a: [{version: 1.0.0, digest: x}, {version: 1.0.0, digest: y}]}")
    assert merge(twice, EMPTY).entries["a"] == twice.entries["a"]
    assert merge(twice, twice) == merge(twice)


def test_the_other_fields_of_the_first_index_with_entries_stay() -> None:
    assert merge(EMPTY, index(KEPT)).head == {
        "apiVersion": "v1",
        "generated": "2020-01-01T00:00:00Z",
        "publicKeys": ["x"],
        "serverInfo": {"contextPath": "/x"},
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "it has no map 'entries'"),
        ("entries: [1]", "it has no map 'entries'"),
        ("entries: {a: 1}", "'entries.a' is not a list of versions"),
        ("entries: {a: [1]}", "'entries.a' is not a list of versions"),
        ("entries: {a: {}}", "'entries.a' is not a list of versions"),
        ("", "the file is empty"),
        ("entries: [", "not well-formed YAML"),
        ("<html>", "it has no map 'entries'"),
        ("\0", "NUL"),
    ],
)
def test_what_is_no_index_is_refused_with_its_name(text: str, message: str) -> None:
    with pytest.raises(FindingsError) as caught:
        index(text)
    assert str(caught.value).startswith("index.yaml")
    assert message in str(caught.value)


def test_an_index_may_have_no_entries_yet() -> None:
    assert index("apiVersion: v1\nentries:\n") == EMPTY
    assert index("apiVersion: v1\nentries: {}\n") == EMPTY
    assert index("apiVersion: v1\n") == EMPTY


@given(st.binary(max_size=200) | st.text("entries: {}[]a1-\n\"'&*!|", max_size=80).map(str.encode))
@settings(max_examples=200)
def test_arbitrary_bytes_are_read_or_refused_with_findings(data: bytes) -> None:
    findings_of(lambda: render(parse_index(data, "i")))
