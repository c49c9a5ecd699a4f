"""The rows of compatibility.yaml for charts that are brought in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from semver import Version

from generator.compatibility.capabilities import OperatorCapabilities
from generator.compatibility.matrix import known_matrix, read_matrix
from generator.compatibility.new_rows import NewRow, rows_for, with_rows, without_row
from generator.compatibility.verdict import judge_resource
from generator.handmade.chart import Adopted
from generator.kubernetes.crd import Crd
from generator.text.words import listed


@dataclass(frozen=True, kw_only=True)
class Rows:
    """The new rows, and the file with them: None where it stays as it is. `capabilities` has the matrix with them."""

    rows: tuple[NewRow, ...]
    content: bytes | None
    capabilities: OperatorCapabilities
    notes: tuple[str, ...]


def rows_of(versions: Sequence[tuple[str, Version]], capabilities: OperatorCapabilities, path: Path) -> Rows:
    """Return the rows for charts, by name and first version, that are made for an operator.

    Raises:
        OSError: the file cannot be read.
    """
    matrix = capabilities.matrix
    rows = rows_for(versions, capabilities.sonataflow, matrix)
    text = path.read_bytes().decode() if path.is_file() else ""
    written = with_rows(text, rows, path.as_posix(), known=matrix) if rows else None
    notes = []
    if rows and written is None:
        notes.append(f"{path}: add these rows:\n{''.join(map(str, rows))}".rstrip())
    covered = {chart for row in rows for chart in row.charts}
    if missing := sorted(set(without_row(versions, matrix)) - covered):
        notes.append(f"{path}: no row has the new version of {listed(missing)}; widen one, or add one")
    if written is None:
        return Rows(rows=(), content=None, capabilities=capabilities, notes=tuple(notes))
    extended = read_matrix(written.encode(), path.as_posix(), known=known_matrix())
    return Rows(
        rows=tuple(rows),
        content=written.encode(),
        capabilities=replace(capabilities, matrix=extended),
        notes=tuple(notes),
    )


def first_version(version: Version, adopted: Adopted | None, crd: Crd) -> Version:
    """The first version that a chart's row is for: the hand-made one where the operator takes that chart as it is."""
    if adopted is None or not adopted.resources or not Version.is_valid(adopted.version):
        return version
    before = Version.parse(adopted.version)
    return before if before < version and all(_takes(crd, resource) for resource in adopted.resources) else version


def _takes(crd: Crd, resource: Mapping[str, Any]) -> bool:
    return isinstance(resource.get("spec"), dict) and not any(judge_resource(resource, crd, given=""))
