"""`waybill matrix`: compatibility.yaml as a table."""

from __future__ import annotations

from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from generator.compatibility.matrix import known_matrix, read_matrix
from generator.compatibility.table import markdown
from tests.conftest import ROOT, Waybill


def test_the_markdown_table_has_a_line_for_each_row(waybill: Waybill) -> None:
    done = waybill("matrix", "--markdown", cwd=ROOT)
    assert done.code == 0
    html = MarkdownIt("commonmark").enable("table").render(done.out)
    matrix = read_matrix((ROOT / "compatibility.yaml").read_bytes(), "compatibility.yaml", known=known_matrix())
    assert html.count("<tr>") == 1 + len(matrix.rows)
    assert done.out == markdown(matrix)
    assert "| `mta-v7` | `0.2.37` | `1.2.x` |  |" in done.out


def test_a_range_with_bars_stays_in_its_cell(tmp_path: Path, waybill: Waybill) -> None:
    tmp_path.joinpath("compatibility.yaml").write_text(
        "rows:\n  - {charts: [a], versions: 1.x || 3.x, sonataflow: 10.x}\n"
    )
    html = MarkdownIt("commonmark").enable("table").render(waybill("matrix").out)
    assert "<td><code>1.x || 3.x</code></td>" in html


def test_json_has_operators_and_rows(waybill: Waybill) -> None:
    done = waybill("matrix", "--json", cwd=ROOT)
    assert [flow["name"] for flow in done.json["operators"]["sonataflow"]] == ["1.40", "1.43", "1.44", "1.45", "10"]
    assert done.json["operators"]["orchestrator"][0] == {"versions": "1.2.x", "sonataflow": None}
    assert done.json["operators"]["sonataflow"][0]["profiles"] == ["prod", "dev"]
    assert {"versions": ">=2", "sonataflow": "10.x"}.items() <= done.json["rows"][-5].items()


def test_without_a_file_there_are_operators_and_no_rows(waybill: Waybill) -> None:
    done = waybill("matrix", "--json")
    assert done.json["ok"] is True
    assert done.json["rows"] == []
    assert len(done.json["operators"]["sonataflow"]) == 5


@pytest.mark.parametrize("words", [[], ["--markdown"]])
def test_without_rows_there_is_a_sentence_in_the_place_of_a_bare_header(waybill: Waybill, words: list[str]) -> None:
    done = waybill("matrix", *words)
    assert done.out == "No chart has a row in the compatibility file, so nothing says which operators run it.\n"


def test_markdown_and_json_are_two_things(waybill: Waybill) -> None:
    done = waybill("matrix", "--markdown", "--json")
    assert done.code == 2
