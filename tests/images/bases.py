"""Builder and runtime images for the tests: no public image can be pulled where they run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Final

from generator.application.projects import applications
from pipeline.system.cache import cache_folder
from pipeline.workspace.workflows import read_folder
from tests.conftest import ROOT, missing

HERE: Final = Path(__file__).parent
DEV: Final = ROOT / "pipeline" / "workflow-builder-dev.Dockerfile"
#: Tags of the images below; with a port, no engine looks for them on Docker Hub.
SMALL_BUILDER: Final = "localhost:1/waybill-tests/small-builder:1"
SMALL_RUNTIME: Final = "localhost:1/waybill-tests/small-runtime:1"
OTHER_SMALL_RUNTIME: Final = "localhost:1/waybill-tests/small-runtime:2"
JAVA: Final = "localhost:1/waybill-tests/java:17"
BUILDER: Final = "localhost:1/waybill-tests/builder:1"
RUNTIME: Final = "localhost:1/waybill-tests/runtime:1"
OTHER_RUNTIME: Final = "localhost:1/waybill-tests/runtime:2"
_PROJECT: Final = "home/kogito/serverless-workflow-project"
_RUN_JAVA: Final = "opt/jboss/container/java/run/run-java.sh"
_SUITE: Final = "bookworm"
_PACKAGES: Final = "openjdk-17-jdk-headless,maven"
_MIRROR: Final = "http://deb.debian.org/debian"

#: What Maven writes beside the artifacts of a local repository, and writes again: neither shared with the user's own,
#: nor kept, since with it Maven asks where a file came from.
_REWRITTEN: Final = ("_remote.repositories", "resolver-status.properties", "maven-metadata-*", "*.lastUpdated")

#: FROM scratch, with the programs of a static busybox.
_BUSYBOX: Final = """
FROM scratch
COPY busybox /bin/busybox
RUN ["/bin/busybox", "--install", "-s", "/bin"]
RUN mkdir -m 1777 /tmp
"""
_SMALL_BUILDER: Final = f"""{_BUSYBOX}
COPY build-app.sh /home/kogito/launch/build-app.sh
RUN mkdir -p /{_PROJECT}/src/main/resources && chown -R 1001:0 /home/kogito
RUN echo '{{"id": "greet"}}' >/{_PROJECT}/src/main/resources/greet.sw.json
WORKDIR /{_PROJECT}
USER 1001
"""
_SMALL_RUNTIME: Final = f"""{_BUSYBOX}
RUN mkdir -p -m 775 /deployments && chown 185:0 /deployments
COPY run-java.sh /{_RUN_JAVA}
LABEL name=ubi9/openjdk-17
USER 185
"""
_BUILDER: Final = f"""
FROM {JAVA}
ADD kogito.tar /home/kogito/
COPY build-app.sh /home/kogito/launch/build-app.sh
RUN chown 1001:0 /home/kogito && echo kogito:x:1001:0::/home/kogito:/bin/bash >>/etc/passwd
ENV MAVEN_OPTS="-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
WORKDIR /{_PROJECT}
USER 1001
"""
_RUNTIME: Final = f"""
FROM {JAVA}
RUN mkdir -p -m 775 /deployments && chown 185:0 /deployments
COPY run-java.sh /{_RUN_JAVA}
USER 185
"""


def build(host: str, tag: str, dockerfile: str, *files: Path) -> None:
    """Build an image by Docker's own CLI and its classic builder."""
    with tempfile.TemporaryDirectory() as name:
        for file in files:
            # What is large is linked where it can be.
            target = Path(name, file.name)
            try:
                os.link(file, target)
            except OSError:
                shutil.copy(file, target)
        Path(name, "Dockerfile").write_text(dockerfile)
        docker(host, "build", "--quiet", "--tag", tag, name)


def docker(host: str, *words: str, env: Mapping[str, str] | None = None) -> str:
    """What Docker's CLI answers."""
    environment = {**os.environ, "DOCKER_HOST": host, "DOCKER_BUILDKIT": "0", **(env or {})}
    done = subprocess.run(["docker", *words], env=environment, capture_output=True, text=True, check=False)
    assert not done.returncode, f"docker {' '.join(words)}: {done.stderr}"
    return done.stdout.strip()


def small(host: str) -> None:
    """Make the small builder and the small runtime."""
    busybox = shutil.which("busybox")
    if busybox is None:
        missing("static busybox (Debian's package busybox-static)")
    build(host, SMALL_BUILDER, _SMALL_BUILDER, Path(busybox), HERE / "small" / "build-app.sh")
    build(host, SMALL_RUNTIME, _SMALL_RUNTIME, Path(busybox), HERE / "run-java.sh")
    build(host, OTHER_SMALL_RUNTIME, _other(SMALL_RUNTIME))


