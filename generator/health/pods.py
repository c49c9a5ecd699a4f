"""Pods and their containers: whose they are, and why they are not ready."""

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
#: The labels of a Job's pods, since 1.27 and before.
_JOB_LABELS: Final = ("batch.kubernetes.io/job-name", "job-name")
#: What says nothing: the container comes as soon as something else does.
_STARTING: Final = ("ContainerCreating", "PodInitializing")


def selected(cluster: ClusterObjects, namespace: str, selector: Mapping[str, Any]) -> list[Object]:
    """The pods with all labels of a selector; none without one."""
    found = cluster.all("Pod", namespace) if selector else []
    return [each for each in found if selector.items() <= labels_of(each).items()]


def pods_of(cluster: ClusterObjects, deployment: Object) -> list[Object]:
    """The pods of a Deployment."""
    return selected(cluster, namespace_of(deployment), mapping(deployment, "spec", "selector", "matchLabels"))


def workflow_pods(cluster: ClusterObjects, workflow: Object) -> list[Object]:
    """The pods of a workflow, of a Deployment or of Knative."""
    name, namespace = name_of(workflow), namespace_of(workflow)
    return selected(cluster, namespace, {WORKFLOW_LABEL: name}) or pods_of(
        cluster, cluster.one("Deployment", name, namespace) or {}
    )


def job_pods(cluster: ClusterObjects, job: Object) -> list[Object]:
    """The pods of a Job."""
    found = (selected(cluster, namespace_of(job), {label: name_of(job)}) for label in _JOB_LABELS)
    return next(filter(None, found), [])


def container_statuses(pod: Object) -> Iterator[Mapping[str, Any]]:
    """The statuses of a pod's containers, in the order in which they run."""
    for key in ("initContainerStatuses", "containerStatuses"):
        yield from entries(pod, "status", key)


def trouble(pods: Iterable[Object]) -> str:
    """`; its pod NAME: why it is not ready`, of the first that says why; "" where none does."""
    for pod in pods:
        said = [each for each in map(_container_trouble, container_statuses(pod)) if each]
        scheduled = condition_of(pod, "PodScheduled")
        if scheduled.status == "False":
            said.append(f"{scheduled.reason}: {' '.join(scheduled.message.split())}")
        if said:
            return in_one_line(f"; its pod {name_of(pod)}: {', '.join(said)}")
    return ""


def _container_trouble(status: Mapping[str, Any]) -> str:
    """`Error (exit code 1), 5 restarts` of a container that fails; "" of one that does not."""
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
    """The first container of a pod that ended with an error or is not ready, and whether the run before says why."""
    for status in container_statuses(pod):
        before = at(status, "lastState", "terminated") is not None
        runs = at(status, "state", "running") is not None
        if at(status, "state", "terminated", "exitCode"):
            return str(status.get("name")), False
        if status.get("ready") is False and (before or runs):
            # Of a container that waits, kubelet gives the log of its last run by itself.
            return str(status.get("name")), before and runs
    return None
