"""What create-ocp-project, request-vm-cnv and modify-vm-resources have in common: Jira decides, Backstage tells."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import pytest

from tests.engine.approvals import BACKSTAGE, CHANGE, JIRA, JSON, PROJECT, REQUEST, Approval, calls, links, refused
from tests.engine.conftest import Engine, result
from tests.engine.services.jira import Jira
from tests.engine.services.kubernetes import Kubernetes
from tests.engine.services.notifications import Notifications

APPROVALS = [pytest.param(approval, id=approval.workflow) for approval in (PROJECT, REQUEST, CHANGE)]

pytestmark = pytest.mark.parametrize("approval", APPROVALS)


@pytest.fixture(autouse=True)
def machine(request: pytest.FixtureRequest, kubernetes: Kubernetes) -> None:
    """Have the virtual machine that modify-vm-resources changes, and none in the way of the others."""
    if request.getfixturevalue("approval") is CHANGE:
        kubernetes.have_machine(memory={"guest": "2Gi"})


OPENING = [
    (400, "did not accept", "JIRA_ISSUE_TYPE_NAME"),
    (401, "refused the credentials", "JIRA_USERNAME and JIRA_API_TOKEN"),
    (403, "does not let the user do this", "the right to open and see issues"),
    (404, "did not answer, or answered with an error of its own", "JIRA_URL"),
    (409, "did not answer, or answered with an error of its own", "JIRA_URL"),
    (500, "did not answer, or answered with an error of its own", "JIRA_URL"),
]


@pytest.mark.parametrize(("status", "cause", "check"), OPENING)
def test_a_run_ends_when_jira_opens_no_issue(
    *,
    approval: Approval,
    status: int,
    cause: str,
    check: str,
    engine: Engine,
    jira: Jira,
    notifications: Notifications,
) -> None:
    jira.fail("createIssue", status=status)
    ended = refused(engine.start(approval.workflow, approval.given))
    assert ended["message"].startswith(f"{approval.undone}. Jira {cause}")
    assert check in ended["message"]
    assert ended["outputs"] == []
    assert len(jira.calls) == 1
    assert notifications.sent == [
        {"title": approval.title, "description": ended["message"], "severity": "high", "topic": approval.workflow}
    ]


def test_a_run_ends_when_jira_hangs_up(approval: Approval, engine: Engine, jira: Jira) -> None:
    jira.fail("createIssue", drop=True)
    ended = refused(engine.start(approval.workflow, approval.given))
    assert ended["message"].startswith(f"{approval.undone}. Jira did not answer")
    assert len(jira.calls) == 1


def test_people_are_told_where_to_decide(
    approval: Approval, engine: Engine, jira: Jira, notifications: Notifications
) -> None:
    run = engine.start(approval.workflow, {**approval.given, "recipients": ["user:default/jane", "group:default/ops"]})
    run.wait("WaitForDecision")
    assert calls(notifications) == [
        {
            "method": "POST",
            "path": "/api/notifications",
            "headers": BACKSTAGE | JSON,
            "body": {
                "recipients": {"type": "entity", "entityRef": ["user:default/jane", "group:default/ops"]},
                "payload": {
                    "title": approval.waiting,
                    "description": "Close OPS-1 with the resolution Done to approve it, with any other to refuse it.",
                    "link": f"{jira.url}/browse/OPS-1",
                    "severity": "normal",
                    "topic": approval.workflow,
                },
            },
        }
    ]
    jira.close("OPS-1")
    run.finish()


@pytest.mark.parametrize("recipients", [{}, {"recipients": []}], ids=["left out", "empty"])
def test_everybody_is_told_where_nobody_is_named(
    *,
    approval: Approval,
    recipients: dict[str, Any],
    engine: Engine,
    jira: Jira,
    notifications: Notifications,
) -> None:
    run = engine.start(approval.workflow, approval.given | recipients)
    run.wait("WaitForDecision")
    jira.close("OPS-1")
    run.finish()
    assert [call.body["recipients"] for call in notifications.calls] == [{"type": "broadcast"}] * 2


def test_an_issue_is_looked_at_until_it_is_closed(approval: Approval, engine: Engine, jira: Jira) -> None:
    run = engine.start(approval.workflow, approval.given)
    run.wait("WaitForDecision", times=3)
    jira.close("OPS-1")
    assert result(run.finish())["completedWith"] == "success"
    looks = [call for call in calls(jira) if call["path"].startswith("/rest/api/latest/issue/OPS-1")]
    assert len(looks) > 2
    assert [look for look, _ in groupby(looks)] == [
        {
            "method": "GET",
            "path": "/rest/api/latest/issue/OPS-1?fields=status%2Cresolution",
            "headers": JIRA,
            "body": None,
        }
    ]


@pytest.mark.parametrize(
    ("resolution", "says"),
    [
        ("Won't Do", "with the resolution Won't Do."),
        ("done", "with the resolution done."),
        (None, "with no resolution."),
    ],
)
def test_any_other_resolution_than_done_refuses(
    *,
    approval: Approval,
    resolution: str | None,
    says: str,
    engine: Engine,
    jira: Jira,
    kubernetes: Kubernetes,
    notifications: Notifications,
) -> None:
    run = engine.start(approval.workflow, approval.given)
    run.wait("WaitForDecision")
    jira.close("OPS-1", resolution)
    ended = refused(run)
    assert ended["message"] == f"{approval.undone}: OPS-1 was closed {says}"
    assert ended["outputs"] == links(jira, *(["OPS-1", "AUDIT-1"] if approval is PROJECT else ["OPS-1"]))
    assert all(call.method == "GET" for call in kubernetes.calls)
    assert notifications.sent[1:] == [
        {
            "title": approval.title,
            "description": ended["message"],
            "link": f"{jira.url}/browse/OPS-1",
            "severity": "high",
            "topic": approval.workflow,
        }
    ]


LOOKING = [
    (401, "refused the credentials", "JIRA_USERNAME and JIRA_API_TOKEN"),
    (403, "does not let the user do this", "the right to open and see issues"),
    (404, "did not find the request", "JIRA_USERNAME may not see it"),
]


@pytest.mark.parametrize(("status", "cause", "check"), LOOKING)
def test_a_run_ends_when_it_may_not_look(
    *,
    approval: Approval,
    status: int,
    cause: str,
    check: str,
    engine: Engine,
    jira: Jira,
) -> None:
    jira.fail("getIssue", status=status)
    ended = refused(engine.start(approval.workflow, approval.given))
    assert ended["message"].startswith(f"{approval.undone}. Jira {cause}")
    assert check in ended["message"]
    assert sum(call.operation == "getIssue" for call in jira.calls) == 1


def test_a_run_ends_after_five_failed_looks_in_a_row(approval: Approval, engine: Engine, jira: Jira) -> None:
    jira.fail("getIssue", status=500)
    run = engine.start(approval.workflow, approval.given)
    ended = refused(run)
    assert ended["message"].startswith(f"{approval.undone}. Jira did not answer")
    assert run.states.count("ReadDecision") == 5


def test_a_good_look_makes_up_for_failed_ones(approval: Approval, engine: Engine, jira: Jira) -> None:
    jira.fail("getIssue", status=500, times=4)
    run = engine.start(approval.workflow, approval.given)
    run.wait("WaitForDecision", times=6)
    jira.fail("getIssue", status=500, times=4)
    run.wait("WaitForDecision", times=11)
    jira.close("OPS-1")
    assert result(run.finish())["completedWith"] == "success"
    assert run.states.count("CountUnreadDecision") == 8


@pytest.mark.parametrize("fault", [{"drop": True}, {"status": 409}], ids=["dropped", "conflict"])
def test_a_look_that_fails_once_is_no_failure(
    approval: Approval, fault: dict[str, Any], engine: Engine, jira: Jira
) -> None:
    jira.fail("getIssue", times=1, **fault)
    run = engine.start(approval.workflow, approval.given)
    run.wait("WaitForDecision", times=2)
    jira.close("OPS-1")
    assert result(run.finish())["completedWith"] == "success"


def test_a_slow_answer_is_waited_for(approval: Approval, engine: Engine, jira: Jira) -> None:
    jira.slow("createIssue", 2)
    run = engine.start(approval.workflow, approval.given)
    run.wait("WaitForDecision")
    jira.close("OPS-1")
    assert result(run.finish())["completedWith"] == "success"


BACKSTAGE_FAULTS = [{"status": status} for status in (401, 403, 404, 409, 500)] + [{"drop": True}]


@pytest.mark.parametrize("fault", BACKSTAGE_FAULTS, ids=str)
def test_a_run_waits_though_nobody_was_told_of_the_request(
    *,
    approval: Approval,
    fault: dict[str, Any],
    engine: Engine,
    jira: Jira,
    notifications: Notifications,
) -> None:
    notifications.fail("createNotification", times=1, **fault)
    run = engine.start(approval.workflow, approval.given)
    run.wait("WaitForDecision")
    jira.close("OPS-1")
    ended = result(run.finish())
    assert ended["completedWith"] == "success"
    assert ended["message"].endswith(" Nobody was notified of the request.")
    assert "RequestNotNotified" in run.states


@pytest.mark.parametrize("fault", BACKSTAGE_FAULTS, ids=str)
def test_a_result_stands_though_nobody_was_told(
    *,
    approval: Approval,
    fault: dict[str, Any],
    engine: Engine,
    jira: Jira,
    notifications: Notifications,
) -> None:
    run = engine.start(approval.workflow, approval.given)
    run.wait("WaitForDecision")
    notifications.fail("createNotification", **fault)
    jira.close("OPS-1")
    ended = result(run.finish())
    assert ended["completedWith"] == "success"
    assert ended["message"].endswith(
        " Nobody was notified: check BACKSTAGE_NOTIFICATIONS_URL, NOTIFICATIONS_BEARER_TOKEN and the recipients."
    )
    assert run.states[-1] == "NotNotified"


@pytest.mark.parametrize("recipients", ["user:default/jane", [""], [1]])
def test_recipients_that_are_none_are_refused(approval: Approval, recipients: Any, engine: Engine, jira: Jira) -> None:
    status, body = engine.post(approval.workflow, approval.given | {"recipients": recipients})
    assert status == 400
    assert "$.recipients" in body["message"]
    assert jira.calls == []


def test_the_key_of_a_jira_project_is_in_capitals(approval: Approval, engine: Engine, jira: Jira) -> None:
    keys = [field for field in approval.given if field.endswith("ProjectKey")]
    status, body = engine.post(approval.workflow, approval.given | dict.fromkeys(keys, "ops"))
    assert status == 400
    assert all(f"$.{key}" in body["message"] for key in keys)
    assert jira.calls == []


def test_every_mandatory_input_is_missed(approval: Approval, engine: Engine, jira: Jira) -> None:
    for field in approval.given.keys() - {"memory"}:
        given = {key: value for key, value in approval.given.items() if key != field}
        status, body = engine.post(approval.workflow, given)
        assert status == 400
        assert f"$.{field}" in body["message"]
    assert jira.calls == []
