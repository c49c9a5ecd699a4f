"""What GitHub Actions gets: what actionlint and zizmor say of it, and what running it on a machine cannot show."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from generator.delivery.github_actions import ACTIONS, COMMON, FOLDER
from tests.command import run
from tests.conftest import ROOT, Helm, missing
from tests.unit.conftest import write, write_workflow

WORKFLOWS = ROOT / FOLDER
FILES = sorted(WORKFLOWS.iterdir())
#: The tests of waybill itself, which no command writes.
CI = WORKFLOWS / "ci.yml"
#: What people start.
BY_HAND = [path for path in FILES if path.name not in COMMON and path != CI]
#: How callers of the old pipeline look: the secrets as they come, inputs by their old names, no permissions.
OLD_CALLERS = """\
name: MTA end to end
on:
  workflow_dispatch:
  pull_request:
    branches: [main]
jobs:
  build:
    uses: ./.github/workflows/main.yml
    secrets: inherit
    with:
      workflow_id: mta-v7.x
      it_mode: true
  nested:
    uses: ./.github/workflows/main.yml
    secrets: inherit
    with:
      workflow_id: experimentals/greeting
  escalation:
    uses: ./.github/workflows/main.yml
    secrets: inherit
    with:
      workflow_id: escalation
      application_id: jira-listener
  run:
    runs-on: ubuntu-24.04
    needs: build
    steps:
      - uses: actions/download-artifact@v4
        with:
          name: serverless-workflow-mta-v7.x-manifests
      - uses: actions/download-artifact@v4
        with:
          name: serverless-workflow-mta-v7.x-${{ github.sha }}.tar
"""
OLD_SECRETS = {
    "HELM_REPO_TOKEN",
    "NEW_QUAY_USERNAME",
    "NEW_QUAY_PASSWORD",
    "REGISTRY_REDHAT_IO_USER",
    "REGISTRY_REDHAT_IO_PASSWORD",
}
PROCESS = {"contents": "write", "pull-requests": "write", "id-token": "write", "attestations": "write"}


def read(path: Path) -> dict[Any, Any]:
    """A file as GitHub reads it; YAML 1.1 takes the key `on` for true."""
    document = dict(yaml.safe_load(path.read_text()))
    return {"on" if key is True else key: value for key, value in document.items()}


def jobs(path: Path) -> dict[str, dict[str, Any]]:
    return dict(read(path)["jobs"])


def steps() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every step of every file, with the name of the file."""
    for path in FILES:
        for job in jobs(path).values():
            for step in job.get("steps", ()):
                yield path.name, step
    for step in read(ROOT / "action.yml")["runs"]["steps"]:
        yield "action.yml", step


def step_of(file: str, name: str) -> dict[str, Any]:
    return next(step for where, step in steps() if where == file and step.get("name") == name)


