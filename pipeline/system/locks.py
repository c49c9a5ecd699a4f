"""File locks between processes, which the system releases when a process ends."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

from filelock import lock_descriptor

from generator.findings.errors import OutputError
from pipeline.system.cache import cache_folder
from pipeline.system.staging import recover

_IN_USE: Final = ".in-use"


@contextlib.contextmanager
def only_writer(output: Path, waiting: Callable[[], None], also: Iterable[Path] = ()) -> Iterator[None]:
    """Lock `output` against other waybill processes; `waiting` is called if another one holds the lock.

    The lock is on the parent folder of `output`, so it leaves no file, and it holds across users and containers. First,
    what a killed run left unfinished in `output`, or in and below the folders `also`, is finished.

    Raises:
        OutputError: the folder cannot be locked, or unfinished work cannot be finished.
    """
    above = output.resolve().parent
    folder = next(path for path in (above, *above.parents) if path.is_dir())
    with contextlib.ExitStack() as stack:
        try:
            descriptor = _open_for_lock(folder)
            stack.callback(os.close, descriptor)
            if not lock_descriptor(descriptor, blocking=False):
                waiting()
                lock_descriptor(descriptor)
        except OSError as error:
            raise OutputError(f"{folder}: cannot be locked: {error.strerror}") from error
        recover(output)
        for other in also:
            recover(other, below=True)
        yield


def _open_for_lock(folder: Path) -> int:
    """Return a descriptor to lock for a folder: of the folder or, if folders cannot be opened (Windows), of a file."""
    try:
        return os.open(folder, os.O_RDONLY)
    except PermissionError:
        locks = cache_folder("locks")
        locks.mkdir(parents=True, exist_ok=True)
        return os.open(locks / hashlib.sha256(os.fsencode(folder)).hexdigest()[:16], os.O_RDWR | os.O_CREAT)


@contextlib.contextmanager
def in_use(folder: Path) -> Iterator[None]:
    """Mark a folder as in use while the block runs, for `is_in_use`; many processes may use it at once."""
    descriptor, name = tempfile.mkstemp(dir=folder.parent, prefix=f".{folder.name}.", suffix=_IN_USE)
    try:
        lock_descriptor(descriptor)
        yield
    finally:
        os.close(descriptor)
        Path(name).unlink(missing_ok=True)


def is_in_use(folder: Path) -> bool:
    """Return whether a running process uses a folder; marks of killed processes are removed."""
    used = False
    for mark in folder.parent.glob(f".{folder.name}.*{_IN_USE}"):
        with contextlib.suppress(OSError):
            descriptor = os.open(mark, os.O_RDWR)
            try:
                left = lock_descriptor(descriptor, blocking=False)
            finally:
                os.close(descriptor)
            if left:
                mark.unlink(missing_ok=True)
            used = used or not left
    return used
