"""The rows of the bench on images: a real engine and a real registry, where this machine can start them."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench import WAYBILL, Figure, Run, median
from tests.bench import run as run_command
from tests.conftest import ROOT
from tests.images import bases, dockerd
from tests.images.registries import Proxy, docker_registry, proxy

_PROGRAMS = ("dockerd", "docker", "docker-registry", "htpasswd", "busybox")
_REPOSITORY = "bench/plain"


@dataclass(frozen=True)
class Bench:
    """A workflow to build images of, and where to."""

    folder: Path
    environment: dict[str, str]
    proxy: Proxy
    builder: str
    runtime: str

    def run(self, *command: str) -> Run:
        """Run a command with the engine and the login of the bench."""
        before = dict(os.environ)
        os.environ.update(self.environment)
        try:
            return run_command(command, self.folder)
        finally:
            os.environ.clear()
            os.environ.update(before)

    def change(self, number: int) -> None:
        """Make the workflow another one."""
        (self.folder / "workflows" / "greeting" / "schemas" / "bench.json").write_text(f'{{"title": "{number}"}}')

    def stage(self) -> Run:
        """What `waybill image --push` takes."""
        return self.run(*WAYBILL, "image", "greeting", "--push", "--registry", f"{self.proxy.host}/bench")

    def plain(self) -> Run:
        """What `docker build` and `docker push` of the same folder take."""
        reference = f"{self.proxy.host}/{_REPOSITORY}:1"
        arguments = {"WF_RESOURCES": "greeting", "BUILDER_IMAGE": self.builder, "RUNTIME_IMAGE": self.runtime}
        given = [word for name, value in arguments.items() for word in ("--build-arg", f"{name}={value}")]
        dockerfile = ROOT / "pipeline" / "workflow-builder-dev.Dockerfile"
        built = self.run("docker", "build", "-q", "-t", reference, "-f", str(dockerfile), *given, "workflows")
        pushed = self.run("docker", "push", "-q", reference)
        return Run(built.seconds + pushed.seconds, max(built.mebibytes, pushed.mebibytes))


def measure_images(times: int, *, real: bool) -> list[Figure]:
    """The image stage beside Docker's own CLI on the same context, and a build whose key is found."""
    if os.geteuid() != 0 or not all(map(shutil.which, _PROGRAMS)):
        return [Figure("image --push", "", f"left out: no root, or none of {', '.join(_PROGRAMS)}", "", "+15 %")]
    with _started(real=real) as bench:
        numbers = itertools.count()
        bench.change(next(numbers))
        bench.stage()  # not counted: the layers of the base are pushed once
        bench.plain()
        staged, plain = [], []
        for _ in range(times):
            bench.change(next(numbers))
            staged.append(bench.stage())
            bench.change(next(numbers))
            plain.append(bench.plain())
        stage, yard = (median(times, iter(runs).__next__).seconds for runs in (staged, plain))
        bench.stage()
        bench.proxy.fail({})
        found = bench.stage().seconds
        requests = len(bench.proxy.seen)
    which = "the real builder" if real else "a builder of busybox"
    return [
        Figure(
            f"image --push, {which}",
            f"{stage:.2f} s",
            f"{yard:.2f} s, docker build + docker push",
            f"{stage / yard - 1:+.0%}",
            "+15 %",
        ),
        Figure("its key is found", f"{requests} requests, {found:.2f} s", "", "", "20 requests"),
    ]


@contextmanager
def _started(*, real: bool) -> Iterator[Bench]:
    with (
        tempfile.TemporaryDirectory() as name,
        dockerd.running(Path(name, "engine")) as host,
        docker_registry(Path(name, "registry")) as registry,
        proxy(registry.host) as before,
    ):
        if real:
            bases.real(host)
        else:
            bases.small(host)
        builder, runtime = (bases.BUILDER, bases.RUNTIME) if real else (bases.SMALL_BUILDER, bases.SMALL_RUNTIME)
        workflows = Path(name, "team", "workflows")
        shutil.copytree(ROOT / "workflows" / "greeting", workflows / "greeting")
        # Docker's own CLI takes shared/ from the folder, where waybill puts it.
        for place in (workflows / "shared", workflows / "greeting" / "shared"):
            shutil.copytree(ROOT / "workflows" / "shared", place)
        config = registry.docker_config(Path(name, "docker"), before.host)
        settings = f'builder = "{builder}"\nruntime = "{runtime}"\n'
        (workflows.parent / "waybill.toml").write_text(settings)
        environment = {"DOCKER_HOST": host, "DOCKER_CONFIG": str(config), "DOCKER_BUILDKIT": "0"}
        yield Bench(folder=workflows.parent, environment=environment, proxy=before, builder=builder, runtime=runtime)
