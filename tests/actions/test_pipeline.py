"""The pipeline of .github/ from a push to a published chart: git's server, GitHub's fake, a registry, an engine."""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.actions.act import ActRun, Runner, runner
from tests.actions.conftest import SOURCE, Source
from tests.command import run
from tests.conftest import ROOT, find_helm
from tests.github.git_refs import merge
from tests.github.server import FakeGithub
from tests.github.state import Repository
from tests.images import bases, dockerd
from tests.images.registries import Registry, docker_registry
from tests.unit.conftest import write, write_workflow

MERGED, RELEASE = ".github/workflows/on-merge.yaml", ".github/workflows/release.yaml"
FIND = "On merge/Find what changed"
ALL = ("approval", "escalation", "greeting")
#: Where waybill is for other repositories.
WAYBILL = "acme/waybill"
OLD = ".github/workflows/before.yaml"
OLD_CALLER = """\
name: Before
on:
  workflow_dispatch:
jobs:
  build:
    uses: ./.github/workflows/main.yml
    secrets: inherit
    with:
      workflow_id: experimentals/greeting
      it_mode: true
  propose:
    uses: ./.github/workflows/main.yml
    secrets: inherit
    with:
      workflow_id: experimentals/greeting
      application_id: jira-listener
"""
PREFIX = "team/serverless-workflow-"


