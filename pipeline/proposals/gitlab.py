"""Proposals as merge requests of GitLab, on gitlab.com and self-managed."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

from generator.findings.printable import in_one_line
from pipeline.proposals.errors import ProposalError
from pipeline.proposals.forge import PREFIX, Draft, Obstacle, Options, PullRequest, State
from pipeline.proposals.gitlab_api import ConflictError, GitlabApi, RefusedError, find_milestone, find_user
from pipeline.proposals.gitlab_rules import find_obstacles
from pipeline.system.journal import Effect, Journal
from pipeline.workspace.places import GitlabProject

if TYPE_CHECKING:
    from gitlab.v4.objects import Project, ProjectMergeRequest

T = TypeVar("T")

#: The most characters of a description and of a title (docs.gitlab.com/administration/instance_limits,
#: docs.gitlab.com/api/merge_requests).
BODY_LIMIT: Final = 1_048_576
TITLE_LIMIT: Final = 255
_DRAFT: Final = "Draft: "
#: What marks a draft (docs.gitlab.com/user/project/merge_requests/drafts).
_DRAFTS: Final = re.compile(r"\s*(?:\[draft\]|\(draft\)|draft:)\s*", re.IGNORECASE)
#: A line that GitLab would obey, and remove: a quick action (docs.gitlab.com/user/project/quick_actions).
_ACTION: Final = re.compile(r"^/", re.MULTILINE)
_NO_ACTION: Final = re.compile(r"^\\/", re.MULTILINE)
#: A merge request is `locked` while it is merged.
_STATES: Final[Mapping[str, State]] = {"opened": "open", "closed": "closed", "merged": "merged", "locked": "merged"}
#: Pipelines that are still to end (docs.gitlab.com/api/pipelines).
_ACTIVE: Final = frozenset({"created", "waiting_for_resource", "preparing", "pending", "running", "scheduled"})
#: How often a pipeline is looked for, which GitLab starts a moment after the merge request.
_LOOKS: Final = 4


def _nobody(_: str) -> None:
    """Takes the lines that nobody wants to read."""


@dataclass(frozen=True, kw_only=True)
class GitlabForge:
    """A project on GitLab; see `Forge`.

    `notify` is given a line for what could not be set on a merge request, such as a reviewer that GitLab does not know.
    """

    project: GitlabProject
    api: GitlabApi
    notify: Callable[[str], None] = _nobody

    @property
    def place(self) -> str:
        """How messages name the project."""
        return f"gitlab:{self.project.name}"

    @property
    def clone_url(self) -> str:
        """The URL for git, without any credential."""
        return f"{self.api.server}/{self.project.name}.git"

    @property
    def body_limit(self) -> int:
        """The most UTF-16 code units of a description; GitLab counts characters, which are no more."""
        return BODY_LIMIT

    def default_branch(self) -> str:
        """The default branch.

        Raises:
            ProposalError: the repository is empty.
        """
        found = self._call("the project", lambda: self.api.client.projects.get(self.project.name).default_branch)
        if not found:
            raise ProposalError(f"{self.place}: the repository has no branch; push a first commit")
        return str(found)

    def opened(self, base: str) -> Mapping[str, PullRequest]:
        """The open merge requests to a base from our branches, by branch; see `Forge`."""
        found: dict[str, PullRequest] = {}
        for request in self._requests(f"merge requests to {base}", state="opened", target_branch=base, sort="asc"):
            if request.branch.startswith(PREFIX):
                found.setdefault(request.branch, request)
        return found

    def last(self, branch: str, base: str) -> PullRequest | None:
        """The newest merge request of a branch that is open no more."""
        about = {"source_branch": branch, "target_branch": base, "sort": "desc"}
        found = self._requests(f"merge requests of {branch}", state="all", **about)
        return next((request for request in found if request.state != "open"), None)

    def open(self, draft: Draft, journal: Journal) -> PullRequest:
        """Open a merge request; see `Forge`. One that is open already gets what an earlier run did not come to."""
        found = self._find(draft)
        if found is None:
            found = self._create(draft)
            journal.record(self._effect("opened", found, "close"))
        if draft.options.auto_merge:
            found = self._merge_automatically(found, draft.options, journal)
        return found

    def update(self, request: PullRequest, title: str, body: str, journal: Journal) -> PullRequest:
        """Give a merge request another title and description; see `Forge`. A draft stays one, as a person left it."""
        if _is_like(request, title, body):
            return request
        what = f"merge request !{request.number}"
        # Whether it is a draft, a person may have changed since it was listed.
        now = self._read(request.number)
        if now.state != "open" or _is_like(now, title, body):
            return now
        about = {"title": _title(title, draft=now.draft), "description": _description(body)}
        self._call(what, lambda: self._lazy.mergerequests.update(request.number, about))
        journal.record(self._effect("updated", request))
        return PullRequest(
            number=now.number,
            url=now.url,
            branch=now.branch,
            head=now.head,
            state=now.state,
            title=_bare(about["title"]),
            body=body,
            draft=now.draft,
        )

    def close(self, request: PullRequest, comment: str, journal: Journal) -> None:
        """Close a merge request with a comment; see `Forge`. The comment comes first, so that a closed one has it."""
        what = f"merge request !{request.number}"
        if self._read(request.number).state != "open":
            return
        text = _description(comment)
        notes = self._lazy.mergerequests.get(request.number, lazy=True).notes

        def has_comment() -> bool | None:
            found = notes.list(iterator=True, order_by="created_at", sort="desc")
            return any(note.body == text for note in found) or None

        def look() -> bool | None:
            return self._call(f"notes of {what}", has_comment)

        if not look():
            self._changed(f"note on {what}", lambda: bool(notes.create({"body": text})), look)
            journal.record(self._effect("commented on", request))
        self._call(what, lambda: self._lazy.mergerequests.update(request.number, {"state_event": "close"}))
        journal.record(self._effect("closed", request, "reopen"))

    def obstacles(self, base: str, options: Options) -> Sequence[Obstacle]:
        """What would block a proposal; see `Forge`."""
        return find_obstacles(self.project.name, self.api, self.place, base, options)

    @property
    def _lazy(self) -> Project:
        """The project, which is not asked for: what belongs to it is."""
        return self.api.client.projects.get(self.project.name, lazy=True)

    def _call(self, what: str, work: Callable[[], T], *, twice: bool = True) -> T:
        return self.api.call(f"{self.place}: {what}", work, twice=twice)

    def _changed(self, what: str, change: Callable[[], T], look: Callable[[], T | None]) -> T:
        return self.api.changed(f"{self.place}: {what}", change, look)

    def _requests(self, what: str, **about: Any) -> list[PullRequest]:
        """Merge requests by when they were made, without those from forks, whose branches may have any name."""

        def work() -> list[PullRequest]:
            query = {"get_all": True, "order_by": "created_at", **about}
            found = self._lazy.mergerequests.list(iterator=False, **query)
            return [_as_request(each) for each in found if each.source_project_id == each.target_project_id]

        return self._call(what, work)

    def _find(self, draft: Draft) -> PullRequest | None:
        about = {"source_branch": draft.branch, "target_branch": draft.base, "sort": "asc"}
        return next(iter(self._requests(f"merge requests of {draft.branch}", state="opened", **about)), None)

    def _read(self, number: int) -> PullRequest:
        return self._call(f"merge request !{number}", lambda: _as_request(self._lazy.mergerequests.get(number)))

    def _create(self, draft: Draft) -> PullRequest:
        options = draft.options
        reviewers = self._reviewers(options.reviewers)
        milestone = self._milestone(options.milestone) if options.milestone else None
        about = {
            "source_branch": draft.branch,
            "target_branch": draft.base,
            "title": _title(draft.title, draft=options.draft),
            "description": _description(draft.body),
            **({"labels": list(options.labels)} if options.labels else {}),
            **({"reviewer_ids": list(reviewers.values())} if reviewers else {}),
            **({"milestone_id": milestone} if milestone is not None else {}),
            **({"squash": True} if options.auto_merge == "squash" else {}),
        }

        def create() -> PullRequest:
            made = self._lazy.mergerequests.create(about)
            self._compare(made, options, reviewers)
            return _as_request(made)

        what = f"merge request of {draft.branch}"
        try:
            return self._changed(what, create, lambda: self._find(draft))
        except ConflictError:
            # Another run was faster.
            if (found := self._find(draft)) is None:
                raise
            return found

    def _reviewers(self, names: Iterable[str]) -> dict[str, int]:
        """The reviewers that GitLab knows, and their ids."""
        found: dict[str, int] = {}
        for name in names:
            number = None if "/" in name else self._user(name)
            if number is None:
                why = "a group cannot review on GitLab" if "/" in name else "GitLab does not know this user"
                self.notify(f"{self.place}: no review by '{in_one_line(name)}': {why}")
            else:
                found[name] = number
        return found

    def _user(self, name: str) -> int | None:
        return self._call(f"reviewer {name}", lambda: find_user(self.api, name))

    def _milestone(self, title: str) -> int | None:
        found = self._call(f"milestone {title}", lambda: find_milestone(self._lazy, title))
        if found is None:
            self.notify(
                f"{self.place}: no open milestone '{in_one_line(title)}'; create it in the project or its group"
            )
        return found

    def _compare(self, made: ProjectMergeRequest, options: Options, reviewers: Mapping[str, int]) -> None:
        """Say what GitLab left out in silence: a reviewer without access, the second one in the free edition."""
        missing = {
            "label": set(options.labels) - set(made.labels),
            "reviewer": {
                name for name, number in reviewers.items() if number not in {each["id"] for each in made.reviewers}
            },
        }
        for kind, names in missing.items():
            for name in sorted(names):
                self.notify(
                    f"{self.place}: GitLab did not set the {kind} '{in_one_line(name)}'; set it on {made.web_url}"
                )

    def _merge_automatically(self, request: PullRequest, options: Options, journal: Journal) -> PullRequest:
        """Let GitLab merge when the pipeline has succeeded; without one it would merge at once, and is not asked to."""
        what = f"merge request !{request.number}"
        if options.draft:
            return self._without_auto_merge(request, "it is a draft")
        about: dict[str, Any] = {"sha": request.head} | ({"squash": True} if options.auto_merge == "squash" else {})
        pipeline = None
        for number in range(_LOOKS):
            is_settled, pipeline = self._call(what, lambda: _pipeline(self._lazy.mergerequests.get(request.number)))
            if is_settled:
                return request
            if pipeline is not None or number + 1 == _LOOKS:
                break
            time.sleep(self.api.backoff.pause(number, None))
        if pipeline not in _ACTIVE:
            why = "it has no pipeline" if pipeline is None else f"its pipeline is at '{in_one_line(pipeline)}'"
            return self._without_auto_merge(request, why)
        merge = self._lazy.mergerequests.get(request.number, lazy=True).merge
        try:
            self._call(what, lambda: merge(merge_when_pipeline_succeeds=True, **about))
        except (ConflictError, RefusedError) as error:
            return self._without_auto_merge(request, str(error))
        journal.record(self._effect("set auto-merge for", request))
        return request

    def _without_auto_merge(self, request: PullRequest, why: str) -> PullRequest:
        self.notify(f"{self.place}: auto-merge is not set for !{request.number}: {why}; set it on {request.url}")
        return request

    def _effect(self, done: str, request: PullRequest, undo: str = "") -> Effect:
        words = ("glab", "mr", undo, str(request.number), "--repo", f"{self.api.server}/{self.project.name}")
        return Effect(done=f"{done} {self.place}!{request.number} ({request.url})", undo=words if undo else ())


def _as_request(found: ProjectMergeRequest) -> PullRequest:
    return PullRequest(
        number=int(found.iid),
        url=str(found.web_url),
        branch=str(found.source_branch),
        head=str(found.sha or ""),
        state=_STATES[found.state],
        title=_bare(found.title),
        body=_NO_ACTION.sub("/", found.description or ""),
        draft=bool(found.draft),
    )


def _pipeline(found: ProjectMergeRequest) -> tuple[bool, str | None]:
    """Whether a merge request is merged, closed, or waits for its pipeline already, and the status of the pipeline."""
    pipeline = found.attributes.get("head_pipeline")
    is_settled = bool(found.merge_when_pipeline_succeeds) or _STATES[found.state] != "open"
    return is_settled, None if pipeline is None else str(pipeline["status"])


def _is_like(request: PullRequest, title: str, body: str) -> bool:
    """Whether a merge request has a title and a description as GitLab would store them."""
    stored = _bare(_title(title, draft=request.draft)), _description(body)
    return (request.title, _description(request.body)) == stored


def _bare(title: str) -> str:
    """A title without what marks a draft."""
    found = _DRAFTS.match(title)
    return title[found.end() :] if found else title


def _title(title: str, *, draft: bool) -> str:
    text = f"{_DRAFT if draft else ''}{_bare(' '.join(title.split()))}"
    return text if len(text) <= TITLE_LIMIT else f"{text[: TITLE_LIMIT - 1]}…"


def _description(text: str) -> str:
    """A text as GitLab stores it, with no line that it would take for a command: a backslash is not shown."""
    return _ACTION.sub(r"\\/", text.replace("\r\n", "\n").replace("\r", "\n")).rstrip()
