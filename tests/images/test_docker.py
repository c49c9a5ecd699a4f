"""The container engine, real: what it builds, says, reads back, pushes and saves, and how that fails."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from pipeline.images.context import BuildContext
from pipeline.images.credentials import Keychain
from pipeline.images.docker import DockerEngine, connect
from pipeline.images.docker_client import connected
from pipeline.images.errors import ImageError, LoginError, NoEngineError, RegistryError
from pipeline.images.image import ImageBuild, LocalImage
from tests.conftest import ROOT, missing
from tests.images import bases, dockerd
from tests.images.bases import docker
from tests.images.conftest import keychain_of
from tests.images.orders import DOCKERFILES, order
from tests.images.registries import Fault, Registry, proxy
from tests.waiting import eventually

WRONG = "not-the-password"
SECRET = "a-secret-that-is-in-no-image"  # noqa: S105 - what a test looks for


def never(_: str) -> str:
    pytest.fail("no registry is asked")


def ignored(_: str) -> None:
    """A log that nobody reads."""


@pytest.fixture
def greeting(tmp_path: Path) -> Path:
    """A copy of the workflow with its shared schema, and a secret beside."""
    folder = tmp_path / "greeting"
    shutil.copytree(ROOT / "workflows" / "greeting", folder)
    shutil.copytree(ROOT / "workflows" / "shared", folder / "shared")
    folder.joinpath("secret.properties").write_text(f"password={SECRET}\n")
    return folder


@pytest.fixture
def reference(registry: Registry, request: pytest.FixtureRequest, small_bases: str) -> Iterator[str]:
    """A name that no other test uses; the image goes when the test ends."""
    name = f"{registry.host}/flows/{sha256(request.node.name.encode()).hexdigest()[:10]}:src-1"
    yield name
    if docker(small_bases, "image", "ls", "-q", name):
        docker(small_bases, "image", "rm", "-f", name)


def as_project(folder: Path) -> None:
    """Lay a workflow out as a project of Quarkus, with Java sources; shared/ stays beside src/."""
    resources = folder / "src" / "main" / "resources"
    resources.mkdir(parents=True)
    for path in sorted(folder.iterdir()):
        if path.name not in ("src", "shared", "README.md"):
            path.rename(resources / path.name)
    java = folder / "src" / "main" / "java" / "Own.java"
    java.parent.mkdir()
    java.write_text("class Own {}\n")


def containers(host: str) -> set[str]:
    return set(docker(host, "ps", "-aq").split())


@pytest.fixture
def before(small_bases: str) -> set[str]:
    """The containers that were there before the test: the engine may be somebody's own."""
    return containers(small_bases)


def about(host: str, reference: str) -> dict[str, Any]:
    [found] = json.loads(docker(host, "image", "inspect", reference))
    return dict(found)


def layers(host: str, reference: str) -> list[str]:
    return list(about(host, reference)["RootFS"]["Layers"])


def resources_of(engine: DockerEngine, image: LocalImage) -> dict[str, bytes]:
    """The files in the jar that the workflow became, read back out of the image."""
    with engine.application(image) as folder, zipfile.ZipFile(folder / "app" / "workflows-1.0.0.jar") as jar:
        return {name: jar.read(name) for name in jar.namelist()}


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
@pytest.mark.parametrize("layout", ["flat", "src/main/resources"])
def test_both_dockerfiles_build_both_layouts(
    dockerfile: str, layout: str, engine: DockerEngine, greeting: Path, reference: str
) -> None:
    wanted = {
        path.relative_to(greeting).as_posix(): path.read_bytes()
        for path in greeting.rglob("*")
        if path.is_file() and path.name not in ("secret.properties", "README.md")
    }
    if layout != "flat":
        as_project(greeting)
    built = engine.build(order(greeting, reference, dockerfile=DOCKERFILES[dockerfile].read_bytes()), ignored)
    packed = resources_of(engine, built)
    packed.pop("README.md", None)
    assert packed == wanted


