"""Decides whether a workflow's chart runs on a SonataFlow: which fields it would drop or reject."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from generator.compatibility.capabilities import OperatorCapabilities
from generator.compatibility.rendered import RenderedChart, rendered_chart
from generator.findings.finding import Finding, in_file_order
from generator.findings.position import Position
from generator.kubernetes.admission import admit
from generator.kubernetes.consequences import instead, loss
from generator.kubernetes.crd import Crd
from generator.kubernetes.operator_reader import CONSEQUENCE, unreadable
from generator.text.words import listed
from generator.text.yaml_reader import FieldPath, field_path
from generator.workflow.definition import Definition
from generator.workflow.workflow import Workflow

#: The path of the definition in the custom resource.
_FLOW: Final[FieldPath] = ("spec", "flow")


class Outcome(StrEnum):
    """The outcome of a chart on a SonataFlow."""

    FITS = "fits"
    UNKNOWN = "unknown"
    LOSES = "loses"
    REFUSED = "refused"


_RULES: Final = {Outcome.LOSES: "dropped-field", Outcome.REFUSED: "refused-field"}


@dataclass(frozen=True, kw_only=True)
class Objection:
    """A field that a SonataFlow drops or rejects, and the reason.

    `given` are the values with which the chart sets it (`default values`, `every value`). `at` is its position in the
    definition, or None if the chart itself sets it. `remedy` is what to write instead, if the reason determines that.
    """

    path: FieldPath
    outcome: Outcome
    reason: str
    given: str
    at: Position | None
    remedy: str | None = None

    @property
    def field(self) -> str:
        """The path in the notation of Kubernetes."""
        return field_path(self.path)

    @property
    def instead(self) -> str | None:
        """What to write instead of a rejected value, or None."""
        return self.remedy or instead(self.path) if self.outcome is Outcome.REFUSED else None

    def message(self, who: str) -> str:
        """Return the message; `who` are the operators (`SonataFlow 1.44 and 1.45`)."""
        if self.outcome is Outcome.REFUSED:
            return f"{self.field} {self.reason}, for {who}{f'; {self.instead}' if self.instead else ''}"
        where = "" if self.given == "default values" else "where a value sets it, "
        return f"{self.field} is unknown to {who}: {where}it is dropped{self.reason}"

    def as_json(self) -> dict[str, object]:
        """Return the objection as a JSON object."""
        return {
            "field": self.field,
            "outcome": str(self.outcome),
            "reason": self.reason.removeprefix(" and "),
            "instead": self.instead,
            "values": self.given,
            "path": self.at.path if self.at else None,
            "line": self.at.line if self.at else None,
            "column": self.at.column if self.at else None,
        }


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The verdict of one operator (`Orchestrator 1.3.x`) on the chart of one workflow.

    `workflow` is the workflow's folder or, if only the chart is known, the chart's name. `sonataflow` is the name of
    the SonataFlow that was checked (`1.45`), or None if it is unknown which one the operator installs.
    """

    workflow: str
    operator: str
    sonataflow: str | None
    objections: tuple[Objection, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """The worst outcome of the objections."""
        if self.sonataflow is None:
            return Outcome.UNKNOWN
        found = {objection.outcome for objection in self.objections}
        return next((each for each in (Outcome.REFUSED, Outcome.LOSES) if each in found), Outcome.FITS)

    def as_json(self) -> dict[str, object]:
        """Return the verdict as a JSON object."""
        return {
            "workflow": self.workflow,
            "operator": self.operator,
            "sonataflow": self.sonataflow,
            "outcome": str(self.outcome),
            "objections": [objection.as_json() for objection in self.objections],
        }


def judge(
    workflow: Workflow, crd: Crd, operator: str = "", *, capabilities: OperatorCapabilities | None = None
) -> Verdict:
    """Check the chart of a workflow, with its default values and with all optional ones, against a SonataFlow.

    `operator` is the operator that installs it, if that is not the SonataFlow operator itself. `capabilities` are those
    the chart was generated for.
    """
    return judge_chart(rendered_chart(workflow, capabilities), crd, operator)


def judge_chart(chart: RenderedChart, crd: Crd, operator: str = "") -> Verdict:
    """Check a rendered chart against a SonataFlow; `operator` is as in `judge`."""
    found: dict[tuple[FieldPath, Outcome], Objection] = {}
    for given, resource in chart.resources.items():
        for objection in judge_resource(resource, crd, given=given, definition=chart.definition):
            found.setdefault((objection.path, objection.outcome), objection)
    return Verdict(
        workflow=chart.name,
        operator=operator or f"SonataFlow {crd.name}",
        sonataflow=crd.name,
        objections=tuple(found.values()),
    )


def judge_resource(
    resource: Mapping[str, Any], crd: Crd, *, given: str, definition: Definition | None = None
) -> Iterator[Objection]:
    """Yield the objections of a SonataFlow to a custom resource; `given` are the values it was rendered with."""
    admission = admit(resource, crd)
    objections = [(refusal.path, Outcome.REFUSED, refusal.message) for refusal in admission.refused]
    for path in admission.dropped:
        lost = loss(path)
        objections.append((path, Outcome.LOSES, f" and {lost}" if lost else ""))
    for path, outcome, reason in objections:
        yield Objection(path=path, outcome=outcome, reason=reason, given=given, at=_position(path, definition))
    flow = (resource.get("spec") or {}).get("flow")
    for each in unreadable(flow) if isinstance(flow, Mapping) else ():
        path = (*_FLOW, *each.path)
        yield Objection(
            path=path,
            outcome=Outcome.REFUSED,
            reason=f"cannot be read: the operator cannot decode {each.what}, and {CONSEQUENCE}",
            given=given,
            at=_position(path, definition),
            remedy=each.instead,
        )


def _position(path: FieldPath, definition: Definition | None) -> Position | None:
    """Return the position of a field in the definition, or None if the chart itself sets it."""
    below = path[len(_FLOW) :] if path[: len(_FLOW)] == _FLOW else None
    return None if definition is None or below is None else definition.position_of_key(*below)


def findings(verdicts: Iterable[Verdict]) -> tuple[Finding, ...]:
    """Return the objections of all verdicts as findings, each once, with all SonataFlows and charts it concerns."""
    groups: dict[tuple[str, Outcome, str, Position | None], list[tuple[Verdict, Objection]]] = {}
    for verdict in verdicts:
        for each in verdict.objections:
            groups.setdefault((each.field, each.outcome, each.reason, each.at), []).append((verdict, each))
    return in_file_order(_finding(group) for group in groups.values())


def _finding(group: list[tuple[Verdict, Objection]]) -> Finding:
    objection = group[0][1]
    names = list(dict.fromkeys(verdict.sonataflow or verdict.operator for verdict, _ in group))
    charts = list(dict.fromkeys(verdict.workflow for verdict, _ in group))
    of_chart = f"the chart of {charts[0]}" if len(charts) == 1 else f"the charts of {len(charts)} workflows"
    at = objection.at or Position(path=of_chart)
    return Finding(
        path=at.path,
        line=at.line,
        column=at.column,
        rule=_RULES[objection.outcome],
        message=objection.message(f"SonataFlow {listed(names)}"),
    )
