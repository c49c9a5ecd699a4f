"""A GitHub App in place of a token: what it gets is for one repository, and no message holds it or the key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from generator.findings.errors import SettingsError
from pipeline.proposals.errors import ProposalError
from pipeline.proposals.forge import Options
from pipeline.proposals.github import open_github
from pipeline.proposals.github_app import github_api
from pipeline.workspace.places import GithubRepository
from tests.github.propose import BRANCH, draft, forge, propose
from tests.github.publish import BACKOFF
from tests.github.server import FakeGithub, fake_github
from tests.github.state import Repository


@pytest.fixture(scope="module")
def keys() -> tuple[str, str]:
    """The private and public key of an App."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


@pytest.fixture
def github(keys: tuple[str, str]) -> Iterator[FakeGithub]:
    with fake_github() as running:
        running.state.apps["4711"] = keys[1]
        yield running


@pytest.fixture
def repository(github: FakeGithub) -> Repository:
    repository = github.repository("acme/config", private=True)
    repository.app = "4711"
    repository.add_branch(BRANCH)
    return repository


@pytest.fixture
def environment(github: FakeGithub, keys: tuple[str, str], tmp_path: Path) -> dict[str, str]:
    key = tmp_path / "app.pem"
    key.write_text(keys[0], encoding="ascii")
    return {
        **{name: value for name, value in github.environment.items() if name != "GITHUB_TOKEN"},
        "WAYBILL_GITHUB_APP_ID": "4711",
        "WAYBILL_GITHUB_APP_KEY": str(key),
    }


def test_the_token_of_an_app_is_for_the_repository_alone(
    github: FakeGithub, repository: Repository, environment: dict[str, str]
) -> None:
    other = github.repository("acme/other", private=True)
    other.app = "4711"
    api, token = github_api("acme/config", environment, pause=0, backoff=BACKOFF)
    assert token is not None
    assert (token.value, token.username, token.source) == (api.token, "x-access-token", "the GitHub App 4711")
    assert github.state.scopes[token.value] == {"acme/config"}
    propose(forge(environment), draft(Options()))
    assert len(repository.pulls) == 1
    with pytest.raises(ProposalError, match="not found"):
        replace(forge(environment), name="acme/other").opened("main")


@pytest.mark.usefixtures("repository")
def test_no_message_holds_the_key_or_a_token(
    github: FakeGithub, environment: dict[str, str], keys: tuple[str, str]
) -> None:
    here = forge(environment)
    github.state.tokens.clear()
    with pytest.raises(ProposalError) as refused:
        here.opened("main")
    said = f"{refused.value}{here!r}{github_api('acme/config', environment)!r}"
    assert here.api.token not in said
    assert keys[0].splitlines()[1] not in said
    assert "GitHub refuses the token from the GitHub App 4711" in said


def test_an_app_that_is_not_installed_is_an_error_that_says_so(
    repository: Repository, environment: dict[str, str]
) -> None:
    repository.app = ""
    with pytest.raises(ProposalError, match="GitHub App 4711: it is not installed in this repository; install the App"):
        github_api("acme/config", environment)


@pytest.mark.usefixtures("repository")
def test_an_app_that_github_does_not_know_is_an_error(environment: dict[str, str]) -> None:
    with pytest.raises(ProposalError, match="check that WAYBILL_GITHUB_APP_ID is the App's id") as refused:
        github_api("acme/config", {**environment, "WAYBILL_GITHUB_APP_ID": "4712"})
    assert "ey" not in str(refused.value).replace("key", "").replace("they", "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "cannot be read: No such file or directory"),
        ("hello", "is not a private key in PEM; download one"),
        ("-----BEGIN RSA PRIVATE KEY-----\naGVsbG8=\n-----END RSA PRIVATE KEY-----\n", "holds no RSA private key"),
        ("\xff", "cannot be read: it is not text"),
    ],
)
def test_a_key_that_is_none_is_an_error(
    text: str | None, said: str, github: FakeGithub, environment: dict[str, str], tmp_path: Path
) -> None:
    key = tmp_path / "other.pem"
    if text is not None:
        key.write_text(text, encoding="latin-1")
    with pytest.raises(SettingsError, match=said) as refused:
        github_api("acme/config", {**environment, "WAYBILL_GITHUB_APP_KEY": str(key)})
    assert "aGVsbG8" not in str(refused.value)
    assert github.seen == []


@pytest.mark.parametrize("name", ["WAYBILL_GITHUB_APP_ID", "WAYBILL_GITHUB_APP_KEY"])
def test_half_an_app_is_an_error(name: str, environment: dict[str, str]) -> None:
    del environment[name]
    with pytest.raises(SettingsError, match=f"is set, and {name} is not; a GitHub App needs both"):
        github_api("acme/config", environment)


def test_without_an_app_the_token_is_that_of_git(github: FakeGithub) -> None:
    api, token = github_api("acme/config", {**github.environment, "WAYBILL_GIT_TOKEN": "ghp_own"})
    assert token is not None
    assert (api.token, token.value, token.source) == ("ghp_own", "ghp_own", "WAYBILL_GIT_TOKEN")


def test_a_place_on_another_server_is_opened_there(github: FakeGithub) -> None:
    environment = {"PATH": "", "WAYBILL_GIT_TOKEN": "ghp_own"}
    place = GithubRepository(name="acme/config", branch="main", folder="charts")
    here, token = open_github(place, environment, print, server=github.urls.server, is_signed=True)
    assert (here.place, here.clone_url) == ("github:acme/config", f"{github.urls.server}/acme/config.git")
    assert (here.api.url, here.is_signed) == (f"{github.urls.server}/api/v3", True)
    assert token is not None
    assert token.value == "ghp_own"
    with pytest.raises(SettingsError, match="not an https URL"):
        open_github(place, environment, print, server="http://git.example.org")


@pytest.mark.parametrize(
    ("here", "server", "sent"),
    [
        ("", "https://github.com", True),
        ("https://github.com", "https://github.com/", True),
        ("https://git.example.org", "https://git.example.org", True),
        ("", "https://git.example.org", False),
        ("https://github.com", "https://git.example.org", False),
        ("https://git.example.org", "https://github.com", False),
    ],
)
def test_the_token_of_a_workflow_is_sent_to_its_own_server_alone(
    here: str,
    server: str,
    sent: bool,  # noqa: FBT001 - a column of the table
    tmp_path: Path,
) -> None:
    environment = {
        "GITHUB_TOKEN": "ghs_workflow",
        "PATH": str(tmp_path),
        **({"GITHUB_SERVER_URL": here} if here else {}),
    }
    api, token = github_api("acme/config", environment, server)
    assert (token is not None, api.token) == (sent, "ghs_workflow" if sent else "")
    assert api.server == server.rstrip("/")
