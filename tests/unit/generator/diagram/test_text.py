"""Text whose font we do not know: how wide it is at most, how it is broken, and what is spelled out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.diagram.text import duration, expression, is_measured, printable, shortened, width, wrapped


@pytest.mark.parametrize(
    ("text", "room", "lines"),
    [
        ("Wait", 200.0, ("Wait",)),
        ("CheckMandatoriesIncidents", 150.0, ("CheckMandatories", "Incidents")),
        ("read the issue again", 90.0, ("read the", "issue again")),
        ("snake_case_name_here", 110.0, ("snake_case_", "name_here")),
        ("aaaaaaaaaaaaaaaaaaaaaaaa", 90.0, ("aaaaaaaaa", "aaaaaaaa…")),
        ("", 90.0, ("",)),
    ],
)
def test_a_text_is_broken_where_words_and_humps_begin(text: str, room: float, lines: tuple[str, ...]) -> None:
    assert wrapped(text, room, 14.0, lines=2) == lines


@given(st.text(max_size=80), st.integers(1, 3), st.booleans())
def test_every_line_fits_its_room(text: str, lines: int, bold: bool) -> None:  # noqa: FBT001 - hypothesis gives it so
    broken = wrapped(text, 100.0, 14.0, lines=lines, bold=bold)
    assert 1 <= len(broken) <= lines
    assert [line for line in broken if width(line, 14.0, bold=bold) > 100.0] == []
    kept = "".join(broken).replace(" ", "").removesuffix("…")
    assert printable(text).replace(" ", "").startswith(kept)


@given(st.text(alphabet=st.characters(exclude_categories=[])))
def test_what_cannot_be_seen_or_written_is_spelled_out(text: str) -> None:
    said = printable(text)
    assert said.isprintable()
    said.encode()


def test_a_letter_is_as_wide_with_an_accent_as_without() -> None:
    assert width("Größe", 12.0) > width("Große".replace("ß", "s"), 12.0)
    assert width("é", 12.0) == width("e", 12.0)
    assert is_measured("Frühstück")
    assert not is_measured("朝食")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("PT30S", "30 s"),
        ("PT1M30S", "1 min 30 s"),
        ("P1DT2H", "1 d 2 h"),
        ("PT0.5S", "0.5 s"),
        ("P2W", "2 w"),
        ("P", "P"),
        ("${ $SECRET.period }", "$SECRET.period"),
        ("soon", "soon"),
    ],
)
def test_a_duration_is_said_in_words(written: str, said: str) -> None:
    assert duration(written) == said


@pytest.mark.parametrize(
    ("written", "said"),
    [("${ .a == 1 }", ".a == 1"), ("${}", "${}"), ("${.a} and ${.b}", "${.a} and ${.b}"), (".a", ".a")],
)
def test_an_expression_stands_without_what_is_around_it(written: str, said: str) -> None:
    assert expression(written) == said


def test_what_is_too_long_ends_with_an_ellipsis() -> None:
    assert shortened("abcdef", 6) == "abcdef"
    assert shortened("abcdefg", 6) == "abcde…"
