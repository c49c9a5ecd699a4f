"""Every command that writes, killed before and after each change, and again while it recovers from that."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.killed import CASES, check_of
from tests.killing import Runs, files_below, kill_everywhere, starting_runs


@pytest.fixture(scope="module")
def runs() -> Iterator[Runs]:
    with starting_runs({}) as started:
        yield started


@pytest.mark.parametrize("name", CASES)
def test_a_command_that_is_killed_before_and_after_any_change_loses_nothing(
    name: str, runs: Runs, tmp_path: Path
) -> None:
    case = CASES[name]
    start = tmp_path / "start"
    case.prepare(runs, start)
    assert kill_everywhere(runs, start, tmp_path / "work", case.words, check_of(case, start), thorough=True) > 5


@pytest.mark.parametrize("name", ["an index", "packages"])
def test_a_run_that_recovers_may_be_killed_too(name: str, runs: Runs, tmp_path: Path) -> None:
    case = CASES[name]
    start, work = tmp_path / "start", tmp_path / "work"
    case.prepare(runs, start)
    check = check_of(case, start)
    shutil.copytree(start, work)
    whole = runs.run(*case.words, cwd=work)
    expected = files_below(work)
    for first in range(1, whole.changes + 1):
        for second in range(1, 1000):
            shutil.rmtree(work)
            shutil.copytree(start, work)
            assert runs.run(*case.words, cwd=work, kill=first).killed
            if not runs.run(*case.words, cwd=work, kill=second).killed:
                break
            place = f"killed before change {first}, then before change {second}"
            check(work, place)
            assert runs.run(*case.words, cwd=work).status == 0, place
            assert files_below(work) == expected, place
        assert second > 1
