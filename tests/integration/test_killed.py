"""A command that is killed at any moment leaves nothing half written, and its next run ends as if nothing had been."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.killed import CASES, check_of
from tests.killing import Runs, kill_everywhere, starting_runs


@pytest.fixture(scope="module")
def runs() -> Iterator[Runs]:
    with starting_runs({}) as started:
        yield started


@pytest.mark.parametrize("name", sorted(CASES.keys() - {"a first build"}))
def test_a_command_that_is_killed_before_or_after_any_move_loses_nothing(name: str, runs: Runs, tmp_path: Path) -> None:
    case = CASES[name]
    start = tmp_path / "start"
    case.prepare(runs, start)
    assert kill_everywhere(runs, start, tmp_path / "work", case.words, check_of(case, start), thorough=False) > 5
