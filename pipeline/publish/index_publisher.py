"""Publishes to a chart repository with an index, into which it merges entries without dropping any."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path

from generator.findings.errors import VersionError
from generator.text.words import listed
from pipeline.charts import index as index_file
from pipeline.charts.archive import Package
from pipeline.charts.index import EMPTY, Index, parse_index
from pipeline.charts.index_entry import Entry, Versions
from pipeline.publish.errors import PublishError
from pipeline.publish.publisher import Published, PublishedChart, entry_url, published_otherwise, render_command
from pipeline.publish.target import ARCHIVE, INDEX, Change, Snapshot, Target
from pipeline.system.journal import Journal

#: The most charts that a commit's subject names.
_NAMED = 3


@dataclass(frozen=True, kw_only=True)
class Edit:
    """A new index and archive, and the changes that lead to them."""

    index: Index
    archive: Index
    packages: tuple[Package, ...] = ()
    """The packages that are new in the index."""
    charts: tuple[PublishedChart, ...]
    subject: str

    @cached_property
    def rendered(self) -> bytes:
        """The bytes of index.yaml."""
        return index_file.render(self.index)


@dataclass(kw_only=True)
class IndexPublisher:
    """A chart repository with an index.yaml."""

    target: Target
    created: datetime
    """The creation time of new entries."""
    url: str = ""
    """The prefix of package URLs, or "" for the target's."""
    registry: str = ""
    """The registry that stores the packages, `oci://…`, or "" if the repository stores them."""
    pages: str = ""
    """The URL of the repository for `helm repo add`, or "" if unknown."""
    folder: Path | None = None
    """The folder of a local repository, or None."""
    fetch_chart: Callable[[str], bytes] | None = None
    """Fetches a package from its URL in a registry."""
    init: bool = False
    """Whether to create a missing index."""
    accept: str | None = None
    """The SHA-256 of an index to accept although its end does not prove that it is complete."""
    _snapshot: Snapshot = field(init=False)
    _index: Index = field(init=False)
    _archive: Index = field(init=False)

    @property
    def place(self) -> str:
        """See `Publisher`."""
        return self.target.place

    @property
    def index(self) -> Index:
        """The index as it was read."""
        return self._index

    @property
    def archive(self) -> Index:
        """The archive: entries that were moved out of the index."""
        return self._archive

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes for the user about the index."""
        return self._notes(self._snapshot.index or b"")

    def refresh(self) -> None:
        """Read and check the index and its archive; see `Publisher`."""
        self._snapshot = self.target.read()
        if self._snapshot.index is None and not self.init:
            raise PublishError(
                f"{self.place}: there is no {INDEX}; check the place, or start a new chart repository there with --init"
            )
        self._index = self._parsed(self._snapshot.index, INDEX)
        self._archive = self._parsed(self._snapshot.archive, ARCHIVE)

    def _parsed(self, data: bytes | None, name: str) -> Index:
        path = f"{self.place}/{name}"
        return EMPTY if data is None else parse_index(data, path, accept=self.accept)

    def fetch(self, url: str) -> bytes:
        """Return the package at an entry's URL.

        Raises:
            PublishError: there is no such package.
        """
        if self.fetch_chart is not None and url.startswith("oci://"):
            return self.fetch_chart(url)
        return self.target.fetch(url)

    def versions(self, chart: str) -> Mapping[str, str]:
        """Return the published versions, including archived ones; see `Publisher`."""
        return {version: digests[0] for version, digests in self._digests(chart).items()}

    def _digests(self, chart: str) -> dict[str, list[str]]:
        """Return the SHA-256s of each version's packages, of which published indexes may have several."""
        found: dict[str, list[str]] = {}
        for index in (self._index, self._archive):
            for entry in index.of(chart):
                found.setdefault(entry.version, []).append(entry.digest)
        return found

    def plan(self, packages: Sequence[Package]) -> Published:
        """See `Publisher`."""
        return self.published(self._adding(packages))

    def publish(self, packages: Sequence[Package], journal: Journal) -> Published:
        """See `Publisher`."""
        return self.apply(self._adding(packages), journal)

    def apply(self, edit: Edit, journal: Journal) -> Published:
        """Write an edit of the index, unless it changes nothing.

        Raises:
            IndexMovedError: another publisher changed the index in the meantime.
            PublishError: it cannot be written; the repository is unchanged.
        """
        if lost := _lost(self._index, self._archive, edit):
            raise PublishError(f"{self.place}: {lost} would be lost, so nothing was written; please report this")
        starts = self._snapshot.index is None
        if starts or any(chart.state != "unchanged" for chart in edit.charts):
            archive = None if edit.archive is self._archive else index_file.render(edit.archive)
            change = Change(
                base=self._snapshot,
                packages=() if self.registry else edit.packages,
                index=edit.rendered,
                archive=archive,
                subject=edit.subject,
            )
            self.target.write(change, journal)
        return self.published(edit)

    def deprecating(self, name: str, version: str | None) -> Edit:
        """Return the edit that marks a version of a chart, or all of them, as deprecated.

        Raises:
            SettingsError: there is no such chart or version; the message suggests the nearest one.
        """
        index = index_file.deprecate(self._index, name, version)
        charts = tuple(
            PublishedChart(
                chart=name,
                version=entry.version,
                state="unchanged" if was.get("deprecated") else "deprecated",
                digest=entry.digest,
                url=entry_url(entry),
            )
            for was, entry in zip(self._index.of(name), index.of(name), strict=True)
            if version in (None, entry.version)
        )
        subject = f"Deprecate {name}{f' {version}' if version else ''}"
        return Edit(index=index, archive=self._archive, charts=charts, subject=subject)

    def keeping(self, number: int) -> Edit:
        """Return the edit that moves all but the newest versions of each chart into the archive."""
        index, archive = index_file.move_old(self._index, self._archive, number)
        charts = tuple(
            PublishedChart(
                chart=name,
                version=entry.version,
                state="archived",
                digest=entry.digest,
                url=entry_url(entry),
            )
            for name in self._index.entries
            for entry in _gone(self._index.of(name), index.of(name))
        )
        newest = "newest version" if number == 1 else f"newest {number} versions"
        subject = f"Keep the {newest} of each chart in the index"
        return Edit(index=index, archive=archive if charts else self._archive, charts=charts, subject=subject)

    def _url_of(self, package: Package) -> str:
        if self.registry:
            return f"{self.registry}/{package.name}:{package.version.replace('+', '_')}"
        return f"{self.url.rstrip('/')}/{package.file_name}" if self.url else self.target.url(package)

    def _adding(self, packages: Sequence[Package]) -> Edit:
        """Return the edit that adds new packages.

        Raises:
            VersionError: a version is published with different bytes.
        """
        refused, new, charts = [], [], []
        digests = {name: self._digests(name) for name in {package.name for package in packages}}
        for package in packages:
            there = digests[package.name].get(package.version, ())
            if not there:
                new.append(package)
            elif package.digest not in there:
                refused.append(published_otherwise(self.place, package, there[0]))
            charts.append(
                PublishedChart(
                    chart=package.name,
                    version=package.version,
                    state="unchanged" if there else "new",
                    digest=package.digest,
                    url=self._url_of(package),
                )
            )
        if refused:
            raise VersionError("\n".join(refused))
        index = index_file.add(self._index, new, created=self.created, url=self._url_of)
        return Edit(
            index=index, archive=self._archive, packages=tuple(new), charts=tuple(charts), subject=_subject(new)
        )

    def published(self, edit: Edit) -> Published:
        """Return the summary of an edit."""
        kept = self._index.count() + self._archive.count()
        return Published(
            place=self.place,
            charts=edit.charts,
            kept=kept,
            notes=self._notes(edit.rendered),
            render=self._render(edit.packages),
        )

    def _notes(self, index: bytes) -> tuple[str, ...]:
        note = index_file.budget(len(index))
        return (f"{self.place}/{INDEX}: {note}",) if note else ()

    def _render(self, packages: Sequence[Package]) -> tuple[str, ...]:
        if self.pages:
            return render_command(packages, lambda each: (each.name, "--repo", self.pages, "--version", each.version))
        if folder := self.folder:
            return render_command(packages, lambda each: (str(folder / each.file_name),))
        return ()


def _gone(before: Versions, after: Versions) -> list[Entry]:
    """Return the entries that are no longer in a list."""
    if before is after:
        return []
    there = {(entry.version, entry.digest) for entry in after}
    return [entry for entry in before if (entry.version, entry.digest) not in there]


def _lost(index: Index, archive: Index, edit: Edit) -> str:
    """Return the chart and version of an entry that an edit would lose, or "" if it keeps all entries."""
    for name in {**index.entries, **archive.entries}:
        gone = [*_gone(index.of(name), edit.index.of(name)), *_gone(archive.of(name), edit.archive.of(name))]
        kept = {(entry.version, entry.digest) for entry in edit.archive.of(name)} if gone else set()
        if lost := next((entry.version for entry in gone if (entry.version, entry.digest) not in kept), None):
            return f"{name} {lost}"
    return ""


def _subject(packages: Sequence[Package]) -> str:
    names = [f"{package.name} {package.version}" for package in packages]
    if len(names) > _NAMED:
        return f"Publish {len(names)} chart versions"
    return f"Publish {listed(names)}" if names else "Start a chart repository"
