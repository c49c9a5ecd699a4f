"""Staging folders: where a transaction keeps what it moves, so that a run that is killed leaves nothing half done.

A transaction has one staging folder beside each of its targets' places, as only a move within a file system is atomic.
The first of them owns the transaction: its lock says whether the process still runs, and its record says which moves
belong together. Once there is a record, somebody may have seen a part of what is new, so the next run makes the rest of
the moves rather than undo the first ones.
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

#: The file that is locked while the process runs. Its content keeps the whole folder out of git from the first moment.
_LOCK: Final = ".gitignore"
_SCRATCH_PREFIX: Final = "waybill-scratch-"
_RECORD: Final = "moves.json"
#: What the record is called while moves are undone, because one of them cannot be made.
_UNDO: Final = "undo.json"
#: What it is called once all moves are made, or all undone: the staging folders that it names may go.
_DONE: Final = "done.json"
#: Where a staging folder that is not the first one names the first one.
_OWNER: Final = "owner"


@dataclass(frozen=True, kw_only=True)
class Move:
    """One step of a transaction: what was staged goes to its target, and what is there goes into the staging folder."""

    staging: Path
    number: int
    name: str
    """The name of the target, which lies beside the staging folder."""
    digest: str | None
    """That of what was staged; None where the target is to be removed."""
    before: str | None = None
    """The digest of what was at the target before; None where there was nothing."""

    @property
    def target(self) -> Path:
        """What is replaced."""
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
        """Make the move. A file replaces a file at once: at no time is there none, or a part of one.

        Raises:
            OSError: it cannot be made; `undo` puts back what was changed.
        """
        if os.path.lexists(self.target):
            if self.digest is None or _is_folder(self.new) or _is_folder(self.target):
                self.target.rename(self.old)
            else:
                _keep(self.target, self.old)
        if self.digest is not None:
            self.new.replace(self.target)

    def finish(self) -> None:
        """Make the move, unless it was made; may be repeated. What others have put there since stays.

        Raises:
            OSError: it cannot be made.
        """
        due = os.path.lexists(self.new) if self.digest is not None else not os.path.lexists(self.old)
        if due and digest_at(self.target) in (None, self.before):
            self.make()

    def undo(self) -> None:
        """Undo the move, where it was made; may be repeated. What others have put there since stays.

        Raises:
            OSError: it cannot be undone; the old content is still in the staging folder.
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
        """The move as a line of the record in `owner`."""
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
        """The staging folder in `parent`, made where there is none yet.

        Raises:
            OSError: it cannot be made.
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
                    os.close(lock)  # the owner's lock is enough from here on, and a process has few descriptors
        return self._folders[parent]

    def record(self, moves: Sequence[Move]) -> None:
        """Record which moves belong together, before the first is made.

        Raises:
            OSError: it cannot be written.
        """
        beside = self._owner / f"{_RECORD}.new"
        _write(beside, json.dumps([move.as_json(self._owner) for move in moves]))
        beside.replace(self._owner / _RECORD)

    def give_up(self) -> None:
        """Say that the moves are to be undone.

        Raises:
            OSError: nobody can be told.
        """
        (self._owner / _RECORD).replace(self._owner / _UNDO)

    def done(self) -> None:
        """Say that all moves are made, or all undone.

        Raises:
            OSError: nobody can be told.
        """
        _say_done(self._owner)

    def close(self) -> None:
        """Remove the staging folders, but for those of moves that could not be undone: they hold the old content."""
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
    """Finish what runs that were killed have left half done in a folder, and remove what they left.

    What cannot be finished is undone. What a running process stages is left alone. `below` looks into the folders below
    it, too.

    Raises:
        OutputError: it can be neither; the old content is where the message says.
    """
    for staging in [*_staging_folders(folder, below=below)]:
        owner = _owner_of(staging)
        with _lock_of(owner or staging) as locked:
            # A running process may have named an owner meanwhile, whose lock it holds instead.
            ours = locked and owner == _owner_of(staging)
            if ours and owner:
                _finish(owner)
            # Without its owner, nobody can say whether the old content is needed.
            removable = ours and (owner is not None or not any(staging.glob("*.old")))
        if removable:
            _remove(staging)
            _remove(owner or staging)


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """Make a temporary folder that nobody else can read; those of runs that were killed go."""
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
    """The digest of a folder's files by their paths; a file alone has the path ""."""
    listed = sorted((path, hashlib.sha256(data).hexdigest()) for path, data in files.items())
    return hashlib.sha256(json.dumps(listed).encode()).hexdigest()


def digest_at(path: Path) -> str | None:
    """The digest of what is at a path; None where there is nothing."""
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
    """The bytes of a file; anything else has some that no staged file has with the same digest."""
    return file.read_bytes() if file.is_file() and not file.is_symlink() else b"\0not a file"


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _keep(target: Path, old: Path) -> None:
    """Give a file a second name, or a copy where the file system has no second names."""
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
    """The bytes of a file of ours; a link or a device is none."""
    if not stat.S_ISREG(path.lstat().st_mode):
        raise ValueError("not a file")
    return path.read_bytes()


def _locked_folder(parent: Path, prefix: str = STAGING_PREFIX) -> tuple[Path, int]:
    """A new staging folder and the descriptor that holds its lock."""
    while True:
        folder = Path(tempfile.mkdtemp(dir=parent, prefix=prefix))
        try:
            descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        except FileNotFoundError:
            continue  # another process took the folder for one of a run that was killed
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
    """Whether the lock is ours now; None where the file system has no locks."""
    from filelock import lock_descriptor  # noqa: PLC0415 - what writes nothing does not need it

    try:
        return lock_descriptor(descriptor, blocking=False)
    except OSError:
        return None


@contextlib.contextmanager
def _lock_of(staging: Path) -> Iterator[bool]:
    """Take the lock of a staging folder; False where its process runs, or nobody can say."""
    try:
        descriptor = os.open(staging / _LOCK, os.O_RDWR)
    except OSError:
        with contextlib.suppress(OSError):
            staging.rmdir()  # killed before there was a lock; one with a lock is not empty
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
    """Whether a folder is ours, or whose folder it lies in: in /tmp, anybody could leave something behind for us."""
    try:
        owner, above = folder.lstat().st_uid, folder.parent.stat().st_uid
    except OSError:
        return False
    return owner in (above, os.geteuid() if hasattr(os, "geteuid") else above)


def _owner_of(staging: Path) -> Path | None:
    """The staging folder with the record; None where it cannot be reached."""
    try:
        named = os.fsdecode(_read(staging / _OWNER))
    except (OSError, ValueError):
        return staging
    owner = Path(os.path.normpath(staging.resolve() / named))
    return owner if owner.name.startswith(STAGING_PREFIX) and _is_folder(owner) and _is_trusted(owner) else None


def _finish(owner: Path) -> None:
    """Make the moves that are recorded in a staging folder whose lock is ours, and remove what was staged elsewhere."""
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
    """The moves of a record. A folder may be anybody's, so none leads elsewhere than beside its own staging folder."""
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
    """A move of a record; None where its staging folder is not there, or belongs to another owner."""
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
    """Remove all but the lock, which goes last: without it, a folder is taken for an empty one."""
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
