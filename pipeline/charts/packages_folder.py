"""Writes the index.yaml of a folder of packages."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from generator.findings.errors import OutputError
from pipeline.charts.archive import read_package
from pipeline.charts.index import Index, add, known_index, packages_at, render
from pipeline.system.files import Transaction, write_if_changed
from pipeline.system.journal import Journal


def write_index(
    directory: Path, merge: Path | None, journal: Journal, *, url: str, created: datetime, accept: str | None = None
) -> Index:
    """Write `directory`/index.yaml for the packages in it, and return it; `accept` is as in `parse_index`.

    Raises:
        OutputError: the folder does not exist, or the file cannot be written; nothing was changed.
        VersionError: an index has a package's version with different bytes.
        FindingsError: a package or an index cannot be read.
    """
    if not directory.is_dir():
        raise OutputError(f"{directory}: does not exist; pack charts into it first: waybill package CHART -o DIR")
    known = known_index(directory, merge, accept=accept)
    packages = [read_package(path) for path in sorted(directory.glob("*.tgz"))]
    written = add(known, packages, created=created, url=packages_at(url))
    with Transaction(journal) as transaction:
        write_if_changed(transaction, directory / "index.yaml", render(written))
        transaction.commit()
    return written
