"""Specs at a URL that lie in workflows/shared, too: with --mock, the workflow takes them from there."""

from __future__ import annotations

from typing import Any

import pytest

from generator.application.projects import applications
from generator.contracts.calls import calls
from generator.mocks.local_specs import with_local_specs
from generator.mocks.run_inputs import services
from generator.workflow.workflow import Workflow
from tests.unit.conftest import defined
from tests.unit.generator.mocks.test_run_inputs import SPEC

URL = "https://raw.example.org/me/repo/main/workflows/shared/specs/tickets.yaml"
SHARED = {"specs/tickets.yaml": SPEC, "specs/tickets.yaml.yaml": SPEC}


def naming(*operations: str, **fields: Any) -> Workflow:
    functions = [{"name": f"f{number}", "operation": operation} for number, operation in enumerate(operations)]
    actions = [{"functionRef": function["name"]} for function in functions]
    state = {"name": "A", "type": "operation", "actions": actions, "end": True}
    return defined({"functions": functions, "states": [state], **fields}, shared=SHARED)


EXTENSION = {"extensionid": "workflow-uri-definitions", "definitions": {"tickets": URL}}


@pytest.mark.parametrize(
    "remote",
    [
        naming(f"{URL}#read"),
        naming("http://example.org/shared/specs/tickets.yaml#read"),
        naming(f"{URL}#read", f"{URL}.yaml#read"),
        naming("tickets#read", extensions=[EXTENSION]),
    ],
    ids=["raw", "http", "one address within another", "uri definition"],
)
def test_a_remote_spec_that_lies_in_shared_is_taken_from_there(remote: Workflow) -> None:
    assert all(call.fetched for call in calls(remote))
    local = with_local_specs(remote)
    assert [(call.fetched, call.operation and call.operation.id) for call in calls(local)] == [(False, "read")] * len(
        list(calls(remote))
    )
    assert {call.id for call in calls(local)} == {call.id for call in calls(remote)}
    (service, *_) = services(local)
    assert [operation.id for spec in service.specs.values() for operation in spec.operations] == ["read"]
    (application,) = applications([local], persistent=False)
    assert b"https://" not in application.files["src/main/resources/greeting.sw.json"]
    assert application.files["src/main/resources/shared/specs/tickets.yaml"] == SPEC.encode()


def test_a_remote_spec_that_is_nowhere_in_shared_stays_one() -> None:
    remote = naming("https://example.org/specs/other.yaml#read")
    assert with_local_specs(remote) is remote
