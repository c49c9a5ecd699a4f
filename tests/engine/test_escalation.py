"""escalation on the real engine: each row of its README, with Jira and Kubernetes in every mood."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.calls import CLUSTER, JIRA, JSON, in_turn, plain
from tests.engine.engine import Engine, Run
from tests.engine.results import failed, result, succeeded
from tests.engine.services.jira import Jira
from tests.engine.services.kubernetes import Kubernetes
from tests.waiting import eventually

ID = "ticketEscalation"
INPUT = {"namespace": "team-a", "manager": "boss"}
ISSUES = "/rest/api/latest/issue"
#: The calls, in full.
OPEN = plain(
    "POST",
    ISSUES,
    JIRA | JSON,
    {
        "fields": {
            "project": {"key": "TEST"},
            "issuetype": {"id": "10002"},
            "summary": "Namespace team-a requested",
            "description": "Please approve the namespace team-a by moving this issue to done.",
        }
    },
)
READ = plain("GET", f"{ISSUES}/TEST-1?fields=status", JIRA)
COMMENT = plain(
    "POST",
    f"{ISSUES}/TEST-1/comment",
    JIRA | JSON,
    {"body": "[~boss] this issue is still open: the namespace team-a waits for your approval."},
)
CREATE = plain(
    "POST",
    "/api/v1/namespaces",
    CLUSTER | JSON,
    {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team-a"}},
)
#: The looks in a row that may fail, as the workflow has it where nobody says otherwise.
MAX_FAILURES = 5

Fault = dict[str, Any]


def waiting(engine: Engine) -> Run:
    """A run whose issue is open."""
    run = engine.start(ID, INPUT)
    run.wait("Wait")
    return run


def calls_in_turn(jira: Jira) -> list[dict[str, Any]]:
    return in_turn(call.plain() for call in jira.calls)


def link(jira: Jira) -> dict[str, str]:
    return {"key": "Jira issue", "value": f"{jira.url}/browse/TEST-1", "format": "link"}


def failure(run: Run) -> dict[str, Any]:
    """The result of a run that created nothing."""
    ended = failed(run)
    assert ended["message"].startswith("The namespace team-a was not created. ")
    return ended


def test_a_namespace_is_created_once_its_issue_is_done(engine: Engine, jira: Jira, kubernetes: Kubernetes) -> None:
    engine.restart(ESCALATION_TIMEOUT_SECONDS="3600")
    run = waiting(engine)
    assert run.data["link"] == link(jira)["value"]
    jira.close("TEST-1")
    assert result(run.finish()) == {
        "completedWith": "success",
        "message": "The namespace team-a was created: TEST-1 is done.",
        "outputs": [{"key": "Namespace", "value": "team-a", "format": "text"}, link(jira)],
    }
    assert calls_in_turn(jira) == [OPEN, READ]
    assert [call.plain() for call in kubernetes.calls] == [CREATE]


@pytest.mark.parametrize("resolution", ["Done", "Won't Do", None])
def test_an_issue_of_the_category_done_is_done_whatever_its_resolution(
    resolution: str | None, engine: Engine, jira: Jira
) -> None:
    run = waiting(engine)
    jira.close("TEST-1", resolution)
    succeeded(run)


def test_the_manager_is_told_once_of_an_issue_that_stays_open(engine: Engine, jira: Jira) -> None:
    run = waiting(engine)
    run.wait("Escalate")
    run.wait("Wait", times=run.states.count("Wait") + 3)
    jira.close("TEST-1")
    succeeded(run)
    assert calls_in_turn(jira) == [OPEN, READ, COMMENT, READ]
    assert jira.operations.count("addComment") == 1


OPENING = [
    ({"status": 400}, "JIRA_PROJECT and JIRA_ISSUE_TYPE, and which fields the project demands"),
    ({"status": 401}, "JIRA_USERNAME and JIRA_API_TOKEN"),
    ({"status": 403}, "the right to open, see and comment on issues"),
    ({"status": 404}, "JIRA_URL is not the address of a Jira"),
    ({"status": 409}, "JIRA_URL and JIRA_ISSUE_TYPE are set and right"),
    ({"status": 500}, "JIRA_URL and JIRA_ISSUE_TYPE are set and right"),
    ({"drop": True}, "JIRA_URL and JIRA_ISSUE_TYPE are set and right"),
]


@pytest.mark.parametrize(("fault", "says"), OPENING, ids=str)
def test_a_run_ends_when_its_issue_cannot_be_opened(fault: Fault, says: str, engine: Engine, jira: Jira) -> None:
    jira.fail("createIssue", **fault)
    ended = failure(engine.start(ID, INPUT))
    assert says in ended["message"]
    assert ended["outputs"] == []
    assert calls_in_turn(jira) == [OPEN]


REFUSING = [
    ({"status": 401}, "JIRA_USERNAME and JIRA_API_TOKEN"),
    ({"status": 403}, "the right to open, see and comment on issues"),
    ({"status": 404}, "It was deleted or moved"),
]


def test_nobody_is_told_of_an_issue_that_may_not_be_read(engine: Engine, jira: Jira) -> None:
    engine.restart(ESCALATION_TIMEOUT_SECONDS="0")
    jira.fail("getIssue", status=403)
    failure(engine.start(ID, INPUT))
    assert calls_in_turn(jira) == [OPEN, READ]


def test_nobody_is_told_of_an_issue_that_is_done(engine: Engine, jira: Jira) -> None:
    engine.restart(ESCALATION_TIMEOUT_SECONDS="0")
    jira.slow("getIssue", 1)
    run = engine.start(ID, INPUT)
    jira.close("TEST-1")
    succeeded(run)
    assert calls_in_turn(jira) == [OPEN, READ]


#: What may pass, and so is tried again where the run waits anyway.
UNANSWERED = [{"status": 400}, {"status": 409}, {"status": 500}, {"drop": True}]


@pytest.mark.parametrize(("fault", "says"), REFUSING, ids=str)
def test_a_run_ends_when_its_issue_may_not_be_read(
    fault: Fault, says: str, engine: Engine, jira: Jira, kubernetes: Kubernetes
) -> None:
    jira.fail("getIssue", **fault)
    ended = failure(engine.start(ID, INPUT))
    assert says in ended["message"]
    assert ended["outputs"] == [link(jira)]
    assert calls_in_turn(jira) == [OPEN, READ]
    assert jira.operations.count("getIssue") == 1
    assert kubernetes.calls == []


@pytest.mark.parametrize("fault", UNANSWERED, ids=str)
def test_a_run_ends_when_too_many_looks_in_a_row_fail(
    fault: Fault, engine: Engine, jira: Jira, kubernetes: Kubernetes
) -> None:
    jira.fail("getIssue", **fault)
    run = engine.start(ID, INPUT)
    ended = failure(run)
    assert "POLLING_MAX_FAILURES times in a row" in ended["message"]
    assert ended["outputs"] == [link(jira)]
    assert calls_in_turn(jira) == [OPEN, READ]
    assert run.states.count("ReadIssue") == MAX_FAILURES
    assert kubernetes.calls == []


def test_a_good_look_sets_the_count_of_failed_ones_back(engine: Engine, jira: Jira) -> None:
    jira.fail("getIssue", status=500, times=MAX_FAILURES - 1)
    run = waiting(engine)
    run.wait("Wait", times=MAX_FAILURES + 1)
    jira.fail("getIssue", status=500, times=MAX_FAILURES - 1)
    run.wait("Wait", times=run.states.count("Wait") + MAX_FAILURES + 1)
    jira.close("TEST-1")
    succeeded(run)
    assert run.states.count("ReadIssue") > 2 * MAX_FAILURES


def test_how_many_looks_may_fail_can_be_set(engine: Engine, jira: Jira) -> None:
    engine.restart(POLLING_MAX_FAILURES="1")
    jira.fail("getIssue", status=500)
    failure(engine.start(ID, INPUT))
    assert jira.operations == ["createIssue", "getIssue"]


def test_nobody_is_told_of_an_open_issue_after_a_failed_look(engine: Engine, jira: Jira) -> None:
    engine.restart(ESCALATION_TIMEOUT_SECONDS="0")
    jira.fail("getIssue", status=500, times=2)
    run = engine.start(ID, INPUT)
    run.wait("CheckEscalated")
    assert jira.operations[:5] == ["createIssue", "getIssue", "getIssue", "getIssue", "addComment"]
    jira.close("TEST-1")
    succeeded(run)


@pytest.mark.parametrize(("fault", "says"), REFUSING, ids=str)
def test_a_run_ends_when_the_manager_may_not_be_told(
    *, fault: Fault, says: str, engine: Engine, jira: Jira, kubernetes: Kubernetes
) -> None:
    jira.fail("addComment", **fault)
    ended = failure(engine.start(ID, INPUT))
    assert says in ended["message"]
    assert ended["outputs"] == [link(jira)]
    assert calls_in_turn(jira) == [OPEN, READ, COMMENT]
    assert jira.operations.count("addComment") == 1
    assert kubernetes.calls == []


@pytest.mark.parametrize("fault", UNANSWERED, ids=str)
def test_a_comment_that_fails_is_tried_again_at_the_next_look(fault: Fault, engine: Engine, jira: Jira) -> None:
    jira.fail("addComment", **fault, times=2)
    run = waiting(engine)
    run.wait("Escalate", times=3)
    run.wait("Wait", times=run.states.count("Wait") + 3)
    jira.close("TEST-1")
    succeeded(run)
    assert calls_in_turn(jira) == [OPEN, READ, COMMENT, READ, COMMENT, READ, COMMENT, READ]


CREATING = [
    ({"status": 400}, "OCP_API_SERVER_URL is set and right"),
    ({"status": 401}, "OCP_API_SERVER_TOKEN"),
    ({"status": 403}, "a cluster role that may"),
    ({"status": 404}, "OCP_API_SERVER_URL is set and right"),
    ({"status": 409}, "another name"),
    ({"status": 500}, "OCP_API_SERVER_URL is set and right"),
    ({"drop": True}, "OCP_API_SERVER_URL is set and right"),
]


@pytest.mark.parametrize(("fault", "says"), CREATING, ids=str)
def test_a_run_ends_when_the_namespace_cannot_be_created(
    fault: Fault, says: str, engine: Engine, jira: Jira, kubernetes: Kubernetes
) -> None:
    kubernetes.fail("createNamespace", **fault)
    run = waiting(engine)
    jira.close("TEST-1")
    ended = failure(run)
    assert says in ended["message"]
    assert ended["outputs"] == [link(jira)]
    assert [call.plain() for call in kubernetes.calls] == [CREATE]


def test_a_namespace_that_exists_is_not_created_again(engine: Engine, jira: Jira, kubernetes: Kubernetes) -> None:
    kubernetes.namespaces.append("team-a")
    run = waiting(engine)
    jira.close("TEST-1")
    assert "A namespace of this name exists already (409)" in failure(run)["message"]


def test_slow_services_are_waited_for(engine: Engine, jira: Jira, kubernetes: Kubernetes) -> None:
    for operation in ("createIssue", "getIssue", "addComment"):
        jira.slow(operation, 2)
    kubernetes.slow("createNamespace", 2)
    run = waiting(engine)
    eventually(lambda: "addComment" in jira.operations, "no comment")
    jira.close("TEST-1")
    succeeded(run)


@pytest.mark.parametrize("name", ["ESCALATION_TIMEOUT_SECONDS", "POLLING_MAX_FAILURES"])
def test_a_setting_that_is_no_number_ends_the_run_before_anything_is_done(
    name: str, engine: Engine, jira: Jira
) -> None:
    engine.restart(**{name: "soon"})
    ended = failure(engine.start(ID, INPUT))
    assert name in ended["message"]
    assert ended["outputs"] == []
    assert jira.calls == []


def test_a_token_that_was_not_given_is_named(engine: Engine, jira: Jira, kubernetes: Kubernetes) -> None:
    engine.restart(OCP_API_SERVER_TOKEN="")
    run = waiting(engine)
    jira.close("TEST-1")
    assert "OCP_API_SERVER_TOKEN" in failure(run)["message"]
    assert kubernetes.namespaces == []
