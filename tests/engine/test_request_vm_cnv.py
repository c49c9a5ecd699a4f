"""request-vm-cnv: a virtual machine of KubeVirt.

What it shares is in test_approval.py, what it does when a service fails in failures.py.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.approvals import CONSOLE, REQUEST, approved, links
from tests.engine.calls import CLUSTER, JIRA, JSON, calls, in_turn, plain
from tests.engine.engine import Engine
from tests.engine.kubevirt import hold_machine
from tests.engine.results import failed, result, succeeded
from tests.engine.services.jira import Jira
from tests.engine.services.kubernetes import Kubernetes
from tests.engine.services.notifications import Notifications
from tests.engine.services.openshift import RUNNING

MACHINES = "/apis/kubevirt.io/v1/namespaces/team-a/virtualmachines"
CREATED = "The virtual machine vm-a was created, but is not known to run."


def test_an_approved_machine_is_created_and_waited_for(
    engine: Engine, jira: Jira, kubernetes: Kubernetes, notifications: Notifications
) -> None:
    ended = result(approved(engine, jira, REQUEST).finish())
    assert ended == {
        "completedWith": "success",
        "message": "The virtual machine vm-a runs in team-a: OPS-1 was approved.",
        "outputs": [REQUEST.made, *links(jira, "OPS-1")],
    }
    assert in_turn(calls(jira)) == [
        plain(
            "POST",
            "/rest/api/latest/issue",
            JIRA | JSON,
            {
                "fields": {
                    "project": {"key": "OPS"},
                    "issuetype": {"name": "Task"},
                    "summary": "Virtual machine vm-a requested",
                    "description": "Please decide on the virtual machine vm-a with the image "
                    "registry.example.com/fedora:40 in the namespace team-a: close this issue with the "
                    "resolution Done to approve it, with any other to refuse it.",
                }
            },
        ),
        plain("GET", "/rest/api/latest/issue/OPS-1?fields=status%2Cresolution", JIRA),
    ]
    assert calls(kubernetes) == [
        plain(
            "POST",
            MACHINES,
            CLUSTER | JSON,
            {
                "apiVersion": "kubevirt.io/v1",
                "kind": "VirtualMachine",
                "metadata": {"name": "vm-a"},
                "spec": {
                    "runStrategy": "Always",
                    "template": {
                        "spec": {
                            "domain": {
                                "cpu": {"cores": 1},
                                "memory": {"guest": "2Gi"},
                                "devices": {
                                    "disks": [{"name": "rootdisk", "disk": {"bus": "virtio"}}],
                                    "interfaces": [{"name": "default", "masquerade": {}}],
                                },
                            },
                            "networks": [{"name": "default", "pod": {}}],
                            "volumes": [
                                {"name": "rootdisk", "containerDisk": {"image": "registry.example.com/fedora:40"}}
                            ],
                        }
                    },
                },
            },
        ),
        plain("GET", f"{MACHINES}/vm-a", CLUSTER),
        plain("GET", f"{MACHINES}/vm-a", CLUSTER),
    ]
    assert notifications.sent[1:] == [
        {
            "title": "Virtual machine vm-a",
            "description": "The virtual machine vm-a runs in team-a: OPS-1 was approved.",
            "link": CONSOLE,
            "severity": "normal",
            "topic": "request-vm-cnv",
        }
    ]


def test_the_machine_is_one_that_kubevirt_knows(
    engine: Engine, jira: Jira, kubernetes: Kubernetes, shared: Path
) -> None:
    approved(engine, jira, REQUEST).finish()
    hold_machine(kubernetes.calls[0].body, shared)
    hold_machine(kubernetes.machines["vm-a"], shared)


def test_a_machine_that_exists_is_left_alone(engine: Engine, jira: Jira, kubernetes: Kubernetes) -> None:
    kubernetes.have_machine(memory={"guest": "1Gi"})
    assert "(409)" in failed(approved(engine, jira, REQUEST))["message"]
    assert kubernetes.machines["vm-a"]["spec"]["template"]["spec"]["domain"]["memory"] == {"guest": "1Gi"}


def test_a_machine_that_does_not_run_is_given_up_after_ten_looks(
    engine: Engine, jira: Jira, kubernetes: Kubernetes, notifications: Notifications
) -> None:
    kubernetes.starting = [{"printableStatus": "Provisioning"}, {"printableStatus": "ErrImagePull", "ready": False}]
    run = approved(engine, jira, REQUEST)
    ended = failed(run)
    assert ended["message"].startswith(f"{CREATED} Its status is ErrImagePull. The looks that")
    assert run.states.count("ReadVm") == 10
    assert notifications.sent[1]["severity"] == "high"


def test_a_machine_whose_guest_is_not_ready_is_waited_for(engine: Engine, jira: Jira, kubernetes: Kubernetes) -> None:
    kubernetes.starting = [{}, RUNNING | {"ready": False}, RUNNING | {"ready": False}, RUNNING]
    run = approved(engine, jira, REQUEST)
    succeeded(run)
    assert run.states.count("ReadVm") == 4


@pytest.mark.parametrize(
    ("field", "value"),
    [("vmName", "VM"), ("vmName", "v" * 64), ("vmNamespace", ""), ("vmImage", "a b"), ("vmImage", "")],
)
def test_what_kubevirt_would_refuse_is_refused_at_once(field: str, value: str, engine: Engine, jira: Jira) -> None:
    status, body = engine.post(REQUEST.workflow, REQUEST.given | {field: value})
    assert status == 400
    assert f"$.{field}" in body["message"]
    assert jira.calls == []
