"""A chart repository in memory, for tests of what is the same in every place."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from pipeline.charts.archive import Package
from pipeline.publish.errors import PublishError
from pipeline.publish.target import ARCHIVE, INDEX, Change, IndexMovedError, Snapshot
from pipeline.system.journal import Effect, Journal


class MemoryTarget:
    """Files by name; `before_write` is what somebody else does just before a write."""

    def __init__(self, place: str = "dir:memory") -> None:
        self.place = place
        self.files: dict[str, bytes] = {}
        self.writes: list[Change] = []
        self.before_write: Callable[[], object] = lambda: None

    def read(self) -> Snapshot:
        index = self.files.get(INDEX)
        revision = hashlib.sha256(index).hexdigest() if index else ""
        return Snapshot(index=index, archive=self.files.get(ARCHIVE), revision=revision)

    def url(self, package: Package) -> str:
        return package.file_name

    def write(self, change: Change, journal: Journal) -> None:
        self.before_write()
        if self.read().revision != change.base.revision:
            raise IndexMovedError
        self.files |= {package.file_name: package.data for package in change.packages}
        self.files |= {INDEX: change.index} | ({ARCHIVE: change.archive} if change.archive else {})
        self.writes.append(change)
        journal.record(Effect(done=change.subject))

    def fetch(self, url: str) -> bytes:
        if url not in self.files:
            raise PublishError(f"{url}: does not exist")
        return self.files[url]
