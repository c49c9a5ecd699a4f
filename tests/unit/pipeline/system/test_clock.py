"""The time that new index entries carry."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from generator.findings.errors import SettingsError
from pipeline.system.clock import creation_time


def test_source_date_epoch_is_the_time(tmp_path: Path) -> None:
    found = creation_time(tmp_path, {"SOURCE_DATE_EPOCH": "1700000000"})
    assert found == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)


@pytest.mark.parametrize("epoch", ["x", "1.5", "99999999999999999999", "2026-01-01", "-99999999999999"])
def test_a_source_date_epoch_that_is_no_number_of_seconds_is_refused(tmp_path: Path, epoch: str) -> None:
    with pytest.raises(SettingsError) as caught:
        creation_time(tmp_path, {"SOURCE_DATE_EPOCH": epoch})
    assert str(caught.value) == f"SOURCE_DATE_EPOCH is '{epoch}'; write seconds since 1970 as a number"


def test_without_it_the_time_is_that_of_the_last_commit(tmp_path: Path) -> None:
    identity = {f"GIT_{who}_{what}": "x" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    environment = {**os.environ, **identity, "GIT_COMMITTER_DATE": "1600000000 +0000"}
    for words in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "x"]):
        subprocess.run(["git", "-C", str(tmp_path), *words], check=True, env=environment)
    assert creation_time(tmp_path, {}) == datetime.fromtimestamp(1_600_000_000, UTC)
    assert creation_time(tmp_path, {"SOURCE_DATE_EPOCH": ""}) == datetime.fromtimestamp(1_600_000_000, UTC)


def test_outside_of_git_the_time_is_now_in_whole_seconds(tmp_path: Path) -> None:
    found = creation_time(tmp_path, {})
    assert found.microsecond == 0
    assert abs(datetime.now(UTC) - found) < timedelta(minutes=5)
