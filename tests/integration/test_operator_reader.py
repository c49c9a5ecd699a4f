"""The operator's own reader of flows, with each version of the SDK that an operator decodes with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest

from generator.kubernetes.crd import known_crd, known_crds
from generator.kubernetes.metadata import without_refused_metadata
from generator.kubernetes.objects import flow
from generator.kubernetes.operator_reader import JsonType, type_of, unreadable
from generator.kubernetes.operator_writer import Kept, profile_findings, rewritten
from pipeline.workspace.workflows import read_folder
from tests.conftest import ROOT
from tests.operator_reader import VERSIONS, changed, read, write
from tests.reader_facts import FACTS, SAMPLES, Flow, facts, places
from tests.writer_facts import FACTS as WRITER_FACTS
from tests.writer_facts import facts as writer_facts


def _flow(**function_ref: Any) -> dict[str, Any]:
    action = {"functionRef": {"refName": "greet", **function_ref}}
    return {"states": [{"name": "Begin", "type": "operation", "actions": [action], "end": True}]}


REFUSED = [
    (_flow(arguments="${ .all }"), "functionRef.arguments"),
    (_flow(arguments=["${ .one }"]), "functionRef.arguments"),
    ({"states": [{"name": "Begin", "type": "inject", "data": {}, "end": {"terminate": "true"}}]}, "terminate"),
    # The SDK's reader panics here; an answer comes all the same.
    ({"dataInputSchema": " ", "states": []}, "panic"),
]


@pytest.mark.parametrize(("flow", "field"), REFUSED)
def test_the_operators_reader_says_what_it_cannot_read(flow: Mapping[str, Any], field: str) -> None:
    (said,) = read([flow])
    assert tuple(said) == VERSIONS == ("v2.4.2", "v2.5.0")
    for error in said.values():
        assert error is not None
        assert field in error


def test_one_process_reads_thousands_of_flows() -> None:
    flows = [_flow(arguments={"number": number} if number % 2 else number) for number in range(4000)]
    assert [None not in said.values() for said in read(flows)] == [number % 2 == 0 for number in range(4000)]


def test_the_operator_writes_an_end_in_its_long_form() -> None:
    (written,) = write([_flow(arguments={"name": "$.name"})])
    for answer in written.values():
        assert answer["error"] is None
        assert answer["written"]["states"][0]["end"] == {"terminate": True}


def test_the_facts_of_the_reader_are_those_that_it_gives() -> None:
    assert FACTS.read_bytes() == facts(), "run: nox -s reader-facts"


def test_the_samples_are_of_the_types_that_they_stand_for() -> None:
    assert {(type_, type_of(value, ())) for type_, values in SAMPLES.items() for value in values} == {
        (type_, type_) for type_ in SAMPLES
    }


@pytest.mark.parametrize("folder", sorted(path for path in (ROOT / "workflows").iterdir() if path.name != "shared"))
def test_the_operator_reads_and_writes_each_of_our_workflows(folder: Path) -> None:
    workflow = read_folder(folder)
    flows = [flow(workflow), *(without_refused_metadata(flow(workflow), known_crd(name)) for name in known_crds())]
    assert not any(error for said in read(flows) for error in said.values())
    predicted = {each.path for each in rewritten(flows[0])}
    for answer in write(flows[:1])[0].values():
        assert set(changed(flows[0], answer["written"])) == predicted
    assert [finding.line for finding in profile_findings(workflow, "gitops")] == []


def _mutations(seed: int) -> Iterator[Flow]:
    """Every field of the DSL in every place, with what it is without and with drawn values of every type of JSON."""
    draw = Random(seed)  # noqa: S311 - draws samples, no secrets
    for place in places():
        drawn = {type_: [draw.choice(_VARIANTS[type_]), draw.choice(values)] for type_, values in SAMPLES.items()}
        yield from (flow for _, flow in place.tries(drawn))


_NESTED: Sequence[Any] = (None, True, 7, 2**40, 2.5, "", "word", " ", [[1]], {"a": {"b": None}})
_VARIANTS: Mapping[JsonType, Sequence[Any]] = {
    **SAMPLES,
    JsonType.INTEGER: range(-5, 5),
    JsonType.TEXT: ["schemas/input.json", "P1D", "\u00fc", "null", '{"a": "b\\n"}', "a\\u0041"],
    JsonType.BROKEN_TEXT: ["\t ", 'say "so"', "C:\\x", '{"a": 1', "two\nlines"],
    JsonType.LIST: [[value] for value in _NESTED],
    JsonType.MAP: [{"key": value} for value in _NESTED],
}


@pytest.mark.parametrize("seed", range(3))
def test_what_waybill_calls_unreadable_is_what_the_operators_reader_refuses(seed: int) -> None:
    flows = list(_mutations(seed))
    wrong = [
        (flow, said, found)
        for flow, said in zip(flows, read(flows), strict=True)
        if any(said.values()) != bool(found := list(unreadable(flow)))
    ]
    assert len(flows) > 20_000
    assert wrong[:5] == []


def test_the_facts_of_the_writer_are_those_that_it_gives() -> None:
    assert WRITER_FACTS.read_bytes() == writer_facts(), "run: nox -s reader-facts"


_TWO_WAYS = {
    "name": "Begin",
    "type": "switch",
    "dataConditions": [
        {"condition": ".a", "end": {"terminate": True}},
        {"condition": ".b", "end": {"terminate": True}},
    ],
}
_DEFAULT = {"defaultCondition": {"end": {"terminate": True}}}
_EVENT = {"name": "asked", "type": "asked", "kind": "consumed", "dataOnly": True}
_INJECT = {"name": "Begin", "type": "inject", "end": {"terminate": True}}
_OAUTH2 = {"scheme": "oauth2", "properties": {"clientId": "me", "grantType": "clientCredentials"}}

#: A flow, what is changed in it, and what the operator writes there; None where it writes nothing at all.
REWRITTEN: list[tuple[dict[str, Any], Kept | None, Any]] = [
    ({"states": [_TWO_WAYS]}, Kept.MISSING, {}),
    ({"states": [_INJECT], "events": [{**_EVENT, "dataOnly": False}]}, Kept.FALSE, True),
    ({"states": [{**_INJECT, "data": {"rate": 0.1234567}}]}, Kept.LONG_FRACTION, 0.123457),
    (
        {"states": [{**_INJECT, "data": {"deep": [{"since": 1_764_367_200_000}]}}]},
        Kept.LARGE_INTEGER,
        1_764_367_200_000.0,
    ),
    ({"states": [_INJECT], "auth": [{"name": "desk", **_OAUTH2}]}, None, None),
]


@pytest.mark.parametrize(("flow", "kind", "after"), REWRITTEN)
def test_what_waybill_calls_rewritten_is_written_otherwise(flow: dict[str, Any], kind: Kept | None, after: Any) -> None:
    (found,) = rewritten(flow)
    assert found.kind is kind
    for answer in write([flow])[0].values():
        content = answer["written"] or {}
        for key in found.path:
            content = content[key] if isinstance(key, int) and content else (content or {}).get(key)
        assert content == after
        assert type(content) is type(after)


def test_what_is_written_as_it_is_is_not_called_rewritten() -> None:
    flow = {"states": [{**_TWO_WAYS, **_DEFAULT}], "events": [_EVENT]}
    assert list(rewritten(flow)) == []
    for answer in write([flow])[0].values():
        (state,) = answer["written"]["states"]
        assert state["defaultCondition"] == _DEFAULT["defaultCondition"]
        assert answer["written"]["events"] == [_EVENT]
