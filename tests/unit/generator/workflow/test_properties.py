"""Java properties, and the variables that a workflow expects from outside."""

from __future__ import annotations

import javaproperties
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.findings.errors import FindingsError
from generator.workflow.properties import (
    MAX_LINES,
    Expression,
    Property,
    Variable,
    environment_name,
    expressions,
    parse_properties,
    secret_values,
    variables,
    with_property,
)
from tests.unit.conftest import MINIMAL, defined, findings_of, workflow


def entries(text: str) -> dict[str, str]:
    return {entry.key: entry.value for entry in parse_properties(text.encode(), "p").entries}


def effective(text: str) -> dict[str, str]:
    return parse_properties(text.encode(), "p").effective()


def lines(text: str) -> dict[str, int]:
    return {entry.key: entry.line for entry in parse_properties(text.encode(), "p").entries}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a=1", {"a": "1"}),
        ("a = 1", {"a": "1"}),
        ("a:1", {"a": "1"}),
        ("a : 1", {"a": "1"}),
        ("a 1", {"a": "1"}),
        ("a\t1", {"a": "1"}),
        ("  a=1  ", {"a": "1  "}),
        ("a", {"a": ""}),
        ("a=", {"a": ""}),
        ("a=b=c:d", {"a": "b=c:d"}),
        ("a\\:b\\=c\\ d=1", {"a:b=c d": "1"}),
        ("a=1\\\n   2\\\n\t3", {"a": "123"}),
        ("a=1\\\r\n2\r\nb=3", {"a": "12", "b": "3"}),
        ("a=1\\\\\nb=2", {"a": "1\\", "b": "2"}),
        ("a=\\t\\n\\u00e9\\q", {"a": "\t\néq"}),
        ("a=\\uD83D\\uDE00", {"a": "😀"}),
        ("# a=1\n! b=2\nc=3 # no comment", {"c": "3 # no comment"}),
        ("# a \\\nb=2", {"b": "2"}),
        ("a=é", {"a": "é"}),
        ("a=1\na=2", {"a": "2"}),
        ("a=1\rb=2", {"a": "1", "b": "2"}),
        ("\n\n  \n", {}),
        ("", {}),
    ],
)
def test_properties_are_read_as_java_reads_them(text: str, expected: dict[str, str]) -> None:
    assert entries(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a=1\n\n# c\nb=2\n", {"a": 1, "b": 4}),
        ("a=1\\\n  2\\\n  3\nb=2", {"a": 1, "b": 4}),
        ("a=1\r\n\r\nb=2", {"a": 1, "b": 3}),
        ("# c \\\n# d\nb=2", {"b": 3}),
        ("a=1\n\fb=2\nc=3", {"a": 1, "b": 2, "c": 3}),
        ("a=1\u20282\nb=3", {"a": 1, "b": 2}),
        ("a=x\x85y\nb=3", {"a": 1, "b": 2}),
    ],
)
def test_a_property_has_the_line_that_an_editor_shows(text: str, expected: dict[str, int]) -> None:
    assert lines(text) == expected


def test_a_byte_order_mark_is_no_part_of_the_first_key() -> None:
    assert parse_properties(b"\xef\xbb\xbfa=1", "p").entries[0].key == "a"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("%prod.a=2\na=1", {"a": "2"}),
        ("a=1\n%prod.a=2", {"a": "2"}),
        ("a=1\n%dev.a=2", {"a": "1"}),
        ("%dev.a=2\n%test.b=3", {}),
        ("%{prod,dev}.a=2", {"a": "2"}),
        ("%{dev,test}.a=2", {}),
        ("%prod.a.b.c=2", {"a.b.c": "2"}),
        ("%production.a=2", {}),
        ('"%prod".a=2', {'"%prod".a': "2"}),
    ],
)
def test_the_production_profile_wins_and_others_do_not_count(text: str, expected: dict[str, str]) -> None:
    assert effective(text) == expected


def test_control_characters_of_a_comment_are_spelled_out_but_tabs() -> None:
    (entry,) = parse_properties(b"# \x1b[31mred\tor\x07 not\na=1\n", "p").entries
    assert entry.comment == "\\x1b[31mred\tor\\x07 not"


def test_the_comment_lines_right_above_a_property_are_its_comment() -> None:
    text = "# lost\n\n# one\n! two\na=1\nb=2\n"
    assert [(e.key, e.comment) for e in parse_properties(text.encode(), "p").entries] == [("a", "one two"), ("b", "")]


