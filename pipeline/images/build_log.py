"""The log of an image build, written to a file while its last lines are kept."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final, Self

#: The number of last lines to show of a failed build.
SHOWN: Final = 40


class BuildLog:
    """Writes lines to a file as they come, and passes each to `follow`."""

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
        """Add a line."""
        self._file.write(f"{line}\n")
        self._file.flush()
        self._last.append(line)
        if line.strip():
            self._follow(line.strip())

    @property
    def last(self) -> tuple[str, ...]:
        """The last lines."""
        return tuple(self._last)
