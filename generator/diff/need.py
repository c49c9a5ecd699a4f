"""Says which part of a chart's version the changes since the version before ask for, and which of them do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from generator.chart.files import ChartFiles
from generator.diff.change import Change, Difference, Impact, Kind, Topic
from generator.diff.compare import compare
from generator.diff.snapshot import Snapshot, snapshot_of_chart
from generator.diff.words import subject_of, told
from generator.findings.errors import FindingsError
from generator.versions.steps import Need, at_most, few

if TYPE_CHECKING:
    from semver import Version

    from generator.versions.semver_text import Part

#: Where a person writes what a change is about.
_PATHS: Final = {Topic.VARIABLE: "env.", Topic.SECRET: "secret.data.", Topic.VALUE: ""}


def need_of(base: ChartFiles, files: ChartFiles, new: Snapshot, version: Version) -> Need:
    """Return what the changes from the chart `base`, which has `version`, to the chart with `files` ask for.

    Below 1.0 what breaks installs asks for a minor version (SemVer 2.0.0, section 4).
    """
    try:
        old = snapshot_of_chart(base, title=str(version), shown=str(version))
    except FindingsError:
        return Need(part=at_most(version, "major"), reasons=["waybill did not make the previous chart"], certain=False)
    difference = compare(old, new)
    part: Part = difference.bump or "patch"
    reasons = list(_reasons(difference, part)) or [_files(base, files)]
    return Need(part=at_most(version, part), reasons=reasons)


def _reasons(difference: Difference, part: Part) -> Iterator[str]:
    """The changes that ask for a part, in words."""
    match part:
        case "major":
            yield from map(words_of, difference.of(Impact.BREAKING))
            yield from (f"{name} is gone" for name in difference.objects_gone)
        case "minor":
            yield from (words_of(c) for c in difference.changes if c.topic in _PATHS and c.kind is Kind.ADDED)
        case _:
            yield from map(words_of, difference.changes)


def words_of(change: Change) -> str:
    """A change in words, a value by the path that a person writes."""
    if change.topic in _PATHS and change.kind in (Kind.ADDED, Kind.REMOVED):
        path = f"{_PATHS[change.topic]}{change.subject}"
        if change.kind is Kind.REMOVED:
            return f"the value {path} is gone"
        return f"{'needs' if change.impact is Impact.BREAKING else 'takes'} the new value {path}"
    return f"{subject_of(change)}: {told(change)}"


def _files(base: ChartFiles, files: ChartFiles) -> str:
    """What is different where it means the same."""
    paths = sorted(path for path in base.keys() | files.keys() if base.get(path) != files.get(path))
    return f"other content in {few(paths, ', ')}"
