"""Positions in files."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """The place of a value in a file; line and column count from 1 and are None for a whole file or folder."""

    path: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}" if self.line is not None else self.path
