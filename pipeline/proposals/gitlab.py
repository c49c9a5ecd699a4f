"""A `Forge` for merge requests on GitLab, on gitlab.com and self-managed servers."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, TypeVar

from generator.findings.printable import in_one_line
from generator.proposal.fitting import GITLAB_LIMIT
from pipeline.proposals.errors import ProposalError
from pipeline.proposals.forge import PREFIX, Draft, Obstacle, Options, PullRequest, State
from pipeline.proposals.gitlab_api import ConflictError, DeniedError, GitlabApi, RefusedError, find_milestone, find_user
from pipeline.proposals.gitlab_rules import find_obstacles
from pipeline.system.journal import Effect, Journal
from pipeline.workspace.places import GitlabProject

if TYPE_CHECKING:
    from gitlab.v4.objects import Project, ProjectMergeRequest

T = TypeVar("T")

#: The most characters of a title (docs.gitlab.com/api/merge_requests).
TITLE_LIMIT: Final = 255
_DRAFT: Final = "Draft: "
#: The prefixes of a draft's title (docs.gitlab.com/user/project/merge_requests/drafts).
_DRAFTS: Final = re.compile(r"\s*(?:\[draft\]|\(draft\)|draft:)\s*", re.IGNORECASE)
#: The beginning of a quick action, which GitLab executes and removes (docs.gitlab.com/user/project/quick_actions).
_ACTION: Final = re.compile(r"^/", re.MULTILINE)
_NO_ACTION: Final = re.compile(r"^\\/", re.MULTILINE)
#: The beginning of the description of a merge request whose auto-merge is still to be set.
_MARK: Final = re.compile(r"\A<!-- waybill still sets: auto-merge (merge|squash|rebase) -->\n?")
#: A merge request is `locked` while it is merged.
_STATES: Final[Mapping[str, State]] = {"opened": "open", "closed": "closed", "merged": "merged", "locked": "merged"}
#: The statuses of pipelines that have not ended (docs.gitlab.com/api/pipelines).
_ACTIVE: Final = frozenset({"created", "waiting_for_resource", "preparing", "pending", "running", "scheduled"})
#: The attempts to find a pipeline, which GitLab starts shortly after the merge request.
_LOOKS: Final = 4


def _nobody(_: str) -> None:
    """Ignore a message."""


@dataclass(frozen=True, kw_only=True)
class _Read:
    """A merge request that was read individually, with what auto-merge depends on."""

    request: PullRequest
    auto_merge: str
    """The method of auto-merge that is still to be set, or ""."""
    is_settled: bool
    """Whether auto-merge is set already, or the merge request is no longer open."""
    pipeline: str
    """The status of its pipeline, or "" without one."""

    @classmethod
    def of(cls, found: ProjectMergeRequest) -> _Read:
        pipeline = found.attributes.get("head_pipeline")
        mark = _MARK.match(found.description or "")
        return cls(
            request=_as_request(found),
            auto_merge=mark[1] if mark else "",
            is_settled=bool(found.merge_when_pipeline_succeeds) or found.state != "opened",
            pipeline="" if pipeline is None else str(pipeline["status"]),
        )

    @property
    def is_active(self) -> bool:
        return not self.is_settled and self.pipeline in _ACTIVE

    @property
    def why_not(self) -> str:
        """Why auto-merge cannot be set, or "" if it need not be."""
        if self.is_settled:
            return ""
        return f"its pipeline is at '{in_one_line(self.pipeline)}'" if self.pipeline else "it has no pipeline"


@dataclass(frozen=True, kw_only=True)
class GitlabForge:
    """A project on GitLab; see `Forge`.

    `notify` receives a message for each option that could not be set, such as an unknown reviewer.
    """

    project: GitlabProject
    api: GitlabApi
    notify: Callable[[str], None] = _nobody

    @property
    def place(self) -> str:
        """The project's name in messages."""
        return f"gitlab:{self.project.name}"

    @property
    def clone_url(self) -> str:
        """The URL for git, without any credential."""
        return f"{self.api.server}/{self.project.name}.git"

    @property
    def body_limit(self) -> int:
        """The most UTF-16 code units of a description, at which it cannot exceed GitLab's own limit."""
        return GITLAB_LIMIT

    def default_branch(self) -> str:
        """Return the default branch.

        Raises:
            ProposalError: the repository is empty.
        """
        found = self._call("the project", lambda: self.api.client.projects.get(self.project.name).default_branch)
        if not found:
            raise ProposalError(f"{self.place}: the repository has no branch; push a first commit")
        return str(found)

    def opened(self, base: str) -> Mapping[str, PullRequest]:
        """Return the open merge requests to a base from proposals' branches, by branch; see `Forge`."""
        found: dict[str, PullRequest] = {}
        for request in self._requests(f"merge requests to {base}", state="opened", target_branch=base, sort="asc"):
            if request.branch.startswith(PREFIX):
                found.setdefault(request.branch, request)
        return found

    def last(self, branch: str, base: str) -> PullRequest | None:
        """Return the newest closed or merged merge request of a branch, or None."""
        about = {"source_branch": branch, "target_branch": base, "sort": "desc"}
        found = self._requests(f"merge requests of {branch}", state="all", **about)
        return next((request for request in found if request.state != "open"), None)

    def open(self, draft: Draft, journal: Journal) -> PullRequest:
        """Open a merge request; see `Forge`. An open one is kept, but completed if its run was interrupted."""
        found = self._find(draft)
        if found is None:
            found = self._create(draft)
            journal.record(self._effect("opened", found, "close"))
        return self.update(found, draft.title, draft.body, journal) if found.unfinished else found

    def update(self, request: PullRequest, title: str, body: str, journal: Journal) -> PullRequest:
        """Update title and description of a merge request; see `Forge`. Its draft status stays as the user set it."""
        if _is_like(request, title, body) and not request.unfinished:
            return request
        what = f"merge request !{request.number}"
        # The user may have changed its draft status since it was listed.
        now = self._call(what, lambda: _Read.of(self._lazy.mergerequests.get(request.number)))
        if now.request.state != "open" or (_is_like(now.request, title, body) and not now.auto_merge):
            return now.request
        if now.auto_merge:
            self._merge_automatically(request, now, journal)
        about = {"title": _title(title, draft=now.request.draft), "description": _description(body)}
        self._call(what, lambda: self._lazy.mergerequests.update(request.number, about))
        if not now.auto_merge:
            journal.record(self._effect("updated", request))
        return replace(now.request, title=_bare(about["title"]), body=body, unfinished=False)

    def close(self, request: PullRequest, comment: str, journal: Journal) -> None:
        """Close a merge request with a comment; see `Forge`. The comment comes first, so a closed one always has it."""
        what = f"merge request !{request.number}"
        if self._call(what, lambda: self._lazy.mergerequests.get(request.number).state) != "opened":
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
        """Return what would block a proposal; see `Forge`."""
        return find_obstacles(self.project.name, self.api, self.place, base, options)

    @property
    def _lazy(self) -> Project:
        """The project, which is not fetched itself."""
        return self.api.client.projects.get(self.project.name, lazy=True)

    def _call(self, what: str, work: Callable[[], T], *, twice: bool = True) -> T:
        return self.api.call(f"{self.place}: {what}", work, twice=twice)

    def _changed(self, what: str, change: Callable[[], T], look: Callable[[], T | None]) -> T:
        return self.api.changed(f"{self.place}: {what}", change, look)

    def _requests(self, what: str, **about: Any) -> list[PullRequest]:
        """Return merge requests by creation time, without those from forks, whose branches may have any name."""

        def work() -> list[PullRequest]:
            query = {"get_all": True, "order_by": "created_at", **about}
            found = self._lazy.mergerequests.list(iterator=False, **query)
            return [_as_request(each) for each in found if each.source_project_id == each.target_project_id]

        return self._call(what, work)

    def _find(self, draft: Draft) -> PullRequest | None:
        about = {"source_branch": draft.branch, "target_branch": draft.base, "sort": "asc"}
        return next(iter(self._requests(f"merge requests of {draft.branch}", state="opened", **about)), None)

    def _create(self, draft: Draft) -> PullRequest:
        options = draft.options
        reviewers = self._reviewers(options.reviewers)
        milestone = self._milestone(options.milestone) if options.milestone else None
        is_automatic = bool(options.auto_merge) and not options.draft
        if options.auto_merge and options.draft:
            self.notify(f"{self.place}: auto-merge is not set for {draft.branch}: it is opened as a draft")
        about = {
            "source_branch": draft.branch,
            "target_branch": draft.base,
            "title": _title(draft.title, draft=options.draft),
            "description": f"{_mark(options) if is_automatic else ''}{_description(draft.body)}",
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
        """Return the ids of the reviewers that GitLab knows, by name."""
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
        """Report options that GitLab silently ignored: a reviewer without access, a second one in the free edition."""
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

    def _merge_automatically(self, request: PullRequest, now: _Read, journal: Journal) -> None:
        """Set auto-merge if there is a pipeline; without one, GitLab would merge at once."""

        def read() -> _Read:
            what = f"merge request !{request.number}"
            return self._call(what, lambda: _Read.of(self._lazy.mergerequests.get(request.number)))

        for number in range(_LOOKS - 1):
            if now.is_settled or now.pipeline:
                break
            time.sleep(self.api.backoff.pause(number, None))
            now = read()
        refusal = self._set_auto_merge(request, now.auto_merge, read) if now.is_active else now.why_not
        if refusal:
            self.notify(
                f"{self.place}: auto-merge is not set for !{request.number}: {refusal}; set it on {request.url}"
            )
        elif now.is_active:
            journal.record(self._effect("set auto-merge for", request))

    def _set_auto_merge(self, request: PullRequest, how: str, read: Callable[[], _Read]) -> str:
        """Set auto-merge for the proposed commit; return why GitLab refuses, or ""."""
        about: dict[str, Any] = {"sha": request.head, **({"squash": True} if how == "squash" else {})}
        merge = self._lazy.mergerequests.get(request.number, lazy=True).merge

        def change() -> str:
            merge(merge_when_pipeline_succeeds=True, **about)
            return ""

        def look() -> str | None:
            # After the pipeline has ended, the same request would merge at once.
            now = read()
            return None if now.is_active else now.why_not

        try:
            return self._changed(f"merge request !{request.number}", change, look)
        except DeniedError:
            # GitLab responds with 401 if the user may open a merge request, but not merge it.
            return f"the token from {self.api.source} may not merge into its target"
        except (ConflictError, RefusedError) as error:
            return str(error)

    def _effect(self, done: str, request: PullRequest, undo: str = "") -> Effect:
        words = ("glab", "mr", undo, str(request.number), "--repo", f"{self.api.server}/{self.project.name}")
        return Effect(done=f"{done} {self.place}!{request.number} ({request.url})", undo=words if undo else ())


def _as_request(found: ProjectMergeRequest) -> PullRequest:
    description = found.description or ""
    return PullRequest(
        number=int(found.iid),
        url=str(found.web_url),
        branch=str(found.source_branch),
        head=str(found.sha or ""),
        state=_STATES[found.state],
        title=_bare(found.title),
        body=_NO_ACTION.sub("/", _MARK.sub("", description)),
        draft=bool(found.draft),
        unfinished=_MARK.match(description) is not None,
    )


def _mark(options: Options) -> str:
    return f"<!-- waybill still sets: auto-merge {options.auto_merge} -->\n"


def _is_like(request: PullRequest, title: str, body: str) -> bool:
    """Return whether a merge request has this title and description, in the form that GitLab stores."""
    stored = _bare(_title(title, draft=request.draft)), _description(body)
    return (request.title, _description(request.body)) == stored


def _bare(title: str) -> str:
    """Return a title without the prefix of a draft."""
    found = _DRAFTS.match(title)
    return title[found.end() :] if found else title


def _title(title: str, *, draft: bool) -> str:
    text = f"{_DRAFT if draft else ''}{_bare(' '.join(title.split()))}"
    return text if len(text) <= TITLE_LIMIT else f"{text[: TITLE_LIMIT - 1]}…"


def _description(text: str) -> str:
    """Return a text as GitLab stores it, with a backslash, which is not shown, before what would be a quick action."""
    return _ACTION.sub(r"\\/", text.replace("\r\n", "\n").replace("\r", "\n")).rstrip()
