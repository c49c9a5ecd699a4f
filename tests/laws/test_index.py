"""The laws of index.yaml: read back as written, whole or refused, merged in any order, spliced as if built anew."""

from __future__ import annotations

import hashlib
import itertools
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.findings.errors import FindingsError
from generator.text.yaml_reader import parse
from pipeline.charts import index_yaml
from pipeline.charts.archive import Package, package
from pipeline.charts.index import EMPTY, Index, add, merge, move_old, packages_at, parse_index, render

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
BESIDE = packages_at("")


def read(data: bytes) -> Any:
    """What a YAML 1.2 reader, such as Helm's, finds."""
    return parse(data, "index.yaml", max_bytes=10**7).root.plain()


numbers = st.sampled_from([1, 9, 10])
listed_versions = st.builds(
    lambda a, b, pre, build: f"{a}.{b}.0{pre}{build}",
    numbers,
    numbers,
    st.sampled_from(["", "-rc.1", "-rc.9", "-rc.10", "-alpha"]),
    st.sampled_from(["", "", "+1", "+2"]),
)
some_indexes = st.dictionaries(
    st.sampled_from(["a", "b", "c"]),
    st.lists(listed_versions, max_size=4, unique=True),
    max_size=3,
).map(lambda found: Index(entries={n: [entry(n, v) for v in vs] for n, vs in found.items()}, head=EMPTY.head))
#: As they are, and as texts of their own.
indexes = some_indexes | some_indexes.map(lambda found: parse_index(render(found), "i"))


def entry(name: str, version: str) -> dict[str, Any]:
    return {"appVersion": "1.10", "digest": f"{name}{version}", "name": name, "urls": ["x"], "version": version}


@given(indexes)
def test_merging_is_idempotent(one: Index) -> None:
    once = merge(one)
    assert render(merge(once, once)) == render(once)
    assert render(merge(once, EMPTY)) == render(merge(EMPTY, once)) == render(once)


@given(indexes, indexes, indexes)
def test_merging_does_not_depend_on_the_order(one: Index, two: Index, three: Index) -> None:
    expected = render(merge(one, two, three))
    assert {render(merge(*order)) for order in itertools.permutations((one, two, three))} == {expected}
    assert render(merge(merge(one, two), three)) == expected


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.sampled_from(
    [
        "1.10",
        "1e3",
        ".5e3",
        "0o17",
        "on",
        "y",
        "2026-01-01",
        "1:30",
        "<<",
        "=",
        "~",
        "a\n\n",
        " x ",
        "a: b",
        "- a",
        "#",
        "",
    ]
)
maintainers = st.dictionaries(st.sampled_from(["name", "email", "url"]), texts, min_size=1)
dependencies = st.dictionaries(
    st.sampled_from(["name", "version", "alias", "condition", "repository"]), texts, min_size=1
)
fields = st.fixed_dictionaries(
    {
        "version": listed_versions | texts.filter(bool),
        "digest": texts.filter(bool),
        "urls": st.lists(texts.filter(bool), min_size=1, max_size=2),
    },
    optional={
        "annotations": st.dictionaries(texts, texts, max_size=3),
        "appVersion": texts,
        "created": st.sampled_from(["2026-01-31T12:00:00Z", "2020-02-29T00:00:00.123456789+01:00"]),
        "dependencies": st.lists(dependencies, max_size=2),
        "deprecated": st.booleans(),
        "description": texts,
        "keywords": st.lists(texts, max_size=2),
        "maintainers": st.lists(maintainers, max_size=2),
        "tags": texts,
    },
)
heads = st.fixed_dictionaries(
    {"apiVersion": st.just("v1")},
    optional={
        "generated": st.just("2026-01-31T12:00:00Z"),
        "annotations": st.dictionaries(texts, texts, max_size=2),
        "serverInfo": st.dictionaries(texts, texts, max_size=2),
    },
)
any_index = st.builds(
    lambda charts, head: Index(
        entries={name: [{**one, "name": name} for one in listed] for name, listed in charts.items()}, head=head
    ),
    st.dictionaries(
        st.sampled_from(["a", "a-b", "3scale", "on", "123", "1e3", "true"]), st.lists(fields, max_size=3), max_size=3
    ),
    heads,
)


@given(any_index)
@settings(max_examples=200)
def test_an_index_is_read_back_as_it_was_written(one: Index) -> None:
    written = render(one)
    assert parse_index(written, "i") == one
    assert render(parse_index(written, "i")) == written
    entries = {name: [dict(entry) for entry in listed] for name, listed in one.entries.items()}
    assert read(written) == {**one.head, "entries": entries}


@given(any_index, st.sampled_from([None, 2]))
def test_an_index_in_json_is_read_back_as_it_was_written(one: Index, indent: int | None) -> None:
    text = json.dumps({**one.head, "entries": {n: list(map(dict, es)) for n, es in one.entries.items()}}, indent=indent)
    found = parse_index(text.encode(), "i")
    assert found == one
    assert render(found).decode() == text


@given(any_index)
@settings(max_examples=200)
def test_an_index_without_its_last_line_reads_the_same_as_somebody_else_s(one: Index) -> None:
    lines = render(one).splitlines(keepends=True)
    text = b"".join(lines[1:-1])
    assert parse_index(text, "i", accept=hashlib.sha256(text).hexdigest()) == one


def packed(name: str, version: str) -> Package:
    return package(
        {"Chart.yaml": f"apiVersion: v2\nname: {name}\nversion: {version}\nappVersion: 1.10\n".encode()}, name
    )


