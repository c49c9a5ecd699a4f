"""Proposals as merge requests, against the fake of GitLab: never two of them, and people decide."""

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

from generator.findings.errors import SettingsError
from generator.proposal.fitting import GITLAB_LIMIT
from pipeline.proposals.errors import BudgetError, ProposalError
from pipeline.proposals.forge import Draft, Forge, Options, PullRequest
from pipeline.proposals.gitlab import GitlabForge
from pipeline.proposals.gitlab_api import DeniedError, GitlabApi, LostAnswerError, NotFoundError, RefusedError
from pipeline.system.journal import Journal
from tests.conftest import ROOT
from tests.github.server import Fault
from tests.gitlab.propose import BACKOFF, BRANCH, COMMENT, DRAFT, NEXT, forge, take
from tests.gitlab.server import FakeGitlab, fake_gitlab
from tests.gitlab.state import MergeRequest, Milestone, Project, Token

PLAIN = replace(DRAFT, options=Options())
#: The requests of each step, where nothing has been done before.
STEPS = {
    "open": [
        *("list merge requests", "list merge requests", "list users", "list milestones", "create merge request"),
        *("get merge request", "merge", "update merge request"),
    ],
    "update": ["list merge requests", "get merge request", "update merge request"],
    "close": ["list merge requests", "get merge request", "list notes", "create note", "update merge request"],
}


@pytest.fixture
def gitlab() -> Iterator[FakeGitlab]:
    with fake_gitlab() as running:
        yield running


@pytest.fixture
def project(gitlab: FakeGitlab) -> Project:
    return prepared(gitlab)


@pytest.fixture
def said() -> list[str]:
    """The lines for people."""
    return []


@pytest.fixture
def at(gitlab: FakeGitlab, said: list[str]) -> GitlabForge:
    return forge(gitlab.environment, said=said)


def prepared(gitlab: FakeGitlab, path: str = "acme/team/config") -> Project:
    """A project with a branch of ours, a milestone and a reviewer."""
    if not any(user.username == "ada" for user in gitlab.state.users):
        gitlab.state.user("ada")
    project = gitlab.project(path, milestones=[Milestone(7, "Spring")])
    project.push(BRANCH)
    return project


def add(at: Project, branch: str = BRANCH, **about: object) -> MergeRequest:
    """A merge request that is there already."""
    sha = at.branches.get(branch, "0" * 40)
    request = MergeRequest(len(at.requests) + 1, branch, "main", "Old", "old", sha, at.id)
    for name, value in about.items():
        setattr(request, name, value)
    at.requests.append(request)
    return request


def listed(at: Forge) -> PullRequest:
    return at.opened("main")[BRANCH]


def test_the_forge_is_one_of_the_protocol(at: GitlabForge, gitlab: FakeGitlab) -> None:
    forge_of_protocol: Forge = at
    assert forge_of_protocol.place == "gitlab:acme/team/config"
    assert forge_of_protocol.clone_url == f"{gitlab.url}/acme/team/config.git"
    assert forge_of_protocol.body_limit == GITLAB_LIMIT


def test_the_default_branch_is_that_of_the_project(at: GitlabForge, project: Project) -> None:
    project.default_branch = "trunk"
    assert at.default_branch() == "trunk"


def test_an_empty_repository_has_no_default_branch(at: GitlabForge, project: Project) -> None:
    project.default_branch = None
    with pytest.raises(ProposalError, match="has no branch; push a first commit"):
        at.default_branch()


def test_open_merge_requests_are_one_list_with_all_its_pages(
    at: GitlabForge, gitlab: FakeGitlab, project: Project
) -> None:
    for number in range(150):
        add(project, f"waybill/w-{number}")
    add(project, "feature")
    add(project, "waybill/closed", state="closed")
    add(project, "waybill/other-base", target="next")
    add(project, "waybill/fork", project=project.id + 1)
    found = at.opened("main")
    assert sorted(found) == sorted(f"waybill/w-{number}" for number in range(150))
    assert gitlab.operations == ["list merge requests"] * 2
    assert all("per_page=100" in seen.path for seen in gitlab.seen)


def test_of_several_from_one_branch_the_oldest_counts(at: GitlabForge, project: Project) -> None:
    first = add(project)
    add(project)
    assert listed(at).number == first.iid


def test_the_last_is_the_newest_that_is_open_no_more(at: GitlabForge, project: Project) -> None:
    assert at.last(BRANCH, "main") is None
    add(project, state="closed")
    add(project, state="merged")
    add(project, state="merged", project=project.id + 1)
    add(project)
    found = at.last(BRANCH, "main")
    assert found is not None
    assert (found.number, found.state) == (2, "merged")
    assert at.last(BRANCH, "next") is None


def test_one_that_is_just_being_merged_is_merged(at: GitlabForge, project: Project) -> None:
    add(project, state="locked")
    found = at.last(BRANCH, "main")
    assert found is not None
    assert found.state == "merged"


