"""What `waybill diff` says of what callers, installs and images see: schemas, variables, values, files."""

from __future__ import annotations

import json
from typing import Any

import pytest

from generator.chart.files import ChartFiles
from generator.diff.change import Difference, Impact, Kind, Topic
from generator.diff.compare import appeared, compare, vanished
from generator.diff.snapshot import snapshot_of_chart
from generator.diff.words import lines, verdict
from generator.findings.errors import FindingsError
from generator.kubernetes.objects import ImageReference
from generator.workflow.workflow import Workflow
from tests.unit.conftest import Files, defined, workflow
from tests.unit.generator.diff.differing import (
    F,
    Fields,
    between,
    call,
    chart_snapshot,
    flow,
    inject,
    said,
    snapshot,
    subflow,
)

SCHEMA: dict[str, Any] = {"type": "object", "properties": {"name": {"type": "string"}}}


def schema_files(**schemas: Any) -> Files:
    return {f"schemas/{name}.json": json.dumps(schema) for name, schema in schemas.items()}


def with_schemas(old: Fields, new: Fields, *, output: bool = False) -> Difference:
    fields: Fields = {"dataInputSchema": "schemas/s.json"}
    if output:
        fields = {"extensions": [{"extensionid": "workflow-output-schema", "outputSchema": "schemas/s.json"}]}
    return between(fields, fields, schema_files(s=old), schema_files(s=new))


def test_the_input_and_the_output_break_the_other_way_round() -> None:
    wider = {**SCHEMA, "properties": {"name": {"type": ["string", "null"]}}}
    assert said(with_schemas(SCHEMA, wider)) == ['compatible: input \'name\': type: string → ["string", "null"]']
    assert said(with_schemas(SCHEMA, wider, output=True)) == [
        'breaking: output \'name\': type: string → ["string", "null"]'
    ]


def test_a_schema_is_compared_through_its_references_even_into_shared() -> None:
    fields: Fields = {"dataInputSchema": "schemas/s.json"}
    schema = {"type": "object", "properties": {"who": {"$ref": "../shared/schemas/who.json#/definitions/person"}}}
    old, new = (
        {"schemas/who.json": json.dumps({"definitions": {"person": {"type": t}}})} for t in ("string", "object")
    )
    files = schema_files(s=schema)
    found = compare(snapshot(defined(fields, files, shared=old)), snapshot(defined(fields, files, shared=new)))
    assert "breaking: input 'who': type: string → object" in said(found)


def test_a_schema_that_comes_breaks_callers_and_one_that_goes_does_not() -> None:
    without: Fields = {}
    fields: Fields = {"dataInputSchema": "schemas/s.json"}
    files = schema_files(s=SCHEMA)
    assert said(between(without, fields, files)) == ["breaking: input 'schema': added: schemas/s.json"]
    assert said(between(fields, without, files)) == ["compatible: input 'schema': removed: schemas/s.json"]


def test_input_that_does_not_fit_is_refused_from_now_on() -> None:
    loose: Fields = {"dataInputSchema": {"schema": "schemas/s.json", "failOnValidationErrors": False}}
    strict: Fields = {"dataInputSchema": "schemas/s.json"}
    found = between(loose, strict, schema_files(s=SCHEMA))
    assert said(found) == ["breaking: input 'failOnValidationErrors': false → true"]


