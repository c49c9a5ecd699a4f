"""What all tests share: where other people's data lies, real Helm, and what to do where something is missing."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import pytest
import yaml
from hypothesis import HealthCheck, settings

from pipeline.workspace.settings import OTHER_VARIABLES
from tests.command import Waybill, run, run_process

ROOT = Path(__file__).parent.parent
SHARED = Path(os.environ.get("WAYBILL_SHARED") or ROOT.parent / "shared")

settings.register_profile(
    "tests", max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
settings.load_profile("tests")

# Each of them is a warning of every command.
for name in {name for name in os.environ if name.startswith("WAYBILL_")} - OTHER_VARIABLES.keys():
    del os.environ[name]
# A container engine of this machine is for tests/images alone.
os.environ["WAYBILL_IMAGES"] = "skip"

#: The real workflow with arguments that are one expression: the operator cannot read that.
UNREADABLE = "python"
Rendered = list[dict[str, Any]]


def missing(what: str) -> NoReturn:
    """Leave a test out where something is missing on a user's machine; CI leaves nothing out."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI must have {what}")
    pytest.skip(f"left out: this machine has no {what}")


class HelmRefusal(Exception):  # noqa: N818 - not an error of ours: what Helm says
    """Helm stopped; the message is Helm's own."""


@dataclass(frozen=True)
class Helm:
    """Helm's CLI, Helm 4 or Helm 3."""

    program: str
    major: int

    @property
    def path(self) -> str:
        """A PATH where `helm` is this one."""
        return os.pathsep.join([str(Path(self.program).parent), os.environ["PATH"]])

    def render(self, chart: Path, values: Mapping[str, Any], *options: str) -> Rendered:
        done = self.run("template", "demo", str(chart), "-f", "-", *options, stdin=json.dumps(values))
        return [document for document in yaml.load_all(done, yaml.CSafeLoader) if document]

    def render_each(self, chart: Path, values: Mapping[str, Mapping[str, Any]]) -> dict[str, Rendered]:
        """A chart rendered with several values by one process: an umbrella has it once for each, under an alias."""
        about = yaml.load((chart / "Chart.yaml").read_bytes(), yaml.CSafeLoader)
        given = {f"v{number}": each for number, each in enumerate(values.values())}
        same = {"name": about["name"], "version": about["version"]}
        umbrella = {"apiVersion": "v2", "name": "each", "version": "1.0.0"}
        with tempfile.TemporaryDirectory() as name:
            Path(name, "charts").mkdir()
            Path(name, "charts", chart.name).symlink_to(chart.absolute())
            dependencies = [{**same, "alias": alias} for alias in given]
            Path(name, "Chart.yaml").write_text(json.dumps({**umbrella, "dependencies": dependencies}))
            done = self.run("template", "demo", name, "-f", "-", stdin=json.dumps(given))
        _, *parts = re.split(r"^---\n# Source: each/charts/(v\d+)/", done, flags=re.MULTILINE)
        rendered: dict[str, Rendered] = {alias: [] for alias in given}
        for alias, text in zip(parts[::2], parts[1::2], strict=True):
            # The rest of the line that is gone is a path.
            rendered[alias] += filter(None, yaml.load_all(f"# {text}", yaml.CSafeLoader))
        return dict(zip(values, rendered.values(), strict=True))

    def lint(self, chart: Path, values: Mapping[str, Any]) -> list[str]:
        done = self.run("lint", "--strict", str(chart), "-f", "-", stdin=json.dumps(values))
        return [line for line in done.splitlines() if line.startswith("[")]

    def run(self, *words: str, stdin: str | None = None, cwd: Path | None = None, both: bool = False) -> str:
        done = subprocess.run([self.program, *words], input=stdin, capture_output=True, text=True, check=False, cwd=cwd)
        if done.returncode:
            raise HelmRefusal(done.stderr + done.stdout)
        return done.stderr + done.stdout if both else done.stdout


def find_helm(major: int) -> Helm:
    """The program that its variable names, or the `helm` on PATH if it has that major version."""
    program = os.environ.get({4: "WAYBILL_HELM4", 3: "WAYBILL_HELM3"}[major]) or shutil.which("helm")
    if program is None:
        missing(f"Helm {major} (run: nox -s tests, where Go is)")
    version = subprocess.run([program, "version", "--short"], capture_output=True, text=True, check=True).stdout.strip()
    if not version.startswith(f"v{major}."):
        missing(f"Helm {major} ({program} is {version}; run: nox -s tests, where Go is)")
    return Helm(program, major)


def find_node_tool(name: str) -> Path:
    """The folder of a package that tests/node/package.json names; noxfile.py installs them."""
    folder = Path(os.environ.get("WAYBILL_NODE_MODULES", "none")) / name
    if not folder.is_dir():
        missing(f"{name} from npm (run: nox -s tests, where npm is)")
    return folder


@pytest.fixture(scope="session", params=[4, 3], ids=["helm4", "helm3"])
def helm(request: pytest.FixtureRequest) -> Helm:
    """Each version of Helm in turn."""
    return find_helm(request.param)


@pytest.fixture(scope="session")
def helm4() -> Helm:
    """The Helm of the day, for claims that do not depend on its version."""
    return find_helm(4)


@pytest.fixture(scope="session")
def helm3() -> Helm:
    return find_helm(3)


@pytest.fixture(scope="session")
def shared() -> Path:
    if not SHARED.is_dir():
        missing(f"data beside the project ({SHARED.name}/, or WAYBILL_SHARED)")
    return SHARED


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of the test's own; waybill keeps records of builds below it."""
    folder = tmp_path / ".cache"
    monkeypatch.setenv("WAYBILL_CACHE", str(folder))
    return folder


@pytest.fixture
def waybill(tmp_path: Path, cache: Path) -> Waybill:  # noqa: ARG001 - kept apart from the user's cache
    """Runs the command in this process, in the test's folder."""
    return partial(run, cwd=tmp_path)


@pytest.fixture
def waybill_process(tmp_path: Path, cache: Path) -> Waybill:  # noqa: ARG001 - as above
    """Runs the command in a process of its own, in the test's folder."""
    return partial(run_process, cwd=tmp_path)


@pytest.fixture(scope="session")
def corpus_workflows(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The 20 of the 21 real workflows that charts are made of."""
    folder = tmp_path_factory.mktemp("corpus") / "workflows"
    copy_readable(shared / "corpus" / "workflows", folder)
    return folder


@pytest.fixture(scope="session")
def corpus_charts(corpus_workflows: Path) -> Path:
    """The charts of the 20 real workflows, and their umbrella: the folder `workflows`."""
    build_all(corpus_workflows, corpus_workflows.parent)
    return corpus_workflows.parent / "charts" / "workflows"


def copy_readable(workflows: Path, target: Path) -> None:
    """Copy the real workflows but the one that the operator cannot read, of which no chart is made."""
    shutil.copytree(workflows, target, ignore=shutil.ignore_patterns(UNREADABLE))


def build_all(workflows: Path, folder: Path) -> None:
    """Run `waybill build --all` over somebody's workflows; charts/ and dist/ go below `folder`."""
    words = ["build", "--all", "--workflows", str(workflows), "--charts", "charts", "--output", "dist"]
    done = run(*words, cwd=folder, env={"WAYBILL_CACHE": str(folder / ".cache")})
    assert done.code == 0, done.err


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A copy of two of this repository's workflows to change, as `workflows` in the test's folder."""
    for name in ("escalation", "greeting", "shared"):
        shutil.copytree(ROOT / "workflows" / name, tmp_path / "workflows" / name)
    return tmp_path