def test_the_two_dockerfiles_differ_in_builder_extensions_and_heading_alone() -> None:
    dev, prod = (
        [
            line
            for line in path.read_text().splitlines()
            if not line.startswith(("#", "ARG BUILDER_IMAGE", "ARG QUARKUS"))
        ]
        for path in DOCKERFILES.values()
    )
    assert dev == prod


def test_a_changed_workflow_moves_one_small_layer(
    engine: DockerEngine, small_bases: str, greeting: Path, reference: str
) -> None:
    first = engine.build(order(greeting, reference), ignored)
    before = layers(small_bases, first.id)
    greeting.joinpath("greeting.sw.yaml").write_bytes(b"# changed\n" + (greeting / "greeting.sw.yaml").read_bytes())
    lines: list[str] = []
    # With another base of the same layers, nothing in the engine's cache fits.
    made = order(greeting, reference, runtime=bases.OTHER_SMALL_RUNTIME)
    after = layers(small_bases, engine.build(made, lines.append).id)
    [last_stage] = [number for number, line in enumerate(lines) if line.endswith(": FROM ${RUNTIME_IMAGE}")]
    assert not any("Using cache" in line for line in lines[last_stage:])
    assert len(before) == len(layers(small_bases, bases.SMALL_RUNTIME)) + 2
    assert before[:-1] == after[:-1]
    assert before[-1] != after[-1]
    sizes = [
        int(size) for size in docker(small_bases, "history", "--human=false", "--format={{.Size}}", reference).split()
    ]
    libraries, workflow = [size for size in reversed(sizes) if size][-2:]
    assert workflow < 50_000 < libraries


def test_an_image_is_labelled_and_runs_without_root(
    engine: DockerEngine, small_bases: str, greeting: Path, reference: str
) -> None:
    flow = {"FLOW_NAME": "Greeting", "FLOW_SUMMARY": "It greets", "FLOW_DESCRIPTION": 'Says "hello" to $USER'}
    built = engine.build(order(greeting, reference, arguments=flow), ignored)
    config = about(small_bases, built.id)["Config"]
    assert config["User"] == "185"
    assert config["Entrypoint"] == ["/opt/jboss/container/java/run/run-java.sh"]
    assert {"JAVA_APP_JAR=/deployments/quarkus-run.jar", "AB_JOLOKIA_OFF="} <= set(config["Env"])
    assert engine.labels(reference) == {
        "name": "Greeting",
        "summary": "It greets",
        "description": 'Says "hello" to $USER',
        "waybill.workflow": "greeting",
        "org.opencontainers.image.title": "greeting",
    }
    files = docker(
        small_bases,
        "run",
        "--rm",
        "--entrypoint=find",
        reference,
        "/deployments",
        "-exec",
        "stat",
        "-c",
        "%n %u:%g %a",
        "{}",
        "+",
    )
    found = dict(line.split(" ", 1) for line in files.splitlines())
    assert found["/deployments"] == "185:0 775"
    assert found["/deployments/quarkus-run.jar"] == "185:0 644"
    assert {"/deployments/lib/main/org.example.library-1.0.jar", "/deployments/quarkus"} < set(found)
    assert "/deployments/config" not in found
    assert docker(small_bases, "run", "--rm", "--entrypoint=id", reference, "-u") == "185"


@pytest.mark.parametrize("layout", ["flat", "src/main/resources"])
def test_no_secret_is_in_a_layer_or_in_the_history(
    layout: str,
    engine: DockerEngine,
    small_bases: str,
    greeting: Path,
    reference: str,
    registry: Registry,
    tmp_path: Path,
) -> None:
    if layout != "flat":
        as_project(greeting)
    built = engine.build(order(greeting, reference), ignored)
    engine.push(built, (reference,), ignored)
    docker(small_bases, "save", "--output", str(tmp_path / "saved.tar"), reference)
    saved = (tmp_path / "saved.tar").read_bytes()
    said = docker(small_bases, "history", "--no-trunc", reference) + json.dumps(about(small_bases, reference))
    for secret in (SECRET, registry.login.password, registry.login.basic):
        assert secret.encode() not in saved
        assert secret not in said
    assert not [name for name in resources_of(engine, built) if "secret" in name]