#: What is changed in application.properties and secret.properties, what is said, and what becomes of the version.
INSTALLS: dict[str, tuple[Files, Files, list[str], str]] = {
    "a variable that must be given": (
        {"application.properties": "a=1\n"},
        {"application.properties": "a=${URL}\n"},
        ["breaking: variable 'URL': added: required", "internal: property 'a': 1 → ${URL}"],
        "major",
    ),
    "a variable that may be given": (
        {"application.properties": "a=1\n"},
        {"application.properties": "a=${URL:x}\n"},
        ["compatible: variable 'URL': added: default 'x'", "internal: property 'a': 1 → ${URL:x}"],
        "minor",
    ),
    "a default that is gone": (
        {"application.properties": "a=${URL:x}\n"},
        {"application.properties": "a=${URL}\n"},
        ["breaking: variable 'URL': default: default 'x' → required", "internal: property 'a': ${URL:x} → ${URL}"],
        "major",
    ),
    "a variable that is gone": (
        {"application.properties": "a=${URL:x}\n"},
        {"application.properties": "a=1\n"},
        ["breaking: variable 'URL': removed: default 'x'", "internal: property 'a': ${URL:x} → 1"],
        "major",
    ),
    "a secret more": (
        {"secret.properties": "A=1\n"},
        {"secret.properties": "A=1\nB=2\n"},
        ["breaking: secret 'B': added"],
        "major",
    ),
    "the value of a secret, which is nobody's business": (
        {"secret.properties": "A=1\n"},
        {"secret.properties": "A=2\n"},
        [],
        "",
    ),
    "a comment in the properties": (
        {"application.properties": "a=1\n"},
        {"application.properties": "# why\na = 1\n"},
        [],
        "",
    ),
    "a mounted file": (
        {"specs/a.yaml": "a: 1\n"},
        {"specs/a.yaml": "a: 2\nb: 3\n"},
        ["internal: resource 'specs/a.yaml': changed: 2 values"],
        "patch",
    ),
    "the layout of a mounted file": (
        {"specs/a.json": '{"a": 1, "b": 2}'},
        {"specs/a.json": '{"b": 2,\n"a": 1}'},
        [],
        "",
    ),
}


@pytest.mark.parametrize("what", INSTALLS)
def test_what_an_install_sees_is_said_and_moves_the_chart_s_version(what: str) -> None:
    old, new, expected, bump = INSTALLS[what]
    found = between({}, {}, old, new)
    assert said(found) == expected
    assert (found.bump or "") == bump


def test_a_secret_s_value_is_never_shown() -> None:
    found = between({}, {}, {"secret.properties": "A=hidden\n"}, {"secret.properties": "B=hidden too\n"})
    assert "hidden" not in json.dumps(found.as_json())


def test_a_value_of_the_workflow_s_own_chart_is_a_value() -> None:
    one = workflow({}, overlay={"values.yaml": "broker: a\nlimit: 1\n"})
    other = workflow({}, overlay={"values.yaml": "broker: b\nsize: 2\n"})
    assert said(compare(snapshot(one), snapshot(other))) == [
        "breaking: value 'limit': removed: 1",
        "compatible: value 'broker': default: a → b",
        "compatible: value 'size': added: 2",
    ]


def test_a_value_that_takes_less_is_breaking() -> None:
    def own(schema: Fields) -> Workflow:
        overlay = {"values.yaml": "level: 1\n", "values.schema.json": json.dumps({"properties": {"level": schema}})}
        return workflow({}, overlay=overlay)

    found = compare(snapshot(own({"type": "integer"})), snapshot(own({"type": "integer", "maximum": 3})))
    assert said(found) == ["breaking: value 'level': maximum added: 3"]
    assert found.bump == "major"


def test_what_breaks_callers_asks_for_a_major_version_too() -> None:
    found = compare(snapshot(defined({"id": "greeting"})), snapshot(defined({"id": "hello"})))
    assert found.of(Impact.BREAKING)
    assert found.bump == "major"


def test_an_image_is_a_change_and_a_tag_of_its_content_is_none() -> None:
    read = defined({})
    moved = ImageReference(repository="quay.io/you/greeting", tag="src-000000000001")
    again = ImageReference(repository="quay.io/me/greeting", tag="src-000000000002")
    pinned = ImageReference(repository="quay.io/me/greeting", digest="sha256:" + "a" * 64)
    assert [c.topic for c in compare(snapshot(read), snapshot(read, moved)).changes] == [Topic.IMAGE]
    assert [c.topic for c in compare(snapshot(read), snapshot(read, pinned)).changes] == [Topic.IMAGE]
    found = compare(snapshot(read), snapshot(read, again))
    assert found.changes == ()
    assert found.tags == ("src-000000000001", "src-000000000002")
    assert verdict(found).startswith("No differences; only the form changed")


def test_what_else_an_image_is_built_from_is_a_change() -> None:
    found = between({}, {}, {"src/Main.java.md": "a"}, {"src/Main.java.md": "b"})
    assert said(found) == ["internal: image: file 'src/Main.java.md': changed"]


SPEC = "openapi: 3.0.0\npaths:\n  /go:\n    {method}: {{operationId: go}}\n"


def test_the_request_behind_an_operation_is_compared() -> None:
    fields = flow(call("A", "f"), functions=[F])
    found = between(
        fields, fields, {"specs/a.yaml": SPEC.format(method="post")}, {"specs/a.yaml": SPEC.format(method="put")}
    )
    assert "internal: function 'f': request: POST /go → PUT /go" in said(found)


