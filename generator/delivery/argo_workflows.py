"""Generates the Argo Workflows objects of the pipeline: a WorkflowTemplate with one template per step."""

from __future__ import annotations

from typing import Final

from generator.delivery.pipeline_steps import IMAGE, PARAMETERS, RESULT, STEPS, VOLUME, PipelineOptions, Step
from generator.delivery.pods import (
    SECURITY,
    TEMPORARY,
    TEMPORARY_MOUNT,
    environment,
    pod_security,
    resources,
    role,
    service_account,
    volume_claim,
)
from generator.delivery.release import Manifest

API_VERSION: Final = "argoproj.io/v1alpha1"
_VOLUME: Final = "work"
_ENTRY: Final = "pipeline"


def argo_workflows_objects(options: PipelineOptions) -> list[Manifest]:
    """Return the service account, the role that Argo's executor needs in each pod, and the WorkflowTemplate."""
    executor_rule = {"apiGroups": ["argoproj.io"], "resources": ["workflowtaskresults"], "verbs": ["create", "patch"]}
    return [
        {**service_account(options.name, options), "automountServiceAccountToken": True},
        *role(options.name, [executor_rule], options),
        workflow_template(options),
    ]


def workflow_template(options: PipelineOptions) -> Manifest:
    """Return the WorkflowTemplate, which runs the steps in sequence on one volume."""
    return {
        "apiVersion": API_VERSION,
        "kind": "WorkflowTemplate",
        "metadata": {"name": options.name, "namespace": options.namespace},
        "spec": {
            "entrypoint": _ENTRY,
            "serviceAccountName": options.name,
            "securityContext": pod_security(options),
            "arguments": {
                "parameters": [
                    {"name": each.name, "description": each.description, "value": options.defaults[each.name]}
                    for each in PARAMETERS
                ]
            },
            "volumes": [TEMPORARY],
            "volumeClaimTemplates": [{"metadata": {"name": _VOLUME}, "spec": volume_claim()}],
            # Failed runs do not keep their volume either: their logs show what went wrong.
            "volumeClaimGC": {"strategy": "OnWorkflowCompletion"},
            "templates": [_entrypoint(), *(_template(step, options) for step in STEPS)],
        },
    }


def _entrypoint() -> Manifest:
    tasks = []
    for number, step in enumerate(STEPS):
        after = {"dependencies": [STEPS[number - 1].name]} if number else {}
        tasks.append({"name": step.name, "template": step.name, **after})
    outputs = [
        {
            "name": step.result.name,
            "valueFrom": {"parameter": f"{{{{tasks.{step.name}.outputs.parameters.{step.result.name}}}}}"},
        }
        for step in STEPS
        if step.result
    ]
    return {"name": _ENTRY, "dag": {"tasks": tasks}, "outputs": {"parameters": outputs}}


def _template(step: Step, options: PipelineOptions) -> Manifest:
    values = {each.name: f"{{{{workflow.parameters.{each.name}}}}}" for each in (IMAGE, *step.parameters)}
    variables = environment(step, options, values)
    outputs = {}
    if step.result:
        path = f"{TEMPORARY_MOUNT['mountPath']}/{step.result.name}"
        variables.append({"name": RESULT, "value": path})
        outputs = {"outputs": {"parameters": [{"name": step.result.name, "valueFrom": {"path": path}}]}}
    return {
        "name": step.name,
        "container": {
            "image": values[IMAGE.name],
            "workingDir": step.folder,
            "command": ["/bin/sh"],
            "args": ["-c", step.script],
            "env": variables,
            "resources": resources(step),
            "securityContext": SECURITY,
            "volumeMounts": [TEMPORARY_MOUNT, {"name": _VOLUME, "mountPath": VOLUME}],
        },
        **outputs,
    }
