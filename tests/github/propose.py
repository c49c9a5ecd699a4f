"""What a run of proposals wants from a forge, in a process of its own, which a test may kill.

python -m tests.github.propose OWNER/REPO open|update|close
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from typing import Any, Final

from pipeline.proposals.forge import Draft, Options, PullRequest
from pipeline.proposals.github import GithubForge
from pipeline.proposals.github_app import github_api
from pipeline.system.journal import Journal
from tests.github.publish import BACKOFF

BRANCH: Final = "waybill/greeting"
ALL: Final = Options(
    labels=("charts", "bug"),
    reviewers=("octocat", "acme/platform"),
    milestone="1.0",
    auto_merge="squash",
)


def forge(environment: Mapping[str, str], name: str = "acme/config", **settings: Any) -> GithubForge:
    """The repository, with what the environment says; lines go to standard error unless `warn` is given."""
    api, _ = github_api(name, environment, pause=0, backoff=BACKOFF)
    warn: Callable[[str], None] = lambda line: print(line, file=sys.stderr)  # noqa: E731 - a line
    return GithubForge(**{"name": name, "api": api, "warn": warn, **settings})


def draft(options: Options = ALL, body: str = "What changes", branch: str = BRANCH) -> Draft:
    return Draft(branch=branch, base="main", title="Update greeting to 1.2.3", body=body, options=options)


def propose(forge: GithubForge, wanted: Draft, journal: Journal | None = None) -> PullRequest:
    """Open a pull request, or update the one that is open."""
    journal = journal or Journal()
    found = forge.opened(wanted.base).get(wanted.branch)
    if found is not None:
        return forge.update(found, wanted.title, wanted.body, journal)
    forge.last(wanted.branch, wanted.base)
    return forge.open(wanted, journal)


def close(forge: GithubForge, journal: Journal | None = None) -> None:
    """Close the pull request if it is open."""
    found = forge.opened("main").get(BRANCH)
    if found is not None:
        forge.close(found, "Its content is on main.", journal or Journal())


if __name__ == "__main__":
    here = forge(os.environ, sys.argv[1])
    match sys.argv[2]:
        case "open":
            propose(here, draft())
        case "update":
            propose(here, draft(body="What changes more"))
        case "close":
            close(here)
