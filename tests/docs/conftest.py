"""What the commands of the documentation run against: a clone of this repository, and what their pages need besides."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest
import yaml

from tests.cluster.apiserver import ApiServer, programs_in, running
from tests.cluster.conftest import OTHERS, SINK_BINDING, definitions_in, served_alone
from tests.conftest import ROOT, SHARED, find_helm, missing
from tests.crd_facts import FOLDERS
from tests.docs.page import Run
from tests.file_server import serving
from tests.git_server import git_server
from tests.github.git_refs import GitRefs
from tests.github.server import fake_github
from tests.images import bases, dockerd
from tests.images.registries import docker_registry

_GIT_CONFIG: Final = """\
[user]
name = Ada
email = ada@example.com
[init]
defaultBranch = main
"""


#: Variables, and places by their names.
Given = tuple[Mapping[str, str], Mapping[str, str]]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="write what commands print into the pages")


@pytest.fixture(scope="session")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This repository as it is now, committed or not, as one commit."""
    folder = tmp_path_factory.mktemp("repository") / "waybill"
    listed = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, capture_output=True, text=True, check=True).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
    for words in (("init", "--quiet", "--initial-branch=main"), ("add", "--all"), ("commit", "--quiet", "-m", "Start")):
        environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull}
        subprocess.run(["git", *identity, *words], cwd=folder, check=True, env=environment)
    return folder


@dataclass
class World:
    """What a run has around it: its environment, and places that stand for what a reader fills in."""

    environment: dict[str, str]
    repository: Path
    folder: Path
    stack: ExitStack
    request: pytest.FixtureRequest
    places: dict[str, str] = field(default_factory=dict)

    @property
    def start(self) -> Path:
        """An empty folder, in which the run begins, or the clone is made."""
        return self.folder / "start"

    def begin(self, begins: str) -> Path:
        """The folder in which a run begins."""
        if begins != "fresh clone":
            return self.start
        command = ["git", "clone", "--quiet", str(self.repository), str(self.start / "waybill")]
        subprocess.run(command, check=True, env=self.environment)
        return self.start / "waybill"


