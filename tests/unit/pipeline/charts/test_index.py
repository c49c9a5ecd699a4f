"""index.yaml: merged, in order, and what is there stays to the letter."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.findings.errors import FindingsError, SettingsError, VersionError
from generator.text.yaml_reader import parse
from pipeline.charts.archive import Package, package
from pipeline.charts.index import (
    EMPTY,
    Duplicate,
    Index,
    add,
    budget,
    deprecate,
    duplicates,
    merge,
    move_old,
    newest_first,
    packages_at,
    parse_index,
    published_otherwise,
    render,
)
from pipeline.charts.index_entry import Entry
from tests.unit.conftest import findings_of

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
BESIDE = packages_at("")


def packed(name: str = "demo", version: str = "1.0.0", more: str = "", body: str = "") -> Package:
    text = f"apiVersion: v2\nname: {name}\nversion: {version}\n{more}"
    return package({"Chart.yaml": text.encode(), "values.yaml": body.encode()}, name)


def index(text: str) -> Index:
    return parse_index(text.encode(), "index.yaml")


def read(data: bytes) -> Any:
    """What a YAML 1.2 reader, such as Helm's, finds."""
    return parse(data, "index.yaml", max_bytes=10**7).root.plain()


def versions(found: Index, name: str = "demo") -> list[str]:
    return [entry.version for entry in found.entries[name]]


def fields(name: str = "demo", version: str = "1.0.0", digest: str = "x", **more: Any) -> dict[str, Any]:
    return {"digest": digest, "name": name, "urls": [f"{name}.tgz"], "version": version, **more}


def of(*listed: dict[str, Any]) -> Index:
    """An index of these entries."""
    names = sorted({entry["name"] for entry in listed})
    return Index(entries={n: [Entry(e) for e in listed if e["name"] == n] for n in names}, head=EMPTY.head)


def as_yaml(*listed: dict[str, Any]) -> str:
    """An index of these entries as Helm writes it."""
    names = sorted({entry["name"] for entry in listed})
    entries = {name: [entry for entry in listed if entry["name"] == name] for name in names}
    return yaml.safe_dump({"apiVersion": "v1", "entries": entries, "generated": "2026-01-01T00:00:00Z"})


def test_a_new_package_gets_an_entry_as_helm_writes_it() -> None:
    more = "appVersion: '1.10'\ndescription: d\nkeywords: [a]\nunknown: x\nannotations: {k: v}\nhome: ''\n"
    one = packed(more=more)
    found = add(EMPTY, [one], created=NOW, url=packages_at("https://example.org/charts/"))
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
    assert add(EMPTY, [packed()], created=NOW, url=BESIDE).entries["demo"][0]["urls"] == ["demo-1.0.0.tgz"]


def test_each_package_may_have_an_address_of_its_own() -> None:
    found = add(
        EMPTY, [packed(), packed("a")], created=NOW, url=lambda p: f"https://x/{p.name}/{p.version}/{p.file_name}"
    )
    assert found.entries["a"][0]["urls"] == ["https://x/a/1.0.0/a-1.0.0.tgz"]


def test_the_time_is_written_in_utc() -> None:
    created = datetime(2026, 1, 1, 1, 0, 0, tzinfo=timezone(timedelta(hours=2)))
    assert add(EMPTY, [packed()], created=created, url=BESIDE).entries["demo"][0]["created"] == "2025-12-31T23:00:00Z"


def test_adding_the_same_again_changes_nothing() -> None:
    once = add(EMPTY, [packed(), packed("other")], created=NOW, url=BESIDE)
    again = add(
        parse_index(render(once), "i"), [packed("other"), packed()], created=LATER, url=packages_at("https://x")
    )
    assert render(again) == render(once)


def test_a_new_version_leaves_the_entries_that_are_there_untouched() -> None:
    once = add(EMPTY, [packed()], created=NOW, url=BESIDE)
    more = add(once, [packed(), packed(version="1.1.0")], created=LATER, url=packages_at("https://x"))
    assert versions(more) == ["1.1.0", "1.0.0"]
    assert more.entries["demo"][1] == once.entries["demo"][0]
    assert more.head["generated"] == "2026-03-05T05:06:07Z"