def test_plain_docker_builds_the_same_image(
    engine: DockerEngine, small_bases: str, greeting: Path, reference: str
) -> None:
    ours = layers(small_bases, engine.build(order(greeting, reference), ignored).id)
    docker(small_bases, "image", "rm", "-f", reference)
    given = {"BUILDER_IMAGE": bases.SMALL_BUILDER, "RUNTIME_IMAGE": bases.SMALL_RUNTIME, "WF_RESOURCES": "greeting"}
    words = [word for key, value in given.items() for word in ("--build-arg", f"{key}={value}")]
    dockerfile = str(DOCKERFILES["workflow-builder-dev"])
    docker(small_bases, "build", "-f", dockerfile, "-t", reference, *words, str(greeting.parent))
    theirs = layers(small_bases, reference)
    assert theirs[:-1] == ours[:-1]
    with engine.application(LocalImage(reference=reference, id=about(small_bases, reference)["Id"], size=0)) as folder:
        assert SECRET.encode() not in folder.joinpath("app", "workflows-1.0.0.jar").read_bytes()


def test_the_log_comes_line_by_line_with_the_size_of_the_context(
    engine: DockerEngine, greeting: Path, reference: str
) -> None:
    lines: list[str] = []
    # No other build has this file, so that no step is taken from the engine's cache.
    greeting.joinpath("schemas", "own.json").write_text(f'"{reference}"')
    engine.build(order(greeting, reference), lines.append)
    size = sum(path.stat().st_size for path in greeting.rglob("*") if path.is_file())
    dockerfile = DOCKERFILES["workflow-builder-dev"].stat().st_size
    assert f"{(size + dockerfile) / 1000:.1f} kB" in lines[0]
    assert any(line.startswith("Step 1/") for line in lines)
    assert any("greeting.sw.yaml' -> " in line for line in lines)
    assert not [line for line in lines if "\n" in line or "\r" in line]


def test_the_context_is_the_same_tar_whenever_and_by_whom_it_is_made(greeting: Path) -> None:
    def tar() -> bytes:
        made = order(greeting, "any:1")
        context = BuildContext(dockerfile=made.recipe.dockerfile, files=made.files, digests=made.recipe.context)
        return b"".join(context.chunks())

    first = tar()
    for path in greeting.rglob("*"):
        os.utime(path, (1, 1))
    greeting.joinpath("greeting.sw.yaml").chmod(0o600)
    assert tar() == first


@pytest.mark.parametrize("change", ["other", "longer than before", "gone"])
def test_a_file_that_changes_meanwhile_stops_the_build(
    change: str, engine: DockerEngine, small_bases: str, greeting: Path, reference: str
) -> None:
    made = order(greeting, reference)
    file = greeting / "schemas" / "workflow-output-schema.json"
    if change == "gone":
        file.unlink()
    else:
        content = file.read_bytes()
        file.write_bytes(content.replace(b"a", b"b") if change == "other" else content + b" ")
    with pytest.raises(
        ImageError, match=r"greeting/schemas/workflow-output-schema.json (has changed since|cannot be read)"
    ):
        engine.build(made, ignored)
    assert not docker(small_bases, "image", "ls", "-q", reference)


def test_a_failed_build_has_the_last_40_lines_of_its_log(
    engine: DockerEngine, small_bases: str, greeting: Path, reference: str, before: set[str]
) -> None:
    lines: list[str] = []
    with pytest.raises(ImageError, match=r"was not built: The command .* returned a non-zero code: 1") as failed:
        engine.build(order(greeting, reference, arguments={"MAVEN_ARGS_APPEND": "-Dbreak"}), lines.append)
    assert failed.value.log == tuple(lines[-40:])
    assert failed.value.log[-2] == "[ERROR] line 60 of the build"
    assert len(failed.value.log) == 40
    assert containers(small_bases) <= before
    assert not docker(small_bases, "image", "ls", "-q", reference)


