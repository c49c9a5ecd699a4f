"""What the tests of images share: a container engine, a registry, and images to build from."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline.images.credentials import Keychain
from pipeline.images.docker import DockerEngine, connect
from pipeline.images.image_name import read_image_name
from pipeline.images.registry import Registry as RegistryClient
from tests.images import bases, dockerd
from tests.images.registries import Registry, docker_registry


@pytest.fixture(scope="session")
def docker_host() -> Iterator[str]:
    """Where an engine answers: the one of DOCKER_HOST, or one started for the tests."""
    given = os.environ.get("DOCKER_HOST", "")
    if given and dockerd.answers(given):
        yield given
        return
    # pytest would keep its gigabytes for three sessions.
    with tempfile.TemporaryDirectory(prefix="dockerd-data-") as name, dockerd.running(Path(name)) as host:
        yield host


@pytest.fixture(scope="session")
def small_bases(docker_host: str) -> str:
    """The engine, with a builder and a runtime that are made of busybox."""
    bases.small(docker_host)
    return docker_host


@pytest.fixture(scope="session")
def real_bases(docker_host: str) -> str:
    """The engine, with a builder and a runtime with Java, and Maven's artifacts."""
    bases.real(docker_host)
    return docker_host


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """A registry that wants a login."""
    with docker_registry(tmp_path_factory.mktemp("registry")) as registry:
        yield registry


def keychain_of(folder: Path) -> Keychain:
    """A keychain that looks into a folder's config.json alone."""
    environment = {"DOCKER_CONFIG": str(folder), "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)}
    return Keychain(registry="", environment=environment)


@pytest.fixture
def keychain(registry: Registry, tmp_path: Path) -> Keychain:
    """A keychain with the registry's login."""
    return keychain_of(registry.docker_config(tmp_path / "docker"))


@pytest.fixture
def serves(keychain: Keychain) -> Callable[[str], str]:
    """The digest that a registry serves under REPOSITORY:TAG."""

    def digest(reference: str) -> str:
        name = read_image_name(reference)
        manifest = RegistryClient(name.host, keychain).manifest(name.repository, name.reference)
        assert manifest is not None
        return manifest.digest

    return digest


@pytest.fixture
def engine(small_bases: str, keychain: Keychain, serves: Callable[[str], str]) -> DockerEngine:
    """The engine as waybill uses it, with the registry's login."""
    return connect({"DOCKER_HOST": small_bases}, keychain=keychain, digest_of=serves)
