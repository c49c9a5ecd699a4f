"""Commits that GitHub makes and signs: `createCommitOnBranch` of its GraphQL API."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Final

from pipeline.proposals.errors import ProposalError
from pipeline.proposals.github_budget import Budget
from pipeline.proposals.github_errors import as_proposal
from pipeline.publish.github_api import GithubApi, RefusedError

#: The most bytes of all files: GitHub publishes no limit, and closes connections over requests that are far larger.
MAX_BYTES: Final = 16 * 1024 * 1024
_ANSWER: Final = "commit { oid }"


def branch_at(api: GithubApi, repository: str, branch: str, sha: str, budget: Budget) -> str:
    """Make a branch at a commit, and return its head: that of the branch which is there already, if it is.

    `repository` is OWNER/REPO.

    Raises:
        ProposalError: GitHub refuses it.
        BudgetError: a rate limit is used up.
    """
    what = f"github:{repository}: branch {branch}"
    client = api.client.get_repo(repository)

    def create() -> str:
        return client.create_git_ref(f"refs/heads/{branch}", sha).object.sha

    with as_proposal():
        try:
            return api.call(what, budget.counted(what, create))
        except RefusedError as error:
            if "already exists" not in str(error):
                raise
            return _head(api, repository, branch)


def commit_on_branch(
    api: GithubApi,
    repository: str,
    branch: str,
    *,
    expected_head: str,
    additions: Mapping[str, bytes],
    deletions: Sequence[str],
    message: str,
    budget: Budget,
) -> str:
    """Make a commit on a branch which is at `expected_head`, and return its SHA.

    `repository` is OWNER/REPO, `additions` the files that are new or others, `deletions` those that go. GitHub signs
    the commit. Its author is who the token is of; files that it adds are not executable.

    Raises:
        ProposalError: the files are too large for a request, which is said before anything is sent; the branch has
            moved; or GitHub refuses it.
        BudgetError: a rate limit is used up.
    """
    what = f"github:{repository}: commit on {branch}"
    check_size(what, additions)
    headline, _, body = message.strip().partition("\n")
    given = {
        "branch": {"repositoryNameWithOwner": repository, "branchName": branch},
        "expectedHeadOid": expected_head,
        "message": {"headline": headline, "body": body.strip()},
        "fileChanges": {
            "additions": [
                {"path": path, "contents": base64.b64encode(data).decode()} for path, data in additions.items()
            ],
            "deletions": [{"path": path} for path in deletions],
        },
    }

    def commit() -> str:
        return str(api.mutate("createCommitOnBranch", given, _ANSWER)["commit"]["oid"])

    def look() -> str | None:
        head = _head(api, repository, branch)
        return head if head != expected_head and _is_made(api, repository, head, expected_head, message) else None

    with as_proposal():
        return api.changed(what, budget.counted(what, commit), look)


def check_size(what: str, additions: Mapping[str, bytes]) -> None:
    """Say whether some files fit in a request.

    Raises:
        ProposalError: they do not.
    """
    size = sum(map(len, additions.values()))
    if size > MAX_BYTES:
        largest = max(additions, key=lambda path: len(additions[path]))
        reason = f"{size:,} bytes are more than the {MAX_BYTES:,} that fit in a commit made by GitHub's API"
        message = f"{reason} (the largest file is {largest}); make the commit by git, without --commit api"
        raise ProposalError(f"{what}: {message}")


def _head(api: GithubApi, repository: str, branch: str) -> str:
    """Return the commit that a branch is at."""
    client = api.client.get_repo(repository)
    what = f"github:{repository}: branch {branch}"
    return api.call(what, lambda: client.get_git_ref(f"heads/{branch}").object.sha)


def _is_made(api: GithubApi, repository: str, sha: str, parent: str, message: str) -> bool:
    """Return whether a commit is the one that was to be made."""
    client = api.client.get_repo(repository)
    found = api.call(f"github:{repository}: commit {sha}", lambda: client.get_git_commit(sha))
    ours = [line.strip() for line in message.split("\n") if line.strip()]
    theirs = [line.strip() for line in found.message.split("\n") if line.strip()]
    return [each.sha for each in found.parents] == [parent] and ours == theirs