def test_a_version_with_a_v_before_it_is_in_the_index_in_its_place() -> None:
    packages = [packed(version=version) for version in ("v1.2.0", "1.1.0", "v1.10.0", "2.0.0")]
    found = add(EMPTY, packages, created=NOW, url=BESIDE)
    assert versions(found) == ["2.0.0", "v1.10.0", "v1.2.0", "1.1.0"]
    assert found.entries["demo"][1]["urls"] == ["demo-v1.10.0.tgz"]


def test_a_version_with_other_bytes_is_refused_and_told_what_to_do() -> None:
    once = add(EMPTY, [packed()], created=NOW, url=BESIDE)
    with pytest.raises(VersionError) as caught:
        add(once, [packed(body="x")], created=NOW, url=BESIDE)
    assert str(caught.value) == published_otherwise(packed(body="x"))
    assert str(caught.value).startswith(
        "demo 1.0.0 is in the index with different bytes, and a published version never changes; "
        "give the chart a new one: --bump auto"
    )


def test_a_package_that_is_one_of_two_of_its_version_is_in_the_index() -> None:
    one, other = packed(body="1"), packed(body="2")
    known = index(as_yaml(fields(digest=one.digest), fields(digest=f"sha256:{other.digest}")))
    assert [known.differs(each) for each in (one, other, packed())] == [False, False, True]
    assert add(known, [other], created=NOW, url=BESIDE) is known


def test_two_packages_of_one_version_with_other_bytes_are_refused() -> None:
    with pytest.raises(VersionError):
        add(EMPTY, [packed(), packed(body="x")], created=NOW, url=BESIDE)


def test_the_order_of_the_packages_does_not_matter() -> None:
    packages = [packed(), packed(version="2.0.0"), packed("a"), packed("z", "1.0.0-rc.1")]
    results = {render(add(EMPTY, order, created=NOW, url=BESIDE)) for order in itertools.permutations(packages)}
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
        (["v1.2.0", "1.3.0", "v1.10.0"], ["v1.10.0", "1.3.0", "v1.2.0"]),
    ],
)
def test_entries_come_newest_first_by_semver(listed: list[str], expected: list[str]) -> None:
    assert [entry.version for entry in newest_first(Entry(fields(version=v)) for v in listed)] == expected


ENTRY = "  - digest: d\n    name: demo\n    urls: [a]\n    version: 1.0.0\n"
CREATED = ENTRY.replace("digest", "created: 2026-01-01T00:00:00Z\n    digest")
USUAL = f"  - annotations:\n      a: b\n      b: c\n    digest: {'ab' * 32}\n    name: demo\n"
USUAL += "    urls:\n    - a.tgz\n    version: 1.0.0\n"
END = "generated: 2026-01-01T00:00:00Z\n"


HELM = """\
apiVersion: v1
entries:
  a:
  - annotations:
      artifacthub.io/changes: |
        - kind: added
          description: "half a quote

        - kind: added
      artifacthub.io/license: Apache-2.0
    apiVersion: v2
    appVersion: "1.10"
    created: "2020-01-01T00:00:00.123456789Z"
    dependencies:
    - name: common
      repository: https://example.org
      tags:
      - bitnami
      version: 1.x.x
    description: 'It''s: a chart'
    digest: 0b94cc1d0b0a2511fe4ef7d94a43514bfc22ea38333653d640a77bb4ab07e2ec
    keywords:
    - workflow
    maintainers:
    - email: a@example.org
      name: A
    - name: B
      url: https://example.org
    name: a
    urls:
    - https://example.org/a-2.0.0.tgz
    version: 2.0.0
  - created: 2020-01-01T00:00:00Z
    digest: abc
    name: a
    urls: [https://example.org/a-1.0.0.tgz]   # by hand
    version: 1.0.0
  c: []

  # The last one.
  d:
  - name: d
    digest: d
    description: >-
      Folded
      - version: 9.9.9
    urls:
      - d.tgz
    version: "1.0"
generated: "2020-01-01T00:00:00Z"
serverInfo:
  contextPath: /x
"""


