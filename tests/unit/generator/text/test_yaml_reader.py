"""YAML and JSON with positions, and what is refused."""

from __future__ import annotations

import functools
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.findings.errors import FindingsError
from generator.findings.finding import Finding
from generator.text.yaml_reader import MAX_ALIASED_NODES, MAX_BYTES, MAX_DEPTH, Document, Node, decode, parse
from tests.unit.conftest import findings_of


def read(text: str | bytes, path: str = "a.yaml") -> Document:
    return parse(text.encode() if isinstance(text, str) else text, path)


def plain(text: str | bytes, path: str = "a.yaml") -> Any:
    return read(text, path).root.plain()


def why(text: str | bytes, path: str = "a.yaml") -> Finding:
    """The one finding that a text is refused with."""
    with pytest.raises(FindingsError) as caught:
        read(text, path)
    (finding,) = caught.value.findings
    return finding


def at(document: Document, *path: str | int) -> tuple[int, int]:
    node: Node = document.root
    for step in path:
        node = node.value[step]
    return node.line, node.column


YAML = """\
# a comment
id: greeting
states:
  - name: Größe
    next: {a: 1, b: [x, y]}
  - name: B
    text: |
      one
      two
"""
JSON = """\
{
  "id": "greeting",
  "states": [
    {"name": "A", "next": {"a": 1, "b": ["x", "y"]}},
    {"name": "B"}
  ]
}
"""


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ((), (2, 1)),
        (("id",), (2, 5)),
        (("states", 0), (4, 5)),
        (("states", 0, "name"), (4, 11)),
        (("states", 0, "next", "b", 1), (5, 25)),
        (("states", 1, "text"), (7, 11)),
    ],
)
def test_a_yaml_value_has_the_line_and_column_that_an_editor_shows(
    path: tuple[str | int, ...], expected: tuple[int, int]
) -> None:
    assert at(read(YAML), *path) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ((), (1, 1)),
        (("id",), (2, 9)),
        (("states",), (3, 13)),
        (("states", 0, "next", "b"), (4, 41)),
        (("states", 0, "next", "b", 1), (4, 47)),
        (("states", 1, "name"), (5, 14)),
    ],
)
def test_a_json_value_has_the_line_and_column_that_an_editor_shows(
    path: tuple[str | int, ...], expected: tuple[int, int]
) -> None:
    assert at(read(JSON, "a.json"), *path) == expected


def test_keys_have_positions_of_their_own() -> None:
    assert read(YAML).root.keys == {"id": (2, 1), "states": (3, 1)}
    assert read(JSON, "a.json").root.keys == {"id": (2, 3), "states": (3, 3)}


def test_a_column_counts_characters_not_bytes() -> None:
    assert at(read("[äöü, x]"), 1) == (1, 7)


@pytest.mark.parametrize("path", ["a.yaml", "a.json"])
def test_a_byte_order_mark_moves_no_position(path: str) -> None:
    assert at(read(b'\xef\xbb\xbf{"a": 1}', path), "a") == (1, 7)


@pytest.mark.parametrize("path", ["a.yaml", "a.json"])
def test_crlf_lines_have_the_positions_of_lf_lines(path: str) -> None:
    assert at(read('{"a": 1,\r\n "b": 2}', path), "b") == (2, 7)


def test_json_indented_with_tabs_keeps_its_positions() -> None:
    assert at(read('{\n\t"a":\t{"b": 1}}', "a.json"), "a", "b") == (2, 13)


def test_json_with_a_key_too_long_for_a_yaml_parser_is_read_all_the_same() -> None:
    assert plain('{"' + "k" * 1100 + '": 1, "b": [2]}', "a.json") == {"k" * 1100: 1, "b": [2]}


def test_walk_gives_every_node_in_the_order_it_was_written() -> None:
    assert [node.value for node in read("a: [1, {b: 2}]\nc: 3").root.walk() if isinstance(node.value, int)] == [1, 2, 3]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on", "on"),
        ("yes", "yes"),
        ("No", "No"),
        ("y", "y"),
        ("2026-01-01", "2026-01-01"),
        ("1:30", "1:30"),
        ("1_000", "1_000"),
        ("0b11", "0b11"),
        ("=", "="),
        ("true", True),
        ("False", False),
        ("~", None),
        ("null", None),
        ("", None),
        ("010", 10),
        ("0o17", 15),
        ("0x1F", 31),
        ("-7", -7),
        ("12345678901234567890123", 12345678901234567890123),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("1.10", 1.1),
        ("+1.5E-2", 0.015),
        ("1.2.3", "1.2.3"),
        ("'1'", "1"),
        ('"true"', "true"),
        ("!!str 1", "1"),
        ("! x", "x"),
    ],
)
def test_scalars_follow_the_yaml_1_2_core_schema(text: str, value: object) -> None:
    found = plain(f"k: {text}")["k"]
    assert found == value
    assert type(found) is type(value)


