"""Podman, which answers the Docker API, too: what waybill needs of an engine, without a registry."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.images.docker import connect
from pipeline.images.errors import ImageError
from tests.conftest import ROOT, missing
from tests.images import bases, dockerd
from tests.images.bases import docker
from tests.images.conftest import keychain_of
from tests.images.orders import DOCKERFILES, order
from tests.waiting import eventually


def never(_: str) -> str:
    pytest.fail("no registry is asked")


@pytest.fixture(scope="module")
def podman() -> Iterator[str]:
    """Podman's service on a socket, with images and containers of its own."""
    if shutil.which("podman") is None:
        missing("Podman (Debian's package of that name)")
    # Its paths may have 50 characters at most.
    folder = Path(tempfile.mkdtemp(prefix="podman-"))
    own = ("podman", "--root", str(folder / "root"), "--runroot", str(folder / "run"), "--storage-driver", "overlay")
    host = f"unix://{folder / 'podman.sock'}"
    with (folder / "log").open("wb") as log:
        service = subprocess.Popen([*own, "system", "service", "--time=0", host], stdout=log, stderr=log)
    try:
        eventually(lambda: dockerd.answers(host), "Podman answers")
        bases.small(host)
        yield host
    finally:
        service.terminate()
        service.wait(60)
        for words in (("rm", "--all", "--force"), ("rmi", "--all", "--force")):
            subprocess.run([*own, *words], check=False, capture_output=True)
        # Podman mounts this on itself.
        subprocess.run(["umount", "--lazy", folder / "root" / "overlay"], check=False, capture_output=True)
        shutil.rmtree(folder)


@pytest.fixture
def greeting(tmp_path: Path) -> Path:
    folder = tmp_path / "greeting"
    shutil.copytree(ROOT / "workflows" / "greeting", folder)
    return folder


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_podman_builds_both_dockerfiles_and_saves_what_it_built(
    dockerfile: str, podman: str, greeting: Path, tmp_path: Path
) -> None:
    engine = connect({"DOCKER_HOST": podman}, keychain=keychain_of(tmp_path), digest_of=never)
    made = order(greeting, f"localhost:1/{dockerfile}:1", dockerfile=DOCKERFILES[dockerfile].read_bytes())
    assert not engine.missing(made.recipe)
    lines: list[str] = []
    built = engine.build(made, lines.append)
    assert any("greeting.sw.yaml' -> " in line for line in lines)
    assert engine.labels(made.reference)["org.opencontainers.image.title"] == "greeting"
    with engine.application(built) as folder, zipfile.ZipFile(folder / "app" / "workflows-1.0.0.jar") as jar:
        assert jar.read("greeting.sw.yaml") == greeting.joinpath("greeting.sw.yaml").read_bytes()
    engine.save(built, tmp_path / "saved.tar")
    subprocess.run(["skopeo", "inspect", f"oci-archive:{tmp_path}/saved.tar"], check=True, capture_output=True)
    assert not docker(podman, "ps", "-aq")


def test_a_failed_build_has_its_last_lines(podman: str, greeting: Path, tmp_path: Path) -> None:
    engine = connect({"DOCKER_HOST": podman}, keychain=keychain_of(tmp_path), digest_of=never)
    made = order(greeting, "localhost:1/failed:1", arguments={"MAVEN_ARGS_APPEND": "-Dbreak"})
    with pytest.raises(ImageError, match="localhost:1/failed:1 was not built: ") as failed:
        engine.build(made, lambda _: None)
    assert "[ERROR] line 60 of the build" in failed.value.log
    assert not engine.has("localhost:1/failed:1")


def test_an_event_stops_a_build(podman: str, greeting: Path, tmp_path: Path) -> None:
    stop = threading.Event()
    engine = connect({"DOCKER_HOST": podman}, keychain=keychain_of(tmp_path), digest_of=never, stop=stop)
    made = order(greeting, "localhost:1/stopped:1", arguments={"MAVEN_ARGS_APPEND": "-Dlinger"})

    def log(line: str) -> None:
        if line == "lingering":
            stop.set()

    with pytest.raises(ImageError, match="stopped"):
        engine.build(made, log)
    assert not connect({"DOCKER_HOST": podman}, keychain=keychain_of(tmp_path), digest_of=never).has(made.reference)
