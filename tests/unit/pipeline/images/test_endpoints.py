"""Where a container engine is looked for."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from pipeline.images.endpoints import Endpoint, endpoints, may_answer


def chosen(environment: Mapping[str, str]) -> Endpoint:
    [endpoint] = endpoints(environment)
    return endpoint


def write_context(folder: Path, name: str, docker: Mapping[str, Any]) -> Path:
    """Write a Docker context as `docker context create` does."""
    key = sha256(name.encode()).hexdigest()
    about = folder / "contexts" / "meta" / key / "meta.json"
    about.parent.mkdir(parents=True)
    about.write_text(json.dumps({"Name": name, "Metadata": {}, "Endpoints": {"docker": docker}}))
    return folder / "contexts" / "tls" / key / "docker"


@pytest.fixture
def listening(tmp_path: Path) -> str:
    """A socket below a folder of its own; nobody needs to answer on it."""
    folder = tmp_path / "run" / "podman"
    folder.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(folder / "podman.sock"))
    return str(folder.parent)


def test_docker_host_is_the_only_place_where_it_is_set(tmp_path: Path) -> None:
    environment = {"DOCKER_HOST": "tcp://127.0.0.1:2375", "DOCKER_CONTEXT": "other", "HOME": str(tmp_path)}
    assert chosen(environment) == Endpoint(source="DOCKER_HOST", url="tcp://127.0.0.1:2375", verify=False)


@pytest.mark.parametrize(
    ("variables", "verify", "folder"),
    [
        ({"DOCKER_TLS_VERIFY": "1"}, True, "home/.docker"),
        ({"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": "/certs"}, True, "/certs"),
        ({"DOCKER_CERT_PATH": "/certs"}, False, "/certs"),
        ({"DOCKER_TLS": "1", "DOCKER_CONFIG": "/config"}, False, "/config"),
    ],
    ids=str,
)
def test_docker_host_takes_tls_as_dockers_cli_does(variables: dict[str, str], verify: bool, folder: str) -> None:  # noqa: FBT001 - a column of the table
    endpoint = chosen({"DOCKER_HOST": "tcp://build.example:2376", "HOME": "home", **variables})
    assert (endpoint.certificates, endpoint.verify) == (Path(folder), verify)


@pytest.mark.parametrize("how", ["config.json", "DOCKER_CONTEXT"])
def test_the_current_docker_context_is_the_engine(how: str, tmp_path: Path) -> None:
    certificates = write_context(tmp_path, "build host", {"Host": "tcp://10.0.0.9:2376", "SkipTLSVerify": True})
    certificates.mkdir(parents=True)
    environment = {"DOCKER_CONFIG": str(tmp_path)}
    if how == "config.json":
        tmp_path.joinpath("config.json").write_text('{"currentContext": "build host"}')
    else:
        environment["DOCKER_CONTEXT"] = "build host"
    source = "the Docker context 'build host'"
    assert chosen(environment) == Endpoint(
        source=source, url="tcp://10.0.0.9:2376", certificates=certificates, verify=False
    )
    assert may_answer(environment)


def test_a_context_without_an_address_is_named_and_no_other_engine_is_taken(tmp_path: Path) -> None:
    environment = {"DOCKER_CONFIG": str(tmp_path), "DOCKER_CONTEXT": "gone"}
    assert "the Docker context 'gone', whose address is not in" in str(chosen(environment))
    assert not may_answer(environment)


@pytest.mark.parametrize("config", ["", "[]", '{"currentContext": "default"}', '{"currentContext": 1}', "{"])
def test_without_a_choice_the_sockets_of_docker_and_podman_are_looked_at(config: str, tmp_path: Path) -> None:
    tmp_path.joinpath("config.json").write_text(config)
    environment = {"DOCKER_CONFIG": str(tmp_path), "HOME": "/home/me", "XDG_RUNTIME_DIR": "/run/user/7"}
    assert [endpoint.url for endpoint in endpoints(environment)] == [
        "unix:///var/run/docker.sock",
        "unix:///home/me/.docker/run/docker.sock",
        "unix:///run/user/7/docker.sock",
        "unix:///run/user/7/podman/podman.sock",
        "unix:///run/podman/podman.sock",
    ]


def test_a_socket_may_answer_and_a_file_or_nothing_does_not(listening: str, tmp_path: Path) -> None:
    plain = tmp_path / "plain.sock"
    plain.touch()
    assert may_answer({"DOCKER_HOST": f"unix://{listening}/podman/podman.sock"})
    assert not may_answer({"DOCKER_HOST": f"unix://{plain}"})
    assert not may_answer({"DOCKER_HOST": f"unix://{tmp_path}/none.sock"})
    rootless = next(each for each in endpoints({"XDG_RUNTIME_DIR": listening}) if each.source == "Podman without root")
    assert rootless.may_answer


def test_whether_an_engine_may_answer_is_told_without_the_docker_sdk() -> None:
    program = (
        "import sys; from pipeline.images.endpoints import may_answer; import pipeline.images.docker; "
        "print(may_answer({'DOCKER_HOST': 'tcp://10.0.0.1:2375'}), 'docker' in sys.modules, 'requests' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env={**os.environ}
    )
    assert done.stdout.split() == ["True", "False", "False"]