def test_what_is_in_an_index_stays_to_the_letter() -> None:
    known = index(HELM)
    assert (known.count(), versions(known, "a"), versions(known, "c"), versions(known, "d")) == (
        3,
        ["2.0.0", "1.0.0"],
        [],
        ["1.0"],
    )
    first, *lines, last = render(known).decode().splitlines(keepends=True)
    assert "".join(lines) == HELM
    assert first.startswith("# Written by waybill")
    assert last.startswith("# waybill: 3 entries, sha256:")


def test_comments_below_the_name_of_a_chart_stay() -> None:
    known = index(f"entries:\n  demo: \n\n    # Mine.\n{ENTRY}{END}")
    for found in (known, parse_index(render(known), "i")):
        written = render(add(found, [packed(version="1.1.0")], created=NOW, url=BESIDE))
        assert b"# Mine.\n" in written
        assert versions(parse_index(written, "i")) == ["1.1.0", "1.0.0"]


def test_a_new_entry_is_lines_among_others() -> None:
    changed = render(add(index(HELM), [packed("a", "1.5.0"), packed("b")], created=NOW, url=BESIDE)).decode()
    added = "".join(
        f"""\
  - apiVersion: v2
    created: '2026-03-04T05:06:07Z'
    digest: {each.digest}
    name: {each.name}
    urls:
    - {each.file_name}
    version: {each.version}
"""
        for each in [packed("a", "1.5.0")]
    )
    new_chart = added.replace("1.5.0", "1.0.0").replace(": a\n", ": b\n").replace("- a-", "- b-")
    new_chart = new_chart.replace(packed("a", "1.5.0").digest, packed("b").digest)
    expected = HELM.replace("  - created: 2020", f"{added}  - created: 2020")
    expected = expected.replace("  c: []\n", f"  b:\n{new_chart}  c: []\n")
    expected = expected.replace('generated: "2020-01-01T00:00:00Z"', "generated: '2026-03-04T05:06:07Z'")
    assert "".join(changed.splitlines(keepends=True)[1:-1]) == expected


@pytest.mark.parametrize(("chart", "dash"), [(2, 4), (4, 4), (1, 1), (3, 5)])
def test_entries_are_indented_as_the_others_of_the_file(chart: int, dash: int) -> None:
    lines = ["- digest: d", "  keywords:", f"  {' ' * (dash - chart)}- a", "  name: demo", "  urls:"]
    lines += [f"  {' ' * (dash - chart)}- d.tgz", "  version: 1.0.0"]
    entry = "".join(f"{' ' * dash}{line}\n" for line in lines)
    text = f"apiVersion: v1\nentries:\n{' ' * chart}demo:\n{entry}generated: 2026-01-01T00:00:00Z\n"
    known = index(text)
    assert render(known).decode().endswith(text + render(known).decode().splitlines(keepends=True)[-1])
    written = render(add(known, [packed(version="1.1.0")], created=NOW, url=BESIDE))
    assert f"\n{' ' * chart}demo:\n{' ' * dash}- apiVersion: v2\n".encode() in written
    assert entry.encode() in written
    assert versions(parse_index(written, "i")) == ["1.1.0", "1.0.0"]
    assert len(read(written)["entries"]["demo"]) == 2


