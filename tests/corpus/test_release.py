"""The 20 real workflows from folders to a published repository, twice, with two repositories and with one."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline.publish.github_api import GithubApi
from tests.command import Outcome
from tests.conftest import Waybill, copy_readable
from tests.git_server import GitServer, git_server
from tests.github.git_refs import GitRefs, merge
from tests.github.server import FakeGithub, fake_github
from tests.github.state import Repository

WORKFLOWS = 20


def git(folder: Path, *words: str) -> str:
    person = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com")
    command = ["git", "-C", str(folder), *person, *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@dataclass(frozen=True)
class Day:
    """GitHub with one repository that charts are proposed to, and a checkout with the workflows."""

    github: FakeGithub
    repository: Repository
    server: GitServer
    source: Path
    waybill: Waybill

    def run(self, *words: str | Path, cwd: Path | None = None) -> Outcome:
        done = self.waybill(*words, cwd=cwd or self.source)
        assert done.code == 0, done.err
        return done

    def propose(self) -> list[str]:
        done = self.run("propose", "--all", "--to", f"github:{self.repository.name}", "--json")
        return [each["state"] for each in done.json["proposals"]]

    def merge_all(self) -> None:
        """Merge what is proposed, as people do, the last one first."""
        open_ones = [pull.number for pull in self.repository.pulls if pull.state == "open"]
        for number in reversed(open_ones):
            merge(self.repository, number)

    def publish(self, folder: Path) -> list[str]:
        """What a job on the base does after a merge, in a fresh checkout."""
        clone = ["git", "clone", "--quiet", "--branch", "main", str(self.server.repository), str(folder)]
        subprocess.run(clone, check=True)
        self.run("umbrella", cwd=folder)
        charts = ("charts/workflows", "charts/workflows/charts")
        to = ("--to", f"github:{self.repository.name}", "--init", "--allow-tag")
        done = self.run("publish", *charts, *to, "--json", cwd=folder)
        return [chart["state"] for chart in done.json["places"][0]["charts"]]


@pytest.fixture
def day(shared: Path, tmp_path: Path, waybill: Waybill, monkeypatch: pytest.MonkeyPatch) -> Iterator[Day]:
    monkeypatch.setitem(GithubApi.__init__.__kwdefaults__, "pause", 0)  # GitHub wants a second between two changes
    source = tmp_path / "source"
    source.mkdir()
    copy_readable(shared / "corpus" / "workflows", source / "workflows")
    (source / ".gitignore").write_text("dist/\n")
    with ExitStack() as stack:
        github = stack.enter_context(fake_github())
        server = stack.enter_context(git_server(tmp_path / "server", password=github.token))
        github.gits["acme/charts"] = server.url
        repository = github.repository("acme/charts")
        repository.head, repository.refs = "", GitRefs(server.repository)
        for name, value in {**github.environment, "GIT_CONFIG_GLOBAL": os.devnull}.items():
            monkeypatch.setenv(name, value)
        yield Day(github=github, repository=repository, server=server, source=source, waybill=waybill)


def test_workflows_are_built_proposed_merged_and_published_with_a_config_repository(day: Day, tmp_path: Path) -> None:
    day.server.import_files({"README.md": b"Followed by the clusters.\n"}, branch="main")
    git(day.source, "init", "--quiet", "--initial-branch", "main")
    day.run("build", "--all")
    git(day.source, "add", ".")
    git(day.source, "commit", "--quiet", "--message", "All workflows")
    assert day.propose() == ["opened"] * WORKFLOWS
    day.merge_all()
    assert day.publish(tmp_path / "first") == ["new"] * (WORKFLOWS + 1)
    assert set(day.propose()) == {"deleted"}
    day.run("build", "--all")
    before = len(day.github.changes), day.server.git("for-each-ref")
    assert day.propose() == ["unchanged"] * WORKFLOWS
    assert day.publish(tmp_path / "second") == ["unchanged"] * (WORKFLOWS + 1)
    assert (len(day.github.changes), day.server.git("for-each-ref")) == before
    assert "no problems" in day.run("verify", "github:acme/charts").err


def test_workflows_are_built_proposed_merged_and_published_in_one_repository(day: Day, tmp_path: Path) -> None:
    git(day.source, "init", "--quiet", "--initial-branch", "main")
    git(day.source, "add", ".")
    git(day.source, "commit", "--quiet", "--message", "All workflows")
    git(day.source, "push", "--quiet", str(day.server.repository), "main")
    git(day.source, "remote", "add", "origin", f"{day.github.urls.server}/acme/charts.git")
    day.run("build", "--all")
    assert day.propose() == ["opened"] * WORKFLOWS
    day.merge_all()
    assert day.publish(tmp_path / "first") == ["new"] * (WORKFLOWS + 1)
    git(day.source, "stash", "--include-untracked", "--quiet")
    git(day.source, "pull", "--quiet", str(day.server.repository), "main")
    day.run("build", "--all")
    day.propose()
    before = len(day.github.changes), day.server.git("for-each-ref")
    assert day.propose() == ["unchanged"] * WORKFLOWS
    assert day.publish(tmp_path / "second") == ["unchanged"] * (WORKFLOWS + 1)
    assert (len(day.github.changes), day.server.git("for-each-ref")) == before