def test_a_merge_request_is_opened_with_all_that_was_asked_for(
    at: GitlabForge, gitlab: FakeGitlab, project: Project, said: list[str]
) -> None:
    journal = Journal()
    found = at.open(DRAFT, journal)
    (request,) = project.requests
    assert (request.source, request.target, request.title) == (BRANCH, "main", "Propose greeting 1.0.1")
    assert (request.labels, [user.username for user in request.reviewers]) == (["charts"], ["ada"])
    assert request.milestone is not None
    assert request.description == "A new greeting.\n\n\\/close"
    assert (request.milestone.title, request.squash, request.auto_merge) == ("Spring", True, True)
    assert project.labels == {"charts"}
    assert found == PullRequest(
        number=1,
        url=f"{gitlab.url}/acme/team/config/-/merge_requests/1",
        branch=BRANCH,
        head=project.branches[BRANCH],
        state="open",
        title="Propose greeting 1.0.1",
        body="A new greeting.\n\n/close\n",
    )
    assert gitlab.operations == STEPS["open"][1:]
    assert said == []
    page = f"gitlab:acme/team/config!1 ({found.url})"
    assert [effect.done for effect in journal.effects] == [f"opened {page}", f"set auto-merge for {page}"]
    assert journal.effects[0].undo == ("glab", "mr", "close", "1", "--repo", f"{gitlab.url}/acme/team/config")


def test_a_plain_one_takes_a_request_that_reads_and_one_that_writes(
    at: GitlabForge, gitlab: FakeGitlab, project: Project
) -> None:
    at.open(PLAIN, Journal())
    assert gitlab.operations == ["list merge requests", "create merge request"]
    assert project.requests[0].title == "Propose greeting 1.0.1"


def test_lines_that_gitlab_would_carry_out_are_text(at: GitlabForge, project: Project) -> None:
    at.open(replace(PLAIN, body="/merge\ntext /close\n```\n/approve\n```\r\n\r/assign me\n"), Journal())
    assert project.requests[0].description == "\\/merge\ntext /close\n```\n\\/approve\n```\n\n\\/assign me"
    assert listed(at).body == "/merge\ntext /close\n```\n/approve\n```\n\n/assign me"


def test_an_open_one_is_taken_as_it_is(at: GitlabForge, gitlab: FakeGitlab, project: Project) -> None:
    add(project, title="By hand", labels=["mine"])
    journal = Journal()
    found = at.open(PLAIN, journal)
    assert (found.number, found.title) == (1, "By hand")
    assert (gitlab.changes, journal.effects) == ([], ())


def test_one_from_a_fork_with_the_same_branch_is_not_taken_for_ours(at: GitlabForge, project: Project) -> None:
    add(project, project=project.id + 1)
    assert at.open(PLAIN, Journal()).number == 2


def test_a_run_that_was_faster_wins(at: GitlabForge, gitlab: FakeGitlab, project: Project) -> None:
    def meanwhile() -> None:
        add(project, title="Faster")

    # The other run's merge request appears while the list is read: the first answer is lost, the second one empty.
    gitlab.fail({2: Fault(status=409, message="Another open merge request exists", meanwhile=meanwhile)})
    assert at.open(PLAIN, Journal()).title == "Faster"
    assert len(project.requests) == 1


@pytest.mark.parametrize("fault", [Fault(), Fault(status=502), Fault(reaches=True), Fault(status=502, reaches=True)])
@pytest.mark.parametrize("step", STEPS)
def test_a_lost_answer_makes_nothing_twice(step: str, fault: Fault, gitlab: FakeGitlab) -> None:
    for number in range(1, len(STEPS[step]) + 1):
        name = f"acme/config-{number}"
        project = prepared(gitlab, name)
        if step != "open":
            add(project)
        gitlab.fail({number: fault})
        take(step, forge(gitlab.environment, name, []), Journal())
        assert_done(step, project)
        assert len(gitlab.seen) > len(STEPS[step])


def assert_done(step: str, project: Project) -> None:
    """A step is done, once."""
    (request,) = project.requests
    match step:
        case "open":
            assert (request.title, request.state) == (DRAFT.title, "opened")
            assert (request.labels, len(request.reviewers), request.auto_merge) == (["charts"], 1, True)
            assert request.description.startswith("A new greeting.")
        case "update":
            assert (request.title, request.description, request.state) == (*NEXT, "opened")
        case _:
            assert ([body for _, body in request.notes], request.state) == ([COMMENT], "closed")


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_a_step_that_is_killed_at_any_request_is_finished_by_the_next_run(
    step: str, when: str, gitlab: FakeGitlab
) -> None:
    killed = 0
    for number in range(1, 100):
        name = f"acme/config-{number}"
        project = prepared(gitlab, name)
        if step != "open":
            add(project)
        code = killed_at(gitlab, number, step, name, reaches=when == "after")
        assert len(project.requests) <= 1
        gitlab.fail({})
        take(step, forge(gitlab.environment, name, []), Journal())
        assert_done(step, project)
        if code == 0:
            assert gitlab.changes == []
            break
        assert code == -signal.SIGKILL
        killed += 1
    assert killed == len(STEPS[step])


