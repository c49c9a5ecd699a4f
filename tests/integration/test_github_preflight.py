"""What would block a proposal on GitHub is said before anything is done, and nothing is changed for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from pipeline.proposals.errors import ProposalError
from pipeline.proposals.forge import Obstacle, Options
from tests.github.propose import forge
from tests.github.server import FakeGithub, fake_github
from tests.github.state import Milestone, Repository, Ruleset

#: Rules with all that GitHub gives of them.
REVIEWS: Mapping[str, Any] = {
    "type": "pull_request",
    "parameters": {
        "dismiss_stale_reviews_on_push": True,
        "require_code_owner_review": True,
        "require_last_push_approval": False,
        "required_approving_review_count": 2,
        "required_review_thread_resolution": False,
    },
}
CHECKS: Mapping[str, Any] = {
    "type": "required_status_checks",
    "parameters": {
        "required_status_checks": [{"context": "build"}, {"context": "lint"}],
        "strict_required_status_checks_policy": True,
    },
}
QUEUE: Mapping[str, Any] = {
    "type": "merge_queue",
    "parameters": {
        "check_response_timeout_minutes": 60,
        "grouping_strategy": "ALLGREEN",
        "max_entries_to_build": 5,
        "max_entries_to_merge": 5,
        "merge_method": "SQUASH",
        "min_entries_to_merge": 1,
        "min_entries_to_merge_wait_minutes": 5,
    },
}


@pytest.fixture
def github() -> Iterator[FakeGithub]:
    with fake_github() as running:
        yield running
        assert running.changes == []


@pytest.fixture
def repository(github: FakeGithub) -> Repository:
    # Not the token of a workflow, which has something to say of its own.
    github.state.tokens["ghp_own"] = "write"
    return github.repository("acme/config")


def obstacles(github: FakeGithub, options: Options | None = None, **settings: Any) -> Sequence[Obstacle]:
    environment = {**github.environment, "WAYBILL_GIT_TOKEN": "ghp_own"}
    return forge(environment, **settings).obstacles("main", options or Options())


@pytest.mark.usefixtures("repository")
def test_a_repository_without_rules_has_no_obstacle(github: FakeGithub) -> None:
    assert obstacles(github) == []
    assert [seen.operation for seen in github.seen] == [
        *("repos/get", "repos/get-branch", "repos/get-branch-rules", "repos/get-branch-rules")
    ]


@pytest.mark.parametrize(
    ("rule", "said", "blocks"),
    [
        ({"type": "creation"}, "the branches waybill/* say that nobody may create them; let who proposes bypass", True),
        ({"type": "update"}, "nobody may push to them; let who proposes bypass the ruleset, or leave waybill/*", True),
        (REVIEWS, "only pull requests may change them", True),
        (CHECKS, "whose status checks have passed", True),
        (QUEUE, "only a merge queue may change them", True),
        ({"type": "required_signatures"}, "--sign, or let GitHub make and sign them with --commit api", True),
        ({"type": "non_fast_forward"}, "nobody may force a push", False),
        ({"type": "deletion"}, "nobody may delete them: they stay after a merge", False),
        (
            {"type": "branch_name_pattern", "parameters": {"operator": "starts_with", "pattern": "feature/"}},
            "names of branches must start with 'feature/'; check that they do",
            False,
        ),
        (
            {"type": "commit_message_pattern", "parameters": {"operator": "regex", "pattern": "^X", "negate": True}},
            "messages of commits must not match '^X'",
            False,
        ),
    ],
)
def test_a_rule_for_the_branches_of_proposals_is_an_obstacle(
    rule: Mapping[str, Any],
    said: str,
    blocks: bool,  # noqa: FBT001 - a column of the table
    github: FakeGithub,
    repository: Repository,
) -> None:
    repository.rulesets.append(Ruleset(7, [rule], ["waybill/*"]))
    (found,) = obstacles(github)
    assert found.message.startswith("github:acme/config: the rules for the branches waybill/* say that ")
    assert said in found.message
    assert found.blocks is blocks


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"type": "required_signatures"}, "main accepts only signed commits; sign the commits with --sign, or use"),
        (QUEUE, "main has a merge queue"),
        ({"type": "required_linear_history"}, "main accepts no merge commits"),
        (CHECKS, "main accepts a proposal after these checks: build, lint"),
        (REVIEWS, "main accepts a proposal with 2 approving reviews, one of a code owner"),
    ],
)
def test_a_rule_of_the_base_is_good_to_know(
    rule: Mapping[str, Any], said: str, github: FakeGithub, repository: Repository
) -> None:
    repository.rulesets.append(Ruleset(7, [rule], ["main"]))
    (found,) = obstacles(github)
    assert said in found.message
    assert not found.blocks


def test_signed_commits_meet_the_rules_for_signatures(github: FakeGithub, repository: Repository) -> None:
    repository.rulesets.append(Ruleset(7, [{"type": "required_signatures"}], ["*"]))
    assert len(obstacles(github)) == 2
    assert obstacles(github, is_signed=True) == []


@pytest.mark.parametrize(
    ("bypass", "is_there"), [("always", False), ("exempt", False), ("pull_requests_only", True), ("never", True)]
)
def test_a_ruleset_that_the_token_may_bypass_is_no_obstacle(
    bypass: str,
    is_there: bool,  # noqa: FBT001 - a column of the table
    github: FakeGithub,
    repository: Repository,
) -> None:
    rules = [{"type": "creation"}, {"type": "update"}]
    repository.rulesets.append(Ruleset(7, rules, ["waybill/*"], bypass))
    assert bool(obstacles(github)) is is_there
    assert [seen.operation for seen in github.seen].count("repos/get-repo-ruleset") == 1
    # A second ruleset without a bypass stands.
    repository.rulesets.append(Ruleset(8, rules[:1], ["*"]))
    assert any("nobody may create them" in each.message for each in obstacles(github))


@pytest.mark.usefixtures("repository")
def test_a_token_that_may_not_push_is_an_obstacle(github: FakeGithub) -> None:
    github.state.tokens["ghp_own"] = "read"
    (found,) = obstacles(github)
    assert (
        "the token from WAYBILL_GIT_TOKEN may not push; it needs the permissions contents: write and" in found.message
    )
    assert found.blocks
    assert "ghp_own" not in found.message


@pytest.mark.parametrize(
    ("scopes", "private", "is_there"),
    [
        ("repo, workflow", True, False),
        ("public_repo", True, True),
        ("public_repo", False, False),
        ("read:org", False, True),
        ("", False, True),
    ],
)
def test_a_classic_token_without_the_scope_is_an_obstacle(
    scopes: str,
    private: bool,  # noqa: FBT001 - a column of the table
    is_there: bool,  # noqa: FBT001 - as above
    github: FakeGithub,
    repository: Repository,
) -> None:
    repository.private = private
    github.state.oauth["ghp_own"] = scopes
    found = obstacles(github)
    assert ["does not have the scope repo" in each.message for each in found] == ([True] if is_there else [])
    assert all(each.blocks for each in found)


@pytest.mark.usefixtures("repository")
def test_the_token_of_a_workflow_is_told_its_limits(github: FakeGithub) -> None:
    github.state.tokens["ghs_workflow"] = "write"
    environment = {**github.environment, "GITHUB_TOKEN": "ghs_workflow"}
    shown, limits = forge(environment).obstacles("main", Options())
    assert "GitHub does not show what the token of an App may do" in shown.message
    assert "start no checks, and github-actions cannot be among those who may push to a protected" in limits.message
    assert not shown.blocks
    assert not limits.blocks


@pytest.mark.usefixtures("repository")
def test_a_base_that_is_missing_is_an_obstacle(github: FakeGithub) -> None:
    environment = {**github.environment, "WAYBILL_GIT_TOKEN": "ghp_own"}
    (found,) = forge(environment).obstacles("release/1.0", Options())
    assert "the repository has no branch release/1.0; check --base (its default branch is main)" in found.message
    assert found.blocks


def test_a_base_whose_name_has_a_slash_is_found(github: FakeGithub, repository: Repository) -> None:
    repository.add_branch("release/1.0")
    environment = {**github.environment, "WAYBILL_GIT_TOKEN": "ghp_own"}
    assert forge(environment).obstacles("release/1.0", Options()) == []


def test_an_archived_repository_is_an_error(github: FakeGithub, repository: Repository) -> None:
    repository.archived = True
    with pytest.raises(ProposalError, match="is archived, and cannot be changed; unarchive it"):
        obstacles(github)


def test_a_repository_that_is_missing_is_an_error_that_says_what_to_check(github: FakeGithub) -> None:
    github.state.tokens["ghp_own"] = "write"
    with pytest.raises(ProposalError, match=r"not found \(404: Not Found\); check the name, and that the token"):
        obstacles(github)


def test_what_cannot_be_set_is_good_to_know(github: FakeGithub, repository: Repository) -> None:
    repository.has_issues = False
    repository.allows |= {"auto_merge": False, "squash_merge": False}
    repository.milestones.append(Milestone(1, "1.0"))
    options = Options(labels=("bug", "bugs"), milestone="1.O", auto_merge="squash")
    found = obstacles(github, options)
    assert [each.message.removeprefix("github:acme/config: ") for each in found] == [
        "auto-merge is not allowed; allow it in the repository's settings (General, Pull Requests)",
        "merging by squash is not allowed; choose another method for auto-merge (merge, rebase)",
        "issues are disabled, and with them perhaps labels and milestones; enable them in the settings",
        "there is no label 'bugs'; it will be made; did you mean 'bug'?",
        "there is no open milestone '1.O'; did you mean '1.0'?",
    ]
    assert not any(each.blocks for each in found)


def test_what_can_be_set_is_no_obstacle(github: FakeGithub, repository: Repository) -> None:
    repository.milestones.append(Milestone(1, "1.0"))
    assert obstacles(github, Options(labels=("BUG",), milestone="1.0", auto_merge="rebase")) == []
