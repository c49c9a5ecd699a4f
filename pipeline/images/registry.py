"""A client of registries (OCI Distribution Specification 1.1): manifests, blobs, tags; it never deletes."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from pipeline.images.credentials import Keychain
from pipeline.images.manifest import ACCEPTED, Descriptor, Manifest, digest_of, names
from pipeline.images.registry_connection import MAX_MANIFEST, REFUSED, Connection, json_of
from pipeline.system.http_request import Answer, Backoff

_MAX_BLOB: Final = 256 * 1024 * 1024
_ACCEPT: Final = {"Accept": ", ".join(ACCEPTED)}
#: Statuses at the end of an upload that the registry has lost, as after a restart; the upload starts again.
_LOST_UPLOAD: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE})
#: Statuses from registries that do not list their repositories, which the specification does not require.
_NO_CATALOG: Final = frozenset(
    {*REFUSED, HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED}
)
#: Registries in which a push creates private repositories.
_PRIVATE_AT_FIRST: Final = frozenset({"quay.io"})


@dataclass(frozen=True, kw_only=True)
class ImageConfig:
    """The part of an image's config that waybill reads."""

    labels: Mapping[str, str]
    platform: str
    """OS/ARCH."""
    history: tuple[str, ...]
    """The commands that made the layers."""


class Registry:
    """A registry. Every method raises LoginError if the registry refuses access, or else RegistryError if it fails."""

    def __init__(
        self, host: str, keychain: Keychain, *, insecure: bool = False, backoff: Backoff | None = None
    ) -> None:
        """Make a client; `insecure` allows plain HTTP, which is the default only for this machine."""
        self.host = host
        self.connection = Connection(host, keychain, insecure=insecure, backoff=backoff or Backoff())

    def manifest(self, repository: str, reference: str) -> Manifest | None:
        """Return the manifest, or index, of a tag or a digest, or None if there is none.

        Raises:
            RegistryError: the bytes do not have the digest; see also the class.
        """
        answer = self.connection.request("GET", repository, f"manifests/{reference}", headers=_ACCEPT)
        if answer.status == HTTPStatus.NOT_FOUND:
            return None
        self.connection.expect(answer, repository, f"manifest {reference}", HTTPStatus.OK)
        announced = answer.headers.get("docker-content-digest", "")
        wanted = reference if ":" in reference else announced
        for digest in filter(None, (wanted, announced)):
            if not names(digest, answer.body):
                message = f"the manifest {reference} is served with other bytes than those of the digest {digest}"
                raise self.connection.error(repository, message)
        return Manifest(body=answer.body, media_type=media_type_of(answer), digest=wanted or digest_of(answer.body))

    def digest(self, repository: str, reference: str) -> str | None:
        """Return the digest of a tag in the registry, or None if there is no such tag."""
        answer = self.connection.request("HEAD", repository, f"manifests/{reference}", headers=_ACCEPT)
        if answer.status == HTTPStatus.NOT_FOUND:
            return None
        self.connection.expect(answer, repository, f"manifest {reference}", HTTPStatus.OK)
        if announced := answer.headers.get("docker-content-digest"):
            return announced
        manifest = self.manifest(repository, reference)
        return manifest.digest if manifest else None

    def platform_manifest(self, repository: str, manifest: Manifest, platform: str | None = None) -> Manifest | None:
        """Return an image's manifest; from an index, that for `platform` (OS/ARCH), or else the first image's."""
        if not manifest.is_index:
            return manifest
        for entry in manifest.manifests:
            entry_platform = f"{entry.platform.get('os', '')}/{entry.platform.get('architecture', '')}"
            # BuildKit lists its attestations as manifests of the platform unknown/unknown.
            if entry_platform == platform or (platform is None and entry_platform != "unknown/unknown"):
                return self.manifest(repository, entry.digest)
        return None

    def image_config(self, repository: str, manifest: Manifest, platform: str | None = None) -> ImageConfig | None:
        """Return the config of an image, of an index as in `platform_manifest`, or None if it has none."""
        image = self.platform_manifest(repository, manifest, platform)
        if image is None or image.config is None:
            return None
        return _read_config(self.blob(repository, image.config.digest, limit=MAX_MANIFEST))

    def blob(self, repository: str, digest: str, *, limit: int = _MAX_BLOB) -> bytes:
        """Return the bytes of a blob.

        Raises:
            RegistryError: there is no such blob, its bytes do not have the digest, or it exceeds the limit.
        """
        answer = self.connection.request("GET", repository, f"blobs/{digest}", limit=limit)
        self.connection.expect(answer, repository, f"blob {digest}", HTTPStatus.OK)
        if not names(digest, answer.body):
            raise self.connection.error(repository, f"the blob {digest} is served with other bytes")
        return answer.body

    def tags(self, repository: str) -> list[str]:
        """Return all tags of a repository, empty if it does not exist."""
        found: list[str] = []
        for answer in self.connection.pages(repository, "tags/list?n=1000"):
            if answer.status == HTTPStatus.NOT_FOUND:
                return []
            self.connection.expect(answer, repository, "tags", HTTPStatus.OK)
            found += _names(answer, "tags")
        return found

    def repositories(self) -> list[str] | None:
        """Return all repositories, or None if the registry does not list them for this login."""
        found: list[str] = []
        for answer in self.connection.pages("", "_catalog?n=1000", refused=True):
            if answer.status in _NO_CATALOG:
                return None
            self.connection.expect(answer, "", "list of repositories", HTTPStatus.OK)
            found += _names(answer, "repositories")
        return found

    def is_new(self, repository: str) -> bool:
        """Return whether a repository does not exist, as far as this login can see.

        Some registries (quay.io) respond in the same way for a repository that this login may not read.
        """
        answer = self.connection.request("GET", repository, "tags/list?n=1", refused=True)
        return answer.status in {HTTPStatus.NOT_FOUND, *REFUSED}

    def push_blob(self, repository: str, data: bytes, media_type: str) -> Descriptor:
        """Upload a blob unless the repository has it; return its descriptor.

        An interrupted upload starts again from the beginning, as its state in the registry is unknown.
        """
        blob = Descriptor.of(data, media_type)
        what = f"upload of the blob {blob.digest}"
        for number in itertools.count(1):
            if self._has_blob(repository, blob.digest):
                return blob
            answer = self._upload(repository, blob.digest, data, what)
            if number == self.connection.backoff.attempts or not self._may_upload_again(answer):
                break
            time.sleep(self.connection.backoff.pause(number - 1, answer))
        if answer is None:
            raise self.connection.error(repository, f"{what}: the connection is lost each time; check the network")
        self.connection.expect(answer, repository, what, HTTPStatus.CREATED)
        return blob

    def _upload(self, repository: str, digest: str, data: bytes, what: str) -> Answer | None:
        """Make one attempt to upload a blob; return the answer, or None if the connection is lost."""
        started = self.connection.request("POST", repository, "blobs/uploads/", push=True)
        self.connection.expect(started, repository, what, HTTPStatus.ACCEPTED)
        return self.connection.upload(repository, started, digest, data)

    def _may_upload_again(self, answer: Answer | None) -> bool:
        """Return whether a retry may succeed."""
        return answer is None or answer.status in _LOST_UPLOAD or self.connection.backoff.repeats(answer.status)

    def push_manifest(self, repository: str, reference: str, manifest: Manifest) -> bool:
        """Push a manifest with a tag or its digest; return whether the registry adds it to the list of referrers.

        Raises:
            RegistryError: the registry responds with another digest; see also the class.
        """
        content = {"Content-Type": manifest.media_type}
        path = f"manifests/{reference}"
        answer = self.connection.request("PUT", repository, path, push=True, body=manifest.body, headers=content)
        self.connection.expect(answer, repository, f"manifest {reference}", HTTPStatus.CREATED)
        served = answer.headers.get("docker-content-digest", manifest.digest)
        if served != manifest.digest:
            message = f"the registry changed the manifest {manifest.digest} to {served}"
            raise self.connection.error(repository, message)
        return bool(answer.headers.get("oci-subject"))

    def tag(self, repository: str, digest: str, *tags: str) -> None:
        """Add tags to an image.

        Raises:
            RegistryError: there is no such image; see also the class.
        """
        manifest = self.manifest(repository, digest)
        if manifest is None:
            raise self.connection.error(repository, f"there is no manifest {digest}")
        for tag in tags:
            self.push_manifest(repository, tag, manifest)

    def _has_blob(self, repository: str, digest: str) -> bool:
        """Return whether a repository has a blob; with push access, which the upload needs next."""
        answer = self.connection.request("HEAD", repository, f"blobs/{digest}", push=True)
        if answer.status == HTTPStatus.NOT_FOUND:
            return False
        self.connection.expect(answer, repository, f"blob {digest}", HTTPStatus.OK)
        return True


