"""Makes the proposals of workflows: reads everything once, decides, and makes the necessary changes."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal, Protocol

from generator.image.commit import SourceCommit
from generator.proposal.body import body, title
from generator.proposal.commit_message import commit_message
from generator.proposal.holding import Holding, content_of
from generator.proposal.marker import Marker, read_marker, with_marker
from generator.proposal.proposal import Origin, Proposal
from generator.text.words import listed, plural
from pipeline.proposals.api_commits import ApiCommits
from pipeline.proposals.config_repository import ConfigRepository, MovedError, OthersError
from pipeline.proposals.decision import Action, Situation, SourceState, decide
from pipeline.proposals.errors import BudgetError, ProposalError
from pipeline.proposals.forge import PREFIX, Draft, Forge, Options, PullRequest
from pipeline.proposals.source import Candidate
from pipeline.system.journal import Effect, Journal

#: The attempts at one branch; parallel runs succeed one after the other.
_ATTEMPTS: Final = 50
#: The upper limits in seconds of the first pause and of all pauses.
_FIRST, _LONGEST = 0.1, 5.0
#: The actions that change something.
_WRITING: Final = frozenset({Action.PROPOSE, Action.OPEN, Action.DESCRIBE, Action.CLOSE, Action.DELETE})
#: The actions that write the text of a pull request.
_TEXTS: Final = frozenset({Action.PROPOSE, Action.OPEN, Action.DESCRIBE})
#: The actions that depend on an earlier pull request.
_NEW: Final = frozenset({Action.PROPOSE, Action.OPEN})

State = Literal[
    "unchanged", "opened", "updated", "closed", "deleted", "kept", "declined", "reverted", "newer", "blocked", "waiting"
]


class Source(Protocol):
    """The repository of the workflows, at the commit to propose."""

    @property
    def commit(self) -> SourceCommit:
        """The commit."""

    @property
    def state(self) -> SourceState:
        """The commit, for comparisons."""

    def is_ancestor(self, one: str, other: str) -> bool:
        """Return whether one commit is known to be an ancestor of another one."""

    def origin(self, folder: str) -> Origin:
        """Return the commit, with the author and the subject of the last change of a workflow's folder."""


@dataclass(frozen=True, kw_only=True)
class Proposed:
    """The result of the proposal of one workflow."""

    workflow: str
    chart: str
    version: str
    state: State
    url: str = ""
    """The URL of the pull request, or ""."""
    note: str = ""
    """A note for the user."""

    @property
    def branch(self) -> str:
        """The branch of the proposal."""
        return f"{PREFIX}{self.chart}"

    def as_json(self) -> dict[str, object]:
        """Return the result as a JSON object, for `--json`."""
        return {
            "workflow": self.workflow,
            "chart": self.chart,
            "version": self.version,
            "branch": self.branch,
            "state": self.state,
            "url": self.url or None,
            "note": self.note or None,
        }


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The results of all proposals. `stopped` says why the run ended early; the next run continues with the rest."""

    proposals: tuple[Proposed, ...]
    stopped: str = ""

    @property
    def changes(self) -> bool:
        """Whether something was changed, or would be without `--dry-run`."""
        return any(each.state in ("opened", "updated", "closed", "deleted") for each in self.proposals)

    @property
    def failed(self) -> bool:
        """Whether the user has to act."""
        return bool(self.stopped) or any(each.state == "blocked" for each in self.proposals)


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """The user's options. `limit` is the most workflows to change, 0 for no limit."""

    options: Options = field(default_factory=Options)
    sign: bool = False
    dry_run: bool = False
    patch: bool = False
    """Whether to make patches of the proposals."""
    limit: int = 0
    commits: ApiCommits | None = None
    """Makes commits with the forge's API, or None to use git."""
    again: tuple[str, ...] = ()
    """The command that continues after a failure, as arguments."""


@dataclass(frozen=True, kw_only=True)
class _Plan:
    candidate: Candidate
    situation: Situation
    action: Action
    files: Mapping[str, str]

    @property
    def branch(self) -> str:
        return _branch(self.candidate)

    @property
    def expected(self) -> str | None:
        return self.situation.branch.head if self.situation.branch else None


