"""create-ocp-project: a project of OpenShift and a record in Jira. What it shares is in test_approval.py."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import pytest

from tests.engine.approvals import CLUSTER, JIRA, JSON, PROJECT, calls, links, refused
from tests.engine.conftest import Engine, Run, result
from tests.engine.services.jira import Jira
from tests.engine.services.kubernetes import Kubernetes
from tests.engine.services.notifications import Notifications

REQUESTED = "The project team-a was requested, but is not ready."


def waiting(engine: Engine, **more: Any) -> Run:
    """Return a run that waits for a decision."""
    run = engine.start(PROJECT.workflow, PROJECT.given | more)
    run.wait("WaitForDecision")
    return run


def test_an_approved_project_is_created_and_its_record_closed(
    engine: Engine, jira: Jira, kubernetes: Kubernetes, notifications: Notifications
) -> None:
    run = waiting(engine)
    jira.close("OPS-1")
    ended = result(run.finish())
    assert ended == {
        "completedWith": "success",
        "message": "The project team-a is ready: OPS-1 was approved.",
        "outputs": [{"key": "Project", "value": "team-a", "format": "text"}, *links(jira, "OPS-1", "AUDIT-1")],
    }
    issue = "/rest/api/latest/issue"
    assert [call for call, _ in groupby(calls(jira))] == [
        {
            "method": "POST",
            "path": issue,
            "headers": JIRA | JSON,
            "body": {
                "fields": {
                    "project": {"key": "AUDIT"},
                    "issuetype": {"name": "Task"},
                    "summary": "OpenShift project team-a: record of a request",
                    "description": "The OpenShift project team-a was asked for. "
                    f"The run {run.id} closes this issue once that is settled.",
                }
            },
        },
        {
            "method": "POST",
            "path": issue,
            "headers": JIRA | JSON,
            "body": {
                "fields": {
                    "project": {"key": "OPS"},
                    "issuetype": {"name": "Task"},
                    "summary": "OpenShift project team-a requested",
                    "description": "Please decide on the OpenShift project team-a: close this issue with the "
                    "resolution Done to approve it, with any other to refuse it. Its record is AUDIT-1.",
                }
            },
        },
        {"method": "GET", "path": f"{issue}/OPS-1?fields=status%2Cresolution", "headers": JIRA, "body": None},
        {"method": "GET", "path": f"{issue}/AUDIT-1/transitions", "headers": JIRA, "body": None},
        {
            "method": "POST",
            "path": f"{issue}/AUDIT-1/transitions",
            "headers": JIRA | JSON,
            "body": {"transition": {"id": "31"}},
        },
    ]
    projects = "/apis/project.openshift.io/v1"
    assert calls(kubernetes) == [
        {
            "method": "POST",
            "path": f"{projects}/projectrequests",
            "headers": CLUSTER | JSON,
            "body": {
                "apiVersion": "project.openshift.io/v1",
                "kind": "ProjectRequest",
                "metadata": {"name": "team-a"},
                "description": "Approved in OPS-1",
            },
        },
        {"method": "GET", "path": f"{projects}/projects/team-a", "headers": CLUSTER, "body": None},
        {"method": "GET", "path": f"{projects}/projects/team-a", "headers": CLUSTER, "body": None},
    ]
    assert notifications.sent[1:] == [
        {
            "title": "Project team-a",
            "description": "The project team-a is ready: OPS-1 was approved.",
            "link": f"{jira.url}/browse/OPS-1",
            "severity": "normal",
            "topic": "create-ocp-project",
        }
    ]


def test_a_refused_project_is_not_created_and_its_record_closed(
    engine: Engine, jira: Jira, kubernetes: Kubernetes
) -> None:
    run = waiting(engine)
    jira.close("OPS-1", "Won't Do")
    refused(run)
    assert jira.issues["AUDIT-1"]["status"]["statusCategory"]["key"] == "done"
    assert kubernetes.calls == []


@pytest.mark.parametrize(("status", "says"), [(400, "(400)"), (401, "(401)"), (403, "(403)"), (500, "JIRA_URL")])
def test_a_record_without_a_request_stays_open(status: int, says: str, engine: Engine, jira: Jira) -> None:
    jira.refusals["OPS"] = status
    ended = refused(engine.start(PROJECT.workflow, PROJECT.given))
    assert says in ended["message"]
    assert ended["outputs"] == links(jira, "AUDIT-1")
    assert jira.issues["AUDIT-1"]["status"]["statusCategory"]["key"] == "new"


REQUESTING = [
    ({"status": 401}, "OCP_API_SERVER_TOKEN"),
    ({"status": 403}, "the right to request projects"),
    ({"status": 409}, "another name"),
    ({"status": 404}, "OCP_API_SERVER_URL"),
    ({"status": 500}, "OCP_API_SERVER_URL"),
    ({"drop": True}, "OCP_API_SERVER_URL"),
]


@pytest.mark.parametrize(("fault", "says"), REQUESTING, ids=str)
def test_a_run_ends_when_the_project_cannot_be_requested(
    *,
    fault: dict[str, Any],
    says: str,
    engine: Engine,
    jira: Jira,
    kubernetes: Kubernetes,
) -> None:
    kubernetes.fail("createProjectRequest", **fault)
    run = waiting(engine)
    jira.close("OPS-1")
    ended = refused(run)
    assert ended["message"].startswith("The project team-a was not created. ")
    assert says in ended["message"]
    assert ended["outputs"] == links(jira, "OPS-1", "AUDIT-1")
    assert len(kubernetes.calls) == 1
    assert jira.issues["AUDIT-1"]["status"]["statusCategory"]["key"] == "new"


def test_a_project_that_exists_is_not_taken_over(engine: Engine, jira: Jira, kubernetes: Kubernetes) -> None:
    kubernetes.projects["team-a"] = ["Active"]
    run = waiting(engine)
    jira.close("OPS-1")
    assert "(409)" in refused(run)["message"]


READING = [
    ({"status": 401}, "OCP_API_SERVER_TOKEN"),
    ({"status": 403}, "to read them"),
    ({"status": 404}, "who deleted it"),
]


@pytest.mark.parametrize(("fault", "says"), READING, ids=str)
def test_a_run_ends_when_it_may_not_read_the_project(
    *,
    fault: dict[str, Any],
    says: str,
    engine: Engine,
    jira: Jira,
    kubernetes: Kubernetes,
) -> None:
    kubernetes.fail("getProject", **fault)
    run = waiting(engine)
    jira.close("OPS-1")
    ended = refused(run)
    assert ended["message"].startswith(f"{REQUESTED} ")
    assert says in ended["message"]


def test_a_run_ends_after_five_failed_looks_at_the_project(engine: Engine, jira: Jira, kubernetes: Kubernetes) -> None:
    kubernetes.fail("getProject", status=500)
    run = waiting(engine)
    jira.close("OPS-1")
    ended = refused(run)
    assert ended["message"].startswith(f"{REQUESTED} The cluster did not answer")
    assert run.states.count("ReadProject") == 5


@pytest.mark.parametrize("fault", [{"status": 500, "times": 4}, {"drop": True, "times": 1}], ids=str)
def test_a_few_failed_looks_at_the_project_are_no_failure(
    fault: dict[str, Any], engine: Engine, jira: Jira, kubernetes: Kubernetes
) -> None:
    kubernetes.fail("getProject", **fault)
    run = waiting(engine)
    jira.close("OPS-1")
    assert result(run.finish())["completedWith"] == "success"


def test_a_project_is_waited_for_as_long_as_it_takes(engine: Engine, jira: Jira, kubernetes: Kubernetes) -> None:
    kubernetes.phases = [""] * 12 + ["Active"]
    run = waiting(engine)
    jira.close("OPS-1")
    assert result(run.finish())["completedWith"] == "success"
    assert run.states.count("WaitForProject") == 12


def test_a_record_that_cannot_be_closed_is_named_and_the_project_stays(engine: Engine, jira: Jira) -> None:
    jira.closable = False
    run = waiting(engine)
    jira.close("OPS-1")
    ended = result(run.finish())
    assert ended["completedWith"] == "success"
    assert ended["message"] == (
        "The project team-a is ready: OPS-1 was approved. The record stays open: "
        "Jira offers no transition of it to a status of the category done. Close it by hand."
    )
    assert all(call.operation != "doTransition" for call in jira.calls)


FAULTS = [{"status": status} for status in (400, 401, 403, 404, 409, 500)] + [{"drop": True}]


@pytest.mark.parametrize("fault", FAULTS, ids=str)
@pytest.mark.parametrize("operation", ["getTransitions", "doTransition"])
def test_a_record_that_jira_does_not_close_is_named_and_the_project_stays(
    *,
    operation: str,
    fault: dict[str, Any],
    engine: Engine,
    jira: Jira,
    notifications: Notifications,
) -> None:
    jira.fail(operation, **fault)
    run = waiting(engine)
    jira.close("OPS-1")
    ended = result(run.finish())
    assert ended["completedWith"] == "success"
    assert ended["message"] == (
        "The project team-a is ready: OPS-1 was approved. "
        "The record stays open: Jira did not close it, or did not answer. Close it by hand."
    )
    assert notifications.sent[1]["description"] == ended["message"]


@pytest.mark.parametrize("name", ["t", "Team", "team_a", "-team", "team-", "t" * 64])
def test_a_name_that_openshift_would_refuse_is_refused_at_once(name: str, engine: Engine, jira: Jira) -> None:
    status, body = engine.post(PROJECT.workflow, PROJECT.given | {"projectName": name})
    assert status == 400
    assert "$.projectName" in body["message"]
    assert jira.calls == []


def test_ten_requests_at_a_time_stay_apart(engine: Engine, jira: Jira, kubernetes: Kubernetes) -> None:
    runs = [engine.start(PROJECT.workflow, PROJECT.given | {"projectName": f"team-{number}"}) for number in range(10)]
    for run in runs:
        run.wait("WaitForDecision")
    for number, run in enumerate(runs):
        jira.close(run.data["request"], "Done" if number % 2 else "Won't Do")
    for number, run in enumerate(runs):
        ended = result(run.finish())
        assert ended["completedWith"] == ("success" if number % 2 else "error")
        assert ended["message"].startswith(f"The project team-{number} ")
        assert run.data["request"] in ended["message"]
    assert sorted(kubernetes.projects) == [f"team-{number}" for number in range(1, 10, 2)]
