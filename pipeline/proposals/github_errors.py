"""Converts errors of GitHub's API to those of proposals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from pipeline.proposals.errors import BudgetError, ProposalError
from pipeline.publish.errors import PublishError
from pipeline.publish.github_api import RateLimitError

#: What to do for errors of GitHub about a pull request, by a part of the message.
_ADVICE: Final[Mapping[str, str]] = {
    "not permitted to create": (
        "allow it in the settings (Actions, General: Allow GitHub Actions to create and approve pull requests),"
        " or use a GitHub App"
    ),
    "No commits between": "the branch holds nothing that its base does not; run it again",
    "base invalid": "the base is not a branch of the repository; check --base",
    "head invalid": "the branch is not there; run it again",
}


@contextmanager
def as_proposal() -> Iterator[None]:
    """Convert errors of the API to those of proposals while the block runs."""
    try:
        yield
    except RateLimitError as error:
        raise BudgetError(str(error)) from error
    except PublishError as error:
        advice = next((advice for said, advice in _ADVICE.items() if said in str(error)), "")
        raise ProposalError(f"{error}; {advice}" if advice else str(error)) from error
