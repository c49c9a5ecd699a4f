"""Three workflows that ask in Jira before they act, and what their tests have in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.engine.engine import Engine, Run
from tests.engine.services.jira import Jira
from tests.engine.services.kubernetes import Kubernetes

CONSOLE = "https://console.example.com/k8s/ns/team-a/kubevirt.io~v1~VirtualMachine/vm-a"


@dataclass(frozen=True, kw_only=True)
class Approval:
    """One of the workflows: an input, and what a run with it says, opens and calls.

    `undone` begins the message of a run that made nothing, `done` is that of one that made what it was asked for.
    """

    workflow: str
    given: dict[str, Any]
    undone: str
    done: str
    waiting: str
    title: str
    made: Mapping[str, str]
    """The output that leads to what a run made."""

    issues: tuple[str, ...]
    """The request and, where there is one, the record."""

    asking: Mapping[str, int]
    """The operations of Jira and the cluster, to how often a run calls them before it waits for a decision."""

    making: Mapping[str, int]
    """The same for what it calls once the request is approved."""

    machine: Mapping[str, Any] = field(default_factory=dict)
    """The domain of the virtual machine that the cluster has before the run; it has none where this is empty."""

    @property
    def calls(self) -> Counter[str]:
        """The operations that a run calls that goes well, without the looks at the request."""
        return Counter(self.asking) + Counter(self.making)


PROJECT = Approval(
    workflow="create-ocp-project",
    given={"projectName": "team-a", "operationsProjectKey": "OPS", "auditProjectKey": "AUDIT"},
    undone="The project team-a was not created",
    done="The project team-a is ready: OPS-1 was approved.",
    waiting="Project team-a waits for approval",
    title="Project team-a",
    made={"key": "Project", "value": "team-a", "format": "text"},
    issues=("OPS-1", "AUDIT-1"),
    asking={"createIssue": 2},
    making={"createProjectRequest": 1, "getProject": 2, "getTransitions": 1, "doTransition": 1},
)
REQUEST = Approval(
    workflow="request-vm-cnv",
    given={
        "vmName": "vm-a",
        "vmNamespace": "team-a",
        "vmImage": "registry.example.com/fedora:40",
        "jiraProjectKey": "OPS",
    },
    undone="The virtual machine vm-a was not created",
    done="The virtual machine vm-a runs in team-a: OPS-1 was approved.",
    waiting="Virtual machine vm-a waits for approval",
    title="Virtual machine vm-a",
    made={"key": "Virtual machine", "value": CONSOLE, "format": "link"},
    issues=("OPS-1",),
    asking={"createIssue": 1},
    making={"createVirtualMachine": 1, "getVirtualMachine": 2},
)
CHANGE = Approval(
    workflow="modify-vm-resources",
    given={"vmName": "vm-a", "vmNamespace": "team-a", "memory": "4Gi", "jiraProjectKey": "OPS"},
    undone="The virtual machine vm-a was not changed",
    done="The virtual machine vm-a was changed: memory 4Gi (was 2Gi). The change takes effect at its next restart.",
    waiting="Change of vm-a waits for approval",
    title="Virtual machine vm-a",
    made={"key": "Virtual machine", "value": CONSOLE, "format": "link"},
    issues=("OPS-1",),
    asking={"getVirtualMachine": 1, "createIssue": 1},
    making={"patchVirtualMachine": 1},
    machine={"cpu": {"cores": 1, "sockets": 1, "model": "host-model"}, "memory": {"guest": "2Gi"}},
)


def prepare(approval: Approval, kubernetes: Kubernetes) -> None:
    """Have in the cluster what a run finds there."""
    if approval.machine:
        kubernetes.have_machine(**approval.machine)


def waiting(engine: Engine, approval: Approval, **more: Any) -> Run:
    """Return a run that waits for a decision."""
    run = engine.start(approval.workflow, approval.given | more)
    run.wait("WaitForDecision")
    return run


def approved(engine: Engine, jira: Jira, approval: Approval, **more: Any) -> Run:
    """Return a run whose request is approved."""
    run = waiting(engine, approval, **more)
    jira.close("OPS-1")
    return run


def links(jira: Jira, *keys: str) -> list[dict[str, str]]:
    """Return the outputs that lead to issues: the request, then the record."""
    names = {"OPS-1": "Request", "AUDIT-1": "Record"}
    return [{"key": names[key], "value": f"{jira.url}/browse/{key}", "format": "link"} for key in keys]