def test_a_missing_builder_is_named_and_not_pulled_unless_wanted(
    engine: DockerEngine, greeting: Path, reference: str, registry: Registry
) -> None:
    builder = f"{registry.host}/none/builder:1"
    made = order(greeting, reference, builder=builder)
    with pytest.raises(
        ImageError, match=f"{reference} was not built: the container engine does not have {builder}; run"
    ):
        engine.build(made, ignored)
    assert f"run docker pull {builder}, or build with --images build" in engine.missing(made.recipe)
    assert not engine.missing(order(greeting, reference).recipe)
    with pytest.raises(RegistryError, match=f"{registry.host}: pull of none/builder failed: manifest for .* not found"):
        engine.build(order(greeting, reference, builder=builder, pull=True), ignored)


def test_a_builder_is_pulled_by_digest_with_the_login_where_it_is_wanted(
    engine: DockerEngine, small_bases: str, greeting: Path, reference: str, registry: Registry
) -> None:
    name = f"{registry.host}/private/builder"
    docker(small_bases, "tag", bases.SMALL_BUILDER, f"{name}:1")
    image = LocalImage(reference=f"{name}:1", id=about(small_bases, f"{name}:1")["Id"], size=0)
    pinned = f"{name}:1@{engine.push(image, (f'{name}:1',), ignored)}"
    docker(small_bases, "image", "rm", f"{name}:1")
    assert not engine.has(pinned)
    lines: list[str] = []
    built = engine.build(order(greeting, reference, builder=pinned, pull=True), lines.append)
    assert engine.has(pinned)
    assert lines[0] == f"pulling {pinned}"
    assert "greeting.sw.yaml" in resources_of(engine, built)
    docker(small_bases, "image", "rm", pinned.replace(":1@", "@"))


def test_what_is_pushed_is_pulled_by_the_digest_that_the_registry_serves(
    engine: DockerEngine, small_bases: str, greeting: Path, reference: str, serves: Callable[[str], str]
) -> None:
    built = engine.build(order(greeting, reference), ignored)
    before = layers(small_bases, built.id)
    repository = reference.rpartition(":")[0]
    tags = (reference, f"{repository}:12345678", f"{repository}:latest")
    lines: list[str] = []
    digest = engine.push(built, tags, lines.append)
    assert {serves(tag) for tag in tags} == {digest}
    assert [f"pushed {tag}" for tag in tags] == [line for line in lines if line.startswith("pushed ")]
    for tag in tags:
        docker(small_bases, "image", "rm", "-f", tag)
    assert not engine.has(reference)
    engine.pull(f"{repository}@{digest}", ignored)
    assert layers(small_bases, f"{repository}@{digest}") == before
    docker(small_bases, "image", "rm", f"{repository}@{digest}")


@pytest.mark.parametrize("login", ["wrong", "none"])
def test_a_refused_login_fails_at_once_and_says_where_it_was_looked_for(
    login: str,
    small_bases: str,
    engine: DockerEngine,
    greeting: Path,
    reference: str,
    registry: Registry,
    tmp_path: Path,
) -> None:
    built = engine.build(order(greeting, reference), ignored)
    folder = tmp_path / "other"
    folder.mkdir()
    wrong = replace(registry.login, password=WRONG)
    if login == "wrong":
        replace(registry, login=wrong).docker_config(folder)
    lines: list[str] = []
    client = connected({"DOCKER_HOST": small_bases})
    refused = DockerEngine(client, keychain=keychain_of(folder), digest_of=never, pause=never_again)
    with pytest.raises(LoginError) as failed:
        refused.push(built, (reference,), lines.append)
    repository = reference.rpartition(":")[0].removeprefix(f"{registry.host}/")
    assert str(failed.value).startswith(f"{registry.host}: push of {repository} refused: ")
    assert str(folder / "config.json") in str(failed.value)
    assert f"docker login {registry.host}" in str(failed.value)
    said = "\n".join([*lines, str(failed.value)])
    assert WRONG not in said
    assert wrong.basic not in said


def never_again(_: float) -> None:
    pytest.fail("it is tried again")


