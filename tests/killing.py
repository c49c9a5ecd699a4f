"""Runs waybill in processes that end themselves by SIGKILL at a chosen change of the file system.

The changes are those that move and remove: what is written is written beside its place. One process loads waybill once
and forks one for each run.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

MOVES = ("link", "rename", "replace")
CHANGES = ("link", "mkdir", "remove", "rename", "replace", "rmdir", "symlink", "unlink")
ROOT = Path(__file__).parent.parent
When = Literal["before", "after"]


@dataclass(frozen=True)
class Run:
    """How a run ended; `changes` of one that was killed is 0."""

    status: int
    changes: int
    said: str

    @property
    def killed(self) -> bool:
        return self.status == -signal.SIGKILL


class Runs:
    """Starts runs of waybill in a folder."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self, *words: str, cwd: Path, kill: int = 0, when: When = "before", each: bool = False) -> Run:
        """Run waybill; it is killed before or after the change with the number `kill`, counted from 1.

        Only moves count; with `each`, folders that are made and what is removed, too.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        order = {"words": words, "cwd": str(cwd), "kill": kill, "when": when, "each": each}
        print(json.dumps(order), file=self._process.stdin, flush=True)
        return Run(**json.loads(self._process.stdout.readline()))


@contextmanager
def starting_runs(environment: Mapping[str, str]) -> Iterator[Runs]:
    """Load waybill in a process with this environment. Its cache lies in the folder of each run."""
    own = {"WAYBILL_CACHE": ".cache", "SOURCE_DATE_EPOCH": "1700000000", "WAYBILL_IMAGES": "skip"}
    with subprocess.Popen(
        [sys.executable, "-m", "tests.killing"],
        cwd=ROOT,
        env={**os.environ, **own, **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield Runs(process)
        assert process.stdin is not None
        process.stdin.close()


def files_below(folder: Path) -> dict[str, bytes]:
    """All files by their paths, without the cache."""
    paths = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
    return {path: data for path, data in files.items() if not path.startswith(".cache/")}


def kill_everywhere(
    runs: Runs,
    start: Path,
    work: Path,
    words: tuple[str, ...],
    check: Callable[[Path, str], None],
    *,
    thorough: bool,
) -> int:
    """Kill a command at each change that it makes in a copy of `start`, let `check` look, and run it again.

    It is killed before and after each move, and if `thorough` each other change as well. The second run has to end
    with the files of a run that nobody killed. Returns how often it was killed.
    """
    moments: tuple[When, When] = ("before", "after")
    shutil.copytree(start, work)
    whole = runs.run(*words, cwd=work, each=thorough)
    assert whole.status == 0, whole.said
    expected = files_below(work)
    assert expected != files_below(start)
    for number in range(1, whole.changes + 1):
        for moment in moments:
            shutil.rmtree(work)
            shutil.copytree(start, work)
            killed = runs.run(*words, cwd=work, kill=number, when=moment, each=thorough)
            place = f"killed {moment} change {number} of {whole.changes}"
            assert killed.killed, (place, killed)
            check(work, place)
            again = runs.run(*words, cwd=work)
            assert again.status == 0, (place, again.said)
            after = files_below(work)
            other = {path for path in after | expected if after.get(path) != expected.get(path)}
            assert not other, (place, other)
            assert not list(work.rglob(".waybill-staging-*")), place
    shutil.rmtree(work)
    return whole.changes * len(moments)


def _serve() -> None:
    """Run what each line of standard input orders, and answer with a line."""
    # All that a command loads late, so that each run finds it there.
    import git  # noqa: F401, PLC0415
    import pathspec  # noqa: F401, PLC0415

    from pipeline.build import image_maker, job  # noqa: F401, PLC0415
    from pipeline.cli import main  # noqa: PLC0415

    for line in sys.stdin:
        order = json.loads(line)
        reader, writer = os.pipe()
        child = os.fork()
        if not child:
            os.close(reader)
            _run(main, writer, order)
        os.close(writer)
        with os.fdopen(reader, encoding="utf-8") as said:
            text = said.read()
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        head, ended, tail = text.rpartition("\n\0")
        answer = {"status": status, "changes": int(tail) if ended else 0, "said": head if ended else text}
        print(json.dumps(answer), flush=True)


def _run(main: Callable[[], None], writer: int, order: Mapping[str, Any]) -> None:
    count = [0]

    def counted(name: str) -> None:
        real: Any = getattr(os, name)

        @functools.wraps(real)
        def change(*given: Any, **options: Any) -> Any:
            count[0] += 1
            number = count[0]
            if number == order["kill"] and order["when"] == "before":
                os.kill(os.getpid(), signal.SIGKILL)
            try:
                return real(*given, **options)
            finally:
                if number == order["kill"]:
                    os.kill(os.getpid(), signal.SIGKILL)

        setattr(os, name, change)

    code: Any = 1
    try:
        os.dup2(writer, 1)
        os.dup2(writer, 2)
        os.chdir(order["cwd"])
        sys.argv = ["waybill", *order["words"]]
        for name in CHANGES if order["each"] else MOVES:
            counted(name)
        main()
        code = 0
    except SystemExit as end:
        code = end.code or 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os.write(writer, f"\n\0{count[0]}".encode())
        os._exit(code if isinstance(code, int) else 1)


if __name__ == "__main__":
    _serve()
