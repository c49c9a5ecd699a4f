"""modify-vm-resources: another size for a virtual machine.

What it shares is in test_approval.py, what it does when a service fails in failures.py.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.engine.approvals import CHANGE, CONSOLE, approved, links, prepare
from tests.engine.calls import CLUSTER, JIRA, JSON, calls, plain
from tests.engine.engine import Engine
from tests.engine.kubevirt import hold_machine
from tests.engine.results import failed, result, succeeded
from tests.engine.services.jira import Jira
from tests.engine.services.kubernetes import Kubernetes
from tests.engine.services.notifications import Notifications

MACHINE = "/apis/kubevirt.io/v1/namespaces/team-a/virtualmachines/vm-a"
CHANGED = "The virtual machine vm-a was changed, but is not known to run with the change."
ALL_FOUR = "memory 4Gi (was 2Gi), cores 2 (was 1), threads 2 (was not set), sockets 3 (was 1)"
READ = plain("GET", MACHINE, CLUSTER)


@pytest.fixture(autouse=True)
def machine(kubernetes: Kubernetes) -> None:
    prepare(CHANGE, kubernetes)


def patch(domain: dict[str, Any]) -> dict[str, Any]:
    """Return the call that changes the virtual machine."""
    return plain(
        "PATCH",
        MACHINE,
        CLUSTER | {"content-type": "application/merge-patch+json"},
        {"spec": {"template": {"spec": {"domain": domain}}}},
    )


def test_an_approved_change_is_made_and_the_machine_restarted(
    engine: Engine, jira: Jira, kubernetes: Kubernetes, notifications: Notifications
) -> None:
    run = approved(engine, jira, CHANGE, memory="4Gi", cores=2, threads=2, sockets=3, autoRestart=True)
    ended = result(run.finish())
    assert ended == {
        "completedWith": "success",
        "message": f"The virtual machine vm-a was changed: {ALL_FOUR}. It was restarted and runs with the change.",
        "outputs": [CHANGE.made, *links(jira, "OPS-1")],
    }
    assert calls(jira)[0] == plain(
        "POST",
        "/rest/api/latest/issue",
        JIRA | JSON,
        {
            "fields": {
                "project": {"key": "OPS"},
                "issuetype": {"name": "Task"},
                "summary": "Change of the virtual machine vm-a requested",
                "description": "Please decide on a change of the virtual machine vm-a in the namespace team-a, to "
                f"{ALL_FOUR}, with a restart: close this issue "
                "with the resolution Done to approve it, with any other to refuse it.",
            }
        },
    )
    assert calls(kubernetes) == [
        READ,
        patch({"memory": {"guest": "4Gi"}, "cpu": {"cores": 2, "threads": 2, "sockets": 3}}),
        plain(
            "PUT", f"/apis/subresources.kubevirt.io/v1{MACHINE.removeprefix('/apis/kubevirt.io/v1')}/restart", CLUSTER
        ),
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
    run = approved(engine, jira, replace(CHANGE, given=given))
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
    approved(engine, jira, CHANGE, memory="4Gi", cores=2, threads=2, sockets=3, autoRestart=True).finish()
    hold_machine(kubernetes.machines["vm-a"], shared)


def test_nothing_to_change_is_said_before_anybody_is_asked(engine: Engine, jira: Jira, kubernetes: Kubernetes) -> None:
    given = {key: value for key, value in CHANGE.given.items() if key != "memory"}
    ended = failed(engine.start(CHANGE.workflow, given | {"autoRestart": True}))
    assert ended["message"].startswith(f"{CHANGE.undone}. Nothing is to be changed.")
    assert jira.calls == kubernetes.calls == []


def test_a_machine_that_does_not_run_is_changed_all_the_same(
    engine: Engine, jira: Jira, kubernetes: Kubernetes
) -> None:
    kubernetes.machines["vm-a"]["status"] = {"printableStatus": "Stopped", "ready": False}
    ended = succeeded(approved(engine, jira, CHANGE, autoRestart=True))
    assert ended["message"] == (
        "The virtual machine vm-a was changed: memory 4Gi (was 2Gi). "
        "It does not run, or must not be restarted now (409); the change takes effect at its next restart."
    )


def test_a_machine_that_does_not_come_back_is_given_up_after_ten_looks(
    engine: Engine, jira: Jira, kubernetes: Kubernetes
) -> None:
    kubernetes.restarting[-1] = {"printableStatus": "ErrorUnschedulable", "ready": False}
    run = approved(engine, jira, CHANGE, autoRestart=True)
    ended = failed(run)
    assert ended["message"].startswith(f"{CHANGED} Its status is ErrorUnschedulable. The looks that")
    assert run.states.count("ReadStatus") == 10


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
