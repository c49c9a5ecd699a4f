"""The protocol of places that store a chart repository with an index."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

from pipeline.charts.archive import Package
from pipeline.system.journal import Journal

INDEX: Final = "index.yaml"
#: The file with entries that `--keep` moved out of the index; their packages stay where they are.
ARCHIVE: Final = "index-archive.yaml"


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """The state of a chart repository when it was read."""

    index: bytes | None
    """The bytes of index.yaml, or None if it does not exist."""
    archive: bytes | None
    """The bytes of index-archive.yaml, or None if it does not exist."""
    revision: str
    """The revision that a change is based on, such as a commit; "" if the place does not exist yet."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """A change of a chart repository that was read as `base`; all other files stay as they are."""

    base: Snapshot
    packages: tuple[Package, ...]
    """The packages to store before the index names them."""
    index: bytes
    archive: bytes | None
    """The new index-archive.yaml, or None to leave it unchanged."""
    subject: str
    """A line about the change, for a commit: `Publish greeting 2.0.1`."""


class IndexMovedError(Exception):
    """Another publisher changed the index since it was read; read it again and repeat the change."""


class Target(Protocol):
    """A chart repository with an index.yaml: a folder, a branch, releases with a branch."""

    @property
    def place(self) -> str:
        """The place's name in messages, without any credential: `dir:public`."""

    def read(self) -> Snapshot:
        """Read the index.

        Raises:
            PublishError: the index cannot be read, or is not a file.
            AuthenticationError: the login is refused, or there is none.
        """

    def url(self, package: Package) -> str:
        """Return a package's URL in the index; one without a scheme is relative to the index."""

    def write(self, change: Change, journal: Journal) -> None:
        """Store the packages, then replace the index if it is still as in the base of the change.

        A package that is stored already stays, so that an interrupted change can be repeated.

        Raises:
            IndexMovedError: the index has changed since the base was read; it is left alone.
            VersionError: a package is stored with different bytes.
            PublishError: it cannot be written; the index is unchanged.
            AuthenticationError: the login is refused, or there is none.
        """

    def fetch(self, url: str) -> bytes:
        """Return the package at an entry's URL, read from the place itself if it is stored there.

        Raises:
            PublishError: there is no such package.
        """
