"""Holds the charts of workflows against operators: those that a chart claims, or those that a person names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from semver import Version

from generator.chart import chart_name
from generator.compatibility.claims import Claims, Operator, claims_of, orchestrator_meant, sonataflow_meant
from generator.compatibility.crd import Crd
from generator.compatibility.listing import Listed, Wanted, listed
from generator.compatibility.matrix import Matrix
from generator.compatibility.ranges import parse_loose
from generator.compatibility.verdict import Verdict, findings, judge
from generator.errors import SettingsError
from generator.findings import Finding
from generator.umbrella import NAME as UMBRELLA
from pipeline.charts_folder import ChartsFolder, read_charts_folder
from pipeline.crds import read_crds
from pipeline.operators import Operators, read_compatibility
from pipeline.published import read_published_index
from pipeline.reading import read_folder
from pipeline.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The operators that a person names: versions of SonataFlow and of the Orchestrator, and a place with CRDs."""

    sonataflows: tuple[str, ...] = ()
    orchestrators: tuple[str, ...] = ()
    crds: str | None = None


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What came of it: a verdict a pair, and what is wrong with the charts and with compatibility.yaml."""

    verdicts: tuple[Verdict, ...]
    findings: tuple[Finding, ...]


def check(folders: Iterable[Path], asked: Asked, settings: Settings) -> Checked:
    """Hold the chart of each workflow folder against the operators that are asked for, else against those it claims.

    Raises:
        SettingsError: an operator that is not known, or CRDs that are not there.
        FindingsError: a workflow, compatibility.yaml or CRDs that cannot be read.
    """
    checking = _Checking(settings)
    operators = list(checking.named(asked))
    own = read_crds(asked.crds) if asked.crds else None
    verdicts: list[Verdict] = []
    found: list[Finding] = []
    for workflow in map(read_folder, folders):
        claims = Claims(operators=tuple(operators))
        if not operators and own is None:
            claims = checking.claims(chart_name(workflow.source.name))
        found += claims.findings
        for operator in claims.operators:
            crd = checking.crd(operator)
            if crd is None:
                verdicts.append(Verdict(workflow=workflow.source.name, operator=operator.name, sonataflow=None))
            else:
                verdicts.append(judge(workflow, crd, operator.name))
        if own:
            verdicts.append(judge(workflow, own))
    return Checked(verdicts=tuple(verdicts), findings=(*found, *findings(verdicts)))


def check_index(place: str, asked: Asked, settings: Settings) -> tuple[Listed, ...]:
    """Say what of a published index (a file or an address) the one operator that is asked for can run.

    Raises:
        SettingsError: no operator is asked for, or more than one, or one that is not known.
        OutputError: the index cannot be read.
        FindingsError: it is no index, or compatibility.yaml cannot be read.
    """
    matrix = read_compatibility(settings.compatibility)
    match (asked.orchestrators, asked.sonataflows):
        case ((text,), ()):
            orchestrator_meant(text, matrix)
            wanted = Wanted(version=parse_loose(text, "--operator"), orchestrator=True)
        case ((), (text,)):
            sonataflow_meant(text, matrix)
            wanted = Wanted(version=parse_loose(text, "--sonataflow"), orchestrator=False)
        case _:
            raise SettingsError(
                "--index needs the one operator that you have: --operator 1.3.2, or --sonataflow 10.1.0"
            )
    return tuple(listed(read_published_index(place).entries, wanted, matrix))


class _Checking:
    """What one check needs more than once: the operators, and the charts as they lie there."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._operators = Operators(settings.compatibility)

    @property
    def matrix(self) -> Matrix:
        return self._operators.matrix

    def named(self, asked: Asked) -> Iterator[Operator]:
        """The operators that a person names."""
        for text in asked.orchestrators:
            yield orchestrator_meant(text, self.matrix)
        for text in self._all_where_asked(asked.sonataflows):
            yield sonataflow_meant(text, self.matrix)

    def _all_where_asked(self, names: Sequence[str]) -> Sequence[str]:
        return [flow.name for flow in self.matrix.sonataflows] if "all" in names else names

    def claims(self, chart: str) -> Claims:
        """What a chart claims at the version that lies in the charts folder; a new one has the first."""
        version = self._charts.chart_version(chart) or self._settings.initial_version
        return claims_of(chart, Version.parse(version), self.matrix)

    @cached_property
    def _charts(self) -> ChartsFolder:
        return read_charts_folder(self._settings.charts / UMBRELLA)

    def crd(self, operator: Operator) -> Crd | None:
        """The schema of an operator's SonataFlow, where that is known."""
        return self._operators.crd(operator.sonataflow) if operator.sonataflow else None