@pytest.mark.parametrize(
    "text",
    [
        'apiVersion: "v1"\nentries: {demo: [{name: demo, version: 1.0.0, digest: d, urls: [a]}]}\n',
        "{apiVersion: v1, entries: {demo: [{name: demo, version: 1.0.0, digest: d, urls: [a]}]}}",
        f"entries:\n  demo:\n{ENTRY}{END}".replace("\n", "\r\n"),
        f"entries:\n  demo:\n{ENTRY.replace('- ', '- &a ')}  - {{<<: *a, version: 0.1.0}}\n{END}".replace(
            "&a ", "&a\n    "
        ),
        f'entries:\n  demo:\n{ENTRY}    description: "a\n  - name: b\n    version: 2"\n{END}',
        f'entries:\n  "demo" :\n{ENTRY.replace("    ", "      ").replace("- ", "-   ")}{END}',
    ],
    ids=["flow", "all-flow", "crlf", "anchors", "quotes-over-lines", "odd-spaces"],
)
def test_a_shape_that_nobody_writes_is_parsed_as_a_whole(text: str) -> None:
    known = index(text)
    assert versions(known)[0] == "1.0.0"
    assert [entry["digest"] for entry in known.entries["demo"]] == ["d"] * known.count()
    assert [dict(entry) for entry in known.entries["demo"]] == read(text.encode())["entries"]["demo"]


JSON_LINES = """\
{"apiVersion": "v1", "entries": {
"a": [
{"name": "a", "version": "1.0.0", "digest": "x", "urls": ["a.tgz"], "mine": 1.10},
{"name": "a", "version": "0.9.0", "digest": "y", "urls": ["a.tgz"]}
],
"c": [
{"name": "c", "version": "1.0.0", "digest": "x", "urls": ["c.tgz"]}
]
}, "generated": "2020-01-01T00:00:00Z"}
"""


def test_json_stays_json_one_entry_a_line() -> None:
    known = index(JSON_LINES)
    assert render(known).decode() == JSON_LINES
    found = render(add(known, [packed("a", "2.0.0"), packed("b")], created=NOW, url=BESIDE)).decode()
    lines = found.splitlines(keepends=True)
    new = [line for line in lines if "2026-03-04" in line and "apiVersion" in line]
    assert len(new) == 2
    assert [line for line in lines if line not in new][:3] == JSON_LINES.splitlines(keepends=True)[:3]
    assert '"digest": "y", "urls": ["a.tgz"]}\n],\n"b": [\n{"apiVersion": "v2"' in found
    assert json.loads(found)["generated"] == "2026-03-04T05:06:07Z"
    assert parse_index(found.encode(), "i").count() == 5


@pytest.mark.parametrize("style", [{"indent": 2}, {"indent": 4}, {}, {"separators": (",", ":")}])
def test_json_is_spread_over_lines_as_it_was(style: dict[str, Any]) -> None:
    content = {"apiVersion": "v1", "entries": {"a": [fields("a", "1.0.0")]}, "generated": "2026-01-01T00:00:00Z"}
    known = index(json.dumps(content, **style))
    new = packed("a", "2.0.0")
    written = render(add(known, [new, packed("b")], created=NOW, url=BESIDE)).decode()
    found = json.loads(written)
    assert [list(map(dict, known.entries["a"])), [entry["version"] for entry in found["entries"]["a"]]] == [
        content["entries"]["a"],
        ["2.0.0", "1.0.0"],
    ]
    if "indent" in style:
        assert written == json.dumps(found, **style)


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
    written = render(of(fields(appVersion=text)))
    for found in (read(written), yaml.safe_load(written)):
        assert found["entries"]["demo"][0]["appVersion"] == text
    assert render(parse_index(written, "i")) == written


@pytest.mark.parametrize(
    "text", ["1.10", "1e3", "0o17", "0x1F", "010", "+1", "true", "Yes", "1:30", "1_000", "392065e2"]
)
def test_what_helm_reads_as_no_string_is_written_as_one_to_the_letter(text: str) -> None:
    lines = f"    annotations:\n      b: {text}\n    appVersion: {text}\n    keywords:\n    - {text}\n"
    lines += f"    maintainers:\n    - name: {text}\n"
    written = render(index(f"entries:\n  demo:\n{ENTRY}{lines}{END}"))
    for found in (read(written), yaml.safe_load(written)):
        one = found["entries"]["demo"][0]
        assert [one["annotations"]["b"], one["appVersion"], *one["keywords"], one["maintainers"][0]["name"]] == [
            text
        ] * 4
    assert render(parse_index(written, "i")) == written


