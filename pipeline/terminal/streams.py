"""Makes the standard streams safe when they are closed, full, or unable to encode a character."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TextIO

if TYPE_CHECKING:
    from typing_extensions import Buffer  # Python 3.12's, only for the type checker

#: How characters that an encoding does not have are written: by their code, so that nothing is lost.
_SPELLED_OUT: Final = "backslashreplace"


class _Output(io.FileIO):
    """Standard output: an error names it, and is raised only once."""

    def write(self, data: Buffer, /) -> int:
        try:
            return super().write(data)
        except OSError as error:
            discard(self.fileno())
            error.filename = "standard output"
            raise


class _Diagnostics(io.FileIO):
    """Standard error: failing to write a message does not stop the command."""

    def write(self, data: Buffer, /) -> int:
        try:
            return super().write(data)
        except OSError:
            discard(self.fileno())
            return memoryview(data).nbytes


def prepare() -> None:
    """Replace the standard streams of this process with safe ones.

    A closed stream becomes the null device: otherwise the next file that is opened would take its number and receive
    the stream's output. Every character can be encoded, and a full standard error is ignored.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number
    sys.stdin = sys.stdin or open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - open until the process ends
    sys.stdout = _stream(sys.stdout, _Output, 1)
    sys.stderr = _stream(sys.stderr, _Diagnostics, 2)


def discard(number: int) -> None:
    """Redirect a file descriptor to the null device."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), number)


def take_every_character(stream: io.TextIOWrapper) -> TextIO:
    """Switch a stream to UTF-8: on Windows, a pipe has a code page without arrows and lines."""
    stream.reconfigure(encoding="utf-8", errors=_SPELLED_OUT)
    return stream


def _stream(current: TextIO | None, kind: Callable[..., io.FileIO], number: int) -> TextIO:
    """Return the stream for a descriptor; a Windows console is kept, as only it handles its characters."""
    if sys.platform == "win32" and isinstance(current, io.TextIOWrapper):
        return take_every_character(current)
    binary = io.BufferedWriter(kind(number, "wb", closefd=False))
    encoding = current.encoding if current else "utf-8"
    lines = binary.isatty() or number == 2  # noqa: PLR2004 - standard error
    return io.TextIOWrapper(binary, encoding=encoding, errors=_SPELLED_OUT, line_buffering=lines)
