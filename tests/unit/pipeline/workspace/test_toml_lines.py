"""The line of a key, however TOML lets it be written."""

from __future__ import annotations

import pytest

from pipeline.workspace.toml_lines import line_of


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        ("a = 1\nb = 2\n", "b", 2),
        ("b.a = 1\na = 2\n", "a", 2),
        ("# a = 1\na = 1\n", "a", 2),
        ('text = """\na = 1\n"""\na = 1\n', "a", 4),
        ("[x]\na = 1\n[y]\na = 1\n", "y.a", 4),
        ("[x]\ny.a = 1\n", "x.y.a", 2),
        ("\n[x.y]\na = 1\n", "x.y", 2),
        ("\nx = {y = {a = 1}}\n", "x.y.a", 2),
        ("'x' = 1\n\"a\" = [\n  1,\n  2\n]\n", "a", 2),
        ("a\t=\t1\r\nb = 1\r\n", "b", 2),
        ("[[x]]\na = 1\n", "x", 1),
        ('"\\u0061" = 1\n', "a", 1),
        ("a = 1\n", "none", 1),
    ],
)
def test_a_key_is_found_where_it_starts(text: str, path: str, line: int) -> None:
    assert line_of(text, path.split(".")) == line
