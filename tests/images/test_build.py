"""`waybill build --images` and `waybill image` as a user runs them, with a real engine and a real registry."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tarfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.images.credentials import Keychain
from pipeline.images.image_name import read_image_name
from pipeline.images.manifest import Manifest, index
from pipeline.images.registry import Registry as RegistryClient
from tests.command import PROGRAM, Outcome, run_process
from tests.conftest import Helm
from tests.images.bases import SMALL_BUILDER, SMALL_RUNTIME, docker
from tests.images.conftest import keychain_of
from tests.images.registries import Fault, Login, Proxy, Registry, docker_registry, proxy
from tests.images.test_attestations import KEY_PASSWORD, make_keys
from tests.unit.conftest import write, write_workflow

FUNCTION = {
    "functions/save/Dockerfile": f"FROM {SMALL_RUNTIME}\nCOPY app /app\n",
    "functions/save/app/main.txt": "saves",
    "chart/values.yaml": "save:\n  image:\n    repository: x/save\n    tag: '1'\n    digest: ''\n",
}
#: What secret.properties holds.
HIDDEN = "never-in-an-image"


@dataclass(frozen=True)
class Team:
    """A team's git repository of workflows, with the engine and the registry that it uses."""

    folder: Path
    registry: Registry
    proxy: Proxy
    """What stands before the registry, and is the registry for the team."""
    keychain: Keychain
    environment: Mapping[str, str]

    def waybill(self, *words: str, **variables: str) -> Outcome:
        """Run waybill as the team does; nothing that it prints has the registry's password in it."""
        done = run_process(*words, cwd=self.folder, env={**self.environment, **variables})
        assert self.registry.login.password not in done.out + done.err
        return done

    def json(self, *words: str, **variables: str) -> Any:
        done = self.waybill(*words, "--json", **variables)
        assert done.code == 0, done.err
        return done.json

    def commit(self) -> str:
        git(self.folder, "add", "-A")
        git(self.folder, "commit", "-q", "--allow-empty", "-m", "x")
        return git(self.folder, "rev-parse", "HEAD")

    def packaged(self, package: str, file: str) -> Any:
        with tarfile.open(self.folder / "dist" / package) as tar:
            content = tar.extractfile(file)
            assert content
            return yaml.safe_load(content.read())

    def values(self, chart: str, version: str = "0.1.0") -> Any:
        return self.packaged(f"{chart}-{version}.tgz", f"{chart}/values.yaml")

    def served(self, reference: str) -> Manifest | None:
        """What the registry serves under a reference."""
        name = read_image_name(reference)
        return RegistryClient(name.host, self.keychain).manifest(name.repository, name.reference)

    def repository(self, name: str) -> str:
        return f"{self.proxy.host}/team/serverless-workflow-{name}"

    def digests(self) -> dict[str, str]:
        """The charts, packages and what lists them, each by its SHA-256; not the logs and statements beside them."""
        files = [*(self.folder / "charts").rglob("*"), *(self.folder / "dist").glob("*")]
        return {
            path.relative_to(self.folder).as_posix(): sha256(path.read_bytes()).hexdigest()
            for path in files
            if path.is_file()
        }


