"""Rows at the end of a compatibility.yaml."""

from __future__ import annotations

import pytest
from semver import Version

from generator.compatibility.matrix import known_matrix, read_matrix
from generator.compatibility.new_rows import NewRow, rows_for, with_rows, without_row

ROW = NewRow(charts=("b",), versions=">=1.0.0 <2.0.0", sonataflow="10.x")


def added(text: str) -> str | None:
    return with_rows(text, [ROW], "compatibility.yaml", known=known_matrix())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "rows:\n  - charts: [a]\n    versions: 1.x\n    sonataflow: 10.x",
        "rows:\n- charts: [a]\n  versions: 1.x\n  sonataflow: 10.x\n# the end\n",
        "rows:\n    - &a\n        charts: [a]\n        versions: 1.x\n        sonataflow: 10.x\n",
    ],
)
def test_rows_are_added_and_the_text_above_stays(text: str) -> None:
    written = added(text)
    assert written is not None
    assert written.startswith(text)
    matrix = read_matrix(written.encode(), "compatibility.yaml", known=known_matrix())
    assert matrix.row_of("b", Version.parse("1.3.0")) is not None


@pytest.mark.parametrize(
    "text",
    [
        "rows: [{charts: [a], versions: 1.x, sonataflow: 10.x}]\n",
        "rows:\n  - {charts: [b], versions: 1.x, sonataflow: 10.x}\n",
        "rows:\n  - {charts: [a], versions: 1.x, sonataflow: 10.x}\noperators: {}\n",
    ],
)
def test_a_file_that_takes_no_row_at_its_end_is_left_alone(text: str) -> None:
    assert added(text) is None


def test_charts_of_one_major_version_share_a_row_and_those_with_one_get_none() -> None:
    rows = b"rows:\n  - {charts: [a], versions: 1.x, sonataflow: 10.x}\n"
    matrix = read_matrix(rows, "compatibility.yaml", known=known_matrix())
    versions = [(name, Version.parse(text)) for name, text in (("a", "1.5.0"), ("c", "1.7.0-rc3"), ("b", "1.7.0"))]
    (row,) = rows_for(versions, matrix.newest, matrix)
    assert (row.charts, row.versions) == (("b", "c"), ">=1.7.0 <2.0.0")
    assert list(without_row(versions, matrix)) == ["b", "c"]
