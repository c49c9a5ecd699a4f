"""Builds folders of resources on the engine, as Maven would, without starting Maven for each."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from typing import Final

from tests.engine.java import class_path

HERE: Final = Path(__file__).parent
#: A JVM for many short builds: the quick compiler takes half the time, and has room for all that they need of code.
#: What the JVM says itself goes where logs go, not among the answers.
_OPTIONS: Final = (
    *("-Xmx1g", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:ReservedCodeCacheSize=256m"),
    *("-Xlog:disable", "-Xlog:all=warning:stderr"),
)
#: Seconds that one build may take on a busy machine.
_PATIENCE: Final = 300


class Builder:
    """A JVM that builds one folder after the other; see Build.java."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def check(self, folder: Path) -> str | None:
        """What ends the build of a folder, None where nothing does."""
        return self._answer(f"check {folder}")

    def package(self, folder: Path) -> str | None:
        """What ends the build of a folder; None where nothing does, and FOLDER.app is its application then."""
        return self._answer(f"package {folder}")

    def _answer(self, line: str) -> str | None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        hung = Timer(_PATIENCE, self._process.kill)
        hung.start()
        try:
            print(line, file=self._process.stdin, flush=True)
            answer = self._process.stdout.readline()
        finally:
            hung.cancel()
        assert answer, f"the JVM ended at: {line}"
        error: str | None = json.loads(answer)["error"]
        return error


@contextmanager
def builder(log_file: Path) -> Iterator[Builder]:
    """Run a JVM that builds, until the block ends."""
    with tempfile.TemporaryDirectory() as project, log_file.open("ab") as log:
        shutil.copy(HERE / "application" / "pom.xml", project)
        command = ["java", *_OPTIONS, "-cp", class_path(HERE / "pom.xml"), HERE / "Build.java", project]
        pipe = subprocess.PIPE
        with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=log, text=True, encoding="utf-8") as process:
            try:
                yield Builder(process)
            finally:
                process.kill()


def build(folders: Sequence[Path], scratch: Path) -> list[str | None]:
    """What ends the build of each folder of resources, None where nothing does: FOLDER.app is its application then."""
    with builder(scratch / "build.log") as one:
        return [one.package(folder) for folder in folders]
