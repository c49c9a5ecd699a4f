"""Which operators a chart claims to run on, and which one a person means."""

from __future__ import annotations

from dataclasses import dataclass

from semver import Version  # noqa: TC002 - annotations stay importable

from generator.compatibility.matrix import Matrix, Orchestrator, SonataFlow
from generator.compatibility.ranges import parse_loose
from generator.errors import SettingsError
from generator.findings import Finding, Severity


@dataclass(frozen=True, kw_only=True)
class Operator:
    """An operator as a table shows it (`Orchestrator 1.3.x`), and its SonataFlow: None where nobody knows it."""

    name: str
    sonataflow: SonataFlow | None


@dataclass(frozen=True, kw_only=True)
class Claims:
    """The operators that a version of a chart is checked against, and what is to be said of the choice."""

    operators: tuple[Operator, ...]
    findings: tuple[Finding, ...] = ()


def claims_of(chart: str, version: Version, matrix: Matrix) -> Claims:
    """Return the operators of a chart's row.

    A chart without a row is an error where the matrix names the chart at all; else a warning, and the newest SonataFlow
    is taken.
    """
    row = matrix.row_of(chart, version)
    if row is not None:
        flows = (flow for flow in matrix.sonataflows if row.sonataflow and flow.versions.overlaps(row.sonataflow))
        wanted = row.orchestrator
        bundles = (each for each in matrix.orchestrators if wanted and each.versions.overlaps(wanted))
        return Claims(operators=(*(_bundle(each, matrix) for each in bundles), *map(_flow, flows)))
    if matrix.names(chart):
        message = f"no row holds {chart} {version}, though others name the chart; add one"
        return Claims(operators=(), findings=(Finding(path=matrix.path, rule="no-row", message=message),))
    newest = _flow(matrix.sonataflows[-1])
    message = f"no row names {chart}; add one: it was checked against {newest.name}, the newest that is known"
    finding = Finding(path=matrix.path, rule="no-row", message=message, severity=Severity.WARNING)
    return Claims(operators=(newest,), findings=(finding,))


def sonataflow_meant(text: str, matrix: Matrix) -> Operator:
    """The SonataFlow that a person names by its name or by a version (`1.45`, `10.1.0`).

    Raises:
        SettingsError: it is no version, or the matrix has none of it.
    """
    named = next((flow for flow in matrix.sonataflows if flow.name == text), None)
    found = named or matrix.sonataflow(parse_loose(text, "--sonataflow", error=SettingsError))
    if found is None:
        known = ", ".join(flow.name for flow in matrix.sonataflows)
        raise SettingsError(f"SonataFlow '{text}' is not known; there are {known}; for another one, give --crds")
    return _flow(found)


def orchestrator_meant(text: str, matrix: Matrix) -> Operator:
    """The Orchestrator that a person names by a version (`1.3.2`).

    Raises:
        SettingsError: it is no version, or the matrix has none of it.
    """
    found = matrix.orchestrator(parse_loose(text, "--operator", error=SettingsError))
    if found is None:
        known = ", ".join(str(each.versions) for each in matrix.orchestrators) or "none"
        raise SettingsError(f"Orchestrator '{text}' is not in {matrix.path}; there are {known}")
    return _bundle(found, matrix)


def _flow(flow: SonataFlow) -> Operator:
    return Operator(name=f"SonataFlow {flow.name}", sonataflow=flow)


def _bundle(orchestrator: Orchestrator, matrix: Matrix) -> Operator:
    return Operator(name=f"Orchestrator {orchestrator.versions}", sonataflow=matrix.underneath(orchestrator))
