"""Images that were pushed before: what a registry has under a tag, and whether it may be trusted."""

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
    """What a registry has under a tag."""

    digest: str
    size: int
    """Bytes of its layers, compressed."""
    revision: str = ""
    """The commit that it was built from, as its labels say."""


class PushedImages:
    """Looks images up in their registries, a connection each."""

    def __init__(self, settings: Settings, environment: Mapping[str, str]) -> None:
        self.keychain = Keychain(registry=settings.registry, environment=environment)
        self._public_key = settings.public_key
        self._environment = environment
        self._registries: dict[str, Registry] = {}
        self._lock = threading.Lock()

    def registry(self, host: str, keychain: Keychain | None = None) -> Registry:
        """Return the registry of a host; with another keychain, by a connection of its own."""
        if keychain and keychain is not self.keychain:
            return Registry(host, keychain)
        with self._lock:
            return self._registries.setdefault(host, Registry(host, self.keychain))

    def digest_of(self, reference: str) -> str:
        """Return the digest that a registry serves under REPOSITORY:TAG.

        Raises:
            RegistryError: it has no such image, or as `Registry`.
        """
        name = read_image_name(reference)
        digest = self.registry(name.host).digest(name.repository, name.reference)
        if digest is None:
            raise RegistryError(f"{name.host}: {name.repository} has no {name.reference}; check the name of the image")
        return digest

    def find(self, reference: ImageReference, key: str) -> PushedImage | None:
        """Return the image under a tag, if its label holds the image key; another one was not made from the same.

        Where the settings have a public key, its owner must have signed provenance of that image, too: who may push may
        also write a label.

        Raises:
            RegistryError: as `Registry`.
        """
        name = read_image_name(str(reference))
        registry = self.registry(name.host)
        manifest = registry.manifest(name.repository, name.reference)
        if manifest is None:
            return None
        config = registry.image_config(name.repository, manifest)
        if config is None or config.labels.get(IMAGE_KEY) != key:
            return None
        if self._public_key and not self._is_ours(registry, name.repository, manifest.digest):
            return None
        image = registry.platform_manifest(name.repository, manifest) or manifest
        return PushedImage(digest=manifest.digest, size=_size(image), revision=config.labels.get(REVISION, ""))

    def _is_ours(self, registry: Registry, repository: str, digest: str) -> bool:
        """Return whether the owner of the public key signed provenance of an image."""
        verifier = Verifier(cosign=find_cosign(self._environment), public_key=self._public_key)
        return provenance_of(registry, repository, digest, verifier) is not None

    def size(self, reference: ImageReference) -> int:
        """Return the size of an image as the registry has it: bytes of its layers, compressed."""
        name = read_image_name(str(reference))
        registry = self.registry(name.host)
        manifest = registry.manifest(name.repository, name.reference)
        image = registry.platform_manifest(name.repository, manifest) if manifest else None
        return _size(image) if image else 0

    def first_push_note(self, reference: ImageReference) -> str:
        """Return what to know of a first push to a repository, before it; "" where it exists, or nothing is special."""
        name = read_image_name(str(reference))
        note = first_push_note(name.host, name.repository)
        return note if note and self.registry(name.host).is_new(name.repository) else ""

    def tag(self, reference: ImageReference, digest: str, tags: Sequence[str]) -> None:
        """Give an image further tags; those that it has already cost one request each.

        Raises:
            RegistryError: as `Registry`.
        """
        name = read_image_name(str(reference))
        registry = self.registry(name.host)
        new = [tag for tag in tags if registry.digest(name.repository, tag) != digest]
        if new:
            registry.tag(name.repository, digest, *new)


def _size(image: Manifest) -> int:
    return sum(layer.size for layer in image.layers)
