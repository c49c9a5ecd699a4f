"""The files of `waybill gitops`: what is out of date in a folder, and its writing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from generator.delivery.release import HEADER
from generator.findings.errors import OutputError
from pipeline.system.files import Transaction
from pipeline.system.journal import Journal

#: How the names of the files for Flux begin.
_OF_FLUX: Final = ("helmrelease_", "helmrepository_", "ocirepository_")


def outdated(out: Path, files: Mapping[str, bytes]) -> tuple[Path, ...]:
    """Return the files in `out` that are missing, or have other bytes than those of `files`.

    Raises:
        OutputError: one cannot be read.
    """
    return tuple(out / name for name, data in files.items() if _read(out / name) != data)


def left_over(out: Path, files: Mapping[str, bytes]) -> tuple[Path, ...]:
    """Return the files in `out` that waybill wrote for Flux and that are not among `files`: their charts are gone.

    Raises:
        OutputError: one cannot be read.
    """
    others = (path for path in sorted(out.glob("*.yaml")) if path.name not in files and path.name.startswith(_OF_FLUX))
    return tuple(path for path in others if (_read(path) or b"").startswith(HEADER.encode()))


def write(out: Path, files: Mapping[str, bytes], gone: tuple[Path, ...], journal: Journal) -> None:
    """Write the files that are outdated, and remove those that are `gone`.

    Raises:
        OutputError: nothing was changed.
    """
    with Transaction(journal) as transaction:
        for path in outdated(out, files):
            transaction.replace_file(path, files[path.name])
        for path in gone:
            transaction.remove(path)
        transaction.commit()


def _read(path: Path) -> bytes | None:
    """The bytes of a file; None where there is none."""
    try:
        return path.read_bytes() if path.is_file() else None
    except OSError as error:
        raise OutputError(f"{path}: cannot be read: {error.strerror}") from error
