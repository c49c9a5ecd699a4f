"""Streams that are closed, full or narrow, a folder that is gone: a message and an exit code, never a traceback."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import pytest

from tests.command import PROGRAM
from tests.conftest import missing
from tests.unit.conftest import write_workflow

#: Commands that write on standard output: long and short, as text and as JSON, the group's own and a command's.
SPEAKING = [
    ["--help"],
    ["--version"],
    ["lint", "--help"],
    ["lint", "greeting", "--json"],
    ["lint", "--rules"],
    ["lint", "--rules", "--json"],
    ["diagram", "greeting", "-o", "-"],
    ["explain", "greeting"],
    ["matrix", "--json"],
]
#: One that writes files, and two that fail.
WORKING = [["build", "greeting"], ["build", "nothing"], ["lint", "--nothing"]]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    write_workflow(tmp_path / "workflows", "greeting")
    return tmp_path


@pytest.fixture
def full() -> Iterator[IO[bytes]]:
    """A stream that takes nothing, as on a disk without space."""
    path = Path("/dev/full")
    if not path.exists():
        missing(str(path))
    with path.open("wb") as stream:
        yield stream


def process(words: list[Any], cwd: Path, **options: Any) -> subprocess.CompletedProcess[bytes]:
    """Run waybill in a process whose streams are pipes unless the test says otherwise."""
    streams: dict[str, int | IO[bytes] | None] = dict.fromkeys(("stdout", "stderr"), subprocess.PIPE)
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000", **options.pop("env", {})}
    return subprocess.run([*PROGRAM, *words], cwd=cwd, env=environment, check=False, **{**streams, **options})


def closing(*numbers: int) -> Callable[[], None]:
    def close() -> None:
        for number in numbers:
            os.close(number)

    return close


@pytest.mark.parametrize("words", SPEAKING, ids=" ".join)
def test_a_full_standard_output_is_one_line_and_exit_code_1(
    repository: Path, full: IO[bytes], words: list[str]
) -> None:
    done = process(words, repository, stdout=full)
    assert done.returncode == 1
    last = done.stderr.decode().splitlines()[-1]
    assert last == "waybill: error: standard output: No space left on device"
    assert b"Traceback" not in done.stderr
    assert b"Exception ignored" not in done.stderr


@pytest.mark.parametrize("words", [*SPEAKING, *WORKING], ids=" ".join)
def test_a_full_standard_error_changes_neither_the_work_nor_the_exit_code(
    repository: Path, full: IO[bytes], words: list[str]
) -> None:
    wanted = process(words, repository)
    done = process(words, repository, stderr=full)
    assert (done.returncode, done.stdout) == (wanted.returncode, wanted.stdout)


@pytest.mark.parametrize("closed", [(1,), (2,), (0, 1, 2)], ids=str)
@pytest.mark.parametrize("words", [["--help"], ["lint", "greeting", "--json"], *WORKING], ids=" ".join)
def test_a_closed_stream_is_one_that_nobody_reads(repository: Path, words: list[str], closed: tuple[int, ...]) -> None:
    wanted = process(words, repository)
    done = process(words, repository, stdin=subprocess.DEVNULL, preexec_fn=closing(*closed))
    assert done.returncode == wanted.returncode
    assert b"Traceback" not in done.stdout + done.stderr


def test_a_closed_standard_error_does_not_end_up_in_a_file_that_is_written(repository: Path) -> None:
    process(["build", "greeting"], repository, preexec_fn=closing(1, 2))
    written = [path for path in repository.rglob("*") if path.is_file() and path.suffix != ".tgz"]
    assert written
    assert [path for path in written if b"next   helm" in path.read_bytes()] == []


def test_characters_that_standard_output_does_not_have_are_spelled_out(repository: Path) -> None:
    narrow = {"PYTHONIOENCODING": "latin-1"}
    write_workflow(repository / "workflows", "umlaut", description="Grüße → Welt")
    text = process(["explain", "umlaut"], repository, env=narrow)
    assert (text.returncode, text.stderr) == (0, b"")
    assert "Grüße \\u2192 Welt" in text.stdout.decode("latin-1")
    wide = process(["explain", "umlaut", "--json"], repository)
    document = process(["explain", "umlaut", "--json"], repository, env=narrow)
    assert json.loads(document.stdout.decode("ascii")) == json.loads(wide.stdout)


@pytest.mark.parametrize("words", [["lint"], ["build", "--all"], ["matrix"], ["diff", "HEAD"]], ids=" ".join)
def test_a_folder_that_is_gone_is_told(tmp_path: Path, words: list[str]) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    done = process(words, gone, preexec_fn=gone.rmdir)
    assert done.returncode in (1, 2)
    assert done.stderr.decode().splitlines() == [
        "waybill: error: the current folder is gone; change to one that exists"
    ]


@pytest.mark.parametrize("place", ["workflow", "option"])
@pytest.mark.parametrize("name", [b"\xff\xfe", b"a\nb\x1b[31m", b""], ids=["no UTF-8", "controls", "empty"])
def test_a_name_of_any_bytes_is_refused_in_lines_that_a_terminal_can_show(
    repository: Path, place: str, name: bytes
) -> None:
    words = [b"lint", name] if place == "workflow" else [b"lint", b"--workflows", name]
    done = process(words, repository)
    assert done.returncode in (1, 2)
    assert b"Traceback" not in done.stderr
    assert b"\x1b" not in done.stderr
    done.stderr.decode()


def test_a_pipe_that_is_closed_early_ends_the_command_in_silence(repository: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = process(["lint", "--rules"], repository, stdout=writing)
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, b"")


def test_a_folder_that_may_not_be_written_is_named(repository: Path) -> None:
    # root may write everywhere, unless it gives that up
    held = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []
    if held and not shutil.which(held[0]):
        missing("setpriv")
    repository.chmod(0o555)
    try:
        done = subprocess.run([*held, *PROGRAM, "build", "greeting"], cwd=repository, capture_output=True, check=False)
    finally:
        repository.chmod(0o755)
    assert done.returncode == 1
    assert b"Permission denied" in done.stderr


@pytest.mark.parametrize(
    "words", [["build", "greeting"], ["index", "dist"], ["bump", "greeting", "patch"]], ids=" ".join
)
def test_a_link_that_leads_to_itself_is_named(repository: Path, words: list[str]) -> None:
    (repository / "dist").symlink_to("dist")
    done = process(words, repository)
    assert done.returncode == 1
    assert done.stderr.decode().endswith("dist: Too many levels of symbolic links\n")


@pytest.mark.parametrize("home", ["", "/dev/null/x"])
def test_a_home_that_is_no_folder_stops_no_build(repository: Path, home: str) -> None:
    done = process(["build", "greeting"], repository, env={"HOME": home, "XDG_CACHE_HOME": home, "WAYBILL_CACHE": ""})
    assert (done.returncode, done.stdout) == (0, b"")


def test_a_bug_is_told_by_its_place_without_a_traceback_or_a_value(repository: Path) -> None:
    program = (
        "import pipeline.commands.matrix as m, sys\n"
        "from pipeline.cli import main\n"
        "def broken(*_): raise ValueError('hush')\n"
        "m.read_compatibility = broken\n"
        "main()"
    )
    command = [PROGRAM[0], "-c", program, "matrix"]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("waybill: error: ValueError in <string>:3; this is a bug; ")
    assert "hush" not in done.stderr
    debugged = subprocess.run([*command, "--debug"], cwd=repository, capture_output=True, text=True, check=False)
    assert "Traceback" in debugged.stderr