@pytest.mark.parametrize(("text", "line"), [("a=1\nb=\\u12\n", 2), ("a=1\\\n2\nb=\\uxyzw", 3)])
def test_a_malformed_escape_is_refused_with_its_line(text: str, line: int) -> None:
    with pytest.raises(FindingsError) as caught:
        parse_properties(text.encode(), "app.properties")
    (finding,) = caught.value.findings
    assert (finding.path, finding.line, finding.rule) == ("app.properties", line, "syntax")
    assert "four hexadecimal digits" in finding.message


@pytest.mark.parametrize("data", ["a=é".encode("latin-1"), "a=1".encode("utf-16"), b"a=\0"])
def test_properties_that_are_no_text_are_refused(data: bytes) -> None:
    with pytest.raises(FindingsError, match="encoding"):
        parse_properties(data, "p")


def test_properties_of_too_many_lines_are_refused_with_their_number() -> None:
    assert len(parse_properties(b"a=1\n" * (MAX_LINES - 1), "p").entries) == MAX_LINES - 1
    (finding,) = findings_of(lambda: parse_properties(b"a=1\r\n" * MAX_LINES, "p"))
    assert (finding.rule, finding.blocking) == ("size", True)
    assert finding.message == "10,001 lines; at most 10,000 are read; remove some"


def test_half_of_a_surrogate_pair_is_refused_as_no_file_can_hold_it() -> None:
    with pytest.raises(FindingsError, match="p:2:1"):
        parse_properties(b"a=1\nb=\\ud800\n", "p")


@given(st.binary(max_size=200) | st.text("ab=:\\u0d#!% \n\r\t\f{}.", max_size=80).map(str.encode))
@settings(max_examples=200)
def test_arbitrary_bytes_are_read_or_refused_with_findings(data: bytes) -> None:
    if not findings_of(lambda: parse_properties(data, "p")):
        numbers = [entry.line for entry in parse_properties(data, "p").entries]
        assert numbers == sorted(numbers)


characters = st.characters(exclude_categories=["Cs"], exclude_characters="\0")


@given(st.dictionaries(st.text(characters, max_size=12), st.text(characters, max_size=20), max_size=6))
@settings(max_examples=150)
def test_what_a_java_writer_wrote_is_read_back(values: dict[str, str]) -> None:
    assert entries(javaproperties.dumps(values)) == values
    assert entries(javaproperties.dumps(values, ensure_ascii=False, separator=" : ")) == values


@pytest.mark.parametrize(
    ("text", "expected"), [("", "x=1\n"), ("a=1", "a=1\nx=1\n"), ("a=1\n", "a=1\nx=1\n"), ("a=1\r\n", "a=1\r\nx=1\n")]
)
def test_a_line_more_stands_on_a_line_of_its_own(text: str, expected: str) -> None:
    assert with_property(text, "x=1") == expected


def found(text: str, secret_keys: tuple[str, ...] = ()) -> list[tuple[str, str | None]]:
    listed = variables(parse_properties(text.encode(), "p"), secret_keys, ())
    return [(variable.name, variable.default) for variable in listed]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a=${VAR}", [("VAR", None)]),
        ("a=${VAR:x}", [("VAR", "x")]),
        ("a=${VAR:}", [("VAR", "")]),
        ("a=${VAR:http://x:80}", [("VAR", "http://x:80")]),
        ("a=http://${B}:${A}/x", [("A", None), ("B", None)]),
        ("a=${X}\nb=${X:1}", [("X", None)]),
        ("a=${X:2}\nb=${X:1}", [("X", "1")]),
        ("a=${X:1}", [("X", "1")]),
        ("# a=${VAR}\n! ${VAR}", []),
        ("a=$${VAR}", []),
        ("a=\\\\${VAR}", []),
        ("a=$VAR {VAR} ${}", []),
        ("a=1\nb=${a}", []),
        ("%prod.a=1\nb=${a}", []),
        ("%dev.a=1\nb=${a}", [("a", None)]),
        ("b=${my.own-name}", [("MY_OWN_NAME", None)]),
        ("%dev.a=${VAR}", []),
        ("a=${OLD}\n%prod.a=${NEW}", [("NEW", None)]),
        ("a=${A:${B}}", [("A", "${B}"), ("B", None)]),
        ("a=${A:${B:x}}", [("A", "${B:x}"), ("B", "x")]),
        ("a=${ VAR }", [("VAR", None)]),
        ("a=x\\\n  ${VAR}", [("VAR", None)]),
    ],
)
def test_a_reference_in_a_value_is_a_variable(text: str, expected: list[tuple[str, str | None]]) -> None:
    assert found(text) == expected


