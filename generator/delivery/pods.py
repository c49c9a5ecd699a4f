"""What the pods of a pipeline have in common, whichever engine starts them."""

from __future__ import annotations

from typing import Any, Final

from generator.delivery.pipeline_steps import HOME, PipelineOptions, Step
from generator.delivery.release import Manifest
from generator.kubernetes.rbac import account, bound_role

#: What is left of a container's rights: the restricted profile of Kubernetes, and no file of its image is written.
SECURITY: Final[dict[str, Any]] = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "readOnlyRootFilesystem": True,
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}
#: What every program may write to, besides the volume of the run.
TEMPORARY: Final = {"name": "tmp", "emptyDir": {}}
TEMPORARY_MOUNT: Final = {"name": "tmp", "mountPath": "/tmp"}  # noqa: S108 - a volume of the pod alone
#: Maven's downloads, the images of a run and the history of a repository.
STORAGE: Final = "5Gi"


def environment(step: Step, options: PipelineOptions, values: dict[str, str]) -> list[Manifest]:
    """The variables of a step; `values` is how the engine writes each of its parameters, by name.

    A key that the Secret does not have is no error: a public repository needs no token.
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
    """What a step asks for, and the memory that it may have at most."""
    requested, most = step.memory
    return {"requests": {"cpu": step.cpu, "memory": requested}, "limits": {"memory": most}}


def pod_security(options: PipelineOptions) -> Manifest:
    """What holds for all containers of a pod, the engine's own included."""
    group = {} if options.group is None else {"fsGroup": options.group}
    return {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}, **group}


def volume_claim() -> Manifest:
    """The spec of a run's volume, which is deleted with the run."""
    return {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": STORAGE}}}


def service_account(name: str, options: PipelineOptions) -> Manifest:
    """An account whose token no pod gets that does not ask for it."""
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": name, "namespace": options.namespace},
        "automountServiceAccountToken": False,
    }


def role(name: str, rules: list[Manifest], options: PipelineOptions) -> list[Manifest]:
    """A role, and its binding to the account of the same name."""
    return bound_role(name, rules, [subject(name, options)], namespace=options.namespace)


def subject(name: str, options: PipelineOptions) -> Manifest:
    """An account as a binding names it."""
    return account(name, options.namespace)
