"""Roles and their bindings (rbac.authorization.k8s.io/v1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from generator.kubernetes.objects import Manifest

RBAC_GROUP: Final = "rbac.authorization.k8s.io"


def bound_role(
    name: str, rules: Sequence[Manifest], subjects: Sequence[Manifest], *, namespace: str = ""
) -> list[Manifest]:
    """A Role and its binding in a namespace; without one, a ClusterRole and its binding."""
    kind = "Role" if namespace else "ClusterRole"
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return [
        {"apiVersion": f"{RBAC_GROUP}/v1", "kind": kind, "metadata": metadata, "rules": list(rules)},
        {
            "apiVersion": f"{RBAC_GROUP}/v1",
            "kind": f"{kind}Binding",
            "metadata": metadata,
            "roleRef": {"apiGroup": RBAC_GROUP, "kind": kind, "name": name},
            "subjects": list(subjects),
        },
    ]


def account(name: str, namespace: str) -> Manifest:
    """A ServiceAccount as a binding names it."""
    return {"kind": "ServiceAccount", "name": name, "namespace": namespace}


def user(name: str) -> Manifest:
    """A user as a binding names one."""
    return {"apiGroup": RBAC_GROUP, "kind": "User", "name": name}
