"""The text of rows of a compatibility.yaml."""

from __future__ import annotations

import pytest

from generator.compatibility.matrix import known_matrix, read_matrix
from generator.compatibility.new_row import NewRow, file_text, new_rows, rows_text, versions_from


@pytest.mark.parametrize(
    ("version", "alone", "after_others"),
    [
        ("0.1.0", "0.x", ">=0.1.0 <1.0.0"),
        ("1.7.0-rc.3", "1.x", ">=1.7.0 <2.0.0"),
    ],
)
def test_versions_go_up_to_the_next_major_one(version: str, alone: str, after_others: str) -> None:
    assert versions_from(version) == alone
    assert versions_from(version, others_before=True) == after_others


def test_charts_of_one_range_share_a_row_and_a_file_with_the_rows_can_be_read() -> None:
    rows = new_rows({"c": "0.x", "on": ">=1.7.0 <2.0.0", "b": "0.x"}, "10.x")
    read = read_matrix(file_text(rows).encode(), "compatibility.yaml", known=known_matrix()).rows
    assert [(row.charts, str(row.versions), str(row.sonataflow)) for row in read] == [
        (("b", "c"), "0.x", "10.x"),
        (("on",), ">=1.7.0 <2.0.0", "10.x"),
    ]


def test_a_row_is_indented_as_a_whole() -> None:
    row = NewRow(charts=("*",), versions="1.3.x", operator="1.3.x", kind="orchestrator")
    assert rows_text([row], 3) == '   - charts:\n       - "*"\n     versions: "1.3.x"\n     orchestrator: "1.3.x"\n'