@pytest.fixture
def world(tmp_path: Path, repository: Path, request: pytest.FixtureRequest) -> Iterator[World]:
    """An environment with waybill, Helm 4 and git, in which nothing of this machine's user is found."""
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "start").mkdir()
    (home / ".gitconfig").write_text(_GIT_CONFIG, encoding="utf-8")
    scripts = Path(sys.executable).parent
    kept = ("PIP_", "LANG", "LC_", "HTTP_PROXY", "HTTPS_PROXY", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
    environment = {name: value for name, value in os.environ.items() if name.upper().startswith(kept)}
    environment |= {
        "PATH": os.pathsep.join([str(scripts), find_helm(4).path]),
        "HOME": str(home),
        "PIP_CACHE_DIR": os.environ.get("PIP_CACHE_DIR", str(Path("~/.cache/pip").expanduser())),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        # The servers of the tests are on this machine.
        "NO_PROXY": "127.0.0.1,localhost",
        "GIT_CONFIG_NOSYSTEM": "1",
        "WAYBILL_CACHE": str(tmp_path / "cache"),
        "WAYBILL_IMAGES": "skip",
    }
    with ExitStack() as stack:
        yield World(environment, repository, tmp_path, stack, request, {"repository": str(repository)})


@contextmanager
def api_server() -> Iterator[ApiServer]:
    """A Kubernetes API server without the kinds of any operator."""
    programs = programs_in(os.environ.get("WAYBILL_KUBERNETES", ""))
    if programs is None or not SHARED.is_dir():
        missing("kube-apiserver, etcd and kubectl (run: nox -s docs-commands, where Go is)")
    with running(programs) as server:
        yield server


def access(server: ApiServer) -> Given:
    """What kubectl and Helm need to use a server."""
    return {"KUBECONFIG": str(server.kubeconfig), "PATH": str(server.programs)}, {}


@contextmanager
def cluster(sonataflow: str = "10") -> Iterator[Given]:
    """A Kubernetes API server with a SonataFlow, and kubectl."""
    with api_server() as server:
        server.define(definitions_in(SHARED / "crds" / FOLDERS[sonataflow]))
        for name in OTHERS:
            place = SHARED / "crds-others" / name
            server.define(definitions_in(place) if place.is_dir() else list(yaml.safe_load_all(place.read_bytes())))
        server.define([SINK_BINDING])
        yield access(server)


@contextmanager
def empty_cluster(_: World) -> Iterator[Given]:
    """A Kubernetes API server to which a page brings the kinds of operators, and kubectl."""
    with api_server() as server:
        yield access(server)


@pytest.fixture(scope="session")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a file for each operator: the kinds that it brings."""
    if not SHARED.is_dir():
        missing(f"data beside the project ({SHARED.name}/, or WAYBILL_SHARED)")
    folder = tmp_path_factory.mktemp("kinds")
    others = {name: SHARED / "crds-others" / name for name in ("argo-cd", "knative", "olm", "openshift", "rhdh")}
    for name, place in {"sonataflow": SHARED / "crds" / FOLDERS["10"], **others}.items():
        definitions = [json.dumps(served_alone(each)) for each in definitions_in(place)]
        (folder / f"{name}.yaml").write_text("\n---\n".join(definitions), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def shared_cluster() -> Iterator[Given]:
    """One API server for pages that all use it in the same way, each in its own namespace."""
    with cluster() as given:
        yield given


@contextmanager
def operators(world: World) -> Iterator[Given]:
    """Functions of a shell that do what operators would: the place `operators`, a file to source."""
    kinds = world.request.getfixturevalue("kinds")
    yield {"KINDS": str(kinds)}, {"operators": str(ROOT / "tests" / "docs" / "operators.sh")}


@contextmanager
def charts(world: World) -> Iterator[Given]:
    """A chart repository over HTTP with all charts: the place `charts`."""
    folder = world.folder / "published"
    words = ["waybill", "build", "--all", "--output", str(folder)]
    subprocess.run(words, cwd=world.repository, env=world.environment, check=True, capture_output=True)
    with serving(folder) as url:
        yield {}, {"charts": url}


@contextmanager
def web(world: World) -> Iterator[Given]:
    """A web server over the folder in which the run begins: the place `web`."""
    with serving(world.start) as url:
        yield {}, {"web": url}


@contextmanager
def port(_: World) -> Iterator[Given]:
    """A port for a server that the page starts: the place `port`."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = server.getsockname()[1]
    yield {}, {"port": str(free)}


@contextmanager
def origin(world: World) -> Iterator[Given]:
    """An empty git repository to push to: the place `origin`."""
    folder = world.folder / "origin.git"
    subprocess.run(["git", "init", "--quiet", "--bare", str(folder)], check=True, env=world.environment)
    yield {}, {"origin": str(folder)}


@contextmanager
def index(_: World) -> Iterator[Given]:
    """A chart repository that somebody published, over HTTP: the place `index`."""
    if not SHARED.is_dir():
        missing(f"data beside the project ({SHARED.name}/, or WAYBILL_SHARED)")
    with serving(SHARED / "corpus" / "index") as url:
        yield {}, {"index": url}


@contextmanager
def engine(_: World) -> Iterator[Given]:
    """A JDK and Maven."""
    if shutil.which("javac") is None or shutil.which("mvn") is None:
        missing("JDK 17 or newer with Maven")
    yield {}, {}


@contextmanager
def images(world: World) -> Iterator[Given]:
    """A container engine with a builder that is made of busybox, and a registry, which the settings name."""
    cosign = os.environ.get("WAYBILL_COSIGN", "none")
    if not Path(cosign).is_file():
        missing("cosign (run: nox -s docs-commands, where Go is)")
    # pytest would keep its gigabytes for three sessions.
    with (
        tempfile.TemporaryDirectory(prefix="dockerd-data-") as name,
        dockerd.running(Path(name)) as host,
        docker_registry(world.folder / "registry") as registry,
    ):
        bases.small(host)
        # Not $HOME/.docker: waybill, Docker and cosign are to find the same login.
        config = registry.docker_config(world.folder / "docker")
        settings = {
            "WAYBILL_IMAGES": "auto",
            "WAYBILL_REGISTRY": f"{registry.host}/orchestrator",
            "WAYBILL_BUILDER": bases.SMALL_BUILDER,
            "WAYBILL_RUNTIME": bases.SMALL_RUNTIME,
        }
        environment = {"DOCKER_HOST": host, "DOCKER_CONFIG": str(config), "PATH": str(Path(cosign).parent)}
        yield {**environment, **settings, "SYFT": os.environ.get("SYFT", "")}, {"registry": registry.host}


@contextmanager
def github(world: World) -> Iterator[Given]:
    """GitHub, with the config repositories that pages propose charts to."""
    with ExitStack() as stack:
        running_github = stack.enter_context(fake_github())
        for name in ("octo/config", "my-org/config"):
            folder = world.folder / name
            folder.mkdir(parents=True)
            server = stack.enter_context(git_server(folder, password=running_github.token))
            server.git("symbolic-ref", "HEAD", "refs/heads/main")
            server.import_files({"README.md": b"Hi\n"}, branch="main")
            repository = running_github.repository(name)
            repository.head, repository.refs = "", GitRefs(server.repository)
            running_github.gits[name] = server.url
        yield running_github.environment, {}
        assert not running_github.wrong


NEEDS: Final[Mapping[str, Callable[[World], AbstractContextManager[Given]]]] = {
    "cluster": lambda _: cluster(),
    "empty cluster": empty_cluster,
    "operators": operators,
    "old cluster": lambda _: cluster("1.44"),
    "shared cluster": lambda world: nullcontext(world.request.getfixturevalue("shared_cluster")),
    "charts": charts,
    "index": index,
    "web": web,
    "port": port,
    "origin": origin,
    "engine": engine,
    "images": images,
    "github": github,
}


def enter(world: World, run: Run) -> dict[str, str]:
    """Start what a run needs; return what stands for what a reader fills in."""
    for need in sorted(run.needs):
        environment, places = world.stack.enter_context(NEEDS[need](world))
        path = filter(None, [environment.get("PATH"), world.environment["PATH"]])
        world.environment |= {**environment, "PATH": os.pathsep.join(path)}
        world.places |= places
    return {word: value.format_map(world.places) for word, value in run.words.items()}
