"""The values that builders of images take and return, and the protocol that each builder implements."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from generator.image.recipe import ImageRecipe

#: Receives each line of a build's log, without the end of the line.
Log = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class ImageBuild:
    """The order for one image."""

    recipe: ImageRecipe
    files: Mapping[str, Path | bytes]
    """Path in the build context to the file, or to its bytes; the same paths as in `recipe.context`."""
    reference: str
    """REPOSITORY:TAG of the image."""
    labels: Mapping[str, str]
    pull: bool = False
    """Whether the builder and the base may be pulled where the engine does not have them."""


@dataclass(frozen=True, kw_only=True)
class LocalImage:
    """An image that was built and is on this machine."""

    reference: str
    id: str
    """The engine's id (`sha256:…`), or for jib the digest of what it would push."""
    size: int
    """Bytes of all layers, as the engine counts them."""


class ImageBuilder(Protocol):
    """What builds images: a container engine, or jib."""

    def missing(self, recipe: ImageRecipe) -> str:
        """What a build without pulling would miss, and how to get it; "" where nothing is missing."""

    def labels(self, reference: str) -> Mapping[str, str]:
        """Return the labels of a local image; none where there is no such image, or no place where it could be."""

    def build(self, order: ImageBuild, log: Log) -> LocalImage:
        """Build an image and tag it with the order's reference.

        Raises:
            ImageError: the build failed; with the end of its log.
        """

    def application(self, image: LocalImage) -> AbstractContextManager[Path]:
        """Return the content of `/deployments` in the image, as a temporary folder.

        Raises:
            ImageError: it cannot be read.
        """

    def push(self, image: LocalImage, references: tuple[str, ...], log: Log) -> str:
        """Push an image under each of `references` (REPOSITORY:TAG, one repository); the first one's digest.

        Raises:
            RegistryError: a registry refused, or did not answer.
        """

    def save(self, image: LocalImage, path: Path) -> None:
        """Write an image as an OCI archive (a tar of an OCI image layout).

        Raises:
            ImageError: it cannot be written.
        """
