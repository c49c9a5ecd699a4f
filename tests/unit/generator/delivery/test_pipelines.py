"""The pipelines of Tekton and Argo Workflows, and the steps that both have."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from generator.delivery.argo_workflows import argo_workflows_objects
from generator.delivery.pipeline_steps import STEPS, PipelineOptions
from generator.delivery.tekton import Forge, tekton_objects

OPTIONS = PipelineOptions(
    name="workflows",
    namespace="ci",
    image="quay.io/my-org/waybill:1",
    repository="https://github.com/my-org/workflows.git",
    revision="main",
    workflows=("greeting", "parting"),
    propose_to="github:my-org/config",
    publish_to=("oci://a.example/charts", "github:my-org/charts"),
    secret="tokens",  # noqa: S106 - the name of a Secret
)
DEFAULTS = {
    "image": "quay.io/my-org/waybill:1",
    "repository": "https://github.com/my-org/workflows.git",
    "revision": "main",
    "workflows": "greeting parting",
    "propose-to": "github:my-org/config",
    "publish-to": "oci://a.example/charts github:my-org/charts",
}


def tekton(options: PipelineOptions = OPTIONS, forge: Forge | None = "github") -> dict[str, Any]:
    return {f"{each['kind']} {each['metadata']['name']}": each for each in tekton_objects(options, forge)}


def argo(options: PipelineOptions = OPTIONS) -> Any:
    return next(each["spec"] for each in argo_workflows_objects(options) if each["kind"] == "WorkflowTemplate")


def test_both_engines_have_the_same_parameters_steps_and_results() -> None:
    of_tekton, of_argo = tekton()["Pipeline workflows"]["spec"], argo()
    entry = of_argo["templates"][0]
    assert {each["name"]: each["default"] for each in of_tekton["params"]} == DEFAULTS
    assert {each["name"]: each["value"] for each in of_argo["arguments"]["parameters"]} == DEFAULTS
    names = ["clone", "lint", "image", "chart", "check", "propose", "publish"]
    assert [each["name"] for each in of_tekton["tasks"]] == [each["name"] for each in entry["dag"]["tasks"]] == names
    results = ["images", "charts", "pull-requests"]
    assert [each["name"] for each in of_tekton["results"]] == results
    assert [each["name"] for each in entry["outputs"]["parameters"]] == results


def test_each_step_waits_for_the_one_before() -> None:
    of_tekton, of_argo = tekton()["Pipeline workflows"]["spec"], argo()
    before = [[], *([step.name] for step in STEPS[:-1])]
    assert [each.get("runAfter", []) for each in of_tekton["tasks"]] == before
    assert [each.get("dependencies", []) for each in of_argo["templates"][0]["dag"]["tasks"]] == before


@pytest.mark.parametrize(("forge", "event"), [("github", "push"), ("gitlab", "Push Hook")])
def test_a_push_to_the_branch_starts_a_run_if_the_forge_vouches_for_it(forge: Forge, event: str) -> None:
    found = tekton(replace(OPTIONS, revision='v"1'), forge)
    verified, branch = found["EventListener workflows"]["spec"]["triggers"][0]["interceptors"]
    assert verified["ref"]["name"] == forge
    secret = {"secretName": "tokens", "secretKey": "webhook-secret"}
    assert [each["value"] for each in verified["params"]] == [secret, [event]]
    # The branch is a string of CEL, whatever it is called; zeros are a branch that was deleted.
    (condition,) = branch["params"]
    assert condition["value"] == f'body.ref == "refs/heads/v\\"1" && body.after != "{"0" * 40}"'


def test_an_event_chooses_the_commit_and_nothing_else() -> None:
    found = tekton()
    assert found["TriggerBinding workflows"]["spec"]["params"] == [{"name": "revision", "value": "$(body.after)"}]
    (run,) = found["TriggerTemplate workflows"]["spec"]["resourcetemplates"]
    assert run["spec"]["params"] == [{"name": "revision", "value": "$(tt.params.revision)"}]


def test_without_a_forge_nothing_listens() -> None:
    kinds = {name.partition(" ")[0] for name in tekton(forge=None)}
    assert kinds == {"ServiceAccount", "Task", "Pipeline"}


def test_accounts_have_the_rights_that_their_engine_needs() -> None:
    found = tekton()
    assert found["ServiceAccount workflows"]["automountServiceAccountToken"] is False
    rules = [*found["Role workflows-listener"]["rules"], *found["ClusterRole ci-workflows-listener"]["rules"]]
    changes = [(rule["resources"], rule["verbs"]) for rule in rules if rule["verbs"] != ["get", "list", "watch"]]
    assert changes == [(["events"], ["create", "patch"]), (["pipelineruns"], ["create"])]
    assert "secrets" not in {name for rule in rules for name in rule["resources"]}
    (role,) = (each for each in argo_workflows_objects(OPTIONS) if each["kind"] == "Role")
    assert [(rule["resources"], rule["verbs"]) for rule in role["rules"]] == [
        (["workflowtaskresults"], ["create", "patch"])
    ]


@pytest.mark.parametrize(("group", "written"), [(None, {}), (0, {"fsGroup": 0}), (1001, {"fsGroup": 1001})])
def test_the_group_of_the_volume_is_written_where_the_cluster_chooses_none(
    group: int | None, written: dict[str, int]
) -> None:
    options = replace(OPTIONS, group=group)
    expected = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}, **written}
    (run,) = tekton(options)["TriggerTemplate workflows"]["spec"]["resourcetemplates"]
    assert run["spec"]["taskRunTemplate"]["podTemplate"]["securityContext"] == expected
    assert argo(options)["securityContext"] == expected
