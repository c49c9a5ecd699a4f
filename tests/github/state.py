"""What the fake of GitHub remembers: repositories with branches, tags, releases, assets and pull requests."""

from __future__ import annotations

import hashlib
import itertools
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from typing import Any, Literal, Protocol

Permission = Literal["read", "write"]


@dataclass
class Asset:
    """A file of a release; without its bytes it is one whose upload has broken off."""

    id: int
    name: str
    label: str
    content_type: str
    data: bytes | None = None
    has_digest: bool = True
    """Whether GitHub knows its digest; it has none of assets from before June 2025."""


@dataclass
class Release:
    """A release; a draft has no tag in git."""

    id: int
    tag: str
    target: str
    name: str | None
    body: str | None
    draft: bool
    prerelease: bool
    latest: str = "true"
    immutable: bool = False
    assets: list[Asset] = field(default_factory=list)

    def asset(self, name: str) -> Asset | None:
        return next((asset for asset in self.assets if asset.name == name), None)


@dataclass(frozen=True)
class Commit:
    """A commit; `files` are those that it adds or changes, None for one that it removes."""

    message: str
    parents: tuple[str, ...]
    files: Mapping[str, bytes | None] = field(default_factory=dict)


class Refs(Protocol):
    """Where the branches of a repository are: in memory, or in a real git repository."""

    def heads(self) -> Mapping[str, str]:
        """The commits of the branches, by their names."""

    def create(self, branch: str, sha: str) -> bool:
        """Make a branch; False where there is no such commit."""

    def contains(self, sha: str, other: str) -> bool:
        """Whether a commit is another one, or follows it."""

    def commit(self, branch: str, commit: Commit) -> str:
        """Add a commit to a branch; its parents are ignored."""

    def read(self, sha: str) -> Commit | None:
        """The message and parents of a commit."""


@dataclass
class Branches:
    """Branches in memory: what there is of a commit is its place in the history."""

    named: dict[str, str] = field(default_factory=dict)
    commits: dict[str, Commit] = field(default_factory=dict)

    def heads(self) -> Mapping[str, str]:
        return self.named

    def create(self, branch: str, sha: str) -> bool:
        self.named[branch] = sha
        return True

    def contains(self, sha: str, other: str) -> bool:
        known = self.commits.get(sha)
        return sha == other or any(self.contains(parent, other) for parent in (known.parents if known else ()))

    def commit(self, branch: str, commit: Commit) -> str:
        whole = Commit(commit.message, (self.named[branch],) if branch in self.named else (), commit.files)
        sha = hashlib.sha1(repr(whole).encode(), usedforsecurity=False).hexdigest()
        self.commits[sha] = whole
        self.named[branch] = sha
        return sha

    def read(self, sha: str) -> Commit | None:
        return self.commits.get(sha)


@dataclass
class Comment:
    """What somebody wrote below a pull request."""

    id: int
    body: str


@dataclass
class Milestone:
    """A milestone."""

    number: int
    title: str


@dataclass
class Ruleset:
    """Rules for the branches that match one of some patterns."""

    id: int
    rules: Sequence[Mapping[str, Any]]
    branches: Sequence[str]
    bypass: str = "never"
    """Whether who asks may bypass them, as GitHub names it."""


@dataclass
class PullRequest:
    """A pull request; its head is that of its branch for as long as it is open."""

    number: int
    branch: str
    base: str
    head: str
    title: str
    body: str | None
    draft: bool = False
    state: Literal["open", "closed"] = "open"
    merged: bool = False
    fork: str = ""
    """The repository of its branch, if it is another one."""
    labels: list[str] = field(default_factory=list)
    reviewers: list[str] = field(default_factory=list)
    teams: list[str] = field(default_factory=list)
    milestone: int | None = None
    auto_merge: str = ""
    comments: list[Comment] = field(default_factory=list)


