"""The chart `platform` in a user's folder: its next version, and its obsolete files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from semver import Version

from generator.compatibility.matrix import SonataFlow
from generator.findings.errors import OutputError, VersionError
from generator.platform.platform import KNOWN_FILES, PROFILE_ANNOTATION, first_version, is_of_line
from generator.versions.semver_text import Part, bumped
from pipeline.build.generated_files import read_if_there
from pipeline.charts.folder import chart_version


def refuse_others(folder: Path) -> None:
    """Refuse a folder that has files but no chart `platform` of waybill.

    Raises:
        OutputError: the folder has other files or another chart, or cannot be read.
    """
    about = read_if_there(folder / "Chart.yaml")
    if about is None and folder.is_dir() and any(folder.iterdir()):
        raise OutputError(
            f"{folder}: contains files but no Chart.yaml, so it is not a chart; move it away, or name another DIR"
        )
    if about is not None and PROFILE_ANNOTATION.encode() not in about:
        raise OutputError(f"{folder}: is a chart that waybill platform has not written; name another DIR with -o")


def next_version(folder: Path, sonataflow: SonataFlow, bump: Part | None) -> str:
    """Return the chart's version in the folder or, for a new SonataFlow, its first one, after any bump.

    Raises:
        VersionError: there is nothing to bump, or the new version would be for another SonataFlow.
    """
    there = chart_version(folder)
    if there is not None and not is_of_line(there, sonataflow):
        there = None
    if bump is None:
        return there or first_version(sonataflow)
    if there is None:
        raise VersionError(f"{folder} has no chart for SonataFlow {sonataflow.name} yet; write it without --bump")
    version = str(bumped(Version.parse(there), bump))
    if not is_of_line(version, sonataflow):
        message = f"{version} is not one of the versions {sonataflow.versions}, which are for SonataFlow"
        raise VersionError(f"{message} {sonataflow.name}; use a smaller --bump")
    return version


def left_over(folder: Path, files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Return waybill's files of other profiles in a folder, which are not in `files`; other files stay."""
    return tuple(sorted(path for path in KNOWN_FILES - files.keys() if (folder / path).is_file()))