def killed_at(gitlab: FakeGitlab, number: int, step: str, name: str, *, reaches: bool) -> int:
    """The code of a step in a process of its own that is killed at a request."""
    started: list[subprocess.Popen[bytes]] = []

    def kill() -> None:
        started[0].kill()

    gitlab.fail({number: Fault(reaches=reaches, meanwhile=kill)})
    command = [sys.executable, "-m", "tests.gitlab.propose", step, name]
    started.append(subprocess.Popen(command, env={**os.environ, **gitlab.environment}, cwd=ROOT))
    return started[0].wait()


def test_what_gitlab_does_not_know_is_a_line(at: GitlabForge, project: Project, said: list[str]) -> None:
    options = Options(reviewers=("ada", "nobody", "acme/team"), milestone="Autumn")
    at.open(replace(PLAIN, options=options), Journal())
    assert [user.username for user in project.requests[0].reviewers] == ["ada"]
    assert project.requests[0].milestone is None
    assert said == [
        "gitlab:acme/team/config: no review by 'nobody': GitLab does not know this user",
        "gitlab:acme/team/config: no review by 'acme/team': a group cannot review on GitLab",
        "gitlab:acme/team/config: no open milestone 'Autumn'; create it in the project or its group",
    ]


def test_what_gitlab_leaves_out_in_silence_is_a_line(
    at: GitlabForge, gitlab: FakeGitlab, project: Project, said: list[str]
) -> None:
    gitlab.state.user("eve").can_see = False
    gitlab.state.user("bob")
    project.many_reviewers = False
    found = at.open(replace(PLAIN, options=Options(reviewers=("Ada", "eve", "bob"))), Journal())
    assert said == [
        f"gitlab:acme/team/config: GitLab did not set the reviewer '{name}'; set it on {found.url}"
        for name in ("bob", "eve")
    ]


def test_a_closed_milestone_is_none(at: GitlabForge, project: Project, said: list[str]) -> None:
    project.milestones[0].active = False
    at.open(replace(PLAIN, options=Options(milestone="Spring")), Journal())
    assert project.requests[0].milestone is None
    assert len(said) == 1


def test_a_draft_stays_one_when_it_is_updated(at: GitlabForge, project: Project) -> None:
    found = at.open(replace(PLAIN, options=Options(draft=True)), Journal())
    assert project.requests[0].title == "Draft: Propose greeting 1.0.1"
    assert (found.title, found.draft) == ("Propose greeting 1.0.1", True)
    updated = at.update(found, *NEXT, Journal())
    assert project.requests[0].title == "Draft: Propose greeting 1.0.2"
    assert (updated.title, updated.draft) == ("Propose greeting 1.0.2", True)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Propose greeting 1.0.1", "Propose greeting 1.0.2"),
        ("[Draft] Propose greeting 1.0.1", "Draft: Propose greeting 1.0.2"),
        ("draft:Propose greeting 1.0.1", "Draft: Propose greeting 1.0.2"),
    ],
)
def test_a_person_decides_whether_it_is_a_draft(before: str, after: str, at: GitlabForge, project: Project) -> None:
    found = at.open(replace(PLAIN, options=Options(draft=True)), Journal())
    # After it was listed.
    project.requests[0].title = before
    at.update(found, *NEXT, Journal())
    assert project.requests[0].title == after


def test_an_update_sends_nothing_where_nothing_differs(at: GitlabForge, gitlab: FakeGitlab, project: Project) -> None:
    body = "/shout\r\nall  \n\n"
    at.open(replace(PLAIN, body=body, title="  Propose \n greeting "), Journal())
    found = listed(at)
    gitlab.fail({})
    journal = Journal()
    assert at.update(found, "Propose greeting", body, journal) == found
    assert (gitlab.seen, journal.effects) == ([], ())
    assert project.requests[0].title == "Propose greeting"


def test_an_update_that_somebody_else_made_is_not_made_again(
    at: GitlabForge, gitlab: FakeGitlab, project: Project
) -> None:
    found = at.open(PLAIN, Journal())
    project.requests[0].title, project.requests[0].description = NEXT
    gitlab.fail({})
    assert at.update(found, *NEXT, Journal()).title == NEXT[0]
    assert gitlab.changes == []


@pytest.mark.parametrize("state", ["closed", "merged"])
def test_what_is_open_no_more_is_left_alone(state: str, at: GitlabForge, gitlab: FakeGitlab, project: Project) -> None:
    found = at.open(PLAIN, Journal())
    project.requests[0].state = state
    gitlab.fail({})
    journal = Journal()
    assert at.update(found, *NEXT, journal).state == state
    at.close(found, COMMENT, journal)
    assert (gitlab.changes, journal.effects) == ([], ())


def test_a_title_that_is_too_long_is_cut(at: GitlabForge, project: Project) -> None:
    at.open(replace(PLAIN, title="x" * 300, options=Options(draft=True)), Journal())
    assert project.requests[0].title == f"Draft: {'x' * 247}…"