new_packages = st.lists(
    st.builds(packed, st.sampled_from(["a", "b", "on", "zz"]), st.sampled_from(["1.5.0", "2.0.0-rc.1", "99.0.0"])),
    max_size=3,
    unique_by=lambda each: (each.name, each.version),
)


@given(any_index, new_packages, st.booleans())
def test_splicing_gives_what_building_anew_gives(one: Index, packages: list[Package], in_json: bool) -> None:  # noqa: FBT001 - hypothesis draws it
    if in_json:
        text = json.dumps({**one.head, "entries": {n: list(map(dict, es)) for n, es in one.entries.items()}}).encode()
    else:
        text = render(one)
    spliced = render(add(parse_index(text, "i"), packages, created=NOW, url=BESIDE))
    built = add(one, packages, created=NOW, url=BESIDE)
    assert parse_index(spliced, "i") == built
    assert parse_index(spliced, "i") == parse_index(render(built), "i")


@given(indexes, st.integers(1, 3), st.integers(1, 3))
def test_no_entry_is_lost_between_an_index_and_its_archive(one: Index, first: int, second: int) -> None:
    def entries(*some: Index) -> list[str]:
        return sorted(each.digest for index in some for listed in index.entries.values() for each in listed)

    kept, archive = move_old(one, EMPTY, first)
    assert entries(kept, archive) == entries(one)
    assert move_old(kept, archive, first) == (kept, archive)
    assert entries(*move_old(kept, archive, second)) == entries(one)


HELM = """\
apiVersion: v1
entries:
  a:
  - annotations:
      changes: |
        - kind: added
          description: "half

        - more
      license: Apache-2.0
    apiVersion: v2
    appVersion: "1.10"
    created: "2020-01-01T00:00:00.123456789Z"
    dependencies:
    - name: common
      version: 1.x.x
    description: 'It''s: a chart'
    digest: 0b94cc1d0b0a2511fe4ef7d94a43514bfc22ea38333653d640a77bb4ab07e2ec
    maintainers:
    - email: a@example.org
      name: A
    name: a
    urls:
    - https://example.org/a-2.0.0.tgz
    version: 2.0.0
  - created: 2020-01-01T00:00:00Z
    digest: abc
    name: a
    urls: [https://example.org/a-1.0.0.tgz]
    version: 1.0.0
  b:
  - created: "2020-01-01T00:00:00Z"
    digest: 1b94cc1d0b0a2511fe4ef7d94a43514bfc22ea38333653d640a77bb4ab07e2ec
    name: b
    urls:
    - b.tgz
    version: 1.0.0-rc.1
generated: "2020-01-01T00:00:00Z"
"""
OURS = render(add(parse_index(HELM.encode(), "i"), [packed("b", "1.1.0")], created=NOW, url=BESIDE))
IN_JSON = json.dumps(read(HELM.encode())).encode()


@pytest.mark.parametrize("data", [OURS, HELM.encode(), IN_JSON], ids=["ours", "helm", "json"])
def test_an_index_that_is_cut_off_anywhere_is_refused(data: bytes) -> None:
    assert parse_index(data, "index.yaml").count() in (3, 4)
    for end in range(len(data)):
        with pytest.raises(FindingsError):
            parse_index(data[:end], "index.yaml")


def test_the_real_index_is_refused_where_it_is_cut_off(shared: Path) -> None:
    data = (shared / "corpus" / "index" / "index.yaml").read_bytes()
    known = parse_index(data, "index.yaml")
    assert known.count() == 365
    ours = render(add(known, [packed("b", "1.1.0")], created=NOW, url=BESIDE))
    entries = [at for at in range(len(data)) if data.startswith(b"\n  - ", at)][::7]
    for text, ends in ((data, [*entries, *range(100, len(data), 9001)]), (ours, range(0, len(ours), 5003))):
        for end in [*ends, *range(len(text) - 150, len(text))]:
            for cut in (text[:end], text[: end + 1]) if end + 1 < len(text) else (text[:end],):
                with pytest.raises(FindingsError):
                    parse_index(cut, "index.yaml")


mutations = st.lists(
    st.tuples(
        st.integers(0, len(HELM)),
        st.integers(0, 3) | st.integers(0, 60),
        st.sampled_from(
            [
                "",
                " ",
                "\n",
                "  ",
                '"',
                "'",
                "#",
                "- ",
                ": ",
                "|",
                "\n  - ",
                "\n  x:\n",
                "[",
                "{",
                "&a ",
                "*a",
                "\t",
                "\r",
            ]
        )
        | st.text(max_size=3),
    ),
    min_size=1,
    max_size=3,
)


@given(mutations)
@settings(max_examples=300)
def test_the_pieces_of_an_index_say_what_a_parser_of_the_whole_finds(changes: list[tuple[int, int, str]]) -> None:
    text = HELM
    for at, length, new in changes:
        text = text[:at] + new + text[at + length :]
    if not (text := text.encode(errors="replace").decode()).strip():
        return
    data = text.encode()
    try:
        found: Index | None = parse_index(data, "i", accept=hashlib.sha256(data).hexdigest())
    except FindingsError:
        found = None
    try:
        parsed = index_yaml.read_whole(text if text.endswith("\n") else f"{text}\n", "i")
        whole: Index | None = Index(entries=parsed.entries, head=parsed.layout.head or EMPTY.head)
    except FindingsError:
        whole = None
    assert found == whole
    for name, listed in found.entries.items() if found else ():
        assert [(each.version, each.digest) for each in listed] == [
            (str(each["version"]), str(each["digest"]).removeprefix("sha256:"))
            for each in whole.entries[name]  # type: ignore[union-attr]  # it equals what was found
        ]
