"""The pipelines for Tekton and Argo Workflows: against their definitions, and each script as a shell runs it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from generator.delivery.pipeline_steps import STEPS, Step
from pipeline.cli import waybill as command_line
from pipeline.images.result import ImageResult
from pipeline.proposals.proposing import Proposed
from tests.conftest import ROOT, Waybill
from tests.git_server import PASSWORD, git_server
from tests.integration.custom_resources import refusals

COMMON = ["--repo", "github:my-org/workflows", "--image", "quay.io/my-org/waybill:1", "--namespace", "demo"]
#: Every form of pipelines: what it is called, and the options for it.
PIPELINES = {
    "tekton, github": [
        "tekton",
        *COMMON,
        "--to",
        "github:my-org/config",
        "--publish-to",
        "oci://quay.io/my-org/charts",
    ],
    "tekton, gitlab": [
        *("tekton", "--repo", "gitlab:my-group/workflows#release", "--image", "waybill:1", "--namespace", "demo"),
        *("--to", ".", "--secret", "tokens", "--fs-group", "1001"),
    ],
    "tekton, git": [
        *("tekton", "--repo", "https://git.example.com/a.git", "--image", "waybill:1", "--namespace", "demo"),
        *("--publish-to", "github:my-org/charts", "--name", "build"),
    ],
    "argo workflows": ["argo-workflows", *COMMON, "--to", "github:my-org/config", "--fs-group", "1001"],
}
#: What the API server of every cluster has itself, and no definition.
BUILT_IN = ("v1", "rbac.authorization.k8s.io/v1")
#: How the engines begin what they replace.
TEMPLATE = re.compile(r"\$\(|\{\{")


def written(waybill: Waybill, *words: str) -> list[dict[str, Any]]:
    """The objects of one form."""
    done = waybill("gitops", *words)
    assert done.code == 0, done.err
    return [*yaml.safe_load_all(done.out)]


def runs_in(objects: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The runs that a trigger starts, which the definition of TriggerTemplate leaves open."""
    templates = [each for each in objects if each["kind"] == "TriggerTemplate"]
    return [run for each in templates for run in each["spec"]["resourcetemplates"]]


@pytest.mark.parametrize("words", PIPELINES.values(), ids=PIPELINES)
def test_tekton_and_argo_workflows_know_every_field(words: list[str], waybill: Waybill, shared: Path) -> None:
    folder = shared / "crds-others" / ("tekton" if words[0] == "tekton" else "argo-workflows")
    objects = written(waybill, *words)
    custom = [each for each in (*objects, *runs_in(objects)) if each["apiVersion"] not in BUILT_IN]
    assert [said for each in custom for said in refusals(each, folder)] == []
    # The check itself sees a field that nobody knows, where the definitions know fields: those of Triggers do not.
    for each in custom:
        wrong = refusals({**each, "spec": {**each["spec"], "unknown": 1}}, folder)
        assert bool(wrong) == (not each["apiVersion"].startswith("triggers."))


@pytest.mark.parametrize("words", PIPELINES.values(), ids=PIPELINES)
def test_every_name_that_an_object_refers_to_is_written(words: list[str], waybill: Waybill) -> None:
    """What Tekton's own admission would say: its definitions know no references."""
    objects = written(waybill, *words)
    names = {(each["kind"], each["metadata"]["name"]) for each in objects}
    for each in objects:
        spec = each.get("spec", {})
        match each["kind"]:
            case "Pipeline":
                declared = {param["name"] for param in spec["params"]}
                for task in spec["tasks"]:
                    assert ("Task", task["taskRef"]["name"]) in names
                    assert {param["name"] for param in task["params"]} <= declared
            case "EventListener":
                (trigger,) = spec["triggers"]
                assert ("TriggerBinding", trigger["bindings"][0]["ref"]) in names
                assert ("TriggerTemplate", trigger["template"]["ref"]) in names
                assert ("ServiceAccount", spec["serviceAccountName"]) in names
            case "WorkflowTemplate":
                assert ("ServiceAccount", spec["serviceAccountName"]) in names
                entry, *templates = spec["templates"]
                assert [task["template"] for task in entry["dag"]["tasks"]] == [one["name"] for one in templates]
            case "RoleBinding" | "ClusterRoleBinding":
                assert (each["roleRef"]["kind"], each["roleRef"]["name"]) in names
                (subject,) = each["subjects"]
                assert ("ServiceAccount", subject["name"]) in names
    for run in runs_in(objects):
        assert ("Pipeline", run["spec"]["pipelineRef"]["name"]) in names
        assert ("ServiceAccount", run["spec"]["taskRunTemplate"]["serviceAccountName"]) in names


