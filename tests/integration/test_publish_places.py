"""`waybill publish` to a branch behind a password, to releases of GitHub and to a registry; many at once."""

from __future__ import annotations

import os
import secrets
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import yaml

from pipeline.charts.archive import Package, package
from pipeline.charts.index import parse_index
from tests.command import Outcome
from tests.conftest import Helm, Waybill
from tests.file_server import serving
from tests.git_publisher import environment_of, start, versions_in_index
from tests.git_server import PASSWORD, GitServer, git_server
from tests.github.server import FakeGithub, fake_github
from tests.images.registries import Registry, docker_registry

CONFIG_MAP = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Chart.Version }}}\n"
PUBLISHERS = 20
VERSIONS = 10


def chart(version: str = "1.0.0", name: str = "greeting") -> Package:
    about = f"apiVersion: v2\nname: {name}\nversion: {version}\n".encode()
    return package({"Chart.yaml": about, "templates/map.yaml": CONFIG_MAP}, name)


def put(folder: Path, *packages: Package) -> Path:
    folder.mkdir(exist_ok=True)
    for each in packages:
        (folder / each.file_name).write_bytes(each.data)
    return folder


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitServer]:
    with git_server(tmp_path / "server") as running:
        yield running


@pytest.fixture
def login(monkeypatch: pytest.MonkeyPatch) -> None:
    """The token of the git server, and nothing of this machine's git."""
    monkeypatch.setenv("WAYBILL_GIT_TOKEN", PASSWORD)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)


@pytest.fixture
def helm_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for kind in ("CONFIG", "CACHE", "DATA"):
        monkeypatch.setenv(f"HELM_{kind}_HOME", str(tmp_path / kind))


def branch_as_pages(server: GitServer, folder: Path) -> None:
    """Write what the branch has into a folder, as GitHub Pages serves it."""
    subprocess.run(
        ["git", "--work-tree", str(folder), "--git-dir", str(server.repository), "checkout", "-qf", "gh-pages"],
        check=True,
    )


def printed(done: Outcome | str) -> list[str]:
    """The words after `helm` of the command that renders a chart."""
    text = done if isinstance(done, str) else done.err
    line = next(line for line in text.splitlines() if line.startswith("next   helm "))
    return shlex.split(line.removeprefix("next   helm ").partition("   ")[0])


@pytest.mark.usefixtures("helm_home")
def test_all_of_twenty_publishers_at_once_are_in_and_what_one_prints_renders(
    server: GitServer, tmp_path: Path, helm4: Helm, helm3: Helm
) -> None:
    pages = tmp_path / "pages"
    pages.mkdir()
    server.hold_first_push = True
    with serving(pages) as url:
        processes = []
        for number in range(PUBLISHERS):
            folder = tmp_path / str(number)
            folder.mkdir()
            packages = [chart(f"{number}.{part}.0") for part in range(VERSIONS)]
            options = ("--repository-url", url)
            processes.append(start(server, folder, environment_of(folder), *packages, options=options))
        said = []
        for process in processes:
            _, error = process.communicate()
            assert process.returncode == 0, error
            said.append(error)
        assert server.holding.is_set()
        expected = {f"{number}.{part}.0" for number in range(PUBLISHERS) for part in range(VERSIONS)}
        assert sorted(versions_in_index(server)) == sorted(expected)
        assert server.git("rev-list", "--count", "gh-pages") == str(PUBLISHERS)
        assert sum("; 0 published versions kept" in error for error in said) == 1
        branch_as_pages(server, pages)
        for helm in (helm4, helm3):
            words = printed(said[7])
            assert helm.run(*words).endswith(f"metadata: {{name: {words[-1]}}}\n")


@pytest.mark.usefixtures("login")
def test_a_branch_is_published_to_and_read_back(server: GitServer, tmp_path: Path, waybill: Waybill) -> None:
    to = f"git:{server.url}#pages:charts"
    put(tmp_path / "dist", chart(), chart("1.1.0"), chart(name="other"))
    assert waybill("publish", "--to", to, "--init").code == 0
    assert waybill("verify", to).err.endswith("3 versions checked against the index; no problems\n")
    assert waybill("publish", "--to", to, "--deprecate", "greeting", "1.0.0").code == 0
    assert waybill("publish", "--to", to, "--keep", "1").code == 0
    assert server.git("rev-list", "--count", "pages") == "2"
    assert waybill("publish", "--to", to, "--keep", "1", "--apply").code == 0
    index = parse_index(server.show("charts/index.yaml", "pages"), "")
    archive = parse_index(server.show("charts/index-archive.yaml", "pages"), "")
    assert [entry.version for entry in index.entries["greeting"]] == ["1.1.0"]
    (old,) = archive.entries["greeting"]
    assert (old.version, old["deprecated"]) == ("1.0.0", True)
    assert waybill("verify", to).err.endswith("3 versions checked against the index; no problems\n")
    count = server.git("rev-list", "--count", "pages")
    assert "nothing to publish; 3 published versions kept" in waybill("publish", "--to", to).err
    assert server.git("rev-list", "--count", "pages") == count
    assert server.git("log", "--format=%s", "pages").splitlines() == [
        "Keep the newest version of each chart in the index",
        "Deprecate greeting 1.0.0",
        "Publish greeting 1.0.0, greeting 1.1.0 and other 1.0.0",
    ]


