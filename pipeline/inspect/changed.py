"""Finds the workflows to process: to build, check and propose.

Each is compared with the commit at which it was last processed, rather than with the one before a push, so that
cancelled, failed or skipped runs lose nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from generator.text.words import listed, plural
from generator.workflow.folder import SHARED
from pipeline.inspect.processed import Marks, Processed
from pipeline.system.git import Repository, Revision

#: The most files that a reason names.
_NAMED = 3
_SHORT = 12


@dataclass(frozen=True, kw_only=True)
class Changed:
    """A workflow to process, with the reason, and the size of its folder in bytes."""

    workflow: str
    why: str
    since: str | None
    """The commit that it is compared with, or None if there is none."""
    size: int

    def as_json(self) -> dict[str, object]:
        """Return the workflow as a JSON object."""
        return {"workflow": self.workflow, "why": self.why, "since": self.since}


@dataclass(frozen=True, kw_only=True)
class Changes:
    """The workflows to process at a commit, sorted by name, and the others with the reasons why not."""

    changed: tuple[Changed, ...]
    unchanged: Mapping[str, str]


def changes_since(repository: Repository, head: Revision, base: Revision) -> Changes:
    """Return the workflows that differ between two commits, regardless of what was processed.

    Raises:
        OutputError: git cannot read a commit.
    """
    return _Comparing(repository, head).all(dict.fromkeys(repository.folders(head), base))


def changes_since_processed(repository: Repository, head: Revision, marks: Marks) -> Changes:
    """Return the workflows that changed since each was last processed.

    Raises:
        OutputError: git cannot read a commit.
        ProcessedError: the marks of processed workflows cannot be read.
    """
    comparing = _Comparing(repository, head)
    processed = marks.read()
    bases: dict[str, Revision | str] = {}
    later: dict[str, str] = {}
    for name in comparing.names:
        mark = processed.get(name)
        if mark and marks.is_later(mark, head):
            later[name] = f"was processed at a later commit, {mark.commit[:_SHORT]}"
        else:
            bases[name] = _base(repository, head, mark, marks.generator)
    found = comparing.all(bases)
    return Changes(changed=found.changed, unchanged={**found.unchanged, **later})


def _base(repository: Repository, head: Revision, mark: Processed | None, generator: str) -> Revision | str:
    """Return the commit to compare a workflow with, or the reason why there is none."""
    if mark is None:
        return "was never processed"
    where = f"the commit that it was processed at, {mark.commit[:_SHORT]}, is not in"
    base = repository.find(mark.commit)
    if base is None:
        why = "the clone is shallow" if repository.is_shallow else "the history was rewritten"
        return f"{where} this clone: {why}"
    if not repository.is_ancestor(base, head):
        return f"{where} the history of HEAD"
    return base if mark.is_by(generator) else "waybill or its settings changed since it was processed"


class _Comparing:
    """Compares the workflow folders of a commit with those of other commits, reading each commit once."""

    def __init__(self, repository: Repository, head: Revision) -> None:
        self._repository = repository
        self._head = head
        folders = repository.folders(head)
        self._shared = folders.pop(SHARED, None)
        self._folders = {name: oid for name, oid in sorted(folders.items()) if not name.startswith(".")}
        self._before: dict[str, dict[str, str]] = {}
        self._shared_files: dict[str, str] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the commit's workflows."""
        return tuple(self._folders)

    def all(self, bases: Mapping[str, Revision | str]) -> Changes:
        """Compare each workflow with its base, which may also be the reason why there is none."""
        whys = {name: self._why(name, bases[name]) for name in self.names if name in bases}
        sizes = self._repository.sizes(self._head, [name for name, why in whys.items() if why])
        changed = []
        unchanged = {}
        for name, why in whys.items():
            base = bases[name]
            if why:
                since = base.sha if isinstance(base, Revision) else None
                changed.append(Changed(workflow=name, why=why, since=since, size=sizes.get(name, 0)))
            elif isinstance(base, Revision):
                unchanged[name] = f"unchanged since {base.sha[:_SHORT]}"
        return Changes(changed=tuple(changed), unchanged=unchanged)

    def _why(self, name: str, base: Revision | str) -> str:
        """Return why a workflow must be processed, or "" if it need not be."""
        if isinstance(base, str):
            return base
        before = self._before.setdefault(base.sha, {})
        if not before:
            before |= self._repository.folders(base)
        if name not in before:
            return f"is new since {base.sha[:_SHORT]}"
        if before[name] != self._folders[name]:
            return f"{self._repository.shown_folder(name)} changed since {base.sha[:_SHORT]}"
        if before.get(SHARED) != self._shared:
            return f"its image contains {self._shared_changes(base)}"
        return ""

    def _shared_changes(self, base: Revision) -> str:
        """Return text about the files of shared/ that changed."""
        if base.sha not in self._shared_files:
            paths = self._repository.changed_files(base, self._head, SHARED)
            names = [PurePosixPath(path).as_posix() for path in paths[:_NAMED]]
            more = [plural(len(paths) - _NAMED, "other file")] if len(paths) > _NAMED else []
            self._shared_files[base.sha] = f"{listed([*names, *more])}, changed since {base.sha[:_SHORT]}"
        return self._shared_files[base.sha]
