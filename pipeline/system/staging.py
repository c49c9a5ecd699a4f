"""Staging folders of transactions, from which work of a killed run can be finished.

A transaction has a staging folder beside each target, as a move is atomic only within a file system. The first one owns
the transaction: its lock shows whether the process still runs, and its record lists the moves that belong together.
Once there is a record, other processes may have seen some of the new files, so the next run makes the remaining moves
instead of undoing the first ones.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from generator.findings.errors import OutputError
from generator.workflow.folder import STAGING_PREFIX

#: The file that is locked while the process runs. Its content also makes git ignore the folder from the start.
_LOCK: Final = ".gitignore"
_SCRATCH_PREFIX: Final = "waybill-scratch-"
_RECORD: Final = "moves.json"
#: The record's name while moves are undone because one of them failed.
_UNDO: Final = "undo.json"
#: The record's name once all moves are made or undone: its staging folders may be removed.
_DONE: Final = "done.json"
#: The file in which the other staging folders name the owner.
_OWNER: Final = "owner"


@dataclass(frozen=True, kw_only=True)
class Move:
    """One step of a transaction: the staged content goes to its target, and the old content to the staging folder."""

    staging: Path
    number: int
    name: str
    """The name of the target, which is beside the staging folder."""
    digest: str | None
    """The digest of the staged content, or None to remove the target."""
    before: str | None = None
    """The digest of the target's old content, or None if there was none."""

    @property
    def target(self) -> Path:
        """The path that is replaced."""
        return self.staging.parent / self.name

    @property
    def new(self) -> Path:
        """Where the new content is staged."""
        return self.staging / f"{self.number}.new"

    @property
    def old(self) -> Path:
        """Where the old content is kept until the transaction is done."""
        return self.staging / f"{self.number}.old"

    def make(self) -> None:
        """Make the move; a file replaces a file atomically.

        Raises:
            OSError: the move fails; `undo` restores what was changed.
        """
        if os.path.lexists(self.target):
            if self.digest is None or _is_folder(self.new) or _is_folder(self.target):
                self.target.rename(self.old)
            else:
                _keep(self.target, self.old)
        if self.digest is not None:
            self.new.replace(self.target)

    def finish(self) -> None:
        """Make the move unless it was made; may be repeated. What others have put at the target since stays.

        Raises:
            OSError: that fails.
        """
        due = os.path.lexists(self.new) if self.digest is not None else not os.path.lexists(self.old)
        if due and digest_at(self.target) in (None, self.before):
            self.make()

    def undo(self) -> None:
        """Undo the move if it was made; may be repeated. What others have put at the target since stays.

        Raises:
            OSError: that fails; the old content is still in the staging folder.
        """
        moved = not os.path.lexists(self.new) and digest_at(self.target) == self.digest is not None
        if not os.path.lexists(self.old):
            if moved and self.before is None:
                self.target.rename(self.new)
        elif moved or not os.path.lexists(self.target):
            if _is_folder(self.target):
                self.target.rename(self.new)
            self.old.replace(self.target)

    def as_json(self, owner: Path) -> dict[str, object]:
        """Return the move as a row of the record in `owner`."""
        return {
            "staging": os.path.relpath(self.staging.resolve(), owner.resolve()),
            "number": self.number,
            "name": self.name,
            "digest": self.digest,
            "before": self.before,
        }


class Staging:
    """The staging folders of one transaction."""

    def __init__(self) -> None:
        self._folders: dict[Path, Path] = {}
        self._lock = -1

    def beside(self, parent: Path) -> Path:
        """Return the staging folder in `parent`; it is created on first use.

        Raises:
            OSError: that fails.
        """
        if parent not in self._folders:
            folder, lock = _locked_folder(parent)
            self._folders[parent] = folder
            if folder == self._owner:
                self._lock = lock
            else:
                try:
                    _write(folder / _OWNER, os.path.relpath(self._owner.resolve(), folder.resolve()))
                finally:
                    os.close(lock)  # the owner's lock is enough from here on, and descriptors are scarce
        return self._folders[parent]

    def record(self, moves: Sequence[Move]) -> None:
        """Record the moves, before the first is made.

        Raises:
            OSError: the record cannot be written.
        """
        beside = self._owner / f"{_RECORD}.new"
        _write(beside, json.dumps([move.as_json(self._owner) for move in moves]))
        beside.replace(self._owner / _RECORD)

    def give_up(self) -> None:
        """Mark the moves as to be undone.

        Raises:
            OSError: the record cannot be renamed.
        """
        (self._owner / _RECORD).replace(self._owner / _UNDO)

    def done(self) -> None:
        """Mark the moves as all made, or all undone.

        Raises:
            OSError: the record cannot be renamed.
        """
        _say_done(self._owner)

    def close(self) -> None:
        """Remove the staging folders, except those with old content that could not be restored."""
        if not self._folders:
            return
        kept = any(path.exists() for path in (self._owner / _RECORD, self._owner / _UNDO))
        for folder in () if kept else reversed(self._folders.values()):
            _empty(folder)
            if folder != self._owner:
                _remove_empty(folder)
        os.close(self._lock)
        if not kept:
            _remove_empty(self._owner)
        self._folders.clear()

    @property
    def _owner(self) -> Path:
        return next(iter(self._folders.values()))


