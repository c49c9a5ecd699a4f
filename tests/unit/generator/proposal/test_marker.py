"""The comment that tells a later run what a proposal holds: it survives people, and no text from a file is one."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from generator.proposal.marker import Marker, read_marker

MARKER = Marker(workflow="greeting", commit="0f" * 20, time="2026-11-29T05:30:00Z")
EARLIER = Marker(workflow="greeting", commit="1e" * 20, time="2026-11-28T05:30:00Z")


@given(st.text(min_size=1), st.sampled_from(["0f" * 20, "ab" * 32]))
def test_a_marker_is_read_as_it_was_written(workflow: str, commit: str) -> None:
    marker = Marker(workflow=workflow, commit=commit, time=MARKER.time)
    assert read_marker(f"text\n\n{marker}\n") == marker


@given(st.text(min_size=1))
@example("a--b")
@example("-->")
def test_no_page_shows_it(workflow: str) -> None:
    (token,) = MarkdownIt("commonmark").parse(str(Marker(workflow=workflow, commit="0f" * 20, time=MARKER.time)))
    assert token.type == "html_block"
    assert token.content.count("--") == 2
    assert token.content.isascii()
    assert not set(token.content.removeprefix("<!--").removesuffix("-->")) & set("<>@#&")


@pytest.mark.parametrize(
    "body",
    [
        f"{MARKER}",
        f"Ours.\r\n\r\n{MARKER}\r\nTheirs, from a browser.\r\n",
        f"Ours.\n\n  {MARKER}  \n\n- [ ] Theirs\n",
        f"Ours.\n\n{MARKER} LGTM",
        f"{EARLIER}\n\nCopied from the proposal before.\n\n{MARKER}\n",
        f"{MARKER}\n\n<!-- waybill: {{}} -->\n<!-- waybill: not JSON -->\n",
        str(MARKER).replace("<!-- ", "<!--\t").replace('"workflow"', '"later": [1], "workflow"'),
    ],
)
def test_a_marker_is_found_whatever_people_write_around_it(body: str) -> None:
    assert read_marker(body) == MARKER


@pytest.mark.parametrize(
    "body",
    [
        "",
        "no marker",
        f"`{MARKER}`",
        f"- {MARKER}",
        f"| {MARKER} |",
        f"    {MARKER}",
        str(MARKER).replace("greeting", ""),
        str(MARKER).replace("0f", "0g"),
        str(MARKER).replace("Z", "+01:00"),
        f"<!-- waybill: {'[' * 100_000} -->",
        f"<!-- waybill: {{{'[' * 100_000}}} -->",
        f'<!-- waybill: {{"a": {"[" * 100_000}}} -->',
        '<!-- waybill: {"workflow": null, "commit": 5, "time": {}} -->',
    ],
)
def test_what_is_no_marker_is_none(body: str) -> None:
    assert read_marker(body) is None


def test_times_sort_as_texts() -> None:
    assert EARLIER.time < MARKER.time