def test_a_body_at_the_limit_is_taken_and_a_longer_one_is_an_error(at: GitlabForge, project: Project) -> None:
    at.open(replace(PLAIN, body="€" * GITLAB_LIMIT), Journal())
    project.requests.clear()
    with pytest.raises(RefusedError, match=r"GitLab refuses it \(400: description is too long"):
        at.open(replace(PLAIN, body="x" * (3 * GITLAB_LIMIT + 2)), Journal())


def test_one_is_closed_with_a_comment(at: GitlabForge, gitlab: FakeGitlab, project: Project) -> None:
    found = at.open(PLAIN, Journal())
    gitlab.fail({})
    journal = Journal()
    at.close(found, "/merge", journal)
    assert (project.requests[0].state, [body for _, body in project.requests[0].notes]) == ("closed", ["\\/merge"])
    assert [effect.done.partition(" gitlab")[0] for effect in journal.effects] == ["commented on", "closed"]
    assert journal.effects[-1].undo[:3] == ("glab", "mr", "reopen")
    assert gitlab.operations == STEPS["close"][1:]


def test_a_comment_is_not_posted_twice_though_it_is_below_hundreds(
    at: GitlabForge, gitlab: FakeGitlab, project: Project
) -> None:
    found = at.open(PLAIN, Journal())
    project.requests[0].notes = [(1, COMMENT), *((number, f"note {number}") for number in range(2, 252))]
    gitlab.fail({})
    at.close(found, COMMENT, Journal())
    assert gitlab.changes == ["update merge request"]
    assert (project.requests[0].state, len(project.requests[0].notes)) == ("closed", 251)


AUTO = replace(PLAIN, options=Options(auto_merge="merge"))


def test_auto_merge_waits_for_a_pipeline_that_starts_late(at: GitlabForge, project: Project, said: list[str]) -> None:
    project.pipeline_after = 2
    at.open(AUTO, Journal())
    assert (project.requests[0].state, project.requests[0].auto_merge, said) == ("opened", True, [])
    assert not project.requests[0].squash


@pytest.mark.parametrize(
    ("pipeline", "why"),
    [
        (None, "it has no pipeline"),
        ("success", "its pipeline is at 'success'"),
        ("failed", "its pipeline is at 'failed'"),
    ],
)
def test_auto_merge_that_would_merge_at_once_is_a_line(
    pipeline: str | None, why: str, at: GitlabForge, gitlab: FakeGitlab, project: Project, said: list[str]
) -> None:
    project.pipeline = pipeline
    found = at.open(replace(PLAIN, options=Options(auto_merge="squash")), Journal())
    assert project.requests[0].state == "opened"
    assert gitlab.changes == ["create merge request", "update merge request"]
    assert project.requests[0].description == "A new greeting.\n\n\\/close"
    assert said == [f"gitlab:acme/team/config: auto-merge is not set for !1: {why}; set it on {found.url}"]


@pytest.mark.parametrize("status", [405, 406, 409, 422])
def test_auto_merge_that_gitlab_refuses_is_a_line(
    status: int, at: GitlabForge, gitlab: FakeGitlab, project: Project, said: list[str]
) -> None:
    gitlab.fail({4: Fault(status=status, message="Branch cannot be merged")})
    at.open(AUTO, Journal())
    assert not project.requests[0].auto_merge
    assert len(said) == 1
    assert f"({status}: Branch cannot be merged)" in said[0]


@pytest.mark.parametrize("reaches", [True, False])
def test_auto_merge_is_not_asked_for_again_once_the_pipeline_has_ended(
    reaches: bool,  # noqa: FBT001 - a column of the table
    at: GitlabForge,
    gitlab: FakeGitlab,
    project: Project,
    said: list[str],
) -> None:
    def meanwhile() -> None:
        project.requests[0].pipeline = "failed"

    gitlab.fail({4: Fault(status=502, reaches=reaches, meanwhile=meanwhile)})
    at.open(AUTO, Journal())
    assert (project.requests[0].state, project.requests[0].auto_merge) == ("opened", reaches)
    assert gitlab.changes == ["create merge request", "merge", "update merge request"]
    assert len(said) == (0 if reaches else 1)


@pytest.mark.parametrize("auto_merge", [True, False])
def test_what_a_person_made_of_auto_merge_stays(
    auto_merge: bool,  # noqa: FBT001 - a column of the table
    at: GitlabForge,
    gitlab: FakeGitlab,
    project: Project,
) -> None:
    add(project, auto_merge=auto_merge)
    journal = Journal()
    at.open(AUTO, journal)
    assert (gitlab.changes, journal.effects) == ([], ())


