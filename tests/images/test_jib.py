"""Images by jib against real registries: built, pushed, pulled by skopeo, and run."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
import threading
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from generator.application import jib as jib_project
from generator.image.commit import SourceCommit
from generator.image.jars import DEPENDENCIES, read_jars
from generator.image.labels import image_labels
from generator.image.recipe import ImageRecipe
from generator.image.sbom import sbom
from pipeline.application import maven
from pipeline.images.credentials import PASSWORD, USERNAME, Keychain
from pipeline.images.errors import ImageError, LoginError
from pipeline.images.image import ImageBuild, LocalImage
from pipeline.images.jib import BASE_LOGIN, TARGET_LOGIN, JibBuilder
from pipeline.images.registry import Registry as RegistryClient
from pipeline.images.syft import base_components, is_available
from pipeline.run.engine.process import free_port, started
from pipeline.system.cache import cache_folder
from pipeline.workspace.workflows import read_folder
from tests.command import run_process
from tests.conftest import ROOT, missing
from tests.engine import postgres
from tests.images import jlink_base
from tests.images.registries import Fault, Login, Registry, docker_registry, proxy

GREETING: Final = ROOT / "workflows" / "greeting"
COMMIT: Final = SourceCommit(sha="1" * 40, time=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), url="https://example.com/a")
#: No database where the image is to answer without one.
STATELESS: Final = {"QUARKUS_EXTENSIONS": "", "FLOW_NAME": "Greeting, ${user.home} and more"}
PERSON: Final = {"name": "Ada", "language": "English"}


@dataclass(frozen=True)
class Place:
    """Where the tests push to, and where their base is: two registries with a login each."""

    target: Registry
    base: Registry
    digest: str

    @property
    def runtime(self) -> str:
        return f"{self.base.host}/ubi9/openjdk-17:1.21-2"

    @property
    def environment(self) -> dict[str, str]:
        """Each login in its own variables, and none anywhere else."""
        target, base = self.target.login, self.base.login
        logins = dict(zip((USERNAME, PASSWORD), (target.username, target.password), strict=True))
        return {**logins, **dict(zip(BASE_LOGIN, (base.username, base.password), strict=True)), "HOME": "/nonexistent"}

    def keychain(self, **changed: str) -> Keychain:
        return Keychain(registry=f"{self.target.host}/org", environment=self.environment | changed)

    def order(self, context: Mapping[str, bytes], name: str = "greeting", **arguments: str) -> ImageBuild:
        recipe = ImageRecipe(
            name=name,
            dockerfile=b"FROM scratch",
            context={path: hashlib.sha256(data).hexdigest() for path, data in context.items()},
            arguments=arguments,
            runtime=self.runtime,
        )
        labels = image_labels(read_folder(GREETING), recipe, COMMIT)
        reference = f"{self.target.host}/org/{name}:{recipe.tag}"
        return ImageBuild(recipe=recipe, files=context, reference=reference, labels=labels)


@dataclass(frozen=True)
class Pushed:
    """An image that was built and pushed."""

    order: ImageBuild
    image: LocalImage
    digest: str
    log: tuple[str, ...]
    root: Path
    """Its files, as skopeo and tar pulled them by the digest."""
    config: Mapping[str, Any]

    @property
    def jars(self) -> list[Path]:
        return sorted((self.root / "deployments").rglob("*.jar"))


def greeting() -> dict[str, bytes]:
    """The build context of greeting."""
    beside = ("README.md", "secret.properties")
    files = {path.relative_to(GREETING).as_posix(): path for path in GREETING.rglob("*") if path.is_file()}
    shared = ROOT / "workflows" / "shared"
    files |= {f"shared/{path.relative_to(shared).as_posix()}": path for path in shared.rglob("*") if path.is_file()}
    return {path: file.read_bytes() for path, file in sorted(files.items()) if path not in beside}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    for what in maven.lacking():
        missing(what)
    folder = tmp_path_factory.mktemp("jib")
    with docker_registry(folder / "target") as target, docker_registry(folder / "base", Login("base")) as base:
        client = RegistryClient(base.host, keychain_of(base))
        digest = jlink_base.push_base(jlink_base.make_base(folder), client, "ubi9/openjdk-17", "1.21-2")
        yield Place(target, base, digest)


def keychain_of(registry: Registry) -> Keychain:
    variables = {USERNAME: registry.login.username, PASSWORD: registry.login.password, "HOME": "/nonexistent"}
    return Keychain(registry=registry.host, environment=variables)


@pytest.fixture(scope="module")
def builder(place: Place) -> Iterator[JibBuilder]:
    with JibBuilder(keychain=place.keychain()) as builder:
        yield builder


@pytest.fixture(scope="module")
def pushed(place: Place, builder: JibBuilder, tmp_path_factory: pytest.TempPathFactory) -> Pushed:
    """Greeting without a database, built and pushed."""
    order = place.order(greeting(), **STATELESS)
    log: list[str] = []
    image = builder.build(order, log.append)
    digest = builder.push(image, (order.reference, f"{order.reference.rpartition(':')[0]}:11111111"), log.append)
    reference = f"{order.reference.rpartition(':')[0]}@{digest}"
    root, config = jlink_base.pull(place.target, reference, tmp_path_factory.mktemp("pulled"))
    return Pushed(order, image, digest, tuple(log), root, config)


def answer(port: int, workflow: str, body: Mapping[str, Any], seconds: float = 60) -> tuple[int, Any]:
    """What a workflow answers, once it listens."""
    end = time.monotonic() + seconds
    while True:
        try:
            with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
                connection.request("POST", f"/{workflow}", json.dumps(body), {"Content-Type": "application/json"})
                response = connection.getresponse()
                return response.status, json.loads(response.read() or b"null")
        except (ConnectionError, json.JSONDecodeError):
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def test_the_digest_that_the_registry_serves_is_the_one_reported(place: Place, pushed: Pushed, tmp_path: Path) -> None:
    assert pushed.digest == pushed.image.id
    for tag in (pushed.order.recipe.tag, "11111111"):
        reference = f"docker://{place.target.host}/org/greeting:{tag}"
        served = jlink_base.skopeo(place.target, tmp_path, "inspect", "--tls-verify=false", reference)
        assert json.loads(served)["Digest"] == pushed.digest


def test_a_build_by_jib_pins_the_digest_that_the_registry_serves_and_finds_it_again(
    place: Place, tmp_path: Path
) -> None:
    for name in ("greeting", "shared"):
        shutil.copytree(ROOT / "workflows" / name, tmp_path / "workflows" / name)
    with (tmp_path / "workflows" / "greeting" / "argfile.conf").open("a") as argfile:
        argfile.write("".join(f"{name}={value}\n" for name, value in STATELESS.items()))
    settings = {"registry": f"{place.target.host}/team", "runtime": place.runtime, "engine": "jib"}
    lines = (f"{key} = {json.dumps(value)}\n" for key, value in settings.items())
    (tmp_path / "waybill.toml").write_text("".join(lines))
    command = ("build", "greeting", "--images", "push", "--json")
    states = []
    for _ in range(2):
        done = run_process(*command, cwd=tmp_path, env=place.environment | {"HOME": str(tmp_path)})
        assert done.code == 0, done.err
        [image] = done.json["images"]
        states.append(image["state"])
    assert states == ["pushed", "found"]
    reference = f"docker://{image['repository']}:{image['tags'][0]}"
    served = json.loads(jlink_base.skopeo(place.target, tmp_path, "inspect", "--tls-verify=false", reference))
    assert served["Digest"] == image["digest"]
    with tarfile.open(tmp_path / "dist" / "greeting-0.1.0.tgz") as package:
        values = package.extractfile("greeting/values.yaml")
        assert values
        assert yaml.safe_load(values.read())["image"]["digest"] == image["digest"]


def test_the_same_folder_is_the_same_digest(place: Place, pushed: Pushed) -> None:
    with JibBuilder(keychain=place.keychain()) as builder:
        again = builder.build(pushed.order, lambda _: None)
        assert again == pushed.image


def test_the_image_answers_a_request(pushed: Pushed, tmp_path: Path) -> None:
    port = free_port()
    log = tmp_path / "log"
    with jlink_base.running(pushed.root, pushed.config, log, QUARKUS_HTTP_PORT=str(port)) as process:
        try:
            status, data = answer(port, "greeting", PERSON)
        except OSError:
            pytest.fail(log.read_text())
        assert process.poll() is None
    assert status == 201, log.read_text()
    assert data["workflowdata"]["result"]["message"] == "Greeted Ada in English."


def test_it_is_made_as_our_dockerfiles_make_it(place: Place, pushed: Pushed) -> None:
    about = pushed.config["config"]
    assert about["User"] == "185"
    assert about["ExposedPorts"] == {"8080/tcp": {}}
    assert about["Entrypoint"] == ["/opt/jboss/container/java/run/run-java.sh"]
    assert set(about["Env"]) == {"PATH=/opt/java/bin:/bin"} | {
        f"{name}={value}" for name, value in jib_project.VARIABLES.items()
    }
    expected = dict(pushed.order.labels) | {
        "org.opencontainers.image.base.digest": place.digest,
        "name": STATELESS["FLOW_NAME"],
    }
    assert about["Labels"] == expected
    assert pushed.config["created"] == "2026-01-02T03:04:05Z"
    folder = pushed.root / "deployments"
    names = {"app", "lib", "quarkus", "quarkus-run.jar", DEPENDENCIES}
    assert {path.name for path in folder.iterdir()} == names


def test_the_image_has_the_workflow_as_it_is(pushed: Pushed) -> None:
    [jar] = (pushed.root / "deployments" / "app").iterdir()
    with zipfile.ZipFile(jar) as archive:
        assert archive.read("greeting.sw.yaml") == (GREETING / "greeting.sw.yaml").read_bytes()
        assert "secret.properties" not in archive.namelist()
        assert [name for name in archive.namelist() if name.startswith("shared/")]


def test_what_the_builder_reads_back_is_what_is_pulled(builder: JibBuilder, pushed: Pushed) -> None:
    def hashes(folder: Path) -> dict[str, str]:
        files = (path for path in folder.rglob("*") if path.is_file())
        return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    with builder.application(pushed.image) as folder:
        assert hashes(folder) == hashes(pushed.root / "deployments")
    assert not folder.exists()


def test_a_changed_workflow_moves_one_small_layer(
    place: Place, builder: JibBuilder, pushed: Pushed, tmp_path: Path
) -> None:
    context = greeting()
    context["greeting.sw.yaml"] = context["greeting.sw.yaml"].replace(b"Greets a person", b"Salutes a person")
    order = place.order(context, **STATELESS)
    assert order.reference != pushed.order.reference
    builder.push(builder.build(order, lambda _: None), (order.reference,), lambda _: None)

    def layers(build: ImageBuild) -> list[dict[str, Any]]:
        raw = jlink_base.skopeo(
            place.target, tmp_path, "inspect", "--raw", "--tls-verify=false", f"docker://{build.reference}"
        )
        found: list[dict[str, Any]] = json.loads(raw)["layers"]
        return found

    before, after = layers(pushed.order), layers(order)
    assert len(after) == 3
    assert before[:2] == after[:2]
    assert before[2] != after[2]
    assert after[2]["size"] < 3 * 1024 * 1024 < after[1]["size"]


def test_java_sources_are_compiled_and_the_state_is_kept_by_default(
    place: Place, builder: JibBuilder, tmp_path: Path
) -> None:
    if postgres.program("initdb") is None:
        missing("PostgreSQL (apt install postgresql)")
    context = {f"src/main/resources/{path}": data for path, data in greeting().items() if "shared/" not in path}
    context |= {path: data for path, data in greeting().items() if "shared/" in path}
    context["src/main/java/org/acme/Hello.java"] = b"""package org.acme;
    @jakarta.ws.rs.Path("/hello") public class Hello {
        @jakarta.ws.rs.POST public String hello() { return "\\"hello\\""; }
    }"""
    order = place.order(context, "with-java")
    with builder.application(builder.build(order, lambda _: None)) as folder:
        application = shutil.copytree(folder, tmp_path / "application")
    jar = application / "quarkus-run.jar"
    # PostgreSQL's user has to get there.
    database = Path(tempfile.mkdtemp(prefix="waybill-postgres-"))
    try:
        with postgres.running(database) as variables:
            given = {**variables, "KIE_FLYWAY_ENABLED": "true"}
            port = free_port()
            with started(jar, given, port=port, log_file=tmp_path / "with.log"):
                assert answer(port, "greeting", PERSON)[0] == 201
                assert answer(port, "hello", {}) == (200, "hello")
    finally:
        shutil.rmtree(database)
    port = free_port()
    with started(jar, {}, port=port, log_file=tmp_path / "without.log") as engine:
        assert answer(port, "greeting", PERSON)[0] == 500
        assert "quarkus.datasource.jdbc.url has not been defined" in engine.log


def test_a_workflow_that_does_not_build_says_why_with_the_end_of_the_log(place: Place, builder: JibBuilder) -> None:
    context = greeting()
    context["greeting.sw.yaml"] = context["greeting.sw.yaml"].replace(b"operation: >-", b"operations: >-")
    order = place.order(context, "broken", **STATELESS)
    lines: list[str] = []
    with pytest.raises(ImageError, match="not built") as raised:
        builder.build(order, lines.append)
    assert "[ERROR]" in str(raised.value)
    assert len(raised.value.log) == 40
    assert tuple(lines[-40:]) == raised.value.log


def test_a_wrong_password_is_told_at_once_and_nothing_is_pushed(place: Place) -> None:
    order = place.order(greeting(), "refused", **STATELESS)
    with JibBuilder(keychain=place.keychain(**{PASSWORD: "wrong-one"})) as builder:
        image = builder.build(order, lambda _: None)
        with pytest.raises(LoginError) as raised:
            builder.push(image, (order.reference,), lambda _: None)
    for part in (place.target.host, "repository org/refused", USERNAME):
        assert part in str(raised.value)
    assert "wrong-one" not in str(raised.value)
    assert RegistryClient(place.target.host, place.keychain()).is_new("org/refused")


def test_the_logins_of_quarkus_own_variables_hold_too(place: Place) -> None:
    login = place.target.login
    environment = place.environment | dict(zip(TARGET_LOGIN, (login.username, login.password), strict=True))
    environment |= {USERNAME: "other", PASSWORD: "wrong-one"}
    order = place.order(greeting(), "quarkus-login", **STATELESS)
    with JibBuilder(keychain=Keychain(registry=place.target.host, environment=environment)) as builder:
        image = builder.build(order, lambda _: None)
        assert builder.push(image, (order.reference,), lambda _: None) == image.id


@pytest.mark.parametrize("pinned", [True, False], ids=["by digest", "by tag"])
def test_the_targets_login_is_none_for_the_base(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, pinned: bool
) -> None:
    # jib keeps bases: this one is not to have it.
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "applications").symlink_to(cache_folder("applications"))
    monkeypatch.setenv("WAYBILL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path))
    order = place.order(greeting(), **STATELESS)
    if pinned:
        order = replace(order, recipe=replace(order.recipe, runtime=f"{place.runtime}@{place.digest}"))
    environment = {name: value for name, value in place.environment.items() if name not in BASE_LOGIN}
    with (
        JibBuilder(keychain=Keychain(registry=place.target.host, environment=environment)) as builder,
        pytest.raises(LoginError) as raised,
    ):
        builder.build(order, lambda _: None)
    for part in (place.base.host, "repository ubi9/openjdk-17", "found no login"):
        assert part in str(raised.value)


def test_no_secret_is_in_an_argument_a_log_or_a_file(
    place: Place, pushed: Pushed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "applications").symlink_to(cache_folder("applications"))
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("WAYBILL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    seen: list[bytes] = []

    def log(line: str) -> None:
        seen.append(line.encode())
        seen.extend(commands())

    def commands() -> Iterator[bytes]:
        for process in Path("/proc").glob("[0-9]*"):
            try:
                yield (process / "cmdline").read_bytes()
            except OSError:
                continue

    with JibBuilder(keychain=place.keychain()) as builder:
        image = builder.build(pushed.order, log)
        builder.push(image, (f"{place.target.host}/org/secrets:1",), log)
        builder.save(image, tmp_path / "saved.tar")
        files = [path for path in tmp_path.rglob("*") if path.is_file() and "applications" not in path.parts]
        assert [path for path in files if path.name == "pom.xml"]
        seen += [path.read_bytes() for path in files]
    assert [one for one in seen if b"jib-maven-plugin" in one and b"buildTar" in one]
    for registry in (place.target, place.base):
        for secret in (registry.login.password, registry.login.basic):
            assert [one[:100] for one in seen if secret.encode() in one] == []


def test_a_push_goes_on_when_the_registry_fails_for_a_while(place: Place, pushed: Pushed) -> None:
    with proxy(place.target.host) as before:
        before.fail({2: Fault(status=503), 5: Fault(), 9: Fault(status=429, headers={"Retry-After": "0"})})
        with JibBuilder(keychain=Keychain(registry=before.host, environment=place.environment)) as builder:
            image = builder.build(pushed.order, lambda _: None)
            assert builder.push(image, (f"{before.host}/org/retried:1",), lambda _: None) == pushed.digest
        assert len(before.seen) > 9


def test_a_saved_image_is_the_one_that_was_built(
    place: Place, builder: JibBuilder, pushed: Pushed, tmp_path: Path
) -> None:
    builder.save(pushed.image, tmp_path / "greeting.tar")
    saved = jlink_base.skopeo(place.target, tmp_path, "inspect", f"oci-archive:{tmp_path / 'greeting.tar'}")
    assert json.loads(saved)["Digest"] == pushed.digest
    assert {path.name for path in tmp_path.iterdir()} == {"greeting.tar", "login"}


def test_the_sbom_has_as_many_components_as_the_image_has_jars(
    place: Place, builder: JibBuilder, pushed: Pushed
) -> None:
    with builder.application(pushed.image) as folder:
        files = ((path.relative_to(folder).as_posix(), path.read_bytes()) for path in folder.rglob("*.jar"))
        jars = read_jars(files, (folder / DEPENDENCIES).read_text())
    document = sbom(f"{place.target.host}/org/greeting", pushed.order.recipe.tag, COMMIT, jars, waybill="0.1.0")
    components = json.loads(document)["components"]
    assert len(components) == len(pushed.jars) > 300
    hashes = sorted(hashlib.sha256(jar.read_bytes()).hexdigest() for jar in pushed.jars)
    assert sorted(component["hashes"][0]["content"] for component in components) == hashes
    made_here = [component["name"] for component in components if not component["purl"].startswith("pkg:maven/")]
    assert sorted(made_here) == ["generated-bytecode", "quarkus-run", "transformed-bytecode", "workflows"]
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(document.decode()) is None


@pytest.fixture
def syft(monkeypatch: pytest.MonkeyPatch) -> None:
    """The syft that the variable names, or that on PATH."""
    if program := os.environ.get("SYFT"):
        monkeypatch.setenv("PATH", f"{Path(program).parent}{os.pathsep}{os.environ['PATH']}")
    if not is_available():
        missing("syft (run: nox -s e2e-image, where Go is)")


@pytest.mark.usefixtures("syft")
def test_syft_adds_the_packages_of_the_base(builder: JibBuilder, pushed: Pushed, tmp_path: Path) -> None:
    builder.save(pushed.image, tmp_path / "greeting.tar")
    found = base_components(tmp_path / "greeting.tar")
    assert {"busybox", "openjdk"} <= {component["name"] for component in found}
    assert [component for component in found if "pkg:maven" in component.get("purl", "")] == []
    jars = read_jars([("quarkus-run.jar", b"")], "")
    document = sbom("a/b", "1", COMMIT, jars, waybill="0.1.0", base=found)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(document.decode()) is None
    assert len(json.loads(document)["components"]) == len(found) + 1


def test_jib_is_not_asked_for_what_has_changed_meanwhile(place: Place, builder: JibBuilder) -> None:
    order = place.order(greeting(), **STATELESS)
    changed = replace(order, files={**order.files, "greeting.sw.yaml": b"id: other"})
    with pytest.raises(ImageError, match="has changed meanwhile"):
        builder.build(changed, lambda _: None)


def test_a_full_disk_is_told_and_leaves_nothing(
    place: Place, pushed: Pushed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = tmp_path / "small"
    small.mkdir()
    if os.geteuid() != 0:
        missing("root (run the tests as root)")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=20m", "none", small], check=True)
    try:
        monkeypatch.setattr(tempfile, "tempdir", str(small))
        with (
            JibBuilder(keychain=place.keychain()) as builder,
            pytest.raises(ImageError, match=r"greeting:src-.* was not built: .*No space left on device"),
        ):
            builder.build(pushed.order, lambda _: None)
        assert list(small.iterdir()) == []
    finally:
        subprocess.run(["umount", small], check=True)


def test_a_build_ends_when_it_is_to_stop(place: Place, pushed: Pushed) -> None:
    stop = threading.Event()
    with (
        JibBuilder(keychain=place.keychain(), stop=stop) as builder,
        pytest.raises(ImageError, match=r": stopped$"),
    ):
        builder.build(pushed.order, lambda _: stop.set())


def test_an_image_that_another_builder_has_made_is_not_there(place: Place, pushed: Pushed) -> None:
    with JibBuilder(keychain=place.keychain()) as other, pytest.raises(ImageError, match="was not built here"):
        other.push(pushed.image, (pushed.order.reference,), lambda _: None)
