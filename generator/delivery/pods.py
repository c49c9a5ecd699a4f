"""Generates the parts of pipeline pods and accounts that Tekton and Argo Workflows have in common."""

from __future__ import annotations

from typing import Any, Final

from generator.delivery.pipeline_steps import HOME, PipelineOptions, Step
from generator.delivery.release import Manifest
from generator.kubernetes.rbac import account, bound_role

#: The security context of containers: the restricted Pod Security Standard, with a read-only root file system.
SECURITY: Final[dict[str, Any]] = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "readOnlyRootFilesystem": True,
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}
#: The temporary volume, which is writable in addition to the run's volume.
TEMPORARY: Final = {"name": "tmp", "emptyDir": {}}
TEMPORARY_MOUNT: Final = {"name": "tmp", "mountPath": "/tmp"}  # noqa: S108 - a volume of the pod alone
#: Enough for Maven's downloads, the images of a run and the history of a repository.
STORAGE: Final = "5Gi"


def environment(step: Step, options: PipelineOptions, values: dict[str, str]) -> list[Manifest]:
    """Return the environment variables of a step; `values` are the engine's expressions for parameters, by name.

    All keys of the Secret are optional, because a public repository, for example, needs no token.
    """
    plain = {
        "HOME": HOME,
        **step.variables,
        **{each.variable: values[each.name] for each in step.parameters},
    }
    return [
        *({"name": name, "value": value} for name, value in plain.items()),
        *(
            {
                "name": name,
                "valueFrom": {"secretKeyRef": {"name": options.secret, "key": key, "optional": True}},
            }
            for name, key in step.secrets.items()
        ),
    ]


def resources(step: Step) -> Manifest:
    """Return the resource requests and limits of a step."""
    requested, limit = step.memory
    return {"requests": {"cpu": step.cpu, "memory": requested}, "limits": {"memory": limit}}


def pod_security(options: PipelineOptions) -> Manifest:
    """Return the security context of a pod, which also applies to the engine's own containers."""
    group = {} if options.group is None else {"fsGroup": options.group}
    return {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}, **group}


def volume_claim() -> Manifest:
    """Return the spec of a run's PersistentVolumeClaim, which is deleted with the run."""
    return {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": STORAGE}}}


def service_account(name: str, options: PipelineOptions) -> Manifest:
    """Return a service account whose token is not mounted by default."""
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": name, "namespace": options.namespace},
        "automountServiceAccountToken": False,
    }


def role(name: str, rules: list[Manifest], options: PipelineOptions) -> list[Manifest]:
    """Return a role and its binding to the service account with the same name."""
    return bound_role(name, rules, [subject(name, options)], namespace=options.namespace)


def subject(name: str, options: PipelineOptions) -> Manifest:
    """Return a service account as the subject of a role binding."""
    return account(name, options.namespace)
