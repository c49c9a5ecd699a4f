"""What of a chart repository an operator can run, as compatibility.yaml says."""

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
    """What compatibility.yaml says of a version on an operator."""

    CLAIMED = "claimed"
    UNKNOWN = "unknown"
    REFUTED = "refuted"
    NO_ROW = "no row"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """The operator that a person has: a version of the Orchestrator, or one of SonataFlow."""

    version: Version
    orchestrator: bool


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A version of a chart in a repository, and its status."""

    chart: str
    version: str
    status: SupportStatus


def listed(entries: Mapping[str, Sequence[Mapping[str, Any]]], wanted: Wanted, matrix: Matrix) -> Iterator[Listed]:
    """The versions of an index (chart to entries) with their status, by chart, newest first.

    A version that is no SemVer has no row; it comes last.
    """
    known: dict[tuple[tuple[int, ...], str], SupportStatus] = {}
    for chart in sorted(entries):
        # Charts of the same rows have the same statuses, and often the same versions.
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
    return SupportStatus.NO_ROW if row is None else _standing(row, wanted, matrix)


def _standing(row: Row, wanted: Wanted, matrix: Matrix) -> SupportStatus:
    """What a row says of an operator: of the kind that it names, or of what one kind brings of the other."""
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
