"""Pull requests on GitHub, against the fake that is held to GitHub's description: never two, none half."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from pipeline.proposals.errors import BudgetError, ProposalError
from pipeline.proposals.forge import Options
from pipeline.proposals.github_budget import Budget
from pipeline.publish.github_api import GithubApi
from pipeline.system.journal import Journal
from tests.conftest import ROOT
from tests.github.propose import ALL, BRANCH, close, draft, forge, propose
from tests.github.publish import BACKOFF
from tests.github.server import FakeGithub, Fault, fake_github
from tests.github.state import Milestone, PullRequest, Repository, Ruleset

READ = ["pulls/list", "pulls/list"]
NOTHING = Options()


@pytest.fixture
def github() -> Iterator[FakeGithub]:
    with fake_github() as running:
        yield running


def config(github: FakeGithub, name: str = "acme/config") -> Repository:
    """A repository of which one branch is ready to be proposed, and where all that can be set is there."""
    repository = github.repository(name)
    repository.head = "a" * 40
    repository.collaborators |= {"octocat", "acme/platform", "hubot"}
    repository.milestones += [Milestone(1, "0.9"), Milestone(2, "1.0")]
    checks = {"type": "required_status_checks", "parameters": {}}
    repository.rulesets.append(Ruleset(1, [checks], ["main"]))
    repository.add_branch(BRANCH)
    return repository


@pytest.fixture
def repository(github: FakeGithub) -> Repository:
    return config(github)


def calls(github: FakeGithub) -> list[str]:
    return [str(seen.operation) for seen in github.seen]


def result(repository: Repository) -> list[tuple[PullRequest, list[str]]]:
    """All pull requests, with the texts of their comments."""
    return [(replace(each, comments=[]), [comment.body for comment in each.comments]) for each in repository.pulls]


def test_a_pull_request_is_opened_with_all_that_is_set_on_it(github: FakeGithub, repository: Repository) -> None:
    journal, lines = Journal(), list[str]()
    made = propose(forge(github.environment, warn=lines.append), draft(), journal)
    (pull,) = repository.pulls
    assert (pull.branch, pull.base, pull.title, pull.body) == (
        BRANCH,
        "main",
        "Update greeting to 1.2.3",
        "What changes",
    )
    assert (pull.labels, pull.milestone, pull.auto_merge) == (["charts", "bug"], 2, "SQUASH")
    assert (pull.reviewers, pull.teams, pull.draft) == (["octocat"], ["platform"], False)
    assert "charts" in repository.labels
    assert (made.number, made.state, made.head, made.body) == (1, "open", repository.heads[BRANCH], "What changes")
    assert made.url == f"{github.urls.server}/acme/config/pull/1"
    assert lines == []
    assert [(effect.done, effect.undo[:4]) for effect in journal.effects] == [
        (f"opened the pull request {made.url}", ("gh", "pr", "close", "1"))
    ]


def test_a_pull_request_on_which_nothing_is_set_takes_three_calls(github: FakeGithub, repository: Repository) -> None:
    propose(forge(github.environment), draft(NOTHING))
    assert calls(github) == [*READ, "pulls/create"]
    assert repository.pulls[0].body == "What changes"


def test_labels_take_two_more_calls(github: FakeGithub, repository: Repository) -> None:
    propose(forge(github.environment), draft(Options(labels=("charts",))))
    assert calls(github) == [*READ, "pulls/create", "issues/add-labels", "issues/update"]
    assert repository.pulls[0].labels == ["charts"]


def test_what_is_proposed_already_is_left_alone(github: FakeGithub, repository: Repository) -> None:
    propose(forge(github.environment), draft())
    before = result(repository)
    github.fail({})
    journal = Journal()
    propose(forge(github.environment), draft(), journal)
    assert (calls(github), journal.effects) == (["pulls/list"], ())
    # An editor on GitHub's pages changes the ends of lines.
    repository.pulls[0].body = "What\r\nchanges\r\n"
    propose(forge(github.environment), draft(body="What\nchanges"), journal)
    assert (github.changes, journal.effects) == ([], ())
    repository.pulls[0].body = "What changes"
    assert result(repository) == before


@pytest.mark.parametrize("given", [{"body": "What changes more"}, {"title": "Update greeting to 2.0.0"}])
def test_an_open_pull_request_is_updated_in_place(
    given: dict[str, str], github: FakeGithub, repository: Repository
) -> None:
    propose(forge(github.environment), draft())
    # What a person has changed stays.
    repository.pulls[0].labels.remove("bug")
    github.fail({})
    journal = Journal()
    updated = propose(forge(github.environment), replace(draft(), **given), journal)
    assert calls(github) == ["pulls/list", "pulls/update"]
    (pull,) = repository.pulls
    assert (pull.title, pull.body, pull.labels) == (updated.title, updated.body, ["charts"])
    assert {"title": pull.title, "body": pull.body}.items() >= given.items()
    assert [effect.done for effect in journal.effects] == [f"updated the pull request {updated.url}"]


def test_the_open_pull_requests_are_one_paginated_list(github: FakeGithub, repository: Repository) -> None:
    for number in range(250):
        branch = f"waybill/w{number:03}"
        head = repository.add_branch(branch)
        repository.add_pull(PullRequest(0, branch, "main", head, "w", None))
    repository.pulls[7].state = "closed"
    other = repository.add_branch("feature/x")
    repository.add_pull(PullRequest(0, "feature/x", "main", other, "x", None))
    repository.add_pull(PullRequest(0, "waybill/w001", "release", other, "another base", None))
    repository.add_pull(PullRequest(0, "waybill/w002", "main", "f" * 40, "of a fork", None, fork="eve/config"))
    repository.add_pull(PullRequest(0, BRANCH, "main", "f" * 40, "of a fork", None, fork="eve/config"))
    found = forge(github.environment).opened("main")
    assert len(found) == 249
    assert found["waybill/w002"].number == 3
    assert BRANCH not in found
    assert calls(github) == ["pulls/list"] * 3


def test_the_last_pull_request_of_a_branch_takes_one_call(github: FakeGithub, repository: Repository) -> None:
    head = repository.heads[BRANCH]
    states = {"merged": {"merged": True}, "closed": {}, "open": {"state": "open"}}
    here = forge(github.environment)
    assert here.last(BRANCH, "main") is None
    for number, (state, given) in enumerate(states.items(), 1):
        repository.add_pull(PullRequest(0, BRANCH, "main", head, state, None, **{"state": "closed", **given}))
        github.fail({})
        found = here.last(BRANCH, "main")
        assert found is not None
        assert (found.number, found.state) == {1: (1, "merged"), 2: (2, "closed"), 3: (2, "closed")}[number]
        assert calls(github) == ["pulls/list"]
    repository.add_pull(PullRequest(0, BRANCH, "main", head, "theirs", None, state="closed", fork="acme/fork"))
    found = here.last(BRANCH, "main")
    assert found is not None
    assert found.number == 2


def test_a_pull_request_is_closed_with_one_comment(github: FakeGithub, repository: Repository) -> None:
    here, journal = forge(github.environment), Journal()
    made = propose(here, draft(NOTHING))
    github.fail({})
    here.close(made, "Its content is on main.", journal)
    assert calls(github) == ["issues/list-comments", "issues/create-comment", "pulls/update"]
    assert journal.effects[0].undo[:4] == ("gh", "pr", "reopen", "1")
    assert repository.pulls[0].state == "closed"
    here.close(made, "Its content is on main.", journal)
    (comment,) = repository.pulls[0].comments
    assert comment.body.startswith("Its content is on main.\n\n<!-- ")


def test_a_pull_request_that_was_opened_again_is_closed_with_a_comment_on_its_new_commit(
    github: FakeGithub, repository: Repository
) -> None:
    here = forge(github.environment)
    propose(here, draft(NOTHING))
    close(here)
    repository.pulls[0].state = "open"
    repository.add_branch(BRANCH)
    close(here)
    assert len(repository.pulls[0].comments) == 2


@pytest.mark.parametrize("fault", [Fault(), Fault(status=502), Fault(reaches=True), Fault(status=502, reaches=True)])
@pytest.mark.parametrize("action", ["open", "update", "close"])
def test_a_lost_answer_does_nothing_twice(action: str, fault: Fault, github: FakeGithub) -> None:
    expected = undisturbed(github, action)
    for number in range(1, 20):
        name = f"acme/config-{number}"
        repository = prepared(github, name, action)
        github.fail({number: fault})
        act(github, name, action)
        assert result(repository) == expected
        if len(github.seen) < number:
            break
    assert number == {"open": 10, "update": 3, "close": 5}[action]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("action", ["open", "update", "close"])
def test_what_is_killed_at_any_request_is_finished_by_the_next_run(action: str, when: str, github: FakeGithub) -> None:
    expected = undisturbed(github, action)
    for number in range(1, 20):
        name = f"acme/config-{number}"
        repository = prepared(github, name, action)
        code = killed_at(github, number, name, action, when)
        assert code in {0, -signal.SIGKILL}
        github.fail({})
        act(github, name, action)
        assert result(repository) == expected
        if code == 0:
            break
    assert number == {"open": 10, "update": 3, "close": 5}[action]


def killed_at(github: FakeGithub, number: int, name: str, action: str, when: str) -> int:
    """The code of a process that is killed at a request."""
    started: list[subprocess.Popen[bytes]] = []

    def kill() -> None:
        started[0].kill()

    github.fail({number: Fault(reaches=when == "after", meanwhile=kill)})
    command = [sys.executable, "-m", "tests.github.propose", name, action]
    started.append(subprocess.Popen(command, env={**os.environ, **github.environment}, cwd=ROOT))
    return started[0].wait()


def prepared(github: FakeGithub, name: str, action: str) -> Repository:
    """A repository as it is before an action."""
    repository = config(github, name)
    if action != "open":
        propose(forge(github.environment, name), draft())
    return repository


def act(github: FakeGithub, name: str, action: str) -> None:
    here = forge(github.environment, name)
    if action == "close":
        close(here)
    else:
        propose(here, draft(body="What changes more" if action == "update" else "What changes"))


def undisturbed(github: FakeGithub, action: str) -> list[tuple[PullRequest, list[str]]]:
    """What an action ends with where nothing comes between."""
    repository = prepared(github, "acme/undisturbed", action)
    act(github, "acme/undisturbed", action)
    return result(repository)


def test_two_runs_at_a_time_open_one_pull_request(github: FakeGithub, repository: Repository) -> None:
    numbers: list[int] = []
    runs = [forge(github.environment) for _ in range(6)]
    for run in runs:
        assert run.last(BRANCH, "main") is None
    threads = [
        threading.Thread(target=lambda run=run: numbers.append(run.open(draft(NOTHING), Journal()).number))
        for run in runs
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert numbers == [1] * 6
    assert len(repository.pulls) == 1


def test_an_open_pull_request_is_taken_as_it_is(github: FakeGithub, repository: Repository) -> None:
    made = propose(forge(github.environment), draft(NOTHING))
    github.fail({})
    assert forge(github.environment).open(draft(body="other"), Journal()) == made
    assert (calls(github), repository.pulls[0].body) == (["pulls/list"], "What changes")


def test_a_body_as_long_as_github_takes_it_is_there_as_a_whole(github: FakeGithub, repository: Repository) -> None:
    here = forge(github.environment)
    body = "x" * here.body_limit
    propose(here, draft(body=body))
    assert repository.pulls[0].body == body


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (Options(reviewers=("octocat", "nobody", "acme/none")), "the reviewer nobody: GitHub refuses it (422: Reviews"),
        (Options(reviewers=("octocat", "acme/none")), "the reviewer acme/none: GitHub refuses it (422: Reviews may"),
        (Options(milestone="1.O"), "the milestone 1.O: the repository has no open milestone of that title; did you"),
        (Options(labels=("x" * 51,)), "422: Validation Failed; name is too long (maximum is 50 characters)"),
        (Options(draft=True), "Draft pull requests are not supported in this repository.); it is opened as ready"),
        (Options(auto_merge="merge"), "auto-merge: GitHub refuses it (422: Auto merge is not allowed for this repo"),
    ],
)
def test_what_cannot_be_set_is_a_line(options: Options, line: str, github: FakeGithub, repository: Repository) -> None:
    repository.has_drafts = False
    repository.allows["auto_merge"] = False
    lines: list[str] = []
    made = propose(forge(github.environment, warn=lines.append), draft(options))
    assert line in "\n".join(lines)
    assert all(each.startswith(f"github:acme/config: pull request of {BRANCH}") for each in lines)
    (pull,) = repository.pulls
    assert (pull.body, pull.draft, made.draft) == ("What changes", False, False)
    assert pull.reviewers == (["octocat"] if options.reviewers else [])


def test_a_pull_request_that_waits_for_nothing_is_not_merged_by_itself(
    github: FakeGithub, repository: Repository
) -> None:
    repository.rulesets.clear()
    lines: list[str] = []
    propose(forge(github.environment, warn=lines.append), draft(Options(auto_merge="squash")))
    assert "clean status" in lines[0]
    assert repository.pulls[0].body == "What changes"


def test_a_draft_is_opened_as_one(github: FakeGithub, repository: Repository) -> None:
    assert propose(forge(github.environment), draft(Options(draft=True))).draft
    assert repository.pulls[0].draft


@pytest.mark.parametrize(
    ("operation", "permission", "line"),
    [
        ("issues/add-labels", "issues=write", "it needs the permission issues: write for this repository"),
        ("pulls/request-reviewers", "pull_requests=write", "it needs the permission pull_requests: write"),
    ],
)
def test_a_permission_that_is_missing_for_what_is_set_is_a_line(
    operation: str, permission: str, line: str, github: FakeGithub, repository: Repository
) -> None:
    github.state.denied[operation] = permission
    lines: list[str] = []
    propose(forge(github.environment, warn=lines.append), draft())
    assert len(lines) == 1
    assert line in lines[0]
    assert (repository.pulls[0].body, repository.pulls[0].milestone) == ("What changes", 2)


def error_of(github: FakeGithub, fault: Fault | None = None, number: int = 3) -> str:
    if fault is not None:
        github.fail({number: fault})
    with pytest.raises(ProposalError) as refused:
        propose(forge(github.environment), draft())
    assert github.token not in str(refused.value)
    return str(refused.value)


@pytest.mark.usefixtures("repository")
def test_401_says_what_to_do(github: FakeGithub) -> None:
    said = error_of(github, Fault(status=401, message="Bad credentials"), 1)
    assert "GitHub refuses the token from GITHUB_TOKEN (401: Bad credentials)" in said
    assert "make a new one with the permission pull_requests: write" in said


def test_403_names_the_permission_and_what_the_token_of_a_workflow_cannot(
    github: FakeGithub, repository: Repository
) -> None:
    github.state.denied["pulls/create"] = "pull_requests=write"
    said = error_of(github)
    assert "it needs the permission pull_requests: write for this repository" in said
    assert "a workflow's token is only for its own repository" in said
    assert repository.pulls == []


@pytest.mark.usefixtures("repository")
def test_403_for_github_actions_names_the_setting(github: FakeGithub) -> None:
    message = "GitHub Actions is not permitted to create or approve pull requests."
    said = error_of(github, Fault(status=403, message=message))
    assert "Allow GitHub Actions to create and approve pull requests" in said


def test_404_may_mean_no_access(github: FakeGithub) -> None:
    said = error_of(github)
    assert "not found (404: Not Found); check the name, and that the token from GITHUB_TOKEN may see it" in said


@pytest.mark.parametrize(
    ("change", "advice"),
    [
        ({"base": "mian"}, "the base is not a branch of the repository; check --base"),
        ({"branch": "waybill/gone"}, "the branch is not there; run it again"),
        ({"branch": "waybill/empty"}, "No commits between main and waybill/empty); the branch holds nothing"),
    ],
)
def test_422_says_what_to_do(change: dict[str, str], advice: str, github: FakeGithub, repository: Repository) -> None:
    repository.refs.create("waybill/empty", repository.head)
    with pytest.raises(ProposalError) as refused:
        propose(forge(github.environment), replace(draft(), **change))
    assert advice in str(refused.value)
    assert repository.pulls == []


def limited(**headers: str) -> Fault:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Fault(status=403, message="You have exceeded a secondary rate limit.", headers=named)


def test_a_short_rate_limit_is_waited_for(github: FakeGithub, repository: Repository) -> None:
    reset = str(int(time.time()))
    github.fail({1: limited(Retry_After="0"), 4: limited(X_RateLimit_Remaining="0", X_RateLimit_Reset=reset)})
    propose(forge(github.environment), draft(NOTHING))
    assert calls(github) == ["pulls/list", *READ, "pulls/create", "pulls/create"]
    assert len(repository.pulls) == 1


@pytest.mark.parametrize(
    "headers", [{"Retry_After": "3600"}, {"X_RateLimit_Remaining": "0", "X_RateLimit_Reset": "4000000000"}, {}]
)
@pytest.mark.parametrize("number", [1, 3, 4, 9])
def test_a_long_rate_limit_is_a_budget_error_and_the_next_run_goes_on(
    number: int, headers: dict[str, str], github: FakeGithub, repository: Repository
) -> None:
    github.fail({number: limited(**headers)})
    with pytest.raises(BudgetError, match=r"GitHub's rate limit \(403.*run it again after \d\d:\d\d UTC, in \d+ min"):
        propose(forge(github.environment), draft())
    assert len(github.seen) == number
    propose(forge(github.environment), draft())
    (pull,) = repository.pulls
    assert (pull.body, pull.labels, pull.milestone) == ("What changes", ["charts", "bug"], 2)


def test_a_run_stops_at_its_budget_before_it_begins_what_it_cannot_finish(
    github: FakeGithub, repository: Repository
) -> None:
    branches = [f"waybill/w{number}" for number in range(5)]
    for branch in branches:
        repository.add_branch(branch)
    here = forge(github.environment, budget=Budget(allowed=10))
    options = Options(labels=("charts",))
    for branch in branches[:3]:
        propose(here, draft(options, branch=branch))
    with pytest.raises(BudgetError) as stopped:
        propose(here, draft(options, branch=branches[3]))
    reason = "this run has changed 9 things, and GitHub allows 10 in an hour; run it again after"
    assert f"pull request of waybill/w3: {reason}" in str(stopped.value)
    assert "in 60 min: it continues from here" in str(stopped.value)
    assert [(pull.branch, pull.body) for pull in repository.pulls] == [(each, "What changes") for each in branches[:3]]
    for branch in branches:
        propose(forge(github.environment), draft(options, branch=branch))
    assert [pull.branch for pull in repository.pulls] == branches


def test_a_budget_is_there_again_when_its_time_is_over(github: FakeGithub, repository: Repository) -> None:
    here = forge(github.environment, budget=Budget(allowed=1, period=0))
    propose(here, draft(NOTHING))
    propose(here, draft(body="What changes more"))
    assert repository.pulls[0].body == "What changes more"


def test_changes_are_a_pause_apart_which_is_a_second(
    github: FakeGithub, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    api = forge(github.environment).api
    here = forge(github.environment, api=replace(api, pause=1000))
    propose(here, draft(Options(labels=("charts",))))
    assert repository.pulls[0].labels == ["charts"]
    # Three changes, and the reads between them do not wait.
    assert len(slept) == 2
    assert all(900 < seconds <= 1000 for seconds in slept)
    assert GithubApi().pause == 1


def test_a_server_that_fails_each_time_is_given_up(github: FakeGithub) -> None:
    github.fail(dict.fromkeys(range(1, 100), Fault(status=503, message="Service Unavailable")))
    said = error_of(github)
    assert "GitHub responded with 503: Service Unavailable; try again later" in said
    assert len(github.seen) == BACKOFF.attempts


@pytest.mark.parametrize("number", range(1, 10))
def test_an_answer_that_is_not_github_s_is_an_error(number: int, github: FakeGithub, repository: Repository) -> None:
    github.fail({number: Fault(status=200, message="Welcome to the hotel")})
    lines: list[str] = []
    try:
        propose(forge(github.environment, warn=lines.append), draft())
    except ProposalError as error:
        lines.append(str(error))
    if number not in {4, 5, 9}:
        assert "does not answer as GitHub does" in lines[0]
    propose(forge(github.environment), draft())
    assert repository.pulls[0].body == "What changes"


@pytest.mark.usefixtures("repository")
def test_the_token_is_in_no_message(github: FakeGithub, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    github.fail({1: Fault(status=500), 4: Fault(status=422, message=f"no: {github.token}")})
    lines: list[str] = []
    here = forge(github.environment, warn=lines.append)
    said = ""
    try:
        propose(here, draft())
    except ProposalError as error:
        said = str(error)
    assert "no: …" in said
    assert github.token not in f"{caplog.text}{here!r}{here.api!r}{lines}{said}{here.clone_url}{here.place}"
    assert ALL.labels
    for seen in github.seen:
        assert github.token not in seen.path


def test_the_default_branch_is_read(github: FakeGithub, repository: Repository) -> None:
    repository.default_branch = "trunk"
    here = forge(github.environment)
    assert [here.default_branch(), here.default_branch()] == ["trunk", "trunk"]
    assert calls(github) == ["repos/get"]


def test_places_hold_no_credential(github: FakeGithub) -> None:
    here = forge(github.environment)
    assert (here.place, here.clone_url) == ("github:acme/config", f"{github.urls.server}/acme/config.git")
