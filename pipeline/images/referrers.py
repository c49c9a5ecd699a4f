"""What is attached to an image in a registry: by the referrers API of OCI 1.1, or by its fallback tag."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable
from http import HTTPStatus
from typing import Final

from pipeline.images.manifest import EMPTY, EMPTY_JSON, OCI_INDEX, Descriptor, Manifest, artifact, descriptors, index
from pipeline.images.registry import Registry, media_type_of
from pipeline.images.registry_connection import json_of

#: Answers of registries that do not have the referrers API.
_NO_API: Final = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.METHOD_NOT_ALLOWED,
        HTTPStatus.NOT_ACCEPTABLE,
    }
)
#: How often an entry is added to an index again after others wrote it without that entry, and seconds between.
_ROUNDS: Final = 60
_PAUSE: Final = 0.5


def fallback_tag(digest: str) -> str:
    """Return the tag of the index of what is attached to an image, where there is no API (the referrers tag schema)."""
    return digest.replace(":", "-", 1)[:128]


def referrers(registry: Registry, repository: str, digest: str) -> tuple[Descriptor, ...]:
    """Return what is attached to an image.

    Raises:
        RegistryError: as the registry's.
    """
    listed = _listed(registry, repository, digest)
    if listed is not None:
        return listed
    fallback = registry.manifest(repository, fallback_tag(digest))
    return fallback.manifests if fallback else ()


def attach(
    registry: Registry,
    repository: str,
    subject: Descriptor,
    data: bytes,
    *,
    media_type: str,
    annotations: dict[str, str] | None = None,
) -> Manifest:
    """Attach some bytes to an image; return the artifact. The same bytes a second time change nothing.

    Raises:
        RegistryError: as the registry's.
    """
    registry.push_blob(repository, EMPTY_JSON, EMPTY)
    blob = registry.push_blob(repository, data, media_type)
    manifest = artifact(artifact_type=media_type, blob=blob, subject=subject, annotations=annotations)
    has_api = registry.push_manifest(repository, manifest.digest, manifest)
    if not has_api and _listed(registry, repository, subject.digest) is None:
        _add_to_fallback(registry, repository, subject.digest, manifest)
    return manifest


def _listed(registry: Registry, repository: str, digest: str) -> tuple[Descriptor, ...] | None:
    """What the referrers API lists; None where the registry does not have it."""
    found: list[Descriptor] = []
    for answer in registry.connection.pages(repository, f"referrers/{digest}"):
        if answer.status in _NO_API or (answer.status == HTTPStatus.OK and media_type_of(answer) != OCI_INDEX):
            return None
        registry.connection.expect(answer, repository, f"referrers of {digest}", HTTPStatus.OK)
        found += descriptors(json_of(answer).get("manifests"))
    return tuple(found)


def _add_to_fallback(registry: Registry, repository: str, subject: str, added: Manifest) -> None:
    """Add an artifact to the index under the fallback tag of its subject, whoever else does the same.

    No registry can be asked to write a tag only if nobody else has written it since, and an entry that was read back
    may be lost a moment later. So each artifact has a tag of its own, too, and whoever wrote the index looks at those
    tags after that: of two who write at once, the last one finds the other's tag, and adds it again.
    """
    registry.push_manifest(repository, _own_tag(subject, added.digest), added)
    for number in range(_ROUNDS):
        tags = registry.tags(repository)  # before the index: an entry that is written between is in it
        current = registry.manifest(repository, fallback_tag(subject))
        entries = list(current.manifests) if current else []
        missing = _missing(registry, repository, subject, tags, entries)
        if added.digest not in {entry.digest for entry in (*entries, *missing)}:
            missing.append(added.referrer)
        if not missing:
            return
        missing.sort(key=lambda entry: entry.digest)
        registry.push_manifest(repository, fallback_tag(subject), index([*entries, *missing]))
        time.sleep(random.uniform(0, _PAUSE) if number else 0)  # noqa: S311 - no secret
    message = f"others write the tag {fallback_tag(subject)} all the time; try again"
    raise registry.connection.error(repository, message)


def _missing(
    registry: Registry, repository: str, subject: str, tags: Iterable[str], entries: Iterable[Descriptor]
) -> list[Descriptor]:
    """Return the artifacts with a tag of their own that the index does not list."""
    listed = {_own_tag(subject, entry.digest) for entry in entries}
    found: list[Descriptor] = []
    for tag in tags:
        if tag.startswith(_own_tag(subject, "")) and tag not in listed:
            manifest = registry.manifest(repository, tag)
            if manifest and manifest.subject and manifest.subject.digest == subject:
                found.append(manifest.referrer)
    return found


def _own_tag(subject: str, digest: str) -> str:
    """Return the tag of one artifact, beside the fallback tag of its subject."""
    return f"{fallback_tag(subject)}.{digest.partition(':')[2]}"[:128]
