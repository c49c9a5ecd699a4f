"""Facts about act that the tests of the pipeline in GitHub Actions rely on, by an example of every part they need."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.actions import act
from tests.actions.act import ActRun, Runner
from tests.actions.conftest import Source

EXAMPLE = Path(__file__).parent / "example"
WORKFLOW = ".github/workflows/push.yaml"


def push(source: Source, names: Sequence[str]) -> str:
    """Push the example with a matrix of some names."""
    shutil.copytree(EXAMPLE, source.folder, dirs_exist_ok=True)
    matrix = {"include": [{"name": name} for name in names]}
    (source.folder / "matrix.json").write_text(json.dumps(matrix, separators=(",", ":")))
    return source.push(f"Build {len(names)}")


@pytest.fixture
def two(source: Source, machine: Runner) -> ActRun:
    """A run with a job that succeeds and one that fails."""
    push(source, ["greeting", "broken"])
    return machine.push(source.folder, WORKFLOW)


def test_a_matrix_from_a_jobs_output_runs_a_reusable_workflow_for_each(two: ActRun) -> None:
    assert two.code == 1
    assert two.results == {
        "On push/list": "success",
        "Build greeting-1/One/image": "success",
        "Build greeting-1/One/propose": "success",
        "Build broken-2/One/image": "failure",
        "Build broken-2/One/propose": "skipped",
        "On push/unguarded-1": "success",
        "On push/unguarded-2": "success",
        "On push/scheduled": "skipped",
    }


def test_outputs_of_a_composite_action_reach_the_next_job_and_stubs(two: ActRun) -> None:
    assert two.jobs["Build greeting-1/One/propose"].output == "propose sha256:greeting"
    assert "attested sha256:greeting  registry.example/greeting" in two.jobs["Build greeting-1/One/image"].output
    assert "attested" not in two.jobs["Build broken-2/One/image"].output


def test_a_reusable_workflow_has_the_secrets_that_are_passed_by_name_alone_and_none_is_logged(
    two: ActRun, machine: Runner
) -> None:
    length = len(machine.secrets["REGISTRY_PASSWORD"])
    said = f"the password has {length} characters: ***; the other one has 0"
    assert said in two.jobs["Build greeting-1/One/image"].output
    assert machine.secrets["OTHER_PASSWORD"] not in two.log


def test_a_job_without_a_platform_is_left_out_and_an_empty_matrix_runs_one_job(source: Source, machine: Runner) -> None:
    push(source, [])
    done = machine.push(source.folder, WORKFLOW)
    assert done.code == 0
    assert done.results == {
        "On push/list": "success",
        "On push/Build": "skipped",
        "On push/unguarded": "success",
        "On push/scheduled": "skipped",
    }
    assert done.jobs["On push/unguarded"].output == "the name is ''"


def test_steps_have_the_commit_of_the_push_from_the_server_and_nothing_of_the_users_environment(
    source: Source, machine: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OF_THE_USER", "1")
    head = push(source, ["greeting"])
    machine = replace(machine, environment={"OF_THE_TEST": "1"})
    output = machine.push(source.folder, WORKFLOW).checked().jobs["On push/list"].output
    assert f"checked out acme/workflows at {head}" in output
    lines = output.splitlines()
    assert {"GITHUB_ACTIONS=true", f"GITHUB_SHA={head}", "GITHUB_REF=refs/heads/main", "OF_THE_TEST=1"} <= {*lines}
    assert f"HOME={machine.home}" in lines
    assert "OF_THE_USER" not in output
    assert not [line for line in lines if line.startswith("GITHUB_TOKEN=")]


def test_an_action_without_a_stub_is_refused_before_act_fetches_it(source: Source, machine: Runner) -> None:
    push(source, [])
    file = source.folder / WORKFLOW
    file.write_text(file.read_text().replace("- run: exit 1", "- uses: acme/unknown@v1"))
    source.push("Use an action")
    with pytest.raises(pytest.fail.Exception, match="has no acme/unknown"):
        machine.push(source.folder, WORKFLOW)


def test_a_change_that_is_not_committed_is_refused(source: Source, machine: Runner) -> None:
    push(source, [])
    (source.folder / "matrix.json").write_text("{}")
    with pytest.raises(AssertionError, match="not committed"):
        machine.push(source.folder, WORKFLOW)


def test_every_action_of_the_example_is_found(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLE, tmp_path, dirs_exist_ok=True)
    assert {each.partition("@")[0] for each in act.remote_actions(tmp_path)} == {
        "actions/checkout",
        "actions/attest-build-provenance",
    }
