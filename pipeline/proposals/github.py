"""A `Forge` for pull requests on GitHub, or on a GitHub Enterprise Server."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

import msgspec

from generator.findings.suggestions import did_you_mean
from pipeline.proposals.forge import PREFIX, Draft, Obstacle, Options, PullRequest, State
from pipeline.proposals.github_app import github_api
from pipeline.proposals.github_budget import Budget
from pipeline.proposals.github_errors import as_proposal
from pipeline.publish.errors import PublishError
from pipeline.publish.github_api import SERVER, GithubApi, LostAnswerError, RateLimitError, RefusedError
from pipeline.system.git_credentials import Token
from pipeline.system.journal import Effect, Journal
from pipeline.workspace.places import GithubRepository

if TYPE_CHECKING:
    from github.IssueComment import IssueComment
    from github.Milestone import Milestone
    from github.PullRequest import PullRequest as GithubPullRequest
    from github.Repository import Repository

#: The most characters of a body (GitHub: «body is too long (maximum is 65536 characters)»).
_BODY: Final = 65_536
_NEEDS: Final = "pull_requests: write"
#: The beginning of the body of a pull request whose options are still to be set; JSON follows.
_UNFINISHED: Final = "<!-- waybill still sets: "
_END: Final = " -->\n"
_CLOSED: Final = "<!-- waybill closes {head} -->"


def open_github(
    repository: GithubRepository,
    environment: Mapping[str, str],
    warn: Callable[[str], None],
    *,
    server: str = "",
    is_signed: bool = False,
) -> tuple[GithubForge, Token | None]:
    """Return a repository on GitHub as a forge, and its token for git, if there is one.

    `server` is the URL of a GitHub Enterprise Server, if it is not the environment's.

    Raises:
        SettingsError: the environment or `server` names no GitHub, or the GitHub App is incomplete.
        ProposalError: GitHub refuses a token for the App.
    """
    api, token = github_api(repository.name, environment, server)
    return GithubForge(name=repository.name, api=api, warn=warn, is_signed=is_signed), token


@dataclass(frozen=True, kw_only=True)
class GithubForge:
    """A `Forge` for a repository on GitHub.

    GitHub cannot set the options of a pull request while creating it. Until all are set, its body lists them, so that
    after an interruption the next `open` or `update` completes it.
    """

    name: str
    """OWNER/REPO."""
    api: GithubApi
    warn: Callable[[str], None]
    """Receives a message about each option that could not be set."""
    is_signed: bool = False
    """Whether the commits to propose are signed."""
    budget: Budget = field(default_factory=Budget)
    _none_open: set[tuple[str, str]] = field(default_factory=set, init=False, repr=False)
    """Branches and bases that, as was just read, have no open pull request."""

    @property
    def place(self) -> str:
        """See `Forge`."""
        return f"github:{self.name}"

    @property
    def clone_url(self) -> str:
        """See `Forge`."""
        return f"{self.api.server}/{self.name}.git"

    @property
    def body_limit(self) -> int:
        """See `Forge`."""
        return _BODY

    def default_branch(self) -> str:
        """See `Forge`."""
        with as_proposal():
            return self.api.call(f"{self.place}: repository", lambda: _text(self._repository.default_branch))

    def opened(self, base: str) -> Mapping[str, PullRequest]:
        """See `Forge`."""
        repository = self._repository

        def read() -> list[PullRequest]:
            found = repository.get_pulls(state="open", base=base, sort="created", direction="asc")
            return [_read(each) for each in found if self._is_ours(each)]

        with as_proposal():
            requests = self.api.call(f"{self.place}: pull requests", read, needs=_NEEDS)
        # The oldest of a branch comes last, so it wins.
        return {each.branch: each for each in reversed(requests) if each.branch.startswith(PREFIX)}

    def last(self, branch: str, base: str) -> PullRequest | None:
        """See `Forge`."""
        with as_proposal():
            requests = self._newest(branch, base, "all")
        if not any(each.state == "open" for each in requests):
            self._none_open.add((branch, base))
        return next((each for each in requests if each.state != "open"), None)

    def open(self, draft: Draft, journal: Journal) -> PullRequest:
        """See `Forge`."""
        with as_proposal():
            found = None if (draft.branch, draft.base) in self._none_open else self._open_one(draft)
            if found is None:
                self.budget.check(self._what(draft.branch), _changes_of(draft.options))
                found = self._create(draft, journal)
                self._none_open.discard((draft.branch, draft.base))
            return self._finished(found, draft.title, draft.body) if _still_to_set(found.body) else found

    def update(self, request: PullRequest, title: str, body: str, journal: Journal) -> PullRequest:
        """See `Forge`."""
        updated = replace(request, title=title, body=body)
        with as_proposal():
            if _still_to_set(request.body):
                updated = self._finished(request, title, body)
            elif request.title == title and _lines_of(request.body) == _lines_of(body):
                return request
            else:
                pull = self._repository.get_pull(request.number)
                self._change(self._what(request.branch), lambda: pull.edit(title=title, body=body))
        journal.record(Effect(done=f"updated the pull request {request.url}"))
        return updated

    def close(self, request: PullRequest, comment: str, journal: Journal) -> None:
        """See `Forge`."""
        mark = _CLOSED.format(head=request.head)
        issue = self._repository.get_issue(request.number)
        what = f"{self._what(request.branch)}: comment"

        def look() -> IssueComment | None:
            comments = self.api.call(what, lambda: list(issue.get_comments()), needs=_NEEDS)
            return next((each for each in comments if mark in (each.body or "")), None)

        with as_proposal():
            if look() is None:
                post = self.budget.counted(what, lambda: issue.create_comment(f"{comment}\n\n{mark}"))
                self.api.changed(what, post, look, needs=_NEEDS)
            pull = self._repository.get_pull(request.number)
            self._change(self._what(request.branch), lambda: pull.edit(state="closed"))
        undo = ("gh", "pr", "reopen", str(request.number), "--repo", self._for_gh)
        journal.record(Effect(done=f"closed the pull request {request.url}", undo=undo))

    def obstacles(self, base: str, options: Options) -> Sequence[Obstacle]:
        """See `Forge`."""
        from pipeline.proposals.github_preflight import Preflight  # noqa: PLC0415 - only for --preflight

        with as_proposal():
            preflight = Preflight(api=self.api, name=self.name, place=self.place, is_signed=self.is_signed)
            return preflight.obstacles(base, options)

    @cached_property
    def _repository(self) -> Repository:
        """The repository, which is not fetched."""
        return self.api.client.get_repo(self.name)

    @property
    def _for_gh(self) -> str:
        return self.name if self.api.server == SERVER else f"{self.api.server.partition('://')[2]}/{self.name}"

    def _what(self, branch: str) -> str:
        """Return the beginning of messages about a branch's pull request."""
        return f"{self.place}: pull request of {branch}"

    def _change(self, what: str, work: Callable[[], object]) -> None:
        """Make a change that may safely be repeated."""
        self.api.call(what, self.budget.counted(what, work), needs=_NEEDS)

    def _is_ours(self, pull: GithubPullRequest) -> bool:
        """Return whether a pull request's branch is in this repository, rather than one of the same name in a fork."""
        return pull.head.repo is not None and pull.head.repo.full_name.lower() == self.name.lower()

    def _newest(self, branch: str, base: str, state: str) -> list[PullRequest]:
        """Return the first page of a branch's pull requests, newest first."""
        head = f"{self.name.partition('/')[0]}:{branch}"
        repository = self._repository

        def read() -> list[PullRequest]:
            found = repository.get_pulls(state=state, base=base, head=head, sort="created", direction="desc")
            return [_read(each) for each in found.get_page(0) if self._is_ours(each) and each.head.ref == branch]

        return self.api.call(self._what(branch), read, needs=_NEEDS)

    def _open_one(self, draft: Draft) -> PullRequest | None:
        return next(iter(reversed(self._newest(draft.branch, draft.base, "open"))), None)

    def _create(self, draft: Draft, journal: Journal) -> PullRequest:
        """Create a pull request, or return one that another run has just created."""
        repository, what = self._repository, self._what(draft.branch)
        body = f"{_mark(draft.options)}{draft.body}"

        def create() -> PullRequest:
            made = repository.create_pull(
                base=draft.base,
                head=draft.branch,
                title=draft.title,
                body=_cut(body),
                draft=draft.options.draft,
            )
            return _read(made)

        counted = self.budget.counted(what, create)
        try:
            request = self.api.changed(what, counted, lambda: self._open_one(draft), needs=_NEEDS)
        except RefusedError as error:
            if (found := self._open_one(draft)) is not None:
                return found
            if draft.options.draft and "draft" in str(error).lower():
                self.warn(f"{error}; it is opened as ready for review")
                return self._create(replace(draft, options=replace(draft.options, draft=False)), journal)
            raise
        undo = ("gh", "pr", "close", str(request.number), "--repo", self._for_gh)
        journal.record(Effect(done=f"opened the pull request {request.url}", undo=undo))
        return request

    def _finished(self, request: PullRequest, title: str, body: str) -> PullRequest:
        """Set the remaining options of a pull request, and finally its title and body."""
        options = _still_to_set(request.body) or Options()
        what = self._what(request.branch)
        if options.labels:
            self._add_labels(request, options.labels)
        if options.reviewers:
            self._request_reviews(request, options.reviewers)
        if options.auto_merge:
            self._enable_auto_merge(request, options.auto_merge)
        issue = self._repository.get_issue(request.number)
        milestone = self._milestone(request, options.milestone) if options.milestone else None
        if milestone is None:
            self._change(what, lambda: issue.edit(title=title, body=body))
        else:
            self._change(what, lambda: issue.edit(title=title, body=body, milestone=milestone))
        return replace(request, title=title, body=body)

    def _add_labels(self, request: PullRequest, labels: Sequence[str]) -> None:
        """Add labels; GitHub creates those that do not exist."""
        path = f"/repos/{self.name}/issues/{request.number}/labels"
        with self._warning_of_refusal(request, f"the labels {', '.join(labels)}") as what:
            # PyGithub sends a list, but GitHub's API description requires an object.
            self._change(what, lambda: self._send("POST", path, {"labels": [*labels]}))

    def _request_reviews(self, request: PullRequest, reviewers: Sequence[str]) -> None:
        """Request reviews, one by one if GitHub refuses them together because of one reviewer."""
        what = f"{self._what(request.branch)}: reviewers"
        try:
            self._change(what, lambda: self._send_review_requests(request, reviewers))
        except RefusedError:
            for reviewer in reviewers:
                with self._warning_of_refusal(request, f"the reviewer {reviewer}") as subject:
                    self._change(subject, lambda each=reviewer: self._send_review_requests(request, [each]))  # type: ignore[misc] # bound now
        except PublishError as error:
            self._warn_or_raise(error)

    def _send_review_requests(self, request: PullRequest, reviewers: Sequence[str]) -> None:
        people = [each for each in reviewers if "/" not in each]
        teams = [each.rpartition("/")[2] for each in reviewers if "/" in each]
        self._repository.get_pull(request.number).create_review_request(people, teams)

    def _enable_auto_merge(self, request: PullRequest, how: str) -> None:
        """Enable auto-merge for a pull request, which only the GraphQL API can."""
        with self._warning_of_refusal(request, "auto-merge") as what:
            pull = self._repository.get_pull(request.number)
            node = self.api.call(what, lambda: _text(pull.node_id), needs=_NEEDS)
            variables = {"pullRequestId": node, "mergeMethod": how.upper()}
            self._change(what, lambda: self.api.mutate("enablePullRequestAutoMerge", variables, "clientMutationId"))

    def _milestone(self, request: PullRequest, title: str) -> Milestone | None:
        """Return the open milestone with a title, or None."""
        repository = self._repository
        with self._warning_of_refusal(request, f"the milestone {title}") as what:
            known = {each.title: each for each in self.api.call(what, lambda: list(repository.get_milestones()))}
            if title in known:
                return known[title]
            self.warn(f"{what}: the repository has no open milestone of that title{did_you_mean(title, known)}")
        return None

    @contextmanager
    def _warning_of_refusal(self, request: PullRequest, thing: str) -> Iterator[str]:
        """Yield the beginning of messages; turn a refusal by GitHub into a warning."""
        try:
            yield f"{self._what(request.branch)}: {thing}"
        except PublishError as error:
            self._warn_or_raise(error)

    def _warn_or_raise(self, error: PublishError) -> None:
        """Warn that an option could not be set, but raise errors that a rerun may not have."""
        if isinstance(error, LostAnswerError | RateLimitError):
            raise error
        self.warn(f"{error}; the pull request is there without it")

    def _send(self, verb: str, path: str, body: object) -> None:
        self.api.client.requester.requestJsonAndCheck(verb, path, input=body)


