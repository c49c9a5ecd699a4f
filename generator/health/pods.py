"""The pods of Deployments, workflows and Jobs, and why their containers are not ready."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from generator.findings.printable import in_one_line
from generator.health.objects import (
    ClusterObjects,
    Object,
    at,
    condition_of,
    entries,
    labels_of,
    mapping,
    name_of,
    namespace_of,
)
from generator.text.words import plural

#: The label of a workflow's pods, whatever deploys them (workflowproj, LabelWorkflow).
WORKFLOW_LABEL: Final = "sonataflow.org/workflow-app"
#: The labels of a Job's pods: since Kubernetes 1.27, and before.
_JOB_LABELS: Final = ("batch.kubernetes.io/job-name", "job-name")
#: Waiting reasons that are no error in themselves.
_STARTING: Final = ("ContainerCreating", "PodInitializing")


def selected(cluster: ClusterObjects, namespace: str, selector: Mapping[str, Any]) -> list[Object]:
    """Return the pods with all labels of a selector, or none for an empty selector."""
    found = cluster.all("Pod", namespace) if selector else []
    return [each for each in found if selector.items() <= labels_of(each).items()]


def pods_of(cluster: ClusterObjects, deployment: Object) -> list[Object]:
    """Return the pods of a Deployment."""
    return selected(cluster, namespace_of(deployment), mapping(deployment, "spec", "selector", "matchLabels"))


def workflow_pods(cluster: ClusterObjects, workflow: Object) -> list[Object]:
    """Return the pods of a workflow, from a Deployment or from Knative."""
    name, namespace = name_of(workflow), namespace_of(workflow)
    return selected(cluster, namespace, {WORKFLOW_LABEL: name}) or pods_of(
        cluster, cluster.one("Deployment", name, namespace) or {}
    )


def job_pods(cluster: ClusterObjects, job: Object) -> list[Object]:
    """Return the pods of a Job."""
    found = (selected(cluster, namespace_of(job), {label: name_of(job)}) for label in _JOB_LABELS)
    return next(filter(None, found), [])


def container_statuses(pod: Object) -> Iterator[Mapping[str, Any]]:
    """Yield the statuses of a pod's containers, in the order in which they run."""
    for key in ("initContainerStatuses", "containerStatuses"):
        yield from entries(pod, "status", key)


def trouble(pods: Iterable[Object]) -> str:
    """Return `; its pod NAME: why it is not ready` of the first pod that says why, or ""."""
    for pod in pods:
        troubles = [each for each in map(_container_trouble, container_statuses(pod)) if each]
        scheduled = condition_of(pod, "PodScheduled")
        if scheduled.status == "False":
            troubles.append(f"{scheduled.reason}: {' '.join(scheduled.message.split())}")
        if troubles:
            return in_one_line(f"; its pod {name_of(pod)}: {', '.join(troubles)}")
    return ""


def _container_trouble(status: Mapping[str, Any]) -> str:
    """Return `Error (exit code 1), 5 restarts` for a failing container, or ""."""
    waiting, last = mapping(status, "state", "waiting"), mapping(status, "lastState", "terminated")
    ended = mapping(status, "state", "terminated") or last
    if status.get("ready") is True or (ended and not ended.get("exitCode") and not waiting):
        return ""
    restarts = status.get("restartCount") or 0
    if ended:
        reason = f"{ended.get('reason') or 'Error'} (exit code {ended.get('exitCode')})"
        return f"{reason}, {plural(restarts, 'restart')}" if restarts else reason
    if not waiting or waiting.get("reason") in _STARTING:
        return ""
    message = " ".join(str(waiting.get("message") or "").split())
    return ": ".join(filter(None, (str(waiting.get("reason") or ""), message)))


def failing_container(pod: Object) -> tuple[str, bool] | None:
    """Return the first failing container of a pod, and whether to read its previous run's log, or None."""
    for status in container_statuses(pod):
        before = at(status, "lastState", "terminated") is not None
        runs = at(status, "state", "running") is not None
        if at(status, "state", "terminated", "exitCode"):
            return str(status.get("name")), False
        if status.get("ready") is False and (before or runs):
            # For a waiting container, the kubelet returns the log of its last run anyway.
            return str(status.get("name")), before and runs
    return None
