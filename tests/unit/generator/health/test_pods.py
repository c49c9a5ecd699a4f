"""Why pods are not ready, out of the statuses that kubelets and the scheduler write."""

from __future__ import annotations

from typing import Any

import pytest

from generator.health.pods import failing_container, trouble
from tests.healthy_cluster import DEMO, Manifest, pod

ENDED = {"exitCode": 1, "reason": "Error"}
BACK_OFF = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 40s"}}
MISSING = {"waiting": {"reason": "CreateContainerConfigError", "message": 'secret "db" not found'}}
OUT_OF_MEMORY = {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}


def container(*, ready: bool = False, **status: Any) -> dict[str, Any]:
    return {"name": "workflow", "image": "x", "ready": ready, "restartCount": 0, **status}


def with_status(*containers: dict[str, Any], **status: Any) -> Manifest:
    return {**pod("one", DEMO), "status": {"containerStatuses": list(containers), **status}}


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (container(ready=True, state={"running": {}}), ""),
        (container(ready=True, state={"running": {}}, lastState={"terminated": ENDED}, restartCount=3), ""),
        (container(state={"waiting": {"reason": "ContainerCreating"}}), ""),
        (container(state={"terminated": {"exitCode": 0, "reason": "Completed"}}), ""),
        (container(state={"running": {}}), ""),
        (container(state={"terminated": ENDED}), "Error (exit code 1)"),
        (
            container(state=BACK_OFF, lastState={"terminated": ENDED}, restartCount=1),
            "Error (exit code 1), 1 restart",
        ),
        (
            container(state={"running": {}}, lastState=OUT_OF_MEMORY, restartCount=2),
            "OOMKilled (exit code 137), 2 restarts",
        ),
        (container(state=MISSING), 'CreateContainerConfigError: secret "db" not found'),
    ],
)
def test_a_container_that_fails_says_why(status: dict[str, Any], said: str) -> None:
    assert trouble([with_status(status)]) == (f"; its pod one: {said}" if said else "")


def test_a_pod_that_no_node_takes_says_why() -> None:
    message = "0/3 nodes are available: 3 Insufficient memory."
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
    assert trouble([with_status(conditions=[condition])]) == f"; its pod one: Unschedulable: {message}"


@pytest.mark.parametrize(
    ("status", "found"),
    [
        (container(ready=True, state={"running": {}}), None),
        (container(state={"waiting": {"reason": "ContainerCreating"}}), None),
        (container(state={"terminated": {"exitCode": 0}}), None),
        (container(state={"terminated": ENDED}), ("workflow", False)),
        (container(state=BACK_OFF, lastState={"terminated": ENDED}), ("workflow", False)),
        (container(state={"running": {}}), ("workflow", False)),
        (container(state={"running": {}}, lastState={"terminated": ENDED}), ("workflow", True)),
    ],
)
def test_the_log_that_is_read_is_that_of_the_run_that_failed(
    status: dict[str, Any], found: tuple[str, bool] | None
) -> None:
    assert failing_container(with_status(status)) == found
