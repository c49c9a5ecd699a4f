"""Checks what in a GitLab project's rules and the token's permissions would block proposals."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, TypeVar

from generator.findings.printable import in_one_line
from pipeline.proposals.forge import PREFIX, Obstacle, Options
from pipeline.proposals.gitlab_api import (
    ADVICE,
    JOB_TOKEN,
    DeniedError,
    GitlabApi,
    NotFoundError,
    find_milestone,
    find_user,
)

if TYPE_CHECKING:
    from gitlab.v4.objects import Project

T = TypeVar("T")

#: docs.gitlab.com/api/access_requests, «Valid access levels».
_DEVELOPER: Final = 30
_ADMIN: Final = 60
_LEVELS: Final = {
    0: "nobody",
    10: "Guest",
    15: "Planner",
    20: "Reporter",
    30: "Developer",
    40: "Maintainer",
    50: "Owner",
}
#: An example of a proposal's branch.
_BRANCH: Final = f"{PREFIX}name"


def find_obstacles(name: str, api: GitlabApi, place: str, base: str, options: Options) -> tuple[Obstacle, ...]:
    """Return what would block proposals to a branch of a project, and notes.

    Raises:
        ProposalError: GitLab does not respond, refuses the token, or has no such project.
    """
    if not api.token:
        why = f"{JOB_TOKEN} cannot open merge requests" if api.in_job else "there is no token"
        return (Obstacle(message=f"{place}: {why}; {ADVICE}"),)
    rules = _Rules(name=name, api=api, place=place, base=base, options=options)
    return tuple(rules.found())


@dataclass(frozen=True, kw_only=True)
class _Rules:
    """The rules of a project."""

    name: str
    api: GitlabApi
    place: str
    base: str
    options: Options

    def found(self) -> Iterator[Obstacle]:
        yield from self._of_project()
        yield from self._of_token()
        yield from self._of_role()
        yield from self._of_base()
        yield from self._of_protection()
        yield from self._of_pushes()
        yield from self._of_options()

    @cached_property
    def _project(self) -> Project:
        return self._call("the project", lambda: self.api.client.projects.get(self.name))

    def _call(self, what: str, work: Callable[[], T]) -> T:
        return self.api.call(f"{self.place}: {what}", work)

    def _readable(self, what: str, work: Callable[[], T]) -> T | None:
        """Return the result of `work`, or None if the token may not read it, or this edition does not have it."""
        try:
            return self._call(what, work)
        except (DeniedError, NotFoundError):
            return None

    def _blocks(self, message: str) -> Obstacle:
        return Obstacle(message=f"{self.place}: {message}")

    def _line(self, message: str) -> Obstacle:
        return Obstacle(message=f"{self.place}: {message}", blocks=False)

    def _of_project(self) -> Iterator[Obstacle]:
        about = self._project.attributes
        if about.get("archived"):
            yield self._blocks("the project is archived; unarchive it, or name another one")
        if about.get("merge_requests_access_level") == "disabled" or about.get("merge_requests_enabled") is False:
            yield self._blocks("merge requests are disabled; enable them in Settings > General > Visibility")
        if about.get("repository_access_level") == "disabled":
            yield self._blocks("the repository is disabled; enable it in Settings > General > Visibility")

    def _of_token(self) -> Iterator[Obstacle]:
        found = self._readable("the token", lambda: dict(self.api.client.personal_access_tokens.get("self").attributes))
        if found and "api" not in found.get("scopes", ["api"]):
            scopes = in_one_line(", ".join(found["scopes"])) or "none"
            yield self._blocks(f"the token from {self.api.source} has the scopes {scopes}; {ADVICE}")

    @cached_property
    def _level(self) -> int:
        """The token's access level, 0 if its user is not a member."""
        granted = self._project.attributes.get("permissions") or {}
        direct = [each["access_level"] for each in granted.values() if each]
        if direct:
            return int(max(direct))
        # The project does not list members of a group that it is shared with, so look up the user.
        user = self._readable("the user", self._user)
        if user is None:
            return 0
        if user.get("is_admin"):
            return _ADMIN
        member = self._readable("the member", lambda: self._project.members_all.get(user["id"]).access_level)
        return int(member or 0)

    def _user(self) -> Mapping[str, Any]:
        self.api.client.auth()
        user = self.api.client.user
        return user.attributes if user else {}

    def _of_role(self) -> Iterator[Obstacle]:
        if self._level < _DEVELOPER:
            role = f"the role {_role(self._level)}" if self._level else "no role"
            message = f"the token from {self.api.source} has {role} in this project, which may not push; {ADVICE}"
            yield self._blocks(message)

    def _of_base(self) -> Iterator[Obstacle]:
        try:
            self._call(f"branch {self.base}", lambda: self._project.branches.get(self.base).name)
        except NotFoundError:
            default = self._project.attributes.get("default_branch")
            hint = f"; the default branch is '{in_one_line(default)}'" if default else "; push a first commit"
            yield self._blocks(f"there is no branch '{in_one_line(self.base)}'{hint}")

    def _of_protection(self) -> Iterator[Obstacle]:
        rules = self._readable(
            "protected branches",
            lambda: [each.attributes for each in self._project.protectedbranches.list(get_all=True)],
        )
        if rules is None:
            yield self._line("the token may not read which branches are protected; a push will show it")
            return
        ours = [rule for rule in rules if _is_like(rule["name"], _BRANCH) or rule["name"].startswith(PREFIX)]
        # Of several, the most permissive one counts (docs.gitlab.com/user/project/repository/branches/protected).
        names = ", ".join(f"'{in_one_line(rule['name'])}'" for rule in ours)
        if ours and not any(self._is_allowed(rule, "push") for rule in ours):
            who = ", ".join(
                sorted({_role_of(level) for rule in ours for level in rule.get("push_access_levels") or ()})
            )
            yield self._blocks(
                f"the rule {names} protects the branches {PREFIX}…, and lets {who or 'nobody'} push there; "
                "allow the token's role to push, or take them out of the rule"
            )
        elif ours and not any(rule.get("allow_force_push") for rule in ours):
            yield self._line(
                f"the rule {names} forbids force pushes to {PREFIX}…: a branch cannot be rebased or renewed"
            )
        to_base = [rule for rule in rules if _is_like(rule["name"], self.base)]
        if self.options.auto_merge and to_base and not any(self._is_allowed(rule, "merge") for rule in to_base):
            yield self._line(f"auto-merge will not be set: the token may not merge into '{in_one_line(self.base)}'")

    def _is_allowed(self, rule: Mapping[str, Any], kind: str) -> bool:
        """Return whether a rule lets this token push or merge, or names users or groups, which may include its user."""
        return any(
            level.get("user_id") or level.get("group_id") or 0 < (level.get("access_level") or 0) <= self._level
            for level in rule.get(f"{kind}_access_levels") or ()
        )

    def _of_pushes(self) -> Iterator[Obstacle]:
        """Yield what push rules, a feature of the paid editions, block or require."""
        rule = self._readable("push rules", lambda: dict(self._project.pushrules.get().attributes))
        if not rule:
            return
        if (pattern := rule.get("branch_name_regex")) and not _matches(pattern, _BRANCH):
            yield self._blocks(
                f"the push rules require branches like '{in_one_line(pattern)}', and proposals come from {PREFIX}…; "
                f"allow {PREFIX}.+ there"
            )
        if rule.get("reject_unsigned_commits"):
            yield self._line("the push rules require signed commits; propose with --sign")
        if rule.get("commit_committer_check") or rule.get("member_check"):
            yield self._line(
                "the push rules require commits of the token's own user; set git's user.email to that user's"
            )
        wanted = (("commit_message_regex", "messages"), ("author_email_regex", "authors"))
        for name, what in wanted:
            if pattern := rule.get(name):
                yield self._line(f"the push rules require {what} of commits like '{in_one_line(pattern)}'")
        for name, what in (("commit_message_negative_regex", "messages of commits"), ("file_name_regex", "files")):
            if pattern := rule.get(name):
                yield self._line(f"the push rules refuse {what} like '{in_one_line(pattern)}'")

    def _is_unknown(self, user: str) -> bool:
        return self._call(f"reviewer {user}", lambda: find_user(self.api, user)) is None

    def _of_options(self) -> Iterator[Obstacle]:
        about, options = self._project.attributes, self.options
        for name in options.reviewers:
            if "/" in name:
                yield self._line(f"'{in_one_line(name)}' will not review: a group cannot on GitLab")
            elif self._is_unknown(name):
                yield self._line(f"'{in_one_line(name)}' will not review: GitLab does not know this user")
        title = options.milestone
        if title and self._call(f"milestone {title}", lambda: find_milestone(self._project, title)) is None:
            yield self._line(f"no open milestone '{in_one_line(title)}'; create it in the project or its group")
        if options.auto_merge == "squash" and about.get("squash_option") == "never":
            yield self._line("the project never squashes; auto-merge will merge without")
        method = {"merge": "merge", "rebase_merge": "rebase", "ff": "rebase"}.get(about.get("merge_method", ""), "")
        if options.auto_merge in {"merge", "rebase"} and method and options.auto_merge != method:
            yield self._line(
                f"auto-merge will {method}, not {options.auto_merge}: on GitLab that is a setting of the project"
            )


def _is_like(pattern: str, branch: str) -> bool:
    """Return whether a rule's pattern matches a branch; `*` is the only wildcard, and also matches slashes."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), branch) is not None


def _matches(pattern: str, text: str) -> bool:
    """Return whether a pattern for RE2, GitLab's engine, matches a text; True if Python cannot parse it."""
    try:
        return re.search(pattern.replace(r"\z", r"\Z"), text) is not None
    except re.error:
        return True


def _role(level: int) -> str:
    return _LEVELS.get(level, f"of level {level}")


def _role_of(level: Mapping[str, Any]) -> str:
    return _role(int(level.get("access_level") or 0))