def test_a_number_keeps_its_text() -> None:
    assert read("k: 1.10").root.value["k"].text == "1.10"
    assert read('{"k": 1.10}', "a.json").root.value["k"].text == "1.10"


def test_an_integer_of_a_thousand_digits_stays_exact() -> None:
    digits = "7" * 1000
    assert plain(f"k: {digits}")["k"] == int(digits)


def test_text_of_a_json_string_is_its_value() -> None:
    node = read(r'{"k": "\ud83d\ude00 \\ud83d"}', "a.json").root.value["k"]
    assert node.value == "😀 \\ud83d"
    assert node.text == node.value


def test_a_merge_key_is_merged_and_the_own_key_wins() -> None:
    assert plain("base: &b {x: 1, y: 2}\nown:\n  y: 3\n  <<: *b\n")["own"] == {"x": 1, "y": 3}
    assert plain("base: &b {x: 1, y: 2}\nown:\n  <<: *b\n  y: 3\n")["own"] == {"x": 1, "y": 3}


def test_a_merge_key_in_quotes_is_a_key_like_any_other() -> None:
    assert plain('"<<": {x: 1}') == {"<<": {"x": 1}}


def test_an_alias_is_the_value_of_its_anchor() -> None:
    assert plain("a: &x [1, 2]\nb: *x\n") == {"a": [1, 2], "b": [1, 2]}


@pytest.mark.parametrize(("path", "line", "column"), [("a.yaml", 3, 1), ("a.json", 3, 1)])
def test_a_duplicate_key_is_found_where_it_stands_and_names_the_first(path: str, line: int, column: int) -> None:
    text = '{\n"a": 1,\n"a": 2}' if path == "a.json" else "b: 0\na: 1\na: 2\n"
    (finding,) = read(text, path).findings
    assert (finding.rule, finding.line, finding.column) == ("duplicate-key", line, column)
    assert finding.message == "the key 'a' is repeated here (first on line 2); keep one"


def test_a_duplicate_key_deep_inside_is_found_too() -> None:
    assert [(f.line, f.column) for f in read("a:\n  - {x: 1, x: 2}\n").findings] == [(2, 12)]


def test_the_same_key_in_two_maps_is_no_duplicate() -> None:
    assert read("- {a: 1}\n- {a: 1}\n").findings == ()


BAD = [
    ("nothing", b"", "empty-file", (1, 1), "the file is empty"),
    ("blanks", b" \n\t\n", "empty-file", (1, 1), "the file is empty"),
    ("a mark alone", b"\xef\xbb\xbf", "empty-file", (1, 1), "the file is empty"),
    ("latin-1", "a: 1\nb: é".encode("latin-1"), "encoding", (2, 4), "not UTF-8"),
    ("utf-16 with a mark", "a: 1".encode("utf-16"), "encoding", (1, 1), "not UTF-8"),
    ("utf-16 without a mark", "a: 1".encode("utf-16-le"), "encoding", (1, 2), "NUL"),
    ("binary", b"\x89PNG\r\n\x1a\n\x00\x00", "encoding", (1, 1), "not UTF-8"),
    ("NUL", b"a: 1\nb: x\0", "encoding", (2, 5), "NUL"),
]


@pytest.mark.parametrize("path", ["a.yaml", "a.json"])
@pytest.mark.parametrize(("what", "data", "rule", "where", "message"), BAD, ids=[row[0] for row in BAD])
def test_what_is_no_text_is_refused_with_its_place(
    path: str, what: str, data: bytes, rule: str, where: tuple[int, int], message: str
) -> None:
    finding = why(data, path)
    assert (finding.rule, finding.line, finding.column) == (rule, *where), what
    assert message in finding.message
    assert finding.blocking


def test_a_file_of_comments_is_refused() -> None:
    assert str(why("# one\n# two\n")) == (
        "a.yaml:1:1: error: the file contains only comments; write its content, or remove it [empty-file]"
    )


@pytest.mark.parametrize(
    ("data", "column"),
    [("äö\0".encode(), 3), ("äö".encode() + b"\xff", 3), (b"\xef\xbb\xbfab\xff", 3), (b"\xef\xbb\xbf\nab\xff", 3)],
)
def test_the_place_of_what_is_no_text_counts_characters(data: bytes, column: int) -> None:
    assert why(data).column == column


def test_the_place_of_a_control_character_counts_characters() -> None:
    assert (why("x: 1\na: é é \x07").line, why("x: 1\na: é é \x07").column) == (2, 8)