@pytest.mark.parametrize("how", ["merge", "squash"])
def test_auto_merge_that_a_run_did_not_come_to_is_set_by_an_update(
    how: str, at: GitlabForge, gitlab: FakeGitlab, project: Project
) -> None:
    mark = f"<!-- waybill still sets: auto-merge {how} -->\n"
    add(project, title=NEXT[0], description=f"{mark}{NEXT[1]}", pipeline="running")
    found = listed(at)
    assert (found.unfinished, found.body) == (True, NEXT[1])
    updated = at.update(found, *NEXT, Journal())
    assert not updated.unfinished
    assert (project.requests[0].auto_merge, project.requests[0].squash) == (True, how == "squash")
    assert project.requests[0].description == NEXT[1]
    gitlab.fail({})
    at.update(listed(at), *NEXT, Journal())
    assert gitlab.changes == []


def test_a_draft_has_no_auto_merge(at: GitlabForge, gitlab: FakeGitlab, project: Project, said: list[str]) -> None:
    at.open(replace(PLAIN, options=Options(auto_merge="squash", draft=True)), Journal())
    assert gitlab.changes == ["create merge request"]
    assert not project.requests[0].auto_merge
    assert said == [f"gitlab:acme/team/config: auto-merge is not set for {BRANCH}: it is opened as a draft"]


