"""The time that new index entries carry."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from generator.findings.errors import SettingsError


def creation_time(folder: Path, environment: Mapping[str, str]) -> datetime:
    """Return SOURCE_DATE_EPOCH, else the time of the last commit around `folder`, else now.

    Raises:
        SettingsError: SOURCE_DATE_EPOCH is no number of seconds (reproducible-builds.org/specs/source-date-epoch).
    """
    if epoch := environment.get("SOURCE_DATE_EPOCH"):
        try:
            return datetime.fromtimestamp(int(epoch), UTC)
        except (ValueError, OverflowError, OSError):
            raise SettingsError(f"SOURCE_DATE_EPOCH is '{epoch}'; write seconds since 1970 as a number") from None
    return _commit_time(folder) or datetime.now(UTC).replace(microsecond=0)


def _commit_time(folder: Path) -> datetime | None:
    where = folder if folder.is_dir() else Path()
    command = ["git", "-C", str(where), "-c", "log.showSignature=false", "log", "-1", "--format=%ct"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - no shell, our words
    except OSError:
        return None
    seconds = done.stdout.strip()
    return datetime.fromtimestamp(int(seconds), UTC) if done.returncode == 0 and seconds.isdigit() else None
