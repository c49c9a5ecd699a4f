"""What the fake of GitLab remembers: projects with branches, rules and merge requests, users and tokens."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

DEVELOPER = 30
MAINTAINER = 40


@dataclass
class User:
    id: int
    username: str
    is_admin: bool = False
    can_see: bool = True
    """Whether the user may see the projects; others cannot review."""


@dataclass
class Token:
    """A token with a role in all projects."""

    user: User
    level: int = DEVELOPER
    scopes: tuple[str, ...] = ("api",)
    by_group: bool = False
    """Whether the role is that of a group which a project is shared with: then a project does not show it."""


@dataclass
class MergeRequest:
    iid: int
    source: str
    target: str
    title: str
    description: str
    sha: str
    project: int
    """The project of the source branch; another one for a fork."""
    state: str = "opened"
    labels: list[str] = field(default_factory=list)
    reviewers: list[User] = field(default_factory=list)
    milestone: Milestone | None = None
    squash: bool = False
    auto_merge: bool = False
    pipeline: str | None = None
    """The status of its pipeline."""
    pipeline_after: int = 0
    """After how many reads the pipeline shows."""
    notes: list[tuple[int, str]] = field(default_factory=list)

    @property
    def draft(self) -> bool:
        return self.title.lower().startswith(("draft:", "[draft]", "(draft)"))


@dataclass
class Milestone:
    id: int
    title: str
    active: bool = True


@dataclass
class Project:
    """A project with its default branch."""

    id: int
    path: str
    private: bool = False
    archived: bool = False
    enabled: bool = True
    """Whether it has merge requests."""
    default_branch: str | None = "main"
    merge_method: str = "merge"
    squash_option: str = "default_off"
    branches: dict[str, str] = field(default_factory=lambda: {"main": secrets.token_hex(20)})
    protected: list[dict[str, Any]] = field(default_factory=list)
    push_rule: dict[str, Any] | None = None
    """None: this edition has none."""
    milestones: list[Milestone] = field(default_factory=list)
    labels: set[str] = field(default_factory=set)
    requests: list[MergeRequest] = field(default_factory=list)
    """The oldest first."""
    pipeline: str | None = "running"
    """The status of the pipeline that a new merge request gets."""
    pipeline_after: int = 0
    many_reviewers: bool = True
    """Whether a merge request may have more than one reviewer, as in the paid editions."""

    def request(self, number: int) -> MergeRequest | None:
        return next((each for each in self.requests if each.iid == number), None)

    def push(self, branch: str) -> str:
        """A new commit on a branch."""
        self.branches[branch] = secrets.token_hex(20)
        for request in self.requests:
            if request.source == branch and request.state == "opened" and request.project == self.id:
                request.sha = self.branches[branch]
        return self.branches[branch]

    def opened(self, branch: str) -> list[MergeRequest]:
        return [each for each in self.requests if each.source == branch and each.state == "opened"]

    def protect(self, name: str, *, push: int | None = MAINTAINER, force: bool = False, **of: int) -> None:
        """Protect the branches that a name is like; `of` are the ids of a user or a group that may push."""
        levels = [{"id": 1, "access_level": push, "access_level_description": "a role", **of}]
        self.protected.append(
            {
                "id": len(self.protected) + 1,
                "name": name,
                "push_access_levels": levels,
                "merge_access_levels": [
                    {"id": 2, "access_level": MAINTAINER, "access_level_description": "Maintainers"}
                ],
                "allow_force_push": force,
                "code_owner_approval_required": False,
            }
        )


@dataclass
class State:
    """All projects, users and tokens."""

    projects: dict[str, Project] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    users: list[User] = field(default_factory=list)
    tokens: dict[str, Token] = field(default_factory=dict)
    ids: Iterator[int] = field(default_factory=lambda: itertools.count(1000))
    obeyed: list[str] = field(default_factory=list)
    """Quick actions in texts, which GitLab carries out."""

    def user(self, name: str) -> User:
        self.users.append(User(next(self.ids), name))
        return self.users[-1]