@pytest.mark.parametrize("fault", [Fault(status=503), Fault(status=429), Fault()], ids=["503", "429", "reset"])
def test_a_push_is_tried_again_where_the_reason_may_pass(
    fault: Fault,
    small_bases: str,
    engine: DockerEngine,
    greeting: Path,
    reference: str,
    registry: Registry,
    tmp_path: Path,
) -> None:
    built = engine.build(order(greeting, reference), ignored)
    pauses: list[float] = []
    with proxy(registry.host) as between:
        keychain = keychain_of(registry.docker_config(tmp_path / "between", between.host))
        client = connected({"DOCKER_HOST": small_bases})
        through = DockerEngine(client, keychain=keychain, digest_of=str.upper, pause=pauses.append)
        name = reference.replace(registry.host, between.host)
        through.push(built, (name,), ignored)
        # From the second push on the layers are there, and each asks the same.
        between.fail({})
        through.push(built, (name,), ignored)
        [manifest] = [number for number, seen in enumerate(between.seen, 1) if seen.method == "PUT"]
        assert not pauses
        between.fail({manifest: fault})
        assert through.push(built, (name,), ignored) == name.upper()
        assert [seen.method for seen in between.seen].count("PUT") == 2
        docker(small_bases, "image", "rm", name)
    [pause] = pauses
    assert 0.5 <= pause <= 1


def test_a_push_that_keeps_failing_gives_up_and_says_what_the_registry_has_by_now(
    small_bases: str, engine: DockerEngine, greeting: Path, reference: str, registry: Registry, tmp_path: Path
) -> None:
    built = engine.build(order(greeting, reference), ignored)
    pauses: list[float] = []
    with proxy(registry.host) as between:
        keychain = keychain_of(registry.docker_config(tmp_path / "between", between.host))
        client = connected({"DOCKER_HOST": small_bases})
        through = DockerEngine(client, keychain=keychain, digest_of=never, pause=pauses.append)
        name = reference.replace(registry.host, between.host)
        other = f"{name}-other"

        def log(line: str) -> None:
            if line == f"pushed {name}":
                between.fail(dict.fromkeys(range(1, 1000), Fault()))

        with pytest.raises(RegistryError, match=rf"failed 6 times: .*EOF; pushed before that: {name}"):
            through.push(built, (name, other), log)
        docker(small_bases, "image", "rm", name, other)
    assert len(pauses) == 5
    assert all(min(20, 2**number) / 2 <= pause <= min(20, 2**number) for number, pause in enumerate(pauses))


def test_a_full_disk_is_named(tmp_path: Path, greeting: Path) -> None:
    with dockerd.tmpfs(tmp_path / "small", "12m") as folder, dockerd.running(folder / "data") as host:
        bases.small(host)
        engine = connect({"DOCKER_HOST": host}, keychain=keychain_of(tmp_path), digest_of=never)
        with pytest.raises(ImageError, match=r"no space left on device|No space left on device"):
            engine.build(order(greeting, "localhost:1/full:1"), ignored)
        assert not engine.has("localhost:1/full:1")
        assert not containers(host)


def test_two_builds_of_one_workflow_at_a_time_both_succeed(
    engine: DockerEngine, small_bases: str, greeting: Path, reference: str
) -> None:
    made = order(greeting, reference)
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: engine.build(made, ignored), range(2))
    for built in (first, second):
        assert "greeting.sw.yaml" in resources_of(engine, built)
    for built in (first, second):
        digest = engine.push(built, (reference,), ignored)
        pulled = f"{reference.rpartition(':')[0]}@{digest}"
        engine.pull(pulled, ignored)
        assert layers(small_bases, pulled) == layers(small_bases, built.id)


def test_an_image_is_pushed_though_another_build_takes_its_tag(
    engine: DockerEngine, small_bases: str, greeting: Path, reference: str
) -> None:
    first = engine.build(order(greeting, reference), ignored)
    greeting.joinpath("README.md").write_text("changed\n")
    other = engine.build(order(greeting, reference), ignored)
    lines: list[str] = []

    def log(line: str) -> None:
        if line.startswith("pushing") and line not in lines:
            docker(small_bases, "tag", other.id, reference)
        lines.append(line)

    engine.push(first, (reference,), log)
    assert lines.count(f"pushing {reference}") == 2
    assert any(line.startswith(f"another build has taken the tag {reference}; again in ") for line in lines)
    docker(small_bases, "image", "rm", "-f", reference)
    engine.pull(reference, ignored)
    assert layers(small_bases, reference) == layers(small_bases, first.id)


