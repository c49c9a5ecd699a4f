"""Writes files whole or not at all: everything is written beside its place first, and moved there together."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from generator.findings.errors import OutputError
from generator.text.words import several
from pipeline.system.journal import Effect, Journal

#: Readable for all, as git has it.
FILE_MODE: Final = 0o644


class Transaction:
    """Collects what is to be written; `commit` puts all of it in place, or, when anything fails, none of it.

    Used as a context manager: what was staged and not committed is cleaned up, whatever happened. The journal is given
    what was committed.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._moves: list[tuple[Path | None, Path]] = []
        self._left_over: list[Path] = []
        self._made_folders: list[Path] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        for path in self._left_over:
            _remove(path)
        for folder in reversed(self._made_folders):
            with contextlib.suppress(OSError):
                folder.rmdir()

    def replace_file(self, target: Path, data: bytes, *, mode: int = FILE_MODE) -> None:
        """Stage one file.

        Raises:
            OutputError: it cannot be written (no space, no permission); no target is changed.
        """
        with _as_output_error(target, self._journal):
            self._make_folder(target.parent)
            handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:100]}.", suffix=".new")
            staged = Path(name)
            self._left_over.append(staged)
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            staged.chmod(mode)
            self._moves.append((staged, target))

    def replace_tree(self, target: Path, files: Mapping[str, bytes]) -> None:
        """Stage a folder as a whole: what is in it now and not in `files` goes.

        Raises:
            OutputError: it cannot be written; no target is changed.
        """
        with _as_output_error(target, self._journal):
            self._make_folder(target.parent)
            staged = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name[:100]}.", suffix=".new"))
            self._left_over.append(staged)
            staged.chmod(0o755)
            for relative, data in files.items():
                path = staged / relative
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
            os.sync()  # once for the whole folder: an fsync a file takes ten times as long
            self._moves.append((staged, target))

    def remove(self, target: Path) -> None:
        """Stage the removal of a file or folder."""
        self._moves.append((None, target))

    def commit(self) -> None:
        """Move everything into place; on any failure, move back what was moved.

        Raises:
            OutputError: a move failed; everything is as it was, or the message says where what was there is now.
        """
        done: list[tuple[Path, Path | None]] = []
        with _uninterrupted():
            try:
                for staged, target in self._moves:
                    with _as_output_error(target, self._journal):
                        done.append((target, _set_aside(target, len(done))))
                        if staged:
                            staged.rename(target)
            except OutputError:
                for target, old in reversed(done):
                    _put_back(target, old)
                raise
            self._record()
        self._left_over += [old for _, old in done if old]
        self._made_folders.clear()
        self._moves.clear()

    def _record(self) -> None:
        written = [target.as_posix() for staged, target in self._moves if staged]
        removed = [target.as_posix() for staged, target in self._moves if staged is None]
        for what, paths in (("wrote", written), ("removed", removed)):
            if paths:
                self._journal.record(Effect(done=f"{what} {several(paths)}"))

    def _make_folder(self, folder: Path) -> None:
        missing = [path for path in (folder, *folder.parents) if not path.exists()]
        for path in reversed(missing):
            path.mkdir(exist_ok=True)
            self._made_folders.append(path)
        folder.mkdir(exist_ok=True)


def _set_aside(target: Path, number: int) -> Path | None:
    """Move what is at `target` beside it; None where nothing is there."""
    if not (target.is_symlink() or target.exists()):
        return None
    old = target.with_name(f".{target.name[:100]}.{os.getpid()}-{number}.old")
    _remove(old)
    target.rename(old)
    return old


def _put_back(target: Path, old: Path | None) -> None:
    _remove(target)
    try:
        if old:
            old.rename(target)
    except OSError as error:
        raise OutputError(
            f"{target}: cannot be restored: {error.strerror}; the previous content is in {old}"
        ) from error


def write_if_changed(transaction: Transaction, target: Path, data: bytes, *, mode: int = FILE_MODE) -> None:
    """Stage a file unless it has these bytes already, and is no more open than it should be."""
    try:
        same = target.is_file() and target.read_bytes() == data and not target.stat().st_mode & 0o777 & ~mode
    except OSError as error:
        raise OutputError(f"{target}: cannot be read: {error.strerror}") from error
    if not same:
        transaction.replace_file(target, data, mode=mode)


def differences(target: Path, files: Mapping[str, bytes]) -> list[str]:
    """The paths below `target` whose bytes are not those of `files`: changed, missing, or there and not generated."""
    there = {path.relative_to(target).as_posix(): path for path in target.rglob("*") if not path.is_dir()}
    changed = (name for name, data in files.items() if name not in there or there[name].read_bytes() != data)
    return sorted({*changed, *(there.keys() - files.keys())})


@contextlib.contextmanager
def _as_output_error(target: Path, journal: Journal) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        unchanged = journal.nothing_was("changed")
        raise OutputError(f"{target}: cannot be written: {error.strerror}{unchanged}") from error


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Finish the moves even on Ctrl-C: they take milliseconds, and the work is done with them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
