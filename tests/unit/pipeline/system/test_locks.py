"""Locks between processes, each held by a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from generator.findings.errors import OutputError
from pipeline.system.locks import in_use, is_in_use, only_writer

HOLD = "with {}:\n    print('held', flush=True)\n    sys.stdin.read()"
WRITER = HOLD.format("locks.only_writer(Path(sys.argv[1]), lambda: print('waits', flush=True))")
TRY = """\
import sys, filelock
with open(sys.argv[1]) as file:
    print(filelock.lock_descriptor(file.fileno(), blocking=False))
"""
USER = HOLD.format("locks.in_use(Path(sys.argv[1]))")

Start = Callable[[str, Path], "subprocess.Popen[str]"]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a process that takes a lock and holds it until its standard input is closed."""
    started: list[subprocess.Popen[str]] = []

    def started_with(program: str, path: Path) -> subprocess.Popen[str]:
        code = f"import sys\nfrom pathlib import Path\nfrom pipeline.system import locks\n{program}"
        process = subprocess.Popen(
            [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        started.append(process)
        return process

    yield started_with
    for process in started:
        with process:
            end(process)


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def end(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.close()


def waits(output: Path) -> bool:
    """Whether one who writes below `output` waits for another; nobody holds the lock when this returns."""
    waited: list[bool] = []
    with only_writer(output, lambda: waited.append(True)):
        return bool(waited)


def test_a_writer_waits_until_the_other_one_ends(tmp_path: Path, start: Start) -> None:
    first = start(WRITER, tmp_path / "dist")
    assert said(first) == "held"
    with only_writer(tmp_path / "dist", lambda: end(first)):
        assert first.wait() == 0


def test_a_second_process_says_that_it_waits(tmp_path: Path, start: Start) -> None:
    with only_writer(tmp_path / "dist", lambda: None):
        second = start(WRITER, tmp_path / "dist")
        assert said(second) == "waits"
    assert said(second) == "held"


def test_writers_of_other_folders_do_not_wait(tmp_path: Path, start: Start) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert said(start(WRITER, tmp_path / "a" / "dist")) == "held"
    assert not waits(tmp_path / "b" / "dist")


def test_a_writer_that_was_killed_keeps_nobody_waiting(tmp_path: Path, start: Start) -> None:
    first = start(WRITER, tmp_path / "dist")
    assert said(first) == "held"
    first.kill()
    first.wait()
    assert not waits(tmp_path / "dist")


def test_the_lock_of_a_writer_leaves_no_file(tmp_path: Path) -> None:
    with only_writer(tmp_path / "deep" / "er" / "dist", lambda: None):
        assert list(tmp_path.iterdir()) == []
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def unopenable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A system that opens no folders, as Windows."""
    real = os.open

    def refusing(path: Any, flags: int, *rest: Any, **options: Any) -> int:
        if Path(path).is_dir():
            raise PermissionError(13, "Permission denied")
        return real(path, flags, *rest, **options)

    monkeypatch.setattr(os, "open", refusing)
    monkeypatch.setenv("WAYBILL_CACHE", str(tmp_path / "cache"))


@pytest.mark.usefixtures("unopenable")
def test_where_no_folder_can_be_opened_the_lock_lies_in_the_cache(tmp_path: Path) -> None:
    waited: list[str] = []
    with only_writer(tmp_path / "dist", lambda: waited.append("first")):
        assert [path.name for path in tmp_path.iterdir()] == ["cache"]
        (lock,) = (tmp_path / "cache" / "locks").iterdir()
        done = subprocess.run([sys.executable, "-c", TRY, str(lock)], capture_output=True, text=True, check=True)
        assert done.stdout == "False\n"
    assert waited == []


@pytest.mark.usefixtures("unopenable")
def test_where_no_lock_can_be_taken_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("")
    with pytest.raises(OutputError, match=r": cannot be locked: Not a directory$"):
        waits(tmp_path / "dist")


def test_a_folder_is_in_use_while_any_process_uses_it(tmp_path: Path, start: Start) -> None:
    folder = tmp_path / "build"
    folder.mkdir()
    assert not is_in_use(folder)
    other = start(USER, folder)
    assert said(other) == "held"
    with in_use(folder):
        assert is_in_use(folder)
        end(other)
        other.wait()
        assert is_in_use(folder)
    assert not is_in_use(folder)
    assert [path.name for path in tmp_path.iterdir()] == ["build"]


def test_a_user_that_was_killed_uses_nothing_and_what_it_left_goes(tmp_path: Path, start: Start) -> None:
    folder = tmp_path / "build"
    folder.mkdir()
    other = start(USER, folder)
    assert said(other) == "held"
    other.kill()
    other.wait()
    assert len(list(tmp_path.iterdir())) == 2
    assert not is_in_use(folder)
    assert [path.name for path in tmp_path.iterdir()] == ["build"]


@pytest.mark.parametrize(
    "module",
    ["pipeline.system.files", "pipeline.system.locks", "pipeline.application.maven", "pipeline.run.engine.process"],
)
def test_a_module_is_imported_where_there_is_no_fcntl(module: str) -> None:
    code = f"import sys\nsys.modules['fcntl'] = None\nimport {module}"
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
