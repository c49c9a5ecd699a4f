"""modify-vm-resources: another size for a virtual machine. What it shares is in test_approval.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.engine.approvals import CHANGE, CLUSTER, JIRA, JSON, calls, links, refused
from tests.engine.conftest import Engine, Run, result
from tests.engine.kubevirt import hold_machine
from tests.engine.services.jira import Jira
from tests.engine.services.kubernetes import Kubernetes
from tests.engine.services.notifications import Notifications

MACHINE = "/apis/kubevirt.io/v1/namespaces/team-a/virtualmachines/vm-a"
CONSOLE = "https://console.example.com/k8s/ns/team-a/kubevirt.io~v1~VirtualMachine/vm-a"
CHANGED = "The virtual machine vm-a was changed, but is not known to run with the change."
ALL_FOUR = "memory 4Gi (was 2Gi), cores 2 (was 1), threads 2 (was not set), sockets 3 (was 1)"
READ = {"method": "GET", "path": MACHINE, "headers": CLUSTER, "body": None}


@pytest.fixture(autouse=True)
def machine(kubernetes: Kubernetes) -> None:
    kubernetes.have_machine(cpu={"cores": 1, "sockets": 1, "model": "host-model"}, memory={"guest": "2Gi"})


def patch(domain: dict[str, Any]) -> dict[str, Any]:
    """Return the call that changes the virtual machine."""
    return {
        "method": "PATCH",
        "path": MACHINE,
        "headers": CLUSTER | {"content-type": "application/merge-patch+json"},
        "body": {"spec": {"template": {"spec": {"domain": domain}}}},
    }


def waiting(engine: Engine, **more: Any) -> Run:
    """Return a run that waits for a decision."""
    run = engine.start(CHANGE.workflow, CHANGE.given | more)
    run.wait("WaitForDecision")
    return run


def approved(engine: Engine, jira: Jira, **more: Any) -> Run:
    """Return a run whose request is approved."""
    run = waiting(engine, **more)
    jira.close("OPS-1")
    return run


def test_an_approved_change_is_made_and_the_machine_restarted(
    engine: Engine, jira: Jira, kubernetes: Kubernetes, notifications: Notifications
) -> None:
    run = approved(engine, jira, memory="4Gi", cores=2, threads=2, sockets=3, autoRestart=True)
    ended = result(run.finish())
    assert ended == {
        "completedWith": "success",
        "message": f"The virtual machine vm-a was changed: {ALL_FOUR}. It was restarted and runs with the change.",
        "outputs": [{"key": "Virtual machine", "value": CONSOLE, "format": "link"}, *links(jira, "OPS-1")],
    }
    assert calls(jira)[0] == {
        "method": "POST",
        "path": "/rest/api/latest/issue",
        "headers": JIRA | JSON,
        "body": {
            "fields": {
                "project": {"key": "OPS"},
                "issuetype": {"name": "Task"},
                "summary": "Change of the virtual machine vm-a requested",
                "description": "Please decide on a change of the virtual machine vm-a in the namespace team-a, to "
                f"{ALL_FOUR}, with a restart: close this issue "
                "with the resolution Done to approve it, with any other to refuse it.",
            }
        },
    }
    assert calls(kubernetes) == [
        READ,
        patch({"memory": {"guest": "4Gi"}, "cpu": {"cores": 2, "threads": 2, "sockets": 3}}),
        {
            "method": "PUT",
            "path": f"/apis/subresources.kubevirt.io/v1{MACHINE.removeprefix('/apis/kubevirt.io/v1')}/restart",
            "headers": CLUSTER,
            "body": None,
        },
        READ,
        READ,
        READ,
        READ,
    ]
    assert kubernetes.machines["vm-a"]["spec"]["template"]["spec"]["domain"] == {
        "devices": {},
        "cpu": {"cores": 2, "threads": 2, "sockets": 3, "model": "host-model"},
        "memory": {"guest": "4Gi"},
    }
    assert notifications.sent[1:] == [
        {
            "title": "Virtual machine vm-a",
            "description": ended["message"],
            "link": CONSOLE,
            "severity": "normal",
            "topic": "modify-vm-resources",
        }
    ]


ONE_BY_ONE = [
    ({"memory": "512Mi"}, {"memory": {"guest": "512Mi"}}, "memory 512Mi (was 2Gi)"),
    ({"memory": None, "cores": 4}, {"cpu": {"cores": 4}}, "cores 4 (was 1)"),
    ({"memory": None, "threads": 2}, {"cpu": {"threads": 2}}, "threads 2 (was not set)"),
    ({"memory": None, "sockets": 8}, {"cpu": {"sockets": 8}}, "sockets 8 (was 1)"),
]


@pytest.mark.parametrize(
    ("asked", "domain", "says"), ONE_BY_ONE, ids=lambda value: value if isinstance(value, str) else ""
)
def test_only_what_is_asked_for_is_changed(
    *,
    asked: dict[str, Any],
    domain: dict[str, Any],
    says: str,
    engine: Engine,
    jira: Jira,
    kubernetes: Kubernetes,
) -> None:
    given = {key: value for key, value in (CHANGE.given | asked).items() if value is not None}
    run = engine.start(CHANGE.workflow, given)
    run.wait("WaitForDecision")
    jira.close("OPS-1")
    ended = result(run.finish())
    assert (
        ended["message"]
        == f"The virtual machine vm-a was changed: {says}. The change takes effect at its next restart."
    )
    assert calls(kubernetes) == [READ, patch(domain)]
    assert "without a restart" in jira.calls[0].body["fields"]["description"]


def test_the_machine_stays_one_that_kubevirt_knows(
    engine: Engine, jira: Jira, kubernetes: Kubernetes, shared: Path
) -> None:
    hold_machine(kubernetes.machines["vm-a"], shared)
    approved(engine, jira, memory="4Gi", cores=2, threads=2, sockets=3, autoRestart=True).finish()
    hold_machine(kubernetes.machines["vm-a"], shared)


def test_nothing_to_change_is_said_before_anybody_is_asked(engine: Engine, jira: Jira, kubernetes: Kubernetes) -> None:
    given = {key: value for key, value in CHANGE.given.items() if key != "memory"}
    ended = refused(engine.start(CHANGE.workflow, given | {"autoRestart": True}))
    assert ended["message"].startswith(f"{CHANGE.undone}. Nothing is to be changed.")
    assert jira.calls == kubernetes.calls == []


FIRST_READ = [
    ({"status": 401}, "OCP_API_SERVER_TOKEN"),
    ({"status": 403}, "the right to read, change and restart"),
    ({"status": 404}, "no such virtual machine"),
    ({"status": 500}, "OCP_API_SERVER_URL"),
    ({"drop": True}, "OCP_API_SERVER_URL"),
]


@pytest.mark.parametrize(("fault", "says"), FIRST_READ, ids=str)
def test_nobody_is_asked_about_a_machine_that_cannot_be_read(
    *,
    fault: dict[str, Any],
    says: str,
    engine: Engine,
    jira: Jira,
    kubernetes: Kubernetes,
) -> None:
    kubernetes.fail("getVirtualMachine", **fault)
    ended = refused(engine.start(CHANGE.workflow, CHANGE.given))
    assert ended["message"].startswith(f"{CHANGE.undone}. ")
    assert says in ended["message"]
    assert jira.calls == []


CHANGING = [
    ({"status": 401}, "OCP_API_SERVER_TOKEN"),
    ({"status": 403}, "the right to read, change and restart"),
    ({"status": 404}, "no such virtual machine"),
    ({"status": 422}, "instance type"),
    ({"status": 409}, "OCP_API_SERVER_URL"),
    ({"status": 500}, "OCP_API_SERVER_URL"),
    ({"drop": True}, "OCP_API_SERVER_URL"),
]


@pytest.mark.parametrize(("fault", "says"), CHANGING, ids=str)
def test_a_run_ends_when_the_change_cannot_be_made(
    *,
    fault: dict[str, Any],
    says: str,
    engine: Engine,
    jira: Jira,
    kubernetes: Kubernetes,
    notifications: Notifications,
) -> None:
    kubernetes.fail("patchVirtualMachine", **fault)
    ended = refused(approved(engine, jira, autoRestart=True))
    assert ended["message"].startswith(f"{CHANGE.undone}. ")
    assert says in ended["message"]
    assert ended["outputs"] == links(jira, "OPS-1")
    assert notifications.sent[1]["link"] == f"{jira.url}/browse/OPS-1"
    assert all(call.operation != "restartVirtualMachine" for call in kubernetes.calls)


RESTARTING = [
    ({"status": 401}, "OCP_API_SERVER_TOKEN"),
    ({"status": 403}, "the right to read, change and restart"),
    ({"status": 404}, "no such virtual machine"),
    ({"status": 500}, "OCP_API_SERVER_URL"),
    ({"drop": True}, "OCP_API_SERVER_URL"),
]


@pytest.mark.parametrize(("fault", "says"), RESTARTING, ids=str)
def test_a_change_without_its_restart_is_named(
    *,
    fault: dict[str, Any],
    says: str,
    engine: Engine,
    jira: Jira,
    kubernetes: Kubernetes,
    notifications: Notifications,
) -> None:
    kubernetes.fail("restartVirtualMachine", **fault)
    ended = refused(approved(engine, jira, autoRestart=True))
    assert ended["message"].startswith(f"{CHANGED} ")
    assert says in ended["message"]
    assert ended["outputs"] == [{"key": "Virtual machine", "value": CONSOLE, "format": "link"}, *links(jira, "OPS-1")]
    assert notifications.sent[1]["link"] == CONSOLE


def test_a_machine_that_does_not_run_is_changed_all_the_same(
    engine: Engine, jira: Jira, kubernetes: Kubernetes
) -> None:
    kubernetes.machines["vm-a"]["status"] = {"printableStatus": "Stopped", "ready": False}
    ended = result(approved(engine, jira, autoRestart=True).finish())
    assert ended["completedWith"] == "success"
    assert ended["message"] == (
        "The virtual machine vm-a was changed: memory 4Gi (was 2Gi). "
        "It does not run, or must not be restarted now (409); the change takes effect at its next restart."
    )


READING = [
    ({"status": 401}, "OCP_API_SERVER_TOKEN"),
    ({"status": 403}, "the right to read, change and restart"),
    ({"status": 404}, "no such virtual machine"),
]


@pytest.mark.parametrize(("fault", "says"), READING, ids=str)
def test_a_run_ends_when_it_may_not_read_the_machine_after_the_restart(
    *,
    fault: dict[str, Any],
    says: str,
    engine: Engine,
    jira: Jira,
    kubernetes: Kubernetes,
) -> None:
    run = waiting(engine, autoRestart=True)
    kubernetes.fail("getVirtualMachine", **fault)
    jira.close("OPS-1")
    ended = refused(run)
    assert ended["message"].startswith(f"{CHANGED} ")
    assert says in ended["message"]


def test_a_machine_that_does_not_come_back_is_given_up_after_ten_looks(
    engine: Engine, jira: Jira, kubernetes: Kubernetes
) -> None:
    kubernetes.restarting[-1] = {"printableStatus": "ErrorUnschedulable", "ready": False}
    run = approved(engine, jira, autoRestart=True)
    ended = refused(run)
    assert ended["message"].startswith(f"{CHANGED} Its status is ErrorUnschedulable. The looks that")
    assert run.states.count("ReadStatus") == 10


def test_a_failed_look_counts(engine: Engine, jira: Jira, kubernetes: Kubernetes) -> None:
    run = waiting(engine, autoRestart=True)
    kubernetes.fail("getVirtualMachine", status=500)
    jira.close("OPS-1")
    ended = refused(run)
    assert ended["message"].startswith(f"{CHANGED} Its status is unknown. The looks that")
    assert run.states.count("ReadStatus") == 10


def test_a_few_failed_looks_are_no_failure(engine: Engine, jira: Jira, kubernetes: Kubernetes) -> None:
    run = waiting(engine, autoRestart=True)
    kubernetes.fail("getVirtualMachine", status=500, times=3)
    jira.close("OPS-1")
    assert "It was restarted" in result(run.finish())["message"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("memory", "4"),
        ("memory", "0Gi"),
        ("memory", "4 Gi"),
        ("cores", 0),
        ("threads", 1.5),
        ("sockets", "2"),
        ("autoRestart", "yes"),
    ],
)
def test_a_size_that_is_none_is_refused_at_once(field: str, value: Any, engine: Engine, jira: Jira) -> None:
    status, body = engine.post(CHANGE.workflow, CHANGE.given | {field: value})
    assert status == 400
    assert f"$.{field}" in body["message"]
    assert jira.calls == []
