"""Finds the operators for which a chart is claimed to run, and the operator that the user names."""

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

#: The annotations in Chart.yaml with the operator versions that a chart supports.
ORCHESTRATOR_ANNOTATION: Final = "waybill/operator-versions"
SONATAFLOW_ANNOTATION: Final = "waybill/sonataflow-versions"


@dataclass(frozen=True, kw_only=True)
class Operator:
    """Versions of an operator of either kind; `name` is that in tables (`Orchestrator 1.3.x`).

    `sonataflow` is the SonataFlow that they install, or None if unknown.
    """

    kind: Literal["orchestrator", "sonataflow"]
    name: str
    versions: Range
    sonataflow: SonataFlow | None

    def is_in(self, row: Row) -> bool:
        """Return whether a row covers the operator or, if it names none of its kind, the SonataFlow it installs."""
        named: Range | None = getattr(row, self.kind)
        if named is None and self.sonataflow is not None and row.sonataflow is not None:
            return row.sonataflow.overlaps(self.sonataflow.versions)
        return named is not None and named.overlaps(self.versions)


@dataclass(frozen=True, kw_only=True)
class SupportedOperators:
    """The operators against which a chart version is checked, and findings about the choice.

    They are `assumed` if no row covers the version.
    """

    operators: tuple[Operator, ...]
    findings: tuple[Finding, ...] = ()
    assumed: bool = False


def supported_operators(chart: str, version: Version, matrix: Matrix) -> SupportedOperators:
    """Return the operators of a chart's row.

    Without a row, a chart is for the newest SonataFlow. But if rows for that SonataFlow name other versions of the
    chart, this is an error.
    """
    row = matrix.row_of(chart, version)
    if row is not None:
        flows = (flow for flow in matrix.sonataflows if row.sonataflow and flow.versions.overlaps(row.sonataflow))
        wanted = row.orchestrator
        bundles = (each for each in matrix.orchestrators if wanted and each.versions.overlaps(wanted))
        return SupportedOperators(
            operators=(*(_orchestrator_operator(each, matrix) for each in bundles), *map(_sonataflow_operator, flows))
        )
    newest = _sonataflow_operator(matrix.newest)
    others = [str(each.versions) for each in matrix.rows if each.names(chart) and newest.is_in(each)]
    if others:
        message = f"no row covers {chart} {version}, only its versions {listed(others)}; widen that row, or add one"
        return SupportedOperators(operators=(), findings=(Finding(path=matrix.path, rule="no-row", message=message),))
    return SupportedOperators(operators=(newest,), assumed=True)


def operator_annotations(capabilities: OperatorCapabilities) -> dict[str, str]:
    """Return a chart's annotations: the operator that it was generated for, and the matching one of the other kind."""
    orchestrator, flow = capabilities.orchestrator, capabilities.sonataflow
    installing = [each for each in capabilities.matrix.orchestrators if each.sonataflow == flow.name]
    ranges_by_key = {
        ORCHESTRATOR_ANNOTATION: [each.versions for each in ([orchestrator] if orchestrator else installing)],
        # The SonataFlow of an Orchestrator may be unknown; then the user has chosen the one to build for.
        SONATAFLOW_ANNOTATION: [flow.versions] if orchestrator is None or orchestrator.sonataflow else [],
    }
    return {key: " || ".join(map(str, ranges)) for key, ranges in ranges_by_key.items() if ranges}


def is_same_line(one: Mapping[str, object], other: Mapping[str, object]) -> bool:
    """Return whether two versions of a chart are in one version line: their annotations name the same operators.

    A chart without these annotations is in every line.
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
    """Return the operators in a chart's annotations, in words."""
    names = {"Orchestrator": ORCHESTRATOR_ANNOTATION, "SonataFlow": SONATAFLOW_ANNOTATION}
    return listed(f"{name} {annotations[key]}" for name, key in names.items() if key in annotations)


def sonataflow_meant(text: str, matrix: Matrix) -> Operator:
    """Return the SonataFlow with a name or a version (`1.45`, `10.1.0`).

    Raises:
        SettingsError: `text` is not a version, or the matrix does not have it.
    """
    named = next((flow for flow in matrix.sonataflows if flow.name == text), None)
    found = named or matrix.sonataflow(parse_loose(text, "--sonataflow", error=SettingsError))
    if found is None:
        known = ", ".join(flow.name for flow in matrix.sonataflows)
        message = f"SonataFlow '{text}' is unknown; the known ones are {known}; write another one in {matrix.path}"
        raise SettingsError(f"{message}, or check with --crds")
    return _sonataflow_operator(found)


def orchestrator_meant(text: str, matrix: Matrix) -> Operator:
    """Return the Orchestrator with a version (`1.3.2`).

    Raises:
        SettingsError: `text` is not a version, or the matrix does not have it.
    """
    found = matrix.orchestrator(parse_loose(text, "--operator", error=SettingsError))
    if found is None:
        known = ", ".join(str(each.versions) for each in matrix.orchestrators) or "none"
        raise SettingsError(f"Orchestrator '{text}' is not in {matrix.path}; it has {known}")
    return _orchestrator_operator(found, matrix)


def _sonataflow_operator(flow: SonataFlow) -> Operator:
    return Operator(kind="sonataflow", name=f"SonataFlow {flow.name}", versions=flow.versions, sonataflow=flow)


def _orchestrator_operator(orchestrator: Orchestrator, matrix: Matrix) -> Operator:
    return Operator(
        kind="orchestrator",
        name=f"Orchestrator {orchestrator.versions}",
        versions=orchestrator.versions,
        sonataflow=matrix.underneath(orchestrator),
    )
