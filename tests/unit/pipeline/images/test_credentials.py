"""Logins as Docker and Podman keep them."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest

from generator.findings.errors import SettingsError
from pipeline.images.credentials import Credential, Keychain, Lookup

PASSWORD = "pw: s3cret-ü"  # noqa: S105 - nobody's


def entry(username: str = "me", password: str = PASSWORD) -> dict[str, str]:
    return {"auth": base64.b64encode(f"{username}:{password}".encode()).decode()}


def write(path: Path, auths: dict[str, Any], **rest: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"auths": auths, **rest}))
    return path


def find(home: Path, host: str = "quay.io", repository: str = "org/app", **variables: str) -> Lookup:
    environment = {"HOME": str(home), "XDG_RUNTIME_DIR": str(home / "runtime"), **variables}
    return Keychain(registry="quay.io/orchestrator", environment=environment).find(host, repository)


def username(lookup: Lookup) -> str | None:
    return lookup.credential.username if lookup.credential else None


@pytest.mark.parametrize(
    "place", [".docker/config.json", "runtime/containers/auth.json", ".config/containers/auth.json"]
)
def test_a_login_is_found_where_docker_and_podman_keep_it(tmp_path: Path, place: str) -> None:
    path = write(tmp_path / place, {"quay.io": entry()})
    found = find(tmp_path)
    assert found.credential == Credential(username="me", password=PASSWORD, source=f"{path} (quay.io)")
    assert str(found) == f"used the login from {path} (quay.io)"


@pytest.mark.parametrize(("variable", "name"), [("DOCKER_CONFIG", ""), ("REGISTRY_AUTH_FILE", "config.json")])
def test_a_file_that_a_variable_names_comes_first(tmp_path: Path, variable: str, name: str) -> None:
    write(tmp_path / ".docker" / "config.json", {"quay.io": entry("docker")})
    write(tmp_path / "runtime" / "containers" / "auth.json", {"quay.io": entry("podman")})
    write(tmp_path / "named" / "config.json", {"quay.io": entry("named")})
    assert username(find(tmp_path)) == "docker"
    assert username(find(tmp_path, **{variable: str(tmp_path / "named" / name)})) == "named"


def test_beside_the_file_that_is_named_podmans_others_are_not_read(tmp_path: Path) -> None:
    write(tmp_path / "runtime" / "containers" / "auth.json", {"quay.io": entry("podman")})
    found = find(tmp_path, REGISTRY_AUTH_FILE=str(tmp_path / "none.json"))
    assert found.credential is None
    assert not any("runtime" in place for place in found.places)


def test_a_config_in_a_variable_comes_before_files(tmp_path: Path) -> None:
    write(tmp_path / ".docker" / "config.json", {"quay.io": entry("docker")})
    given = json.dumps({"auths": {"quay.io": entry("given")}})
    assert username(find(tmp_path, DOCKER_AUTH_CONFIG=given)) == "given"


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (["quay.io", "quay.io/org", "quay.io/org/app"], "quay.io/org/app"),
        (["quay.io", "quay.io/org", "quay.io/org/other"], "quay.io/org"),
        (["quay.io", "quay.io/organisation"], "quay.io"),
        (["quay.io/other", "ghcr.io"], None),
        (["https://quay.io"], "https://quay.io"),
        (["https://quay.io/v2/"], "https://quay.io/v2/"),
        (["quay.io/v1/"], "quay.io/v1/"),
    ],
)
def test_the_most_specific_key_of_a_repository_wins(tmp_path: Path, keys: list[str], expected: str | None) -> None:
    write(tmp_path / ".docker" / "config.json", {key: entry(key.replace(":", "")) for key in keys})
    assert username(find(tmp_path)) == (expected.replace(":", "") if expected else None)


@pytest.mark.parametrize("host", ["docker.io", "index.docker.io", "registry-1.docker.io"])
@pytest.mark.parametrize("key", ["https://index.docker.io/v1/", "docker.io", "index.docker.io"])
def test_docker_hub_has_several_names(tmp_path: Path, host: str, key: str) -> None:
    write(tmp_path / ".docker" / "config.json", {key: entry("hub")})
    assert username(find(tmp_path, host, "library/busybox")) == "hub"


@pytest.mark.parametrize(
    ("found", "password", "is_token"),
    [
        ({"username": "me", "password": PASSWORD}, PASSWORD, False),
        ({"identitytoken": "token-1", "auth": "AAAA"}, "token-1", True),
        (entry(password=f"{PASSWORD}\0\0"), PASSWORD, False),
    ],
)
def test_every_form_of_an_entry_is_read(tmp_path: Path, found: Any, password: str, *, is_token: bool) -> None:
    write(tmp_path / ".docker" / "config.json", {"quay.io": found})
    credential = find(tmp_path).credential
    assert credential is not None
    assert (credential.password, credential.is_token) == (password, is_token)


def helper(folder: Path, name: str, script: str) -> str:
    """Write a credential helper; returns a PATH with it."""
    folder.mkdir(exist_ok=True)
    program = folder / f"docker-credential-{name}"
    program.write_text(f"#!/bin/sh\nread -r server\n{script}\n")
    program.chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


GIVES = 'printf \'{"ServerURL": "%s", "Username": "%s", "Secret": "from-helper"}\' "$server" "user of $server"'


@pytest.mark.parametrize("config", [{"credsStore": "t"}, {"credHelpers": {"quay.io": "t"}, "credsStore": "other"}])
def test_a_helper_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, config: Any) -> None:
    monkeypatch.setenv("PATH", helper(tmp_path / "bin", "t", GIVES))
    path = write(tmp_path / ".docker" / "config.json", {"quay.io": {}}, **config)
    credential = find(tmp_path).credential
    assert credential == Credential(
        username="user of quay.io",
        password="from-helper",  # noqa: S106 - nobody's
        source=f"docker-credential-t, which {path} names",
    )


def test_the_helper_of_docker_hub_is_asked_by_its_url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", helper(tmp_path / "bin", "t", GIVES))
    write(tmp_path / ".docker" / "config.json", {}, credsStore="t")
    assert username(find(tmp_path, "docker.io")) == "user of https://index.docker.io/v1/"


def test_an_identity_token_of_a_helper_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", helper(tmp_path / "bin", "t", """echo '{"Username": "<token>", "Secret": "it"}'"""))
    write(tmp_path / ".docker" / "config.json", {}, credsStore="t")
    credential = find(tmp_path).credential
    assert credential is not None
    assert credential.is_token
    assert credential.auth_config == {"identitytoken": "it"}


@pytest.mark.parametrize(
    ("script", "why"),
    [
        (f"echo '{PASSWORD}'; exit 1", "docker-credential-t failed"),
        (f"echo '{PASSWORD}'", "docker-credential-t failed"),
        ("echo 'credentials not found in native keychain'; exit 1", "docker-credential-t has none for quay.io"),
        (None, "docker-credential-t is not on PATH"),
    ],
)
def test_a_helper_that_fails_is_named_without_its_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str | None, why: str
) -> None:
    if script:
        monkeypatch.setenv("PATH", helper(tmp_path / "bin", "t", script))
    path = write(tmp_path / ".docker" / "config.json", {}, credsStore="t")
    found = find(tmp_path)
    assert found.credential is None
    assert f"{path} ({why})" in found.places
    assert "s3cret" not in str(found)


def test_what_a_helper_does_not_have_is_taken_from_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", helper(tmp_path / "bin", "t", "echo 'credentials not found in native keychain'; exit 1"))
    write(tmp_path / ".docker" / "config.json", {"quay.io": entry("file")}, credsStore="t")
    assert username(find(tmp_path)) == "file"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("{", "(not JSON)"),
        ("[]", "(no entry for quay.io)"),
        ('{"auths": 3}', "(no entry for quay.io)"),
        ('{"auths": {"quay.io": {}}}', "(no entry for quay.io)"),
        ('{"auths": {"quay.io": {"auth": "%"}}}', "(the entry for quay.io is not base64 of USER:PASSWORD)"),
        ('{"auths": {"quay.io": {"auth": "czNjcmV0"}}}', "(the entry for quay.io is not base64 of USER:PASSWORD)"),
        ('{"auths": {"quay.io": {"auth": 3}}}', "(the entry for quay.io is not base64 of USER:PASSWORD)"),
        ('{"auths": {"quay.io": {"email": "x"}}}', "(the entry for quay.io is not base64 of USER:PASSWORD)"),
    ],
)
def test_a_file_without_a_login_is_named_with_its_reason(tmp_path: Path, content: str, why: str) -> None:
    path = tmp_path / ".docker" / "config.json"
    path.parent.mkdir()
    path.write_text(content)
    found = find(tmp_path)
    assert found.credential is None
    assert f"{path} {why}" in str(found)
    assert "s3cret" not in str(found)


def test_every_place_that_was_looked_in_is_named_in_its_order(tmp_path: Path) -> None:
    (tmp_path / ".docker" / "config.json").mkdir(parents=True)
    assert str(find(tmp_path)) == (
        "found no login; looked in WAYBILL_REGISTRY_USERNAME and WAYBILL_REGISTRY_PASSWORD (not set), "
        f"{tmp_path}/.docker/config.json (Is a directory), "
        f"{tmp_path}/runtime/containers/auth.json (no such file), "
        f"{tmp_path}/.config/containers/auth.json (no such file)"
    )


VARIABLES = {"WAYBILL_REGISTRY_USERNAME": "robot", "WAYBILL_REGISTRY_PASSWORD": PASSWORD}


def test_the_variables_come_first_for_the_registry_of_the_settings(tmp_path: Path) -> None:
    write(tmp_path / ".docker" / "config.json", {"quay.io": entry()})
    assert find(tmp_path, **VARIABLES).credential == Credential(
        username="robot",
        password=PASSWORD,
        source="WAYBILL_REGISTRY_USERNAME and WAYBILL_REGISTRY_PASSWORD",
    )


@pytest.mark.parametrize("host", ["ghcr.io", "quay.io.example", "quay.io:443", "docker.io"])
def test_the_variables_are_for_no_other_host(tmp_path: Path, host: str) -> None:
    found = find(tmp_path, host, **VARIABLES)
    assert found.credential is None
    assert "(for quay.io, the registry of the settings)" in found.places[0]


@pytest.mark.parametrize("name", VARIABLES)
def test_one_variable_without_the_other_is_refused(tmp_path: Path, name: str) -> None:
    (other,) = VARIABLES.keys() - {name}
    with pytest.raises(SettingsError, match=f"{name} is set, and {other} is not; set both, or neither"):
        find(tmp_path, **{name: PASSWORD})


def test_no_representation_holds_user_or_password(tmp_path: Path) -> None:
    found = find(tmp_path, **VARIABLES)
    keychain = Keychain(registry="quay.io/x", environment=VARIABLES)
    shown = f"{found!r} {found} {keychain!r} {keychain} {found.credential!r} {found.credential}"
    assert "s3cret" not in shown
    assert "robot" not in shown