class Proposing:
    """One run. A workflow's pull request is opened last, so that a rerun completes an interrupted proposal."""

    def __init__(
        self, *, source: Source, forge: Forge, repository: ConfigRepository, wishes: Wishes, journal: Journal
    ) -> None:
        self._source = source
        self._forge = forge
        self._repository = repository
        self._wishes = wishes
        self._journal = journal
        self._opened: Mapping[str, PullRequest] = {}
        self.patches: list[bytes] = []
        """The patches of the commits that were made, or would be, for `git am`."""

    def run(self, candidates: Sequence[Candidate]) -> Outcome:
        """Propose what is neither on the base nor proposed yet; with `dry_run`, only report it.

        Raises:
            ProposalError: the forge or the repository cannot be read or written.
        """
        self.refresh()
        plans = {each.chart.name: self._plan(each) for each in candidates}
        done: list[Proposed] = []
        stopped = ""
        try:
            plans = self._with_last_requests(plans)
            self._repository.fetch_charts(name for name, plan in plans.items() if plan.action in _TEXTS)
            for plan in plans.values():
                done.append(self._waiting(plan) if self._is_full(done, plan) else self._carry_out(plan))
        except BudgetError as error:
            stopped = str(error)
            there = {each.chart for each in done}
            for plan in (plan for name, plan in plans.items() if name not in there):
                waits = plan.action in _WRITING
                done.append(self._waiting(plan) if waits else self._result(plan, "unchanged"))
        return Outcome(proposals=tuple(done), stopped=stopped)

    def refresh(self) -> None:
        """Read the branches and the open pull requests."""
        self._repository.refresh()
        self._opened = self._forge.opened(self._repository.base)

    def _plan(self, candidate: Candidate) -> _Plan:
        """Return the plan for a workflow, as far as it is known without asking the forge."""
        repository = self._repository
        content = candidate.content
        files = repository.wanted(content)
        situation = Situation(
            wanted=content_of(files),
            base=content_of(repository.on_base(content)),
            source=self._source.state,
            branch=repository.branch(_branch(candidate)),
            opened=self._opened.get(_branch(candidate)),
        )
        action = decide(situation, self._source.is_ancestor)
        return _Plan(candidate=candidate, situation=situation, action=action, files=files)

    def _with_last_requests(self, plans: Mapping[str, _Plan]) -> dict[str, _Plan]:
        """Return the plans, completed with closed and merged pull requests, up to the limit of this run."""
        found: dict[str, _Plan] = {}
        number = 0
        for name, plan in plans.items():
            full = self._wishes.limit and number >= self._wishes.limit
            found[name] = plan if full else self._with_last(plan)
            number += found[name].action in _WRITING
        return found

    def _with_last(self, plan: _Plan) -> _Plan:
        if plan.situation.opened or plan.action not in _NEW:
            return plan
        last = self._forge.last(plan.branch, self._repository.base)
        situation = replace(plan.situation, last=last)
        return replace(plan, situation=situation, action=decide(situation, self._source.is_ancestor))

    def _is_full(self, done: Sequence[Proposed], plan: _Plan) -> bool:
        changed = sum(each.state in ("opened", "updated", "closed", "deleted") for each in done)
        return bool(self._wishes.limit) and plan.action in _WRITING and changed >= self._wishes.limit

    def _carry_out(self, plan: _Plan) -> Proposed:
        """Carry out a plan, and repeat it with the new state if others changed the branch at the same time.

        Raises:
            ProposalError: others were faster each time.
        """
        for attempt in range(_ATTEMPTS):
            try:
                return self._carry_out_once(plan)
            except MovedError:
                time.sleep(random.uniform(0, min(_LONGEST, _FIRST * 2**attempt)))  # noqa: S311 - no secret
                self.refresh()
                plan = self._with_last(self._plan(plan.candidate))
        raise ProposalError(
            f"{self._forge.place}: others changed the branch '{plan.branch}' {_ATTEMPTS} times in the meantime; "
            "run it again"
        )

    def _carry_out_once(self, plan: _Plan) -> Proposed:
        if plan.action in _TEXTS:
            return self._propose(plan)
        if plan.action in _WRITING:
            return self._closed(plan)
        state, note = self._reason(plan)
        return self._result(plan, state, note)

    def _reason(self, plan: _Plan) -> tuple[State, str]:
        """Return the state and note of a plan that does nothing."""
        base, opened, last = self._repository.base, plan.situation.opened, plan.situation.last
        declined = f"{_shown(last)} with this content was closed without a merge; reopen it, or change the workflow"
        reverted = f"{_shown(last)} with this content was merged, and {base} has another one since; change the workflow"
        newer = f"{_shown(opened or last) or plan.branch} has a later commit of the source; to go back, revert that"
        reasons: dict[Action, tuple[State, str]] = {
            Action.KEEP: ("kept", f"{base} has this content, but the branch holds {_others(plan)}"),
            Action.DECLINED: ("declined", declined),
            Action.REVERTED: ("reverted", f"{reverted}, or bring it back there"),
            Action.NEWER: ("newer", newer),
        }
        return reasons.get(plan.action, ("unchanged", ""))

    def _propose(self, plan: _Plan) -> Proposed:
        """Push the commit if necessary, then open or update the pull request."""
        opened = plan.situation.opened
        state: State = "updated" if opened else "opened"
        proposal = self._proposal(plan)
        if plan.action is Action.PROPOSE:
            try:
                commit, message = self._commit(plan, proposal)
            except OthersError as error:
                return self._blocked(plan, error)
            if self._wishes.patch:
                date = self._source.commit.time
                self.patches.append(self._repository.patch(plan.candidate.content, message, date))
            if self._wishes.dry_run:
                return self._result(plan, state)
            commit = self._push_commit(plan, commit, message)
            self._record(f"pushed commit {commit[:12]} to branch {plan.branch} of {self._forge.place}")
        else:
            commit = plan.expected or ""
        if self._wishes.dry_run:
            return self._result(plan, state)
        text = body(proposal, self._forge.body_limit)
        if opened is None:
            draft = Draft(
                branch=plan.branch,
                base=self._repository.base,
                title=title(proposal),
                body=text,
                options=self._wishes.options,
            )
            request = self._forge.open(draft, self._journal)
            marker = read_marker(request.body)
            if marker and marker.content != plan.situation.wanted:
                raise MovedError
        else:
            request = self._forge.update(opened, _title(opened, proposal), text, self._journal)
            # If another run pushed in between, its text may have been set before this one, so start again.
            if self._repository.head(plan.branch) != commit:
                raise MovedError
        return self._result(plan, state, url=request.url)

    def _push_commit(self, plan: _Plan, commit: str, message: str) -> str:
        """Push a commit to the branch, and return its hash there."""
        repository, commits = self._repository, self._wishes.commits
        if commits is None:
            with self._journal.attempting(f"pushed branch {plan.branch} to {repository.place}"):
                repository.push(commit, plan.branch, expected=plan.expected)
            return commit
        parent = plan.expected or repository.base_head
        additions, deletions = repository.changes(commit, plan.candidate.content, parent)
        made = commits.commit(
            plan.branch,
            parent=parent,
            is_new=plan.expected is None,
            additions=additions,
            deletions=deletions,
            message=message,
        )
        repository.made(made, plan.branch)
        return made

    def _commit(self, plan: _Plan, proposal: Proposal) -> tuple[str, str]:
        """Return the hash of the new branch head, and the message of the proposal's own commit below other commits."""
        repository, source = self._repository, self._source
        tree = repository.tree_with(plan.candidate.content, plan.files)
        holding = Holding(
            branch=plan.branch,
            content=plan.situation.wanted,
            before=plan.situation.base,
            base=repository.base_head,
            commit=source.commit.sha,
            time=source.commit.created,
            tree=tree,
            paths=repository.paths(plan.candidate.content),
        )
        message = commit_message(proposal, repository.signer(), holding)
        seconds = int(source.commit.time.timestamp())
        branch = plan.situation.branch
        return repository.commit(tree, message, time=seconds, sign=self._wishes.sign, branch=branch), message

    def _closed(self, plan: _Plan) -> Proposed:
        """Close the pull request, if one is open, and delete the branch."""
        opened, base = plan.situation.opened, self._repository.base
        state: State = "closed" if opened else "deleted"
        note = f"{base} has this content"
        if self._wishes.dry_run:
            return self._result(plan, state, note)
        if opened:
            self._close(plan, opened)
        if plan.expected:
            self._repository.delete(plan.branch, expected=plan.expected)
            self._record(f"deleted branch {plan.branch} of {self._forge.place}")
        return self._result(plan, state, note)

    def _close(self, plan: _Plan, opened: PullRequest) -> None:
        marker = read_marker(opened.body)
        if marker and marker.content != plan.situation.wanted:
            # Its last content may be proposed again one day, so do not record it as declined.
            settled = Marker(
                workflow=plan.candidate.folder,
                commit=self._source.commit.sha,
                time=self._source.commit.created,
                content=plan.situation.wanted,
            )
            opened = self._forge.update(opened, opened.title, with_marker(opened.body, settled), self._journal)
        text = f"{self._repository.base} has the content of this chart by now, so there is nothing left to merge."
        self._forge.close(opened, text, self._journal)

    def _proposal(self, plan: _Plan) -> Proposal:
        candidate = plan.candidate
        base = self._repository.base
        return Proposal(
            workflow=candidate.workflow,
            chart=candidate.chart,
            old=self._repository.chart_on_base(candidate.chart.name),
            origin=self._source.origin(candidate.folder),
            command=f"git diff origin/{base}...origin/{plan.branch}",
            findings=candidate.findings,
            content=plan.situation.wanted,
        )

    def _blocked(self, plan: _Plan, error: OthersError) -> Proposed:
        how = f"the branch holds {_others(plan)}, and {error.commit.oid[:12]} does not apply to the new chart"
        return self._result(plan, "blocked", f"{how}; merge the pull request, or take the commit off the branch")

    def _waiting(self, plan: _Plan) -> Proposed:
        return self._result(plan, "waiting")

    def _result(self, plan: _Plan, state: State, note: str = "", *, url: str = "") -> Proposed:
        opened = plan.situation.opened
        return Proposed(
            workflow=plan.candidate.folder,
            chart=plan.candidate.chart.name,
            version=plan.candidate.chart.version,
            state=state,
            url=url or (opened.url if opened else ""),
            note=note,
        )

    def _record(self, done: str) -> None:
        self._journal.record(Effect(done=done, go_on=self._wishes.again))


