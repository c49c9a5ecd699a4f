"""create-ocp-project: a project of OpenShift and a record in Jira.

What it shares is in test_approval.py, what it does when a service fails in failures.py.
"""

from __future__ import annotations

import pytest

from tests.engine.approvals import PROJECT, approved, links, waiting
from tests.engine.calls import CLUSTER, JIRA, JSON, calls, in_turn, plain
from tests.engine.engine import Engine
from tests.engine.results import failed, result, succeeded
from tests.engine.services.jira import Jira
from tests.engine.services.kubernetes import Kubernetes
from tests.engine.services.notifications import Notifications


def test_an_approved_project_is_created_and_its_record_closed(
    engine: Engine, jira: Jira, kubernetes: Kubernetes, notifications: Notifications
) -> None:
    run = approved(engine, jira, PROJECT)
    ended = result(run.finish())
    assert ended == {
        "completedWith": "success",
        "message": "The project team-a is ready: OPS-1 was approved.",
        "outputs": [PROJECT.made, *links(jira, "OPS-1", "AUDIT-1")],
    }
    issue = "/rest/api/latest/issue"
    assert in_turn(calls(jira)) == [
        plain(
            "POST",
            issue,
            JIRA | JSON,
            {
                "fields": {
                    "project": {"key": "AUDIT"},
                    "issuetype": {"name": "Task"},
                    "summary": "OpenShift project team-a: record of a request",
                    "description": "The OpenShift project team-a was asked for. "
                    f"The run {run.id} closes this issue once that is settled.",
                }
            },
        ),
        plain(
            "POST",
            issue,
            JIRA | JSON,
            {
                "fields": {
                    "project": {"key": "OPS"},
                    "issuetype": {"name": "Task"},
                    "summary": "OpenShift project team-a requested",
                    "description": "Please decide on the OpenShift project team-a: close this issue with the "
                    "resolution Done to approve it, with any other to refuse it. Its record is AUDIT-1.",
                }
            },
        ),
        plain("GET", f"{issue}/OPS-1?fields=status%2Cresolution", JIRA),
        plain("GET", f"{issue}/AUDIT-1/transitions", JIRA),
        plain("POST", f"{issue}/AUDIT-1/transitions", JIRA | JSON, {"transition": {"id": "31"}}),
    ]
    projects = "/apis/project.openshift.io/v1"
    assert calls(kubernetes) == [
        plain(
            "POST",
            f"{projects}/projectrequests",
            CLUSTER | JSON,
            {
                "apiVersion": "project.openshift.io/v1",
                "kind": "ProjectRequest",
                "metadata": {"name": "team-a"},
                "description": "Approved in OPS-1",
            },
        ),
        plain("GET", f"{projects}/projects/team-a", CLUSTER),
        plain("GET", f"{projects}/projects/team-a", CLUSTER),
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
    run = waiting(engine, PROJECT)
    jira.close("OPS-1", "Won't Do")
    failed(run)
    assert jira.issues["AUDIT-1"]["status"]["statusCategory"]["key"] == "done"
    assert kubernetes.calls == []


def test_a_project_that_exists_is_not_taken_over(engine: Engine, jira: Jira, kubernetes: Kubernetes) -> None:
    kubernetes.projects["team-a"] = ["Active"]
    run = approved(engine, jira, PROJECT)
    assert "(409)" in failed(run)["message"]


def test_a_project_is_waited_for_as_long_as_it_takes(engine: Engine, jira: Jira, kubernetes: Kubernetes) -> None:
    kubernetes.phases = [""] * 12 + ["Active"]
    run = approved(engine, jira, PROJECT)
    succeeded(run)
    assert run.states.count("WaitForProject") == 12


def test_a_record_that_cannot_be_closed_is_named_and_the_project_stays(engine: Engine, jira: Jira) -> None:
    jira.closable = False
    run = approved(engine, jira, PROJECT)
    ended = succeeded(run)
    assert ended["message"] == (
        "The project team-a is ready: OPS-1 was approved. The record stays open: "
        "Jira offers no transition of it to a status of the category done. Close it by hand."
    )
    assert "doTransition" not in jira.operations


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
