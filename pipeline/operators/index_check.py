"""Says which versions of a published chart repository an operator can run, by the rows of compatibility.yaml."""

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
    """Say what of a published index (a file or an address) the one operator that is named can run.

    `accept` is the SHA-256 of an index whose end does not prove that it is whole.

    Raises:
        SettingsError: no operator is named, or more than one, or one that is not known.
        OutputError: the index cannot be read.
        FindingsError: it is no index, or compatibility.yaml cannot be read.
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
