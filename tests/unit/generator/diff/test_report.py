"""The report on a difference: in words for a log, in Markdown for a pull request, whatever names there are in it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from generator.diff.change import Difference, summary
from generator.diff.compare import appeared, compare
from generator.diff.markdown import MAX_CHARACTERS, Compared, markdown
from generator.diff.words import lines
from generator.findings.printable import in_one_line
from tests.unit.conftest import defined
from tests.unit.generator.diff.differing import EVENT, WAITING, F, Fields, between, call, flow, inject, snapshot

GITHUB = MarkdownIt("gfm-like", {"linkify": False})
MENTION = re.compile(r"@someone")


def pair(old: Fields, new: Fields) -> Compared:
    one, other = snapshot(defined(old)), snapshot(defined(new))
    return Compared(difference=compare(one, other), old=one, new=other)


def draw(definition: Any) -> str:
    return "flowchart TD\n" + "\n".join(f"  s{n}[{name}]" for n, name in enumerate(definition.graph.states))


def cells(text: str) -> list[list[str]]:
    """The rows of the tables, as GitHub reads them: the text of each cell."""
    rows: list[list[str]] = []
    for token in GITHUB.parse(text):
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline" and token.level > 3 and rows:
            rows[-1].append("".join(child.content for child in token.children or ()))
    return rows


def test_nothing_is_said_to_be_nothing() -> None:
    found = between({}, {})
    assert summary(found.changes) == "No differences"
    assert "No differences" in [line.text for line in lines([found])]
    assert markdown([pair({}, {})]).startswith("**No differences**")
    assert markdown([]) == "**No differences**\n"


def test_the_summary_counts_by_impact() -> None:
    found = between(flow(inject("A"), version="1"), flow(inject("A", data={"z": 1}), version="2", id="other"))
    assert summary(found.changes) == "1 breaking, 1 compatible and 2 internal changes"
    assert summary(between({}, {"id": "x"}).changes) == "1 breaking change"
    assert summary(between({}, {"id": "x", "version": "2"}).changes) == "1 breaking and 1 compatible change"


def test_a_log_s_lines_are_grouped_and_narrow() -> None:
    long = " and ".join(f".value{n} == {n}" for n in range(30))
    found = between(flow(WAITING, events=[EVENT]), flow(inject("A", data={"x": long}), id="other"))
    text = [line.text for line in lines([found])]
    assert text[0] == "greeting: here → here"
    assert [line for line in text if line.strip() in ("breaking", "internal", "running instances")] == [
        "  breaking",
        "  internal",
        "  running instances",
    ]
    assert max(len(line) for line in text if " " in line.strip() and "→" not in line) <= 110


def test_of_two_long_texts_only_what_differs_is_shown() -> None:
    before = {"x": "begin " * 30 + "some old words" + " end" * 30}
    after = {"x": "begin " * 30 + "some new words" + " end" * 30}
    text = [
        line.text.strip() for line in lines([between(flow(inject("A", data=before)), flow(inject("A", data=after)))])
    ]
    assert [line for line in text if "old" in line] == [
        "~ state 'A': data.x: …in begin begin some old words end end end e… → …in begin begin some new words end"
    ]


def test_a_pull_request_gets_a_summary_a_table_the_diagrams_and_the_raw_diff() -> None:
    text = markdown([pair(flow(WAITING, events=[EVENT]), flow(inject("A"), id="other"))], draw)
    assert text.splitlines()[0] == "**2 breaking and 3 internal changes**"
    assert cells(text)[1][:3] == ["breaking", "id", "greeting → other"]
    assert text.count("<details>") == text.count("</details>") == 2
    fences = [(token.info, token.content) for token in GITHUB.parse(text) if token.type == "fence"]
    assert [info for info, _ in fences] == ["mermaid", "mermaid", "diff"]
    assert "s0[Wait]" in fences[0][1]
    assert "s0[A]" in fences[1][1]
    assert '+  "id": "other",' in fences[2][1]
    assert "#### Running instances" in text


def test_a_workflow_that_is_too_large_to_be_drawn_has_no_diagram() -> None:
    assert "Diagrams" in markdown([pair({}, {"id": "x"})])
    assert "Diagrams" not in markdown([pair({}, {"id": "x"})], lambda _: None)


def test_a_workflow_that_came_has_no_diagram_before() -> None:
    here = snapshot(defined({}))
    text = markdown([Compared(difference=appeared(here, old="main"), old=None, new=here)], draw)
    assert "Before" not in text
    assert "After" in text
    assert "--- /dev/null" in text


HOSTILE = [
    "a|b",
    "`a`",
    "``",
    "<script>alert(1)</script>",
    "@someone",
    "![x](http://e/x)",
    "a\n\n# h",
    "\\|",
    "</details>",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_from_a_file_stays_text(name: str) -> None:
    found = pair(flow(inject("A")), flow(inject("A", name), inject(name, data={"x": name})))
    text = markdown([found], draw)
    rendered = GITHUB.render(text)
    outside_code = re.sub(r"<(code|pre)[^>]*>.*?</\1>", "", rendered, flags=re.DOTALL)
    for mark in ("<script", "<img", "<a ", "<h1"):
        assert mark not in outside_code
    assert not MENTION.search(outside_code)
    assert any(row[1] == f"state '{in_one_line(name)}'" for row in cells(text))
    assert rendered.count("<details>") == 2


@given(st.text(min_size=1, max_size=30).filter(lambda text: text.strip()))
def test_a_name_stands_in_its_cell_to_the_letter(name: str) -> None:
    try:
        name.encode()
    except UnicodeEncodeError:
        return
    text = markdown([pair(flow(inject("A")), flow(inject("A", name), inject(name)))])
    assert any(row[1] == f"state '{in_one_line(name)}'" for row in cells(text))


def many(number: int) -> list[Compared]:
    states = [inject(f"State{n}", data={f"key{m}": "x" * 60 for m in range(9)}) for n in range(number)]
    return [pair(flow(inject("Start")), flow(inject("Start"), *states))]


@pytest.mark.parametrize(
    ("number", "left_out"),
    [
        (5, None),
        (60, "the diagrams._"),
        (150, "the diagrams and the raw diff._"),
        (900, "the diagrams and the raw diff and all but 100 changes a workflow._"),
    ],
)
def test_a_report_fits_a_comment_and_says_what_it_leaves_out(number: int, left_out: str | None) -> None:
    def large(definition: Any) -> str:
        return draw(definition) + "\n%% " + "y" * 20000 * (number > 5)

    text = markdown(many(number), large)
    assert len(text) <= MAX_CHARACTERS
    assert ("Left out" in text) is (left_out is not None)
    assert left_out is None or f"comment: {left_out}" in text.splitlines()[2]


def test_hundreds_of_workflows_are_cut_at_whole_lines() -> None:
    text = markdown(many(3) * 900, draw)
    assert len(text) <= MAX_CHARACTERS
    assert text.endswith("… cut at 65,536 characters\n")


def test_a_difference_is_json_with_the_positions_of_both_sides() -> None:
    old = flow(call("A", "f"), functions=[F])
    found: Difference = between(old, flow(call("A", "f"), functions=[{**F, "operation": "specs/a.yaml#x"}]))
    (change,) = json.loads(json.dumps(found.as_json()))["changes"]
    assert (change["topic"], change["subject"], change["what"]) == ("function", "f", "operation")
    assert change["old"]["path"] == "workflows/greeting/greeting.sw.json"
    assert change["new"]["line"] == change["old"]["line"]