def test_a_merge_takes_all_charts_and_all_versions() -> None:
    one = of(fields("a", "1.0.0"), fields("b", "2.0.0"))
    other = of(fields("a", "1.10.0", "z"), fields("c", "3.0.0"))
    found = merge(one, other)
    assert {name: versions(found, name) for name in found.entries} == {
        "a": ["1.10.0", "1.0.0"],
        "b": ["2.0.0"],
        "c": ["3.0.0"],
    }


def test_a_version_that_both_have_is_taken_from_the_first() -> None:
    one, other = of(fields(description="first")), of(fields(description="second"))
    assert [entry["description"] for entry in merge(one, other).entries["demo"]] == ["first"]


def test_a_version_that_both_have_with_other_bytes_is_refused() -> None:
    with pytest.raises(VersionError, match=r"^demo 1\.0\.0 is in both indexes with different bytes"):
        merge(of(fields()), of(fields(digest="z")))


def test_an_index_that_holds_a_version_twice_keeps_both() -> None:
    twice = of(fields(), fields(digest="z"))
    assert merge(twice, EMPTY).entries["demo"] == twice.entries["demo"]
    assert merge(twice, twice) == merge(twice)
    assert duplicates(twice) == [Duplicate(chart="demo", version="1.0.0", digests=("x", "z"))]
    assert duplicates(of(fields(), fields())) == []


def test_a_merge_loses_no_second_entry_of_a_version() -> None:
    for order in ((of(fields()), of(fields(), fields(digest="z"))), (of(fields(), fields(digest="z")), of(fields()))):
        assert sorted(entry.digest for entry in merge(*order).entries["demo"]) == ["x", "z"]


def test_an_index_in_json_is_merged_into_one_in_yaml_and_the_other_way_round() -> None:
    in_yaml, in_json = index(HELM), index(JSON_LINES.replace(', "mine": 1.10', "").replace('"1.0.0"', '"3.0.0"', 1))
    for found in (merge(in_yaml, in_json), merge(in_json, in_yaml)):
        assert versions(found, "a") == ["3.0.0", "2.0.0", "1.0.0", "0.9.0"]
        again = parse_index(render(found), "i")
        assert again == found
        assert again.count() == 6
    assert render(merge(in_json, in_yaml)).startswith(b"{")


def test_a_merge_has_the_form_of_the_index_with_the_most_entries() -> None:
    one = parse_index(render(add(EMPTY, [packed("z")], created=NOW, url=BESIDE)), "i")
    entries = ENTRY + ENTRY.replace("1.0.0", "0.9.0")
    many = entries.replace("\n", "\n  ").removesuffix("  ")
    text = f"apiVersion: v1\nentries:\n  demo:\n  {many}{END}"
    for found in (merge(one, index(text)), merge(index(text), one), merge(index(text), EMPTY)):
        assert many in render(found).decode()


