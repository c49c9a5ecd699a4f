"""Three workflows that ask in Jira before they act, and what their tests have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.engine.engine import Run
from tests.engine.results import result
from tests.engine.services.jira import Jira
from tests.engine.services.service import Service

#: waybill@example.com:jira-token
JIRA = {"authorization": "Basic d2F5YmlsbEBleGFtcGxlLmNvbTpqaXJhLXRva2Vu"}
CLUSTER = {"authorization": "Bearer cluster-token"}
BACKSTAGE = {"authorization": "Bearer backstage-token"}
JSON = {"content-type": "application/json"}


@dataclass(frozen=True, kw_only=True)
class Approval:
    """One of the workflows: an input, what a run says that ends without having done anything, and its titles."""

    workflow: str
    given: dict[str, Any]
    undone: str
    waiting: str
    title: str


PROJECT = Approval(
    workflow="create-ocp-project",
    given={"projectName": "team-a", "operationsProjectKey": "OPS", "auditProjectKey": "AUDIT"},
    undone="The project team-a was not created",
    waiting="Project team-a waits for approval",
    title="Project team-a",
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
    waiting="Virtual machine vm-a waits for approval",
    title="Virtual machine vm-a",
)
CHANGE = Approval(
    workflow="modify-vm-resources",
    given={"vmName": "vm-a", "vmNamespace": "team-a", "memory": "4Gi", "jiraProjectKey": "OPS"},
    undone="The virtual machine vm-a was not changed",
    waiting="Change of vm-a waits for approval",
    title="Virtual machine vm-a",
)


def links(jira: Jira, *keys: str) -> list[dict[str, str]]:
    """Return the outputs that lead to issues: the request, then the record."""
    names = {"OPS-1": "Request", "AUDIT-1": "Record"}
    return [{"key": names[key], "value": f"{jira.url}/browse/{key}", "format": "link"} for key in keys]


def calls(service: Service) -> list[dict[str, Any]]:
    """Return the calls of a service in full; a content type counts only where there is content.

    The engine hands that of the start on to the calls before the first wait, whether or not they have a body.
    """
    plain = [call.plain() for call in service.calls]
    for call in plain:
        if call["body"] is None:
            call["headers"].pop("content-type", None)
    return plain


def refused(run: Run) -> dict[str, Any]:
    """Return the result of a run that did not do what it was asked to do."""
    ended = result(run.finish())
    assert ended["completedWith"] == "error"
    return ended
