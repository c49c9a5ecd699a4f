"""Reads another repository from a folder or a git server, without ever running anything in it."""

from __future__ import annotations

import os
import posixpath
import re
import stat
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Final, Protocol

from generator.findings.errors import OutputError, SettingsError
from generator.findings.printable import in_one_line
from generator.handmade.layout import is_below
from generator.workflow.folder import LEFT_BY_TOOLS
from pipeline.system.git_remote import GitError, GitLoginError, RemoteRepository
from pipeline.system.http_request import scheme_of
from pipeline.workspace.places import GitBranch, GithubRepository, parse_place

#: waybill's limit: the most paths of a repository; one with workflows has some hundreds.
MAX_PATHS: Final = 100_000
#: waybill's limit: the most bytes read from one folder.
MAX_BYTES: Final = 100 * 1024 * 1024
#: waybill's limit: the most bytes read from a repository, which are kept in memory.
MAX_BYTES_IN_ALL: Final = 256 * 1024 * 1024
#: The character that sorts after a slash.
_AFTER: Final = chr(ord("/") + 1)
#: The longest chain of links (Linux, path_resolution(7)).
_MAX_LINKS: Final = 40
_SCHEMES: Final = ("https", "ssh", "file", "http")
#: `user@host:path`, the form of git and ssh.
_SCP_LIKE: Final = re.compile(r"[^/:\s]+@[^/:\s]+:(?!//)\S")
_PLACES: Final = ("git:", "github:")
#: The first line of a pointer file of Git LFS (git-lfs, docs/spec.md).
_LFS_POINTER: Final = b"version https://git-lfs.github.com/spec/"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """An entry at a path: `kind` is "file", "link", or a description for messages. `oid` is its hash in git."""

    kind: str
    executable: bool = False
    oid: str = ""


@dataclass(frozen=True, kw_only=True)
class ReadFile:
    """A file of a repository."""

    data: bytes
    executable: bool = False


@dataclass(frozen=True, kw_only=True)
class ReadFolder:
    """The files of a folder by their paths in it, and problems with the other entries."""

    files: Mapping[str, ReadFile]
    problems: tuple[str, ...] = ()


class _Storage(Protocol):
    """A source of files."""

    @property
    def entries(self) -> Mapping[str, Entry]:
        """The entry at each path."""

    def sizes(self, paths: Sequence[str]) -> Mapping[str, int]:
        """Return the sizes of files in bytes."""

    def read(self, paths: Sequence[str]) -> Mapping[str, bytes]:
        """Return the bytes of files, or the targets of links."""