def _read(pull: GithubPullRequest) -> PullRequest:
    """Convert a pull request from PyGithub's."""
    closed: State = "merged" if pull.merged_at else "closed"
    return PullRequest(
        number=pull.number,
        url=_text(pull.html_url),
        branch=_text(pull.head.ref),
        head=_text(pull.head.sha),
        state="open" if _text(pull.state) == "open" else closed,
        title=_text(pull.title),
        body=pull.body or "",
        draft=bool(pull.draft),
        unfinished=_still_to_set(pull.body or "") is not None,
    )


def _text(value: str | None) -> str:
    """Return a value, or raise a ValueError if the answer has none, for which PyGithub has None."""
    if not value:
        raise ValueError(value)
    return value


def _lines_of(body: str) -> list[str]:
    """Return the lines of a body, without differences that GitHub's editor makes."""
    return body.rstrip().splitlines()


def _mark(options: Options) -> str:
    """Return the beginning of a body whose pull request has options to set, or "" if there are none."""
    if _changes_of(options) == 1:
        return ""
    data = msgspec.json.encode(options).decode().replace(">", "\\u003e")
    return f"{_UNFINISHED}{data}{_END}"


def _still_to_set(body: str) -> Options | None:
    """Return the options that a body says are still to be set, or None."""
    if not body.startswith(_UNFINISHED):
        return None
    data = body.removeprefix(_UNFINISHED).partition(_END.rstrip())[0]
    try:
        return msgspec.json.decode(data, type=Options)
    except msgspec.MsgspecError:
        return Options()


def _changes_of(options: Options) -> int:
    """Return the number of requests to open a pull request and set its options."""
    one_by_one = [options.labels, options.reviewers, options.auto_merge]
    finished = any([*one_by_one, options.milestone])
    return 1 + sum(map(bool, one_by_one)) + finished


def _cut(body: str) -> str:
    """Return a body cut to GitHub's limit, for creation; the whole body is set at the end."""
    return body.encode("utf-16-le")[: 2 * _BODY].decode("utf-16-le", "ignore")
