"""Finds which versions in a published index an operator can run, by compatibility.yaml."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from generator.compatibility.support_status import Listed, Wanted, listed
from generator.compatibility.supported import orchestrator_meant, sonataflow_meant
from generator.findings.errors import SettingsError
from generator.versions.ranges import parse_loose
from pipeline.charts.repository import read_published_index
from pipeline.operators.known import read_compatibility


def check_index(
    place: str,
    *,
    orchestrators: Sequence[str],
    sonataflows: Sequence[str],
    compatibility: Path,
    accept: str | None = None,
) -> tuple[Listed, ...]:
    """Return which versions in a published index (a file or a URL) the named operator can run.

    Exactly one operator must be named. `accept` is as in `parse_index`.

    Raises:
        SettingsError: not exactly one operator is named, or it is unknown.
        OutputError: the index cannot be read.
        FindingsError: the file is not an index, or compatibility.yaml is invalid.
    """
    matrix = read_compatibility(compatibility)
    match (orchestrators, sonataflows):
        case ((text,), ()):
            orchestrator_meant(text, matrix)
            wanted = Wanted(version=parse_loose(text, "--operator"), orchestrator=True)
        case ((), (text,)):
            sonataflow_meant(text, matrix)
            wanted = Wanted(version=parse_loose(text, "--sonataflow"), orchestrator=False)
        case _:
            raise SettingsError("--index needs exactly one operator: --operator 1.3.2, or --sonataflow 10.1.0")
    return tuple(listed(read_published_index(place, accept=accept).entries, wanted, matrix))
