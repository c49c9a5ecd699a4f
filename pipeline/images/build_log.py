"""The log of a build: whole in a file, its last lines at hand."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final, Self

#: So many lines are shown of a build that failed.
SHOWN: Final = 40


class BuildLog:
    """A log that goes into a file as it comes, and line by line to `follow`."""

    def __init__(self, path: Path, follow: Callable[[str], None]) -> None:
        self.path = path
        self._follow = follow
        self._last: deque[str] = deque(maxlen=SHOWN)

    def __enter__(self) -> Self:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self.path.open("w", encoding="utf-8", errors="replace")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._file.close()

    def __call__(self, line: str) -> None:
        """Take one line."""
        self._file.write(f"{line}\n")
        self._file.flush()
        self._last.append(line)
        if line.strip():
            self._follow(line.strip())

    @property
    def last(self) -> tuple[str, ...]:
        """The last lines."""
        return tuple(self._last)
