"""Argo Workflows: a WorkflowTemplate with a template a step."""

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
    """Return the account, what Argo's own container may do with it in each pod, and the WorkflowTemplate."""
    report = {"apiGroups": ["argoproj.io"], "resources": ["workflowtaskresults"], "verbs": ["create", "patch"]}
    return [
        {**service_account(options.name, options), "automountServiceAccountToken": True},
        *role(options.name, [report], options),
        workflow_template(options),
    ]


def workflow_template(options: PipelineOptions) -> Manifest:
    """The steps one after the other, on one volume."""
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
            # A run that failed keeps no volume either: its log says what was wrong.
            "volumeClaimGC": {"strategy": "OnWorkflowCompletion"},
            "templates": [_entry(), *(_template(step, options) for step in STEPS)],
        },
    }


def _entry() -> Manifest:
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
