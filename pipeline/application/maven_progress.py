"""Reads from Maven's log what it is doing."""

from __future__ import annotations

import re
from typing import Final

from generator.findings.printable import in_one_line
from generator.text.words import plural

#: `[INFO] --- compiler:3.11.0:compile (default-compile) @ greeting ---`, with `maven-compiler-plugin` before Maven 3.9.
_GOAL: Final = re.compile(r"\[INFO\] -{3,} (?:maven-)?([\w-]+?)(?:-maven-plugin|-plugin)?:[^:\s]+:([\w-]+)[ (].*")
#: `[INFO] Downloaded from central: https://… (8.1 kB at 22 kB/s)`.
_DOWNLOADED: Final = re.compile(r"\[INFO\] Downloaded from \S+: \S+ \(([\d.]+) (B|kB|MB|GB) at .*")
_BYTES: Final = {"B": 1, "kB": 1000, "MB": 1000**2, "GB": 1000**3}


class MavenProgress:
    """Reads the log of a build; `str()` is the current goal and the amount downloaded so far."""

    def __init__(self) -> None:
        self._goal = ""
        self._files = 0
        self._bytes = 0.0

    def read(self, line: str) -> bool:
        """Read a line of the log, and return whether the progress changed."""
        if found := _GOAL.fullmatch(line):
            self._goal = f"{found[1]}:{found[2]}"
        elif found := _DOWNLOADED.fullmatch(line):
            self._files += 1
            self._bytes += float(found[1]) * _BYTES[found[2]]
        return found is not None

    def __str__(self) -> str:
        downloaded = (
            f"downloaded {plural(self._files, 'file')}, {self._bytes / _BYTES['MB']:,.1f} MB" if self._files else ""
        )
        return in_one_line(", ".join(filter(None, (self._goal, downloaded))))
