"""Which operators a chart claims to run on, and which one a person means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from semver import Version  # noqa: TC002 - annotations stay importable

from generator.compatibility.capabilities import OperatorCapabilities
from generator.compatibility.matrix import Matrix, Orchestrator, Row, SonataFlow
from generator.findings.errors import SettingsError, VersionError
from generator.findings.finding import Finding
from generator.text.words import listed
from generator.versions.ranges import Range, parse_loose, parse_range

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
    """The operators that a version of a chart is checked against, and what is to be said of the choice.

    They are `assumed` where no row says anything of the version.
    """

    operators: tuple[Operator, ...]
    findings: tuple[Finding, ...] = ()
    assumed: bool = False


def supported_operators(chart: str, version: Version, matrix: Matrix) -> SupportedOperators:
    """Return the operators of a chart's row.

    Without one, a chart is for the newest SonataFlow, and nobody has to write that down; but if rows name versions of
    the chart that are for it, the version has to be one of them.
    """
    row = matrix.row_of(chart, version)
    if row is not None:
        flows = (flow for flow in matrix.sonataflows if row.sonataflow and flow.versions.overlaps(row.sonataflow))
        wanted = row.orchestrator
        bundles = (each for each in matrix.orchestrators if wanted and each.versions.overlaps(wanted))
        return SupportedOperators(operators=(*(_bundle(each, matrix) for each in bundles), *map(_flow, flows)))
    newest = _flow(matrix.newest)
    others = [str(each.versions) for each in matrix.rows if each.names(chart) and newest.is_in(each)]
    if others:
        message = f"no row covers {chart} {version}, only its versions {listed(others)}; widen that row, or add one"
        return SupportedOperators(operators=(), findings=(Finding(path=matrix.path, rule="no-row", message=message),))
    return SupportedOperators(operators=(newest,), assumed=True)


def operator_annotations(capabilities: OperatorCapabilities) -> dict[str, str]:
    """What a chart says of its operators: the one that it was made for, and what one kind brings of the other."""
    asked, flow = capabilities.orchestrator, capabilities.sonataflow
    bringing = [each for each in capabilities.matrix.orchestrators if each.sonataflow == flow.name]
    said = {
        ORCHESTRATOR_ANNOTATION: [each.versions for each in ([asked] if asked else bringing)],
        # What an Orchestrator brings may be unknown, and then a person has named what charts are made of.
        SONATAFLOW_ANNOTATION: [flow.versions] if asked is None or asked.sonataflow else [],
    }
    return {key: " || ".join(map(str, ranges)) for key, ranges in said.items() if ranges}


def is_same_line(one: Mapping[str, object], other: Mapping[str, object]) -> bool:
    """Whether two versions of a chart follow on each other, by their annotations: both are for the same operators.

    A chart that says nothing of operators may follow on any.
    """
    kinds = (ORCHESTRATOR_ANNOTATION, SONATAFLOW_ANNOTATION)
    if not all(any(kind in each for kind in kinds) for each in (one, other)):
        return True
    shared = [(str(one[kind]), str(other[kind])) for kind in kinds if kind in one and kind in other]
    return bool(shared) and all(_overlap(*ranges) for ranges in shared)


def _overlap(one: str, other: str) -> bool:
    try:
        return one == other or parse_range(one, "").overlaps(parse_range(other, ""))
    except VersionError:
        return False


def operators_said(annotations: Mapping[str, object]) -> str:
    """The operators that the annotations of a chart name, in words."""
    names = {"Orchestrator": ORCHESTRATOR_ANNOTATION, "SonataFlow": SONATAFLOW_ANNOTATION}
    return listed(f"{name} {annotations[key]}" for name, key in names.items() if key in annotations)


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