def actionlint(folder: Path) -> str:
    """What actionlint says of the files of a repository."""
    program = os.environ.get("WAYBILL_ACTIONLINT") or shutil.which("actionlint")
    if program is None:
        missing("actionlint (run: nox -s tests, where Go is)")
    files = sorted((folder / FOLDER).iterdir())
    # Without a repository around them, it needs to be told where `./` is.
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    done = subprocess.run([program, *map(str, files)], cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def zizmor(folder: Path) -> str:
    """What zizmor finds in a repository; nothing if it is happy."""
    program = Path(sys.executable).parent / "zizmor"
    if not program.is_file():
        missing("zizmor (run: nox -s tests)")
    command = [str(program), "--offline", "--no-progress", "--persona", "pedantic", "--format", "plain", "."]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def copied(folder: Path) -> Path:
    """A repository with nothing but the files of this one."""
    shutil.copytree(ROOT / ".github", folder / ".github")
    shutil.copy(ROOT / "action.yml", folder)
    return folder


def test_the_files_of_this_repository_are_what_waybill_actions_writes() -> None:
    done = run("actions", "--check", cwd=ROOT)
    assert done.code == 0, done.err


def test_actionlint_finds_nothing(tmp_path: Path) -> None:
    assert actionlint(copied(tmp_path)) == ""


def test_zizmor_finds_nothing(tmp_path: Path) -> None:
    assert zizmor(copied(tmp_path)) == ""


def test_zizmor_and_actionlint_find_what_is_wrong(tmp_path: Path) -> None:
    path = copied(tmp_path) / FOLDER / "on-merge.yaml"
    text = path.read_text().replace(ACTIONS["checkout"], "actions/checkout@v6").replace("matrix.name", "matrx.name")
    path.write_text(text)
    assert "unpinned-uses" in zizmor(tmp_path)
    assert "matrx" in actionlint(tmp_path)


def test_what_is_suppressed_has_a_reason_and_is_no_more_than_is_known() -> None:
    found = [
        (path.name, rule, reason.strip())
        for path in (*FILES, ROOT / "action.yml")
        for rule, reason in re.findall(r"# zizmor: ignore\[([\w-]+)\](.*)", path.read_text())
    ]
    assert all(reason for _, _, reason in found)
    assert {(file, rule) for file, rule, _ in found if rule != "self-repository"} == {
        ("main.yml", "excessive-permissions"),
        ("comment.yaml", "dangerous-triggers"),
    }


def test_every_action_is_pinned_by_a_commit_with_its_release_beside_it() -> None:
    known = {*ACTIONS.values(), "actions/setup-python@a309ff8b426b58ec0e2a45f0f869d46889d02405 # v6.2.0"}
    used = {
        line.partition("uses: ")[2]
        for path in (*FILES, ROOT / "action.yml")
        for line in path.read_text().splitlines()
        if re.match(r"\s*(- )?uses: (?!\./)", line)
    }
    assert used == known
    assert all(re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line) for line in used)


def test_no_context_reaches_a_shell_but_through_a_variable() -> None:
    scripts = [(file, step["run"]) for file, step in steps() if "run" in step]
    assert len(scripts) > 10
    assert [file for file, script in scripts if "${{" in script] == []


def test_no_script_has_a_syntax_error() -> None:
    for file, step in steps():
        if "run" in step:
            done = subprocess.run(["bash", "-n"], input=step["run"], capture_output=True, text=True, check=False)
            assert done.returncode == 0, (file, step["name"], done.stderr)


def test_no_credential_is_kept_in_a_checkout() -> None:
    checkouts = [step for _, step in steps() if step.get("uses", "").startswith("actions/checkout@")]
    assert checkouts
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


@pytest.mark.parametrize(
    ("file", "job", "permissions"),
    [
        ("on-merge.yaml", "changed", {"contents": "read"}),
        ("on-merge.yaml", "process", PROCESS),
        ("pull-request.yaml", "check", {"contents": "read"}),
        ("ci.yml", "tests", {"contents": "read"}),
        ("comment.yaml", "comment", {"actions": "read", "pull-requests": "write"}),
        ("release.yaml", "publish", {"contents": "write"}),
        ("release.yaml", "pages", {"contents": "read", "pages": "write", "id-token": "write"}),
        *((path.name, "process", PROCESS) for path in BY_HAND),
    ],
)
def test_a_job_has_the_permissions_that_it_needs(file: str, job: str, permissions: dict[str, str]) -> None:
    assert jobs(WORKFLOWS / file)[job]["permissions"] == permissions


def test_every_job_is_in_the_table_of_permissions_and_every_permission_says_what_for() -> None:
    assert {path.name: sorted(jobs(path)) for path in FILES if path not in BY_HAND} == {
        "ci.yml": ["tests"],
        "main.yml": ["process"],
        "on-merge.yaml": ["changed", "process"],
        "pull-request.yaml": ["check"],
        "comment.yaml": ["comment"],
        "release.yaml": ["pages", "publish"],
    }
    for path in FILES:
        if path.name != "main.yml":
            assert read(path)["permissions"] == {}
        granted = [line for line in path.read_text().splitlines() if re.match(r" {6}[\w-]+: (read|write)\b", line)]
        assert all(re.search(r" # \w", line) for line in granted), path.name


