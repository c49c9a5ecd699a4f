"""What a forge (GitHub, GitLab) has to offer so that proposals can be made there. git itself is no part of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from pipeline.system.journal import Journal

#: Branches of proposals begin with it; the name of the workflow follows.
PREFIX = "waybill/"

State = Literal["open", "closed", "merged"]


@dataclass(frozen=True, kw_only=True)
class PullRequest:
    """A pull request on GitHub, or a merge request on GitLab, from a branch of the same repository."""

    number: int
    url: str
    """Its page."""
    branch: str
    head: str
    """The last commit of its branch, as the forge knows it."""
    state: State
    title: str
    body: str = field(repr=False)
    draft: bool = False
    unfinished: bool = False
    """Whether something that was to be set on it is not, since a run broke off; `update` sets it."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """What is set on a new pull request, beside its text. What a person has changed since stays."""

    labels: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    """Names of people; `org/team` for a team."""
    milestone: str = ""
    draft: bool = False
    auto_merge: Literal["", "merge", "squash", "rebase"] = ""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A pull request that is to be opened."""

    branch: str
    base: str
    title: str
    body: str = field(repr=False)
    options: Options = field(default_factory=Options)


@dataclass(frozen=True, kw_only=True)
class Obstacle:
    """Something that would block a proposal, found before anything is done."""

    message: str
    """What it is, and what to do about it."""
    blocks: bool = True
    """Whether nothing can be proposed; otherwise it is good to know."""


class Forge(Protocol):
    """A repository on a forge. Each method raises ProposalError (BudgetError where a rate limit is used up).

    Nothing that changes something is repeated blindly: where an answer is lost, the forge is asked what is there.
    """

    @property
    def place(self) -> str:
        """How messages name it, without any credential: `github:octo/config`."""

    @property
    def clone_url(self) -> str:
        """The URL for git, without any credential."""

    @property
    def body_limit(self) -> int:
        """The most UTF-16 code units of a body."""

    def default_branch(self) -> str:
        """Return the branch that is proposed to unless another one is named."""

    def opened(self, base: str) -> Mapping[str, PullRequest]:
        """Return the open pull requests to a base whose branches begin with `PREFIX`, by branch: one paginated list.

        Of several from one branch, the oldest.
        """

    def last(self, branch: str, base: str) -> PullRequest | None:
        """Return the newest pull request of a branch that is open no more."""

    def open(self, draft: Draft, journal: Journal) -> PullRequest:
        """Open a pull request, with labels and all; an open one of this branch is taken as it is."""

    def update(self, request: PullRequest, title: str, body: str, journal: Journal) -> PullRequest:
        """Give a pull request another title and body; nothing is sent where it has them."""

    def close(self, request: PullRequest, comment: str, journal: Journal) -> None:
        """Close a pull request with a comment, which is not posted twice."""

    def obstacles(self, base: str, options: Options) -> Sequence[Obstacle]:
        """What of the base's rules and the token's rights would block a proposal; changes nothing."""