def recover(folder: Path, *, below: bool = False) -> None:
    """Finish what killed runs left unfinished in a folder, and remove their staging folders.

    What cannot be finished is undone. Staging folders of running processes are left alone. `below` includes subfolders.

    Raises:
        OutputError: neither succeeds; the message says where the old content is.
    """
    for staging in [*_staging_folders(folder, below=below)]:
        owner = _owner_of(staging)
        with _lock_of(owner or staging) as locked:
            # Meanwhile, a running process may have named an owner, and hold the owner's lock instead.
            ours = locked and owner == _owner_of(staging)
            if ours and owner:
                _finish(owner)
            # Without the owner's record, the old content may still be needed.
            removable = ours and (owner is not None or not any(staging.glob("*.old")))
        if removable:
            _remove(staging)
            _remove(owner or staging)


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """Make a temporary folder that only this user can read, and remove those of killed runs."""
    parent = Path(tempfile.gettempdir())
    for left in [*_staging_folders(parent, prefix=_SCRATCH_PREFIX)]:
        with _lock_of(left) as ours:
            if ours:
                _empty(left)
        if ours:
            _remove_empty(left)
    folder, descriptor = _locked_folder(parent, _SCRATCH_PREFIX)
    try:
        yield folder
    finally:
        _empty(folder)
        os.close(descriptor)
        _remove_empty(folder)


def digest_of(files: Mapping[str, bytes]) -> str:
    """Return the digest of a folder's files by path; a single file has the path ""."""
    listed = sorted((path, hashlib.sha256(data).hexdigest()) for path, data in files.items())
    return hashlib.sha256(json.dumps(listed).encode()).hexdigest()


def digest_at(path: Path) -> str | None:
    """Return the digest of a file or folder, or None if there is nothing at the path."""
    if not os.path.lexists(path):
        return None
    try:
        files = ((file.relative_to(path).as_posix() if file != path else "", file) for file in _files(path))
        return digest_of({name: _bytes(file) for name, file in files})
    except OSError:
        return "unreadable"


def _files(path: Path) -> Iterator[Path]:
    if not _is_folder(path):
        yield path
        return
    for entry in path.iterdir():
        yield from _files(entry)


def _bytes(file: Path) -> bytes:
    """Return the bytes of a file, or a marker for anything else, which no staged file equals."""
    return file.read_bytes() if file.is_file() and not file.is_symlink() else b"\0not a file"


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _keep(target: Path, old: Path) -> None:
    """Keep a file under a second name: a hard link, or a copy if the file system has none."""
    beside = old.with_suffix(".part")
    beside.unlink(missing_ok=True)
    if target.is_symlink():
        beside.symlink_to(target.readlink())
    else:
        try:
            os.link(target, beside)
        except OSError:
            shutil.copy2(target, beside)
    beside.replace(old)


def _write(path: Path, text: str) -> None:
    with path.open("wb") as file:
        file.write(os.fsencode(text))
        file.flush()
        os.fsync(file.fileno())


def _read(path: Path) -> bytes:
    """Return the bytes of a file, refusing links and devices."""
    if not stat.S_ISREG(path.lstat().st_mode):
        raise ValueError("not a file")
    return path.read_bytes()


def _locked_folder(parent: Path, prefix: str = STAGING_PREFIX) -> tuple[Path, int]:
    """Return a new staging folder and the descriptor that holds its lock."""
    while True:
        folder = Path(tempfile.mkdtemp(dir=parent, prefix=prefix))
        try:
            descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        except FileNotFoundError:
            continue  # another process removed the folder as one of a killed run
        try:
            os.write(descriptor, b"*\n")
            if _try_lock(descriptor) is not False and (folder / _LOCK).exists():
                return folder, descriptor
        except OSError:
            _remove(folder)
            os.close(descriptor)
            raise
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool | None:
    """Return whether this process now holds the lock, or None if the file system has no locks."""
    from filelock import lock_descriptor  # noqa: PLC0415 - only for writing

    try:
        return lock_descriptor(descriptor, blocking=False)
    except OSError:
        return None


