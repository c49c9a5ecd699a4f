"""What the tests of GitHub Actions share: GitHub's fake with git servers behind it, and a machine that runs jobs."""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.actions.act import Runner, runner
from tests.git_server import GitServer, git_server
from tests.github.git_refs import GitRefs
from tests.github.server import FakeGithub, fake_github

SOURCE = "acme/workflows"


@dataclass(frozen=True)
class Source:
    """The repository with the workflows: its server, and a checkout of a person who pushes."""

    server: GitServer
    folder: Path

    def git(self, *words: str) -> str:
        person = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com")
        command = ["git", "-C", str(self.folder), *person, *words]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    def push(self, subject: str) -> str:
        """Commit what is in the folder and push it to main, as somebody's merge does."""
        self.git("add", ".")
        self.git("commit", "--quiet", "--message", subject)
        self.git("push", "--quiet", str(self.server.repository), "HEAD:main")
        return self.git("rev-parse", "HEAD")


@contextmanager
def serving(github: FakeGithub, name: str, folder: Path) -> Iterator[GitServer]:
    """Serve a new repository of GitHub by git, too."""
    folder.mkdir()
    with git_server(folder, password=github.token) as server:
        server.git("symbolic-ref", "HEAD", "refs/heads/main")
        github.gits[name] = server.url
        repository = github.repository(name)
        repository.head, repository.refs = "", GitRefs(server.repository)
        yield server


@pytest.fixture
def github() -> Iterator[FakeGithub]:
    with fake_github() as running:
        yield running


@pytest.fixture
def source(github: FakeGithub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Source]:
    """An empty repository on GitHub, and its checkout."""
    (tmp_path / "gitconfig").touch()
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    with serving(github, SOURCE, tmp_path / "source.git") as server:
        source = Source(server=server, folder=tmp_path / "source")
        subprocess.run(["git", "init", "--quiet", "--initial-branch=main", str(source.folder)], check=True)
        source.git("remote", "add", "origin", f"{github.urls.server}/{SOURCE}")
        yield source


@pytest.fixture
def machine(github: FakeGithub, tmp_path: Path) -> Runner:
    """What runs the jobs of the source."""
    return runner(
        tmp_path / "home",
        server=github.urls.server,
        repository=SOURCE,
        token=github.token,
        secrets={"REGISTRY_PASSWORD": secrets.token_urlsafe(18), "OTHER_PASSWORD": secrets.token_urlsafe(18)},
    )
