"""Makes commits through GitHub's API, which signs them, for branches that require signed commits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.proposals.github_budget import Budget
    from pipeline.publish.github_api import GithubApi


@dataclass(frozen=True, kw_only=True)
class ApiCommits:
    """Makes commits on branches of a repository on GitHub."""

    api: GithubApi
    repository: str
    budget: Budget

    def commit(
        self,
        branch: str,
        *,
        parent: str,
        is_new: bool,
        additions: Mapping[str, bytes],
        deletions: Sequence[str],
        message: str,
    ) -> str:
        """Make a commit on `parent`, the head of the branch, and return its hash; `is_new` creates the branch.

        Raises:
            ProposalError: GitHub refuses the commit, or the files are too large.
            BudgetError: a rate limit is used up.
        """
        from pipeline.proposals.github_commit import branch_at, check_size, commit_on_branch  # noqa: PLC0415 - PyGithub

        check_size(f"github:{self.repository}: commit on {branch}", additions)
        if is_new:
            parent = branch_at(self.api, self.repository, branch, parent, self.budget)
        return commit_on_branch(
            self.api,
            self.repository,
            branch,
            expected_head=parent,
            additions=additions,
            deletions=deletions,
            message=message,
            budget=self.budget,
        )
