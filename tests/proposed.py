"""Proposals for tests: a source with commits that are only numbers, and charts of small workflows."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from generator.chart.chart import Chart, workflow_chart
from generator.image.commit import SourceCommit
from generator.kubernetes.objects import ImageReference
from generator.proposal.proposal import Origin, Person
from generator.workflow.workflow import Workflow
from pipeline.proposals.config_repository import ConfigRepository
from pipeline.proposals.decision import SourceState
from pipeline.proposals.forge import Forge
from pipeline.proposals.proposing import Outcome, Proposing, Wishes
from pipeline.proposals.source import Candidate
from pipeline.system.journal import Journal
from tests.unit.conftest import MINIMAL
from tests.unit.conftest import workflow as workflow_of

FOLDER = "charts/workflows/charts"


@dataclass
class NumberedSource:
    """A source whose commits are numbers, one the ancestor of the next; `known` says whether history tells so."""

    number: int
    known: bool = True

    @property
    def commit(self) -> SourceCommit:
        return SourceCommit(
            sha=f"{self.number:040x}", time=datetime(2026, 11, 1, tzinfo=UTC).replace(minute=self.number % 60)
        )

    @property
    def state(self) -> SourceState:
        return SourceState(commit=self.commit.sha, time=self.commit.created)

    def is_ancestor(self, one: str, other: str) -> bool:
        return self.known and int(one, 16) <= int(other, 16)

    def origin(self, folder: str) -> Origin:
        author = Person(name="Ann Author", email="ann@example.com")
        return Origin(commit=self.commit, subject=f"Change {folder}", author=author)


@cache
def chart_of(name: str, version: str) -> tuple[Workflow, Chart]:
    definition = json.dumps({**MINIMAL, "id": name, "version": version})
    workflow = workflow_of({f"{name}.sw.json": definition}, name=name)
    image = ImageReference(repository=f"quay.io/me/{name}", tag=f"src-{version}")
    return workflow, workflow_chart(workflow, version=version, image=image)


def candidate(name: str = "greeting", version: str = "1.0.0", values: Mapping[str, bytes] | None = None) -> Candidate:
    workflow, chart = chart_of(name, version)
    return Candidate(workflow=workflow, chart=chart, findings=(), values=values or {})


def environment_of(folder: Path) -> dict[str, str]:
    """An environment without anybody's configuration of git."""
    folder.mkdir(exist_ok=True)
    (folder / "gitconfig").touch()
    own = {"GIT_CONFIG_GLOBAL": str(folder / "gitconfig"), "GIT_CONFIG_NOSYSTEM": "1", "TMPDIR": str(folder)}
    return {"PATH": os.environ["PATH"], **own}


def bare_repository(path: Path) -> Path:
    """A bare repository whose branch main has one commit with a README."""
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", "--template=", str(path)], check=True)
    for key in ("uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"):
        subprocess.run(["git", "-C", str(path), "config", key, "true"], check=True)
    commit = (
        b"commit refs/heads/main\ncommitter t <t@t> 1700000000 +0000\ndata 1\nx\nM 644 inline README.md\ndata 3\nHi\n"
    )
    subprocess.run(["git", "-C", str(path), "fast-import", "--quiet"], input=commit, check=True)
    return path


@dataclass
class Run:
    """What one run of `waybill propose` is given."""

    forge: Forge
    environment: dict[str, str]
    source: NumberedSource = field(default_factory=lambda: NumberedSource(1))
    wishes: Wishes = field(default_factory=Wishes)
    journal: Journal = field(default_factory=Journal)

    @contextmanager
    def repository(self) -> Iterator[ConfigRepository]:
        repository = ConfigRepository(
            self.forge.clone_url, self.environment, place=self.forge.place, base="main", path="charts/workflows"
        )
        with closing(repository):
            yield repository

    def run(self, *candidates: Candidate) -> Outcome:
        with self.repository() as repository:
            proposing = Proposing(
                source=self.source, forge=self.forge, repository=repository, wishes=self.wishes, journal=self.journal
            )
            return proposing.run(candidates)
