"""Pages of other people's workflows: each comes out, the same each time, and shows no text of theirs as HTML."""

from __future__ import annotations

from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from generator.chart.page import page, section
from generator.contracts.inputs import inputs
from pipeline.workspace.workflows import read_folder
from tests.conftest import SHARED

FOLDERS = sorted(
    path.relative_to(SHARED / "corpus").as_posix()
    for kind in ("workflows", "spec")
    for path in (SHARED / "corpus" / kind).glob("*")
    if path.name != "shared"
) or ["no data"]


@pytest.mark.parametrize("name", FOLDERS)
def test_a_real_workflow_has_a_page(name: str, shared: Path) -> None:
    folder = shared / "corpus" / name
    workflow = read_folder(folder)
    path = folder / "README.md"
    readme = path.read_text(encoding="utf-8") if path.is_file() else ""
    text = page(workflow, readme, "../folder")
    assert text == page(read_folder(folder), readme, "../folder")
    ours = text.replace(section(readme, "Try it") or "\0", "")
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(ours)
    parts = [part for token in tokens for part in (token, *(token.children or ()))]
    assert [part.content for part in parts if part.type in ("html_block", "html_inline")] == []
    headings = [token.content for token, before in zip(tokens[1:], tokens, strict=False) if before.tag == "h2"]
    assert {"Inputs", "Install", "Try it"} <= set(headings)
    cells = [part.content for part in parts if part.type == "code_inline"]
    assert {row.path for row in inputs(workflow)} <= set(cells)
