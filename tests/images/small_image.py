"""Images of a few hundred bytes, pushed by waybill's own client: what is attached and read back needs no engine."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from typing import Any

from pipeline.images.manifest import OCI_INDEX, OCI_MANIFEST, Manifest, digest_of
from pipeline.images.registry import Registry


def push_image(
    registry: Registry, repository: str, *tags: str, content: bytes = b"layer", labels: Mapping[str, str] | None = None
) -> Manifest:
    """Push an image of one layer; returns its manifest."""
    layer = registry.push_blob(repository, gzip.compress(content, mtime=0), f"{_LAYER}+gzip")
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Labels": dict(labels or {})},
        "rootfs": {"type": "layers", "diff_ids": [digest_of(content)]},
        "history": [{"created_by": "a test"}],
    }
    described = registry.push_blob(repository, json.dumps(config).encode(), "application/vnd.oci.image.config.v1+json")
    manifest = Manifest.of(
        {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": described.as_json(),
            "layers": [layer.as_json()],
        }
    )
    for tag in tags or (manifest.digest,):
        registry.push_manifest(repository, tag, manifest)
    return manifest


def push_index(registry: Registry, repository: str, tag: str, images: Mapping[str, Manifest]) -> Manifest:
    """Push an index of images by their platforms (OS/ARCH)."""
    listed: list[dict[str, Any]] = []
    for platform, image in images.items():
        os, _, architecture = platform.partition("/")
        listed.append({**image.descriptor.as_json(), "platform": {"os": os, "architecture": architecture}})
    manifest = Manifest.of({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": listed})
    registry.push_manifest(repository, tag, manifest)
    return manifest


_LAYER = "application/vnd.oci.image.layer.v1.tar"