def test_a_default_that_holds_control_characters_is_a_default() -> None:
    assert found("a=${A:x\\u00000\\u0000}") == [("A", "x\0000\0")]
    assert found("a=${A:x\\u00000}") == [("A", "x\0000")]


@given(st.text("${}:AB\\u0 .\n=", max_size=30))
def test_any_value_names_its_variables(value: str) -> None:
    listed = variables(parse_properties(javaproperties.dumps({"key": value}).encode(), "p"), (), ())
    assert [variable.name for variable in listed] == sorted({variable.name for variable in listed})
    assert all(variable.name for variable in listed)


@pytest.mark.parametrize("text", ["a=${TOKEN}", "a=${TOKEN:x}", "a=${token}", "a=${token:x}"])
def test_a_key_of_the_secret_is_no_variable(text: str) -> None:
    assert found(text, ("TOKEN",)) == []


def test_a_dotted_key_of_the_secret_is_no_variable_under_its_environment_name() -> None:
    assert found("a=${MY_TOKEN}\nb=${my.token}", ("my.token",)) == []


def test_a_variable_says_what_stands_above_it_in_the_file() -> None:
    properties = parse_properties(b"# The tracker's address.\n%prod.url=${JIRA_URL}\n", "p")
    assert variables(properties, (), ()) == (Variable(name="JIRA_URL", comment="The tracker's address."),)


def of(condition: str, files: dict[str, str] | None = None) -> list[str]:
    """The variables of a workflow with this text in its definition."""
    state = {**MINIMAL["states"][0], "stateDataFilter": {"input": condition}}
    return [variable.name for variable in defined({"states": [state]}, files).variables()]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$SECRET.VAR", ["VAR"]),
        ("$SECRET . VAR", ["VAR"]),
        ('$SECRET["my.key"]', ["MY_KEY"]),
        ('$SECRET."VAR"', ["VAR"]),
        ('$SECRET.["VAR"]', ["VAR"]),
        ("$SECRET.A + $SECRET.B + $SECRET.A", ["A", "B"]),
        ("$SECRET.portal.url", ["PORTAL_URL"]),
        ('$SECRET["portal"]["url"]', ["PORTAL_URL"]),
        ('$SECRET.portal."base-url"?', ["PORTAL_BASE_URL"]),
        ("$SECRET.VAR | .name", ["VAR"]),
        ("$SECRET.VAR + .name", ["VAR"]),
        ('"$SECRET.VAR. Then more"', ["VAR"]),
        ("$SECRETS.VAR", []),
        ("SECRET.VAR", []),
        ("$CONST.VAR", []),
    ],
)
def test_a_secret_that_the_definition_reads_is_a_variable(text: str, expected: list[str]) -> None:
    assert of(f"${{ {text} }}") == expected


@pytest.mark.parametrize(
    "files",
    [
        {"secret.properties": "VAR="},
        {"application.properties": "VAR=1"},
        {"application.properties": "%prod.VAR=1"},
    ],
)
def test_a_secret_that_has_a_value_in_the_folder_is_no_variable(files: dict[str, str]) -> None:
    assert of("$SECRET.VAR", files) == []


@pytest.mark.parametrize(
    "text",
    [
        "$SECRET.portal.url",
        '$SECRET["portal.url"]',
        '$SECRET."portal"["url"]',
        "$SECRET.portal.url?",
        "$SECRET.portal | .url",
        "$SECRET.portal as $p | $p.url",
        "$SECRET.portal[.name]",
        "$SECRET.portal.url.length",
    ],
)
@pytest.mark.parametrize("file", ["application.properties", "secret.properties"])
def test_a_secret_with_dots_is_the_property_of_that_name_and_no_variable(text: str, file: str) -> None:
    assert of(text, {file: "portal.url=x\n"}) == []


def test_a_secret_with_dots_asks_only_for_what_its_property_needs() -> None:
    assert of("$SECRET.portal.url", {"application.properties": "portal=x\nportal.url=${URL}\n"}) == ["URL"]


