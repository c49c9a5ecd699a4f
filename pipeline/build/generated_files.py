"""Files that a command generates into a folder of a person: which are out of date, and their writing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from generator.findings.errors import OutputError
from pipeline.system.files import Transaction
from pipeline.system.journal import Journal


def outdated(folder: Path, files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Return the paths in a folder of files that are missing, or have other bytes than those of `files`.

    Raises:
        OutputError: one cannot be read.
    """
    return tuple(path for path, data in files.items() if read_if_there(folder / path) != data)


def write(folder: Path, files: Mapping[str, bytes], gone: tuple[str, ...], journal: Journal) -> tuple[str, ...]:
    """Write the files that are out of date, remove those that are `gone`, and return the paths of what was written.

    Raises:
        OutputError: nothing was changed.
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
    """Return the bytes of a file; None where there is none.

    Raises:
        OutputError: it cannot be read.
    """
    try:
        return path.read_bytes() if path.is_file() else None
    except OSError as error:
        raise OutputError(f"{path}: cannot be read: {error.strerror}") from error
