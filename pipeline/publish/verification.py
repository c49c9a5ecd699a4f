"""Verifies a chart repository: fetches each package and compares it with its index entry."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from generator.findings.errors import WaybillError
from pipeline.charts import index as index_file
from pipeline.charts.archive import package, read_package_files
from pipeline.charts.index_entry import Entry
from pipeline.publish.errors import PublishError
from pipeline.publish.index_publisher import IndexPublisher
from pipeline.publish.oci import OciRegistry
from pipeline.publish.oci_publisher import OciPublisher
from pipeline.publish.publisher import Publisher, entry_url

#: Yields items, and shows how many of them are done.
Track = Callable[[str, Sequence[Any]], Iterable[Any]]


@dataclass(frozen=True, kw_only=True)
class VerifiedRepository:
    """The result of verifying a chart repository."""

    place: str
    versions: int
    """The number of entries in the index and its archive."""
    problems: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the result as a JSON object."""
        return {
            "ok": not self.problems,
            "place": self.place,
            "versions": self.versions,
            "problems": list(self.problems),
            "notes": list(self.notes),
        }


def verify_place(publisher: Publisher, track: Track) -> VerifiedRepository:
    """Verify the place of a publisher: a repository with an index, or a registry."""
    match publisher:
        case IndexPublisher():
            return verify_repository(publisher, track)
        case OciPublisher():
            return verify_registry(publisher.registry, track)
    raise TypeError(publisher)


def verify_repository(publisher: IndexPublisher, track: Track) -> VerifiedRepository:
    """Fetch and check each package in an index and its archive.

    Raises:
        PublishError: the index cannot be read.
        FindingsError: the index is not valid.
    """
    publisher.refresh()
    entries = [
        (name, entry)
        for index in (publisher.index, publisher.archive)
        for name, listed in index.entries.items()
        for entry in listed
    ]
    duplicates = [
        f"{each.chart} {each.version} is listed with different bytes: "
        f"{' and '.join(f'sha256:{digest}' for digest in each.digests)}"
        for each in index_file.duplicates(publisher.index)
    ]
    found = [_problem(publisher.fetch, name, entry) for name, entry in track("packages", entries)]
    return VerifiedRepository(
        place=publisher.place,
        versions=len(entries),
        problems=(*duplicates, *filter(None, found)),
        notes=publisher.notes,
    )


def verify_registry(registry: OciRegistry, track: Track) -> VerifiedRepository:
    """Fetch and check each chart below the path of a registry.

    Raises:
        PublishError: the registry does not list its charts.
    """
    names = registry.names()
    if names is None:
        message = "the registry does not list its repositories; verify one chart with helm pull"
        raise PublishError(f"{registry.place}: {message}")
    versions = [(name, version) for name in names for version in registry.versions(name)]
    problems = []
    for name, version in track("packages", versions):
        try:
            problems.append(
                _mismatch(registry.fetch(name, version), name, version, f"{registry.place}/{name}:{version}")
            )
        except WaybillError as error:
            problems.append(f"{name} {version}: {error}")
    return VerifiedRepository(place=registry.place, versions=len(versions), problems=tuple(filter(None, problems)))


def _problem(fetch: Callable[[str], bytes], name: str, entry: Entry) -> str:
    """Return what is wrong with an entry's package, or ""."""
    version, url, wanted = entry.version, entry_url(entry), entry.digest
    try:
        data = fetch(url)
        found = hashlib.sha256(data).hexdigest()
        if found != wanted:
            return f"{name} {version}: {url} has sha256:{found}, and the index says sha256:{wanted}"
        return _mismatch(data, name, version, url)
    except WaybillError as error:
        return f"{name} {version}: {error}"


def _mismatch(data: bytes, name: str, version: str, url: str) -> str:
    """Return an error if a package is not the expected version of the chart, or else ""."""
    packed = package({"Chart.yaml": read_package_files(data, url)["Chart.yaml"]}, url)
    if (packed.name, packed.version) == (name, version):
        return ""
    return f"{name} {version}: {url} is {packed.name} {packed.version}"
