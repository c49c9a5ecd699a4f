"""Checks the rows of charts before they are packaged: a row that an operator's CRD refutes is a finding."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from semver import Version

from generator.compatibility.capabilities import OperatorCapabilities
from generator.compatibility.matrix import SonataFlow
from generator.compatibility.rendered import rendered_chart
from generator.compatibility.supported import Operator, supported_operators
from generator.compatibility.verdict import Objection, Outcome, judge, judge_chart
from generator.findings.finding import Finding, Severity
from generator.findings.position import Position
from generator.kubernetes.crd import Crd
from generator.text.words import listed
from generator.versions.steps import few
from generator.workflow.workflow import Workflow

#: Returns the CRD of a SonataFlow.
Schema = Callable[[SonataFlow], Crd]


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A chart to be built: its name, its version and its workflow."""

    chart: str
    version: str
    workflow: Workflow

    def __str__(self) -> str:
        return f"{self.chart} {self.version}"


@dataclass(frozen=True, kw_only=True)
class _Refutation:
    """A row's claim about some charts that an operator refutes."""

    at: Position
    operator: Operator
    sonataflow: SonataFlow
    objection: Objection
    candidates: list[Candidate]


def refuted(candidates: Iterable[Candidate], capabilities: OperatorCapabilities, schema: Schema) -> Iterator[Finding]:
    """Yield findings for the rows' claims that the operators refute; all charts are generated for `capabilities`.

    An operator with an unknown SonataFlow is a warning, and so is a chart without a row if others have one.
    """
    broken: dict[tuple[str, Position, str], _Refutation] = {}
    unknown: dict[tuple[str, Position], list[Candidate]] = {}
    for candidate in candidates:
        version = Version.parse(candidate.version)
        supported, row = (
            supported_operators(candidate.chart, version, capabilities.matrix),
            capabilities.matrix.row_of(candidate.chart, version),
        )
        at = row.at if row else Position(path=capabilities.matrix.path)
        yield from supported.findings if capabilities.matrix.rows else ()
        chart = rendered_chart(candidate.workflow, capabilities)
        for operator in supported.operators:
            flow = operator.sonataflow
            if flow is None:
                unknown.setdefault((operator.name, at), []).append(candidate)
                continue
            for objection in judge_chart(chart, schema(flow)).objections:
                first = _Refutation(at=at, operator=operator, sonataflow=flow, objection=objection, candidates=[])
                key = (operator.name, at, objection.message(operator.name))
                broken.setdefault(key, first).candidates.append(candidate)
    for each in broken.values():
        yield _refuted_finding(each, capabilities, schema)
    for (operator_name, at), charts in unknown.items():
        yield _unknown_finding(operator_name, at, charts)


def left_out(workflows: Iterable[Workflow], capabilities: OperatorCapabilities) -> Iterator[Finding]:
    """Yield findings for features of workflows that their charts omit because the operator does not have them."""
    name, entry = f"SonataFlow {capabilities.sonataflow.name}", capabilities.sonataflow.at
    if not capabilities.keeps_state:
        message = f"{name} has no field for a database password: charts built for it lose their state on restart"
        yield _warning(entry, "left-out", message)
    for workflow in workflows:
        if workflow.secrets and not capabilities.pods:
            keys = listed(workflow.secret_keys)
            message = f"{name} reads nothing from Secrets, so its chart does not ask for {keys}"
            yield _warning(Position(path=workflow.secrets.path), "left-out", message)


def _warning(at: Position, rule: str, message: str) -> Finding:
    return Finding(path=at.path, line=at.line, column=at.column, rule=rule, message=message, severity=Severity.WARNING)


def _refuted_finding(broken: _Refutation, capabilities: OperatorCapabilities, schema: Schema) -> Finding:
    who, objection, flow = f"SonataFlow {broken.sonataflow.name}", broken.objection, broken.sonataflow
    bringing = "" if broken.operator.kind == "sonataflow" else f", which {broken.operator.name} includes"
    where = f" ({objection.at})" if objection.at else ""
    own = replace(capabilities, sonataflow=flow, crd=schema(flow))
    kept = all(judge(each.workflow, own.crd, capabilities=own).outcome is Outcome.FITS for each in broken.candidates)
    fix = f"build for it with --sonataflow {flow.name}, or remove" if kept else "fix it, or remove"
    return Finding(
        path=broken.at.path,
        line=broken.at.line,
        column=broken.at.column,
        rule="refuted-row",
        message=f"{_named(broken.candidates)} cannot run on {broken.operator.name}, as this row says: "
        f"{objection.message(who)}{bringing}{where}; {fix} {broken.operator.name} from the row",
    )


def _unknown_finding(operator: str, at: Position, candidates: list[Candidate]) -> Finding:
    message = f"{_named(candidates)} was not checked against {operator}: which SonataFlow it includes is unknown"
    return _warning(at, "unknown-operator", f"{message}; name it in the operator's entry")


def _named(candidates: list[Candidate]) -> str:
    return few(list(map(str, candidates)), ", ")
