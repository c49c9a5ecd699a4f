"""Adds rows for imported charts to compatibility.yaml."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from semver import Version

from generator.compatibility.added_rows import missing_rows, with_rows
from generator.compatibility.capabilities import OperatorCapabilities
from generator.compatibility.matrix import known_matrix, read_matrix
from generator.compatibility.new_row import NewRow, file_text, versions_from
from generator.compatibility.verdict import judge_resource
from generator.findings.errors import OutputError
from generator.handmade.chart import Adopted
from generator.kubernetes.crd import Crd
from generator.text.words import listed
from pipeline.build.generated_files import read_if_there


@dataclass(frozen=True, kw_only=True)
class ImportedRows:
    """The rows for imported charts; `file` is the new compatibility.yaml, or None if it is unchanged."""

    rows: tuple[NewRow, ...] = ()
    file: bytes | None = None
    capabilities: OperatorCapabilities
    """The operator that charts are built for, with the new rows."""
    notes: tuple[str, ...] = ()


def rows_of_import(
    versions: Mapping[str, Version], older: Collection[str], path: Path, capabilities: OperatorCapabilities
) -> ImportedRows:
    """Return the missing rows for charts, given their first versions; charts in `older` have earlier hand-made ones.

    If rows cannot be added to the file at `path`, a note has them, to be added by hand.

    Raises:
        OutputError: the file cannot be read.
    """
    matrix = capabilities.matrix
    ranges = {chart: versions_from(str(version), others_before=chart in older) for chart, version in versions.items()}
    rows = missing_rows(ranges, matrix)
    data = read_if_there(path)
    try:
        file = with_rows(data, matrix, rows) if data is not None else file_text(rows).encode()
    except OutputError as error:
        return ImportedRows(capabilities=capabilities, notes=(str(error),))
    if rows:
        matrix = read_matrix(file, path.as_posix(), known=known_matrix())
    missing = sorted(chart for chart, version in versions.items() if matrix.row_of(chart, version) is None)
    note = f"{path}: no row has the new version of {listed(missing)}; widen one, or add one"
    return ImportedRows(
        rows=tuple(rows),
        file=file if rows else None,
        capabilities=replace(capabilities, matrix=matrix),
        notes=(note,) if missing else (),
    )


def first_version(version: Version, adopted: Adopted | None, crd: Crd) -> Version:
    """Return the first version for a chart's row: the hand-made chart's, if the operator accepts that unchanged."""
    if adopted is None or not adopted.resources or not Version.is_valid(adopted.version):
        return version
    before = Version.parse(adopted.version)
    return before if before < version and all(_accepts(crd, resource) for resource in adopted.resources) else version


def _accepts(crd: Crd, resource: Mapping[str, Any]) -> bool:
    return isinstance(resource.get("spec"), dict) and not any(judge_resource(resource, crd, given=""))
