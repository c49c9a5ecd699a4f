"""Secrets as a cluster stores them: with Base64 values."""

from __future__ import annotations

import base64
from collections.abc import Mapping

from generator.kubernetes.objects import Manifest
from pipeline.cluster.kubectl import Kubectl


def read_secret(name: str, namespace: str, kubectl: Kubectl) -> Manifest | None:
    """Return a stored Secret, which always has `data`, or None if there is none.

    Raises:
        OutputError: the Secret cannot be read.
    """
    found = kubectl.found("secrets", name, "--namespace", namespace, failing=f"Secret {name} cannot be read")
    return {**found[0], "data": found[0].get("data") or {}} if found else None


def secret_manifest(name: str, namespace: str, data: Mapping[str, str]) -> Manifest:
    """Return a new Secret; the values of `data` are Base64 already."""
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "Opaque", "data": dict(data)}


def encoded(text: str) -> str:
    """Return a text in Base64, as a Secret stores it."""
    return base64.b64encode(text.encode()).decode()
