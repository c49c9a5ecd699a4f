"""Atomic writes: files are staged beside their targets, then moved into place together or not at all."""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from generator.findings.errors import OutputError
from generator.text.words import several
from generator.workflow.folder import is_staged
from pipeline.system.journal import Effect, Journal
from pipeline.system.staging import Move, Staging, digest_at, digest_of, recover

#: Readable for all, as in a git checkout.
FILE_MODE: Final = 0o644


class Transaction:
    """Collects writes and removals; `commit` applies all of them or, if anything fails, none.

    As a context manager, it always cleans up what was staged and not committed. A process that is killed leaves a
    staging folder, from which `recover` or the next transaction there finishes the work. Commits are recorded in the
    journal.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._staging = Staging()
        self._recovered: set[Path] = set()
        self._numbers = itertools.count()
        self._moves: list[tuple[Move, Path]] = []
        self._made_folders: list[Path] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._staging.close()
        for folder in reversed(self._made_folders):
            with contextlib.suppress(OSError):
                folder.rmdir()

    def replace_file(self, target: Path, data: bytes, *, mode: int = FILE_MODE) -> None:
        """Stage one file.

        Raises:
            OutputError: the file cannot be written (no space, no permission); no target is changed.
        """
        with _as_output_error(target, self._journal):
            move = self._stage(target, digest_of({"": data}))
            with move.new.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            move.new.chmod(mode)
            self._moves.append((move, target))

    def replace_tree(self, target: Path, files: Mapping[str, bytes]) -> None:
        """Stage a whole folder: files in it that are not in `files` are removed.

        Raises:
            OutputError: the folder cannot be written; no target is changed.
        """
        with _as_output_error(target, self._journal):
            move = self._stage(target, digest_of(files))
            move.new.mkdir()
            move.new.chmod(0o755)
            for relative, data in files.items():
                path = move.new / relative
                path.parent.mkdir(parents=True, exist_ok=True)
                # On a case-insensitive file system, the second of two names must not replace the first.
                try:
                    with path.open("xb") as file:
                        file.write(data)
                except FileExistsError:
                    raise OutputError(
                        f"{target / relative}: this file system takes it for another file, whose name differs "
                        "in upper and lower case only; rename one of them"
                    ) from None
            _sync(move.new)
            self._moves.append((move, target))

    def remove(self, target: Path) -> None:
        """Stage the removal of a file or folder.

        Raises:
            OutputError: the parent folder cannot be written; no target is changed.
        """
        with _as_output_error(target, self._journal):
            if target.parent.is_dir():
                self._moves.append((self._stage(target, None), target))

    def recover(self, folder: Path) -> None:
        """Finish what a killed run left unfinished in a folder; call it before comparing files there.

        Raises:
            OutputError: that fails; the message says where the old content is.
        """
        if folder not in self._recovered:
            recover(folder)
            self._recovered.add(folder)

    def commit(self) -> None:
        """Move everything into place; on any failure, move back what was moved.

        Raises:
            OutputError: a move failed; everything is as it was, or the message says where the old content is.
        """
        if not self._moves:
            return
        first = self._moves[0][1]
        with _uninterrupted():
            with _as_output_error(first, self._journal):
                self._moves = _with_previous_digests(self._moves)
                self._staging.record([move for move, _ in self._moves])
            try:
                for move, target in self._moves:
                    with _as_output_error(target, self._journal):
                        move.make()
                with _as_output_error(first, self._journal):
                    self._staging.done()
            except OutputError:
                self._undo()
                raise
            self._record()
        self._made_folders.clear()
        self._moves.clear()

    def _stage(self, target: Path, digest: str | None) -> Move:
        """Return a new move to a target; the caller writes the new content to `move.new`."""
        self._make_folder(target.parent)
        self.recover(target.parent)
        return Move(
            staging=self._staging.beside(target.parent),
            number=next(self._numbers),
            name=target.name,
            digest=digest,
        )

    def _undo(self) -> None:
        with contextlib.suppress(OSError):
            self._staging.give_up()
        for move, target in reversed(self._moves):
            try:
                move.undo()
            except OSError as error:
                message = f"{target}: cannot be restored: {error.strerror}; the previous content is in {move.old}"
                raise OutputError(message) from error
        with contextlib.suppress(OSError):
            self._staging.done()

    def _record(self) -> None:
        written = [target.as_posix() for move, target in self._moves if move.digest is not None]
        removed = [target.as_posix() for move, target in self._moves if move.digest is None]
        for what, paths in (("wrote", written), ("removed", removed)):
            if paths:
                parts = [f"{what} {path}" for path in paths]
                self._journal.record(Effect(done=f"{what} {several(paths)}"), parts=parts)

    def _make_folder(self, folder: Path) -> None:
        missing = [path for path in (folder, *folder.parents) if not path.exists()]
        for path in reversed(missing):
            path.mkdir(exist_ok=True)
            self._made_folders.append(path)
        folder.mkdir(exist_ok=True)


def _with_previous_digests(moves: list[tuple[Move, Path]]) -> list[tuple[Move, Path]]:
    """Return the moves, each with the digest of what it will find at its target."""
    there: dict[Path, str | None] = {}
    found = []
    for move, target in moves:
        before = there[target] if target in there else digest_at(target)
        there[target] = move.digest
        found.append((replace(move, before=before), target))
    return found


def write_if_changed(transaction: Transaction, target: Path, data: bytes, *, mode: int = FILE_MODE) -> None:
    """Stage a file unless it has these bytes and at most these permissions already."""
    transaction.recover(target.parent)
    try:
        same = target.is_file() and target.read_bytes() == data and not target.stat().st_mode & 0o777 & ~mode
    except OSError as error:
        raise OutputError(f"{target}: cannot be read: {error.strerror}") from error
    if not same:
        transaction.replace_file(target, data, mode=mode)


def differences(target: Path, files: Mapping[str, bytes]) -> list[str]:
    """Return the paths below `target` that are changed, missing or superfluous compared with `files`, sorted."""
    below = {path: path.relative_to(target) for path in target.rglob("*") if not path.is_dir()}
    there = {relative.as_posix(): path for path, relative in below.items() if not is_staged(relative)}
    changed = (name for name, data in files.items() if name not in there or there[name].read_bytes() != data)
    return sorted({*changed, *(there.keys() - files.keys())})


@contextlib.contextmanager
def _as_output_error(target: Path, journal: Journal) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        unchanged = journal.nothing_was("changed")
        raise OutputError(f"{target}: cannot be written: {error.strerror}{unchanged}") from error


def _sync(folder: Path) -> None:
    if hasattr(os, "sync"):
        os.sync()  # once for the whole folder: one fsync per file takes ten times as long
        return
    for path in folder.rglob("*"):  # Windows
        if path.is_file():
            with path.open("r+b") as file:
                os.fsync(file.fileno())


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Ignore Ctrl-C while the block runs: the moves take milliseconds."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