BAD_YAML = [
    ("truncated map", "a: {b: 1\n", "syntax", 2),
    ("truncated string", 'a: 1\nb: "x', "syntax", 2),
    ("truncated list", "a: [1, 2\n", "syntax", 2),
    ("tab", "a:\n\tb: 1\n", "syntax", 2),
    ("two colons", "a: b: c\n", "syntax", 1),
    ("python tag", "a: 1\nb: !!python/object/apply:os.system [ls]\n", "syntax", 2),
    ("own tag", "a: !mine 1\n", "syntax", 1),
    ("binary tag", "a: !!binary aGk=\n", "syntax", 1),
    ("set tag", "a: !!set {x}\n", "syntax", 1),
    ("two documents", "a: 1\n---\nb: 2\n", "syntax", 2),
    ("unknown alias", "a: *b\n", "syntax", 1),
    ("list as a key", "a: 1\n? [x]\n: 2\n", "syntax", 2),
    ("infinity", "a: .inf\n", "syntax", 1),
    ("no number", "a: .NaN\n", "syntax", 1),
    ("number over a double", "a: 1e400\n", "syntax", 1),
    ("surrogate half", 'a: "\\ud800"\n', "syntax", 1),
    ("alias of itself", "a: &a [1, *a]\n", "syntax", 1),
    ("alias of a map above", "a: &a\n  b:\n    c: *a\n", "syntax", 3),
]


@pytest.mark.parametrize(("what", "text", "rule", "line"), BAD_YAML, ids=[row[0] for row in BAD_YAML])
def test_bad_yaml_is_refused_with_its_line(what: str, text: str, rule: str, line: int) -> None:
    finding = why(text)
    assert (finding.rule, finding.line) == (rule, line), what
    assert "\n" not in str(finding)


def test_a_tag_is_named_in_the_refusal() -> None:
    assert "tag:yaml.org,2002:python/object/apply:os.system" in why("a: !!python/object/apply:os.system [ls]").message


def test_an_alias_of_itself_is_named_in_the_refusal() -> None:
    assert str(why("x: &loop\n  - *loop\n")) == ("a.yaml:2:5: error: *loop refers to itself; remove the cycle [syntax]")


BAD_JSON = [
    ("truncated", '{\n"a": 1', "syntax", 2),
    ("trailing comma", '{\n"a": 1,}', "syntax", 2),
    ("comment", '{"a": 1}\n// x', "syntax", 2),
    ("YAML", "a: 1", "syntax", 1),
    ("two documents", "{}\n{}", "syntax", 2),
    ("no number", '{"a": NaN}', "syntax", 1),
    ("infinity", '{"a": -Infinity}', "syntax", 1),
    ("number over a double", '{"a": 1e400}', "syntax", 1),
    ("first half of a pair", '{"a": "\\ud800"}', "encoding", 1),
    ("second half of a pair", '{"a": ["\\udfff"]}', "encoding", 1),
    ("half in a key", '{"\\ud83d": 1}', "encoding", 1),
    ("10,000 digits", '{"a": ' + "1" * 10_000 + "}", "syntax", 1),
]


@pytest.mark.parametrize(("what", "text", "rule", "line"), BAD_JSON, ids=[row[0] for row in BAD_JSON])
def test_bad_json_is_refused_with_its_line(what: str, text: str, rule: str, line: int) -> None:
    finding = why(text, "a.json")
    assert (finding.rule, finding.line) == (rule, line), what
    assert "\n" not in str(finding)


def test_a_surrogate_pair_in_json_is_one_character() -> None:
    assert plain(r'{"a": "\ud83d\ude00"}', "a.json") == {"a": "😀"}


def test_a_number_over_a_double_is_called_too_large_in_both_forms() -> None:
    assert "1e400" in why("a: 1e400").message
    assert "1e400" in why('{"a": 1e400}', "a.json").message


DEEP = [
    ("a.yaml", "[" * 100_000),
    ("a.yaml", "- " * 100_000),
    ("a.yaml", "{a: " * 100_000),
    ("a.yaml", "? " * 100_000),
    ("a.json", "[" * 100_000 + "]" * 100_000),
    ("a.json", '{"a":' * 100_000 + "1" + "}" * 100_000),
]


@pytest.mark.parametrize(("path", "text"), DEEP, ids=[f"{path} {text[:5]}" for path, text in DEEP])
def test_a_hundred_thousand_levels_are_refused_as_too_deep(path: str, text: str) -> None:
    finding = why(text, path)
    assert finding.rule == "depth"
    assert finding.message == "nested deeper than 100 levels"