class ForeignRepository:
    """A read-only repository; `title` is its name in messages, `name` the last part of that."""

    def __init__(self, storage: _Storage, *, title: str, name: str) -> None:
        self._storage = storage
        self._sorted = sorted(storage.entries)
        self._bytes = 0
        self.title = title
        self.name = name

    @property
    def paths(self) -> Iterable[str]:
        """The paths of all files, links and submodules."""
        return self._storage.entries.keys()

    def folder(self, folder: str, without: Iterable[str] = ()) -> ReadFolder:
        """Read a folder, except its subfolders `without` and what tools leave behind.

        A link to a file or folder in the repository becomes a copy. Other links, and entries that are not files, are
        problems.

        Raises:
            OutputError: a file cannot be read.
        """
        left_out = [posixpath.join(folder, each) for each in without]
        wanted = {
            path: self._storage.entries[path]
            for path in self._below(folder)
            if not any(is_below(path, other) for other in left_out) and not LEFT_BY_TOOLS & set(path.split("/"))
        }
        problems: list[str] = []
        sources: dict[str, str] = {}
        for path, entry in wanted.items():
            if entry.kind == "file":
                sources[path] = path
            elif entry.kind == "link":
                sources |= self._resolve_link(path, problems)
                if len(sources) > MAX_PATHS:
                    problems.append(f"its links make more than {MAX_PATHS:,} files of it; remove some")
                    return ReadFolder(files={}, problems=tuple(problems))
            else:
                problems.append(f"{_shown(path)} is {entry.kind}; replace it with a file, or remove it")
        files = self._read(folder, sources, problems)
        return ReadFolder(files=files, problems=tuple(problems))

    def _below(self, folder: str) -> Sequence[str]:
        """Return the paths below a folder, sorted."""
        if not folder:
            return self._sorted
        return self._sorted[bisect_left(self._sorted, f"{folder}/") : bisect_left(self._sorted, f"{folder}{_AFTER}")]

    def file(self, path: str) -> bytes | None:
        """Return the bytes of a file, or None if it does not exist or is too large."""
        entry = self._storage.entries.get(path)
        if entry is None or entry.kind != "file" or self._storage.sizes([path])[path] > MAX_BYTES:
            return None
        return self._storage.read([path])[path]

    def _read(self, folder: str, sources: Mapping[str, str], problems: list[str]) -> dict[str, ReadFile]:
        origins = sorted(set(sources.values()))
        folders = {above.as_posix() for path in sources for above in PurePosixPath(path).parents}
        wrong = {path: why for path in sources if (why := _wrong_name(path, folders))}
        if wrong:
            problems += [f"the name of {_shown(path)} {why}; rename it" for path, why in wrong.items()]
            return {}
        sizes = self._storage.sizes(origins)
        if sum(sizes[origin] for origin in sources.values()) > MAX_BYTES:
            largest = max(sizes, key=lambda path: sizes[path])
            message = f"its files exceed {MAX_BYTES:,} bytes, {_shown(largest)} has {sizes[largest]:,} of them"
            problems.append(f"{message}; remove what no workflow reads")
            return {}
        self._bytes += sum(sizes.values())
        if self._bytes > MAX_BYTES_IN_ALL:
            message = f"{self.title}: more than {MAX_BYTES_IN_ALL:,} bytes of workflows and charts"
            raise OutputError(f"{message}; name a folder with fewer of them")
        contents = self._storage.read(origins)
        problems += [
            f"{_shown(path)} is a pointer of Git LFS; commit the file itself"
            for path, origin in sources.items()
            if contents[origin].startswith(_LFS_POINTER)
        ]
        entries = self._storage.entries
        return {
            path[len(folder) :].lstrip("/"): ReadFile(data=contents[origin], executable=entries[origin].executable)
            for path, origin in sorted(sources.items())
        }

    def _resolve_link(self, path: str, problems: list[str]) -> dict[str, str]:
        """Resolve a link: return the path of each file as if the link were a copy, with the path of its bytes."""
        target = path
        for _ in range(_MAX_LINKS):
            written = os.fsdecode(self._storage.read([target])[target])
            target = posixpath.normpath(posixpath.join(posixpath.dirname(target), written))
            if written.startswith("/") or target.split("/")[0] == "..":
                problems.append(f"{_shown(path)} is a link to {_shown(written)}, outside the repository; copy it in")
                return {}
            entry = self._storage.entries.get(target)
            if entry is None:
                return self._folder_copy(path, target, problems)
            if entry.kind != "link":
                break
        else:
            problems.append(f"{_shown(path)} is a link that leads to itself; remove it")
            return {}
        if entry.kind == "file":
            return {path: target}
        problems.append(f"{_shown(path)} is a link to {_shown(target)}, {entry.kind}; remove it")
        return {}

    def _folder_copy(self, path: str, target: str, problems: list[str]) -> dict[str, str]:
        if is_below(path, target):
            problems.append(f"{_shown(path)} is a link to a folder above it; remove it")
            return {}
        below = {each: self._storage.entries[each] for each in self._below(target)}
        if not below:
            problems.append(f"{_shown(path)} is a link to {_shown(target)}, which is not there; remove it")
        if others := [each for each, entry in below.items() if entry.kind != "file"]:
            problems.append(f"{_shown(path)} is a link to a folder with {_shown(others[0])}, which is no file; copy it")
            return {}
        return {f"{path}{each[len(target) :]}": each for each in below}


@contextmanager
def open_foreign(text: str, environment: Mapping[str, str]) -> Iterator[ForeignRepository]:
    """Open a folder or a git repository: URL, URL#BRANCH or URL#BRANCH:FOLDER, over https, ssh or file.

    git runs without hooks, submodules, filters and links, as only its objects are read.

    Raises:
        SettingsError: there is no such folder, or the URL is not supported.
        OutputError: the repository cannot be read.
    """
    path = Path(text)
    is_url = scheme_of(text.partition("#")[0]) != "" and "://" in text
    if not is_url and not text.startswith(_PLACES) and not _SCP_LIKE.match(text):
        if not path.is_dir():
            what = "is a file" if path.is_file() else "does not exist"
            raise SettingsError(f"{text}: {what}; name a folder, or a git URL such as https://HOST/REPO.git#BRANCH")
        yield ForeignRepository(_Folder(path), title=path.as_posix(), name=path.resolve().name)
        return
    place = _place(text)
    permitted = environment.get("GIT_ALLOW_PROTOCOL", ":".join(_SCHEMES)).split(":")
    allowed = {"GIT_ALLOW_PROTOCOL": ":".join(scheme for scheme in _SCHEMES if scheme in permitted)}
    try:
        repository = RemoteRepository(place.url, {**environment, **allowed})
        try:
            storage = _fetched(repository, place)
            name = place.folder or place.url.rstrip("/").removesuffix(".git")
            yield ForeignRepository(storage, title=str(place).removeprefix("git:"), name=re.split("[/:]", name)[-1])
        finally:
            repository.close()
    except GitLoginError as error:
        raise OutputError(f"{place}: {error.what_to_do}") from None
    except GitError as error:
        raise OutputError(f"{place}: cannot be read: {error}") from None


