"""Compares and writes the files that a command generates in a user's folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from generator.findings.errors import OutputError
from pipeline.system.files import Transaction
from pipeline.system.journal import Journal


def outdated(folder: Path, files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Return the paths of `files` that are missing in a folder, or have other bytes there.

    Raises:
        OutputError: a file cannot be read.
    """
    return tuple(path for path, data in files.items() if read_if_there(folder / path) != data)


def write(folder: Path, files: Mapping[str, bytes], gone: tuple[str, ...], journal: Journal) -> tuple[str, ...]:
    """Write outdated files, remove those in `gone`, and return the paths that were written.

    Raises:
        OutputError: a file cannot be read or written; nothing was changed.
    """
    written = outdated(folder, files)
    with Transaction(journal) as transaction:
        for path in written:
            transaction.replace_file(folder / path, files[path])
        for path in gone:
            transaction.remove(folder / path)
        transaction.commit()
    return written


def read_if_there(path: Path) -> bytes | None:
    """Return the bytes of a file, or None if it does not exist.

    Raises:
        OutputError: the file cannot be read.
    """
    try:
        return path.read_bytes() if path.is_file() else None
    except OSError as error:
        raise OutputError(f"{path}: cannot be read: {error.strerror}") from error