def containers(objects: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each container that is started, with the name of its step."""
    for each in objects:
        if each["kind"] == "Task":
            yield from ((step["name"], step) for step in each["spec"]["steps"])
        elif each["kind"] == "WorkflowTemplate":
            yield from ((one["name"], one["container"]) for one in each["spec"]["templates"] if "container" in one)


@pytest.mark.parametrize("words", PIPELINES.values(), ids=PIPELINES)
def test_a_container_has_the_secrets_of_its_step_and_no_rights(words: list[str], waybill: Waybill) -> None:
    found = dict(containers(written(waybill, *words)))
    assert [*found] == [step.name for step in STEPS]
    keys = {
        name: sorted(each["valueFrom"]["secretKeyRef"]["key"] for each in one["env"] if "valueFrom" in each)
        for name, one in found.items()
    }
    assert keys == {
        "clone": ["clone-token"],
        "lint": [],
        "image": [".dockerconfigjson"],
        "chart": [".dockerconfigjson"],
        "check": [],
        "propose": ["git-token"],
        "publish": [".dockerconfigjson", "git-token"],
    }
    for one in found.values():
        assert one["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "seccompProfile": {"type": "RuntimeDefault"},
        }
        # A parameter reaches the shell in a variable, never as part of its text, and no engine finds a template in it.
        assert one["command"] == ["/bin/sh"]
        assert not TEMPLATE.search(one["args"][1])


def step(name: str) -> Step:
    return next(each for each in STEPS if each.name == name)


class Pod:
    """A step as a pod runs it: the same script, but its volume is a folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self.volume = folder / "work"
        self.home = self.volume / "home"
        self.result = folder / "result"
        self.log = folder / "words"
        programs = folder / "bin"
        programs.mkdir()
        self.home.mkdir(parents=True)
        (programs / "python3").symlink_to(sys.executable)
        self.stub = programs / "waybill"
        self.stub.write_text(
            f"#!{sys.executable}\n"
            "import json, os, sys\n"
            f"open({str(self.log)!r}, 'a').write(json.dumps(sys.argv[1:]) + '\\n')\n"
            "print(os.environ.get('DOCUMENT', ''))\n"
            "sys.exit(int(os.environ.get('CODE', '0')))\n"
        )
        self.stub.chmod(0o755)
        self.path = f"{programs}:{os.environ['PATH']}"

    def run(self, step: Step, variables: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        folder = self.volume / "source" if step.folder.endswith("source") else self.volume
        folder.mkdir(exist_ok=True)
        given = dict.fromkeys((each.variable for each in step.parameters), "")
        own = {"PATH": self.path, "HOME": str(self.home), "RESULT": str(self.result)}
        return subprocess.run(
            ["/bin/sh", "-c", step.script],
            cwd=folder,
            env={**given, **own, **variables},
            capture_output=True,
            text=True,
            check=False,
        )

    def use(self, program: Path) -> None:
        """Run a program where the scripts say waybill."""
        self.stub.unlink()
        self.stub.symlink_to(program)

    @property
    def words(self) -> list[list[str]]:
        """The words of each waybill that was run."""
        return [json.loads(line) for line in self.log.read_text().splitlines()] if self.log.exists() else []


@pytest.fixture
def pod(tmp_path: Path) -> Pod:
    return Pod(tmp_path)


LISTS = {"image": "images", "chart": "charts", "propose": "proposals"}
PLACES = {"PROPOSE_TO": "github:my-org/config", "PUBLISH_TO": "oci://a.example/charts github:my-org/charts"}
#: What each step runs for no workflow, and for two; a star is the pattern that it looks like.
RUN = [
    ("lint", ["lint"], ["lint", "--", "greeting", "*"]),
    ("image", ["image", "--push", "--engine", "jib", "--json", "--all"], None),
    ("chart", ["build", "--images", "push", "--engine", "jib", "--json", "--all"], None),
    ("check", ["check"], ["check", "--", "greeting", "*"]),
    ("propose", ["propose", "--to", "github:my-org/config", "--json", "--all"], None),
    ("publish", ["publish", "--to", "oci://a.example/charts", "--to", "github:my-org/charts"], None),
]


@pytest.mark.parametrize(("name", "words", "named"), RUN, ids=[name for name, _, _ in RUN])
def test_a_step_runs_a_command_that_waybill_has(name: str, words: list[str], named: list[str] | None, pod: Pod) -> None:
    document = json.dumps({LISTS[name]: []}) if name in LISTS else ""
    for workflows in ("", "greeting *"):
        done = pod.run(step(name), {**PLACES, "WORKFLOWS": workflows, "DOCUMENT": document})
        assert done.returncode == 0, done.stderr
    expected = named or ([*words[:-1], "--", "greeting", "*"] if words[-1] == "--all" else words)
    assert pod.words == [words, expected]
    for each in pod.words:
        command = command_line.get_command(click.Context(command_line), each[0])
        assert command is not None
        command.make_context(each[0], each[1:])


def test_a_step_without_a_place_runs_nothing_and_has_an_empty_result(pod: Pod) -> None:
    for name in ("propose", "publish"):
        assert pod.run(step(name), {}).returncode == 0
    assert (pod.words, pod.result.read_text()) == ([], "")


def test_a_step_fails_with_its_command(pod: Pod) -> None:
    for each in STEPS[1:]:
        assert pod.run(each, {**PLACES, "CODE": "3"}).returncode == 3, each.name


PUSHED = ImageResult(
    workflow="greeting",
    name="greeting",
    repository="quay.io/my-org/greeting",
    tags=("src-1",),
    key="1",
    state="pushed",
    digest=f"sha256:{'0' * 64}",
)
IMAGE = PUSHED.as_json()
OPENED = Proposed(workflow="greeting", chart="greeting", version="2.0.0", state="opened", url="https://a/1")
DOCUMENTS = [
    ("image", {"images": [IMAGE]}, f"{PUSHED.repository}@{PUSHED.digest}"),
    ("propose", {"proposals": [OPENED.as_json(), replace(OPENED, url="").as_json()]}, "https://a/1"),
]


@pytest.mark.parametrize(("name", "document", "result"), DOCUMENTS, ids=[name for name, _, _ in DOCUMENTS])
def test_a_result_has_lines_of_what_was_made(name: str, document: Any, result: str, pod: Pod) -> None:
    done = pod.run(step(name), {**PLACES, "DOCUMENT": json.dumps(document)})
    assert (done.returncode, pod.result.read_text()) == (0, result), done.stderr


def test_the_result_of_a_build_is_its_charts_with_their_versions(pod: Pod, waybill: Waybill, tmp_path: Path) -> None:
    for name in ("greeting", "shared"):
        shutil.copytree(ROOT / "workflows" / name, tmp_path / "workflows" / name)
    built = waybill("build", "greeting", "--images", "skip", "--json")
    assert built.code == 0, built.err
    done = pod.run(step("chart"), {"DOCUMENT": built.out})
    assert (done.returncode, pod.result.read_text()) == (0, "greeting 0.1.0"), done.stderr


def test_a_result_of_500_images_is_as_long_as_a_pod_may_report(pod: Pod) -> None:
    done = pod.run(step("image"), {"DOCUMENT": json.dumps({"images": [IMAGE] * 500})})
    assert done.returncode == 0, done.stderr
    lines = pod.result.read_text().splitlines()
    assert len(pod.result.read_bytes()) < 3100
    assert lines[-1] == f"and {500 - len(lines) + 1} more"


def test_the_clone_is_at_the_revision_and_has_its_history(pod: Pod, tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    git(tmp_path, "init", "--quiet", "--initial-branch", "main", str(repository))
    commits = []
    for text in ("one", "two"):
        (repository / "file").write_text(text)
        git(repository, "add", "file")
        git(repository, "commit", "--quiet", "-m", text)
        commits.append(git(repository, "rev-parse", "HEAD"))
    for revision, text in (("main", "two"), (commits[0], "one"), ("main", "two")):
        done = pod.run(step("clone"), {"REPOSITORY": f"file://{repository}", "REVISION": revision})
        assert done.returncode == 0, done.stderr
        assert (pod.volume / "source" / "file").read_text() == text
    assert git(pod.volume / "source", "rev-list", "HEAD").split() == commits[::-1]
    # What begins like an option is a name all the same.
    marker = tmp_path / "run"
    done = pod.run(step("clone"), {"REPOSITORY": f"file://{repository}", "REVISION": f"--upload-pack=touch {marker};"})
    assert done.returncode != 0
    assert not marker.exists()


def test_the_steps_without_secrets_run_on_a_clone_of_our_workflows(pod: Pod, tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    for name in ("greeting", "shared"):
        shutil.copytree(ROOT / "workflows" / name, repository / "workflows" / name)
    git(repository, "init", "--quiet", "--initial-branch", "main")
    git(repository, "add", ".")
    git(repository, "commit", "--quiet", "-m", "greeting")
    pod.use(Path(sys.executable).with_name("waybill"))
    given = {"REPOSITORY": f"file://{repository}", "REVISION": "main", "WORKFLOWS": "greeting"}
    for name in ("clone", "lint", "check"):
        done = pod.run(step(name), given)
        assert done.returncode == 0, done.stderr
    assert "greeting" in done.stderr
    done = pod.run(step("lint"), {**given, "WORKFLOWS": "greting"})
    assert done.returncode == 2
    assert "did you mean 'greeting'" in done.stderr


def test_a_private_repository_is_cloned_with_a_token_that_stays_nowhere(pod: Pod, tmp_path: Path) -> None:
    with git_server(tmp_path / "server") as server:
        server.import_files({"file": b"private"}, branch="main")
        variables = {"REPOSITORY": server.url, "REVISION": "main"}
        assert pod.run(step("clone"), variables).returncode != 0
        done = pod.run(step("clone"), {**variables, "CLONE_TOKEN": PASSWORD})
        assert done.returncode == 0, done.stderr
    assert (pod.volume / "source" / "file").read_bytes() == b"private"
    files = [path.read_bytes() for path in pod.volume.rglob("*") if path.is_file()]
    assert not [each for each in (*files, done.stdout.encode(), done.stderr.encode()) if PASSWORD.encode() in each]


def git(folder: Path, *words: str) -> str:
    who = [word for name in ("user.name", "user.email") for word in ("-c", f"{name}=tests@example.com")]
    program = shutil.which("git")
    assert program
    done = subprocess.run([program, *who, *words], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()
