"""What plain scalars are to whom: a table of forms, and that what waybill writes is the same to all."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from generator.findings.errors import FindingsError
from generator.text.yaml_reader import parse
from generator.text.yaml_scalars import Dialect, NotPortableError, is_ambiguous, resolved, spelled
from generator.text.yaml_writer import dump

#: Text, and what it is to YAML 1.2, to the engine's reader of definitions and to its reader of specs.
FORMS: list[tuple[str, Any, Any, Any]] = [
    *((text, text, True, True) for text in ("yes", "Yes", "YES", "on", "On", "ON")),
    *((text, text, False, False) for text in ("no", "No", "NO", "off", "Off", "OFF")),
    *((text, text, text, text) for text in ("y", "N", "yEs", "2026-01-01", "1.2.3", "+", "-", ".", "0b", "0x_", "1e")),
    ("0150", 150, 104, 104),
    ("00123", 123, 83, 83),
    ("-012", -12, -10, -10),
    ("1_000", "1_000", 1000, 1000),
    ("1_0.5", "1_0.5", 10.5, 10.5),
    ("0b11", "0b11", 3, 3),
    ("-0b11", "-0b11", -3, -3),
    ("0o17", 15, "0o17", "0o17"),
    ("09", 9, "09", "09"),
    ("0x1F", 31, 31, 31),
    ("+0x_1F", "+0x_1F", 31, 31),
    ("1e3", 1000.0, 1000.0, 1000.0),
    ("5.", 5.0, 5.0, 5.0),
    ("1:30", "1:30", "1:30", 90),
    ("-1:30:00", "-1:30:00", "-1:30:00", -5400),
    ("01:30", "01:30", "01:30", "01:30"),
]
scalars = st.text("0012789_.:eE+-xboyYnN", min_size=1, max_size=6) | st.sampled_from([form[0] for form in FORMS])


def same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and one == other


@pytest.mark.parametrize(("text", "core", "engine", "spec"), FORMS)
def test_a_scalar_is_what_its_reader_makes_of_it(text: str, core: Any, engine: Any, spec: Any) -> None:
    for dialect, value in ((Dialect.CORE, core), (Dialect.ENGINE, engine), (Dialect.SPEC, spec)):
        assert same(resolved(text, dialect), value)
        assert is_ambiguous(text, value) is not same(value, core)


@pytest.mark.parametrize("text", ["1:30.5", "._", "1e999", ".inf"])
def test_a_number_that_the_engine_cannot_read_is_refused(text: str) -> None:
    with pytest.raises(FindingsError, match=r"a\.yaml:1:4: error"):
        parse(f"a: {text}".encode(), "a.yaml", dialect=Dialect.ENGINE)


@pytest.mark.parametrize("dialect", Dialect)
@pytest.mark.parametrize("text", ["9" * 5000, "-" + "9" * 5000, "0x" + "f" * 3900])
def test_a_number_of_more_digits_than_python_converts_is_refused(text: str, dialect: Dialect) -> None:
    with pytest.raises(NotPortableError, match="digits; write it as a string, in quotes"):
        resolved(text, dialect)


@pytest.mark.parametrize("text", ["9_" * 5000, "0b" + "1" * 20_000, "0" + "7" * 5000])
def test_a_long_number_that_only_the_engine_reads_is_refused(text: str) -> None:
    with pytest.raises(NotPortableError, match="digits; write it as a string, in quotes"):
        resolved(text, Dialect.ENGINE)


def test_a_long_number_of_base_60_is_refused_in_a_spec() -> None:
    with pytest.raises(NotPortableError, match="digits; write it as a string, in quotes"):
        resolved("9" + ":5" * 5000, Dialect.SPEC)
    with pytest.raises(NotPortableError, match="larger than a JSON number"):
        resolved("9" + ":5" * 1000 + ".5", Dialect.SPEC)
    assert isinstance(resolved("9" + ":5" * 1000, Dialect.SPEC), int)


def test_a_fraction_of_base_60_is_a_number_in_a_spec() -> None:
    assert resolved("1:30.5", Dialect.SPEC) == 90.5


def test_only_plain_values_are_ambiguous_and_no_keys() -> None:
    text = b"yes: NO\non: 'NO'\nb: \"0150\"\nc: [0150, x]\nd: !!str yes\n"
    document = parse(text, "a.yaml", dialect=Dialect.ENGINE)
    assert [(node.text, node.line, node.column) for node in document.ambiguous] == [("NO", 1, 6), ("0150", 4, 5)]
    assert list(document.root.value) == ["yes", "on", "b", "c", "d"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"), (False, "false"), (7, "7"), (1.1, "1.1"), (1000.0, "1000.0"), (1e7, "1.0E7"),
        (-12345678.5, "-1.23456785E7"),
        (0.0001, "1.0E-4"), (0.001, "0.001"), (0.0, "0.0"), (1.5e23, "1.5E23"),
    ],
)  # fmt: skip
def test_a_number_is_spelled_as_java_does(value: float, text: str) -> None:
    assert spelled(value) == text


@given(scalars)
def test_what_waybill_writes_is_the_same_to_every_reader(text: str) -> None:
    """Values as the engine reads them, and keys as they stand: in YAML 1.1, in YAML 1.2 and to the engine."""
    try:
        value = resolved(text, Dialect.ENGINE)
    except NotPortableError:
        return
    written = dump({"value": value, "text": text, text: "key"})
    for dialect in Dialect:
        read = parse(written.encode(), "a.yaml", dialect=dialect)
        assert same(read.root.plain()["value"], value)
        assert read.root.plain() == {"value": value, "text": text, text: "key"}
        assert read.ambiguous == ()
    assert yaml.safe_load(written) == {"value": value, "text": text, text: "key"}
