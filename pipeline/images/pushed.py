"""Finds images that were pushed before, and checks whether they can be reused."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from generator.image.labels import IMAGE_KEY, REVISION
from generator.kubernetes.objects import ImageReference
from pipeline.images.attestations import Verifier, provenance_of
from pipeline.images.cosign import find_cosign
from pipeline.images.credentials import Keychain
from pipeline.images.errors import RegistryError
from pipeline.images.image_name import read_image_name
from pipeline.images.manifest import Manifest
from pipeline.images.registry import Registry, first_push_note
from pipeline.workspace.settings import Settings


@dataclass(frozen=True, kw_only=True)
class PushedImage:
    """An image in a registry."""

    digest: str
    size: int
    """The compressed size of its layers in bytes."""
    revision: str = ""
    """The source commit in its labels, or ""."""


class PushedImages:
    """Looks up images in their registries, with one connection per registry."""

    def __init__(self, settings: Settings, environment: Mapping[str, str]) -> None:
        self.keychain = Keychain(registry=settings.registry, environment=environment)
        self._public_key = settings.public_key
        self._environment = environment
        self._registries: dict[str, Registry] = {}
        self._lock = threading.Lock()

    def registry(self, host: str, keychain: Keychain | None = None) -> Registry:
        """Return the client of a host's registry; with another keychain, a new one."""
        if keychain and keychain is not self.keychain:
            return Registry(host, keychain)
        with self._lock:
            return self._registries.setdefault(host, Registry(host, self.keychain))

    def digest_of(self, reference: str) -> str:
        """Return the digest of REPOSITORY:TAG in its registry.

        Raises:
            RegistryError: there is no such image, or a request fails.
        """
        name = read_image_name(reference)
        digest = self.registry(name.host).digest(name.repository, name.reference)
        if digest is None:
            raise RegistryError(f"{name.host}: {name.repository} has no {name.reference}; check the name of the image")
        return digest

    def find(self, reference: ImageReference, key: str) -> PushedImage | None:
        """Return the image with a tag if its label has this image key, so that its sources are the same, or else None.

        If the settings have a public key, provenance of the image must also be signed with it, as anyone who can push
        can write a label.

        Raises:
            RegistryError: a request fails.
        """
        name = read_image_name(str(reference))
        registry = self.registry(name.host)
        manifest = registry.manifest(name.repository, name.reference)
        if manifest is None:
            return None
        config = registry.image_config(name.repository, manifest)
        if config is None or config.labels.get(IMAGE_KEY) != key:
            return None
        if self._public_key and not self._is_signed(registry, name.repository, manifest.digest):
            return None
        image = registry.platform_manifest(name.repository, manifest) or manifest
        return PushedImage(digest=manifest.digest, size=_size(image), revision=config.labels.get(REVISION, ""))

    def _is_signed(self, registry: Registry, repository: str, digest: str) -> bool:
        """Return whether provenance of an image is signed with the public key of the settings."""
        verifier = Verifier(cosign=find_cosign(self._environment), public_key=self._public_key)
        return provenance_of(registry, repository, digest, verifier) is not None

    def size(self, reference: ImageReference) -> int:
        """Return the compressed size of an image's layers in the registry in bytes, or 0 if there is no such image."""
        name = read_image_name(str(reference))
        registry = self.registry(name.host)
        manifest = registry.manifest(name.repository, name.reference)
        image = registry.platform_manifest(name.repository, manifest) if manifest else None
        return _size(image) if image else 0

    def first_push_note(self, reference: ImageReference) -> str:
        """Return a note to show before the first push to a repository, or "" if it exists or needs none."""
        name = read_image_name(str(reference))
        note = first_push_note(name.host, name.repository)
        return note if note and self.registry(name.host).is_new(name.repository) else ""

    def tag(self, reference: ImageReference, digest: str, tags: Sequence[str]) -> None:
        """Add tags to an image; a tag that it has already costs one request.

        Raises:
            RegistryError: a request fails.
        """
        name = read_image_name(str(reference))
        registry = self.registry(name.host)
        new = [tag for tag in tags if registry.digest(name.repository, tag) != digest]
        if new:
            registry.tag(name.repository, digest, *new)


def _size(image: Manifest) -> int:
    return sum(layer.size for layer in image.layers)
