"""What a kind of place has to offer so that a chart repository with an index can be published there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

from pipeline.charts.archive import Package
from pipeline.system.journal import Journal

INDEX: Final = "index.yaml"
#: Has the entries that `--keep` took out of the index; their packages stay where they are.
ARCHIVE: Final = "index-archive.yaml"


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A chart repository as it was read."""

    index: bytes | None
    """The bytes of index.yaml; None where there is none."""
    archive: bytes | None
    """The bytes of index-archive.yaml, which has the entries that `--keep` took out of index.yaml; None without one."""
    revision: str
    """The state that a change builds on, such as a commit; "" where the place does not exist yet, such as a branch."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """What becomes of a chart repository that was read as `base`. All other files stay as they are."""

    base: Snapshot
    packages: tuple[Package, ...]
    """The packages that are stored before the index names them."""
    index: bytes
    archive: bytes | None
    """The new index-archive.yaml; None leaves it as it is."""
    subject: str
    """One line that says what was published, for a commit: `Publish greeting 2.0.1`."""


class IndexMovedError(Exception):
    """Somebody else changed the index since the base of a change was read; read it again and repeat the change."""


class Target(Protocol):
    """A chart repository with an index.yaml: a folder, a branch, releases with a branch."""

    @property
    def place(self) -> str:
        """How messages name it, without any credential: `dir:public`."""

    def read(self) -> Snapshot:
        """Read the index.

        Raises:
            PublishError: it cannot be read, or what stands in its place is no file.
            AuthenticationError: the login is refused, or none was found.
        """

    def url(self, package: Package) -> str:
        """What the index gives as the URL of a package; one without a scheme is relative to the index."""

    def write(self, change: Change, journal: Journal) -> None:
        """Store the packages, then replace the index, on condition that it is still as in the base of the change.

        A package that is stored already stays, so that a change that broke off can be repeated.

        Raises:
            IndexMovedError: the index is no longer that of the base; it is unchanged.
            VersionError: a package is stored with other bytes.
            PublishError: it cannot be written; the index is unchanged.
            AuthenticationError: the login is refused, or none was found.
        """

    def fetch(self, url: str) -> bytes:
        """Return the package that an entry's URL names, read back from the place itself where it is kept there.

        Raises:
            PublishError: there is none.
        """