@pytest.mark.usefixtures("login")
@pytest.mark.parametrize("branch", ["missing", "gh-pages"])
def test_a_branch_without_an_index_is_started_only_when_asked(
    server: GitServer, tmp_path: Path, waybill: Waybill, branch: str
) -> None:
    server.import_files({"README.md": b"hello"})
    put(tmp_path / "dist", chart())
    done = waybill("publish", "--to", f"git:{server.url}#{branch}")
    assert done.code == 1
    assert "there is no index.yaml; check the place, or start a new chart repository there with --init" in done.err
    assert server.git("rev-list", "--count", "gh-pages") == "1"


@pytest.mark.usefixtures("login")
@pytest.mark.parametrize("content", [b"", b"<html></html>", b"<<<<<<< HEAD\nentries: {}\n", b"apiVersion: v1\nentr"])
def test_an_index_that_is_none_is_a_stop(server: GitServer, tmp_path: Path, waybill: Waybill, content: bytes) -> None:
    server.import_files({"index.yaml": content})
    put(tmp_path / "dist", chart())
    for options in ([], ["--init"]):
        done = waybill("publish", "--to", f"git:{server.url}", *options)
        assert done.code == 1
        assert "#gh-pages" not in done.err
        assert "index.yaml" in done.err
    assert server.show("index.yaml") == content


def test_a_wrong_password_is_an_error_without_it(
    server: GitServer, tmp_path: Path, waybill: Waybill, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAYBILL_GIT_TOKEN", "wr0ng")
    put(tmp_path / "dist", chart())
    done = waybill("publish", "--to", f"git:{server.url}", "--init")
    assert done.code == 1
    assert "authentication failed" in done.err
    assert "wr0ng" not in done.err


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with docker_registry(tmp_path_factory.mktemp("registry")) as running:
        yield running


def registry_login(registry: Registry, folder: Path) -> Mapping[str, str]:
    docker = str(registry.docker_config(folder / "docker", registry.host))
    return {"DOCKER_CONFIG": docker, "HELM_REGISTRY_CONFIG": f"{docker}/config.json"}


@pytest.mark.usefixtures("login", "helm_home")
def test_one_publication_puts_packages_in_a_registry_and_names_them_in_an_index(
    server: GitServer,
    registry: Registry,
    tmp_path: Path,
    waybill: Waybill,
    helm: Helm,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in registry_login(registry, tmp_path).items():
        monkeypatch.setenv(name, value)
    oci = f"oci://{registry.host}/tests/{secrets.token_hex(6)}"
    put(tmp_path / "dist", chart())
    done = waybill("publish", "--to", f"git:{server.url}", "--to", oci, "--index-only", "--init")
    assert done.code == 0, done.err
    assert helm.run(*printed(done), "--plain-http").endswith("metadata: {name: 1.0.0}\n")
    assert server.git("ls-tree", "--name-only", "gh-pages") == "index.yaml"
    (entry,) = yaml.safe_load(server.show("index.yaml"))["entries"]["greeting"]
    assert entry["urls"] == [f"{oci}/greeting:1.0.0"]
    assert waybill("verify", oci).err == f"{oci}: 1 version checked against the index; no problems\n"
    assert waybill("verify", f"git:{server.url}").code == 0
    again = waybill("publish", "--to", f"git:{server.url}", "--to", oci, "--index-only", "--json")
    assert [chart["state"] for place in again.json["places"] for chart in place["charts"]] == ["unchanged"] * 2


@pytest.fixture
def github() -> Iterator[FakeGithub]:
    with fake_github() as running:
        yield running


@pytest.mark.usefixtures("helm_home")
def test_releases_of_github_and_an_index_on_its_branch(
    github: FakeGithub,
    tmp_path: Path,
    waybill: Waybill,
    helm: Helm,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    github.repository("acme/charts")
    put(tmp_path / "dist", chart())
    pages = tmp_path / "pages"
    pages.mkdir()
    with git_server(tmp_path / "server", password=github.token) as server, serving(pages) as url:
        github.gits["acme/charts"] = server.url
        for name, value in {**github.environment, "GIT_CONFIG_GLOBAL": os.devnull}.items():
            monkeypatch.setenv(name, value)
        words = ("publish", "--to", "github:acme/charts", "--init", "--repository-url", url)
        done = waybill(*words)
        assert done.code == 0, done.err
        branch_as_pages(server, pages)
        assert helm.run(*printed(done)).endswith("metadata: {name: 1.0.0}\n")
        assert waybill("verify", "github:acme/charts").code == 0
        before = len(github.changes)
        assert "nothing to publish; 1 published version kept" in waybill(*words).err
        assert len(github.changes) == before
        (entry,) = yaml.safe_load(server.show("index.yaml"))["entries"]["greeting"]
        downloads = f"{github.urls.server}/acme/charts/releases/download"
        assert entry["urls"] == [f"{downloads}/greeting-1.0.0/greeting-1.0.0.tgz"]
        assert server.git("ls-tree", "--name-only", "gh-pages") == "index.yaml"
