"""A chart repository on a branch of a git repository, for GitHub Pages."""

from __future__ import annotations

import posixpath
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import unquote

from generator.findings.errors import OutputError, VersionError
from pipeline.charts.archive import MAX_PACKAGE_BYTES, Package
from pipeline.publish.errors import AuthenticationError, PublishError
from pipeline.publish.target import ARCHIVE, INDEX, Change, IndexMovedError, Snapshot
from pipeline.system import http
from pipeline.system.git_remote import GitError, GitLoginError, GitMovedError, RemoteRepository, TreeEntry
from pipeline.system.http_request import split_url
from pipeline.system.journal import Effect, Journal
from pipeline.workspace.places import GitBranch

#: The traditional branch of GitHub Pages, and the default of Helm's own actions.
DEFAULT_BRANCH: Final = "gh-pages"
#: The first line of a pointer file of Git LFS, which users would download instead of the package.
_LFS: Final = b"version https://git-lfs.github.com/spec/"


class BranchTarget:
    """A folder on a branch, with index.yaml and packages, which are written in one commit.

    `warn` receives a message if the server makes it slower than necessary.

    Raises:
        SettingsError: git cannot connect to such a URL without a remote helper.
        PublishError: git is not installed.
    """

    def __init__(self, place: GitBranch, environment: Mapping[str, str], warn: Callable[[str], None]) -> None:
        self.place = str(place)
        self._branch = place.branch or DEFAULT_BRANCH
        self._folder = place.folder
        self._warn = warn
        self._fetched: str | None = None
        with self._as_publish_error():
            self._remote = RemoteRepository(place.url, environment)
        self.close = weakref.finalize(self, self._remote.close)

    def read(self) -> Snapshot:
        """Read the index; see `Target.read`."""
        with self._as_publish_error():
            self._fetch()
            index, archive = self._contents([self._path(INDEX), self._path(ARCHIVE)])
        return Snapshot(index=index, archive=archive, revision=self._fetched or "")

    def url(self, package: Package) -> str:
        """Return the package's URL in the index, which is relative; see `Target`."""
        return package.file_name

    def write(self, change: Change, journal: Journal) -> None:
        """Commit packages and index, and push; see `Target.write`."""
        base = change.base.revision or None
        with self._as_publish_error():
            if base != self._fetched:
                self._fetch()
            if base != self._fetched:
                raise IndexMovedError
            self._check_folders()
            files = {self._path(package.file_name): package.data for package in change.packages}
            self._check_packages(change.packages)
            files[self._path(INDEX)] = change.index
            if change.archive is not None:
                files[self._path(ARCHIVE)] = change.archive
            stored = {path: self._remote.store(data) for path, data in files.items()}
            commit = self._remote.commit(base, stored, change.subject)
            if commit:
                done = f"pushed commit {commit[:12]} to {self.place}"
                with journal.attempting(done):
                    self._push(commit, base)
                    self._fetched = commit
                    journal.record(Effect(done=done))

    def fetch(self, url: str) -> bytes:
        """Return a package, from the branch if its URL is relative; see `Target.fetch`."""
        parts = split_url(url)
        if parts.scheme:
            try:
                return http.download(url, limit=MAX_PACKAGE_BYTES)
            except OutputError as error:
                raise PublishError(str(error)) from error
        path = posixpath.normpath(self._path(unquote(parts.path)))
        with self._as_publish_error():
            if self._fetched is None:
                self._fetch()
            inside = [] if path.startswith(("../", "/")) else [path]
            for data in self._contents(inside):
                if data is not None:
                    return data
        raise PublishError(f"{self.place}: contains no package '{url}'")

    def _path(self, name: str) -> str:
        return posixpath.join(self._folder, name)

    def _fetch(self) -> None:
        filtered = self._remote.filtered
        self._fetched = self._remote.fetch(self._branch)
        if filtered and not self._remote.filtered:
            self._warn(
                f"{self.place}: the server does not support partial clones, so all files of the branch are fetched"
            )

    def _contents(self, paths: list[str]) -> list[bytes | None]:
        """Return the bytes of files on the branch, None for those that do not exist."""
        found = self._entries(paths)
        return [self._remote.blob(found[path].oid) if path in found else None for path in paths]

    def _entries(self, paths: list[str]) -> dict[str, TreeEntry]:
        """Return the files at paths of the branch.

        Raises:
            PublishError: an entry is not a file.
        """
        found = self._remote.entries(self._fetched, paths) if self._fetched else {}
        for path, entry in found.items():
            if not entry.is_file:
                raise PublishError(
                    f"{self.place}: '{path}' is {entry.kind}, not a file; replace it on the branch first"
                )
        return found

    def _check_folders(self) -> None:
        """Refuse a path below something that is not a folder."""
        for path in (self._folder, *map(str, PurePosixPath(self._folder).parents)):
            # One at a time, as of two nested paths git lists the content of the upper one.
            found = self._remote.entries(self._fetched, [path]) if self._fetched and path not in ("", ".") else {}
            if path in found and not found[path].is_folder:
                message = f"{self.place}: '{path}' is {found[path].kind}, not a folder"
                raise PublishError(f"{message}; name another folder")

    def _check_packages(self, packages: tuple[Package, ...]) -> None:
        """Refuse to replace a package with other bytes."""
        found = self._entries([self._path(package.file_name) for package in packages])
        for package in packages:
            entry = found.get(self._path(package.file_name))
            if entry is None or entry.oid == self._remote.store(package.data):
                continue
            stored = self._remote.blob(entry.oid)
            pointer = " of a pointer to Git LFS" if stored.startswith(_LFS) else ""
            raise VersionError(
                f"{self.place}: {package.file_name} is stored with other bytes (SHA-256 {sha256(stored).hexdigest()}"
                f"{pointer}, here {package.digest}), and a published version never changes; give the chart a new "
                "version: waybill build --bump auto"
            )

    def _push(self, commit: str, base: str | None) -> None:
        try:
            self._remote.push(commit, self._branch, expected=base)
        except GitMovedError as error:
            raise IndexMovedError from error

    @contextmanager
    def _as_publish_error(self) -> Iterator[None]:
        try:
            yield
        except GitLoginError as error:
            raise AuthenticationError(f"{self.place}: {error.what_to_do}") from error
        except GitError as error:
            raise PublishError(f"{self.place}: {error}") from error
