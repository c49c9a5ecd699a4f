"""The operator's own reader of flows, with each version of the SDK that an operator decodes with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.operator_reader import VERSIONS, read, write


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
