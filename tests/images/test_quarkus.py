"""The two Dockerfiles with a real builder: Maven builds Quarkus without a network, and the image runs the workflow."""

from __future__ import annotations

import json
import shutil
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import pytest

from generator.findings.errors import OutputError
from pipeline.images.credentials import Keychain
from pipeline.images.docker import DockerEngine, connect
from pipeline.images.image import LocalImage
from pipeline.run.engine.process import free_port
from pipeline.system.http import send
from pipeline.system.http_request import Request
from tests.conftest import ROOT, missing
from tests.engine import postgres
from tests.images import bases
from tests.images.bases import docker
from tests.images.orders import DOCKERFILES, order
from tests.waiting import eventually

_CHANNELS: Final = ("processinstances", "processdefinitions", "usertaskinstances")


def never(_: str) -> str:
    pytest.fail("no registry is asked")


@pytest.fixture(scope="module")
def engine(real_bases: str) -> DockerEngine:
    return connect({"DOCKER_HOST": real_bases}, keychain=Keychain(registry="", environment={}), digest_of=never)


@pytest.fixture(scope="module")
def images(engine: DockerEngine, tmp_path_factory: pytest.TempPathFactory) -> dict[str, LocalImage]:
    """The image of greeting by each Dockerfile, the second with nothing of the first in the engine's cache."""
    folder = tmp_path_factory.mktemp("flows") / "greeting"
    shutil.copytree(ROOT / "workflows" / "greeting", folder)
    shutil.copytree(ROOT / "workflows" / "shared", folder / "shared")
    built = {}
    for (name, dockerfile), runtime in zip(DOCKERFILES.items(), (bases.RUNTIME, bases.OTHER_RUNTIME), strict=True):
        made = order(
            folder,
            f"localhost:1/quarkus/{name}:src-1",
            dockerfile=dockerfile.read_bytes(),
            # What Red Hat's builder adds is in Red Hat's repositories alone.
            arguments={"QUARKUS_EXTENSIONS": bases.extensions()},
            builder=bases.BUILDER,
            runtime=runtime,
        )
        built[name] = engine.build(made, lambda _: None)
    return built


def test_both_dockerfiles_give_one_layer_of_libraries_and_a_small_one(
    images: Mapping[str, LocalImage], real_bases: str
) -> None:
    layers = [
        json.loads(docker(real_bases, "image", "inspect", "--format", "{{json .RootFS.Layers}}", image.id))
        for image in images.values()
    ]
    base = json.loads(docker(real_bases, "image", "inspect", "--format", "{{json .RootFS.Layers}}", bases.RUNTIME))
    for found in layers:
        assert found[:-2] == base
    # Two builds of Quarkus never have the same bytes, but what they take from Maven's repository does.
    assert layers[0][-2] == layers[1][-2]
    assert layers[0][-1] != layers[1][-1]
    [image, *_] = images.values()
    sizes = docker(real_bases, "history", "--human=false", "--format={{.Size}}", image.id).split()
    workflow, libraries = [int(size) for size in sizes if size != "0"][:2]
    assert workflow < 3_000_000
    assert libraries > 50_000_000


def test_the_application_is_read_back_out_of_the_image(images: Mapping[str, LocalImage], engine: DockerEngine) -> None:
    for image in images.values():
        with engine.application(image) as folder:
            listed = (folder / "quarkus-app-dependencies.txt").read_text().splitlines()
            libraries = list(folder.glob("lib/*/*.jar"))
            assert {path.name for path in folder.iterdir()} == {
                *("app", "lib", "quarkus", "quarkus-app-dependencies.txt", "quarkus-run.jar")
            }
        names = {path.name for path in libraries}
        # One dependency is a pom alone.
        assert names == {file_of(line) for line in listed if ":pom:" not in line}
        assert any("kie-addons-quarkus-persistence-jdbc" in jar.name for jar in libraries)
        assert any("postgresql" in jar.name for jar in libraries)


def file_of(dependency: str) -> str:
    """The file in lib/ of GROUP:ARTIFACT:CLASSIFIER:TYPE:VERSION."""
    group, artifact, classifier, kind, version = dependency.split(":")
    return f"{group}.{artifact}-{version}{f'-{classifier}' if classifier else ''}.{kind}"


class _Sink(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Nobody reads it."""


@pytest.fixture
def sink() -> Iterator[str]:
    """Where the engine's own events go."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Sink)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def database() -> Iterator[dict[str, str]]:
    if postgres.program("initdb") is None:
        missing("PostgreSQL (apt install postgresql)")
    folder = Path(tempfile.mkdtemp(prefix="waybill-postgres-"))
    try:
        with postgres.running(folder) as given:
            yield given
    finally:
        shutil.rmtree(folder)


@contextmanager
def started(host: str, image: str, variables: Mapping[str, str], config: Path) -> Iterator[str]:
    """Run an image as the operator does: with application.properties in /deployments/config; gives its URL."""
    port = free_port()
    given = {"QUARKUS_HTTP_PORT": str(port), "QUARKUS_HTTP_HOST": "127.0.0.1", **variables}
    words = [word for name, value in given.items() for word in ("--env", f"{name}={value}")]
    container = docker(host, "create", "--network=host", *words, image)
    try:
        docker(host, "cp", str(config), f"{container}:/deployments/config")
        docker(host, "start", container)
        url = f"http://127.0.0.1:{port}"
        eventually(lambda: ready(host, container, url), "the image is ready")
        yield url
    finally:
        docker(host, "rm", "--force", "--volumes", container)


def ready(host: str, container: str, url: str) -> bool:
    state = docker(host, "container", "inspect", "--format", "{{.State.Status}}", container)
    assert state == "running", docker(host, "logs", container)
    try:
        return send(Request(url=f"{url}/q/health/ready", limit=100_000, patience=5, attempts=1)).status == 200
    except OutputError:
        return False


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_the_image_answers_a_request(
    dockerfile: str,
    images: Mapping[str, LocalImage],
    real_bases: str,
    database: dict[str, str],
    sink: str,
    tmp_path: Path,
) -> None:
    channels = [f"mp.messaging.outgoing.kogito-{name}-events" for name in _CHANNELS]
    lines = [line for name in channels for line in (f"{name}.connector=quarkus-http", f"{name}.url={sink}")]
    config = tmp_path / "config"
    config.mkdir()
    config.joinpath("application.properties").write_text("\n".join([*lines, "kie.flyway.enabled=true", ""]))
    with started(real_bases, images[dockerfile].id, database, config) as url:
        body = json.dumps({"name": "Waybill", "language": "Spanish"}).encode()
        headers = {"Content-Type": "application/json"}
        answer = send(Request(url=f"{url}/greeting", method="POST", headers=headers, body=body, limit=100_000))
    assert answer.status == 201, answer.body
    assert "Hola, Waybill!" in answer.body.decode()
