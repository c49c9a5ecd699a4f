"""Checks whether charts run on operators: those that a chart supported, or those that the user names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from semver import Version

from generator.chart.chart import chart_name
from generator.chart.names import UMBRELLA
from generator.compatibility.capabilities import OperatorCapabilities
from generator.compatibility.matrix import Matrix
from generator.compatibility.rendered import RenderedChart, rendered_chart
from generator.compatibility.side_by_side import Installable, collisions, of_chart, of_workflow
from generator.compatibility.supported import (
    Operator,
    SupportedOperators,
    orchestrator_meant,
    sonataflow_meant,
    supported_operators,
)
from generator.compatibility.verdict import Verdict, findings, judge_chart
from generator.findings.finding import Finding, Severity
from generator.kubernetes.crd import Crd
from pipeline.charts.folder import ChartsFolder, read_charts_folder
from pipeline.operators.cluster import Cluster, read_cluster
from pipeline.operators.crds import read_crds
from pipeline.operators.helm import HelmChart, render_chart
from pipeline.operators.known import Operators
from pipeline.workspace.settings import Settings
from pipeline.workspace.workflows import read_folder


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The operators that the user names: versions of SonataFlow and the Orchestrator, CRDs, or a cluster.

    Without `context`, the cluster is that of kubeconfig's current context.
    """

    sonataflows: tuple[str, ...] = ()
    orchestrators: tuple[str, ...] = ()
    crds: str | None = None
    cluster: bool = False
    context: str | None = None


@dataclass(frozen=True, kw_only=True)
class Checked:
    """The result: a verdict per chart and operator, and findings in charts and compatibility.yaml."""

    verdicts: tuple[Verdict, ...]
    findings: tuple[Finding, ...]
    made_for: str
    """The name of the SonataFlow that charts of workflows are built for."""
    cluster: Cluster | None = None


def check(folders: Iterable[Path], asked: Asked, settings: Settings, charts: Sequence[Path] = ()) -> Checked:
    """Check the chart of each workflow folder against the named operators, or else those it supported.

    `charts` are chart folders and packages from elsewhere, which Helm renders.

    Raises:
        SettingsError: an operator is unknown, CRDs do not exist, or there are charts but no Helm.
        OutputError: Helm cannot render a chart, or the cluster cannot be reached or has no SonataFlow.
        FindingsError: a workflow, compatibility.yaml or CRDs cannot be read.
    """
    checking = _Checking(settings, asked)
    verdicts: list[Verdict] = []
    found: list[Finding] = []
    installables: list[Installable] = []
    for workflow in map(read_folder, folders):
        name = chart_name(workflow.source.name)
        installables.append(of_workflow(workflow, name))
        supported = checking.asked or checking.supported(name)
        verdicts += checking.verdicts(rendered_chart(workflow, checking.capabilities), supported)
        found += supported.findings
    for path in charts:
        chart = render_chart(path)
        if not chart.rendered:
            found.append(_renders_nothing(path, chart))
            continue
        installables += (flow for each in chart.rendered for flow in of_chart(each, chart.name, path.as_posix()))
        supported = checking.asked or supported_operators(chart.name, chart.version, checking.matrix)
        if supported.assumed:
            found.append(_without_row(chart.name, checking.matrix))
        verdicts += (verdict for each in chart.rendered for verdict in checking.verdicts(each, supported))
        found += supported.findings
    return Checked(
        verdicts=tuple(verdicts),
        findings=(*found, *collisions(installables), *findings(verdicts)),
        made_for=checking.capabilities.sonataflow.name,
        cluster=checking.cluster,
    )


def _without_row(chart: str, matrix: Matrix) -> Finding:
    message = f"no row names {chart}, so it was checked against SonataFlow {matrix.newest.name}, the newest; add one"
    return Finding(path=matrix.path, rule="no-row", message=message, severity=Severity.WARNING)


def _renders_nothing(path: Path, chart: HelmChart) -> Finding:
    message = (
        f"{chart.name} {chart.version} renders no SonataFlow with its default values, so nothing of it was checked; "
        "if its sub-charts are disabled, check each separately"
    )
    return Finding(path=path.as_posix(), rule="no-sonataflow", message=message)


class _Checking:
    """The operators and existing charts that one check reads only once."""

    def __init__(self, settings: Settings, asked: Asked) -> None:
        self._settings = settings
        self._operators = Operators(settings.compatibility)
        operators = tuple(self._named(asked))
        self._crds = read_crds(asked.crds) if asked.crds else None
        self.cluster = read_cluster(asked.context) if asked.cluster else None
        self.asked = SupportedOperators(operators=operators) if operators or self._crds or self.cluster else None

    @property
    def matrix(self) -> Matrix:
        return self._operators.matrix

    @cached_property
    def capabilities(self) -> OperatorCapabilities:
        """The operator that charts of workflows are built for by default."""
        return self._operators.line().capabilities

    def verdicts(self, chart: RenderedChart, supported: SupportedOperators) -> Iterator[Verdict]:
        """Yield the verdict of each operator on a chart, then those of the given CRDs and the cluster."""
        for operator in supported.operators:
            crd = self.crd(operator)
            if crd is None:
                yield Verdict(workflow=chart.name, operator=operator.name, sonataflow=None)
            else:
                yield judge_chart(chart, crd, operator.name)
        if self._crds:
            yield judge_chart(chart, self._crds)
        if self.cluster:
            yield judge_chart(chart, self.cluster.crd, self.cluster.operator)

    def _named(self, asked: Asked) -> Iterator[Operator]:
        """Yield the operators that the user names."""
        for text in asked.orchestrators:
            yield orchestrator_meant(text, self.matrix)
        for text in self._expand_all(asked.sonataflows):
            yield sonataflow_meant(text, self.matrix)

    def _expand_all(self, names: Sequence[str]) -> Sequence[str]:
        return [flow.name for flow in self.matrix.sonataflows] if "all" in names else names

    def supported(self, chart: str) -> SupportedOperators:
        """Return the operators that a chart supports at its version in the charts folder, or else the initial one."""
        version = self._charts.chart_version(chart) or self._settings.initial_version
        return supported_operators(chart, Version.parse(version), self.matrix)

    @cached_property
    def _charts(self) -> ChartsFolder:
        return read_charts_folder(self._settings.charts / UMBRELLA)

    def crd(self, operator: Operator) -> Crd | None:
        """Return the schema of an operator's SonataFlow, or None if that is unknown."""
        return self._operators.crd(operator.sonataflow) if operator.sonataflow else None