def test_the_reusable_workflow_asks_for_no_more_than_its_caller_has() -> None:
    assert "permissions" not in read(WORKFLOWS / "main.yml")
    assert "permissions" not in jobs(WORKFLOWS / "main.yml")["process"]


def test_what_starts_each_file() -> None:
    assert {path.name: read(path)["on"] for path in FILES if path.name != "main.yml" and path not in BY_HAND} == {
        "ci.yml": {"push": {"branches": ["main"]}, "pull_request": None, "merge_group": None},
        "on-merge.yaml": {"push": {"branches": ["main"]}},
        "pull-request.yaml": {"pull_request": None, "merge_group": None},
        "comment.yaml": {"workflow_run": {"workflows": ["Pull request"], "types": ["completed"]}},
        "release.yaml": {"push": {"branches": ["main"], "paths": ["charts/**"]}, "workflow_dispatch": None},
    }
    assert list(read(WORKFLOWS / "main.yml")["on"]) == ["workflow_call"]
    assert all(read(path)["on"] == {"workflow_dispatch": None} for path in BY_HAND)
    assert read(WORKFLOWS / "pull-request.yaml")["name"] == "Pull request"


def test_only_what_writes_nothing_is_cancelled_half_way() -> None:
    cancelled = {path.name for path in FILES if read(path)["concurrency"]["cancel-in-progress"] is not False}
    assert cancelled == {"ci.yml", "pull-request.yaml", "comment.yaml"}


def test_the_tests_run_on_every_system_by_the_command_of_the_readme() -> None:
    tests = jobs(CI)["tests"]
    systems = [each["system"].partition("-")[0] for each in tests["strategy"]["matrix"]["include"]]
    assert systems == ["ubuntu", "macos", "windows"]
    commands = [step["run"] for step in tests["steps"] if "run" in step]
    assert "pip install nox && nox -s tests" in (ROOT / "README.md").read_text()
    assert commands == ["pip install nox && nox -s tests $TESTS", "nox -s build-workflow -- --all --check"]


def test_waybill_actions_leaves_a_file_alone_that_it_has_not_written(tmp_path: Path) -> None:
    write_workflow(tmp_path / "workflows", "greeting")
    own = write(tmp_path, {f"{FOLDER}/ci.yml": "name: Ours\n"}) / FOLDER / "ci.yml"
    words = ("actions", "--uses", f"octo/waybill@{'1' * 40}")
    assert run(*words, cwd=tmp_path).code == 0
    assert own.read_text() == "name: Ours\n"
    assert run(*words, "--check", cwd=tmp_path).code == 0


def test_a_called_workflow_does_not_wait_for_the_group_of_its_caller() -> None:
    def beginning(path: Path) -> str:
        return str(read(path)["concurrency"]["group"]).partition("-$")[0]

    called = beginning(WORKFLOWS / "main.yml")
    assert called not in {beginning(path) for path in (*BY_HAND, WORKFLOWS / "on-merge.yaml")}


def test_the_matrix_goes_on_where_a_job_fails_and_does_not_run_where_nothing_changed() -> None:
    process = jobs(WORKFLOWS / "on-merge.yaml")["process"]
    assert process["strategy"]["fail-fast"] is False
    assert process["if"] == "${{ needs.changed.outputs.count != '0' }}"
    assert set(jobs(WORKFLOWS / "on-merge.yaml")["changed"]["outputs"]) == {"count", "matrix"}


def test_a_pull_request_has_no_secret_and_a_comment_no_checkout() -> None:
    assert "secrets." not in (WORKFLOWS / "pull-request.yaml").read_text()
    comment = [step for file, step in steps() if file == "comment.yaml"]
    assert not any("checkout" in step.get("uses", "") or step.get("uses") == "./" for step in comment)
    assert "waybill " not in "".join(step.get("run", "") for step in comment).replace("waybill diff -->", "")