def test_subflows_are_compared_by_their_id() -> None:
    old = {"subflows/s.sw.json": subflow("s", inject("A", data={"a": 1, "b": 2, "c": 3}))}
    new = {"subflows/s.sw.json": subflow("s", inject("A", data={"a": 1, "b": 2, "c": 4}))}
    assert said(between({}, {}, old, new)) == ["internal: state 'A' (subflow 's'): data.c: 3 → 4"]
    gone = between({}, {}, old, {})
    assert "internal: subflow 's': removed" in said(gone)
    moved = {"subflows/s.sw.json": subflow("t", inject("A", data={"a": 1, "b": 2, "c": 3}))}
    assert said(between({}, {}, old, moved)) == ["internal: subflow 't': renamed; it was 's'"]


def test_a_workflow_that_is_on_one_side_alone_has_come_or_gone() -> None:
    here = snapshot(defined({}))
    come, gone = appeared(here, old="main"), vanished(here, new="HEAD")
    assert [(c.kind, c.impact) for c in come.changes] == [(Kind.ADDED, Impact.COMPATIBLE)]
    assert [(c.kind, c.impact) for c in gone.changes] == [(Kind.REMOVED, Impact.BREAKING)]
    assert gone.bump == "major"


def test_another_id_takes_every_object_of_the_old_one_away() -> None:
    old = snapshot(defined({"id": "Old"}, {"secret.properties": "TOKEN=x\n", "specs/a.yaml": "a: 1\n"}))
    assert compare(old, snapshot(defined({"id": "new"}))).objects_gone == (
        "ConfigMap 01-old-resources-specs",
        "ConfigMap old-props",
        "NetworkPolicy old",
        "Secret old-secrets",
        "SonataFlow old",
    )


def test_a_folder_and_the_chart_that_is_made_of_it_are_the_same() -> None:
    read = defined(
        flow(call("A", "f"), functions=[F], retries=[{"name": "r", "maxAttempts": 1, "jitter": 0.3}]),
        {
            "application.properties": "url=${URL}\n",
            "secret.properties": "my.token=x\n",
            "specs/a.yaml": SPEC.format(method="get"),
            "subflows/s.sw.json": subflow("s", inject("A")),
        },
    )
    assert compare(snapshot(read), chart_snapshot(read)).changes == ()
    assert compare(chart_snapshot(read), snapshot(read)).changes == ()
    assert said(compare(chart_snapshot(read), chart_snapshot(read, "1.1.0"))) == [
        "compatible: chart version: 1.0.0 → 1.1.0"
    ]


def test_a_chart_that_waybill_did_not_make_is_refused_with_the_reason() -> None:
    files = {"Chart.yaml": b"name: x\nversion: 1.0.0\n", "templates/a.yaml": b""}
    with pytest.raises(FindingsError, match=r"contains no files/flow\.yaml"):
        snapshot_of_chart(ChartFiles(files), title="x", shown="x")


def test_names_from_files_cannot_write_to_the_terminal() -> None:
    found = between(flow(inject("A")), flow(inject("A", "\x1b[31mB"), inject("\x1b[31mB")))
    assert "\x1b" not in "".join(line.text for line in lines([found]))


@pytest.mark.parametrize("output", [False, True], ids=["input", "output"])
def test_what_callers_may_use_from_now_on_asks_for_a_minor_version_and_says_so(*, output: bool) -> None:
    more = {**SCHEMA, "properties": {**SCHEMA["properties"], "more": {"type": "string"}}}
    found = with_schemas(SCHEMA, more, output=output)
    assert found.bump == "minor"
    assert f"the chart's next version: minor ({'output' if output else 'input'} 'more': added" in verdict(found)
    assert with_schemas(more, {**more, "description": "another"}, output=output).bump == "patch"


def test_the_verdict_says_why_a_version_is_major_or_patch() -> None:
    major = between({}, {}, {"secret.properties": "A=1\n"}, {"secret.properties": "A=1\nB=2\nC=3\n"})
    said = "the chart's next version: major (needs the new value secret.data.B, and 1 more)"
    assert said in verdict(major)
    patch = between({}, {}, {"specs/a.yaml": "a: 1\n"}, {"specs/a.yaml": "a: 2\n"})
    assert "the chart's next version: patch (callers and installs see nothing new)" in verdict(patch)
