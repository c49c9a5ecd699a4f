"""The sessions of this repository: `nox` lists them, `nox -s NAME` runs one."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import nox

nox.needs_version = ">=2025.5"
nox.options.sessions = []
nox.options.error_on_missing_interpreters = False

PROJECT = nox.project.load_toml("pyproject.toml")
HELM_VERSION = "v3.19.0"


def install(session: nox.Session, *groups: str) -> None:
    """Install waybill and the dependencies of some groups."""
    session.install("-e", ".", *(spec for group in groups for spec in nox.project.dependency_groups(PROJECT, group)))


@nox.session(name="build-workflow")
def build_workflow(session: nox.Session) -> None:
    """Build workflows: nox -s build-workflow -- greeting (or --all); every option of waybill build passes through."""
    session.install("-e", ".")
    session.run("waybill", "build", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests; what this machine has no tools for is left out and named at the end."""
    install(session, "test")
    session.run("pytest", *session.posargs, env=with_helm(session))


@nox.session
def lint(session: nox.Session) -> None:
    """Check the code: ruff, mypy."""
    install(session, "lint", "test")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("mypy")


@nox.session
def bench(session: nox.Session) -> None:
    """Measure speed and memory beside their yardsticks; prints a table and JSON, asserts nothing."""
    install(session, "test")
    session.run("python", "tests/bench.py", *session.posargs, env=with_helm(session))


@nox.session
def docs(session: nox.Session) -> None:
    """Write docs/reference/ from the code; --check only says whether it is as it would be written."""
    session.install("-e", ".")
    session.run("python", "docs/generate.py", *session.posargs)


def with_helm(session: nox.Session) -> dict[str, str]:
    """The environment with Helm 3's CLI on PATH, built from its Go module once and kept in the user's cache folder."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()) / "waybill" / f"helm-{HELM_VERSION}"
    if not (cache / "helm").is_file() and shutil.which("go"):
        session.log(f"building Helm {HELM_VERSION} from its Go module: 2 minutes, once")
        cache.mkdir(parents=True, exist_ok=True)
        session.run(
            "go", "install", f"helm.sh/helm/v3/cmd/helm@{HELM_VERSION}", env={"GOBIN": str(cache)}, external=True
        )
    return {"PATH": f"{cache}{os.pathsep}{session.bin}{os.pathsep}{os.environ['PATH']}"}
