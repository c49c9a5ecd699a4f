"""The creation time of new index entries."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from generator.findings.errors import SettingsError
from pipeline.system.commit import git


def creation_time(folder: Path, environment: Mapping[str, str]) -> datetime:
    """Return SOURCE_DATE_EPOCH, or else the time of the last commit in `folder`, or else the current time.

    Raises:
        SettingsError: SOURCE_DATE_EPOCH is not a number of seconds (reproducible-builds.org/specs/source-date-epoch).
    """
    if epoch := environment.get("SOURCE_DATE_EPOCH"):
        try:
            return datetime.fromtimestamp(int(epoch), UTC)
        except (ValueError, OverflowError, OSError):
            raise SettingsError(f"SOURCE_DATE_EPOCH is '{epoch}'; write seconds since 1970 as a number") from None
    return _commit_time(folder) or datetime.now(UTC).replace(microsecond=0)


def _commit_time(folder: Path) -> datetime | None:
    where = folder if folder.is_dir() else Path()
    seconds = git(where, "-c", "log.showSignature=false", "log", "-1", "--format=%ct")
    return datetime.fromtimestamp(int(seconds), UTC) if seconds and seconds.isdigit() else None