def test_the_other_fields_of_the_first_index_with_entries_stay() -> None:
    assert merge(EMPTY, index(HELM)).head == {
        "apiVersion": "v1",
        "generated": "2020-01-01T00:00:00Z",
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
        ("", "the index is empty"),
        (" \n", "the index is empty"),
        ("entries: [", "not well-formed YAML"),
        ("<!DOCTYPE html>\n<html>", "this is a web page"),
        ("<html>", "this is a web page"),
        ("\0", "NUL"),
        (f"entries:\n  demo:\n<<<<<<< HEAD\n{ENTRY}=======\n{ENTRY}>>>>>>> x\n{END}", "contains conflict markers"),
        (
            f"entries:\n  demo:\n{ENTRY.replace('digest: d', 'digest: ~')}{END}",
            "the entry of demo 1.0.0 has no 'digest'",
        ),
        (f"entries:\n  demo:\n{ENTRY.replace('digest: d', 'digest: 12')}{END}", "has a 'digest' that is not a string"),
        (f"entries:\n  demo:\n{ENTRY.replace('digest: d', 'digest: [d]')}{END}", "has a 'digest' that is not a string"),
        (f"entries:\n  demo:\n{ENTRY.replace('digest: d', 'home: d')}{END}", "has no 'digest'"),
        (f"entries:\n  demo:\n{ENTRY.replace('name: demo', 'home: demo')}{END}", "has no 'name'"),
        (f"entries:\n  demo:\n{ENTRY.replace('[a]', '[]')}{END}", "has no 'urls'"),
        (f"entries:\n  demo:\n{ENTRY.replace('[a]', 'a')}{END}", "has 'urls' that are not a list of URLs"),
        (f"entries:\n  demo:\n{ENTRY.replace('version', 'home')}{END}", "an entry of demo has no 'version'"),
        (f"entries:\n  other:\n{ENTRY}{END}", "has the name 'demo'"),
        (f"entries:\n  demo:\n{ENTRY}  demo:\n{ENTRY}{END}", "the chart 'demo' is listed twice"),
        (f"entries:\n  demo:\n{ENTRY}    version: 1.0.0\n{END}", "the key 'version' is repeated here"),
        (f"entries:\n  demo:\n{USUAL}{USUAL.replace('b: c', 'a: c')}{END}", "the key 'a' is repeated here"),
        (f"entries:\n  other:\n{USUAL}{END}", "has the name 'demo'"),
        (f"entries:\n  demo:\n{ENTRY}{END}---\n", "a second document starts here"),
        (f"entries:\n  demo:\n{ENTRY}{END}{END}", "the key 'generated' is repeated here"),
        ('{"entries": {"a": [{"name": "a"}]}}', "has no 'version'"),
        ('{"entries": {"a": [], "a": []}}', "the key 'a' is repeated"),
        ('{"entries": {"a": [{"name": "a", "name": "a"}]}}', "the key 'name' is repeated"),
        ('{"entries": []}', "it has no map 'entries'"),
        ('{"entries": {"a": ', "not well-formed JSON"),
        ('{"entries": {}} x', "not well-formed JSON"),
        ("{}", "it has no map 'entries'"),
    ],
)
def test_what_is_no_index_is_refused_with_its_name(text: str, message: str) -> None:
    with pytest.raises(FindingsError) as caught:
        index(text)
    assert str(caught.value).startswith("index.yaml")
    assert message in str(caught.value)
    assert "; " in str(caught.value), "what to do"


def test_who_lists_versions_needs_no_more_than_those_and_writes_none() -> None:
    for text in ("entries: {demo: [{version: 1.0.0}]}\n", '{"entries": {"demo": [{"version": "1.0.0"}]}}'):
        found = parse_index(text.encode(), "i", listed=True)
        assert versions(found) == ["1.0.0"]
    with pytest.raises(FindingsError, match="has no 'name'"):
        render(parse_index(b"entries: {demo: [{version: 1.0.0}]}\n", "i", listed=True))


def test_a_hundred_thousand_versions_are_read_and_added_to() -> None:
    entries = (USUAL.replace("1.0.0", f"1.0.{number}") for number in range(100_000))
    known = index(f"apiVersion: v1\nentries:\n  demo:\n{''.join(entries)}{END}")
    assert known.count() == 100_000
    written = render(add(known, [packed("other")], created=NOW, url=BESIDE))
    assert parse_index(written, "i").count() == 100_001


def test_an_unsound_entry_is_found_with_its_line() -> None:
    text = HELM.replace("    digest: abc\n", "")
    line = text.splitlines().index("  - created: 2020-01-01T00:00:00Z") + 1
    with pytest.raises(FindingsError, match=rf"^index\.yaml:{line}:1: error: the entry of a 1\.0\.0 has no 'digest'"):
        index(text)


def test_an_index_may_have_no_entries_yet() -> None:
    assert index("apiVersion: v1\nentries: {}\n") == EMPTY
    assert index('{"apiVersion": "v1", "entries": {}}') == EMPTY
    assert index('{"apiVersion": "v1", "entries": null}') == EMPTY
    assert parse_index(render(EMPTY), "i") == EMPTY