def test_secrets_are_passed_by_name_and_each_one_that_is_declared_is_used() -> None:
    text = (WORKFLOWS / "main.yml").read_text()
    declared = read(WORKFLOWS / "main.yml")["on"]["workflow_call"]["secrets"]
    assert declared.keys() > OLD_SECRETS
    assert {name: secret["required"] for name, secret in declared.items()} == dict.fromkeys(declared, False)
    assert {name for name in declared if f"secrets.{name}" in text} == set(declared)
    for path in (*BY_HAND, WORKFLOWS / "on-merge.yaml"):
        passed = jobs(path)["process"]["secrets"]
        assert passed == {name: f"${{{{ secrets.{name} }}}}" for name in declared}


def test_every_input_is_described_optional_and_used() -> None:
    text = (WORKFLOWS / "main.yml").read_text()
    for name, declared in read(WORKFLOWS / "main.yml")["on"]["workflow_call"]["inputs"].items():
        assert declared["description"].endswith(".")
        assert "default" in declared
        assert f"inputs.{name}" in text
    for name, declared in read(ROOT / "action.yml")["inputs"].items():
        assert declared["description"].endswith(".")
        assert f"inputs.{name}" in (ROOT / "action.yml").read_text()


def test_callers_of_the_old_pipeline_work_unchanged(tmp_path: Path) -> None:
    write(copied(tmp_path), {f"{FOLDER}/old.yaml": OLD_CALLERS})
    assert "old.yaml" not in actionlint(tmp_path)
    accepted = read(WORKFLOWS / "main.yml")["on"]["workflow_call"]["inputs"]
    for job in yaml.safe_load(OLD_CALLERS)["jobs"].values():
        for name, value in job.get("with", {}).items():
            assert {"string": str, "boolean": bool}[accepted[name]["type"]] is type(value)


def test_an_input_that_no_caller_may_pass_is_found(tmp_path: Path) -> None:
    write(copied(tmp_path), {f"{FOLDER}/old.yaml": OLD_CALLERS.replace("it_mode", "it_mod")})
    assert "it_mod" in actionlint(tmp_path)


