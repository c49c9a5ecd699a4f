"""Artifacts attached to an image in a registry: with the referrers API of OCI 1.1, or its fallback tag."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable
from http import HTTPStatus
from typing import Final

from pipeline.images.manifest import EMPTY, EMPTY_JSON, OCI_INDEX, Descriptor, Manifest, artifact, descriptors, index
from pipeline.images.registry import Registry, media_type_of
from pipeline.images.registry_connection import json_of

#: Statuses from registries without the referrers API.
_NO_API: Final = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.METHOD_NOT_ALLOWED,
        HTTPStatus.NOT_ACCEPTABLE,
    }
)
#: How often to add an entry again that a concurrent write lost, and the longest pause in seconds.
_ROUNDS: Final = 60
_PAUSE: Final = 0.5


def fallback_tag(digest: str) -> str:
    """Return the tag of an image's index of referrers in registries without the API (the referrers tag schema)."""
    return digest.replace(":", "-", 1)[:128]


def referrers(registry: Registry, repository: str, digest: str) -> tuple[Descriptor, ...]:
    """Return the descriptors of the artifacts that are attached to an image.

    Raises:
        RegistryError: a request fails.
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
    """Attach bytes to an image and return the artifact; repeating it changes nothing.

    Raises:
        RegistryError: a request fails.
    """
    registry.push_blob(repository, EMPTY_JSON, EMPTY)
    blob = registry.push_blob(repository, data, media_type)
    manifest = artifact(artifact_type=media_type, blob=blob, subject=subject, annotations=annotations)
    has_api = registry.push_manifest(repository, manifest.digest, manifest)
    if not has_api and _listed(registry, repository, subject.digest) is None:
        _add_to_fallback(registry, repository, subject.digest, manifest)
    return manifest


def _listed(registry: Registry, repository: str, digest: str) -> tuple[Descriptor, ...] | None:
    """Return the list from the referrers API, or None if the registry does not have it."""
    found: list[Descriptor] = []
    for answer in registry.connection.pages(repository, f"referrers/{digest}"):
        if answer.status in _NO_API or (answer.status == HTTPStatus.OK and media_type_of(answer) != OCI_INDEX):
            return None
        registry.connection.expect(answer, repository, f"referrers of {digest}", HTTPStatus.OK)
        found += descriptors(json_of(answer).get("manifests"))
    return tuple(found)


def _add_to_fallback(registry: Registry, repository: str, subject: str, added: Manifest) -> None:
    """Add an artifact to the index with the fallback tag of its subject, safely with concurrent writers.

    Registries have no conditional writes of tags, so an entry may be lost even after it was read back. Therefore each
    artifact also has its own tag, and a writer compares the index with these tags after writing it. If two write at
    once, the last one finds the other's tag and adds the entry again.
    """
    registry.push_manifest(repository, _artifact_tag(subject, added.digest), added)
    for number in range(_ROUNDS):
        tags = registry.tags(repository)  # before the index, which then has all entries added in between
        current = registry.manifest(repository, fallback_tag(subject))
        entries = list(current.manifests) if current else []
        missing = _unlisted(registry, repository, subject, tags, entries)
        if added.digest not in {entry.digest for entry in (*entries, *missing)}:
            missing.append(added.referrer)
        if not missing:
            return
        missing.sort(key=lambda entry: entry.digest)
        registry.push_manifest(repository, fallback_tag(subject), index([*entries, *missing]))
        time.sleep(random.uniform(0, _PAUSE) if number else 0)  # noqa: S311 - no secret
    message = f"others write the tag {fallback_tag(subject)} all the time; try again"
    raise registry.connection.error(repository, message)


def _unlisted(
    registry: Registry, repository: str, subject: str, tags: Iterable[str], entries: Iterable[Descriptor]
) -> list[Descriptor]:
    """Return the artifacts that have their own tag but are not in the index."""
    listed = {_artifact_tag(subject, entry.digest) for entry in entries}
    found: list[Descriptor] = []
    for tag in tags:
        if tag.startswith(_artifact_tag(subject, "")) and tag not in listed:
            manifest = registry.manifest(repository, tag)
            if manifest and manifest.subject and manifest.subject.digest == subject:
                found.append(manifest.referrer)
    return found


def _artifact_tag(subject: str, digest: str) -> str:
    """Return an artifact's own tag, which extends the fallback tag of its subject."""
    return f"{fallback_tag(subject)}.{digest.partition(':')[2]}"[:128]
