"""The workflows' repository: the built charts to propose, and the commit that they come from."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from generator.chart.chart import Chart
from generator.chart.pin import pinned
from generator.delivery.release import values_file
from generator.findings.finding import Finding
from generator.image.commit import SourceCommit, public_url
from generator.proposal.proposal import Origin, Person
from generator.text.words import listed
from generator.workflow.folder import SHARED
from generator.workflow.workflow import Workflow
from pipeline.build import job
from pipeline.build.plan import Plan
from pipeline.build.request import BuildRequest
from pipeline.charts.followed import check_environment, values_of
from pipeline.proposals.config_repository import Content
from pipeline.proposals.decision import SourceState
from pipeline.proposals.errors import ProposalError
from pipeline.system.commit import checkout_of, git
from pipeline.system.http_request import split_url
from pipeline.workspace.settings import Settings

#: The number of the pull request in GitHub's subjects of merge and squash commits.
_GITHUB_PULL: Final = re.compile(r"^Merge pull request #(\d+) |\(#(\d+)\)$")
#: The most charts that a message names.
_NAMED: Final = 5


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A workflow's chart, with the known digests of its images, and its values for environments."""

    workflow: Workflow
    chart: Chart
    findings: tuple[Finding, ...]
    values: Mapping[str, bytes]
    """The values files of environments, by their paths in the repository."""

    @property
    def folder(self) -> str:
        """The name of the workflow's folder."""
        return self.workflow.source.name

    @property
    def content(self) -> Content:
        """The proposed content."""
        return Content(chart=self.chart.name, files=self.chart.files, more=self.values)


class SourceRepository:
    """The repository of the workflows, at the commit that is checked out.

    Raises:
        ProposalError: there is no commit, or, unless `dirty`, workflows have uncommitted changes.
    """

    def __init__(self, workflows: Path, environment: Mapping[str, str], *, dirty: bool = False) -> None:
        checkout = checkout_of([workflows], environment)
        if checkout is None:
            raise ProposalError(
                f"{workflows}: no commit of a git repository is checked out; a proposal names the commit that it brings"
            )
        if checkout.commit.dirty and not dirty:
            raise ProposalError(
                f"{workflows}: has changes that are not committed; commit them first: a proposal names the commit "
                "that it brings"
            )
        self._workflows = workflows
        self.commit: SourceCommit = checkout.commit

    @property
    def state(self) -> SourceState:
        """The commit, for comparisons."""
        return SourceState(commit=self.commit.sha, time=self.commit.created)

    def is_ancestor(self, one: str, other: str) -> bool:
        """Return whether one commit is known to be an ancestor of another one."""
        return git(self._workflows, "merge-base", "--is-ancestor", one, other) is not None

    def origin(self, folder: str) -> Origin:
        """Return the commit, with the author and the subject of the last change of a workflow's folder."""
        paths = [path for name in (folder, SHARED) if (path := self._workflows / name).exists()]
        shown = ("-c", "log.showSignature=false", "log", "-1", "--no-merges", "--format=%an%x00%ae%x00%s")
        said = git(self._workflows, *shown, "--", *(str(path.resolve()) for path in paths)) or "\0\0"
        name, email, subject = (*said.split("\0", 2), "", "")[:3]
        return Origin(
            commit=self.commit,
            subject=subject,
            author=Person(name=name, email=email),
            url=self._page("commit", self.commit.sha),
            pull_request=self._pull_request(subject),
        )

    def _page(self, kind: str, name: str) -> str:
        if not self.commit.url:
            return ""
        gitlab = "gitlab" in (split_url(self.commit.url).hostname or "")
        return f"{self.commit.url}{'/-' if gitlab else ''}/{kind}/{name}"

    def _pull_request(self, subject: str) -> str:
        """Return the URL of the pull request in a commit's subject, in GitHub's wording, or ""."""
        head = git(self._workflows, "-c", "log.showSignature=false", "log", "-1", "--format=%s") or ""
        for text in (head, subject):
            if match := _GITHUB_PULL.search(text):
                return self._page("pull", match[1] or match[2])
        return ""


def candidates(
    wanted: BuildRequest, settings: Settings, environments: Sequence[str], reporter: job.Reporter, *, digests: bool
) -> list[Candidate]:
    """Return the charts to propose for workflows, at their versions in the charts folder.

    With `digests`, images get the digests in the output folder's index, as in packages.

    Raises:
        FindingsError: a workflow has errors.
        ProposalError: a chart in the charts folder is out of date.
        SettingsError, ValuesError: the values of an environment are not valid.
    """
    plan = job.prepare(wanted, settings, reporter)
    charts = {name: plan.chart(name, plan.version(name)) for name in sorted(plan.workflows)}
    _check_built(plan, charts)
    pins = plan.with_images(()).pins if digests else {}
    return [
        Candidate(
            workflow=plan.workflows[name],
            chart=replace(chart, files=pinned(chart.files, pins.get(name, ()))),
            findings=tuple(each for each in plan.findings if _below(each, plan.workflows[name])),
            values=_values(name, environments),
        )
        for name, chart in charts.items()
    ]


def _check_built(plan: Plan, charts: Mapping[str, Chart]) -> None:
    changed = [name for name, chart in charts.items() if plan.folder.state(chart) == "changed"]
    if changed:
        more = [f"{len(changed) - _NAMED} more"] if len(changed) > _NAMED else []
        folders = [plan.workflows[name].source.name for name in changed[:_NAMED]]
        raise ProposalError(
            f"{plan.folder.path.as_posix()}: {listed([*changed[:_NAMED], *more])} out of date; build first: "
            f"waybill build {' '.join(folders) if not more else '--all'} --bump auto"
        )


def _below(finding: Finding, workflow: Workflow) -> bool:
    path = workflow.source.path
    return finding.path == path or finding.path.startswith(f"{path}/")


def _values(chart: str, environments: Sequence[str]) -> dict[str, bytes]:
    """Return the environments' values files for a chart, by path."""
    found = {}
    for environment in environments:
        check_environment(environment)
        values_of([chart], None, environment)
        path = Path(values_file(environment, chart))
        if path.is_file():
            found[path.as_posix()] = path.read_bytes()
    return found


def is_own(clone_url: str, workflows: Path) -> bool:
    """Return whether a URL is that of the workflows' own repository."""
    remote = git(workflows, "remote", "get-url", "origin") or ""
    ours = public_url(remote)
    return bool(ours) and ours.lower() == public_url(clone_url).lower()