@pytest.mark.parametrize("path", ["a.yaml", "a.json"])
def test_a_hundred_levels_are_read_and_one_more_is_refused(path: str) -> None:
    assert plain("[" * MAX_DEPTH + "]" * MAX_DEPTH, path)
    finding = why("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1), path)
    assert (finding.rule, finding.line, finding.column) == ("depth", 1, MAX_DEPTH + 1)


def test_json_whose_positions_are_unknown_is_refused_as_too_deep_all_the_same() -> None:
    text = '{"' + "k" * 1100 + '": 1,\n "b": ' + "[" * 600 + "]" * 600 + "}"
    assert why(text, "a.json").rule == "depth"


def test_aliases_do_not_add_up_to_more_levels_than_are_allowed() -> None:
    lines = ["a0: &a0 " + "[" * 90 + "]" * 90]
    lines += [f"a{n}: &a{n} " + "[" * 90 + f"*a{n - 1}" + "]" * 90 for n in range(1, 40)]
    assert why("\n".join(lines)).rule == "depth"


def test_a_yaml_bomb_is_refused_with_the_figure() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    finding = why("\n".join(lines))
    assert finding.rule == "size"
    assert f"{MAX_ALIASED_NODES:,}" in finding.message


def test_a_moderate_use_of_aliases_is_read() -> None:
    lines = ["a0: &a0 [x, x, x, x, x]", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 10))]
    assert len(plain("\n".join(lines))) == 10


@pytest.mark.parametrize(
    ("path", "text"), [("a.yaml", "a: [1, 2]\nb: 3\nc: 4\n"), ("a.json", '{"a": [1, 2, 3, 4, 5, 6, 7]}')]
)
def test_a_file_of_too_many_values_is_refused_with_the_limit(path: str, text: str) -> None:
    assert parse(text.encode(), path, max_values=10).findings == ()
    (finding,) = findings_of(lambda: parse(text.encode(), path, max_values=7))
    assert (finding.rule, finding.blocking) == ("size", True)
    assert finding.message == "more than 7 keys and values; remove some, or split the file"


def test_where_a_file_becomes_too_long_is_told() -> None:
    (finding,) = findings_of(lambda: parse(b"- 1\n- 2\n- 3\n- 4\n", "a.yaml", max_values=3))
    assert (finding.line, finding.column) == (4, 3)


def test_a_file_over_the_limit_is_refused_with_its_size_and_the_limit() -> None:
    finding = why(b"a" * (MAX_BYTES + 1))
    assert finding.rule == "size"
    assert finding.message == "3,145,729 bytes; at most 3,145,728 are read; split the file"


def test_the_limit_may_be_another_one() -> None:
    assert parse(b"a: 1", "a.yaml", max_bytes=4).root.plain() == {"a": 1}
    with pytest.raises(FindingsError, match="5 bytes; at most 4"):
        parse(b"a: 12", "a.yaml", max_bytes=4)


def test_a_file_that_ends_in_json_is_read_as_json_alone() -> None:
    assert plain("{a: 1}", "a.yaml") == {"a": 1}
    assert why("{a: 1}", "a.json").message.startswith("not well-formed JSON")


@pytest.mark.parametrize(
    ("text", "kind"),
    [("{}", "a map"), ("[]", "a list"), ("x", "a string"), ("true", "a boolean"), ("1", "a number"), ("~", "nothing")],
)
def test_a_value_has_a_name_for_its_kind(text: str, kind: str) -> None:
    assert read(text).root.kind == kind


def test_decode_gives_text_without_its_mark_and_with_its_line_ends() -> None:
    assert decode(b"\xef\xbb\xbfa\r\nb", "x") == "a\r\nb"


@given(st.binary(max_size=400) | st.text(max_size=200).map(str.encode))
@settings(max_examples=200)
@pytest.mark.parametrize("path", ["a.yaml", "a.json"])
def test_arbitrary_bytes_are_read_or_refused_with_findings(path: str, data: bytes) -> None:
    findings = findings_of(functools.partial(plain, data, path))
    assert all(finding.line and finding.column for finding in findings)


@given(st.text(alphabet="-?:,[]{}#&*!|>'\"%@` \n\t01eab.~<", max_size=60))
@settings(max_examples=200)
def test_arbitrary_indicators_are_read_or_refused_with_findings(text: str) -> None:
    assert len(findings_of(functools.partial(plain, text))) <= 1


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text('abc<. "\\/é😀'), inner, max_size=4),
    max_leaves=12,
)


@given(json_values, st.sampled_from([None, 2, "\t"]), st.booleans())
def test_what_json_writes_is_read_back(value: Any, indent: int | str | None, escaped: object) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=bool(escaped))
    found = plain(text, "a.json")
    assert found == value
    assert json.dumps(found) == json.dumps(value)