@dataclass(frozen=True, kw_only=True)
class Leftover:
    """An obsolete branch, with the reason."""

    branch: str
    head: str
    why: str


def leftovers(repository: ConfigRepository, forge: Forge, charts: Iterable[str]) -> list[Leftover]:
    """Return the obsolete branches: the content is on the base or the workflow is gone, and no pull request is open.

    `charts` are those of all workflows. A branch with other people's commits is only obsolete if the base has them.

    Raises:
        ProposalError: the forge or the repository cannot be read.
    """
    repository.refresh()
    opened = forge.opened(repository.base)
    known = {f"{PREFIX}{chart}" for chart in charts}
    found = []
    for name in repository.branches:
        if name in opened:
            continue
        branch = repository.branch(name)
        if branch is None or (branch.others and not repository.has_all_of(branch)):
            continue
        if branch.held is None or repository.has(branch.held):
            found.append(Leftover(branch=name, head=branch.head, why=f"its content is on {repository.base}"))
        elif name not in known:
            found.append(Leftover(branch=name, head=branch.head, why="its workflow is gone"))
    return found


def prune(repository: ConfigRepository, branches: Iterable[Leftover], journal: Journal) -> None:
    """Delete branches, except those that have moved since they were read.

    Raises:
        ProposalError: a deletion was refused.
    """
    for each in branches:
        try:
            repository.delete(each.branch, expected=each.head)
        except MovedError:
            continue
        journal.record(Effect(done=f"deleted branch {each.branch} of {repository.place}"))


def _branch(candidate: Candidate) -> str:
    return f"{PREFIX}{candidate.chart.name}"


def _title(opened: PullRequest, proposal: Proposal) -> str:
    """Return the new title, or the current one if a user has written it."""
    ours = re.match(rf"(?:Add|Update) {re.escape(proposal.chart.name)}(?: |$)", opened.title)
    return title(proposal) if ours else opened.title


def _others(plan: _Plan) -> str:
    others = plan.situation.branch.others if plan.situation.branch else ()
    if not others:
        return "commits that waybill did not make"
    return f"{plural(len(others), 'commit')} of other people: {listed(map(str, others))}"


def _shown(request: PullRequest | None) -> str:
    if request is None:
        return ""
    return request.url or request.branch
