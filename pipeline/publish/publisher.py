"""The protocol of places in which charts are published, and the result of a publication."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from generator.chart.names import FOLDER_ANNOTATION
from pipeline.charts.archive import Package
from pipeline.system.journal import Journal

State = Literal["new", "unchanged", "deprecated", "archived"]


@dataclass(frozen=True, kw_only=True)
class PublishedChart:
    """A version of a chart in a place, and its state after the publication."""

    chart: str
    version: str
    state: State
    digest: str
    """The SHA-256 of the package in hexadecimal."""
    url: str

    def as_json(self) -> dict[str, Any]:
        """Return the chart as a JSON object."""
        return dataclasses.asdict(self)


@dataclass(frozen=True, kw_only=True)
class Published:
    """The result, or plan, of a publication in one place."""

    place: str
    charts: tuple[PublishedChart, ...]
    kept: int | None = None
    """The number of versions that were published before, or None for a registry, which has no index."""
    notes: tuple[str, ...] = ()
    render: tuple[str, ...] = ()
    """The command that renders a chart from this place, as arguments."""

    @property
    def changes(self) -> tuple[PublishedChart, ...]:
        """The charts that changed."""
        return tuple(chart for chart in self.charts if chart.state != "unchanged")

    def as_json(self) -> dict[str, Any]:
        """Return the result as a JSON object."""
        return {
            "place": self.place,
            "charts": [chart.as_json() for chart in self.charts],
            "kept": self.kept,
            "notes": list(self.notes),
        }


class Publisher(Protocol):
    """A place in which charts are published."""

    @property
    def place(self) -> str:
        """The place's name in messages, without any credential."""

    def refresh(self) -> None:
        """Read what is published; must be called first.

        Raises:
            PublishError: the place cannot be read.
            FindingsError: its index is not valid.
        """

    def versions(self, chart: str) -> Mapping[str, str]:
        """Return the SHA-256 of the package of each published version of a chart."""

    def plan(self, packages: Sequence[Package]) -> Published:
        """Return what `publish` would do.

        Raises:
            VersionError: a version is published with different bytes.
        """

    def publish(self, packages: Sequence[Package], journal: Journal) -> Published:
        """Publish the packages that are not published yet.

        Raises:
            IndexMovedError: another publisher changed the index in the meantime; refresh, and publish again.
            VersionError: a version is published with different bytes.
            PublishError: it cannot be written; the place is unchanged.
        """


def published_otherwise(place: str, package: Package, digest: str) -> str:
    """Return the message about a version that is published with different bytes, whose SHA-256 is `digest`."""
    return (
        f"{place}: {package.name} {package.version} is published with sha256:{digest}, not sha256:{package.digest}; a "
        "published version never changes: give the chart a new one (waybill build --bump auto, or in its Chart.yaml)"
    )


def entry_url(entry: Mapping[str, Any]) -> str:
    """Return the first URL of an index entry, or "" if it has none."""
    urls = entry.get("urls")
    return str(urls[0]) if isinstance(urls, list) and urls else ""


def render_command(packages: Iterable[Package], address: Callable[[Package], Sequence[str]]) -> tuple[str, ...]:
    """Return the command that renders the first package; `address` returns Helm's arguments for a chart's location.

    Workflow charts need values that only their users know, unless `requireEnv` is false.
    """
    for package in packages:
        options = ("--set", "requireEnv=false") if FOLDER_ANNOTATION in package.annotations else ()
        return ("helm", "template", package.name, *address(package), *options)
    return ()