def inputs_read(folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the step that reads the inputs."""
    folder.mkdir(exist_ok=True)
    given = {"APPLICATION_ID": "UNDEFINED", "IT_MODE": "false", "OPERATOR": "", **variables}
    environment = {**os.environ, "RUNNER_TEMP": str(folder), "GITHUB_OUTPUT": str(folder / "output"), **given}
    script = step_of("main.yml", "Read the inputs")["run"]
    return subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", script], env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture(autouse=True)
def _jq() -> None:
    if shutil.which("jq") is None:
        missing("jq")


@pytest.mark.parametrize(
    ("ids", "workflows", "artifact"),
    [
        ('["greeting"]', ["greeting"], "serverless-workflow-greeting"),
        ('["a", "b c"]', ["a", "b c"], "serverless-workflow-a"),
        ('["experimentals/greeting"]', ["experimentals/greeting"], "serverless-workflow-experimentals-greeting"),
        ('["$(touch owned)`touch owned`"]', ["$(touch owned)`touch owned`"], "serverless-workflow-$(touch"),
    ],
)
def test_the_names_of_workflows_are_read_as_they_are(
    tmp_path: Path, ids: str, workflows: list[str], artifact: str
) -> None:
    done = inputs_read(tmp_path, WORKFLOW_IDS=ids)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "workflows").read_text().splitlines() == workflows
    assert (tmp_path / "output").read_text().startswith(f"artifact={artifact}")
    assert not (tmp_path / "owned").exists()
    assert not Path("owned").exists()


@pytest.mark.parametrize(
    "ids", ["", "[]", '[""]', "greeting", '"greeting"', '["--all"]', "[1]", "{}", '["a\\nb"]', '["a", null]', "null"]
)
def test_what_is_no_list_of_names_stops_the_job_with_what_is_wrong(tmp_path: Path, ids: str) -> None:
    done = inputs_read(tmp_path, WORKFLOW_IDS=ids)
    assert done.returncode == 1
    assert "::error::workflow_ids is not a JSON list of names, or workflow_id is not a name" in done.stdout


def test_integration_tests_are_of_one_workflow(tmp_path: Path) -> None:
    assert inputs_read(tmp_path, WORKFLOW_IDS='["a"]', IT_MODE="true").returncode == 0
    done = inputs_read(tmp_path, WORKFLOW_IDS='["a", "b"]', IT_MODE="true")
    assert done.returncode == 1
    assert "it_mode is for one workflow" in done.stdout


def test_an_operator_becomes_an_option_and_an_application_a_note(tmp_path: Path) -> None:
    done = inputs_read(tmp_path, WORKFLOW_IDS='["a"]', OPERATOR="1.3.2", APPLICATION_ID="jira-listener")
    assert (tmp_path / "operator").read_text() == "--operator\n1.3.2\n"
    assert "jira-listener" in done.stdout
    assert "::notice::" not in inputs_read(tmp_path, WORKFLOW_IDS='["a"]').stdout
    assert (tmp_path / "operator").read_text() == ""


CURL = """#!/bin/sh
echo "$@" >> "$CALLS"
cat >> "$CALLS"
case "$*" in *robot*) echo '{"token": "short-lived"}' ;; *) echo '{"value": "identity"}' ;; esac
"""
WAYBILL = """#!/bin/sh
printf '%s ' "$WAYBILL_REGISTRY_USERNAME" "$WAYBILL_REGISTRY_PASSWORD" "$@" > "$BUILT"
cat "$RESULT"
exit "$CODE"
"""
DIGEST = "sha256:" + "ab" * 32
IMAGES = [
    {"repository": "quay.io/acme/new", "digest": DIGEST, "state": "pushed"},
    {"repository": "quay.io/acme/old", "digest": "sha256:" + "cd" * 32, "state": "found"},
]


def built(folder: Path, *, code: int = 0, **variables: str) -> str:
    """Run the step that builds, with a `curl` and a `waybill` that record what they are asked for.

    That waybill ends with `code`, and so must the step.
    """
    write(folder, {"workflows": "alpha\nb c\n", "operator": "", "output": "", "calls": ""})
    write(folder, {"result.json": json.dumps({"images": IMAGES})})
    for name, script in (("curl", CURL), ("waybill", WAYBILL)):
        (write(folder / "bin", {name: script}) / name).chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "CALLS": str(folder / "calls"),
        "BUILT": str(folder / "built"),
        "RESULT": str(folder / "result.json"),
        "RUNNER_TEMP": str(folder),
        "GITHUB_OUTPUT": str(folder / "output"),
        "CODE": str(code),
        "IMAGES": "push",
        "REGISTRY": "quay.io",
        "WAYBILL_REGISTRY_USERNAME": "",
        "WAYBILL_REGISTRY_PASSWORD": "",
        **variables,
    }
    script = step_of("main.yml", "Build images and charts")["run"]
    done = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", script], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stderr
    return done.stdout


OIDC = {"ACTIONS_ID_TOKEN_REQUEST_URL": "https://oidc.example.com", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "of-the-run"}


def test_the_login_of_the_secrets_is_used_and_nothing_is_fetched(tmp_path: Path) -> None:
    built(
        tmp_path,
        **{f"WAYBILL_REGISTRY_{name}": value for name, value in (("USERNAME", "bot"), ("PASSWORD", "kept"))},
        **OIDC,
    )
    assert (tmp_path / "built").read_text() == "bot kept build alpha b c --bump auto --images push --json "
    assert (tmp_path / "calls").read_text() == ""


def test_a_robot_without_a_password_logs_in_by_the_identity_of_the_run_and_no_token_is_an_argument(
    tmp_path: Path,
) -> None:
    said = built(tmp_path, WAYBILL_REGISTRY_USERNAME="acme+bot", **OIDC)
    assert (tmp_path / "built").read_text().startswith("acme+bot short-lived build ")
    assert (tmp_path / "calls").read_text().splitlines() == [
        "--silent --show-error --fail --config - https://oidc.example.com",
        'header = "Authorization: bearer of-the-run"',
        "--silent --show-error --fail --config - https://quay.io/oauth2/federation/robot/token",
        'user = "acme+bot:identity"',
    ]
    assert said == "::add-mask::short-lived\n"


def test_only_what_this_run_has_pushed_is_attested_and_only_where_the_run_has_an_identity(tmp_path: Path) -> None:
    built(tmp_path, **OIDC)
    assert (tmp_path / "pushed").read_text() == f"{DIGEST.removeprefix('sha256:')}  quay.io/acme/new\n"
    assert (tmp_path / "output").read_text() == "attest=true\n"
    built(tmp_path, ACTIONS_ID_TOKEN_REQUEST_URL="")
    assert (tmp_path / "output").read_text() == ""


def test_an_image_is_attested_though_another_one_failed(tmp_path: Path) -> None:
    built(tmp_path, code=1, **OIDC)
    assert (tmp_path / "output").read_text() == "attest=true\n"
    attest = step_of("main.yml", "Attest the provenance of the images")
    assert attest["if"] == "${{ !cancelled() && steps.build.outputs.attest == 'true' }}"


def in_pull_request(name: str, helm: Helm, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a step of pull-request.yaml in a folder, with real Helm."""
    path = os.pathsep.join([str(Path(sys.executable).parent), helm.path])
    script = step_of("pull-request.yaml", name)["run"]
    environment = {**os.environ, "PATH": path, "CHARTS": "charts"}
    command = ["bash", "-e", "-o", "pipefail", "-c", script]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_every_chart_of_this_repository_is_rendered_whatever_variables_it_requires(helm: Helm, tmp_path: Path) -> None:
    for name in ("charts", "workflows"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "compatibility.yaml", tmp_path)
    done = in_pull_request("Render the charts", helm, tmp_path)
    assert done.returncode == 0, done.stderr
    write(tmp_path / "charts/workflows/charts/greeting", {"templates/broken.yaml": "{{ .Values.nothing.at.all }}"})
    done = in_pull_request("Render the charts", helm, tmp_path)
    assert done.returncode != 0
    assert "broken.yaml" in done.stderr


