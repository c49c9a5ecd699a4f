"""Publishes to a registry, with a tag per version and no index."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from generator.findings.errors import VersionError
from pipeline.charts.archive import Package
from pipeline.publish.oci import OciRegistry
from pipeline.publish.publisher import Published, PublishedChart, State, published_otherwise, render_command
from pipeline.system.journal import Journal


@dataclass(frozen=True, kw_only=True)
class OciPublisher:
    """The charts below a path in a registry."""

    registry: OciRegistry

    @property
    def place(self) -> str:
        """See `Publisher`."""
        return self.registry.place

    def refresh(self) -> None:
        """Do nothing: every call asks the registry."""

    def versions(self, chart: str) -> Mapping[str, str]:
        """Return the published versions, whose digests are requested on access; see `Publisher`."""
        return _Digests(self.registry.versions(chart), lambda version: self.registry.digest(chart, version) or "")

    def plan(self, packages: Sequence[Package]) -> Published:
        """See `Publisher`."""
        there = [self.registry.digest(package.name, package.version) for package in packages]
        refused = [
            published_otherwise(self.place, package, digest)
            for package, digest in zip(packages, there, strict=True)
            if digest not in (None, package.digest)
        ]
        if refused:
            raise VersionError("\n".join(refused))
        states: list[State] = ["new" if digest is None else "unchanged" for digest in there]
        charts = tuple(
            PublishedChart(
                chart=package.name,
                version=package.version,
                state=state,
                digest=package.digest,
                url=self.registry.url(package),
            )
            for package, state in zip(packages, states, strict=True)
        )
        return Published(place=self.place, charts=charts, render=self._render(packages, states))

    def _render(self, packages: Sequence[Package], states: Sequence[State]) -> tuple[str, ...]:
        new = (package for package, state in zip(packages, states, strict=True) if state == "new")
        return render_command(new, lambda package: (self.registry.url(package), "--version", package.version))

    def publish(self, packages: Sequence[Package], journal: Journal) -> Published:
        """See `Publisher`."""
        planned = self.plan(packages)
        for package, chart in zip(packages, planned.charts, strict=True):
            if chart.state == "new":
                self.registry.publish(package, journal)
        return planned


@dataclass(frozen=True)
class _Digests(Mapping[str, str]):
    """Digests by version, each requested on access."""

    _versions: Sequence[str]
    _digest: Callable[[str], str]

    def __getitem__(self, version: str) -> str:
        if version not in self._versions:
            raise KeyError(version)
        return self._digest(version)

    def __iter__(self) -> Iterator[str]:
        return iter(self._versions)

    def __len__(self) -> int:
        return len(self._versions)
