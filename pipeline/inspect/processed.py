"""Refs with the commit at which each workflow was last processed: `refs/waybill/processed/NAME` on the remote.

A ref names a tag object whose message names the generator. The object's bytes are determined by the commit and the
generator, so its hash shows whether the generator is the same, and nothing must be fetched.
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
#: The parts that git refuses in a ref's name (git-check-ref-format) and `quote` does not encode.
_REFUSED: Final = re.compile(r"~|^\.|\.(?=\.|$|lock$)")
#: The settings that determine what is generated.
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
#: The attempts to move refs, as other runs may move them at the same time, each once.
_ATTEMPTS: Final = 5
_SHORT: Final = 12


class ProcessedError(WaybillError):
    """A ref that cannot be read or moved; it is unchanged, and its workflow will be processed again."""


@dataclass(frozen=True, kw_only=True)
class Processed:
    """The commit at which a workflow was processed; `oid` is the tag object that its ref names."""

    workflow: str
    commit: str
    oid: str

    def is_by(self, generator: str) -> bool:
        """Return whether the workflow was processed by the generator with this key."""
        return self.oid == _hash(_tag(self.workflow, self.commit, generator), len(self.oid))


def generator_key(settings: Settings) -> str:
    """Return a key of everything that determines the output: waybill itself, and the committed settings.

    Variables and options do not count, as they differ between the jobs that find changes and those that process them.
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
        # Relative to the repository, so that it does not depend on the current folder.
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
    """The result of marking workflows as processed: the marked ones, and the commits of later marks that stay."""

    marked: tuple[str, ...]
    later: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Marks:
    """The refs on a remote, for the generator with the key `generator`."""

    remote: RemoteRepository
    repository: Repository
    generator: str
    _later: dict[tuple[str, str], bool] = field(default_factory=dict, init=False, repr=False)

    def is_later(self, mark: Processed, head: Revision) -> bool:
        """Return whether a workflow was processed at a descendant of `head`, as a run that began later may have done.

        Raises:
            ProcessedError: the commit is neither in the clone nor on the server.
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
        """Return the marks by workflow.

        Raises:
            ProcessedError: the refs cannot be read.
        """
        try:
            refs = self.remote.refs(PREFIX)
        except GitError as error:
            raise ProcessedError(f"git cannot list {PREFIX}*: {error}") from error
        named = {unquote(path.removeprefix(PREFIX)): ref for path, ref in refs.items()}
        return {name: Processed(workflow=name, commit=ref.commit, oid=ref.oid) for name, ref in named.items()}

    def move(self, names: Sequence[str], head: Revision, journal: Journal) -> Marking:
        """Mark workflows as processed at a commit; a mark at a later commit stays.

        Each ref moves only if it is unchanged since it was read, so that the newest run wins, in whatever order runs
        end.

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
        """Push the refs of workflows; return why some did not move, or "" if all did."""
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
    """Return the tag object (git-mktag), which does not depend on the pusher or the time."""
    tagger = "tagger waybill <waybill@noreply.invalid> 0 +0000"
    head = f"object {commit}\ntype commit\ntag waybill/processed/{_encoded(name)}\n{tagger}\n"
    return f"{head}\nProcessed by {generator}\n".encode()


def _hash(tag: bytes, digits: int) -> str:
    """Return git's hash of a tag object, SHA-1 or SHA-256 by its number of hexadecimal digits."""
    data = b"tag %d\0" % len(tag) + tag
    sha256_digits = 64
    if digits == sha256_digits:
        return hashlib.sha256(data).hexdigest()
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()
