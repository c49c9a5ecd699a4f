"""Manifests of images and attached artifacts (OCI Image Format Specification 1.1, and Docker's older format)."""

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
#: The accepted media types of manifests, in order of preference.
ACCEPTED: Final = (OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, DOCKER_LIST)
#: The config of an artifact that is not an image.
EMPTY_JSON: Final = b"{}"


def digest_of(data: bytes, algorithm: str = "sha256") -> str:
    """Return the digest of bytes, as in `sha256:…`."""
    return f"{algorithm}:{hashlib.new(algorithm, data).hexdigest()}"


def names(digest: str, data: bytes) -> bool:
    """Return whether bytes have a digest; False if its algorithm is neither SHA-256 nor SHA-512."""
    algorithm = digest.partition(":")[0]
    return algorithm in ("sha256", "sha512") and digest_of(data, algorithm) == digest


@dataclass(frozen=True, kw_only=True)
class Descriptor:
    """An OCI descriptor, which points to a manifest or a blob."""

    media_type: str
    digest: str
    size: int
    artifact_type: str = ""
    annotations: Mapping[str, str] = field(default_factory=dict)
    platform: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, value: Any) -> Descriptor | None:
        """Return the descriptor in a JSON value, or None if it is invalid."""
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
        """Return the descriptor of bytes."""
        return cls(media_type=media_type, digest=digest_of(data), size=len(data))

    def as_json(self) -> dict[str, Any]:
        """Return the descriptor as a JSON object of a manifest."""
        rest = {"artifactType": self.artifact_type, "annotations": dict(self.annotations), "platform": self.platform}
        return {
            "mediaType": self.media_type,
            "digest": self.digest,
            "size": self.size,
            **{name: value for name, value in rest.items() if value},
        }


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """A manifest or an index, with the exact bytes of its digest."""

    body: bytes
    media_type: str
    digest: str

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Manifest:
        """Return the manifest with a content, which includes `mediaType`."""
        body = json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
        return cls(body=body, media_type=content["mediaType"], digest=digest_of(body))

    @cached_property
    def content(self) -> Mapping[str, Any]:
        """The JSON object, empty if the body is not one."""
        try:
            return _table(json.loads(self.body))
        except ValueError:
            return {}

    @property
    def is_index(self) -> bool:
        """Whether it is an index: a list of manifests, one per platform."""
        return self.media_type in INDEXES

    @property
    def artifact_type(self) -> str:
        """The type of an artifact; for an image, the media type of its config."""
        config = self.config
        return str(self.content.get("artifactType") or "") or (config.media_type if config else "")

    @property
    def annotations(self) -> Mapping[str, str]:
        """The annotations, empty if there are none."""
        return _table(self.content.get("annotations"))

    @property
    def config(self) -> Descriptor | None:
        """The image's config; None for an index."""
        return Descriptor.read(self.content.get("config"))

    @property
    def subject(self) -> Descriptor | None:
        """The manifest that it is attached to, or None."""
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
        """Its descriptor, without the additional fields for lists of referrers."""
        return Descriptor(media_type=self.media_type, digest=self.digest, size=len(self.body))

    @property
    def referrer(self) -> Descriptor:
        """Its descriptor in a list of referrers (OCI Distribution Specification, listing referrers)."""
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
    """Return the manifest of a blob that is attached to an image, reproducible for the same arguments."""
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
