"""Says which part of a chart's version the changes since the version before ask for, and which of them do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.chart.files import ChartFiles
from generator.diff.compare import compare
from generator.diff.snapshot import Snapshot, snapshot_of_chart
from generator.diff.words import reasons_for
from generator.findings.errors import FindingsError
from generator.versions.steps import Need, at_most, few

if TYPE_CHECKING:
    from semver import Version

    from generator.versions.semver_text import Part


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
    reasons = list(reasons_for(difference)) or [_files(base, files)]
    return Need(part=at_most(version, part), reasons=reasons)


def _files(base: ChartFiles, files: ChartFiles) -> str:
    """What is different where it means the same."""
    paths = sorted(path for path in base.keys() | files.keys() if base.get(path) != files.get(path))
    return f"other content in {few(paths, ', ')}"
