"""The files of `waybill actions`: which are out of date in a repository, which are left over, and their writing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from generator.delivery.github_actions import FOLDER, HEADER
from generator.findings.errors import OutputError
from pipeline.system.files import Transaction
from pipeline.system.journal import Journal


def outdated(root: Path, files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Return the paths of files that are missing, or have other bytes than those of `files`.

    Raises:
        OutputError: one cannot be read.
    """
    return tuple(path for path, data in files.items() if _read(root / path) != data)


def left_over(root: Path, files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Return the paths of files that waybill wrote and that are not among `files`: their workflows are gone.

    Raises:
        OutputError: one cannot be read.
    """
    there = sorted(path for ending in ("*.yaml", "*.yml") for path in (root / FOLDER).glob(ending))
    others = (path.relative_to(root).as_posix() for path in there)
    return tuple(path for path in others if path not in files and is_own(_read(root / path)))


def foreign(root: Path, files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Return the paths of `files` at which somebody else's file is.

    Raises:
        OutputError: one cannot be read.
    """
    there = ((path, _read(root / path)) for path in files)
    return tuple(path for path, data in there if data is not None and not is_own(data))


def is_own(data: bytes | None) -> bool:
    """Whether waybill wrote a file."""
    return data is not None and data.startswith(f"# {HEADER}".encode())


def write(root: Path, files: Mapping[str, bytes], gone: tuple[str, ...], journal: Journal) -> None:
    """Write the files that are out of date, and remove those that are `gone`.

    Raises:
        OutputError: nothing was changed.
    """
    with Transaction(journal) as transaction:
        for path in outdated(root, files):
            transaction.replace_file(root / path, files[path])
        for path in gone:
            transaction.remove(root / path)
        transaction.commit()


def _read(path: Path) -> bytes | None:
    """The bytes of a file; None where there is none."""
    try:
        return path.read_bytes() if path.is_file() else None
    except OSError as error:
        raise OutputError(f"{path}: cannot be read: {error.strerror}") from error
