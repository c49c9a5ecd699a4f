"""Instances on the real engine beside each other."""

from __future__ import annotations

from tests.engine.conftest import Engine, result
from tests.engine.services.jira import Jira
from tests.engine.services.kubernetes import Kubernetes


def test_ten_instances_at_a_time_stay_apart(engine: Engine, jira: Jira, kubernetes: Kubernetes) -> None:
    names = [f"team-{number}" for number in range(10)]
    runs = {name: engine.start("ticketEscalation", {"namespace": name, "manager": f"boss-{name}"}) for name in names}
    issues = {name: run.data["issue"] for name, run in runs.items()}
    assert len(set(issues.values())) == len(names)
    for run in runs.values():
        run.wait("Escalate")
    last_come = [*reversed(names)]
    for done, name in enumerate(last_come, 1):
        jira.close(issues[name])
        ended = result(runs[name].finish())
        assert ended["message"] == f"The namespace {name} was created: {issues[name]} is done."
        assert ended["outputs"][0]["value"] == name
        assert kubernetes.namespaces == last_come[:done]
    told = {call.parameters["issueIdOrKey"]: call.body["body"] for call in jira.calls if call.operation == "addComment"}
    assert told == {
        issues[name]: f"[~boss-{name}] this issue is still open: the namespace {name} waits for your approval."
        for name in names
    }
