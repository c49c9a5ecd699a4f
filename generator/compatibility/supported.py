"""Which operators a chart claims to run on, and which one a person means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from semver import Version

from generator.compatibility.capabilities import OperatorCapabilities
from generator.compatibility.matrix import Matrix, Orchestrator, Row, SonataFlow
from generator.findings.errors import SettingsError
from generator.findings.finding import Finding, Severity
from generator.versions.ranges import Range, parse_loose

#: Say in Chart.yaml which versions of the operators a chart runs on.
ORCHESTRATOR_ANNOTATION: Final = "waybill/operator-versions"
SONATAFLOW_ANNOTATION: Final = "waybill/sonataflow-versions"


@dataclass(frozen=True, kw_only=True)
class Operator:
    """Versions of an operator, of one kind or the other, as a table shows them (`Orchestrator 1.3.x`).

    `sonataflow` is what they bring; None where nobody knows it.
    """

    kind: Literal["orchestrator", "sonataflow"]
    name: str
    versions: Range
    sonataflow: SonataFlow | None

    def is_in(self, row: Row) -> bool:
        """Whether a row names it, or else the SonataFlow that it brings."""
        named: Range | None = getattr(row, self.kind)
        if named is None and self.sonataflow is not None and row.sonataflow is not None:
            return row.sonataflow.overlaps(self.sonataflow.versions)
        return named is not None and named.overlaps(self.versions)


@dataclass(frozen=True, kw_only=True)
class SupportedOperators:
    """The operators that a version of a chart is checked against, and what is to be said of the choice."""

    operators: tuple[Operator, ...]
    findings: tuple[Finding, ...] = ()


def supported_operators(chart: str, version: Version, matrix: Matrix) -> SupportedOperators:
    """Return the operators of a chart's row.

    A chart without a row is an error where the matrix names the chart at all; else a warning, and the newest SonataFlow
    is taken.
    """
    row = matrix.row_of(chart, version)
    if row is not None:
        flows = (flow for flow in matrix.sonataflows if row.sonataflow and flow.versions.overlaps(row.sonataflow))
        wanted = row.orchestrator
        bundles = (each for each in matrix.orchestrators if wanted and each.versions.overlaps(wanted))
        return SupportedOperators(operators=(*(_bundle(each, matrix) for each in bundles), *map(_flow, flows)))
    if matrix.names(chart):
        message = f"no row covers {chart} {version}, though others name the chart; add one"
        return SupportedOperators(operators=(), findings=(Finding(path=matrix.path, rule="no-row", message=message),))
    newest = _flow(matrix.newest)
    message = f"no row names {chart}; add one: it was checked against {newest.name}, the newest that is known"
    finding = Finding(path=matrix.path, rule="no-row", message=message, severity=Severity.WARNING)
    return SupportedOperators(operators=(newest,), findings=(finding,))


def operator_annotations(chart: str, version: str, capabilities: OperatorCapabilities) -> dict[str, str]:
    """What a version of a chart says of its operators: those of its row, and what one brings of the other.

    Without a row, the SonataFlow that it was made for.
    """
    matrix = capabilities.matrix
    row = matrix.row_of(chart, Version.parse(version))
    orchestrators, sonataflows = (row.orchestrator, row.sonataflow) if row else (None, capabilities.sonataflow.versions)
    bringing = [(each.versions, flow.versions) for each in matrix.orchestrators if (flow := matrix.underneath(each))]
    brought = [flow for each, flow in bringing if orchestrators and each.overlaps(orchestrators)]
    bundles = [each for each, flow in bringing if sonataflows and flow.overlaps(sonataflows)]
    said = {
        ORCHESTRATOR_ANNOTATION: [orchestrators] if orchestrators else bundles,
        SONATAFLOW_ANNOTATION: [sonataflows] if sonataflows else brought,
    }
    return {key: " || ".join(map(str, ranges)) for key, ranges in said.items() if ranges}


def sonataflow_meant(text: str, matrix: Matrix) -> Operator:
    """The SonataFlow that a person names by its name or by a version (`1.45`, `10.1.0`).

    Raises:
        SettingsError: it is no version, or the matrix has none of it.
    """
    named = next((flow for flow in matrix.sonataflows if flow.name == text), None)
    found = named or matrix.sonataflow(parse_loose(text, "--sonataflow", error=SettingsError))
    if found is None:
        known = ", ".join(flow.name for flow in matrix.sonataflows)
        message = f"SonataFlow '{text}' is unknown; the known ones are {known}; write another one in {matrix.path}"
        raise SettingsError(f"{message}, or check with --crds")
    return _flow(found)


def orchestrator_meant(text: str, matrix: Matrix) -> Operator:
    """The Orchestrator that a person names by a version (`1.3.2`).

    Raises:
        SettingsError: it is no version, or the matrix has none of it.
    """
    found = matrix.orchestrator(parse_loose(text, "--operator", error=SettingsError))
    if found is None:
        known = ", ".join(str(each.versions) for each in matrix.orchestrators) or "none"
        raise SettingsError(f"Orchestrator '{text}' is not in {matrix.path}; it has {known}")
    return _bundle(found, matrix)


def _flow(flow: SonataFlow) -> Operator:
    return Operator(kind="sonataflow", name=f"SonataFlow {flow.name}", versions=flow.versions, sonataflow=flow)


def _bundle(orchestrator: Orchestrator, matrix: Matrix) -> Operator:
    return Operator(
        kind="orchestrator",
        name=f"Orchestrator {orchestrator.versions}",
        versions=orchestrator.versions,
        sonataflow=matrix.underneath(orchestrator),
    )
