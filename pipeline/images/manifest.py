"""Manifests of images and of what is attached to them (OCI Image Format Specification 1.1, Docker's before it)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

OCI_MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX: Final = "application/vnd.oci.image.index.v1+json"
DOCKER_MANIFEST: Final = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST: Final = "application/vnd.docker.distribution.manifest.list.v2+json"
EMPTY: Final = "application/vnd.oci.empty.v1+json"

INDEXES: Final = frozenset({OCI_INDEX, DOCKER_LIST})
#: What a registry may answer with, by preference.
ACCEPTED: Final = (OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, DOCKER_LIST)
#: The bytes of the config of what is no image.
EMPTY_JSON: Final = b"{}"


def digest_of(data: bytes, algorithm: str = "sha256") -> str:
    """Return the digest of some bytes, as in `sha256:…`."""
    return f"{algorithm}:{hashlib.new(algorithm, data).hexdigest()}"


def names(digest: str, data: bytes) -> bool:
    """Return whether a digest is that of some bytes; no digest of another algorithm than SHA-256 and SHA-512 is."""
    algorithm = digest.partition(":")[0]
    return algorithm in ("sha256", "sha512") and digest_of(data, algorithm) == digest


@dataclass(frozen=True, kw_only=True)
class Descriptor:
    """What points to a manifest or a blob."""

    media_type: str
    digest: str
    size: int
    artifact_type: str = ""
    annotations: Mapping[str, str] = field(default_factory=dict)
    platform: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, value: Any) -> Descriptor | None:
        """Return the descriptor that a JSON value is; None where it is none."""
        match value:
            case {"mediaType": str(media_type), "digest": str(digest), "size": int(size)}:
                return cls(
                    media_type=media_type,
                    digest=digest,
                    size=size,
                    artifact_type=str(value.get("artifactType") or ""),
                    annotations=_table(value.get("annotations")),
                    platform=_table(value.get("platform")),
                )
        return None

    @classmethod
    def of(cls, data: bytes, media_type: str) -> Descriptor:
        """Return the descriptor of some bytes."""
        return cls(media_type=media_type, digest=digest_of(data), size=len(data))

    def as_json(self) -> dict[str, Any]:
        """Return the descriptor as it stands in a manifest."""
        rest = {"artifactType": self.artifact_type, "annotations": dict(self.annotations), "platform": self.platform}
        return {
            "mediaType": self.media_type,
            "digest": self.digest,
            "size": self.size,
            **{name: value for name, value in rest.items() if value},
        }


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """A manifest or an index, with the bytes that its digest is of."""

    body: bytes
    media_type: str
    digest: str

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Manifest:
        """Return the manifest with some content; `mediaType` is in it."""
        body = json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
        return cls(body=body, media_type=content["mediaType"], digest=digest_of(body))

    @cached_property
    def content(self) -> Mapping[str, Any]:
        """The JSON object; empty where it is none."""
        try:
            return _table(json.loads(self.body))
        except ValueError:
            return {}

    @property
    def is_index(self) -> bool:
        """Whether it lists manifests, one a platform."""
        return self.media_type in INDEXES

    @property
    def artifact_type(self) -> str:
        """What an artifact is; for an image the media type of its config."""
        config = self.config
        return str(self.content.get("artifactType") or "") or (config.media_type if config else "")

    @property
    def annotations(self) -> Mapping[str, str]:
        """Its annotations."""
        return _table(self.content.get("annotations"))

    @property
    def config(self) -> Descriptor | None:
        """The image's config; None for an index."""
        return Descriptor.read(self.content.get("config"))

    @property
    def subject(self) -> Descriptor | None:
        """What it is attached to."""
        return Descriptor.read(self.content.get("subject"))

    @property
    def layers(self) -> tuple[Descriptor, ...]:
        """The layers of an image, the blobs of an artifact."""
        return descriptors(self.content.get("layers"))

    @property
    def manifests(self) -> tuple[Descriptor, ...]:
        """The manifests that an index lists."""
        return descriptors(self.content.get("manifests"))

    @property
    def descriptor(self) -> Descriptor:
        """What points to it, without what a referrer's descriptor has besides."""
        return Descriptor(media_type=self.media_type, digest=self.digest, size=len(self.body))

    @property
    def referrer(self) -> Descriptor:
        """What points to it in a list of referrers (OCI Distribution Specification, listing referrers)."""
        return Descriptor(
            media_type=self.media_type,
            digest=self.digest,
            size=len(self.body),
            artifact_type=self.artifact_type,
            annotations=self.annotations,
        )


def descriptors(value: Any) -> tuple[Descriptor, ...]:
    """Return the descriptors in a JSON list."""
    listed = value if isinstance(value, list) else []
    return tuple(found for each in listed if (found := Descriptor.read(each)))


def artifact(
    *, artifact_type: str, blob: Descriptor, subject: Descriptor, annotations: Mapping[str, str] | None = None
) -> Manifest:
    """The manifest of one blob that is attached to an image; two calls with the same arguments give the same bytes."""
    empty = Descriptor.of(EMPTY_JSON, EMPTY)
    return Manifest.of(
        {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "artifactType": artifact_type,
            "config": empty.as_json(),
            "layers": [blob.as_json()],
            "subject": subject.as_json(),
            **({"annotations": dict(annotations)} if annotations else {}),
        }
    )


def index(entries: Iterable[Descriptor]) -> Manifest:
    """Return an index of manifests, in their order."""
    listed = [entry.as_json() for entry in entries]
    return Manifest.of({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": listed})


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
