"""What all tests share: where other people's data lies, real Helm, and what to do where something is missing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NoReturn, Protocol

import pytest
import yaml
from hypothesis import HealthCheck, settings

from tests.command import Waybill, run, run_process

ROOT = Path(__file__).parent.parent
SHARED = Path(os.environ.get("WAYBILL_SHARED") or ROOT.parent / "shared")

settings.register_profile(
    "tests", max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
settings.load_profile("tests")

Rendered = list[dict[str, Any]]


def missing(what: str) -> NoReturn:
    """Leave a test out where a user's machine lacks something; CI leaves nothing out."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI must have {what}")
    pytest.skip(f"left out: this machine has no {what}")


class HelmRefusal(Exception):  # noqa: N818 - not an error of ours: what Helm says
    """Helm stopped; the message is Helm's own."""


class Helm(Protocol):
    """One version of Helm."""

    def render(self, chart: Path, values: Mapping[str, Any]) -> Rendered: ...

    def lint(self, chart: Path, values: Mapping[str, Any]) -> list[str]: ...


@dataclass(frozen=True)
class Helm3:
    """Helm's CLI, version 3."""

    program: str

    def render(self, chart: Path, values: Mapping[str, Any], *options: str) -> Rendered:
        done = self.run("template", "demo", str(chart), "-f", "-", *options, stdin=json.dumps(values))
        return [document for document in yaml.load_all(done, yaml.CSafeLoader) if document]

    def lint(self, chart: Path, values: Mapping[str, Any]) -> list[str]:
        done = self.run("lint", "--strict", str(chart), "-f", "-", stdin=json.dumps(values))
        return [line for line in done.splitlines() if line.startswith("[")]

    def run(self, *words: str, stdin: str | None = None, cwd: Path | None = None) -> str:
        done = subprocess.run([self.program, *words], input=stdin, capture_output=True, text=True, check=False, cwd=cwd)
        if done.returncode:
            raise HelmRefusal(done.stderr + done.stdout)
        return done.stdout


@dataclass(frozen=True)
class Helm4:
    """Helm 4's SDK."""

    def render(self, chart: Path, values: Mapping[str, Any]) -> Rendered:
        texts = self.texts(chart, values)
        manifests = (text for path, text in sorted(texts.items()) if not path.endswith("NOTES.txt"))
        return [doc for text in manifests for doc in yaml.load_all(text, yaml.CSafeLoader) if doc]

    def texts(self, chart: Path, values: Mapping[str, Any], namespace: str = "default") -> dict[str, str]:
        import helm_python  # noqa: PLC0415 - 240 MB, loaded where it is used

        try:
            with helm_python.Chart.load(chart) as loaded:
                loaded.validate_schema(dict(values))
                texts: dict[str, str] = loaded.render(dict(values), name="demo", namespace=namespace)
                return texts
        except helm_python.HelmError as error:
            raise HelmRefusal(str(error)) from error

    def lint(self, chart: Path, values: Mapping[str, Any]) -> list[str]:
        import helm_python  # noqa: PLC0415 - as above

        report = helm_python.lint(chart, dict(values), strict=True)
        return [*map(str, report["messages"]), *report["errors"]]


def find_helm3() -> Helm3:
    program = shutil.which("helm")
    if program is None:
        missing("Helm 3 (helm on PATH)")
    version = subprocess.run([program, "version", "--short"], capture_output=True, text=True, check=False).stdout
    if not version.startswith("v3."):
        missing(f"Helm 3 (helm on PATH is {version.strip()})")
    return Helm3(program)


def find_node_tool(name: str) -> Path:
    """The folder of a package that tests/node/package.json names; noxfile.py installs them."""
    folder = Path(os.environ.get("WAYBILL_NODE_MODULES", "none")) / name
    if not folder.is_dir():
        missing(f"{name} from npm (run: nox -s tests, where npm is)")
    return folder


@pytest.fixture(scope="session")
def helm3() -> Helm3:
    return find_helm3()


@pytest.fixture(scope="session", params=["helm3", "helm4"])
def helm(request: pytest.FixtureRequest) -> Helm:
    """Each version of Helm in turn."""
    return find_helm3() if request.param == "helm3" else Helm4()


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
def corpus_charts(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The charts of the 21 real workflows, and their umbrella: the folder `workflows`."""
    folder = tmp_path_factory.mktemp("corpus")
    build_all(shared / "corpus" / "workflows", folder)
    return folder / "charts" / "workflows"


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