def lingering(greeting: Path, reference: str) -> ImageBuild:
    return order(greeting, reference, arguments={"MAVEN_ARGS_APPEND": "-Dlinger"})


def nothing_remains(host: str, reference: str, before: set[str]) -> bool:
    return containers(host) <= before and not docker(host, "image", "ls", "-q", reference)


def test_an_event_stops_a_build_and_leaves_no_container_and_no_tag(
    small_bases: str, keychain: Keychain, greeting: Path, reference: str, before: set[str]
) -> None:
    stop = threading.Event()
    engine = connect({"DOCKER_HOST": small_bases}, keychain=keychain, digest_of=never, stop=stop)

    def log(line: str) -> None:
        if line == "lingering":
            stop.set()

    with pytest.raises(ImageError, match="stopped"):
        engine.build(lingering(greeting, reference), log)
    eventually(lambda: nothing_remains(small_bases, reference, before), "the container of the build is gone")


def test_ctrl_c_stops_a_build_and_leaves_no_container_and_no_tag(
    small_bases: str, greeting: Path, reference: str, before: set[str]
) -> None:
    program = (
        "import signal, sys; from pathlib import Path; from tests.images.test_docker import *; "
        # A shell's background jobs ignore it, and so does what they start.
        "signal.signal(signal.SIGINT, signal.default_int_handler); "
        "engine = connect({'DOCKER_HOST': sys.argv[1]}, keychain=keychain_of(Path('/none')), digest_of=never); "
        "engine.build(lingering(Path(sys.argv[2]), sys.argv[3]), lambda line: print(line, flush=True))"
    )
    words = [sys.executable, "-c", program, small_bases, str(greeting), reference]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            assert process.stdout is not None
            assert "lingering\n" in iter(process.stdout.readline, "")
            eventually(lambda: bool(containers(small_bases) - before), "the build runs")
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == -signal.SIGINT
    eventually(lambda: nothing_remains(small_bases, reference, before), "the container of the build is gone")


def test_what_is_saved_is_an_archive_that_skopeo_reads(
    engine: DockerEngine, small_bases: str, greeting: Path, reference: str, tmp_path: Path
) -> None:
    if shutil.which("skopeo") is None:
        missing("skopeo (Debian's package of that name)")
    built = engine.build(order(greeting, reference), ignored)
    # skopeo takes what is behind a colon for a tag.
    target = tmp_path / "a folder: with a colon" / "greeting.tar"
    target.parent.mkdir()
    engine.save(built, target)
    assert [path.name for path in target.parent.iterdir()] == ["greeting.tar"]
    plain = tmp_path / "greeting.tar"
    shutil.copy(target, plain)
    read = subprocess.run(
        ["skopeo", "inspect", "--config", f"oci-archive:{plain}"], capture_output=True, text=True, check=True
    )
    config = json.loads(read.stdout)
    assert config["rootfs"]["diff_ids"] == layers(small_bases, built.id)
    assert config["config"]["Labels"]["org.opencontainers.image.title"] == "greeting"


def test_what_cannot_be_written_is_named(engine: DockerEngine, greeting: Path, reference: str, tmp_path: Path) -> None:
    built = engine.build(order(greeting, reference), ignored)
    target = tmp_path / "none" / "greeting.tar"
    with pytest.raises(ImageError, match=f"{reference} was not saved as {target}: No such file or directory"):
        engine.save(built, target)
    with dockerd.tmpfs(tmp_path / "small", "100k") as folder:
        target = folder / "greeting.tar"
        with pytest.raises(ImageError, match=f"{reference} was not saved as {target}: No space left on device"):
            engine.save(built, target)
        assert not list(folder.iterdir())


def writes_oci_layouts(host: str) -> bool:
    """Whether the engine is Docker 25 or newer."""
    version = docker(host, "version", "--format", "{{.Server.Version}}")
    return int(version.split(".")[0]) >= 25


