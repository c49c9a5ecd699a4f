"""Lists which versions in a chart repository an operator can run, according to compatibility.yaml."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from semver import Version

from generator.compatibility.matrix import Matrix, Row
from generator.versions.semver_text import is_version


class SupportStatus(StrEnum):
    """The claim of compatibility.yaml about a chart version on an operator."""

    CLAIMED = "claimed"
    UNKNOWN = "unknown"
    REFUTED = "refuted"
    NO_ROW = "no row"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """The user's operator: a version of the Orchestrator or of SonataFlow."""

    version: Version
    orchestrator: bool


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A version of a chart in a repository, and its status."""

    chart: str
    version: str
    status: SupportStatus


def listed(entries: Mapping[str, Sequence[Mapping[str, Any]]], wanted: Wanted, matrix: Matrix) -> Iterator[Listed]:
    """Yield the versions of an index (entries by chart) with their status, by chart, newest first.

    Versions that are not SemVer have no row and come last.
    """
    known: dict[tuple[tuple[int, ...], str], SupportStatus] = {}
    for chart in sorted(entries):
        # Charts with the same rows have the same status for a version.
        rows = tuple(number for number, row in enumerate(matrix.rows) if row.names(chart))
        texts = dict.fromkeys(str(entry.get("version")) for entry in entries[chart])
        versions = {text: version for text in texts if (version := _parsed(text))}
        for text in _newest_first(versions):
            status = known.get((rows, text)) or _status(chart, versions[text], wanted, matrix)
            known[rows, text] = status
            yield Listed(chart=chart, version=text, status=status)
        for text in texts:
            if text not in versions:
                yield Listed(chart=chart, version=text, status=SupportStatus.NO_ROW)


@cache
def _parsed(text: str) -> Version | None:
    return Version.parse(text) if is_version(text) else None


def _newest_first(versions: Mapping[str, Version]) -> list[str]:
    if any(version.prerelease for version in versions.values()):
        return sorted(versions, key=versions.__getitem__, reverse=True)
    return sorted(versions, key=lambda text: versions[text].to_tuple()[:3], reverse=True)


def _status(chart: str, version: Version, wanted: Wanted, matrix: Matrix) -> SupportStatus:
    row = matrix.row_of(chart, version)
    return SupportStatus.NO_ROW if row is None else _status_in_row(row, wanted, matrix)


def _status_in_row(row: Row, wanted: Wanted, matrix: Matrix) -> SupportStatus:
    """Return a row's claim about an operator: directly, or by the SonataFlow that an Orchestrator installs."""
    own, other = (row.orchestrator, row.sonataflow) if wanted.orchestrator else (row.sonataflow, row.orchestrator)
    if own is not None:
        return SupportStatus.CLAIMED if own.holds(wanted.version) else SupportStatus.REFUTED
    if other is None:
        return SupportStatus.UNKNOWN
    if wanted.orchestrator:
        bundle = matrix.orchestrator(wanted.version)
        flow = matrix.underneath(bundle) if bundle else None
        if flow is None:
            return SupportStatus.UNKNOWN
        return SupportStatus.CLAIMED if flow.versions.overlaps(other) else SupportStatus.REFUTED
    bundles = [each for each in matrix.orchestrators if each.versions.overlaps(other)]
    flows = [matrix.underneath(each) for each in bundles]
    if any(flow is not None and flow.versions.holds(wanted.version) for flow in flows):
        return SupportStatus.CLAIMED
    return SupportStatus.UNKNOWN if None in flows else SupportStatus.REFUTED