@dataclass(frozen=True)
class Team:
    """A team's repository on GitHub with the files of this one's .github/, and the runner of its jobs."""

    source: Source
    machine: Runner
    github: FakeGithub
    registry: Registry

    @property
    def repository(self) -> Repository:
        return self.github.state.repositories[SOURCE]

    @property
    def workflows(self) -> Path:
        return self.source.folder / "workflows"

    def process(self) -> ActRun:
        """Run on-merge for the commit that is checked out."""
        return self.machine.push(self.source.folder, MERGED)

    def proposals(self) -> list[str]:
        """The titles of open pull requests."""
        return [pull.title for pull in self.repository.pulls if pull.state == "open"]

    def merge(self) -> None:
        """Merge what is proposed, as people do, and check that out."""
        for pull in self.repository.pulls:
            if pull.state == "open":
                merge(self.repository, pull.number)
        self.source.git("pull", "--quiet", str(self.source.server.repository), "main")

    def release(self) -> None:
        """Run what a merge of charts starts."""
        done = self.machine.push(self.source.folder, RELEASE).checked()
        assert done.results == {"Release/Publish": "success", "Release/Deploy the pages": "skipped"}

    def published(self) -> dict[str, list[str]]:
        """The versions of each chart that Helm finds."""
        index = yaml.safe_load(self.source.server.show("index.yaml"))
        return {name: [each["version"] for each in entries] for name, entries in index["entries"].items()}

    def pinned(self, package: str) -> str:
        """The digest of the image that a published chart of a workflow installs."""
        chart = package.rpartition("-")[0]
        release = self.repository.published(package)
        asset = release.asset(f"{package}.tgz") if release else None
        assert asset is not None
        assert asset.data
        with tarfile.open(fileobj=io.BytesIO(asset.data)) as tar:
            content = tar.extractfile(f"{chart}/values.yaml")
            assert content is not None
            return str(yaml.safe_load(content)["image"]["digest"])

    def images(self) -> dict[str, set[str]]:
        """The digests that the registry has under tags, by the names of workflows."""
        folder = self.registry.storage / "docker/registry/v2/repositories" / "team"
        links = folder.glob("*/_manifests/tags/src-*/current/link")
        found: dict[str, set[str]] = {}
        for link in links:
            name = link.relative_to(folder).parts[0].removeprefix("serverless-workflow-")
            found.setdefault(name, set()).add(link.read_text())
        return found


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An engine with a builder that takes a second, and no Maven."""
    given = os.environ.get("DOCKER_HOST", "")
    if given and dockerd.answers(given):
        bases.small(given)
        yield given
        return
    with dockerd.running(tmp_path_factory.mktemp("dockerd")) as host:
        bases.small(host)
        yield host


@pytest.fixture
def team(source: Source, github: FakeGithub, engine: str, tmp_path: Path) -> Iterator[Team]:
    folder = source.folder
    shutil.copytree(ROOT / ".github", folder / ".github")
    shutil.copy(ROOT / "action.yml", folder)
    (tmp_path / "waybill").mkdir()
    shutil.copy(ROOT / "action.yml", tmp_path / "waybill")
    with docker_registry(tmp_path / "registry") as registry:
        settings = {
            "registry": f"{registry.host}/team",
            "builder": bases.SMALL_BUILDER,
            "runtime": bases.SMALL_RUNTIME,
        }
        lines = (f"{key} = {json.dumps(value)}\n" for key, value in settings.items())
        write(folder, {"waybill.toml": "".join(lines), ".gitignore": "dist/\n"})
        environment = {
            "GITHUB_API_URL": github.urls.api,
            "DOCKER_HOST": engine,
            # act has no OIDC; with it, images are attested.
            "ACTIONS_ID_TOKEN_REQUEST_URL": "http://127.0.0.1:9/",
        }
        machine = runner(
            tmp_path / "home",
            server=github.urls.server,
            repository=SOURCE,
            token=github.token,
            environment=environment,
            secrets={"NEW_QUAY_USERNAME": registry.login.username, "NEW_QUAY_PASSWORD": registry.login.password},
            stubs={WAYBILL: tmp_path / "waybill"},
            path=os.pathsep.join([str(Path(sys.executable).parent), find_helm(4).path]),
        )
        yield Team(source=source, machine=machine, github=github, registry=registry)


def process(name: str) -> str:
    """The name of the job that processes a workflow; act numbers jobs of a matrix that has more than one."""
    return f"{name}/Process workflows/Process"


def test_a_commit_leads_to_an_image_a_pull_request_and_a_chart_and_no_run_that_is_cancelled_loses_one(
    team: Team,
) -> None:
    write_workflow(team.workflows, "greeting")
    team.source.push("Greet")
    done = team.process().checked()
    assert done.results == {FIND: "success", process("greeting"): "success"}
    [digest] = team.images()["greeting"]
    assert (
        f"attested {digest.removeprefix('sha256:')}  {team.registry.host}/{PREFIX}greeting"
        in done.jobs[process("greeting")].output
    )
    assert team.proposals() == ["Add greeting 0.1.0"]

    # GitHub cancels the run of this one: it waits for the one before, and the next one takes its place.
    write_workflow(team.workflows, "escalation")
    team.source.push("Escalate")
    write_workflow(team.workflows, "approval")
    team.source.push("Approve")
    done = team.process().checked()
    assert done.results == {
        FIND: "success",
        process("approval-1"): "success",
        process("escalation-2"): "success",
    }
    assert {name: len(digests) for name, digests in team.images().items()} == dict.fromkeys(ALL, 1)
    assert sorted(team.proposals()) == ["Add approval 0.1.0", "Add escalation 0.1.0", "Add greeting 0.1.0"]

    team.merge()
    assert team.process().checked().results == {FIND: "success", "On merge/": "skipped"}
    team.release()
    published = team.published()
    assert {name: published[name] for name in ALL} == {name: ["0.1.0"] for name in ALL}
    assert published.keys() == {*ALL, "workflows"}
    assert team.pinned("greeting-0.1.0") == digest

    write_workflow(team.workflows, "greeting", description="Greets people")
    team.source.push("Describe")
    done = team.process().checked()
    assert done.results == {FIND: "success", process("greeting"): "success"}
    assert {name: len(digests) for name, digests in team.images().items()} == dict.fromkeys(ALL, 1) | {"greeting": 2}
    assert team.proposals() == ["Update greeting from 0.1.0 to 0.1.1"]
    team.merge()
    team.release()
    assert team.published()["greeting"] == ["0.1.1", "0.1.0"]
    assert {digest, team.pinned("greeting-0.1.1")} == team.images()["greeting"]


def test_a_workflow_that_fails_loses_nothing_of_another_and_is_processed_when_it_is_fixed(team: Team) -> None:
    write_workflow(team.workflows, "escalation", start="Nowhere")
    write_workflow(team.workflows, "greeting")
    team.source.push("Break one of two")
    done = team.process()
    assert done.code == 1
    assert done.results == {FIND: "success", process("escalation-1"): "failure", process("greeting-2"): "success"}
    assert "Nowhere" in done.jobs[process("escalation-1")].output
    assert team.images().keys() == {"greeting"}
    assert team.proposals() == ["Add greeting 0.1.0"]

    write_workflow(team.workflows, "escalation")
    team.source.push("Fix it")
    done = team.process().checked()
    assert done.results == {FIND: "success", process("escalation"): "success"}
    team.merge()
    team.release()
    published = team.published()
    assert published.keys() == {"escalation", "greeting", "workflows"}

    written = run("platform", "--profile", "existing", "-o", "charts", cwd=team.source.folder)
    assert written.code == 0, written.err
    team.source.push("Write the platform")
    team.release()
    assert team.published() == {**published, "platform": ["10.0.0"]}
    release = team.repository.published("platform-10.0.0")
    assert release
    assert release.asset("platform-10.0.0.tgz")


def test_what_a_person_starts_in_another_repository_is_not_processed_again_by_a_merge(team: Team) -> None:
    folder = team.source.folder
    shutil.rmtree(folder / ".github")
    (folder / "action.yml").unlink()
    write_workflow(team.workflows, "greeting")
    done = run("actions", "--uses", f"{WAYBILL}@{'1' * 40}", cwd=folder)
    assert done.code == 0, done.err
    team.source.push("Write the pipeline")
    done = team.machine.dispatch(folder, ".github/workflows/greeting.yaml", {}).checked()
    assert done.results == {process("greeting"): "success"}
    assert team.proposals() == ["Add greeting 0.1.0"]
    assert team.process().checked().results == {FIND: "success", "On merge/": "skipped"}


def test_a_caller_of_the_old_pipeline_gets_its_artifacts_and_its_proposal(team: Team) -> None:
    write_workflow(team.workflows / "experimentals", "greeting")
    write(team.source.folder, {OLD: OLD_CALLER})
    team.source.push("Call as before")
    done = team.machine.dispatch(team.source.folder, OLD, {}).checked()
    assert done.results == {
        process("build"): "success",
        process("propose"): "success",
    }
    kept = [line for line in done.jobs[process("build")].output.splitlines() if "kept " in line]
    head = team.source.git("rev-parse", "HEAD")
    assert kept
    assert kept[0].startswith(f"kept serverless-workflow-experimentals-greeting-{head}.tar: ")
    assert team.proposals() == ["Add greeting 0.1.0"]
    assert team.images().keys() == {"greeting"}
