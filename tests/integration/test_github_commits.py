"""Commits that GitHub makes, against the fake whose branches are those of a real git repository."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from pipeline.proposals import github_commit
from pipeline.proposals.errors import BudgetError, ProposalError
from pipeline.proposals.forge import Options
from pipeline.proposals.github_budget import Budget
from pipeline.proposals.github_commit import branch_at, commit_on_branch
from pipeline.publish.github_api import GithubApi
from tests.github.git_refs import GitRefs, merge
from tests.github.propose import BRANCH, draft, forge, propose
from tests.github.server import FakeGithub, Fault, fake_github
from tests.github.state import Repository

MESSAGE = "Update greeting to 1.2.3\n\nIt says hello.\n\nSigned-off-by: A <a@example.org>\n"


@pytest.fixture
def github() -> Iterator[FakeGithub]:
    with fake_github() as running:
        yield running


@pytest.fixture
def refs(tmp_path: Path) -> GitRefs:
    """A bare repository with one commit."""
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(tmp_path / "config.git")], check=True)
    refs = GitRefs(tmp_path / "config.git")
    blob = refs.git("hash-object", "-w", "--stdin", stdin=b"old\n")
    tree = refs.git("mktree", stdin=f"100644 blob {blob}\tgone\n100644 blob {blob}\tkept\n".encode())
    refs.git("update-ref", "refs/heads/main", refs.git("commit-tree", tree, stdin=b"Begin"))
    return refs


@pytest.fixture
def repository(github: FakeGithub, refs: GitRefs) -> Repository:
    repository = github.repository("acme/config")
    repository.head, repository.refs = "", refs
    return repository


@pytest.fixture
def api(github: FakeGithub) -> GithubApi:
    return forge(github.environment).api


def commit(
    api: GithubApi,
    head: str,
    additions: Mapping[str, bytes] | None = None,
    deletions: Sequence[str] = ("gone",),
    budget: Budget | None = None,
) -> str:
    return commit_on_branch(
        api,
        "acme/config",
        BRANCH,
        expected_head=head,
        additions=additions or {"charts/greeting/Chart.yaml": b"name: greeting\n", "bytes": b"\0\xff"},
        deletions=deletions,
        message=MESSAGE,
        budget=budget or Budget(),
    )


@pytest.mark.usefixtures("repository")
def test_a_commit_has_the_files_and_the_message(api: GithubApi, refs: GitRefs) -> None:
    start = refs.heads()["main"]
    assert branch_at(api, "acme/config", BRANCH, start, Budget()) == start
    sha = commit(api, start)
    assert refs.heads()[BRANCH] == sha
    assert refs.git("rev-parse", f"{sha}^") == start
    assert refs.git("ls-tree", "-r", "--name-only", sha).split() == ["bytes", "charts/greeting/Chart.yaml", "kept"]
    assert refs.git("show", f"{sha}:charts/greeting/Chart.yaml") == "name: greeting"
    assert refs.git("cat-file", "-s", f"{sha}:bytes") == "2"
    assert refs.git("show", "--no-patch", "--format=%B", sha) == MESSAGE.strip()


@pytest.mark.usefixtures("repository")
def test_a_branch_that_is_there_stays_where_it_is(api: GithubApi, refs: GitRefs) -> None:
    start = refs.heads()["main"]
    branch_at(api, "acme/config", BRANCH, start, Budget())
    sha = commit(api, start)
    assert branch_at(api, "acme/config", BRANCH, start, Budget()) == sha


@pytest.mark.usefixtures("repository")
def test_a_branch_at_no_commit_is_refused(api: GithubApi) -> None:
    with pytest.raises(ProposalError, match="Object does not exist"):
        branch_at(api, "acme/config", BRANCH, "f" * 40, Budget())


def test_a_branch_that_has_moved_is_an_error(api: GithubApi, refs: GitRefs, repository: Repository) -> None:
    start = refs.heads()["main"]
    refs.create(BRANCH, start)
    theirs = repository.add_branch(BRANCH, "Somebody's own")
    with pytest.raises(ProposalError, match=r"it has changed meanwhile.*Expected branch to point to .*; run it again"):
        commit(api, start)
    assert refs.heads()[BRANCH] == theirs


@pytest.mark.parametrize("fault", [Fault(), Fault(status=502), Fault(reaches=True), Fault(status=502, reaches=True)])
@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.usefixtures("repository")
def test_a_lost_answer_makes_no_commit_twice(
    fault: Fault, number: int, github: FakeGithub, api: GithubApi, refs: GitRefs
) -> None:
    start = refs.heads()["main"]
    github.fail({number: fault})
    head = branch_at(api, "acme/config", BRANCH, start, Budget())
    sha = commit(api, head)
    assert refs.git("rev-list", "--count", f"{start}..{BRANCH}") == "1"
    assert refs.heads()[BRANCH] == sha


def test_a_commit_of_somebody_else_is_not_taken_for_ours(
    github: FakeGithub, api: GithubApi, refs: GitRefs, repository: Repository
) -> None:
    start = refs.heads()["main"]
    refs.create(BRANCH, start)
    github.fail({1: Fault(meanwhile=lambda: repository.add_branch(BRANCH, "Somebody's own") and None)})
    with pytest.raises(ProposalError, match="it has changed meanwhile"):
        commit(api, start)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"permission": "read"}, "may not do this \\(403: Resource not accessible.*contents: write"),
        ({"branch": False}, "not found \\(404: A branch named 'waybill/greeting' does not exist"),
    ],
)
@pytest.mark.usefixtures("repository")
def test_what_github_refuses_is_an_error_that_says_what_to_do(
    given: Mapping[str, object],
    said: str,
    github: FakeGithub,
    api: GithubApi,
    refs: GitRefs,
) -> None:
    start = refs.heads()["main"]
    if given.get("branch", True):
        refs.create(BRANCH, start)
    if given.get("permission"):
        github.state.tokens[github.token] = "read"
    with pytest.raises(ProposalError, match=said):
        commit(api, start)


@pytest.mark.usefixtures("repository")
def test_files_that_are_too_large_are_refused_before_anything_is_sent(
    github: FakeGithub, api: GithubApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(github_commit, "MAX_BYTES", 9)
    with pytest.raises(
        ProposalError, match=r"10 bytes are more than the 9 .*the largest file is b\).*without --commit"
    ):
        commit(api, "f" * 40, {"a": b"123", "b": b"1234567"})
    assert github.seen == []


@pytest.mark.usefixtures("repository")
def test_a_commit_counts_as_a_change(api: GithubApi, refs: GitRefs) -> None:
    budget = Budget(allowed=1)
    branch_at(api, "acme/config", BRANCH, refs.heads()["main"], budget)
    with pytest.raises(BudgetError, match="this run has changed 1 things"):
        commit(api, refs.heads()["main"], budget=budget)


@pytest.mark.usefixtures("repository")
def test_a_rate_limit_of_graphql_is_a_budget_error(github: FakeGithub, api: GithubApi, refs: GitRefs) -> None:
    github.fail({1: Fault(status=403, message="You have exceeded a secondary rate limit.")})
    with pytest.raises(BudgetError, match="GitHub's rate limit"):
        commit(api, refs.heads()["main"])


def test_a_pull_request_follows_what_git_does(
    github: FakeGithub, api: GithubApi, refs: GitRefs, repository: Repository
) -> None:
    start = refs.heads()["main"]
    here = forge(github.environment)
    refs.create(BRANCH, start)
    with pytest.raises(ProposalError, match="No commits between main and waybill/greeting"):
        propose(here, draft(Options()))
    first = commit(api, start)
    assert propose(here, draft(Options())).head == first
    second = commit(api, first, {"a": b"b"}, ())
    assert here.opened("main")[BRANCH].head == second
    sha = merge(repository, 1, "squash")
    assert refs.git("rev-list", "--count", f"{start}..{sha}") == "1"
    assert refs.git("diff", "--stat", sha, second) == ""
    merged = here.last(BRANCH, "main")
    assert merged is not None
    assert (merged.state, here.opened("main")) == ("merged", {})


@pytest.mark.usefixtures("repository")
def test_a_pull_request_whose_branch_is_gone_is_closed_and_one_in_its_base_is_merged(
    github: FakeGithub, api: GithubApi, refs: GitRefs
) -> None:
    here = forge(github.environment)
    head = branch_at(api, "acme/config", BRANCH, refs.heads()["main"], Budget())
    sha = commit(api, head)
    propose(here, draft(Options()))
    refs.git("update-ref", "-d", f"refs/heads/{BRANCH}")
    found = here.last(BRANCH, "main")
    assert found is not None
    assert (found.state, found.head) == ("closed", sha)
    refs.create(BRANCH, sha)
    assert propose(here, draft(Options())).number == 2
    refs.git("update-ref", "refs/heads/main", sha)
    found = here.last(BRANCH, "main")
    assert found is not None
    assert (found.number, found.state) == (2, "merged")
