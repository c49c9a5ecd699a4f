"""What create-ocp-project, request-vm-cnv and modify-vm-resources have in common: Jira decides, Backstage tells.

What they do when a service fails is in failures.py.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.approvals import CHANGE, PROJECT, REQUEST, Approval, approved, links, prepare, waiting
from tests.engine.calls import BACKSTAGE, JIRA, JSON, calls, in_turn, plain
from tests.engine.engine import Engine
from tests.engine.results import failed, succeeded
from tests.engine.services.jira import Jira
from tests.engine.services.kubernetes import Kubernetes
from tests.engine.services.notifications import Notifications

APPROVALS = [pytest.param(approval, id=approval.workflow) for approval in (PROJECT, REQUEST, CHANGE)]

pytestmark = pytest.mark.parametrize("approval", APPROVALS)


@pytest.fixture(autouse=True)
def machine(request: pytest.FixtureRequest, kubernetes: Kubernetes) -> None:
    """Have the virtual machine that modify-vm-resources changes, and none in the way of the others."""
    prepare(request.getfixturevalue("approval"), kubernetes)


def test_people_are_told_where_to_decide(
    approval: Approval, engine: Engine, jira: Jira, notifications: Notifications
) -> None:
    run = waiting(engine, approval, recipients=["user:default/jane", "group:default/ops"])
    assert calls(notifications) == [
        plain(
            "POST",
            "/api/notifications",
            BACKSTAGE | JSON,
            {
                "recipients": {"type": "entity", "entityRef": ["user:default/jane", "group:default/ops"]},
                "payload": {
                    "title": approval.waiting,
                    "description": "Close OPS-1 with the resolution Done to approve it, with any other to refuse it.",
                    "link": f"{jira.url}/browse/OPS-1",
                    "severity": "normal",
                    "topic": approval.workflow,
                },
            },
        )
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
    approved(engine, jira, approval, **recipients).finish()
    assert [call.body["recipients"] for call in notifications.calls] == [{"type": "broadcast"}] * 2


def test_an_issue_is_looked_at_until_it_is_closed(approval: Approval, engine: Engine, jira: Jira) -> None:
    run = engine.start(approval.workflow, approval.given)
    run.wait("WaitForDecision", times=3)
    jira.close("OPS-1")
    succeeded(run)
    looks = [call for call in calls(jira) if call["path"].startswith("/rest/api/latest/issue/OPS-1")]
    assert len(looks) > 2
    assert in_turn(looks) == [plain("GET", "/rest/api/latest/issue/OPS-1?fields=status%2Cresolution", JIRA)]


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
    run = waiting(engine, approval)
    jira.close("OPS-1", resolution)
    ended = failed(run)
    assert ended["message"] == f"{approval.undone}: OPS-1 was closed {says}"
    assert ended["outputs"] == links(jira, *approval.issues)
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


def test_a_good_look_makes_up_for_failed_ones(approval: Approval, engine: Engine, jira: Jira) -> None:
    jira.fail("getIssue", status=500, times=4)
    run = engine.start(approval.workflow, approval.given)
    run.wait("WaitForDecision", times=6)
    jira.fail("getIssue", status=500, times=4)
    run.wait("WaitForDecision", times=11)
    jira.close("OPS-1")
    succeeded(run)
    assert run.states.count("CountUnreadDecision") == 8


def test_a_slow_answer_is_waited_for(approval: Approval, engine: Engine, jira: Jira) -> None:
    jira.slow("createIssue", 2)
    succeeded(approved(engine, jira, approval))


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
