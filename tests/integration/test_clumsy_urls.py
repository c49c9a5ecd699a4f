"""What is no URL, in the place of each: a message that shows no secret, and exit code 1 or 2."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.command import run
from tests.unit.conftest import write_workflow

#: None of them leads to a server: each is refused for what it is.
WRONG = [
    "http://[::1",
    "https://[::1/x",
    "oci://[::1/x",
    "https://me:hush@[::1/x?token=hush",
    "https://host:99999/x",
    "http://host:port/x",
    "http://",
    "oci://",
    "ssh://[x/y",
    "git@[x:y",
    "github:a/[",
    "gitlab:[::1/x/y",
    "file:///no/such/place",
    "http:/one-slash",
    "::",
    "",
]
#: A command for each option and argument that takes a URL or the name of a place; URL stands for it.
COMMANDS = [
    "check --index URL --operator 1.3.2",
    "check --crds URL",
    "check URL",
    "verify URL",
    "verify host/x --registry URL",
    "attest URL",
    "diff URL",
    "diff URL URL",
    "diff greeting URL",
    "diff greeting@9.9.9 greeting --repository-url URL",
    "publish dist --to URL --dry-run --allow-tag",
    "publish URL --to dir:public",
    "propose greeting --to URL --dry-run",
    "propose greeting --to github:a/b --github-url URL --dry-run",
    "index dist --url URL",
    "index dist --merge URL",
    "build greeting --repository-url URL",
    "build greeting --registry URL",
    "build greeting --merge URL",
    "image greeting --registry URL",
    "changelog greeting --repository-url URL",
    "changed --base URL",
    "gitops argocd --namespace x --repo URL",
    "gitops argocd --namespace x --chart-repo URL",
    "gitops flux --namespace x --chart-repo URL",
    "gitops tekton --namespace x --repo URL --image a/b:1 --to github:a/b",
    "gitops tekton --namespace x --repo github:a/b --image a/b:1 --to URL",
    "gitops tekton --namespace x --repo github:a/b --image a/b:1 --to github:a/b --publish-to URL",
    "actions --uses URL --check",
]


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with a chart and its package."""
    folder = tmp_path_factory.mktemp("urls")
    write_workflow(folder / "workflows", "greeting")
    assert run("build", "greeting", cwd=folder, env={"SOURCE_DATE_EPOCH": "1700000000"}).code == 0
    return folder


@pytest.mark.parametrize("url", WRONG)
@pytest.mark.parametrize("command", COMMANDS)
def test_what_is_no_url_is_refused_in_a_line(repository: Path, command: str, url: str) -> None:
    words = [url if word == "URL" else word for word in command.split()]
    done = run(*words, cwd=repository, env={"GITHUB_TOKEN": "t", "WAYBILL_GITLAB_TOKEN": "t"})
    assert done.code in (0, 1, 2)
    assert done.code == 0 or done.err
    assert "hush" not in done.err


@pytest.mark.parametrize("url", [url for url in WRONG if url])
@pytest.mark.parametrize(
    "variable",
    ["WAYBILL_REPOSITORY_URL", "WAYBILL_GITLAB_URL", "CI_SERVER_URL", "GITHUB_SERVER_URL", "GITHUB_API_URL"],
)
@pytest.mark.parametrize("command", ["publish dist --to github:a/b --dry-run", "propose greeting --dry-run"])
def test_what_is_no_url_in_a_variable_is_no_traceback(repository: Path, command: str, variable: str, url: str) -> None:
    done = run(*command.split(), cwd=repository, env={variable: url, "GITHUB_TOKEN": ""})
    assert done.code in (1, 2)
    assert "hush" not in done.err


def test_the_command_of_the_issue(repository: Path) -> None:
    done = run("check", "--index", "http://[::1", "--operator", "1.3.2", cwd=repository)
    assert (done.code, done.out) == (2, "")
    assert done.err == "waybill: error: 'http://…' is not an HTTP URL; download the package and name the file\n"
