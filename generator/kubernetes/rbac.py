"""Roles and their bindings (rbac.authorization.k8s.io/v1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from generator.kubernetes.objects import Manifest

RBAC_GROUP: Final = "rbac.authorization.k8s.io"


def bound_role(
    name: str, rules: Sequence[Manifest], subjects: Sequence[Manifest], *, namespace: str = ""
) -> list[Manifest]:
    """Return a Role and its binding in a namespace, or a ClusterRole and its binding without a namespace."""
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
    """Return a ServiceAccount as the subject of a binding."""
    return {"kind": "ServiceAccount", "name": name, "namespace": namespace}


def user(name: str) -> Manifest:
    """Return a user as the subject of a binding."""
    return {"apiGroup": RBAC_GROUP, "kind": "User", "name": name}
