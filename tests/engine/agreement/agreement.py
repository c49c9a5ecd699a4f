"""Compares what lint says of folders with what the engine, the operator's reader and the API server do with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from generator.findings.errors import FindingsError
from generator.findings.finding import Finding, Severity
from generator.kubernetes.admission import admit
from generator.kubernetes.crd import Crd, known_crd, known_crds
from generator.kubernetes.objects import ManifestOptions, manifests
from generator.lint.linter import lint
from generator.workflow.dsl import IDENTITY
from generator.workflow.workflow import read_workflow
from pipeline.system.environment import without_home
from tests.engine.agreement import engine_judge
from tests.engine.agreement.engine_judge import Judgement, Outcome
from tests.engine.agreement.folders import Folder
from tests.engine.rules.table import ALONE, ELSEWHERE, OTHERS, RUN
from tests.operator_reader import read

#: Rules whose errors show in another way than by a refusal: their rows of the engine's table say how.
_SEEN_OTHERWISE: Final = frozenset(
    {name for name, row in RUN.items() if row.bad.status == HTTPStatus.CREATED and row.bad != row.good}
    | set(ELSEWHERE)
    | {ALONE, *OTHERS}
)
#: Rules whose errors show when an instance runs.
_SEEN_IN_A_RUN: Final = frozenset(name for name, row in RUN.items() if row.bad.status >= HTTPStatus.BAD_REQUEST)


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What lint says of a folder, and what its judges do with it."""

    folder: Folder
    findings: tuple[Finding, ...]
    engine: Judgement
    operator: str = ""
    """What the operator's reader or the API server refuses of the custom resource."""

    @property
    def errors(self) -> frozenset[str]:
        """The rules of lint's errors."""
        return frozenset(one.rule for one in self.findings if one.severity is Severity.ERROR)

    @property
    def refused(self) -> bool:
        """Whether a judge refuses it."""
        return self.engine.outcome.refused or bool(self.operator)

    @property
    def false_errors(self) -> frozenset[str]:
        """Rules that report an error where no judge objects."""
        unseen = _SEEN_OTHERWISE if self.engine.outcome is Outcome.RAN else _SEEN_OTHERWISE | _SEEN_IN_A_RUN
        return frozenset() if self.refused else self.errors - unseen

    @property
    def missed(self) -> bool:
        """Whether a judge refuses what lint calls clean."""
        return self.refused and not self.errors

    @property
    def agreed(self) -> bool:
        """Whether lint and its judges agree."""
        return not self.missed and not self.false_errors

    def __str__(self) -> str:
        if self.missed:
            who = f"the engine {self.engine.outcome}" if self.engine.outcome.refused else "the operator refuses it"
            last = (self.engine.error or self.operator).strip().rpartition("\n")[2]
            return f"{self.folder.name}: missed, {who}: {last[:300]}"
        texts = {one.message for one in self.findings if one.rule in self.false_errors}
        return f"{self.folder.name}: false {', '.join(sorted(self.false_errors))}: {'; '.join(sorted(texts))}"


def judged(folders: Sequence[Folder], log_file: Path) -> list[Judged]:
    """Ask all judges about folders whose build needs nothing from elsewhere."""
    found = [_lint(folder) for folder in folders]
    clean = {
        folder.name
        for folder, findings in zip(folders, found, strict=True)
        if not any(one.severity is Severity.ERROR for one in findings)
    }
    judgements = engine_judge.judge(folders, clean, log_file)
    return [
        Judged(folder=folder, findings=findings, engine=engine, operator=operator)
        for folder, findings, engine, operator in zip(folders, found, judgements, _operator(folders), strict=True)
    ]


@without_home()
def _lint(folder: Folder) -> tuple[Finding, ...]:
    try:
        return lint(read_workflow(folder.source))
    except FindingsError as error:
        return tuple(error.findings)


@without_home()
def _operator(folders: Sequence[Folder]) -> list[str]:
    """What keeps each custom resource from being stored or read, on the newest SonataFlow; "" where nothing does."""
    crd = known_crd(known_crds()[-1])
    resources = [_resource(folder, crd) for folder in folders]
    answers = read([resource["spec"]["flow"] for resource in resources])
    return [
        next(filter(None, answer.values()), None) or "; ".join(map(str, admit(resource, crd).refused))
        for resource, answer in zip(resources, answers, strict=True)
    ]


def _resource(folder: Folder, crd: Crd) -> Mapping[str, Any]:
    """The custom resource that waybill makes; where it makes none, one with the flow as it is written."""
    try:
        workflow = read_workflow(folder.source)
        if not any(one.blocking for definition in workflow.definitions() for one in definition.findings):
            return next(one for one in manifests(workflow, ManifestOptions(crd=crd)) if one["kind"] == "SonataFlow")
    except FindingsError:
        pass
    written = folder.definition if isinstance(folder.definition, dict) else {}
    return {"spec": {"flow": {key: value for key, value in written.items() if key not in IDENTITY}}}


def tables(all_of_them: Sequence[Judged]) -> Iterator[str]:
    """Lines for a person: lint's errors by the engine's outcome, then the same for each rule."""
    yield f"{'':34}{'lint: error':>12}{'lint: clean':>12}"
    for outcome in Outcome:
        bad, clean = (
            sum(one.engine.outcome is outcome and bool(one.errors) is has for one in all_of_them)
            for has in (True, False)
        )
        yield f"the engine {outcome:23}{bad:12}{clean:12}"
    refused, accepted, false = Counter[str](), Counter[str](), Counter[str]()
    for one in all_of_them:
        (refused if one.refused else accepted).update(one.errors)
        false.update(one.false_errors)
    yield f"\n{'rule':34}{'refused':>12}{'accepted':>12}{'false':>12}"
    for rule in sorted({*refused, *accepted}):
        yield f"{rule:34}{refused[rule]:12}{accepted[rule]:12}{false[rule]:12}"
    agreed = sum(one.agreed for one in all_of_them)
    yield f"\n{agreed} of {len(all_of_them)} judged as lint says ({agreed / len(all_of_them):.1%})"
