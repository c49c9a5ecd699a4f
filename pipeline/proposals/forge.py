"""The protocol of forges (GitHub, GitLab) in which proposals are made; git operations are elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from pipeline.system.journal import Journal

#: The prefix of branches with proposals, which the workflow's name follows.
PREFIX = "waybill/"

State = Literal["open", "closed", "merged"]


@dataclass(frozen=True, kw_only=True)
class PullRequest:
    """A pull request on GitHub, or a merge request on GitLab, from a branch of the same repository."""

    number: int
    url: str
    """The URL of its page."""
    branch: str
    head: str
    """The last commit of its branch, as known to the forge."""
    state: State
    title: str
    body: str = field(repr=False)
    draft: bool = False
    unfinished: bool = False
    """Whether options are still to be set because a run was interrupted; `update` sets them."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """The options of a new pull request, besides its text; later changes by users stay."""

    labels: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    """User names; `org/team` for a team."""
    milestone: str = ""
    draft: bool = False
    auto_merge: Literal["", "merge", "squash", "rebase"] = ""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A pull request to open."""

    branch: str
    base: str
    title: str
    body: str = field(repr=False)
    options: Options = field(default_factory=Options)


@dataclass(frozen=True, kw_only=True)
class Obstacle:
    """Something that would block a proposal, found before any change."""

    message: str
    """The problem, and what to do about it."""
    blocks: bool = True
    """Whether it prevents proposals; otherwise, it is only a note."""


class Forge(Protocol):
    """A repository on a forge. Each method raises ProposalError, or BudgetError if a rate limit is used up.

    A change whose answer is lost is not blindly repeated: the forge is first asked whether it was made.
    """

    @property
    def place(self) -> str:
        """The repository's name in messages, without any credential: `github:octo/config`."""

    @property
    def clone_url(self) -> str:
        """The URL for git, without any credential."""

    @property
    def body_limit(self) -> int:
        """The most UTF-16 code units of a body."""

    def default_branch(self) -> str:
        """Return the default base of proposals."""

    def opened(self, base: str) -> Mapping[str, PullRequest]:
        """Return the open pull requests to a base from branches with `PREFIX`, by branch, as one paginated list.

        If a branch has several, the oldest is returned.
        """

    def last(self, branch: str, base: str) -> PullRequest | None:
        """Return the newest closed or merged pull request of a branch, or None."""

    def open(self, draft: Draft, journal: Journal) -> PullRequest:
        """Open a pull request and set its options; an open one of this branch is returned as it is."""

    def update(self, request: PullRequest, title: str, body: str, journal: Journal) -> PullRequest:
        """Update title and body of a pull request, unless they are up to date."""

    def close(self, request: PullRequest, comment: str, journal: Journal) -> None:
        """Close a pull request with a comment, which is posted only once."""

    def obstacles(self, base: str, options: Options) -> Sequence[Obstacle]:
        """Return what in the base's rules or the token's permissions would block a proposal; changes nothing."""