@pytest.mark.parametrize(
    "text",
    [
        "apiVersion: v1\nentries: {}\n",
        f"apiVersion: v1\nentries:\n  demo:\n{ENTRY}{END}",
        f"apiVersion: v1\n{END}entries:\n  demo:\n{ENTRY}",
        f"apiVersion: v1\nentries:\n  demo:\n{ENTRY}",
        "entries: {demo: [{name: demo, version: 1.0.0, digest: d, urls: [a]}]}\n",
        "apiVersion: v1\nentries:\n  demo:\n" + f"{CREATED}    digest: d\n".replace("    digest: d\n", "", 1),
        f"apiVersion: v1\n{END}entries:\n  demo:\n{CREATED}",
    ],
    ids=["no-entries", "generated", "above", "no-generated", "brackets", "by-hand", "above-helm-s-entries"],
)
def test_an_index_of_others_is_whole_where_its_end_shows_it(text: str) -> None:
    assert index(text).count() in (0, 1)


@pytest.mark.parametrize(
    "text",
    [
        f"apiVersion: v1\nentries:\n  demo:\n{ENTRY}{END}"[:-1],
        "apiVersion: v1\nentries:\n",
        f"apiVersion: v1\nentries:\n  demo:\n{ENTRY}  other:\n",
        f"apiVersion: v1\nentries:\n  demo:\n{CREATED}",
    ],
    ids=["no-line-break", "no-entries", "a-chart-without-entries", "at-an-entry-of-helm"],
)
def test_an_end_that_proves_nothing_is_accepted_by_the_digest_in_the_message(text: str) -> None:
    with pytest.raises(FindingsError, match="so entries may be missing") as caught:
        index(text)
    digest = str(caught.value).partition("--accept-index ")[2].partition(" ")[0]
    assert len(digest) == 64
    for accepted in (digest, f"sha256:{digest}", digest.upper()):
        assert parse_index(text.encode(), "index.yaml", accept=accepted).count() <= 1
    with pytest.raises(FindingsError, match=digest):
        parse_index(text.encode(), "index.yaml", accept="0" * 64)
    assert parse_index(render(parse_index(text.encode(), "i", accept=digest)), "i")


def test_an_edited_index_of_ours_is_sound_as_long_as_its_last_line_counts_right() -> None:
    written = render(add(index(HELM), [packed("b")], created=NOW, url=BESIDE)).decode()
    edited = written.replace("Folded", "Edited")
    assert index(edited).entries["d"][0]["description"] == "Edited - version: 9.9.9"
    shorter = written.replace("  - created: 2020-01-01T00:00:00Z\n    digest: abc\n    name: a\n", "", 1)
    with pytest.raises(FindingsError):
        index(shorter)
    fewer = written[: written.index("  - created: 2020")] + written[written.index("  b:\n") :]
    with pytest.raises(
        FindingsError, match="the index has 3 entries, but its last line says 4, so entries may be missing"
    ):
        index(fewer)
    assert index(fewer.replace("waybill: 4 entries", "waybill: 3 entries")).count() == 3


