"""One step of a proposal to GitLab in a process of its own, which a test may kill.

python -m tests.gitlab.propose open|update|close PROJECT
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping

from pipeline.proposals.forge import Draft, Forge, Options, PullRequest
from pipeline.proposals.gitlab import GitlabForge
from pipeline.proposals.gitlab_api import GitlabApi
from pipeline.system.http_request import Backoff
from pipeline.system.journal import Journal
from pipeline.workspace.places import GitlabProject

#: A server that is away, or busy, is given up soon.
BACKOFF = Backoff(attempts=3, first=0.01, longest=0.05, longest_asked=2)
BRANCH = "waybill/greeting"
DRAFT = Draft(
    branch=BRANCH,
    base="main",
    title="Propose greeting 1.0.1",
    body="A new greeting.\n\n/close\n",
    options=Options(labels=("charts",), reviewers=("ada",), milestone="Spring", auto_merge="squash"),
)
NEXT = ("Propose greeting 1.0.2", "A newer greeting.")
COMMENT = "The base has it."


def forge(
    environment: Mapping[str, str], project: str = "acme/team/config", said: list[str] | None = None
) -> GitlabForge:
    """The forge of a project, with what the environment says."""
    notify: Callable[[str], None] = print if said is None else said.append
    place = GitlabProject(name=project, branch="", folder="")
    return GitlabForge(project=place, api=GitlabApi.of(environment, backoff=BACKOFF), notify=notify)


def take(step: str, at: Forge, journal: Journal) -> None:
    """Take one step, as any run would."""
    request = at.opened("main").get(BRANCH)
    match step, request:
        case "open", None:
            at.open(DRAFT, journal)
        case "open", PullRequest():
            at.update(request, DRAFT.title, DRAFT.body, journal)
        case "update", PullRequest():
            at.update(request, *NEXT, journal)
        case "close", PullRequest():
            at.close(request, COMMENT, journal)


if __name__ == "__main__":
    take(sys.argv[1], forge(os.environ, sys.argv[2]), Journal())
