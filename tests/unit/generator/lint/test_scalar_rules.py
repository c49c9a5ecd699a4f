"""Scalars without quotes: what is said of them, and that a fix never changes what the engine reads."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.findings.edits import apply_edits
from generator.findings.errors import FindingsError
from generator.lint.fixes import fix
from generator.lint.linter import lint
from generator.text.yaml_reader import parse
from generator.text.yaml_scalars import Dialect, NotPortableError, resolved
from tests.unit.conftest import workflow
from tests.unit.generator.lint.test_calls import STRING, query, spec

HERE = "workflows/greeting/greeting.sw.yaml"
HEAD = 'id: g\nversion: "1"\nspecVersion: "0.8"\nname: G\nstart: A\n'
DATA = f"{HEAD}states:\n- {{name: A, type: inject, data: {{k: %s}}, end: true}}\n"


def said(text: str, **files: str) -> list[str]:
    """What lint says of scalars and types, without the file."""
    found = lint(workflow({"greeting.sw.yaml": text, **files}))
    chosen = [one for one in found if one.rule in ("ambiguous-scalar", "wrong-type", "wrong-argument")]
    return [f"{one.line}:{one.column}: {one.severity}: {one.message} [{one.rule}]" for one in chosen]


@pytest.mark.parametrize(
    ("text", "message", "right"),
    [
        ("NO", 'the engine reads NO as false, YAML 1.2 as text; write false, or "NO" where a text is meant', "false"),
        ("yes", 'the engine reads yes as true, YAML 1.2 as text; write true, or "yes" where a text is meant', "true"),
        ("0150", 'the engine reads 0150 as 104, YAML 1.2 as 150; write 104, or "0150" where a text is meant', "104"),
        (
            "1_000",
            'the engine reads 1_000 as 1000, YAML 1.2 as text; write 1000, or "1_000" where a text is meant',
            "1000",
        ),
        ("0o17", 'the engine reads 0o17 as text, YAML 1.2 as 15; write "0o17"', '"0o17"'),
        ("09", 'the engine reads 09 as text, YAML 1.2 as 9; write "09"', '"09"'),
    ],
)
def test_an_ambiguous_scalar_is_reported_and_written_as_the_engine_reads_it(
    text: str, message: str, right: str
) -> None:
    assert said(DATA % text) == [f"7:37: warning: {message} [ambiguous-scalar]"]
    done = fix(workflow({"greeting.sw.yaml": DATA % text}))
    assert done.files[HERE].decode() == DATA % right
    assert said(DATA % right) == []


@pytest.mark.parametrize("text", ["y", "1:30", "2026-01-01", "0x1F", "1e3", "true", '"NO"', "'0150'", "150"])
def test_what_every_reader_reads_alike_is_not_reported(text: str) -> None:
    assert said(DATA % text) == []


def test_an_ambiguous_key_is_not_reported_as_the_engine_reads_it_as_it_stands() -> None:
    text = DATA.replace("k: %s", "yes: 1, 0150: 2, on: 3")
    assert said(text) == []
    (state,) = workflow({"greeting.sw.yaml": text}).definition.flow["states"]
    assert state["data"] == {"yes": 1, "0150": 2, "on": 3}


@pytest.mark.parametrize(("text", "value"), [("NO", False), ("0150", 104), ("1_000", 1000), ("0o17", "0o17")])
def test_the_resource_holds_what_the_engine_reads(text: str, value: Any) -> None:
    (state,) = workflow({"greeting.sw.yaml": DATA % text}).definition.flow["states"]
    assert state["data"] == {"k": value}


def test_booleans_of_the_dsl_may_be_written_so() -> None:
    text = (DATA % "1").replace("end: true", "end: yes").replace("states:", "keepActive: no\nautoRetries: on\nstates:")
    read = workflow({"greeting.sw.yaml": text}).definition
    assert [line.split(": ")[1] for line in said(text)] == ["warning"] * 3
    assert read.findings == ()
    assert read.flow["states"][0]["end"] == {"terminate": True}
    assert read.flow["autoRetries"] is True


SPEC = spec(query("active", {"type": "boolean"}), query("country", STRING))
CALL = (
    f"{HEAD}functions:\n- {{name: f, operation: specs/a.json#op}}\n"
    "states:\n- name: A\n  type: operation\n  end: true\n"
    "  actions:\n  - functionRef: {refName: f, arguments: {%s}}\n"
)


def test_a_boolean_parameter_takes_yes() -> None:
    assert [line.rpartition(" ")[2] for line in said(CALL % "active: yes", **{"specs/a.json": SPEC})] == [
        "[ambiguous-scalar]"
    ]


def test_a_string_parameter_does_not_take_no_and_the_message_says_how_to_write_it() -> None:
    wrong, text = said(CALL % "country: NO", **{"specs/a.json": SPEC})[::-1]
    assert text.endswith("[ambiguous-scalar]")
    help_ = """write '"false"', or '"NO"' for the text"""
    assert wrong.split(": ", 1)[1] == (
        f"error: 'country' takes text, and this is true or false; {help_} [wrong-argument]"
    )
    assert fix(workflow({"greeting.sw.yaml": CALL % "country: NO", "specs/a.json": SPEC})).edits == ()


def test_a_spec_is_read_as_the_build_of_the_engine_reads_it() -> None:
    text = (
        "openapi: 3.0.3\ninfo: {title: T, version: '1'}\nservers: [{url: 'https://a'}]\n"
        "paths: {/op: {get: {operationId: op, parameters: [{name: p, in: query, schema: "
        "{type: string, default: 1:30, enum: [yes, NO, maybe]}}]}}}\n"
    )
    call = CALL.replace("a.json", "a.yaml")
    found = lint(workflow({"greeting.sw.yaml": call % "p: maybe", "specs/a.yaml": text}))
    lines = [(one.path.rpartition("/")[2], one.message.partition(", YAML")[0]) for one in found if "scalar" in one.rule]
    assert lines == [
        ("a.yaml", "the engine reads 1:30 as 90"),
        ("a.yaml", "the engine reads yes as true"),
        ("a.yaml", "the engine reads NO as false"),
    ]


@given(st.text("0012789_.:eE+-xbo", min_size=1, max_size=6) | st.sampled_from(["yes", "No", "ON", "off", "0o17"]))
def test_a_fix_never_changes_what_the_engine_reads(text: str) -> None:
    try:
        before = resolved(text, Dialect.ENGINE)
        edited = DATA % text
        read = workflow({"greeting.sw.yaml": edited})
    except (NotPortableError, FindingsError):
        return
    edits = [one.edit for one in lint(read) if one.rule == "ambiguous-scalar" and one.edit]
    after, applied = apply_edits(edited, edits)
    for dialect in (Dialect.ENGINE, Dialect.CORE) if applied else ():
        value = parse(after.encode(), "a.yaml", dialect=dialect).root.plain()["states"][0]["data"]["k"]
        assert (type(value), value) == (type(before), before)
