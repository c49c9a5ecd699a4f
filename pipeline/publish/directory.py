"""A chart repository in a local folder."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from urllib.parse import unquote

from generator.findings.errors import OutputError, VersionError
from pipeline.charts.archive import MAX_PACKAGE_BYTES, Package
from pipeline.charts.regular_files import read_regular
from pipeline.publish.errors import PublishError
from pipeline.publish.publisher import published_otherwise
from pipeline.publish.target import ARCHIVE, INDEX, Change, IndexMovedError, Snapshot
from pipeline.system import locks
from pipeline.system.files import Transaction, write_if_changed
from pipeline.system.http import download
from pipeline.system.http_request import SCHEMES, scheme_of, split_url
from pipeline.system.journal import Journal
from pipeline.system.staging import recover
from pipeline.terminal import console
from pipeline.workspace.places import Directory


class DirectoryTarget:
    """A folder with an index.yaml and the packages beside it."""

    def __init__(self, directory: Directory) -> None:
        self._path = directory.path
        self.place = str(directory)

    def read(self) -> Snapshot:
        """Read the index; see `Target`."""
        with suppress(OutputError):  # reading needs no permission to write
            recover(self._path)
        index = self._bytes(INDEX)
        revision = "" if index is None else hashlib.sha256(index).hexdigest()
        return Snapshot(index=index, archive=self._bytes(ARCHIVE), revision=revision)

    def url(self, package: Package) -> str:
        """Return the package's URL in the index; see `Target`."""
        return package.file_name

    def write(self, change: Change, journal: Journal) -> None:
        """Write packages and index in one transaction, as the only writer; see `Target`."""
        with locks.only_writer(self._path, console.say_waiting), Transaction(journal) as transaction:
            if self.read().revision != change.base.revision:
                raise IndexMovedError
            for package in change.packages:
                there = self._bytes(package.file_name)
                if there not in (None, package.data):
                    raise VersionError(
                        published_otherwise(self.place, package, hashlib.sha256(there or b"").hexdigest())
                    )
                write_if_changed(transaction, self._path / package.file_name, package.data)
            # Write the archive first, so that an entry that moves there is never missing in both.
            if change.archive is not None:
                write_if_changed(transaction, self._path / ARCHIVE, change.archive)
            write_if_changed(transaction, self._path / INDEX, change.index)
            transaction.commit()

    def fetch(self, url: str) -> bytes:
        """Return the package from the folder or, if it is not there, from its URL."""
        name = unquote(split_url(url).path).rpartition("/")[2]
        if scheme_of(url) in SCHEMES:
            beside = self._bytes(name) if name else None
            return download(url, limit=MAX_PACKAGE_BYTES) if beside is None else beside
        path = self._path / unquote(url)
        if scheme_of(url) or not path.resolve().is_relative_to(self._path.resolve()):
            raise PublishError(f"{self.place}: the index names '{url}', which is outside the repository; fix the index")
        data = self._bytes(path.relative_to(self._path).as_posix())
        if data is None:
            raise PublishError(f"{path}: does not exist, but the index names it; restore it")
        return data

    def _bytes(self, name: str) -> bytes | None:
        """Return the bytes of a file, or None if it does not exist."""
        path = self._path / name
        if not (path.exists() or path.is_symlink()):
            return None
        return read_regular(path)
