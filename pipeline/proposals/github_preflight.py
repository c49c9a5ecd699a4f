"""Checks what on GitHub would block a proposal: branch rules, the token's permissions, the settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from generator.findings.suggestions import did_you_mean
from pipeline.proposals.forge import PREFIX, Obstacle, Options
from pipeline.publish.errors import PublishError
from pipeline.publish.github_api import GithubApi, NotFoundError
from pipeline.publish.github_release import open_repository

if TYPE_CHECKING:
    from github.Repository import Repository

#: An example of a proposal's branch; its rules can be read before it exists.
_EXAMPLE: Final = f"{PREFIX}preflight"
#: The prefix of an App's installation token, which GitHub Actions also uses.
_OF_AN_APP: Final = "ghs_"
#: The values that allow bypassing a ruleset without a pull request.
_BYPASSES: Final = frozenset({"always", "exempt"})
_ASK: Final = "let who proposes bypass the ruleset, or leave {prefix}* out of it"
#: Rules for proposals' branches that block every push, and what they mean (docs.github.com/rest/repos/rules).
_BLOCKING: Final[Mapping[str, str]] = {
    "creation": "nobody may create them",
    "update": "nobody may push to them",
    "pull_request": "only pull requests may change them",
    "required_status_checks": "they accept only commits whose status checks have passed",
    "required_deployments": "they accept only commits that have been deployed",
    "merge_queue": "only a merge queue may change them",
}
#: Rules for proposals' branches that a push may satisfy.
_PATTERNS: Final[Mapping[str, str]] = {
    "branch_name_pattern": "names of branches",
    "commit_author_email_pattern": "e-mail addresses of authors",
    "commit_message_pattern": "messages of commits",
    "committer_email_pattern": "e-mail addresses of committers",
}
#: Rules for the base that are satisfied when a proposal is merged.
_KNOWN: Final[Mapping[str, str]] = {
    "merge_queue": "has a merge queue: proposals are merged through it",
    "required_linear_history": "accepts no merge commits: proposals are squashed or rebased",
    "required_deployments": "accepts a proposal after its deployments have succeeded",
}


@dataclass(frozen=True, kw_only=True)
class Preflight:
    """Reads the rules of a repository; each method raises PublishError."""

    api: GithubApi
    name: str
    """OWNER/REPO."""
    place: str
    is_signed: bool
    _bypassed: dict[int, bool] = field(default_factory=dict, init=False)
    """Whether the token may bypass a ruleset, by the ruleset's id."""

    def obstacles(self, base: str, options: Options) -> list[Obstacle]:
        """Return what would block a proposal to a base, and notes, without duplicates."""
        return [*dict.fromkeys(self._obstacles(base, options))]

    def obstacles_to_push(self) -> list[Obstacle]:
        """Return which missing permissions of the token would block a push and a release by a publication."""
        return [*self._rights(self._repository, "contents: write")]

    def _obstacles(self, base: str, options: Options) -> Iterator[Obstacle]:
        repository = self._repository
        yield from self._rights(repository, "contents: write and pull_requests: write")
        yield from self._limits()
        if not self._has_branch(base):
            message = f"the repository has no branch {base}; check --base (its default branch is"
            yield self._obstacle(f"{message} {repository.default_branch})")
        yield from self._rules_of_proposals()
        yield from self._rules_of_the_base(base)
        yield from self._options(repository, options)

    @cached_property
    def _repository(self) -> Repository:
        return open_repository(self.api, self.name, self.place)

    def _obstacle(self, message: str, *, blocks: bool = True) -> Obstacle:
        return Obstacle(message=f"{self.place}: {message}", blocks=blocks)

    def _rights(self, repository: Repository, permissions: str) -> Iterator[Obstacle]:
        """Yield what is known about the token's permissions, compared with the required ones."""
        if not self.api.token:
            yield self._obstacle("there is no token; set WAYBILL_GIT_TOKEN, or configure a GitHub App")
        elif self.api.token.startswith(_OF_AN_APP):
            message = f"GitHub does not show what the token of an App may do; it needs {permissions}"
            yield self._obstacle(message, blocks=False)
        elif not repository.permissions.push:
            message = f"the token from {self.api.source} may not push; it needs the permissions {permissions}"
            yield self._obstacle(f"{message}, and its owner write access")
        elif self._lacks_scope(repository):
            message = (
                f"the token from {self.api.source} does not have the scope repo; make one that does, or a fine-grained"
            )
            yield self._obstacle(f"{message} one with {permissions}")

    def _limits(self) -> Iterator[Obstacle]:
        """Yield the limits of a GitHub Actions token."""
        if self.api.source == "GITHUB_TOKEN":
            message = "pull requests made with the GITHUB_TOKEN of a workflow start no checks, and github-actions"
            cannot = "cannot be among those who may push to a protected branch; a GitHub App's token has neither limit"
            yield self._obstacle(f"{message} {cannot}", blocks=False)

    def _lacks_scope(self, repository: Repository) -> bool:
        """Return whether a classic personal access token has no scope for pushing; other tokens have no scopes."""
        scopes = self.api.client.oauth_scopes
        enough = {"repo"} if repository.private else {"repo", "public_repo"}
        return scopes is not None and not enough & {*scopes}

    def _has_branch(self, branch: str) -> bool:
        repository = self._repository
        try:
            self.api.call(f"{self.place}: branch {branch}", lambda: repository.get_branch(branch))
        except NotFoundError:
            return False
        return True

    def _rules_of_proposals(self) -> Iterator[Obstacle]:
        """Yield what the rules for proposals' branches block or restrict."""
        of = f"the rules for the branches {PREFIX}* say that"
        ask = _ASK.format(prefix=PREFIX)
        for rule in self._rules(_EXAMPLE):
            kind = rule["type"]
            if self._may_bypass(rule["ruleset_id"]):
                continue
            if kind in _BLOCKING:
                yield self._obstacle(f"{of} {_BLOCKING[kind]}; {ask}")
            elif kind == "required_signatures" and not self.is_signed:
                sign = "sign the commits with --sign, or let GitHub make and sign them with --commit api"
                yield self._obstacle(f"{of} they accept only signed commits; {sign}")
            elif kind == "non_fast_forward":
                yield self._obstacle(f"{of} nobody may force a push: a proposal is never rebased; {ask}", blocks=False)
            elif kind == "deletion":
                yield self._obstacle(f"{of} nobody may delete them: they stay after a merge; {ask}", blocks=False)
            elif kind in _PATTERNS:
                yield self._obstacle(f"{of} {_PATTERNS[kind]} {_pattern(rule)}; check that they do", blocks=False)

    def _rules_of_the_base(self, base: str) -> Iterator[Obstacle]:
        """Yield what the base's rules require for a merge."""
        for rule in self._rules(base):
            kind = rule["type"]
            about = rule.get("parameters", {})
            if kind == "required_signatures" and not self.is_signed:
                sign = "sign the commits with --sign, or use --commit api; a squash is signed by GitHub"
                yield self._obstacle(f"{base} accepts only signed commits; {sign}", blocks=False)
            elif kind == "required_status_checks":
                names = ", ".join(each["context"] for each in about.get("required_status_checks", ()))
                yield self._obstacle(f"{base} accepts a proposal after these checks: {names}", blocks=False)
            elif kind == "pull_request":
                count = about.get("required_approving_review_count", 0)
                owners = ", one of a code owner" if about.get("require_code_owner_review") else ""
                yield self._obstacle(f"{base} accepts a proposal with {count} approving reviews{owners}", blocks=False)
            elif kind in _KNOWN:
                yield self._obstacle(f"{base} {_KNOWN[kind]}", blocks=False)

    def _rules(self, branch: str) -> list[Mapping[str, Any]]:
        """Return the active rules for a branch, which need not exist."""
        path = f"/repos/{self.name}/rules/branches/{quote(branch, safe='')}"
        client = self.api.client.requester

        def read() -> list[Mapping[str, Any]]:
            rules = client.requestJsonAndCheck("GET", path, parameters={"per_page": "100"})[1]
            return [{"ruleset_id": 0, **rule, "type": str(rule["type"])} for rule in rules]

        return self.api.call(f"{self.place}: rules of {branch}", read)

    def _may_bypass(self, ruleset: int) -> bool:
        """Return whether the token may bypass a ruleset; False if GitHub does not show that."""
        if ruleset not in self._bypassed:
            path = f"/repos/{self.name}/rulesets/{ruleset}"
            what = f"{self.place}: ruleset {ruleset}"
            client = self.api.client.requester
            with suppress(PublishError):
                found = self.api.call(what, lambda: client.requestJsonAndCheck("GET", path)[1])
                self._bypassed[ruleset] = found.get("current_user_can_bypass") in _BYPASSES
        return self._bypassed.setdefault(ruleset, False)

    def _options(self, repository: Repository, options: Options) -> Iterator[Obstacle]:
        """Yield which options cannot be set."""
        if options.auto_merge:
            yield from self._auto_merge(repository, options.auto_merge)
        if (options.labels or options.milestone) and repository.has_issues is False:
            message = "issues are disabled, and with them perhaps labels and milestones; enable them in the settings"
            yield self._obstacle(message, blocks=False)
        if options.labels:
            known = self.api.call(f"{self.place}: labels", lambda: [each.name for each in repository.get_labels()])
            missing = [each for each in options.labels if each.lower() not in {name.lower() for name in known}]
            for label in missing:
                message = f"there is no label '{label}'; it will be made{did_you_mean(label, known)}"
                yield self._obstacle(message, blocks=False)
        if options.milestone:
            what = f"{self.place}: milestones"
            titles = self.api.call(what, lambda: [each.title for each in repository.get_milestones()])
            if options.milestone not in titles:
                hint = did_you_mean(options.milestone, titles)
                yield self._obstacle(f"there is no open milestone '{options.milestone}'{hint}", blocks=False)

    def _auto_merge(self, repository: Repository, how: str) -> Iterator[Obstacle]:
        """Yield why auto-merge is not possible; GitHub shows this only to users with push access."""
        methods = {
            "merge": repository.allow_merge_commit,
            "squash": repository.allow_squash_merge,
            "rebase": repository.allow_rebase_merge,
        }
        if repository.allow_auto_merge is False:
            message = "auto-merge is not allowed; allow it in the repository's settings (General, Pull Requests)"
            yield self._obstacle(message, blocks=False)
        if methods[how] is False:
            allowed = ", ".join(name for name, allowed in methods.items() if allowed)
            message = f"merging by {how} is not allowed; choose another method for auto-merge ({allowed})"
            yield self._obstacle(message, blocks=False)


def _pattern(rule: Mapping[str, Any]) -> str:
    """Return the requirement of a pattern rule, as in `must start with 'x'`."""
    about = rule.get("parameters", {})
    must = "must not" if about.get("negate") else "must"
    how = {"starts_with": "start with", "ends_with": "end with", "contains": "contain"}.get(
        about.get("operator", ""), "match"
    )
    return f"{must} {how} '{about.get('pattern', '')}'"
