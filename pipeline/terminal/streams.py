"""The standard streams in whatever state the caller left them: closed, full, or unable to take every character."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TextIO

if TYPE_CHECKING:
    from typing_extensions import Buffer  # of Python 3.12, for the type checker alone

#: What stands for a character that an encoding does not have: its code, so that nothing is lost.
_SPELLED_OUT: Final = "backslashreplace"


class _Output(io.FileIO):
    """Standard output: an error names it, and comes once."""

    def write(self, data: Buffer, /) -> int:
        try:
            return super().write(data)
        except OSError as error:
            discard(self.fileno())
            error.filename = "standard output"
            raise


class _Diagnostics(io.FileIO):
    """Standard error: work goes on where its messages find no room."""

    def write(self, data: Buffer, /) -> int:
        try:
            return super().write(data)
        except OSError:
            discard(self.fileno())
            return memoryview(data).nbytes


def prepare() -> None:
    """Give this process all three streams.

    A closed one reads and writes nothing: without it, the next file that is opened would take its number, and receive
    what is meant for the stream. No character is beyond output or error, and a full standard error stops nobody.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free
    sys.stdin = sys.stdin or open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - a number, for good
    sys.stdout = _stream(sys.stdout, _Output, 1)
    sys.stderr = _stream(sys.stderr, _Diagnostics, 2)


def discard(number: int) -> None:
    """Send what is still to come on a file descriptor nowhere."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), number)


def take_every_character(stream: io.TextIOWrapper) -> TextIO:
    """Make a stream take what it does not know: in a pipe, Windows has a code page without arrows and lines."""
    stream.reconfigure(encoding="utf-8", errors=_SPELLED_OUT)
    return stream


def _stream(given: TextIO | None, kind: Callable[..., io.FileIO], number: int) -> TextIO:
    """The stream with that number; a console of Windows stays what it is, which alone knows its characters."""
    if sys.platform == "win32" and isinstance(given, io.TextIOWrapper):
        return take_every_character(given)
    binary = io.BufferedWriter(kind(number, "wb", closefd=False))
    encoding = given.encoding if given else "utf-8"
    lines = binary.isatty() or number == 2  # noqa: PLR2004 - standard error
    return io.TextIOWrapper(binary, encoding=encoding, errors=_SPELLED_OUT, line_buffering=lines)