@dataclass
class Repository:
    """A repository, of one commit if nothing else is said."""

    name: str
    """OWNER/REPO."""
    private: bool = False
    archived: bool = False
    head: str = field(default_factory=lambda: secrets.token_hex(20))
    """The commit of the default branch; "" where the repository is empty."""
    commits: set[str] = field(default_factory=set)
    """Commits besides."""
    tags: dict[str, str] = field(default_factory=dict)
    releases: list[Release] = field(default_factory=list)
    """The newest first, as GitHub lists them."""
    default_branch: str = "main"
    refs: Refs = field(default_factory=Branches)
    """The branches beside that of `head`; a git repository has that one too."""
    pulls: list[PullRequest] = field(default_factory=list)
    """The oldest first."""
    labels: set[str] = field(default_factory=lambda: {"bug"})
    milestones: list[Milestone] = field(default_factory=list)
    collaborators: set[str] = field(default_factory=set)
    """Who may review; teams as ORG/TEAM."""
    rulesets: list[Ruleset] = field(default_factory=list)
    has_issues: bool = True
    has_drafts: bool = True
    allows: dict[str, bool] = field(
        default_factory=lambda: dict.fromkeys(("auto_merge", "merge_commit", "squash_merge", "rebase_merge"), True)
    )
    app: str = ""
    """The id of the App that is installed here."""

    @property
    def heads(self) -> Mapping[str, str]:
        own = {self.default_branch: self.head} if self.head else {}
        return {**own, **self.refs.heads()}

    def pull(self, number: int) -> PullRequest | None:
        return next((pull for pull in self.pulls if pull.number == number), None)

    def add_pull(self, pull: PullRequest) -> PullRequest:
        """Add a pull request under the next number."""
        pull.number = len(self.pulls) + 1
        self.pulls.append(pull)
        return pull

    def add_branch(self, branch: str, message: str = "Update") -> str:
        """Make a branch of one commit on the default branch, or add a commit to it."""
        if branch not in self.heads:
            self.refs.create(branch, self.head)
        return self.refs.commit(branch, Commit(message, ()))

    def settle(self) -> None:
        """What becomes of open pull requests whose branches have moved, are gone, or are in their base by now."""
        heads = self.heads
        for pull in self.pulls:
            if pull.state == "closed" or pull.fork:
                continue
            pull.head = heads.get(pull.branch, pull.head)
            pull.merged = pull.base in heads and self.refs.contains(heads[pull.base], pull.head)
            if pull.merged or pull.branch not in heads:
                pull.state = "closed"

    def rulesets_of(self, branch: str) -> list[Ruleset]:
        return [each for each in self.rulesets if any(fnmatch(branch, pattern) for pattern in each.branches)]

    def published(self, tag: str) -> Release | None:
        return next((release for release in self.releases if release.tag == tag and not release.draft), None)

    def release(self, number: int) -> Release | None:
        return next((release for release in self.releases if release.id == number), None)

    def asset(self, number: int) -> tuple[Release, Asset] | None:
        found = ((release, asset) for release in self.releases for asset in release.assets)
        return next((each for each in found if each[1].id == number), None)

    def commit(self, target: str) -> str | None:
        """The commit that a branch or a SHA names."""
        if target in {"", self.default_branch}:
            return self.heads.get(self.default_branch)
        return target if target in self.commits | {*self.heads.values()} else None


@dataclass
class State:
    """All repositories, and the tokens with what they may do in each."""

    repositories: dict[str, Repository] = field(default_factory=dict)
    renamed: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, Permission] = field(default_factory=dict)
    oauth: dict[str, str] = field(default_factory=dict)
    """The scopes of personal access tokens (classic); GitHub shows none of other tokens."""
    denied: dict[str, str] = field(default_factory=dict)
    """Operations that no token may call, with the permission that they need: `pull_requests=write`."""
    apps: dict[str, str] = field(default_factory=dict)
    """The public keys of Apps, by their ids."""
    scopes: dict[str, set[str]] = field(default_factory=dict)
    """The repositories of the tokens of installed Apps."""
    ids: Iterator[int] = field(default_factory=lambda: itertools.count(1000))

    def add(self, repository: Repository) -> Repository:
        self.repositories[repository.name.lower()] = repository
        return repository
