"""The protocol of image builders, with the values that they take and return."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from generator.image.recipe import ImageRecipe

#: Receives each line of a build's log, without the line break.
Log = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class ImageBuild:
    """An image to build."""

    recipe: ImageRecipe
    files: Mapping[str, Path | bytes]
    """The file or bytes for each path in the build context; the same paths as in `recipe.context`."""
    reference: str
    """REPOSITORY:TAG of the image."""
    labels: Mapping[str, str]
    pull: bool = False
    """Whether builder and base images that the engine does not have may be pulled."""


@dataclass(frozen=True, kw_only=True)
class LocalImage:
    """An image that was built on this machine."""

    reference: str
    id: str
    """The engine's id (`sha256:…`), or with jib the digest of the manifest to push."""
    size: int
    """The size of all layers in bytes, as the engine counts them."""


class ImageBuilder(Protocol):
    """Builds images: with a container engine, or with jib."""

    def missing(self, recipe: ImageRecipe) -> str:
        """Return which images a build without pulling would miss and how to get them, or "" if none."""

    def labels(self, reference: str) -> Mapping[str, str]:
        """Return the labels of a local image, or none if there is no such image or the builder keeps none."""

    def build(self, order: ImageBuild, log: Log) -> LocalImage:
        """Build an image and tag it with the order's reference.

        Raises:
            ImageError: the build failed; the error has the end of its log.
        """

    def application(self, image: LocalImage) -> AbstractContextManager[Path]:
        """Copy `/deployments` of an image to a temporary folder, which is removed at the end.

        Raises:
            ImageError: the image cannot be read.
        """

    def push(self, image: LocalImage, references: tuple[str, ...], log: Log) -> str:
        """Push an image as each of `references` (REPOSITORY:TAG, one repository); return the first one's digest.

        Raises:
            RegistryError: a registry refused, or did not respond.
        """

    def save(self, image: LocalImage, path: Path) -> None:
        """Write an image as an OCI archive (a tar of an OCI image layout).

        Raises:
            ImageError: the archive cannot be written.
        """