def real(host: str) -> None:
    """Make the builder and the runtime with Java and Maven, which need no network."""
    with tempfile.TemporaryDirectory() as name:
        root = kept(f"{_SUITE}-{_PACKAGES}", "java.tar", _debootstrap)
        link = Path(name, "java.tar")
        link.symlink_to(root)
        docker(host, "import", "--change", "ENV LANG=C.UTF-8", str(link), JAVA)
    build(host, BUILDER, _BUILDER, kept(_made_from(), "kogito.tar", _kogito), HERE / "real" / "build-app.sh")
    build(host, RUNTIME, _RUNTIME, HERE / "run-java.sh")
    build(host, OTHER_RUNTIME, _other(RUNTIME))


def _other(image: str) -> str:
    """An image of the same layers: what was built on one is not taken from the engine's cache for the other."""
    return f"FROM {image}\nLABEL other=one\n"


def kept(key: str, name: str, make: Callable[[Path], None]) -> Path:
    """A file of waybill's cache, made once for its key."""
    folder = cache_folder(f"images-{sha256(key.encode()).hexdigest()[:12]}")
    file = folder / name
    if not file.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as work:
            beside = Path(work, name)
            make(beside)
            beside.rename(file)
    return file


def _debootstrap(tar: Path) -> None:
    """Debian with a JDK and Maven, as a tar."""
    if os.geteuid() != 0 or shutil.which("debootstrap") is None:
        missing("debootstrap (Debian's package of that name; run the tests as root)")
    root = tar.with_suffix("")
    words = ["debootstrap", "--variant=minbase", f"--include={_PACKAGES}", _SUITE, str(root), _MIRROR]
    subprocess.run(words, check=True, capture_output=True)
    for unneeded in ("var/cache/apt", "var/lib/apt/lists", "usr/share/doc", "usr/share/man", "usr/share/locale"):
        shutil.rmtree(root / unneeded, ignore_errors=True)
    subprocess.run(["tar", "-C", root, "-cf", tar, "--exclude=./dev/*", "."], check=True)
    shutil.rmtree(root)


def _project(folder: Path) -> None:
    """The project of Maven that the builder has: that of `waybill run`, and none of its workflows."""
    [application] = applications([read_folder(ROOT / "workflows" / "greeting")], persistent=False)
    for path, data in application.files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)


def extensions() -> str:
    """The extensions of Quarkus that workflow-builder-dev.Dockerfile adds, which the builder has in its repository."""
    [extensions] = re.findall(r"^ARG QUARKUS_EXTENSIONS=(\S+)$", DEV.read_text(), re.MULTILINE)
    return str(extensions)


def _made_from() -> str:
    with tempfile.TemporaryDirectory() as name:
        _project(Path(name))
        pom = Path(name, "pom.xml").read_text()
    return "\n".join([pom, extensions(), (HERE / "real" / "build-app.sh").read_text()])


def _kogito(tar: Path) -> None:
    """The builder's project, and a local repository of Maven with all that its build takes, as a tar."""
    for program in ("mvn", "javac"):
        if shutil.which(program) is None:
            missing(f"{program} (apt install maven openjdk-17-jdk-headless)")
    home = tar.parent / "kogito"
    project, repository = home / "serverless-workflow-project", home / ".m2" / "repository"
    _project(project)
    own = Path.home() / ".m2" / "repository"
    if own.is_dir():
        # Most of it is there from the tests of the engine.
        shutil.copytree(own, repository, copy_function=_linked, ignore=shutil.ignore_patterns(*_REWRITTEN))
    else:
        repository.mkdir(parents=True)
    work = tar.parent / "work"
    shutil.copytree(project, work)
    environment = {
        **os.environ,
        "KOGITO_PROJECT": str(work),
        "QUARKUS_EXTENSIONS": extensions(),
        "MAVEN_ARGS_APPEND": f"-Dmaven.repo.local={repository} -Dkogito.persistence.type=jdbc",
    }
    done = subprocess.run(
        [HERE / "real" / "build-app.sh", project / "src" / "main" / "resources"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert not done.returncode, done.stdout[-3000:] + done.stderr
    shutil.rmtree(project / "src" / "main" / "resources")
    (project / "src" / "main" / "resources").mkdir()
    for file in (each for name in _REWRITTEN for each in repository.rglob(name)):
        file.unlink()
    with tarfile.open(tar, "w") as archive:
        for path in (home / "serverless-workflow-project", home / ".m2"):
            archive.add(path, path.name, filter=_of_builder)


def _of_builder(about: tarfile.TarInfo) -> tarfile.TarInfo:
    about.uid, about.gid, about.uname, about.gname = 1001, 0, "", ""
    about.mode |= 0o755 if about.isdir() else 0o644
    return about


def _linked(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy(source, target)