GH = """#!/bin/sh
echo "$@" >> "$CALLS"
case "$*" in
  *pulls*) echo '[{"number": 6, "head": {"sha": "other"}}, {"number": 7, "head": {"sha": "abc"}}]' ;;
  *--paginate*) cat "$COMMENTS" ;;
  *--input*) for last; do :; done; cp "$last" "$POSTED" ;;
esac
"""


def commented(folder: Path, text: str, comments: str = "[]", sha: str = "abc") -> list[str]:
    """Run the step that comments, with a `gh` that records what it is asked for; return that."""
    gh = write(folder / "bin", {"gh": GH}) / "gh"
    gh.chmod(0o755)
    write(folder, {"diff/diff.md": text, "comments.json": comments, "calls": ""})
    environment = {
        **os.environ,
        "PATH": f"{gh.parent}{os.pathsep}{os.environ['PATH']}",
        "CALLS": str(folder / "calls"),
        "COMMENTS": str(folder / "comments.json"),
        "POSTED": str(folder / "posted.json"),
        "RUNNER_TEMP": str(folder),
        "GITHUB_REPOSITORY": "acme/flows",
        "HEAD": "octocat:fix",
        "HEAD_SHA": sha,
    }
    script = step_of("comment.yaml", "Post or update the comment")["run"]
    done = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", script], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return (folder / "calls").read_text().splitlines()


def test_a_comment_is_posted_on_the_pull_request_that_the_event_names(tmp_path: Path) -> None:
    calls = commented(tmp_path, "**3 changes**\n")
    assert calls[0] == "api --method GET repos/acme/flows/pulls -f state=open -f head=octocat:fix"
    assert calls[-1].startswith("api --method POST repos/acme/flows/issues/7/comments ")
    posted = json.loads((tmp_path / "posted.json").read_text())
    assert posted == {"body": "<!-- waybill diff -->\n**3 changes**\n"}


