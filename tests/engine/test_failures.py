"""create-ocp-project, request-vm-cnv and modify-vm-resources with services that fail: each row of failures.py."""

from __future__ import annotations

from collections import Counter
from fnmatch import fnmatchcase
from typing import Any

import pytest

from tests.engine.approvals import Approval, approved, links, prepare
from tests.engine.engine import Engine, Run
from tests.engine.failures import DROPPED, FAILURES, Failure, Fault
from tests.engine.results import NOT_NOTIFIED, result
from tests.engine.services.jira import Jira
from tests.engine.services.kubernetes import Kubernetes
from tests.engine.services.notifications import Notifications
from tests.engine.services.service import Service

CASES = [
    pytest.param(
        approval, failure, fault, id=f"{approval.workflow}: {failure.shows}: {failure.operation} {fault or 'dropped'}"
    )
    for approval, failure in FAILURES
    for fault in failure.faults
]


@pytest.fixture
def run(
    *,
    approval: Approval,
    failure: Failure,
    fault: Fault,
    engine: Engine,
    jira: Jira,
    kubernetes: Kubernetes,
    all_services: dict[str, Service],
) -> Run:
    """The run of a row, which ends without anybody's help from here on."""
    prepare(approval, kubernetes)
    all_services[failure.service].fail(
        failure.operation, status=fault, drop=fault is DROPPED, after=failure.after, times=failure.times
    )
    if failure.decided:
        return approved(engine, jira, approval, **failure.given)
    return engine.start(approval.workflow, {**approval.given, **failure.given})


@pytest.mark.parametrize(("approval", "failure", "fault"), CASES)
def test_a_run_does_what_its_row_says_when_a_service_fails(
    *,
    approval: Approval,
    failure: Failure,
    fault: Fault,
    run: Run,
    jira: Jira,
    kubernetes: Kubernetes,
    notifications: Notifications,
) -> None:
    issues = approval.issues if failure.issues is None else failure.issues
    ended = result(run.finish())
    assert ended["completedWith"] == failure.completed
    assert fnmatchcase(ended["message"], failure.message + failure.faults[fault])
    assert ended["outputs"] == [*[approval.made] * failure.made, *links(jira, *issues)]
    assert jira.open == {*failure.open}
    assert calls(jira, kubernetes, decided=failure.decided) == Counter(failure.calls)
    assert {state: run.states.count(state) for state in failure.states} == failure.states
    assert run.states[-1] == failure.last
    assert notifications.sent["OPS-1" in issues :] == [notification(approval, ended)]


def calls(*services: Service, decided: bool) -> Counter[str]:
    """Count the calls by operation, as `Failure.calls` does."""
    counted = Counter(operation for service in services for operation in service.operations)
    if decided:
        del counted["getIssue"]
    return counted


def notification(approval: Approval, ended: dict[str, Any]) -> dict[str, str]:
    """Return what is sent of a result; it leads to what was made, else to the request, and never to the record."""
    leads_to = [
        output["value"] for output in ended["outputs"] if output["format"] == "link" and output["key"] != "Record"
    ]
    return {
        "title": approval.title,
        "description": ended["message"].removesuffix(f" {NOT_NOTIFIED}"),
        "severity": "normal" if ended["completedWith"] == "success" else "high",
        "topic": approval.workflow,
        **({"link": leads_to[0]} if leads_to else {}),
    }
