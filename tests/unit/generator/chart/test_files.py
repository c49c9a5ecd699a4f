"""The files of a chart, with and without sub-charts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from generator.chart.files import ChartFiles

NAMES = st.text("ab-", min_size=1, max_size=3)
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join).filter(lambda path: not path.startswith("charts/"))
FILES = st.dictionaries(PATHS, st.binary(max_size=2), max_size=4)


@given(FILES, st.dictionaries(NAMES, FILES.filter(bool), max_size=3))
def test_what_was_joined_comes_apart_again(own: dict[str, bytes], subcharts: dict[str, dict[str, bytes]]) -> None:
    joined = ChartFiles.joined(own, subcharts)
    assert joined.own == own
    assert joined.subcharts == subcharts


def test_files_come_in_the_order_of_their_paths() -> None:
    assert list(ChartFiles({"b": b"", "a/c": b"", "a": b""})) == ["a", "a/c", "b"]


def test_a_file_that_lies_beside_the_folders_of_sub_charts_belongs_to_the_chart() -> None:
    files = ChartFiles({"charts/README.md": b"", "charts/one/Chart.yaml": b"", "chartsmith/a": b""})
    assert set(files.own) == {"charts/README.md", "chartsmith/a"}
    assert files.subcharts == {"one": {"Chart.yaml": b""}}


def test_the_payload_is_what_lies_below_files() -> None:
    assert ChartFiles({"files/specs/a.yaml": b"1", "values.yaml": b"2"}).payload == {"specs/a.yaml": b"1"}