def test_a_secret_in_a_comment_of_the_definition_is_no_variable() -> None:
    text = "# was $SECRET.OLD\nid: g\nversion: '1'\nstates: [{name: $SECRET.NEW, type: inject, data: {}, end: true}]\n"
    assert [v.name for v in workflow({"g.sw.yaml": text}).variables()] == ["NEW"]


def test_a_subflow_adds_its_variables() -> None:
    subflow = "id: s\nversion: '1'\nstates: [{name: $SECRET.DEEP, type: inject, data: {}, end: true}]\n"
    assert [v.name for v in workflow({"subflows/s.sw.yaml": subflow}).variables()] == ["DEEP"]


@pytest.mark.parametrize(
    ("key", "name"), [("A_B", "A_B"), ("my.token-file", "MY_TOKEN_FILE"), ('a."b c"', "A__B_C_"), ("a1", "A1")]
)
def test_a_property_is_looked_up_by_its_environment_name(key: str, name: str) -> None:
    assert environment_name(key) == name


def test_the_values_of_the_secret_come_by_key_as_production_sees_them() -> None:
    properties = parse_properties(b"b=2\na=1\n%prod.b=3\n%dev.c=4\n", "secret.properties")
    assert list(secret_values(properties).items()) == [("a", "1"), ("b", "3")]


def only(text: str) -> Property:
    (entry,) = parse_properties(text.encode(), "p").entries
    return entry


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("a=1", (1, 1), (1, 3)),
        ("  a = 1", (1, 3), (1, 7)),
        ("# why\n\na : 1", (3, 1), (3, 5)),
        ("a\\:b\\= 1", (1, 1), (1, 8)),
        ("a 1", (1, 1), (1, 3)),
        ("a", (1, 1), (1, 2)),
        ("a=", (1, 1), (1, 3)),
        ("a=\\\n   1", (1, 1), (2, 4)),
        ("a\\\r\n =1", (1, 1), (2, 3)),
        ("\\u00e9=1", (1, 1), (1, 8)),
    ],
)
def test_a_property_knows_where_its_key_and_its_value_are_written(
    text: str, key: tuple[int, int], value: tuple[int, int]
) -> None:
    assert (only(text).key_place(), only(text).value_place()) == (key, value)


@pytest.mark.parametrize(
    ("text", "offset", "place"),
    [
        ("a=http://${X}", 7, (1, 10)),
        ("a=1\\\n   ${X}", 1, (2, 4)),
        ("a=\\u00e9${X}", 1, (1, 9)),
        ("a=\\uD83D\\uDE00${X}", 1, (1, 15)),
        ("a=\\:\\t${X}", 2, (1, 7)),
    ],
)
def test_each_character_of_a_value_has_its_place(text: str, offset: int, place: tuple[int, int]) -> None:
    entry = only(text)
    assert entry.value[offset:].startswith("${X}")
    assert entry.value_place(offset) == place


@given(st.text(alphabet="ab= :\\\n\r\t\f#!u0é😀", max_size=20))
def test_what_stands_at_the_place_of_a_character_is_that_character_or_its_escape(text: str) -> None:
    try:
        read = parse_properties(text.encode(), "p").entries
    except FindingsError:
        return
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for entry in read:
        places = [(entry.key_place(i), c) for i, c in enumerate(entry.key)]
        places += [(entry.value_place(i), c) for i, c in enumerate(entry.value)]
        for (line, column), character in places:
            written = lines[line - 1][column - 1]
            assert written in (character, "\\"), (text, entry, line, column)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("x${A}y", [Expression(start=1, name="A")]),
        ("${A:b}", [Expression(start=0, name="A", default="b")]),
        ("${A:${B}}", [Expression(start=4, name="B"), Expression(start=0, name="A", default="${B}")]),
        ("${A", [Expression(start=0, name="A", closed=False)]),
        ("${A:${B}", [Expression(start=4, name="B"), Expression(start=0, name="A", default="${B}", closed=False)]),
        ("\\${A} $${B} } ${}", []),
    ],
)
def test_the_expressions_of_a_value(value: str, expected: list[Expression]) -> None:
    assert list(expressions(value)) == expected


def test_a_property_knows_its_profiles() -> None:
    assert (only("%{prod,dev}.a=1").bare_key, only("%{prod,dev}.a=1").profiles) == ("a", ("prod", "dev"))
    assert (only("%test.a.b=1").bare_key, only("%test.a.b=1").profiles) == ("a.b", ("test",))
    assert (only("a.b=1").bare_key, only("a.b=1").profiles) == ("a.b", ())
