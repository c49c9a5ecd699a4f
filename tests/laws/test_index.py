"""The laws of index.yaml: it is read back as it was written, and merging is idempotent and order-free."""

from __future__ import annotations

import itertools
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from generator.text.yaml_reader import parse
from pipeline.charts.index import EMPTY, Index, merge, parse_index, render


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
indexes = st.dictionaries(
    st.sampled_from(["a", "b", "c"]),
    st.lists(listed_versions, max_size=4, unique=True),
    max_size=3,
).map(lambda found: Index(entries={n: [entry(n, v) for v in vs] for n, vs in found.items()}, head=EMPTY.head))


def entry(name: str, version: str) -> dict[str, Any]:
    return {"name": name, "version": version, "digest": f"{name}{version}", "appVersion": "1.10"}


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


scalars = (
    st.none()
    | st.booleans()
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
    | st.sampled_from(["1.10", "1e3", ".5e3", "0o17", "on", "y", "2026-01-01", "1:30", "<<", "=", "~", "a\n\n", " x "])
)
fields = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "on", "1", "x y"]), inner, max_size=3)
    ),
    max_leaves=6,
)
entries = st.dictionaries(
    st.sampled_from(["version", "created", "digest", "appVersion", "unknown"]), fields, max_size=4
)
any_index = st.builds(
    lambda charts, head: Index(entries=charts, head=head),
    st.dictionaries(st.text("abc-", min_size=1, max_size=5), st.lists(entries, max_size=3), max_size=3),
    st.dictionaries(st.sampled_from(["apiVersion", "generated", "serverInfo"]), fields, min_size=1, max_size=3),
)


@given(any_index)
@settings(max_examples=200)
def test_an_index_is_read_back_as_it_was_written(one: Index) -> None:
    written = render(one)
    assert parse_index(written, "i") == one
    assert render(parse_index(written, "i")) == written
    assert read(written) == {**one.head, "entries": one.entries}