def git(folder: Path, *words: str) -> str:
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.com")
    done = subprocess.run(["git", "-C", str(folder), *identity, *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def team(tmp_path: Path, small_bases: str) -> Iterator[Team]:
    """A registry of the test's own, so that no image of another test is found there."""
    with docker_registry(tmp_path / "registry", Login()) as registry, proxy(registry.host) as before:
        folder = tmp_path / "team"
        workflows = folder / "workflows"
        write_workflow(workflows, "greeting", {"specs/a.yaml": "a: 1\n", "secret.properties": f"TOKEN={HIDDEN}\n"})
        write_workflow(workflows, "saving", FUNCTION)
        write(workflows, {"shared/schemas/common.json": "{}"})
        settings = {"registry": f"{before.host}/team", "builder": SMALL_BUILDER, "runtime": SMALL_RUNTIME}
        lines = (f"{key} = {json.dumps(value)}\n" for key, value in settings.items())
        write(folder, {"waybill.toml": "".join(lines), ".gitignore": "dist/\n"})
        git(folder, "init", "-q", "-b", "main")
        config = registry.docker_config(tmp_path / "docker", before.host)
        environment = {
            "DOCKER_HOST": small_bases,
            "DOCKER_CONFIG": str(config),
            "WAYBILL_IMAGES": "auto",
            "WAYBILL_CACHE": str(tmp_path / "cache"),
        }
        made = Team(
            folder=folder, registry=registry, proxy=before, keychain=keychain_of(config), environment=environment
        )
        made.commit()
        yield made


def test_a_pushed_image_is_pinned_in_the_package_by_the_digest_that_the_registry_serves(team: Team, helm: Helm) -> None:
    sha = team.commit()
    built = team.json("build", "greeting", "--images", "push")
    [image] = built["images"]
    repository = team.repository("greeting")
    served = team.served(f"{repository}:{image['tags'][0]}")
    assert served
    assert (image["state"], image["digest"], image["commit"]) == ("pushed", served.digest, sha)
    assert image["tags"] == [f"src-{image['key'][:12]}", sha[:8]]
    assert team.values("greeting")["image"] == {
        "repository": repository,
        "tag": image["tags"][0],
        "digest": served.digest,
    }
    listed = json.loads((team.folder / "dist" / "images.json").read_bytes())["images"]
    assert listed == [{key: value for key, value in image.items() if key != "state"}]
    rendered = helm.render(team.folder / "dist" / "greeting-0.1.0.tgz", {"secret": {"data": {"TOKEN": "x"}}})
    [flow] = [each for each in rendered if each["kind"] == "SonataFlow"]
    assert flow["spec"]["podTemplate"]["container"]["image"] == f"{repository}@{served.digest}"


def test_the_charts_folder_has_the_tag_alone_and_is_the_same_before_and_after_a_push(team: Team) -> None:
    team.json("build", "--all", "--images", "skip")
    before = team.digests()
    team.json("build", "--all", "--images", "push")
    after = team.digests()
    charts = {path for path in before if path.startswith("charts/")}
    assert {path: after[path] for path in charts} == {path: before[path] for path in charts}
    values = yaml.safe_load((team.folder / "charts/workflows/charts/greeting/values.yaml").read_bytes())
    assert (values["image"]["tag"][:4], values["image"]["digest"]) == ("src-", "")
    # The packages were never published without a digest, so the same version has it now.
    assert sorted(after.keys() - before.keys()) == ["dist/images.json"]
    assert all(after[path] != before[path] for path in before if path.endswith(".tgz"))


def test_a_second_push_finds_its_key_with_twenty_requests_at_most_and_builds_nothing(team: Team) -> None:
    team.json("build", "greeting", "--images", "push")
    before = team.digests()
    team.proxy.fail({})
    again = team.json("build", "greeting", "--images", "push", DOCKER_HOST=team.environment["DOCKER_HOST"])
    assert again["images"][0]["state"] == "found"
    assert len(team.proxy.seen) <= 20
    assert not any(seen.method in ("PUT", "POST", "PATCH") for seen in team.proxy.seen)
    assert team.digests() == before


def test_a_build_without_push_takes_the_digest_that_the_index_has_for_the_same_image(team: Team) -> None:
    team.json("build", "--all", "--images", "push")
    before = team.digests()
    for images in ("skip", "auto", "build"):
        team.json("build", "--all", "--images", images)
        assert team.digests() == before
    write(team.folder / "workflows" / "greeting", {"README.md": "A new page.\n"})
    moved = team.json("build", "greeting", "--images", "skip", "--bump", "auto")
    assert team.values("greeting", moved["charts"][0]["version"])["image"]["digest"]


def test_a_changed_workflow_has_no_digest_until_it_is_pushed(team: Team) -> None:
    team.json("build", "--all", "--images", "push")
    write(team.folder / "workflows" / "greeting", {"specs/a.yaml": "a: 2\n"})
    version = team.json("build", "greeting", "--images", "skip", "--bump", "patch", "--force-version")["charts"][0][
        "version"
    ]
    assert team.values("greeting", version)["image"]["digest"] == ""
    team.commit()
    team.json("build", "greeting", "--images", "push")
    assert team.values("greeting", version)["image"]["digest"].startswith("sha256:")


def test_a_published_version_without_a_digest_never_gets_one(team: Team) -> None:
    team.json("build", "--all", "--images", "skip")
    published = team.folder / "published.yaml"
    published.write_bytes((team.folder / "dist" / "index.yaml").read_bytes())
    before = team.digests()
    done = team.waybill("build", "greeting", "--images", "push", "--merge", "published.yaml")
    assert done.code == 1
    assert "greeting 0.1.0 is in the index with different bytes" in done.err
    assert team.digests() == before
    moved = team.json("build", "greeting", "--images", "push", "--merge", "published.yaml", "--bump", "auto")
    assert moved["charts"][0]["version"] == "0.1.1"


def test_a_planted_image_is_not_taken_and_its_successor_is_a_patch(team: Team) -> None:
    built = team.json("build", "greeting", "--images", "push")
    tag = built["images"][0]["tags"][0]
    planted = f"{team.repository('greeting')}:{tag}"
    host, environment = team.environment["DOCKER_HOST"], dict(team.environment)
    docker(host, "rmi", planted)
    docker(host, "tag", SMALL_RUNTIME, planted)
    docker(host, "push", planted, env=environment)
    docker(host, "rmi", planted)
    there = team.served(planted)
    # Another commit is in the labels, so what is built now has another digest.
    team.commit()
    done = team.waybill("build", "greeting", "--images", "push")
    assert done.code == 1
    assert "greeting 0.1.0 is in the index with different bytes" in done.err
    again = team.json("build", "greeting", "--images", "push", "--bump", "auto")
    [chart], [image] = again["charts"], again["images"]
    served = team.served(planted)
    assert served
    assert there
    assert image["digest"] == served.digest != there.digest
    assert (chart["version"], chart["bump"]) == ("0.1.1", "patch")


@pytest.mark.parametrize(
    ("variables", "reason"),
    [
        ({"DOCKER_HOST": "unix:///nowhere/docker.sock"}, "no container engine is running"),
        ({"BUILDER_IMAGE": "localhost:1/nobody/has:1"}, "the container engine does not have localhost:1/nobody/has:1"),
    ],
)
def test_without_engine_or_builder_a_build_says_in_a_line_why_there_is_no_image_and_goes_on(
    team: Team, variables: dict[str, str], reason: str
) -> None:
    done = team.waybill("build", "greeting", **variables)
    assert done.code == 0, done.err
    [line] = [line for line in done.err.splitlines() if line.startswith("no image ")]
    assert f"{team.repository('greeting')}:src-" in line
    assert reason in line
    assert line.endswith("waybill image greeting builds it")
    assert (team.folder / "dist" / "greeting-0.1.0.tgz").is_file()


def test_a_build_that_insists_ends_with_where_an_engine_was_looked_for(team: Team) -> None:
    done = team.waybill("build", "greeting", "--images", "build", DOCKER_HOST="unix:///nowhere/docker.sock")
    assert done.code == 1
    assert "unix:///nowhere/docker.sock (DOCKER_HOST)" in done.err
    assert not (team.folder / "charts").exists()


def test_a_failed_image_leaves_its_chart_and_the_others_complete(team: Team) -> None:
    team.json("build", "--all", "--images", "skip")
    chart = "charts/workflows/charts/greeting/Chart.yaml"
    before = team.digests()
    write(team.folder / "workflows" / "greeting", {"argfile.conf": "MAVEN_ARGS_APPEND=-Dbreak\n"})
    write(team.folder / "workflows" / "saving", {"specs/new.yaml": "a: 1\n"})
    done = team.waybill("build", "--all", "--images", "build", "--bump", "auto")
    assert done.code == 1
    after = team.digests()
    assert {path for path in before if before[path] != after.get(path)} & {chart} == set()
    assert after["charts/workflows/charts/saving/Chart.yaml"] != before["charts/workflows/charts/saving/Chart.yaml"]
    log = (team.folder / "dist" / "logs" / "greeting.log").read_text().splitlines()
    assert sum(line.startswith("[ERROR] line ") for line in log) == 60
    shown = [line.strip() for line in done.err.splitlines() if line.strip().startswith("[ERROR] line ")]
    assert shown == [f"[ERROR] line {number} of the build" for number in range(22, 61)]
    assert "the log is dist/logs/greeting.log" in done.err


def test_a_folder_with_uncommitted_changes_is_pushed_only_where_that_is_allowed(team: Team) -> None:
    write(team.folder / "workflows" / "greeting", {"specs/a.yaml": "a: 2\n"})
    done = team.waybill("image", "greeting", "--push")
    assert done.code == 1
    assert "workflows/greeting has uncommitted changes; commit them, or push the image all the same" in done.err
    [image] = team.json("image", "greeting", "--push", "--allow-dirty")["images"]
    assert image["tags"][1].endswith("-dirty")
    assert image["commit"].endswith("-dirty")
    assert team.served(f"{image['repository']}:{image['tags'][1]}")


def test_latest_is_a_tag_of_what_is_pushed_from_the_default_branch_alone(team: Team) -> None:
    git(team.folder, "checkout", "-q", "-b", "topic")
    pushed = team.json("image", "greeting", "--push", "--latest")
    assert pushed["note"] == "nothing was tagged latest: not the default branch"
    assert team.served(f"{team.repository('greeting')}:latest") is None
    git(team.folder, "checkout", "-q", "main")
    [image] = team.json("image", "greeting", "--push", "--latest")["images"]
    latest = team.served(f"{team.repository('greeting')}:latest")
    assert latest
    assert (image["state"], image["digest"]) == ("found", latest.digest)


@pytest.mark.parametrize(
    "job", [{"GITHUB_EVENT_NAME": "pull_request"}, {"CI_PIPELINE_SOURCE": "merge_request_event"}], ids=str
)
def test_a_job_of_a_pull_request_builds_and_never_pushes(team: Team, job: dict[str, str]) -> None:
    built = team.json("build", "greeting", "--images", "push", **job)
    assert built["images"][0]["state"] == "built"
    assert built["note"] == "nothing was pushed: jobs of pull requests never push"
    assert not any(seen.method != "GET" for seen in team.proxy.seen)
    assert team.values("greeting")["image"]["digest"] == ""


def test_a_builder_of_the_environment_makes_a_custom_tag_and_the_charts_folder_keeps_the_committed_one(
    team: Team,
) -> None:
    docker(team.environment["DOCKER_HOST"], "tag", SMALL_BUILDER, "localhost:1/waybill-tests/other:1")
    built = team.json("build", "greeting", "--images", "push", BUILDER_IMAGE="localhost:1/waybill-tests/other:1")
    tag = built["images"][0]["tags"][0]
    assert tag.endswith("-custom")
    assert team.values("greeting")["image"]["tag"] == tag
    committed = yaml.safe_load((team.folder / "charts/workflows/charts/greeting/values.yaml").read_bytes())
    assert committed["image"]["tag"].startswith("src-")
    assert "-custom" not in committed["image"]["tag"]


def test_a_function_with_a_dockerfile_is_built_pushed_and_pinned_in_its_value(team: Team) -> None:
    built = team.json("build", "saving", "--images", "push")
    own, function = built["images"]
    assert (own["name"], function["name"], function["repository"]) == ("saving", "save", f"{team.proxy.host}/team/save")
    value = team.values("saving")["save"]["image"]
    assert value == {"repository": function["repository"], "tag": function["tags"][0], "digest": function["digest"]}
    assert team.served(f"{value['repository']}@{value['digest']}")


def test_two_builds_of_one_workflow_at_a_time_end_with_one_image(team: Team) -> None:
    with ThreadPoolExecutor() as pool:
        done = list(pool.map(lambda _: team.waybill("image", "greeting", "--push", "--json"), range(2)))
    assert [each.code for each in done] == [0, 0]
    digests = {each.json["images"][0]["digest"] for each in done}
    served = team.served(f"{team.repository('greeting')}:{done[0].json['images'][0]['tags'][0]}")
    assert served
    assert served.digest in digests
    assert json.loads((team.folder / "dist" / "images.json").read_bytes())["images"][0]["digest"] in digests


def test_ctrl_c_stops_every_build_tags_nothing_and_says_what_was_pushed(team: Team) -> None:
    write(team.folder / "workflows" / "saving", {"argfile.conf": "MAVEN_ARGS_APPEND=-Dlinger\n"})
    team.commit()
    environment = {**os.environ, **team.environment}
    # A shell's background job, as this test may be, ignores SIGINT, and so would what it starts.
    command = ["env", "--default-signal=INT", *PROGRAM, "build", "--all", "--images", "push", "--jobs", "2"]
    log = team.folder / "dist" / "logs" / "saving.log"
    with subprocess.Popen(
        command, cwd=team.folder, env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        while "lingering" not in (log.read_text() if log.is_file() else "") or not team.served(
            f"{team.repository('greeting')}:{tag_of(team, 'greeting')}"
        ):
            assert process.poll() is None
            time.sleep(0.1)
        # The push is in the journal once waybill has read the digest back.
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "interrupted" in err
    assert f"pushed {team.repository('greeting')}:{tag_of(team, 'greeting')}" in err
    images = docker(team.environment["DOCKER_HOST"], "images", "--format", "{{.Repository}}:{{.Tag}}")
    assert f"{team.repository('saving')}:{tag_of(team, 'saving')}" not in images.splitlines()
    assert not (team.folder / "charts").exists()
    assert not docker(team.environment["DOCKER_HOST"], "ps", "-q")


def tag_of(team: Team, workflow: str) -> str:
    """The tag that the chart of a workflow names."""
    out = team.folder.parent / f"chart-of-{workflow}"
    if not out.exists():
        team.waybill("chart", workflow, "-o", str(out))
    values = yaml.safe_load((out / workflow / "values.yaml").read_bytes())
    return str(values["image"]["tag"])


def test_a_wrong_password_fails_at_once_and_says_where_the_login_came_from(team: Team) -> None:
    wrong = {"WAYBILL_REGISTRY_USERNAME": "somebody", "WAYBILL_REGISTRY_PASSWORD": "wrong-password"}
    done = team.waybill("build", "greeting", "--images", "push", **wrong)
    assert done.code == 1
    assert "wrong-password" not in done.err
    assert (
        f"registry {team.proxy.host}, repository team/serverless-workflow-greeting: the login was refused" in done.err
    )
    assert "WAYBILL_REGISTRY_USERNAME and WAYBILL_REGISTRY_PASSWORD" in done.err
    assert not (team.folder / "charts" / "workflows" / "charts" / "greeting").exists()


def test_the_login_of_the_environment_pushes_and_stands_in_no_file(team: Team, tmp_path: Path) -> None:
    login = team.registry.login
    variables = {"WAYBILL_REGISTRY_USERNAME": login.username, "WAYBILL_REGISTRY_PASSWORD": login.password}
    built = team.json("build", "--all", "--images", "push", DOCKER_CONFIG=str(tmp_path / "empty"), **variables)
    assert {image["state"] for image in built["images"]} == {"pushed"}
    for needle in (login.password, login.basic):
        found = [
            path
            for folder in (team.folder, tmp_path / "cache")
            for path in folder.rglob("*")
            if path.is_file() and needle.encode() in path.read_bytes()
        ]
        assert found == []


def test_the_secrets_of_the_folder_are_in_no_layer_and_not_in_the_history(team: Team, tmp_path: Path) -> None:
    [image] = team.json("image", "greeting")["images"]
    reference = f"{image['repository']}:{image['tags'][0]}"
    host = team.environment["DOCKER_HOST"]
    docker(host, "save", "-o", str(tmp_path / "image.tar"), reference)
    with tarfile.open(tmp_path / "image.tar") as tar:
        layers = [tar.extractfile(member) for member in tar if member.name.endswith("layer.tar")]
        assert len(layers) > 2
        assert not any(layer and HIDDEN.encode() in layer.read() for layer in layers)
    assert HIDDEN not in docker(host, "history", "--no-trunc", reference)


def test_images_lock_has_the_digests_that_the_registries_serve_and_images_are_built_from_them(team: Team) -> None:
    host, environment = team.environment["DOCKER_HOST"], dict(team.environment)
    bases = {
        "builder": (SMALL_BUILDER, f"{team.proxy.host}/bases/builder:1"),
        "runtime": (SMALL_RUNTIME, f"{team.proxy.host}/bases/runtime:1"),
    }
    settings = (team.folder / "waybill.toml").read_text()
    for local, reference in bases.values():
        docker(host, "tag", local, reference)
        docker(host, "push", reference, env=environment)
        settings = settings.replace(local, reference)
    write(team.folder, {"waybill.toml": settings})
    before = tag_of(team, "greeting")
    pinned = team.json("image", "--pin")
    lock = json.loads((team.folder / "images.lock").read_bytes())["images"]
    assert pinned["images"] == lock
    for _, reference in bases.values():
        served = team.served(reference)
        assert served
        assert lock[reference] == served.digest
    [image] = team.json("image", "greeting")["images"]
    assert image["tags"][0] != before
    labels = json.loads(
        docker(host, "inspect", "-f", "{{json .Config.Labels}}", f"{image['repository']}:{image['tags'][0]}")
    )
    assert labels["org.opencontainers.image.base.digest"] == lock[bases["runtime"][1]]


def test_a_saved_image_is_an_oci_archive_with_the_labels(team: Team) -> None:
    team.json("image", "greeting", "--save", "greeting.tar")
    shown = subprocess.run(
        ["skopeo", "inspect", "oci-archive:greeting.tar"], cwd=team.folder, capture_output=True, text=True, check=True
    )
    labels = json.loads(shown.stdout)["Labels"]
    assert labels["org.opencontainers.image.revision"] == git(team.folder, "rev-parse", "HEAD")


def test_an_index_under_the_tag_is_what_the_chart_names(team: Team) -> None:
    """What Docker 29 pushes: an index over the manifest of the platform."""
    built = team.json("image", "greeting", "--push")
    [image] = built["images"]
    name = read_image_name(f"{image['repository']}:{image['tags'][0]}")
    client = RegistryClient(name.host, team.keychain)
    manifest = client.manifest(name.repository, name.reference)
    assert manifest
    over = index([manifest.descriptor])
    client.push_manifest(name.repository, name.reference, over)
    again = team.json("build", "greeting", "--images", "push")
    assert again["images"][0]["state"] == "found"
    digest = team.values("greeting")["image"]["digest"]
    assert digest == over.digest != manifest.digest
    read = team.served(f"{image['repository']}@{digest}")
    assert read
    assert [each.digest for each in read.manifests] == [manifest.digest]


def test_with_a_public_key_an_image_is_taken_only_with_provenance_that_its_owner_signed(
    team: Team, tmp_path: Path
) -> None:
    keys = make_keys(tmp_path)
    trusting = ("--public-key", keys.public)
    signing = ("--attest", "--signing-key", keys.private)
    # The label alone is not enough: who may push may write it.
    assert team.json("image", "greeting", "--push", "--attest")["images"][0]["state"] == "pushed"
    assert team.json("image", "greeting", "--push", *trusting)["images"][0]["state"] == "pushed"
    secret = {"COSIGN_PASSWORD": KEY_PASSWORD}
    assert team.json("image", "greeting", "--push", *trusting, *signing, **secret)["images"][0]["state"] == "pushed"
    team.proxy.fail({})
    [image] = team.json("image", "greeting", "--push", *trusting)["images"]
    assert image["state"] == "found"
    assert len(team.proxy.seen) <= 20
    verified = team.json("verify", f"{image['repository']}@{image['digest']}", *trusting)
    signed = [each for each in verified["attestations"] if each["signature"] == "valid"]
    assert sorted(each["kind"] for each in signed) == ["SBOM", "provenance"]
    assert {each["commit"] for each in signed} == {None, git(team.folder, "rev-parse", "HEAD")}


def test_a_rerun_attaches_what_a_run_that_failed_half_way_could_not(team: Team, tmp_path: Path) -> None:
    done = team.waybill("image", "greeting", "--push", "--attest", "--signing-key", str(tmp_path / "no.key"))
    assert done.code == 1
    assert str(tmp_path / "no.key") in done.err
    assert "is pushed already; run the same command again to continue" in done.err
    [image] = team.json("image", "greeting", "--push", "--attest")["images"]
    assert image["state"] == "found"
    verified = team.json("verify", f"{image['repository']}@{image['digest']}")
    assert sorted(each["kind"] for each in verified["attestations"]) == ["SBOM", "provenance"]
    # On another machine nothing is left of that run: what has no statements is built again.
    write(team.folder / "workflows" / "greeting", {"specs/a.yaml": "a: 2\n"})
    team.commit()
    team.json("image", "greeting", "--push")
    for file in (team.folder / "dist" / "attestations").iterdir():
        file.unlink()
    assert team.json("image", "greeting", "--push", "--attest")["images"][0]["state"] == "pushed"
    assert team.json("image", "greeting", "--push", "--attest")["images"][0]["state"] == "found"


def test_the_sbom_of_a_pushed_image_has_each_jar_of_the_application(team: Team, tmp_path: Path) -> None:
    [image] = team.json("image", "greeting", "--push")["images"]
    statement = json.loads((team.folder / "dist" / "attestations" / "greeting.sbom.json").read_bytes())
    assert statement["subject"][0]["digest"] == {"sha256": image["digest"].removeprefix("sha256:")}
    host = team.environment["DOCKER_HOST"]
    container = docker(host, "create", f"{image['repository']}:{image['tags'][0]}")
    docker(host, "cp", f"{container}:/deployments", str(tmp_path / "deployments"))
    docker(host, "rm", container)
    jars = {f"/deployments/{path.relative_to(tmp_path / 'deployments')}" for path in tmp_path.rglob("*.jar")}
    assert {component["bom-ref"] for component in statement["predicate"]["components"]} == jars


@pytest.mark.parametrize("number", range(2, 30, 6))
def test_a_registry_that_is_killed_during_a_push_and_starts_again_has_the_image_in_the_end(
    team: Team, number: int
) -> None:
    team.json("image", "greeting")
    team.proxy.fail({number: Fault(meanwhile=team.registry.restart)})
    [image] = team.json("image", "greeting", "--push")["images"]
    served = team.served(f"{image['repository']}:{image['tags'][0]}")
    assert served
    assert image["digest"] == served.digest
