"""`waybill doctor`: logins, tokens and servers as they are, and what the command says and returns."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from pipeline.proposals.forge import PREFIX
from tests.command import Outcome
from tests.conftest import Helm, Waybill
from tests.git_server import PASSWORD, GitServer, git_server
from tests.github.server import FakeGithub, fake_github
from tests.github.state import Repository, Ruleset
from tests.images.registries import Login, Registry, docker_registry, token_registry
from tests.unit.conftest import write


@pytest.fixture(autouse=True)
def nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home folder without logins, and git without a configuration."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    for name in ("WAYBILL_IMAGES", "XDG_CONFIG_HOME", "REGISTRY_AUTH_FILE", "DOCKER_AUTH_CONFIG", "GITHUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with docker_registry(tmp_path_factory.mktemp("registry")) as running:
        yield running


def result(done: Outcome, name: str) -> dict[str, Any]:
    """What a check found."""
    (found,) = [each for each in done.json["checks"] if each["check"] == name]
    return dict(found)


def log_in(folder: Path, host: str, login: Login) -> None:
    auths = {host: {"auth": login.basic}}
    write(folder, {"docker/config.json": json.dumps({"auths": auths})})


def test_the_login_of_the_registry_is_tried(registry: Registry, waybill: Waybill, tmp_path: Path) -> None:
    write(tmp_path, {"waybill.toml": f'registry = "{registry.host}/acme"\nimages = "push"\n'})
    done = waybill("doctor", "registry", "--json")
    found = result(done, "registry")
    assert (done.code, found["state"], found["needed"]) == (1, "missing", True)
    assert found["help"] == f"run: docker login {registry.host} (or podman login)"
    log_in(tmp_path, registry.host, Login(username=registry.login.username))
    wrong = waybill("doctor", "registry", "--json")
    assert (wrong.code, result(wrong, "registry")["state"]) == (1, "failed")
    assert "the login was refused (401" in result(wrong, "registry")["help"]
    log_in(tmp_path, registry.host, registry.login)
    fine = waybill("doctor", "registry", "--json")
    assert (fine.code, result(fine, "registry")["state"]) == (0, "fine")
    assert f"accepts the login from {tmp_path / 'docker/config.json'}" in result(fine, "registry")["message"]


def test_a_registry_with_a_token_service_is_asked_for_the_right_to_push(waybill: Waybill, tmp_path: Path) -> None:
    with token_registry(tmp_path / "registry") as (registry, service):
        write(tmp_path, {"waybill.toml": f'registry = "{registry.host}/acme"\n'})
        log_in(tmp_path, registry.host, registry.login)
        assert waybill("doctor", "registry").code == 0
        assert service.scopes == ["repository:acme/serverless-workflow-workflow:pull,push"]


def test_a_registry_that_does_not_answer_is_told_without_waiting(waybill: Waybill, tmp_path: Path) -> None:
    write(tmp_path, {"waybill.toml": 'registry = "127.0.0.1:9/acme"\n'})
    done = waybill("doctor", "registry", "--json")
    assert (done.code, result(done, "registry")["message"]) == (1, "127.0.0.1:9 does not answer")


def test_no_secret_is_printed(registry: Registry, waybill: Waybill, tmp_path: Path) -> None:
    wrong = Login(username=registry.login.username)
    write(
        tmp_path,
        {"waybill.toml": f'registry = "{registry.host}/a"\n[publish]\nto = ["oci://{registry.host}/charts"]\n'},
    )
    environment = {
        "WAYBILL_REGISTRY_USERNAME": wrong.username,
        "WAYBILL_REGISTRY_PASSWORD": wrong.password,
        "WAYBILL_GIT_TOKEN": PASSWORD,
    }
    for words in (["doctor"], ["doctor", "--json"], ["doctor", "registry", "publish"]):
        done = waybill(*words, "--timeout", "5", env=environment)
        for secret in (wrong.password, wrong.basic, PASSWORD):
            assert secret not in done.out + done.err


def test_charts_in_a_registry_need_its_login(registry: Registry, waybill: Waybill, tmp_path: Path) -> None:
    write(tmp_path, {"waybill.toml": f'[publish]\nto = ["oci://{registry.host}/charts"]\n'})
    done = waybill("doctor", "publish", "--json")
    assert result(done, "publish")["message"].startswith(f"oci://{registry.host}/charts: found no login")
    log_in(tmp_path, registry.host, registry.login)
    assert waybill("doctor", "publish").code == 0


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitServer]:
    (tmp_path / "server").mkdir()
    with git_server(tmp_path / "server") as running:
        yield running


def test_a_branch_is_read_with_the_token(server: GitServer, waybill: Waybill, tmp_path: Path) -> None:
    write(tmp_path, {"waybill.toml": f'[publish]\nto = ["git:{server.url}"]\n'})
    refused = waybill("doctor", "publish", "--json", env={"WAYBILL_GIT_TOKEN": "wrong"})
    assert (refused.code, result(refused, "publish")["state"]) == (1, "failed")
    assert "check the token from WAYBILL_GIT_TOKEN" in result(refused, "publish")["message"]
    fine = waybill("doctor", "publish", "--json", env={"WAYBILL_GIT_TOKEN": PASSWORD})
    assert result(fine, "publish")["state"] == "fine"
    assert fine.code == 0


@pytest.fixture
def github() -> Iterator[FakeGithub]:
    with fake_github() as running:
        yield running
        assert running.changes == []
        assert running.wrong == []


@pytest.fixture
def config(github: FakeGithub) -> Repository:
    github.state.tokens |= {"ghp_writes": "write", "ghp_reads": "read"}
    return github.repository("acme/config")


def environment(github: FakeGithub, token: str) -> Mapping[str, str]:
    return {**github.environment, "WAYBILL_GIT_TOKEN": token}


@pytest.mark.parametrize(
    ("token", "state", "said"),
    [
        ("ghp_writes", "fine", "github:acme/config: the token from WAYBILL_GIT_TOKEN may push"),
        (
            "ghp_reads",
            "failed",
            "the token from WAYBILL_GIT_TOKEN may not push; it needs the permissions contents: wri",
        ),
        ("ghp_wrong", "failed", "github:acme/config"),
    ],
)
@pytest.mark.usefixtures("config")
def test_a_token_that_may_not_publish_is_told(
    token: str, state: str, said: str, github: FakeGithub, waybill: Waybill, tmp_path: Path
) -> None:
    write(tmp_path, {"waybill.toml": '[publish]\nto = ["github:acme/config"]\n'})
    done = waybill("doctor", "publish", "--json", env=environment(github, token))
    found = result(done, "publish")
    assert (done.code, found["state"]) == (0 if state == "fine" else 1, state), found
    assert said in found["message"]
    assert "pull_requests" not in found["message"]


def test_a_proposal_has_its_preflight(github: FakeGithub, config: Repository, waybill: Waybill, tmp_path: Path) -> None:
    write(tmp_path, {"waybill.toml": '[propose]\nto = "github:acme/config"\n'})
    done = waybill("doctor", "propose", "--json", env=environment(github, "ghp_writes"))
    assert (done.code, result(done, "propose")["state"]) == (0, "fine")
    config.rulesets.append(Ruleset(7, [{"type": "deletion"}], [f"{PREFIX}*"]))
    done = waybill("doctor", "propose", "--json", env=environment(github, "ghp_writes"))
    assert (done.code, result(done, "propose")["state"]) == (0, "note")
    config.rulesets.append(Ruleset(8, [{"type": "creation"}], [f"{PREFIX}*"]))
    done = waybill("doctor", "propose", "--json", env=environment(github, "ghp_writes"))
    found = result(done, "propose")
    assert (done.code, found["state"]) == (1, "failed")
    assert "nobody may create them" in found["message"]
    assert "nobody may delete them" not in found["message"]


def test_helm_is_found_in_its_version(helm: Helm, waybill: Waybill) -> None:
    done = waybill("doctor", "helm", "--json", env={"PATH": helm.path})
    assert result(done, "helm")["message"].startswith(f"{helm.major}.")


def test_without_what_is_optional_all_is_well(waybill: Waybill, tmp_path: Path) -> None:
    bare = tmp_path / "bin"
    bare.mkdir()
    done = waybill(
        "doctor", env={"PATH": str(bare), "DOCKER_HOST": f"unix://{bare}/none", "WAYBILL_REGISTRY": "127.0.0.1:9/a"}
    )
    assert done.code == 0, done.err
    assert done.err.splitlines()[-1] == "everything that the settings ask for is there"
    assert "helm: for waybill check; the settings do not ask for it" in done.err


def test_what_a_named_command_cannot_do_without_is_to_be_fixed(waybill: Waybill, tmp_path: Path) -> None:
    done = waybill("doctor", "run", env={"PATH": str(tmp_path)})
    assert done.code == 1
    assert done.err.splitlines()[-1] == "to fix: jdk and maven"
    assert "jdk: for waybill run, build and image\n" in done.err


def test_settings_that_cannot_be_read_do_not_stop_the_other_checks(waybill: Waybill, tmp_path: Path) -> None:
    write(tmp_path, {"waybill.toml": 'regstry = "quay.io/acme"\n'})
    done = waybill("doctor", "settings", "python", "--json")
    assert done.code == 1
    assert "unknown setting 'regstry'; did you mean 'registry'" in result(done, "settings")["message"]
    assert result(done, "python")["state"] == "fine"


def test_an_unknown_name_is_a_matter_of_usage(waybill: Waybill) -> None:
    done = waybill("doctor", "publsh")
    assert done.code == 2
    assert "there is no check and no command 'publsh'; did you mean 'publish'" in done.err