def _place(text: str) -> GitBranch:
    place = parse_place(text if text.startswith(_PLACES) else f"git:{text}")
    if isinstance(place, GithubRepository):
        return GitBranch(url=f"https://github.com/{place.name}.git", branch=place.branch, folder=place.folder)
    if not isinstance(place, GitBranch):
        raise SettingsError(f"{text}: not a git repository; write a URL such as https://HOST/REPO.git#BRANCH")
    scheme = scheme_of(place.url)
    if scheme not in _SCHEMES and not _SCP_LIKE.match(place.url):
        known = ", ".join(_SCHEMES[:-1])
        raise SettingsError(f"{text}: '{scheme or place.url}' is not read; write a URL that begins with {known}")
    return place


def _fetched(repository: RemoteRepository, place: GitBranch) -> _Git:
    branch = place.branch or repository.default_branch()
    if branch is None:
        raise OutputError(f"{place}: has no commits; push some, or name a branch with #BRANCH")
    commit = repository.fetch(branch)
    if commit is None:
        raise SettingsError(f"{place}: has no branch '{branch}'")
    if place.folder and not (entry := repository.entries(commit, [place.folder]).get(place.folder)):
        raise SettingsError(f"{place}: the branch '{branch}' has no folder '{place.folder}'")
    if place.folder and entry and not entry.is_folder:
        raise SettingsError(f"{place}: '{place.folder}' is {entry.kind}; name a folder")
    return _Git(repository, commit, place.folder)


class _Git:
    """A commit of a git repository, or a folder of it; files are fetched on demand."""

    def __init__(self, repository: RemoteRepository, commit: str, folder: str) -> None:
        self._repository = repository
        listed = repository.everything(f"{commit}:{folder}" if folder else commit, most=MAX_PATHS)
        self.entries: dict[str, Entry] = {}
        for path, entry in listed.items():
            kind = {"120000": "link", "160000": "a submodule"}.get(entry.mode, "file")
            self.entries[path] = Entry(kind=kind, executable=entry.mode == "100755", oid=entry.oid)

    def sizes(self, paths: Sequence[str]) -> Mapping[str, int]:
        found = self._repository.sizes(self.entries[path].oid for path in paths) if paths else {}
        return {path: found[self.entries[path].oid] for path in paths}

    def read(self, paths: Sequence[str]) -> Mapping[str, bytes]:
        found = self._repository.blobs(self.entries[path].oid for path in paths) if paths else {}
        return {path: found[self.entries[path].oid] for path in paths}


class _Folder:
    """A local folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @cached_property
    def entries(self) -> Mapping[str, Entry]:
        try:
            return dict(sorted(self._walk(self._folder, "", [0])))
        except OSError as error:
            raise OutputError(f"{error.filename}: cannot be read: {error.strerror}") from error

    def _walk(self, folder: Path, prefix: str, count: list[int]) -> Iterator[tuple[str, Entry]]:
        for entry in os.scandir(folder):
            count[0] += 1
            if count[0] > MAX_PATHS:
                raise OutputError(f"{self._folder}: contains more than {MAX_PATHS:,} files; name a folder in it")
            path = f"{prefix}{entry.name}"
            if entry.is_symlink():
                yield path, Entry(kind="link")
            elif entry.is_dir():
                if entry.name not in LEFT_BY_TOOLS:
                    yield from self._walk(Path(entry.path), f"{path}/", count)
            else:
                mode = entry.stat(follow_symlinks=False).st_mode
                executable = bool(mode & stat.S_IXUSR)
                yield path, Entry(kind="file" if stat.S_ISREG(mode) else _special(mode), executable=executable)

    def sizes(self, paths: Sequence[str]) -> Mapping[str, int]:
        return {path: (self._folder / path).lstat().st_size for path in paths}

    def read(self, paths: Sequence[str]) -> Mapping[str, bytes]:
        return {path: self._read(self._folder / path) for path in paths}

    @staticmethod
    def _read(path: Path) -> bytes:
        try:
            return os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes()
        except OSError as error:
            raise OutputError(f"{path}: cannot be read: {error.strerror}") from error


def _special(mode: int) -> str:
    return "a pipe" if stat.S_ISFIFO(mode) else "a socket" if stat.S_ISSOCK(mode) else "a device"


def _wrong_name(path: str, folders: Collection[str]) -> str:
    """Return why a path from a git tree, which may hold any name, is not safe to write, or "" if it is."""
    if path in folders:
        return "is that of a folder, too"
    parts = path.split("/")
    if any(part in ("", ".", "..") or part.casefold() == ".git" or "\\" in part for part in parts):
        return "leads out of its folder, or into git's own"
    try:
        path.encode()
    except UnicodeEncodeError:
        return "is not UTF-8"
    return "" if path.isprintable() else "has invisible characters"


def _shown(path: str) -> str:
    return in_one_line(path.encode(errors="backslashreplace").decode())