@contextlib.contextmanager
def _lock_of(staging: Path) -> Iterator[bool]:
    """Try to take the lock of a staging folder; False if its process runs or that is unknown."""
    try:
        descriptor = os.open(staging / _LOCK, os.O_RDWR)
    except OSError:
        with contextlib.suppress(OSError):
            staging.rmdir()  # killed before the lock was made; a folder with a lock is not empty
        yield False
        return
    try:
        yield _try_lock(descriptor) is True
    finally:
        os.close(descriptor)


def _staging_folders(folder: Path, *, below: bool = False, prefix: str = STAGING_PREFIX) -> Iterator[Path]:
    try:
        with os.scandir(folder) as listed:
            entries = [Path(entry.path) for entry in listed if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return
    for path in entries:
        if path.name.startswith(prefix):
            if _is_trusted(path):
                yield path
        elif below:
            yield from _staging_folders(path, below=True)


def _is_trusted(folder: Path) -> bool:
    """Return whether a folder belongs to this user or its parent's owner: in /tmp, anyone could plant one."""
    try:
        owner, above = folder.lstat().st_uid, folder.parent.stat().st_uid
    except OSError:
        return False
    return owner in (above, os.geteuid() if hasattr(os, "geteuid") else above)


def _owner_of(staging: Path) -> Path | None:
    """Return the staging folder with the record, or None if it cannot be reached."""
    try:
        named = os.fsdecode(_read(staging / _OWNER))
    except (OSError, ValueError):
        return staging
    owner = Path(os.path.normpath(staging.resolve() / named))
    return owner if owner.name.startswith(STAGING_PREFIX) and _is_folder(owner) and _is_trusted(owner) else None


def _finish(owner: Path) -> None:
    """Make the moves recorded in a locked staging folder, and remove the transaction's other staging folders."""
    try:
        try:
            for move in _read_record(owner / _RECORD):
                move.finish()
        except OSError:
            (owner / _RECORD).replace(owner / _UNDO)
        _undo(_read_record(owner / _UNDO))
        _say_done(owner)
    except OSError as error:
        message = f"{owner}: what a run that was killed left here cannot be finished: {error.strerror}"
        raise OutputError(f"{message}; run waybill as a user who may write here") from error
    for folder in {move.staging for move in _read_record(owner / _DONE)} - {owner}:
        _remove(folder)


def _say_done(owner: Path) -> None:
    for name in (_RECORD, _UNDO):
        with contextlib.suppress(FileNotFoundError):
            (owner / name).replace(owner / _DONE)


def _undo(moves: Sequence[Move]) -> None:
    for move in reversed(moves):
        try:
            move.undo()
        except OSError as error:
            message = f"{move.target}: cannot be restored after a run that was killed: {error.strerror}"
            raise OutputError(f"{message}; the previous content is in {move.old}") from error


def _read_record(path: Path) -> list[Move]:
    """Return the moves of a record; none may leave its own staging folder's parent, as the record is untrusted."""
    owner = path.parent
    try:
        rows = json.loads(_read(path))
        return [move for row in rows if (move := _read_move(owner, row))]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        message = f"{path}: the record of a run that was killed cannot be read"
        raise OutputError(f"{message}; check what is in {owner}, and remove it") from error


def _read_move(owner: Path, row: Any) -> Move | None:
    """Return a move of a record, or None if its staging folder is missing or has another owner."""
    staging = Path(os.path.normpath(owner.resolve() / str(row["staging"])))
    staging = owner if staging == owner.resolve() else staging
    name = str(row["name"])
    if os.path.basename(name) != name or name in ("", os.curdir, os.pardir):  # noqa: PTH119 - pathlib drops "./"
        raise ValueError(name)
    if not staging.name.startswith(STAGING_PREFIX) or not _is_folder(staging) or not _is_trusted(staging):
        return None
    if staging != owner and _owner_of(staging) != owner.resolve():
        return None
    digest, before = (None if row[key] is None else str(row[key]) for key in ("digest", "before"))
    return Move(staging=staging, number=int(row["number"]), name=name, digest=digest, before=before)


def _remove(staging: Path) -> None:
    _empty(staging)
    _remove_empty(staging)


def _empty(staging: Path) -> None:
    """Remove everything but the lock: a folder without one counts as empty."""
    with contextlib.suppress(OSError):
        for path in staging.iterdir():
            if path.name == _LOCK:
                continue
            if _is_folder(path):
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def _remove_empty(staging: Path) -> None:
    with contextlib.suppress(OSError):
        if {path.name for path in staging.iterdir()} <= {_LOCK}:
            (staging / _LOCK).unlink(missing_ok=True)
            staging.rmdir()
