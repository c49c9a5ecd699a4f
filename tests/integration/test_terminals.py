"""What a terminal is sent, as a pseudo-terminal receives it, and what a pipe is sent in its place."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
from pathlib import Path

import pytest

from tests.command import PROGRAM
from tests.unit.conftest import write_workflow

#: What moves a cursor, clears a line or hides the cursor; colours and bold (ending in m) do not.
MOVES = re.compile(rb"\x1b\[[0-9;?]*[A-Zahl-ln-z]|\r(?!\r?\n)")
COLOURS = re.compile(rb"\x1b\[[0-9;]*m")
#: From so many workflows on, a bar shows how many are left.
MANY = 60


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    for number in range(MANY):
        write_workflow(tmp_path / "workflows", f"workflow-number-{number}")
    write_workflow(tmp_path / "workflows", "bad", start="Aa")
    return tmp_path


def on_terminal(words: list[str], cwd: Path, *, columns: int = 80, piped: bool = False, **variables: str) -> bytes:
    """What waybill writes on a terminal that is so wide; `piped` gives it a pipe for standard error alone."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")}
    environment |= {"TERM": "xterm-256color", "SOURCE_DATE_EPOCH": "1700000000", **variables}
    error = subprocess.PIPE if piped else theirs
    with subprocess.Popen(
        [*PROGRAM, *words], cwd=cwd, stdin=theirs, stdout=theirs, stderr=error, env=environment
    ) as process:
        os.close(theirs)
        if piped:
            assert process.stderr is not None
            received = process.stderr.read()
        else:
            received = b"".join(iter(lambda: _read(ours), b""))
    os.close(ours)
    return received


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # what Linux says once nobody has the other end open
        return b""


def test_a_terminal_has_a_bar_and_colours(repository: Path) -> None:
    received = on_terminal(["build", "--all"], repository)
    assert MOVES.search(received)
    assert b"\x1b[31m\x1b[1merror" in received


def test_no_color_has_a_bar_without_colours(repository: Path) -> None:
    received = on_terminal(["build", "--all"], repository, NO_COLOR="1")
    assert MOVES.search(received)
    coloured = [code for code in COLOURS.findall(received) if re.search(rb"\b(3[0-8]|4[0-8]|9\d|10\d)\b", code)]
    assert coloured == []


def test_a_dumb_terminal_is_sent_lines_alone(repository: Path) -> None:
    assert b"\x1b" not in on_terminal(["build", "--all"], repository, TERM="dumb")


@pytest.mark.parametrize("verbosity", ["-q", "--quiet"])
def test_the_quiet_have_no_bar(repository: Path, verbosity: str) -> None:
    assert not MOVES.search(on_terminal(["build", "--all", verbosity], repository))


def test_force_color_colours_a_pipe_and_moves_no_cursor_in_it(repository: Path) -> None:
    received = on_terminal(["build", "--all"], repository, piped=True, FORCE_COLOR="1")
    assert b"\x1b[31m\x1b[1merror" in received
    assert not MOVES.search(received)
    assert b"\x1b" not in on_terminal(["build", "--all"], repository, piped=True)


@pytest.mark.parametrize("columns", [40, 80])
def test_no_word_is_broken_at_the_edge_of_a_narrow_terminal_and_no_line_ends_in_blanks(
    repository: Path, columns: int
) -> None:
    long = f"a-workflow-with-a-name-of-forty-letters-{columns}"
    write_workflow(repository / "workflows", long)
    received = on_terminal(["build", long, "--output", "packages/of/this/repository"], repository, columns=columns)
    lines = received.decode().splitlines()
    assert [line for line in lines if line != line.rstrip()] == []
    assert f"packages/of/this/repository/{long}-0.1.0.tgz" in [line.split()[-1] for line in lines if line.strip()]


def test_the_matrix_is_a_table_for_people_and_markdown_for_pages(repository: Path) -> None:
    rows = "rows:\n  - {charts: [a, b], versions: 1.x || 3.x, sonataflow: 10.x}\n"
    (repository / "compatibility.yaml").write_text(rows)
    shown = on_terminal(["matrix"], repository).decode().splitlines()
    assert shown[1].split() == ["chart", "chart", "version", "Orchestrator", "SonataFlow"]
    assert shown[3].split() == ["a,", "b", "1.x", "||", "3.x", "10.x"]
    assert b"| `a`, `b` |" in on_terminal(["matrix", "--markdown"], repository)
