"""Makes commits that GitHub signs, with `createCommitOnBranch` of its GraphQL API."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Final

from pipeline.proposals.errors import ProposalError
from pipeline.proposals.github_budget import Budget
from pipeline.proposals.github_errors import as_proposal
from pipeline.publish.github_api import GithubApi, RefusedError

#: waybill's limit for the size of all files: GitHub documents none, but closes connections for far larger requests.
MAX_BYTES: Final = 16 * 1024 * 1024
_ANSWER: Final = "commit { oid }"


def branch_at(api: GithubApi, repository: str, branch: str, sha: str, budget: Budget) -> str:
    """Create a branch at a commit and return its head, which is another one if the branch exists already.

    `repository` is OWNER/REPO.

    Raises:
        ProposalError: GitHub refuses.
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
    """Make a commit on a branch at `expected_head`, and return its hash.

    `repository` is OWNER/REPO, `additions` are new and changed files, `deletions` removed ones. GitHub signs the
    commit. Its author is the token's owner, and added files are not executable.

    Raises:
        ProposalError: the files are too large, which is checked first; the branch has moved; or GitHub refuses.
        BudgetError: a rate limit is used up.
    """
    what = f"github:{repository}: commit on {branch}"
    check_size(what, additions)
    headline, _, body = message.strip().partition("\n")
    variables = {
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
        return str(api.mutate("createCommitOnBranch", variables, _ANSWER)["commit"]["oid"])

    def look() -> str | None:
        head = _head(api, repository, branch)
        return head if head != expected_head and _is_made(api, repository, head, expected_head, message) else None

    with as_proposal():
        return api.changed(what, budget.counted(what, commit), look)


def check_size(what: str, additions: Mapping[str, bytes]) -> None:
    """Check that files fit in a request.

    Raises:
        ProposalError: they are too large.
    """
    size = sum(map(len, additions.values()))
    if size > MAX_BYTES:
        largest = max(additions, key=lambda path: len(additions[path]))
        reason = f"{size:,} bytes are more than the {MAX_BYTES:,} that fit in a commit made by GitHub's API"
        message = f"{reason} (the largest file is {largest}); make the commit by git, without --commit api"
        raise ProposalError(f"{what}: {message}")


def _head(api: GithubApi, repository: str, branch: str) -> str:
    """Return the head of a branch."""
    client = api.client.get_repo(repository)
    what = f"github:{repository}: branch {branch}"
    return api.call(what, lambda: client.get_git_ref(f"heads/{branch}").object.sha)


def _is_made(api: GithubApi, repository: str, sha: str, parent: str, message: str) -> bool:
    """Return whether a commit is the one to make: with its parent and message."""
    client = api.client.get_repo(repository)
    found = api.call(f"github:{repository}: commit {sha}", lambda: client.get_git_commit(sha))
    ours = [line.strip() for line in message.split("\n") if line.strip()]
    theirs = [line.strip() for line in found.message.split("\n") if line.strip()]
    return [each.sha for each in found.parents] == [parent] and ours == theirs