def test_a_second_comment_replaces_the_first_one_and_no_person_s(tmp_path: Path) -> None:
    body = "<!-- waybill diff -->\nold"
    comments = [
        {"id": 1, "user": {"type": "User"}, "body": body},
        {"id": 2, "user": {"type": "Bot"}, "body": "hello"},
        {"id": 3, "user": {"type": "Bot"}, "body": body},
    ]
    # Pages come one after the other.
    calls = commented(tmp_path, "new", "[]\n" + json.dumps(comments))
    assert calls[-1].startswith("api --method PATCH repos/acme/flows/issues/comments/3 ")


def test_a_pull_request_that_has_moved_on_gets_no_comment(tmp_path: Path) -> None:
    assert len(commented(tmp_path, "new", sha="gone")) == 1


def test_text_of_a_pull_request_is_no_tag_mention_link_image_or_reference(tmp_path: Path) -> None:
    commented(tmp_path, "<script> @octocat [a](http://x) ![b](c) #12 www.example.com [d]: e | ok |\n# Title\n")
    body = json.loads((tmp_path / "posted.json").read_text())["body"].partition("\n")[2]
    for what in ("<script", "@octocat", "](", "![", "#12", "://", "www.", "]:"):
        assert what not in body
    assert "| ok |\n# Title\n" in body


def test_the_folds_and_the_diagrams_of_a_report_stay(tmp_path: Path) -> None:
    report = '<details>\n<summary>Diagrams</summary>\n\n```mermaid\nn0["a#35;<br/>(b)"] --> n1\n```\n\n</details>\n'
    commented(tmp_path, report)
    assert json.loads((tmp_path / "posted.json").read_text())["body"].endswith(report)
    commented(tmp_path, '<details open onclick="x"><summary id="y">')
    assert "<details" not in json.loads((tmp_path / "posted.json").read_text())["body"]


def test_a_report_that_is_too_long_for_a_comment_is_cut(tmp_path: Path) -> None:
    commented(tmp_path, "x@" * 35_000)
    assert len(json.loads((tmp_path / "posted.json").read_text())["body"]) < 65_536


@pytest.fixture
def other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Another repository with two workflows, where waybill runs."""
    for name in ("alpha", "mta-v7.x"):
        write_workflow(tmp_path / "workflows", name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


PINNED = f"acme/waybill@{'0123456789' * 4}"


def test_another_repository_gets_the_same_files_with_waybill_pinned(other: Path) -> None:
    assert run("actions", "--uses", PINNED).code == 0
    written = {path.name for path in (other / FOLDER).iterdir()}
    assert written == {*COMMON, "alpha.yaml", "mta-v7.x.yaml"}
    assert f"uses: {PINNED}\n" in (other / FOLDER / "main.yml").read_text()
    assert actionlint(other) == ""
    assert zizmor(other) == ""
    assert run("actions", "--uses", PINNED, "--check").code == 0
    assert run("actions", "--uses", PINNED, "--json").json == {"ok": True, "written": [], "removed": []}


def test_a_repository_that_proposes_to_another_one_publishes_nothing(other: Path) -> None:
    write(other, {"waybill.toml": f'[propose]\nto = "github:acme/config"\n[actions]\nuses = "{PINNED}"\n'})
    assert run("actions").code == 0
    assert {path.name for path in (other / FOLDER).iterdir()} & set(COMMON) == {*COMMON} - {"release.yaml"}
    target = read(other / FOLDER / "main.yml")["on"]["workflow_call"]["inputs"]["target"]
    assert target["default"] == "github:acme/config"
    assert actionlint(other) == ""


def test_a_repository_without_workflows_publishes_the_charts_that_are_merged_there(other: Path) -> None:
    shutil.rmtree(other / "workflows")
    assert run("actions", "--uses", PINNED).code == 0
    assert [path.name for path in (other / FOLDER).iterdir()] == ["release.yaml"]
    *_, umbrella, publish = jobs(other / FOLDER / "release.yaml")["publish"]["steps"]
    assert umbrella["run"] == "waybill umbrella"
    folders = '"$CHARTS/workflows" "$CHARTS/workflows/charts"'
    *_, command = publish["run"].splitlines()
    assert command == f'waybill publish {folders} "${{init[@]}}" --to "github:$GITHUB_REPOSITORY"'
    assert publish["env"]["CHARTS"] == "charts"
    assert actionlint(other) == ""
    assert zizmor(other) == ""


def test_settings_decide_the_branch_and_where_to_publish(other: Path) -> None:
    settings = f"""\