def test_runs_at_once_open_one(gitlab: FakeGitlab, project: Project) -> None:
    found: list[int] = []

    def run() -> None:
        found.append(forge(gitlab.environment, said=[]).open(DRAFT, Journal()).number)

    threads = [threading.Thread(target=run) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [1] * 6
    assert len(project.requests) == 1


def test_auto_merge_that_the_token_may_not_set_is_a_line(at: GitlabForge, project: Project, said: list[str]) -> None:
    project.protect("main")
    found = at.open(AUTO, Journal())
    why = "the token from WAYBILL_GITLAB_TOKEN may not merge into its target"
    assert said == [f"gitlab:acme/team/config: auto-merge is not set for !1: {why}; set it on {found.url}"]
    assert not project.requests[0].auto_merge


def test_auto_merge_is_for_the_commit_that_was_proposed(
    at: GitlabForge, gitlab: FakeGitlab, project: Project, said: list[str]
) -> None:
    def meanwhile() -> None:
        project.push(BRANCH)

    gitlab.fail({3: Fault(status=502, meanwhile=meanwhile)})
    at.open(AUTO, Journal())
    assert not project.requests[0].auto_merge
    assert "SHA does not match HEAD" in said[0]


def answered(status: int, message: str = "no", **headers: str) -> Fault:
    return Fault(
        status=status, message=message, headers={name.replace("_", "-"): each for name, each in headers.items()}
    )


@pytest.mark.parametrize(
    ("status", "kind", "why"),
    [
        (400, RefusedError, r"GitLab refuses it \(400: no\); change what it names"),
        (401, DeniedError, r"GitLab refuses the token from WAYBILL_GITLAB_TOKEN \(401: no\).*make a new one"),
        (403, DeniedError, r".* may not do this \(403: no\); it needs the scope api and the role Developer"),
        (404, NotFoundError, r"not found \(404: no\); check the name with all its groups, and that the token"),
        (409, ProposalError, r"GitLab has it already, or in another state \(409: no\); run it again"),
        (422, RefusedError, r"GitLab refuses it \(422: no\); change what it names"),
        (418, ProposalError, r"GitLab responded with 418: no"),
    ],
)
def test_a_refusal_says_what_to_do(
    status: int, kind: type[ProposalError], why: str, at: GitlabForge, gitlab: FakeGitlab, project: Project
) -> None:
    gitlab.fail({2: answered(status)})
    with pytest.raises(kind, match=f"gitlab:acme/team/config: merge request of {BRANCH}: {why}"):
        at.open(PLAIN, Journal())
    assert project.requests == []


def test_a_token_with_too_narrow_a_scope_is_an_error_that_names_the_scope(
    at: GitlabForge, gitlab: FakeGitlab, project: Project
) -> None:
    gitlab.state.tokens[gitlab.token].scopes = ("read_api",)
    with pytest.raises(
        DeniedError, match=r"too narrow a scope \(403: insufficient_scope: .*make one with the scope api"
    ):
        at.open(PLAIN, Journal())
    assert project.requests == []


@pytest.mark.parametrize("level", [0, 20])
def test_a_token_without_the_role_is_an_error_that_names_it(
    level: int, at: GitlabForge, gitlab: FakeGitlab, project: Project
) -> None:
    gitlab.state.tokens[gitlab.token].level = level
    with pytest.raises(DeniedError, match="the role Developer"):
        at.open(PLAIN, Journal())
    assert project.requests == []


def test_a_wrong_token_is_an_error_without_it(gitlab: FakeGitlab, project: Project) -> None:
    wrong = "glpat-0123456789abcdef"
    environment = {**gitlab.environment, "WAYBILL_GITLAB_TOKEN": wrong}
    with pytest.raises(DeniedError, match="refuses the token from WAYBILL_GITLAB_TOKEN") as refused:
        forge(environment).open(PLAIN, Journal())
    assert wrong not in str(refused.value)
    assert project.requests == []


def test_without_a_token_the_error_says_how_to_get_one(gitlab: FakeGitlab, project: Project) -> None:
    environment = {**gitlab.environment, "WAYBILL_GITLAB_TOKEN": ""}
    assert forge(environment).opened("main") == {}
    with pytest.raises(DeniedError, match=r"there is none; make a project access token .* as WAYBILL_GITLAB_TOKEN"):
        forge(environment).open(PLAIN, Journal())
    assert project.requests == []


def test_the_token_of_a_job_is_not_sent(gitlab: FakeGitlab, project: Project) -> None:
    environment = {**gitlab.environment, "WAYBILL_GITLAB_TOKEN": "", "CI_JOB_TOKEN": "glcbt-secret"}
    with pytest.raises(DeniedError, match="CI_JOB_TOKEN cannot open merge requests; make a project access token") as no:
        forge(environment).open(PLAIN, Journal())
    (obstacle,) = forge(environment).obstacles("main", Options())
    assert "CI_JOB_TOKEN cannot open merge requests" in obstacle.message
    assert obstacle.blocks
    assert gitlab.seen == []
    assert "glcbt-secret" not in f"{no.value}{obstacle}"
    assert project.requests == []


def test_the_token_of_waybill_comes_before_that_of_gitlab() -> None:
    both = {"GITLAB_TOKEN": "a", "WAYBILL_GITLAB_TOKEN": "b", "CI_JOB_TOKEN": "c"}
    assert GitlabApi.of(both).token == "b"  # noqa: S105 - no token
    one = GitlabApi.of({**both, "WAYBILL_GITLAB_TOKEN": " "})
    assert (one.token, one.source, one.in_job) == ("a", "GITLAB_TOKEN", False)


def test_the_token_is_in_no_message(
    at: GitlabForge, gitlab: FakeGitlab, project: Project, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    gitlab.fail({2: answered(422, f"no: {gitlab.token}")})
    with pytest.raises(RefusedError, match="422: no: …") as refused:
        at.open(PLAIN, Journal())
    assert gitlab.token not in f"{refused.value}{caplog.text}{at!r}"
    assert gitlab.seen[0].headers["private-token"] == gitlab.token
    assert project.requests == []


def test_a_redirect_is_not_followed_with_the_token(gitlab: FakeGitlab, project: Project) -> None:
    gitlab.state.moved["acme/old"] = project.path
    with pytest.raises(
        ProposalError, match=r"redirects \(301\) to .*config; if the project has moved, write its new name"
    ):
        forge(gitlab.environment, "acme/old").opened("main")
    assert len(gitlab.seen) == 1


def test_a_short_rate_limit_is_waited_for(at: GitlabForge, gitlab: FakeGitlab, project: Project) -> None:
    reset = str(int(time.time()))
    gitlab.fail({1: answered(429, Retry_After="0"), 3: answered(429, RateLimit_Reset=reset)})
    at.open(PLAIN, Journal())
    assert len(project.requests) == 1
    assert len(gitlab.seen) == 4


@pytest.mark.parametrize(
    "headers",
    [{"Retry_After": "3600"}, {"RateLimit_Reset": str(int(time.time()) + 3600)}, {}],
    ids=["asked", "reset", "none"],
)
def test_a_long_rate_limit_is_an_error_with_the_time_when_it_ends(
    headers: dict[str, str], at: GitlabForge, gitlab: FakeGitlab, project: Project
) -> None:
    gitlab.fail({2: answered(429, "Too many", **headers)})
    with pytest.raises(BudgetError, match=r"rate limit \(429: Too many\); run it again after \d\d:\d\d UTC"):
        at.open(PLAIN, Journal())
    assert (len(gitlab.seen), project.requests) == (2, [])


def test_a_rate_limit_that_does_not_end_is_given_up(at: GitlabForge, gitlab: FakeGitlab, project: Project) -> None:
    gitlab.fail(dict.fromkeys(range(1, 100), answered(429, Retry_After="0")))
    with pytest.raises(BudgetError):
        at.opened("main")
    assert len(gitlab.seen) == BACKOFF.attempts
    assert project.requests == []


def test_a_server_that_fails_each_time_is_given_up(at: GitlabForge, gitlab: FakeGitlab, project: Project) -> None:
    gitlab.fail(dict.fromkeys(range(1, 100), answered(503, "Unavailable")))
    with pytest.raises(LostAnswerError, match="GitLab responded with 503: Unavailable; try again later"):
        at.opened("main")
    assert len(gitlab.seen) == BACKOFF.attempts
    assert project.requests == []


def test_a_server_that_loses_each_answer_of_a_change_is_looked_at_between(
    at: GitlabForge, gitlab: FakeGitlab, project: Project
) -> None:
    gitlab.fail({2: Fault(), 4: Fault(status=500), 6: Fault()})
    with pytest.raises(LostAnswerError, match="the connection was lost; check the network"):
        at.open(PLAIN, Journal())
    assert gitlab.operations == ["list merge requests", "create merge request"] * 3
    assert project.requests == []


@pytest.mark.parametrize("html", [True, False], ids=["html", "json"])
@pytest.mark.parametrize("number", [1, 2, 3])
def test_an_answer_that_is_not_gitlab_s_is_an_error(
    number: int,
    html: bool,  # noqa: FBT001 - a column of the table
    at: GitlabForge,
    gitlab: FakeGitlab,
    project: Project,
) -> None:
    headers = {"Content_Type": "text/html"} if html else {}
    gitlab.fail(dict.fromkeys(range(number, 100), answered(200, "Welcome to the hotel", **headers)))
    with pytest.raises(
        ProposalError, match="does not answer as GitLab does; check WAYBILL_GITLAB_URL or CI_SERVER_URL"
    ):
        at.open(AUTO, Journal())
    assert len(project.requests) == (1 if number == 3 else 0)


@pytest.mark.parametrize(
    ("environment", "server"),
    [
        ({}, "https://gitlab.com"),
        ({"CI_SERVER_URL": "https://git.example.org"}, "https://git.example.org"),
        (
            {"CI_SERVER_URL": "https://gitlab.com", "WAYBILL_GITLAB_URL": "https://example.org/gitlab/"},
            "https://example.org/gitlab",
        ),
        ({"WAYBILL_GITLAB_URL": "http://localhost:8080"}, "http://localhost:8080"),
    ],
)
def test_where_gitlab_is_comes_from_the_environment(environment: dict[str, str], server: str) -> None:
    assert GitlabApi.of(environment).server == server


@pytest.mark.parametrize(
    "value", ["http://git.example.org", "git.example.org", "ftp://x", "https://[", "https://a:b@c"]
)
@pytest.mark.parametrize("name", ["WAYBILL_GITLAB_URL", "CI_SERVER_URL"])
def test_a_url_that_a_token_cannot_be_sent_to_is_refused(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"{name} is"):
        GitlabApi.of({name: value})


def test_nothing_stands_in_the_way_of_a_plain_project(at: GitlabForge, gitlab: FakeGitlab, project: Project) -> None:
    assert at.obstacles("main", DRAFT.options) == ()
    assert gitlab.changes == []
    assert len(gitlab.seen) == 7
    assert project.requests == []


def blocked(at: GitlabForge, base: str = "main", **options: object) -> str:
    """The one obstacle that blocks."""
    (found,) = at.obstacles(base, Options(**options))  # type: ignore[arg-type] # as the test names them
    assert found.blocks
    return found.message


def hint(at: GitlabForge, **options: object) -> str:
    """The one obstacle that does not block."""
    (found,) = at.obstacles("main", Options(**options))  # type: ignore[arg-type] # as above
    assert not found.blocks
    return found.message


def test_an_archived_project_is_in_the_way(at: GitlabForge, project: Project) -> None:
    project.archived = True
    assert "the project is archived; unarchive it" in blocked(at)


def test_disabled_merge_requests_are_in_the_way(at: GitlabForge, project: Project) -> None:
    project.enabled = False
    assert "merge requests are disabled; enable them in Settings" in blocked(at)


def test_a_base_that_does_not_exist_is_in_the_way(at: GitlabForge, project: Project) -> None:
    assert "there is no branch 'release/1'; the default branch is 'main'" in blocked(at, "release/1")
    project.default_branch = None
    assert "push a first commit" in blocked(at, "release/1")


@pytest.mark.parametrize(("level", "role"), [(20, "the role Reporter"), (15, "the role Planner"), (5, "of level 5")])
def test_a_role_that_may_not_push_is_in_the_way(
    level: int, role: str, at: GitlabForge, gitlab: FakeGitlab, project: Project
) -> None:
    gitlab.state.tokens[gitlab.token].level = level
    assert project.requests == []
    found = [each for each in at.obstacles("main", Options()) if each.blocks]
    assert [role in each.message and "may not push" in each.message for each in found] == [True]


def test_who_is_no_member_is_in_the_way(at: GitlabForge, gitlab: FakeGitlab, project: Project) -> None:
    gitlab.state.tokens[gitlab.token].level = 0
    assert project.requests == []
    assert any("has no role in this project" in each.message for each in at.obstacles("main", Options()))


def test_a_role_by_a_group_that_a_project_is_shared_with_counts(
    at: GitlabForge, gitlab: FakeGitlab, project: Project
) -> None:
    gitlab.state.tokens[gitlab.token].by_group = True
    assert at.obstacles("main", Options()) == ()
    assert "get member" in gitlab.operations
    assert project.requests == []


def test_an_administrator_needs_no_role(at: GitlabForge, gitlab: FakeGitlab, project: Project) -> None:
    token = Token(gitlab.state.users[0], by_group=True)
    gitlab.state.users[0].is_admin = True
    gitlab.state.tokens[gitlab.token] = token
    assert at.obstacles("main", Options()) == ()
    assert "get member" not in gitlab.operations
    assert project.requests == []


def test_a_scope_that_only_reads_is_in_the_way(at: GitlabForge, gitlab: FakeGitlab, project: Project) -> None:
    gitlab.state.tokens[gitlab.token].scopes = ("read_api", "write_repository")
    assert "WAYBILL_GITLAB_TOKEN has the scopes read_api, write_repository; make a project access token" in blocked(at)
    assert project.requests == []


@pytest.mark.parametrize("pattern", ["waybill/*", "*", "waybill/greeting"])
def test_a_rule_that_protects_our_branches_is_in_the_way(pattern: str, at: GitlabForge, project: Project) -> None:
    project.protect(pattern)
    message = blocked(at)
    assert f"the rule '{pattern}' protects the branches waybill/…, and lets Maintainer push there" in message


@pytest.mark.parametrize("pattern", ["main", "*-stable", "release/*", "way?ill/*", "[w]aybill/*", "bill/*"])
def test_a_rule_for_other_branches_is_not_in_the_way(pattern: str, at: GitlabForge, project: Project) -> None:
    project.protect(pattern)
    assert at.obstacles("main", Options()) == ()


def test_the_most_permissive_rule_counts(at: GitlabForge, project: Project) -> None:
    project.protect("*", push=0)
    assert "lets nobody push there" in blocked(at)
    project.protect("waybill/*", push=30, force=True)
    assert at.obstacles("main", Options()) == ()


@pytest.mark.parametrize("of", [{"user_id": 5}, {"group_id": 6}])
def test_a_rule_for_certain_people_may_be_for_this_token(of: dict[str, int], at: GitlabForge, project: Project) -> None:
    project.protect("waybill/*", push=40, force=True, **of)
    assert at.obstacles("main", Options()) == ()


def test_a_rule_against_force_pushes_is_said(at: GitlabForge, project: Project) -> None:
    project.protect("waybill/*", push=30)
    assert "the rule 'waybill/*' forbids force pushes to waybill/…" in hint(at)


def test_a_base_into_which_the_token_may_not_merge_is_said_with_auto_merge(at: GitlabForge, project: Project) -> None:
    project.protect("main")
    assert "auto-merge will not be set: the token may not merge into 'main'" in hint(at, auto_merge="merge")


@pytest.mark.parametrize("pattern", ["^(feature|fix)/", "^JIRA-[0-9]+$"])
def test_a_push_rule_for_other_branches_is_in_the_way(pattern: str, at: GitlabForge, project: Project) -> None:
    project.push_rule = {"branch_name_regex": pattern}
    assert f"the push rules require branches like '{pattern}'" in blocked(at)


@pytest.mark.parametrize("pattern", ["", "^waybill/", r"\A[a-z/]+\z", "(?<broken"])
def test_a_push_rule_for_our_branches_is_not_in_the_way(pattern: str, at: GitlabForge, project: Project) -> None:
    project.push_rule = {"branch_name_regex": pattern}
    assert at.obstacles("main", Options()) == ()


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ({"reject_unsigned_commits": True}, "require signed commits; propose with --sign"),
        ({"commit_committer_check": True}, "require commits of the token's own user"),
        ({"member_check": True}, "require commits of the token's own user"),
        ({"commit_message_regex": "JIRA"}, "require messages of commits like 'JIRA'"),
        ({"author_email_regex": "@acme"}, "require authors of commits like '@acme'"),
        ({"commit_message_negative_regex": "wip"}, "refuse messages of commits like 'wip'"),
        ({"file_name_regex": "exe$"}, "refuse files like 'exe$'"),
    ],
)
def test_a_push_rule_that_may_refuse_a_commit_is_said(
    rule: dict[str, object], why: str, at: GitlabForge, project: Project
) -> None:
    project.push_rule = rule
    assert why in hint(at)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"reviewers": ("nobody",)}, "'nobody' will not review: GitLab does not know this user"),
        ({"reviewers": ("acme/team",)}, "'acme/team' will not review: a group cannot on GitLab"),
        ({"milestone": "Autumn"}, "no open milestone 'Autumn'"),
        ({"auto_merge": "squash"}, "the project never squashes"),
        ({"auto_merge": "merge"}, "auto-merge will rebase, not merge"),
    ],
)
def test_an_option_that_will_not_be_met_is_said(
    options: dict[str, object], why: str, at: GitlabForge, project: Project
) -> None:
    project.squash_option, project.merge_method = "never", "ff"
    assert why in hint(at, **options)


def test_a_project_that_the_token_may_not_see_is_an_error_that_says_what_to_check(at: GitlabForge) -> None:
    with pytest.raises(NotFoundError, match=r"the project: not found \(404: 404 Project Not Found\); check the name"):
        at.obstacles("main", Options())


def test_a_draft_of_the_protocol_has_no_options_by_itself(at: GitlabForge, project: Project) -> None:
    at.open(Draft(branch=BRANCH, base="main", title="T", body=""), Journal())
    assert (project.requests[0].labels, project.requests[0].draft) == ([], False)


def test_the_client_is_loaded_when_gitlab_is_asked() -> None:
    code = "import sys, pipeline.proposals.gitlab; print({'gitlab', 'requests'} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, text=True) == "set()\n"
