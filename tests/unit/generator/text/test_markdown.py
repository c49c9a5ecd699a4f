"""Text from files in Markdown: to the letter where it is shown, and nothing else than text to a forge."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from generator.text.markdown import inert, link, plain, unlinked, without_closing

GITHUB = MarkdownIt("gfm-like", {"linkify": False, "html": True})
NOTHING = "\u200b"


def shown(markdown: str) -> str:
    """What a reader sees of a paragraph."""
    (_, inline, _) = GITHUB.parse(markdown)
    return "".join(child.content for child in inline.children or ()).replace(NOTHING, "")


@pytest.mark.parametrize(
    ("text", "linked"),
    [
        ("by @someone", "@someone"),
        ("(@acme/team)", "@acme/team"),
        ("fixes #1", "#1"),
        ("acme/other#12", "#12"),
        ("gh-7", "gh-7"),
        ("see https://e.example/x", "https://"),
        ("see www.e.example", "www.e"),
        ("see _www.e.example", "www.e"),
        ("mail a@e.example", "@e.example"),
        (":tada:", ":tada:"),
        ("!5 and %6, ~bug, &3, $2", "!5"),
        ("!5 and %6, ~bug, &3, $2", "~bug"),
        ("reverts 1d61ac2", "1d61ac2"),
        (f"reverts {'1d61ac27' * 5}", "d61ac27"),
        ("price $5 and $6", "$5"),
    ],
)
def test_what_a_forge_looks_for_is_no_longer_there_and_the_reader_sees_it_all_the_same(text: str, linked: str) -> None:
    seen = "".join(child.content for child in GITHUB.parse(inert(text))[1].children or ())
    assert linked not in seen
    assert shown(inert(text)) == text


@pytest.mark.parametrize(
    "text", ["a plain sentence", "UTF-8, SHA-256", "50 % of it", "at 12: 30", "an 'at @ sign'", "e.g. a/b"]
)
def test_other_text_stays_as_it_is(text: str) -> None:
    assert unlinked(text) == text


@pytest.mark.parametrize(
    "text",
    ["- a", "+ a", "* a", "1. a", "12) a", "# a", "> a", "---", "===", "~~~", "```", "/close", "    code", "| a |"],
)
def test_no_line_begins_a_block_or_a_command(text: str) -> None:
    assert [token.type for token in GITHUB.parse(inert(text))] == ["paragraph_open", "inline", "paragraph_close"]
    assert not inert(text).startswith("/")
    assert shown(inert(text)) == text.strip()


@pytest.mark.parametrize("text", ["'x''` <img src=y> '", "'a''b'", "'`''`'", "'a' ''b''"])
def test_names_side_by_side_stay_in_their_code_spans(text: str) -> None:
    for write in (plain, inert):
        kinds = [child.type for child in GITHUB.parse(write(text))[1].children or ()]
        assert set(kinds) <= {"code_inline", "text"}


@pytest.mark.parametrize(
    "text",
    [
        "closes #1",
        "Fixed: #12",
        "resolves acme/other#3",
        "Implements issue #4",
        "fixing https://e.example/acme/x/issues/5",
        "Closes\nPROJ-6",
    ],
)
def test_nothing_closes_an_issue_in_code_either(text: str) -> None:
    assert not re.search(r"(?i)\b(closes|fixed|fixing|resolves|implements)\b", without_closing(text))
    assert without_closing(text).replace(NOTHING, "") == text
    assert without_closing(f"`{text}`") != f"`{text}`"


def test_a_sentence_that_closes_nothing_stays() -> None:
    assert without_closing("the prefix #1, enclosed 2, fixes it") == "the prefix #1, enclosed 2, fixes it"


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "https://user:password@e.example/",
        "//e.example",
        "e.example",
        "",
        "https://",
        "http://[::1",
        "https://e.example/\u202e",
        "https://e.example/a\nb",
        " https://e.example",
    ],
)
def test_what_is_no_address_of_a_page_is_no_link(url: str) -> None:
    assert link("text", url) == "text"


@pytest.mark.parametrize("url", ["https://e.example/a(b)c", "https://e.example/<x>", "http://e.example:80/a b?c=d#e"])
def test_an_address_ends_where_it_ends(url: str) -> None:
    opened, text, closed = GITHUB.parse(f"{link('text', url)} more")[1].children[:3]  # type: ignore[index]
    assert (opened.type, text.content, closed.type) == ("link_open", "text", "link_close")


@given(st.text(alphabet=st.sampled_from("'`\\<>[]()!@#*_~&-+=/.:0a \n|$\"\u202e\u200b"), max_size=24))
def test_any_sentence_is_text_and_code(text: str) -> None:
    if not text.strip():
        return
    tokens = GITHUB.parse(inert(text))
    assert [token.type for token in tokens] in (["paragraph_open", "inline", "paragraph_close"], [])
    kinds = {child.type for token in tokens for child in token.children or ()}
    assert kinds <= {"text", "text_special", "code_inline"}