charts = "helm"
[publish]
to = ["oci://quay.io/acme/charts"]
[actions]
uses = "{PINNED}"
branch = "trunk"
"""
    write(other, {"waybill.toml": settings})
    assert run("actions").code == 0
    assert read(other / FOLDER / "on-merge.yaml")["on"]["push"]["branches"] == ["trunk"]
    release = read(other / FOLDER / "release.yaml")
    assert release["on"]["push"] == {"branches": ["trunk"], "paths": ["helm/**"]}
    assert release["jobs"]["publish"]["steps"][-1]["run"] == "waybill publish"
    assert actionlint(other) == ""


def test_check_names_what_is_out_of_date_and_what_is_left_over(other: Path) -> None:
    assert run("actions", "--uses", PINNED).code == 0
    shutil.rmtree(other / "workflows/alpha")
    write_workflow(other / "workflows", "beta")
    done = run("actions", "--uses", PINNED, "--check")
    assert done.code == 1
    assert f"{FOLDER}/alpha.yaml: out of date" in done.err
    assert f"{FOLDER}/beta.yaml: out of date" in done.err
    assert run("actions", "--uses", PINNED).code == 0
    assert not (other / FOLDER / "alpha.yaml").exists()
    assert (other / FOLDER / "beta.yaml").exists()


def test_a_file_of_somebody_else_is_kept_until_it_is_to_be_replaced(other: Path) -> None:
    write(other, {f"{FOLDER}/main.yml": "name: mine\n", f"{FOLDER}/tests.yaml": "name: tests\n"})
    done = run("actions", "--uses", PINNED)
    assert done.code == 1
    assert f"{FOLDER}/main.yml: not written by waybill; give --force to overwrite" in done.err
    assert {path.name for path in (other / FOLDER).iterdir()} == {"main.yml", "tests.yaml"}
    assert run("actions", "--uses", PINNED, "--force").code == 0
    assert (other / FOLDER / "tests.yaml").read_text() == "name: tests\n"
    assert "workflow_call" in (other / FOLDER / "main.yml").read_text()


@pytest.mark.parametrize("name", ["main", "on-merge", "Release", "comment", "pull-request"])
def test_the_names_of_waybill_s_own_files_are_reserved(other: Path, name: str) -> None:
    write_workflow(other / "workflows", name)
    done = run("actions", "--uses", PINNED)
    assert done.code == 2
    assert f"workflow '{name}': {FOLDER}/{name}.yaml is a file of waybill's own; rename the folder" in done.err
    assert not (other / FOLDER).exists()


@pytest.mark.parametrize("name", ["a b", "${{ x }}", "a\nb", "-x", "ü"])
def test_a_name_that_makes_no_file_name_is_refused(other: Path, name: str) -> None:
    write_workflow(other / "workflows", name)
    assert run("actions", "--uses", PINNED).code == 2
    assert not (other / FOLDER).exists()


@pytest.mark.parametrize("uses", ["acme/waybill@main", "acme/waybill", "acme/waybill@0123456", "docker://x"])
def test_an_action_that_can_move_is_refused(other: Path, uses: str) -> None:
    done = run("actions", "--uses", uses)
    assert done.code == 2
    assert "tags and branches move" in done.err
    assert not (other / FOLDER).exists()


def test_a_repository_without_waybill_s_action_must_name_it(other: Path) -> None:
    done = run("actions")
    assert done.code == 2
    assert "actions.uses: this repository has no action.yml; name waybill's, as OWNER/REPO@COMMIT" in done.err
    assert not (other / FOLDER).exists()
