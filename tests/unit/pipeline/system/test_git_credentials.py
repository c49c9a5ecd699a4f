"""Tokens for git's servers: where they come from, and to whom they go."""

from __future__ import annotations

import os
import stat
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from pipeline.system.git_credentials import Token, askpass, find_token, token_of_gh, token_of_variables, without_tokens

GITLAB = {"GITLAB_TOKEN": "b", "GITHUB_TOKEN": "c"}
ENTERPRISE = {"GITHUB_SERVER_URL": "https://github.example.org:8443"}


@pytest.mark.parametrize(
    ("host", "environment", "expected"),
    [
        ("github.com", {}, None),
        ("github.com", {"GITHUB_TOKEN": "g"}, ("g", "x-access-token", "GITHUB_TOKEN")),
        ("GitHub.com", {"GITHUB_TOKEN": "g"}, ("g", "x-access-token", "GITHUB_TOKEN")),
        ("github.com", {"GITHUB_TOKEN": " \n"}, None),
        ("gitlab.com", {"GITHUB_TOKEN": "g"}, None),
        ("github.com.evil.example", {"GITHUB_TOKEN": "g"}, None),
        ("github.example.org:8443", {"GITHUB_TOKEN": "g", **ENTERPRISE}, ("g", "x-access-token", "GITHUB_TOKEN")),
        ("github.example.org", {"GITHUB_TOKEN": "g", **ENTERPRISE}, None),
        ("", {"GITHUB_TOKEN": "g"}, None),
        ("", {"GITHUB_TOKEN": "g", "GITHUB_SERVER_URL": ""}, None),
        ("gitlab.com", {"WAYBILL_GIT_TOKEN": "w\n"}, ("w", "x-access-token", "WAYBILL_GIT_TOKEN")),
        (
            "gitlab.com",
            {"WAYBILL_GIT_TOKEN": "w", "WAYBILL_GIT_USERNAME": "ana"},
            ("w", "ana", "WAYBILL_GIT_TOKEN"),
        ),
        (
            "github.com",
            {"WAYBILL_GIT_TOKEN": "w", "GITHUB_TOKEN": "g"},
            ("w", "x-access-token", "WAYBILL_GIT_TOKEN"),
        ),
    ],
)
def test_the_token_of_a_variable(
    host: str, environment: Mapping[str, str], expected: tuple[str, str, str] | None
) -> None:
    token = token_of_variables(host, environment)
    assert (token and (token.value, token.username, token.source)) == expected


def test_a_token_does_not_show_in_what_is_printed_of_it() -> None:
    token = Token(value="s3cr3t", username="ana", source="WAYBILL_GIT_TOKEN")
    assert repr(token) == "Token(source='WAYBILL_GIT_TOKEN')"


def test_a_child_process_gets_no_token() -> None:
    environment = {"WAYBILL_GIT_TOKEN": "a", "GITHUB_TOKEN": "b", "GH_TOKEN": "c", "PATH": "/bin"}
    assert without_tokens(environment) == {"PATH": "/bin"}


