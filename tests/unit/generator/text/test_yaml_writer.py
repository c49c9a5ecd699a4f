"""The YAML that is written: every parser reads it alike, also where a chart indents it further."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.text.yaml_reader import parse
from generator.text.yaml_writer import dump

STRINGS = [
    "",
    " ",
    "on",
    "yes",
    "y",
    "N",
    "null",
    "~",
    "true",
    "1e3",
    "0o17",
    "0x1F",
    "010",
    "1_000",
    "1.10",
    ".5",
    "-",
    "=",
    "<<",
    "2026-01-01",
    "1:30",
    "# no comment",
    "a # b",
    "a: b",
    "- a",
    "{{ .Values.x }}",
    "{a: 1}",
    "[1]",
    "*a",
    "&a",
    "!tag",
    "%x",
    "@x",
    "`x`",
    "'x'",
    '"x"',
    "\\n",
    "a\\",
    "tab\there",
    "größe 日本 😀",
    "\x07\x1b",
    "\x85",
    "\u2028",
    "\ufeffx",
    "\x00",
    "---",
    "...",
    "a\nb",
    "a\nb\n",
    "a\n\nb\n",
    "a\n\n",
    "a\n\n\n",
    "\n",
    "\n\n",
    "\na",
    "  a\n b\n",
    "\n  a\nb",
    "a \nb ",
    "a\t\n\tb",
    "a\n \nb",
    " \n",
    "a\r\nb\r\n",
    "a\rb",
    "---\na\n...\n",
    "# a\nb: 1\n",
    "a\u2028b\nc",
    "a\x85b\nc",
    "\ufeffa\nb",
    "a\x07\nb",
    "é\nü",
    "x" * 200 + "\n" + "y " * 200,
    "key: |\n  a\n",
]


def read(text: str) -> list[Any]:
    """What YAML 1.2 and 1.1 readers find in a text."""
    return [parse(text.encode(), "a.yaml").root.plain(), yaml.load(text, yaml.CSafeLoader), yaml.safe_load(text)]


def in_a_chart(text: str) -> str:
    """As a chart's template puts files/flow.yaml into the custom resource: Helm's nindent."""
    return "spec:\n  flow:" + "\n    " + text.replace("\n", "\n    ") + "\n"


@pytest.mark.parametrize("value", STRINGS, ids=ascii)
def test_a_string_is_read_back_as_it_was(value: str) -> None:
    for shape in ({"key": value}, {"key": [value, "z"]}, {"a": {"b": [{"key": value}]}, "z": 1}, {"y": [[value]]}):
        assert all(found == shape for found in read(dump(shape)))


@pytest.mark.parametrize("value", STRINGS, ids=ascii)
def test_a_string_is_read_back_as_it_was_where_a_chart_indents_it(value: str) -> None:
    for shape in ({"key": value}, {"key": [value, "z"]}, {"a": {"b": [{"key": value}]}, "z": 1}, {"y": [[value]]}):
        assert all(found == {"spec": {"flow": shape}} for found in read(in_a_chart(dump(shape))))


@pytest.mark.parametrize(
    "key", [text for text in STRINGS if text] + ["a", "a.b/c-d_e", "$SECRET", "k" * 200], ids=ascii
)
def test_a_key_is_read_back_as_it_was(key: str) -> None:
    shape = {"outer": {key: "value", f"{key}2": {key: 1}}}
    assert all(found == shape for found in read(dump(shape)))
    assert all(found == {"spec": {"flow": shape}} for found in read(in_a_chart(dump(shape))))


NUMBERS = [0, -1, 2**63, 12345678901234567890123, 0.1, -0.5, 1e300, 1e-300, 1.0, 1e16, 123456789.125]


@pytest.mark.parametrize("number", NUMBERS)
def test_a_number_is_read_back_exactly(number: float) -> None:
    for found in read(dump({"n": number})):
        assert found == {"n": number}
        assert type(found["n"]) is type(number)


def test_a_float_is_written_so_that_go_and_java_take_it_for_one() -> None:
    assert dump({"large": 1e16, "whole": 1.0, "half": 0.5}) == "large: 1.0e+16\nwhole: 1.0\nhalf: 0.5\n"


@pytest.mark.parametrize("value", [None, True, False, [], {}, [[]], [{}], {"a": {}}, {"a": None}])
def test_what_is_empty_true_or_false_is_read_back(value: object) -> None:
    assert all(found == {"key": value} for found in read(dump({"key": value})))


def test_keys_stay_in_their_order_and_strings_stand_in_quotes() -> None:
    assert dump({"zeta": "b", "alpha": ["x"]}) == 'zeta: "b"\nalpha:\n- "x"\n'


def test_text_of_several_lines_is_a_block_that_a_person_can_read() -> None:
    assert dump({"text": "one\ntwo\n"}) == "text: |\n  one\n  two\n"


def test_a_value_that_stands_twice_is_written_twice() -> None:
    twice = {"long": "value"}
    assert "&" not in dump({"first": twice, "second": twice})


def test_a_line_is_never_broken() -> None:
    assert len(dump({"key": "word " * 1000}).splitlines()) == 1


characters = st.characters(exclude_categories=["Cs"])
texts = st.text(characters, max_size=12) | st.text(" \n\t\ra#:-|>'\"\\\x85\u2028é", max_size=10)
texts |= st.sampled_from(STRINGS)
#: A quoted merge key has a test of its own in test_document.
keys = texts.filter(lambda key: key != "<<")
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(keys, values, max_size=5))
@settings(max_examples=200)
def test_any_data_is_read_back_as_it_was(data: dict[str, Any]) -> None:
    text = dump(data)
    assert json.dumps(parse(text.encode(), "a.yaml").root.plain()) == json.dumps(data)


@given(st.dictionaries(st.sampled_from(["a", "bc", "on", "1"]), values, min_size=1, max_size=4))
@settings(max_examples=200)
def test_any_data_is_read_back_as_it_was_where_a_chart_indents_it(data: dict[str, Any]) -> None:
    found = parse(in_a_chart(dump(data)).encode(), "a.yaml").root.plain()
    assert json.dumps(found) == json.dumps({"spec": {"flow": data}})


@given(values)
@settings(max_examples=50)
def test_the_same_data_gives_the_same_text(value: Any) -> None:
    assert dump({"k": value}) == dump(json.loads(json.dumps({"k": value})))