def test_a_field_that_helm_does_not_know_can_be_read_and_is_never_written() -> None:
    known = index(f"apiVersion: v1\nentries:\n  demo:\n{ENTRY}    chart: x\n{END}")
    assert known.entries["demo"][0]["chart"] == "x"
    with pytest.raises(FindingsError, match=r"demo 1\.0\.0: Helm does not know the field 'chart'.*annotations"):
        render(known)
    with pytest.raises(FindingsError, match=r"Helm does not know the field 'mine'"):
        render(index(f"apiVersion: v1\nentries:\n  demo:\n{ENTRY}{END}mine: 1\n"))
    assert b"mine" in render(index(JSON_LINES))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("created: 2026-01-32T00:00:00Z", "'created' must be a time such as 2026-01-31T12:00:00Z"),
        ("created: yesterday", "'created' must be a time"),
        ("annotations: [a]", "'annotations' must be a map"),
        ("annotations: {a: [b]}", r"'annotations\.a' must be a string"),
        ("deprecated: maybe", "'deprecated' must be true or false"),
        ("keywords: a", "'keywords' must be a list"),
        ("maintainers: [~]", r"'maintainers\[0\]' must be a map"),
        ("dependencies: [{name: {}}]", r"'dependencies\[0\]\.name' must be a string"),
    ],
)
def test_what_no_conversion_makes_readable_is_never_written(line: str, message: str) -> None:
    known = index(f"apiVersion: v1\nentries:\n  demo:\n{ENTRY}    {line}\n{END}")
    with pytest.raises(FindingsError, match=rf"demo 1\.0\.0: {message}"):
        render(known)


def test_a_chart_is_marked_as_deprecated_in_all_versions_or_one() -> None:
    known = index(HELM)
    assert [entry.get("deprecated") for entry in deprecate(known, "a").entries["a"]] == [True, True]
    one = deprecate(known, "a", "1.0.0")
    assert [entry.get("deprecated") for entry in one.entries["a"]] == [None, True]
    assert deprecate(one, "a", "1.0.0") is one
    again = parse_index(render(one), "i")
    assert again == one
    assert [entry.get("created") for entry in again.entries["a"]] == [e["created"] for e in known.entries["a"]]
    lines = set(render(one).decode().splitlines()) - set(render(known).decode().splitlines())
    assert "    deprecated: true" in lines
    assert all("a-2.0.0" not in line for line in lines)


def test_a_chart_or_version_that_is_not_there_cannot_be_deprecated() -> None:
    known = of(fields("greeting"), fields("greeting", "1.1.0"))
    with pytest.raises(SettingsError, match="the index has no chart 'greting'; did you mean 'greeting'"):
        deprecate(known, "greting")
    with pytest.raises(SettingsError, match=r"the index has no greeting 1\.1\.1; did you mean '1\.1\.0'"):
        deprecate(known, "greeting", "1.1.1")


def test_old_versions_move_to_the_archive_and_none_is_lost() -> None:
    listed = ["1.0.0", "1.2.0", "1.10.0", "1.10.0-rc.1", "latest"]
    known = index(
        as_yaml(*(fields(version=version) for version in listed), fields(version="1.2.0", digest="z"), fields("b"))
    )
    kept, archive = move_old(known, EMPTY, 2)
    assert [versions(kept), versions(kept, "b")] == [["1.10.0", "1.10.0-rc.1"], ["1.0.0"]]
    assert versions(archive) == ["1.2.0", "1.2.0", "1.0.0", "latest"]
    assert "b" not in archive.entries
    again = parse_index(render(archive), "i")
    assert again == archive
    assert move_old(kept, archive, 2) == (kept, archive)
    fewer, more = move_old(kept, again, 1)
    assert [versions(fewer), versions(more)] == [["1.10.0"], ["1.10.0-rc.1", "1.2.0", "1.2.0", "1.0.0", "latest"]]
    assert move_old(known, archive, 2) == (kept, archive)
    with pytest.raises(SettingsError, match="keep 1 or more"):
        move_old(known, EMPTY, 0)


@pytest.mark.parametrize(
    ("size", "client"),
    [
        (3_000_000, None),
        (3_000_001, "Nexus"),
        (10_000_001, "Helm takes seconds"),
        (52_428_801, "Flux refuses"),
    ],
)
def test_the_budget_names_the_client_that_fails(size: int, client: str | None) -> None:
    note = budget(size)
    assert note is None if client is None else client in (note or "")


@given(st.binary(max_size=200) | st.text("entries: {}[]a1-\n\"'&*!|", max_size=80).map(str.encode))
@settings(max_examples=200)
def test_arbitrary_bytes_are_read_or_refused_with_findings(data: bytes) -> None:
    findings_of(lambda: render(parse_index(data, "i")))