@pytest.fixture
def programs(tmp_path: Path) -> dict[str, str]:
    """An environment where `gh` and a credential helper have a login, and write down what they got."""
    folder = tmp_path / "bin"
    folder.mkdir()
    gh = folder / "gh"
    gh.write_text(f'#!/bin/sh\nenv >>{tmp_path}/seen\n[ "$*" = "auth token --hostname github.com" ] && echo of-gh\n')
    gh.chmod(0o755)
    helper = "!echo username=ana; echo password=of-helper;:"
    (tmp_path / "gitconfig").write_text(f'[credential "https://gitlab.com"]\nhelper = "{helper}"\n')
    return {
        "PATH": f"{folder}:{os.environ['PATH']}",
        "GIT_CONFIG_GLOBAL": str(tmp_path / "gitconfig"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GH_TOKEN": "s3cr3t",
    }


@pytest.mark.parametrize(
    ("host", "more", "expected"),
    [
        ("gitlab.com", {}, ("of-helper", "git's credential helper")),
        ("gitlab.com", {"WAYBILL_GIT_TOKEN": "w"}, ("w", "WAYBILL_GIT_TOKEN")),
        ("github.com", {}, ("of-gh", "gh auth token")),
        ("github.com", {"GITHUB_TOKEN": "g"}, ("g", "GITHUB_TOKEN")),
        ("example.org", {}, None),
    ],
)
def test_where_a_token_is_found(
    host: str, more: Mapping[str, str], expected: tuple[str, str] | None, programs: dict[str, str], tmp_path: Path
) -> None:
    token = find_token(host, {**programs, **more})
    assert (token and (token.value, token.source)) == expected
    assert "s3cr3t" not in (tmp_path / "seen").read_text() if (tmp_path / "seen").exists() else True


def test_gh_is_not_asked_for_other_servers_and_need_not_be_there(programs: dict[str, str], tmp_path: Path) -> None:
    assert token_of_gh("gitlab.com", programs) is None
    assert not (tmp_path / "seen").exists()
    assert token_of_gh("github.com", {"PATH": str(tmp_path)}) is None


@pytest.mark.parametrize(
    ("prompt", "answer"),
    [
        ("Username for 'https://example.org:1': ", "a@b"),
        ("Username for 'https://example.org:1/charts.git': ", "a@b"),
        ("Password for 'https://a%40b@example.org:1': ", "s3cr3t"),
        ("Password for 'https://a%40b@example.org:1/charts.git': ", "s3cr3t"),
        ("Password for 'https://a%40b@example.org:12': ", None),
        ("Password for 'https://a%40b@example.org': ", None),
        ("Password for 'http://a%40b@example.org:1': ", None),
        ("Password for 'https://a%40b@evil.example': ", None),
        ("Password for 'https://x@evil.example/a%40b@example.org:1': ", None),
        ("Password for 'https://other@example.org:1': ", None),
        ("Username for 'https://example.org:1.evil.example': ", None),
        ("Enter passphrase for key: ", None),
    ],
)
def test_the_token_goes_to_its_own_server_alone(
    prompt: str, answer: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    token = Token(value="s3cr3t", username="a@b", source="")
    with askpass("https://example.org:1/charts.git", token) as program:
        assert stat.S_IMODE(program.parent.stat().st_mode) == 0o700
        assert stat.S_IMODE((program.parent / "token").stat().st_mode) == 0o600
        done = subprocess.run([program, prompt], capture_output=True, text=True, check=False)
        assert (done.stdout, done.returncode) == ((answer, 0) if answer else ("", 1))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("host", "environment", "source", "username"),
    [
        ("gitlab.com", GITLAB, "GITLAB_TOKEN", "oauth2"),
        ("GitLab.com", {**GITLAB, "WAYBILL_GITLAB_TOKEN": " a "}, "WAYBILL_GITLAB_TOKEN", "oauth2"),
        ("git.example.org:8443", {**GITLAB, "CI_SERVER_URL": "https://git.example.org:8443"}, "GITLAB_TOKEN", "oauth2"),
        (
            "a.example.org",
            {**GITLAB, "CI_SERVER_URL": "https://b.example.org", "WAYBILL_GITLAB_URL": "https://a.example.org/x"},
            "GITLAB_TOKEN",
            "oauth2",
        ),
        ("github.com", GITLAB, "GITHUB_TOKEN", "x-access-token"),
        ("gitlab.com", {**GITLAB, "WAYBILL_GIT_TOKEN": "d"}, "WAYBILL_GIT_TOKEN", "x-access-token"),
    ],
)
def test_a_server_gets_the_token_that_is_for_it(
    host: str, environment: dict[str, str], source: str, username: str
) -> None:
    found = token_of_variables(host, environment)
    assert found is not None
    assert (found.value, found.source, found.username) == (environment[source].strip(), source, username)


@pytest.mark.parametrize(
    ("host", "environment"),
    [
        ("example.org", GITLAB),
        ("gitlab.com.example.org", GITLAB),
        # The token is that of the company's own GitLab.
        ("gitlab.com", {**GITLAB, "CI_SERVER_URL": "https://git.example.org"}),
        ("gitlab.com", {"GITLAB_TOKEN": "  "}),
        ("gitlab.com", {"CI_JOB_TOKEN": "e"}),
    ],
)
def test_another_server_gets_no_token(host: str, environment: dict[str, str]) -> None:
    assert token_of_variables(host, environment) is None


def test_no_child_process_gets_a_token() -> None:
    assert without_tokens({**GITLAB, "WAYBILL_GITLAB_TOKEN": "a", "PATH": "/bin"}) == {"PATH": "/bin"}
