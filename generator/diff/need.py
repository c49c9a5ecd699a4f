"""Decides which part of a chart's version its changes since the previous version require to bump."""

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
    """Return the bump required by the changes from the chart `base`, of `version`, to the chart with `files`.

    Below 1.0, breaking changes require a minor version (SemVer 2.0.0, section 4).
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
    """Return the files that differ, in words, if the charts are otherwise equivalent."""
    paths = sorted(path for path in base.keys() | files.keys() if base.get(path) != files.get(path))
    return f"other content in {few(paths, ', ')}"
