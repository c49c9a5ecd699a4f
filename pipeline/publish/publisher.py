"""What a place that charts are published to offers, and what a publication did there."""

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
    """One version of a chart in a place, and what became of it."""

    chart: str
    version: str
    state: State
    digest: str
    """SHA-256 of the package, in hexadecimal."""
    url: str

    def as_json(self) -> dict[str, Any]:
        """Return the chart as a JSON object."""
        return dataclasses.asdict(self)


@dataclass(frozen=True, kw_only=True)
class Published:
    """What a publication did in one place, or would do."""

    place: str
    charts: tuple[PublishedChart, ...]
    kept: int | None = None
    """The published versions that were there before and still are; None for a registry, which has no index."""
    notes: tuple[str, ...] = ()
    render: tuple[str, ...] = ()
    """The command that renders a chart from this place, as words."""

    @property
    def changes(self) -> tuple[PublishedChart, ...]:
        """The charts that are not what they were."""
        return tuple(chart for chart in self.charts if chart.state != "unchanged")

    def as_json(self) -> dict[str, Any]:
        """What was published as a JSON object."""
        return {
            "place": self.place,
            "charts": [chart.as_json() for chart in self.charts],
            "kept": self.kept,
            "notes": list(self.notes),
        }


class Publisher(Protocol):
    """A place that charts are published to."""

    @property
    def place(self) -> str:
        """How messages name it, without any credential."""

    def refresh(self) -> None:
        """Read again what is published; nothing is known before the first time.

        Raises:
            PublishError: it cannot be read.
            FindingsError: its index is not sound.
        """

    def versions(self, chart: str) -> Mapping[str, str]:
        """Return the published versions of a chart, each with the SHA-256 of its package."""

    def plan(self, packages: Sequence[Package]) -> Published:
        """Return what publishing would do.

        Raises:
            VersionError: a version is published with other bytes.
        """

    def publish(self, packages: Sequence[Package], journal: Journal) -> Published:
        """Publish what is not there yet.

        Raises:
            IndexMovedError: somebody else published in the meantime; refresh, and publish again.
            VersionError: a version is published with other bytes.
            PublishError: it cannot be written; what was there is unchanged.
        """


def published_otherwise(place: str, package: Package, digest: str) -> str:
    """The message about a version that is published with other bytes; `digest` is their SHA-256 in hexadecimal."""
    return (
        f"{place}: {package.name} {package.version} is published with sha256:{digest}, not sha256:{package.digest}; a "
        "published version never changes: give the chart a new one (waybill build --bump auto, or in its Chart.yaml)"
    )


def entry_url(entry: Mapping[str, Any]) -> str:
    """Return the first URL of an index entry; "" where it has none."""
    urls = entry.get("urls")
    return str(urls[0]) if isinstance(urls, list) and urls else ""


def render_command(packages: Iterable[Package], address: Callable[[Package], Sequence[str]]) -> tuple[str, ...]:
    """Return the command that renders the first of some packages; `address` are Helm's words for where a chart is.

    The charts of workflows ask for values that only their users know, unless they are told not to.
    """
    for package in packages:
        options = ("--set", "requireEnv=false") if FOLDER_ANNOTATION in package.annotations else ()
        return ("helm", "template", package.name, *address(package), *options)
    return ()