def test_without_skopeo_an_engine_of_the_old_form_cannot_save(
    engine: DockerEngine,
    small_bases: str,
    greeting: Path,
    reference: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    built = engine.build(order(greeting, reference), ignored)
    itself = writes_oci_layouts(small_bases)
    monkeypatch.setenv("PATH", str(tmp_path))
    target = tmp_path / "greeting.tar"
    if itself:
        engine.save(built, target)
        assert target.is_file()
        return
    with pytest.raises(ImageError, match="skopeo, which makes an OCI archive of it, is not on PATH"):
        engine.save(built, target)
    assert not target.exists()


def test_an_image_without_an_application_says_so(engine: DockerEngine, small_bases: str, before: set[str]) -> None:
    builder = LocalImage(reference="builder", id=about(small_bases, bases.SMALL_BUILDER)["Id"], size=0)
    with pytest.raises(ImageError, match="/deployments of builder cannot be read"), engine.application(builder):
        pytest.fail("there is nothing to read")
    assert containers(small_bases) <= before


def test_the_platform_is_that_of_the_order(
    engine: DockerEngine, small_bases: str, greeting: Path, reference: str
) -> None:
    own = about(small_bases, bases.SMALL_RUNTIME)
    platform = f"{own['Os']}/{own['Architecture']}"
    built = engine.build(order(greeting, reference, platform=platform), ignored)
    assert about(small_bases, built.id)["Architecture"] == own["Architecture"]
    with pytest.raises(
        ImageError, match=r"unknown operating system or architecture|does not match the specified|invalid"
    ):
        engine.build(order(greeting, reference, platform="plan9/none"), ignored)


def test_a_service_of_its_own_is_built_by_its_dockerfile_which_is_not_in_the_image(
    engine: DockerEngine, small_bases: str, tmp_path: Path, reference: str
) -> None:
    folder = tmp_path / "service"
    folder.mkdir()
    program = folder / "start.sh"
    program.write_text("#!/bin/sh\necho started\n")
    program.chmod(0o755)
    dockerfile = f'FROM {bases.SMALL_RUNTIME}\nCOPY . /service\nENTRYPOINT ["/service/service/start.sh"]\n'.encode()
    made = order(folder, reference, dockerfile=dockerfile, builder="", runtime="")
    built = engine.build(made, ignored)
    assert docker(small_bases, "run", "--rm", built.id) == "started"
    listed = docker(small_bases, "run", "--rm", "--entrypoint=find", built.id, "/service", "-type", "f")
    assert listed == "/service/service/start.sh"


def test_nothing_is_sent_of_the_users_own_logins(
    small_bases: str,
    engine: DockerEngine,
    greeting: Path,
    reference: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    del engine
    home = tmp_path / "own"
    home.mkdir()
    called = tmp_path / "called"
    helper = tmp_path / "bin" / "docker-credential-tests"
    helper.parent.mkdir()
    helper.write_text(f"#!/bin/sh\ntouch {called}\nexit 1\n")
    helper.chmod(0o755)
    home.joinpath("config.json").write_text(
        json.dumps({"credsStore": "tests", "credHelpers": {"example.org": "tests"}})
    )
    monkeypatch.setenv("DOCKER_CONFIG", str(home))
    monkeypatch.setenv("PATH", f"{helper.parent}{os.pathsep}{os.environ['PATH']}")
    bare = connect({"DOCKER_HOST": small_bases}, keychain=keychain_of(tmp_path / "none"), digest_of=never)
    bare.build(order(greeting, reference), ignored)
    assert not called.exists()


def test_without_an_engine_the_error_says_where_it_was_looked_for(tmp_path: Path, keychain: Keychain) -> None:
    socket = tmp_path / "none.sock"
    with pytest.raises(NoEngineError) as failed:
        connect({"DOCKER_HOST": f"unix://{socket}"}, keychain=keychain, digest_of=never)
    assert f"unix://{socket} (DOCKER_HOST): no such socket" in str(failed.value)
    assert "systemctl start docker" in str(failed.value)
    assert "podman.socket" in str(failed.value)