def first_push_note(host: str, repository: str) -> str:
    """Return a note about a repository that the first push makes private, or ""."""
    if host not in _PRIVATE_AT_FIRST:
        return ""
    place = f"https://{host}/repository/{repository}?tab=settings"
    return (
        f"{host} made {repository} as a private repository; make it public, or give the cluster a pull secret: {place}"
    )


def media_type_of(answer: Answer) -> str:
    """Return the media type of a manifest: from the response's header, or else from the manifest."""
    announced = answer.headers.get("content-type", "").partition(";")[0].strip()
    return announced if announced in ACCEPTED else str(json_of(answer).get("mediaType") or announced)


def _names(answer: Answer, key: str) -> list[str]:
    """Return the list of names in an answer."""
    listed = json_of(answer).get(key)
    return [name for name in (listed if isinstance(listed, list) else ()) if isinstance(name, str)]


def _read_config(data: bytes) -> ImageConfig | None:
    try:
        content = json.loads(data)
    except ValueError:
        return None
    table = _table(content)
    labels = _table(_table(table.get("config")).get("Labels"))
    steps = table.get("history")
    return ImageConfig(
        labels={str(name): str(value) for name, value in labels.items()},
        platform=f"{table.get('os', '')}/{table.get('architecture', '')}",
        history=tuple(str(_table(step).get("created_by", "")) for step in (steps if isinstance(steps, list) else ())),
    )


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
