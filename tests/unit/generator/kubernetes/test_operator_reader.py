"""What the operator cannot decode, and what it changes in a definition: where, and what to write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from generator.compatibility.verdict import Outcome, findings, judge, judge_resource
from generator.kubernetes.crd import known_crd, known_crds
from generator.kubernetes.operator_writer import PROFILES, profile_findings
from generator.lint.linter import lint
from generator.workflow.workflow import Workflow
from tests.unit.conftest import workflow

_HEAD = """\
id: example
version: "1.0"
specVersion: "0.8"
name: An example
start: Begin
"""
_CALL = """\
functions:
  - {name: greet, type: custom, operation: "rest:post:/greet"}
states:
  - name: Begin
    type: operation
    actions:
      - functionRef:
          refName: greet
          arguments: %s
    end: true
"""
_INJECT = "states: [{name: Begin, type: inject, data: {greeting: Hello}, end: true}]\n"
_PRODUCED = """\
events: [{name: done, source: desk, type: done, kind: produced}]
states:
  - name: Begin
    type: inject
    data: {greeting: Hello}
    end: {terminate: true, produceEvents: [{eventRef: done, contextAttributes: {priority: 5}}]}
"""
_RETRY = "retries: [{name: often, delay: PT1S, maxAttempts: 3000000000}]\n"
_BY_NAME = "write a map, each argument by its name"
_CACHE = "its cache of all workflows may not fill"

#: The definition, where the finding is, and what it says.
UNREADABLE = [
    (
        _CALL % '"${ .person }"',
        (14, 22),
        "cannot read 'arguments' as a string",
        "write a map, each argument by its name",
    ),
    (_CALL % "[.a, .b]", (14, 22), "cannot read 'arguments' as a list", _BY_NAME),
    (_CALL % "5", (14, 22), "cannot read 'arguments' as a whole number", _BY_NAME),
    (_RETRY + _INJECT, (6, 51), "'maxAttempts' as a whole number beyond 2147483647", "write a number from -2147483648"),
    (_PRODUCED, (11, 91), "cannot read 'priority' as a whole number", "write a string"),
    ("dataInputSchema: {schema: true}\n" + _INJECT, (6, 27), "'schema' as true or false", "write a string or a map"),
    (
        "auth: [{name: desk}]\n" + _INJECT,
        (6, 8),
        "cannot read an item of 'auth' without 'properties'",
        "add 'properties'",
    ),
    (
        "auth: [{name: desk, scheme: digest, properties: {secret: desk}}]\n" + _INJECT,
        (6, 29),
        "cannot read 'scheme' as a string",
        "write basic, bearer or oauth2",
    ),
]


def _defined(fields: str) -> Workflow:
    return workflow({"example.sw.yaml": _HEAD + fields})


@pytest.mark.parametrize(("fields", "at", "what", "instead"), UNREADABLE)
def test_what_the_operator_cannot_read_blocks_with_its_place_and_what_to_write(
    fields: str, at: tuple[int, int], what: str, instead: str
) -> None:
    (found,) = (finding for finding in lint(_defined(fields)) if finding.rule == "unreadable-value")
    assert (found.line, found.column) == at
    assert found.blocking
    assert all(part in found.message for part in (what, _CACHE, instead))


@pytest.mark.parametrize(
    "fields",
    [
        _CALL % "{name: .name, list: [1, {deep: null}]}",
        _PRODUCED.replace("5", "'5'"),
        "dataInputSchema: schemas/input.json\n" + _INJECT,
        "auth: [{name: desk, properties: desk}]\n" + _INJECT,
        _INJECT.replace("data: {greeting: Hello}", "data: {since: 1764367200000}"),
    ],
)
def test_what_the_operator_reads_is_no_finding(fields: str) -> None:
    assert [finding for finding in lint(_defined(fields)) if finding.rule == "unreadable-value"] == []


@pytest.mark.parametrize("version", known_crds())
def test_check_refuses_what_no_operator_can_read(version: str) -> None:
    verdict = judge(_defined(_CALL % ".person"), known_crd(version))
    assert verdict.outcome is Outcome.REFUSED
    (found,) = (finding for finding in findings([verdict]) if finding.rule == "refused-field")
    assert (found.line, found.column) == (14, 22)
    assert "spec.flow.states[0].actions[0].functionRef.arguments cannot be read" in found.message
    assert found.message.endswith(f"for SonataFlow {version}; write a map, each argument by its name: {_WRITTEN}")


_WRITTEN = "arguments: {name: .name}"


def _resource(**state: Any) -> Mapping[str, Any]:
    flow = {"start": {"stateName": "Begin"}, "states": [{"name": "Begin", "type": "inject", "data": {}, **state}]}
    return {"apiVersion": "sonataflow.org/v1alpha08", "kind": "SonataFlow", "spec": {"flow": flow}}


def test_a_chart_that_somebody_made_is_refused_for_it_too() -> None:
    found = list(judge_resource(_resource(end={"terminate": "true"}), known_crd("10"), given="default values"))
    assert [(each.field, each.outcome, each.instead) for each in found] == [
        ("spec.flow.states[0].end.terminate", Outcome.REFUSED, "write true or false")
    ]
    assert list(judge_resource(_resource(end=True), known_crd("10"), given="default values")) == []


@pytest.mark.parametrize("spec", [{}, {"flow": None}, {"flow": []}, {"flow": {"states": "none"}}])
def test_a_resource_without_a_flow_is_judged_all_the_same(spec: Any) -> None:
    resource = {**_resource(), "spec": spec}
    assert [each.outcome for each in judge_resource(resource, known_crd("10"), given="default values")]


_SWITCH = """\
states:
  - name: Begin
    type: switch
    dataConditions: [{condition: .a, end: true}, {condition: .a | not, end: true}]
"""
_BRANCHES = """\
functions:
  - {name: greet, type: custom, operation: "rest:post:/greet"}
states:
  - name: Begin
    type: parallel
    branches: [{name: one, actions: [{functionRef: greet}]}, {actions: [{functionRef: greet}]}]
    end: true
"""
_USED = (_CALL % "{}").replace("    end: true", "        actionDataFilter: {useResults: false}\n    end: true")
REWRITTEN = [
    (_SWITCH, (7, 5), "writes an empty value for what is left out ('defaultCondition'); add it"),
    (_BRANCHES, (11, 62), "writes an empty value for what is left out ('name'); add it"),
    (_USED, (15, 40), "makes true of 'false' ('useResults'); use the profile gitops"),
    (
        _INJECT.replace("Hello", "0.1234567"),
        (6, 55),
        "rounds to 6 digits after the point ('greeting'); write it in quotes",
    ),
    ("auth: [{name: desk, scheme: oauth2, properties: desk}]\n" + _INJECT, (6, 29), "cannot write 'oauth2' ('scheme')"),
]


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(("fields", "at", "message"), REWRITTEN)
def test_a_profile_in_which_the_operator_writes_the_definition_asks_for_more(
    fields: str, at: tuple[int, int], message: str, profile: str
) -> None:
    (found,) = profile_findings(_defined(fields), profile)
    assert (found.line, found.column, found.rule) == (*at, "rewritten-value")
    assert message in found.message


@pytest.mark.parametrize("profile", ["gitops", "prod"])
@pytest.mark.parametrize("fields", [fields for fields, *_ in REWRITTEN])
def test_no_other_profile_asks_for_it(fields: str, profile: str) -> None:
    assert profile_findings(_defined(fields), profile) == ()
    assert not any(finding.rule == "rewritten-value" for finding in lint(_defined(fields)))
