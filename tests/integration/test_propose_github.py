"""`waybill propose` on GitHub: its fake for pull requests, with a real git server behind it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.proposals.github import GithubForge
from tests.command import Outcome
from tests.conftest import Waybill
from tests.git_server import GitServer, git_server
from tests.github.git_refs import GitRefs
from tests.github.server import FakeGithub, fake_github
from tests.integration.test_propose import commit, git

GREETING = "waybill/greeting"
TO = "github:acme/charts"


@pytest.fixture
def github() -> Iterator[FakeGithub]:
    with fake_github() as running:
        yield running


@pytest.fixture
def server(github: FakeGithub, tmp_path: Path) -> Iterator[GitServer]:
    """The git server that has the branches of the repository on GitHub."""
    folder = tmp_path / "server"
    folder.mkdir()
    with git_server(folder, password=github.token) as running:
        running.git("symbolic-ref", "HEAD", "refs/heads/main")
        running.import_files({"README.md": b"Hi\n"}, branch="main")
        repository = github.repository()
        repository.head, repository.refs = "", GitRefs(running.repository)
        github.git = running.url
        yield running


@pytest.fixture
def source(repository: Path, github: FakeGithub, waybill: Waybill, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The test's folder as a repository with two workflows, whose charts are built, in a job that knows GitHub."""
    (repository / "gitconfig").touch()
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(repository / "gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for name, value in github.environment.items():
        monkeypatch.setenv(name, value)
    git(repository, "init", "--quiet", "--initial-branch=main")
    commit(repository, "Greet", "workflows")
    assert waybill("build", "--all").code == 0
    return repository


def states(done: Outcome) -> list[str]:
    assert done.code == 0, done.err
    return [each["state"] for each in done.json["proposals"]]


def test_charts_are_proposed_merged_and_then_unchanged(
    github: FakeGithub, server: GitServer, source: Path, waybill: Waybill
) -> None:
    del source
    assert states(waybill("propose", "--all", "--to", TO, "--json")) == ["opened", "opened"]
    repository = github.state.repositories["acme/charts"]
    assert [(each.branch, each.base, each.state) for each in repository.pulls] == [
        ("waybill/escalation", "main", "open"),
        (GREETING, "main", "open"),
    ]
    assert repository.pulls[1].title == "Add greeting 0.1.0"
    github.fail({})
    server.count()
    assert states(waybill("propose", "--all", "--to", TO, "--json")) == ["unchanged", "unchanged"]
    assert not github.changes
    assert not [each for each in server.requests if "receive-pack" in each]
    server.git("update-ref", "refs/heads/main", GREETING)
    assert states(waybill("propose", "greeting", "--to", TO, "--json")) == ["deleted"]
    assert states(waybill("propose", "--all", "--to", TO, "--json")) == ["unchanged", "unchanged"]


def test_a_pull_request_that_was_left_without_its_labels_gets_them(
    github: FakeGithub, server: GitServer, source: Path, waybill: Waybill
) -> None:
    del server, source
    words = ("propose", "greeting", "--to", TO, "--label", "bug", "--json")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(GithubForge, "_add_labels", _interrupted)
        assert waybill(*words).code == 1
    (pull,) = github.state.repositories["acme/charts"].pulls
    assert not pull.labels
    assert states(waybill(*words)) == ["updated"]
    assert pull.labels == ["bug"]
    assert (pull.body or "").startswith("Adds the chart")
    assert states(waybill(*words)) == ["unchanged"]


def test_the_settings_say_what_new_pull_requests_have(
    github: FakeGithub, server: GitServer, source: Path, waybill: Waybill
) -> None:
    del server
    repository = github.state.repositories["acme/charts"]
    repository.collaborators.add("octocat")
    settings = {"to": TO, "labels": ["charts"], "reviewers": ["octocat"], "draft": True}
    lines = "".join(f"{name} = {json.dumps(value)}\n" for name, value in settings.items())
    (source / "waybill.toml").write_text(f"[propose]\n{lines}")
    assert states(waybill("propose", "--all", "--no-draft", "--json")) == ["opened", "opened"]
    assert [pull.draft for pull in repository.pulls] == [False, False]
    assert {(*pull.labels, *pull.reviewers) for pull in repository.pulls} == {("charts", "octocat")}
    path = source / "workflows/greeting/greeting.sw.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("salutation: Hello", "salutation: Good day"))
    repository.pulls.clear()
    commit(source, "Good day", "workflows")
    assert waybill("build", "greeting", "--bump", "auto").code == 0
    assert states(waybill("propose", "greeting", "--json")) == ["opened"]
    assert [pull.draft for pull in repository.pulls] == [True]


def _interrupted(*_: object) -> None:
    raise KeyboardInterrupt


def test_github_makes_the_commits_where_it_is_asked_to(
    github: FakeGithub, server: GitServer, source: Path, waybill: Waybill
) -> None:
    del github
    assert states(waybill("propose", "greeting", "--to", TO, "--commit", "api", "--json")) == ["opened"]
    assert server.git("log", "-1", "--format=%an", GREETING) == "GitHub"
    changed = server.git("diff", "--name-only", "main", GREETING).splitlines()
    assert all(path.startswith("charts/workflows/charts/greeting/") for path in changed)
    assert states(waybill("propose", "greeting", "--to", TO, "--commit", "api", "--json")) == ["unchanged"]
    path = source / "workflows/greeting/greeting.sw.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("salutation: Hello", "salutation: Good day"))
    commit(source, "Good day", "workflows")
    assert waybill("build", "greeting", "--bump", "auto").code == 0
    assert states(waybill("propose", "greeting", "--to", TO, "--commit", "api", "--json")) == ["updated"]
    assert b"version: 0.1.1\n" in server.show("charts/workflows/charts/greeting/Chart.yaml", GREETING)
    assert states(waybill("propose", "greeting", "--to", TO, "--json")) == ["unchanged"]


def test_the_token_is_in_no_output(github: FakeGithub, server: GitServer, source: Path, waybill: Waybill) -> None:
    del source
    server.hook("pre-receive", "echo no >&2; exit 1")
    done = waybill("propose", "greeting", "--to", TO)
    assert done.code == 1
    assert f"{TO}: no" in done.err
    assert github.token not in done.out + done.err


def test_a_preflight_reads_and_changes_nothing(
    github: FakeGithub, server: GitServer, source: Path, waybill: Waybill
) -> None:
    del source
    refs = server.git("for-each-ref")
    done = waybill("propose", "--preflight", "--to", TO)
    assert done.code == 0, done.err
    assert not github.changes
    assert server.git("for-each-ref") == refs
