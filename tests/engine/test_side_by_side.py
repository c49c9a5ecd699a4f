"""Instances on the real engine beside each other."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tests.engine.calls import in_turn
from tests.engine.engine import Engine, Run
from tests.engine.results import result
from tests.engine.services.jira import Jira
from tests.engine.services.kubernetes import Kubernetes

NAMES = [f"team-{number}" for number in range(10)]


def test_ten_instances_at_a_time_stay_apart(engine: Engine, jira: Jira, kubernetes: Kubernetes) -> None:
    def start(name: str) -> Run:
        return engine.start("ticketEscalation", {"namespace": name, "manager": f"boss-of-{name}"})

    with ThreadPoolExecutor(len(NAMES)) as threads:
        runs = dict(zip(NAMES, threads.map(start, NAMES), strict=True))
    issues = {name: run.data["issue"] for name, run in runs.items()}
    assert len(set(issues.values())) == len(NAMES)
    for run in runs.values():
        run.wait("CheckEscalated")
    order = [*NAMES[1::2], *reversed(NAMES[::2])]
    for name in order:
        jira.close(issues[name])
        assert result(runs[name].finish()) == {
            "completedWith": "success",
            "message": f"The namespace {name} was created: {issues[name]} is done.",
            "outputs": [
                {"key": "Namespace", "value": name, "format": "text"},
                {"key": "Jira issue", "value": f"{jira.url}/browse/{issues[name]}", "format": "link"},
            ],
        }
    assert kubernetes.namespaces == order
    opened = [call.body["fields"]["summary"] for call in jira.calls if call.operation == "createIssue"]
    assert sorted(opened) == [f"Namespace {name} requested" for name in NAMES]
    for name, issue in issues.items():
        calls = [call for call in jira.calls if call.parameters.get("issueIdOrKey") == issue]
        assert in_turn(call.operation for call in calls) == ["getIssue", "addComment", "getIssue"]
        assert [call.body for call in calls if call.body] == [
            {"body": f"[~boss-of-{name}] this issue is still open: the namespace {name} waits for your approval."}
        ]
