"""Secrets as a cluster stores them: values in Base64."""

from __future__ import annotations

import base64
from collections.abc import Mapping

from generator.kubernetes.objects import Manifest
from pipeline.cluster.kubectl import Kubectl


def read_secret(name: str, namespace: str, kubectl: Kubectl) -> Manifest | None:
    """The Secret as it is stored, with `data` in any case; None where there is none.

    Raises:
        OutputError: it cannot be read.
    """
    found = kubectl.found("secrets", name, "--namespace", namespace, failing=f"Secret {name} cannot be read")
    return {**found[0], "data": found[0].get("data") or {}} if found else None


def secret_manifest(name: str, namespace: str, data: Mapping[str, str]) -> Manifest:
    """A new Secret; the values of `data` are encoded."""
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "Opaque", "data": dict(data)}


def encoded(text: str) -> str:
    """A value as a Secret stores it."""
    return base64.b64encode(text.encode()).decode()
