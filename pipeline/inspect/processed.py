"""The refs that say at which commit each workflow was processed last: `refs/waybill/processed/NAME` on the remote.

A ref names a tag object, and its message the generator. The bytes of that object follow from the commit and the
generator, so its hash tells whether the generator is the same, and nothing needs to be fetched.
"""

from __future__ import annotations

import hashlib
import os.path
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote

import generator as generator_package
from generator.findings.errors import WaybillError
from pipeline.images.lock import lock_path
from pipeline.system.git import Repository, Revision
from pipeline.system.git_remote import GitError, RemoteRepository
from pipeline.system.journal import Effect, Journal
from pipeline.workspace.settings import Settings

PREFIX: Final = "refs/waybill/processed/"
#: What git refuses in the name of a ref (git-check-ref-format) and `quote` leaves as it is.
_REFUSED: Final = re.compile(r"~|^\.|\.(?=\.|$|lock$)")
#: The settings that decide what is generated.
_DECIDING: Final = (
    "workflows",
    "charts",
    "registry",
    "image_prefix",
    "builder",
    "runtime",
    "platform",
    "engine",
    "initial_version",
    "minify_specs",
)
#: Other runs may move a ref meanwhile; each of them moves it once.
_ATTEMPTS: Final = 5
_SHORT: Final = 12


class ProcessedError(WaybillError):
    """A ref that cannot be read or moved; it is where it was, and its workflow is processed once more."""


@dataclass(frozen=True, kw_only=True)
class Processed:
    """At which commit a workflow was processed; `oid` is what its ref names."""

    workflow: str
    commit: str
    oid: str

    def is_by(self, generator: str) -> bool:
        """Return whether it was processed by the generator with this key."""
        return self.oid == _hash(_tag(self.workflow, self.commit, generator), len(self.oid))


def generator_key(settings: Settings) -> str:
    """Return a key of all that decides what is generated of a workflow: waybill itself, and the committed settings.

    Variables and options do not count: the jobs that find changes and those that process them have different ones.
    """
    committed = settings.committed or settings
    hashed = hashlib.sha256()
    package = Path(generator_package.__file__).parent
    dockerfiles = sorted(package.parent.glob("pipeline/*.Dockerfile"))
    sources = [path for path in sorted(package.rglob("*")) if path.is_file() and "__pycache__" not in path.parts]
    for path in (*sources, *dockerfiles):
        _add(hashed, path.relative_to(package.parent).as_posix(), path.read_bytes())
    for name in _DECIDING:
        value = getattr(committed, name)
        # The same from whichever folder waybill runs in.
        text = Path(os.path.relpath(value, committed.root)).as_posix() if isinstance(value, Path) else str(value)
        _add(hashed, name, text.encode())
    for path in (committed.compatibility, lock_path(committed)):
        _add(hashed, path.name, path.read_bytes() if path.is_file() else b"")
    return f"waybill {version('waybill')}, {hashed.hexdigest()}"


def _add(hashed: hashlib._Hash, name: str, data: bytes) -> None:
    for part in (name.encode(), data):
        hashed.update(b"%d " % len(part) + part)


@dataclass(frozen=True, kw_only=True)
class Marking:
    """What became of marking workflows as processed: those that were, and the commits of those that a later run has."""

    marked: tuple[str, ...]
    later: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Marks:
    """The refs on a remote of the repository, for the generator with a key."""

    remote: RemoteRepository
    repository: Repository
    generator: str
    _later: dict[tuple[str, str], bool] = field(default_factory=dict, init=False, repr=False)

    def is_later(self, mark: Processed, head: Revision) -> bool:
        """Whether a workflow was processed at a commit that `head` leads to; a run that began later may have done so.

        Raises:
            ProcessedError: neither the clone nor the server knows.
        """
        key = (mark.commit, head.sha)
        if key not in self._later:
            self._later[key] = mark.commit != head.sha and self._leads_to(head, mark.commit)
        return self._later[key]

    def _leads_to(self, head: Revision, other: str) -> bool:
        if known := self.repository.find(other):
            return self.repository.is_ancestor(head, known)
        try:
            return self.remote.leads_to(head.sha, other)
        except GitError as error:
            raise ProcessedError(
                f"git cannot fetch the commit {other[:_SHORT]} that {PREFIX}* name: {error}"
            ) from error

    def read(self) -> dict[str, Processed]:
        """Return what the refs say, by workflow.

        Raises:
            ProcessedError: they cannot be read.
        """
        try:
            refs = self.remote.refs(PREFIX)
        except GitError as error:
            raise ProcessedError(f"git cannot list {PREFIX}*: {error}") from error
        named = {unquote(path.removeprefix(PREFIX)): ref for path, ref in refs.items()}
        return {name: Processed(workflow=name, commit=ref.commit, oid=ref.oid) for name, ref in named.items()}

    def move(self, names: Sequence[str], head: Revision, journal: Journal) -> Marking:
        """Say that workflows were processed at a commit; a mark at a later commit stays.

        Each ref moves only from where it was seen, so that of two runs the newer one wins, in whatever order they end.

        Raises:
            ProcessedError: a ref cannot be read or moved.
        """
        left = list(dict.fromkeys(names))
        marked: list[str] = []
        later: dict[str, str] = {}
        reason = ""
        for _ in range(_ATTEMPTS):
            seen = self.read()
            later |= {name: seen[name].commit for name in left if name in seen and self.is_later(seen[name], head)}
            left = [name for name in left if name not in later]
            if not left:
                break
            with journal.attempting(f"marked {', '.join(left)} as processed"):
                reason = self._push(left, seen, head.sha)
                now = self.read()
                done = [name for name in left if name in now and now[name].commit == head.sha]
                for name in done:
                    journal.record(Effect(done=f"marked {name} as processed at {head.sha[:_SHORT]}"))
            marked += done
            left = [name for name in left if name not in done]
        if left:
            names_left = ", ".join(left)
            raise ProcessedError(f"{names_left}: not marked as processed: {reason}; run the same command again")
        return Marking(marked=tuple(marked), later=later)

    def _push(self, names: Sequence[str], seen: Mapping[str, Processed], commit: str) -> str:
        """Push the refs of workflows, and return why some of them did not move; empty where all did."""
        try:
            self.remote.fetch_commit(commit, folders=False)
            tags = {name: self.remote.store_tag(_tag(name, commit, self.generator)) for name in names}
            return self.remote.push_refs(
                {
                    f"{PREFIX}{_encoded(name)}": (tag, seen[name].oid if name in seen else None)
                    for name, tag in tags.items()
                }
            )
        except GitError as error:
            raise ProcessedError(f"git cannot move {PREFIX}*: {error}") from error


def _encoded(name: str) -> str:
    return _REFUSED.sub(lambda found: f"%{ord(found[0]):02X}", quote(name, safe=""))


def _tag(name: str, commit: str, generator: str) -> bytes:
    """Return the tag object (git-mktag); nothing in it depends on who pushes it, or when."""
    tagger = "tagger waybill <waybill@noreply.invalid> 0 +0000"
    head = f"object {commit}\ntype commit\ntag waybill/processed/{_encoded(name)}\n{tagger}\n"
    return f"{head}\nProcessed by {generator}\n".encode()


def _hash(tag: bytes, digits: int) -> str:
    """Return the name that git gives an object, in a repository of SHA-1 or SHA-256."""
    data = b"tag %d\0" % len(tag) + tag
    sha256_digits = 64
    if digits == sha256_digits:
        return hashlib.sha256(data).hexdigest()
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()
