"""Check for images that cannot be pulled: private after the first push, or missing."""

from __future__ import annotations

import json
from typing import Final

from generator.findings.printable import in_one_line
from generator.health.check import Fault, Report
from generator.health.databases import database_jobs, database_pods
from generator.health.developer_hub import hubs
from generator.health.objects import ClusterObjects, Object, at, name_of, namespace_of
from generator.health.operators import running_operators
from generator.health.platforms import SERVICES, platforms, service_name, workflows
from generator.health.pods import container_statuses, job_pods, pods_of, workflow_pods

#: The reasons of a container that waits for its image (kubelet, pkg/kubelet/images; CRI, pkg/errors).
_PULL_REASONS: Final = (
    "ErrImagePull",
    "ImagePullBackOff",
    "InvalidImageName",
    "ErrImageNeverPull",
    "ImageInspectError",
    "RegistryUnavailable",
    "SignatureValidationFailed",
)
#: How registries refuse an image without a login; some refuse one that does not exist in the same way.
_REFUSED: Final = (
    "unauthorized",
    "denied",
    "authentication required",
    "authorization failed",
    "forbidden",
    "no basic auth",
)


def images(cluster: ClusterObjects) -> Report:
    """Check that every image can be pulled."""
    waiting: dict[tuple[str, str], tuple[Object, str]] = {}
    for pod in _pods(cluster):
        for status in container_statuses(pod):
            reason = at(status, "state", "waiting", "reason")
            if reason in _PULL_REASONS:
                key = namespace_of(pod), str(status.get("image"))
                pull_error = str(at(status, "state", "waiting", "message") or reason)
                # The first attempt says why; later ones only say that they wait.
                if key not in waiting or reason != "ImagePullBackOff":
                    waiting[key] = pod, pull_error
    faults = [_image_fault(cluster, image, pod, pull_error) for (_, image), (pod, pull_error) in waiting.items()]
    return Report(faults=faults, fine="every image was pulled")


def _pods(cluster: ClusterObjects) -> list[Object]:
    """Return the pods of operators, services, databases, RHDH and workflows; other images are not checked."""
    services = [
        cluster.one("Deployment", service_name(item, kind), namespace_of(item))
        for item in platforms(cluster)
        for kind in SERVICES
    ]
    deployments = [*running_operators(cluster), *hubs(cluster), *filter(None, services)]
    found = [pod for each in deployments for pod in pods_of(cluster, each)]
    found += [pod for each in workflows(cluster) for pod in workflow_pods(cluster, each)]
    found += [pod for each in database_jobs(cluster) for pod in job_pods(cluster, each)]
    return [*found, *database_pods(cluster)]


def _image_fault(cluster: ClusterObjects, image: str, pod: Object, pull_error: str) -> Fault:
    namespace = namespace_of(pod)
    show_command = cluster.command("describe", f"pod/{name_of(pod)}", "-n", namespace)
    message = f"{image} cannot be pulled in {namespace} ({in_one_line(' '.join(pull_error.split()))})"
    if not any(each in pull_error.lower() for each in _REFUSED):
        return Fault(message=message, commands=(show_command,), namespace=namespace)
    account = str(at(pod, "spec", "serviceAccountName") or "default")
    login = "--from-file=.dockerconfigjson=auth.json"
    kind = "--type=kubernetes.io/dockerconfigjson"
    secret = {"imagePullSecrets": [{"name": "pull-secret"}]}
    commands = (
        show_command,
        cluster.command("create", "secret", "generic", "pull-secret", kind, login, "-n", namespace),
        cluster.command("patch", f"serviceaccount/{account}", "-n", namespace, "-p", json.dumps(secret)),
        cluster.command("delete", f"pod/{name_of(pod)}", "-n", namespace),
    )
    help_ = (
        "a repository may be private after its first push: make it public in the registry, or provide the login "
        "that podman login --authfile auth.json writes"
    )
    return Fault(message=message, commands=commands, help=help_, namespace=namespace)
