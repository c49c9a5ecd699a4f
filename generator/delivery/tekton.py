"""Generates the Tekton objects of the pipeline: a Pipeline with one Task per step, and triggers for pushes."""

from __future__ import annotations

import json
from typing import Final, Literal

from generator.delivery.pipeline_steps import (
    IMAGE,
    PARAMETERS,
    RESULT,
    REVISION,
    STEPS,
    VOLUME,
    WEBHOOK_SECRET,
    Parameter,
    PipelineOptions,
    Step,
)
from generator.delivery.pods import (
    SECURITY,
    TEMPORARY,
    TEMPORARY_MOUNT,
    environment,
    pod_security,
    resources,
    role,
    service_account,
    subject,
    volume_claim,
)
from generator.delivery.release import Manifest
from generator.kubernetes.rbac import bound_role

PIPELINE_API: Final = "tekton.dev/v1"
TRIGGERS_API: Final = "triggers.tekton.dev/v1beta1"
_READ: Final = ("get", "list", "watch")
#: The webhook events for pushes, by forge, as Tekton's interceptors name them.
PUSH_EVENTS: Final = {"github": "push", "gitlab": "Push Hook"}
#: The pushed commit, in the webhooks of GitHub and GitLab alike; all zeros if the branch was deleted.
_COMMIT: Final = "$(body.after)"
_NO_COMMIT: Final = "0" * 40
_WORKSPACE: Final = "work"

Forge = Literal["github", "gitlab"]


def tekton_objects(options: PipelineOptions, forge: Forge | None) -> list[Manifest]:
    """Return the service account, the Tasks and the Pipeline; with a forge, also the triggers for pushes.

    Other forges have no triggers, because Tekton cannot verify the signatures of their webhooks.
    """
    return [
        service_account(options.name, options),
        *(task(step, options) for step in STEPS),
        pipeline(options),
        *(_trigger_objects(options, forge) if forge else ()),
    ]


def task(step: Step, options: PipelineOptions) -> Manifest:
    """Return the Task of a step; steps have separate Tasks, so that each pod gets only its own secrets."""
    parameters = (IMAGE, *step.parameters)
    values = {each.name: f"$(params.{each.name})" for each in parameters}
    variables = environment(step, options, values)
    results = {}
    if step.result:
        variables.append({"name": RESULT, "value": f"$(results.{step.result.name}.path)"})
        results = {"results": [{"name": step.result.name, "description": step.result.description}]}
    return {
        "apiVersion": PIPELINE_API,
        "kind": "Task",
        "metadata": {"name": f"{options.name}-{step.name}", "namespace": options.namespace},
        "spec": {
            "description": step.description,
            "params": [_param(each) for each in parameters],
            "workspaces": [{"name": _WORKSPACE, "mountPath": VOLUME}],
            **results,
            "volumes": [TEMPORARY],
            "steps": [
                {
                    "name": step.name,
                    "image": values[IMAGE.name],
                    "workingDir": step.folder,
                    "command": ["/bin/sh"],
                    "args": ["-c", step.script],
                    "env": variables,
                    "computeResources": resources(step),
                    "securityContext": SECURITY,
                    "volumeMounts": [TEMPORARY_MOUNT],
                }
            ],
        },
    }


def pipeline(options: PipelineOptions) -> Manifest:
    """Return the Pipeline, which runs the steps in sequence in one workspace."""
    tasks = []
    for number, step in enumerate(STEPS):
        after = {"runAfter": [STEPS[number - 1].name]} if number else {}
        tasks.append(
            {
                "name": step.name,
                "taskRef": {"kind": "Task", "name": f"{options.name}-{step.name}"},
                **after,
                "params": [
                    {"name": each.name, "value": f"$(params.{each.name})"} for each in (IMAGE, *step.parameters)
                ],
                "workspaces": [{"name": _WORKSPACE, "workspace": _WORKSPACE}],
            }
        )
    return {
        "apiVersion": PIPELINE_API,
        "kind": "Pipeline",
        "metadata": {"name": options.name, "namespace": options.namespace},
        "spec": {
            "description": "Builds the charts of workflows, proposes and publishes them.",
            "params": [{**_param(each), "default": options.defaults[each.name]} for each in PARAMETERS],
            "workspaces": [{"name": _WORKSPACE, "description": "The clone, the packages, and Maven's downloads."}],
            "tasks": tasks,
            "results": [
                {
                    "name": step.result.name,
                    "description": step.result.description,
                    "value": f"$(tasks.{step.name}.results.{step.result.name})",
                }
                for step in STEPS
                if step.result
            ],
        },
    }


def pipeline_run(options: PipelineOptions, revision: str) -> Manifest:
    """Return a PipelineRun for a revision; other parameters have the Pipeline's defaults."""
    return {
        "apiVersion": PIPELINE_API,
        "kind": "PipelineRun",
        "metadata": {"generateName": f"{options.name}-", "namespace": options.namespace},
        "spec": {
            "pipelineRef": {"name": options.name},
            "params": [{"name": REVISION.name, "value": revision}],
            "taskRunTemplate": {
                "serviceAccountName": options.name,
                "podTemplate": {"automountServiceAccountToken": False, "securityContext": pod_security(options)},
            },
            "workspaces": [{"name": _WORKSPACE, "volumeClaimTemplate": {"spec": volume_claim()}}],
        },
    }


def _trigger_objects(options: PipelineOptions, forge: Forge) -> list[Manifest]:
    """Return the objects that listen for pushes, with a service account that may only start runs."""
    listener = f"{options.name}-listener"
    clusters = f"{options.namespace}-{listener}"
    metadata = {"name": options.name, "namespace": options.namespace}
    return [
        {
            "apiVersion": TRIGGERS_API,
            "kind": "TriggerTemplate",
            "metadata": metadata,
            "spec": {
                "params": [_param(REVISION)],
                "resourcetemplates": [pipeline_run(options, f"$(tt.params.{REVISION.name})")],
            },
        },
        {
            "apiVersion": TRIGGERS_API,
            "kind": "TriggerBinding",
            "metadata": metadata,
            # Only the commit comes from the event, which must not choose the repository or the targets.
            "spec": {"params": [{"name": REVISION.name, "value": _COMMIT}]},
        },
        {
            "apiVersion": TRIGGERS_API,
            "kind": "EventListener",
            "metadata": metadata,
            "spec": {
                "serviceAccountName": listener,
                "triggers": [
                    {
                        "name": options.name,
                        "interceptors": [_signature_interceptor(options, forge), _branch_interceptor(options)],
                        "bindings": [{"ref": options.name}],
                        "template": {"ref": options.name},
                    }
                ],
            },
        },
        {**service_account(listener, options), "automountServiceAccountToken": True},
        *role(
            listener,
            [
                {
                    "apiGroups": ["triggers.tekton.dev"],
                    "resources": ["eventlisteners", "triggerbindings", "triggertemplates", "triggers", "interceptors"],
                    "verbs": list(_READ),
                },
                {"apiGroups": [""], "resources": ["configmaps"], "verbs": list(_READ)},
                {"apiGroups": [""], "resources": ["events"], "verbs": ["create", "patch"]},
                {"apiGroups": ["tekton.dev"], "resources": ["pipelineruns"], "verbs": ["create"]},
            ],
            options,
        ),
        # Tekton's predefined role for this could also read every Secret of the cluster.
        *bound_role(
            clusters,
            [
                {
                    "apiGroups": ["triggers.tekton.dev"],
                    "resources": ["clusterinterceptors", "clustertriggerbindings"],
                    "verbs": list(_READ),
                }
            ],
            [subject(listener, options)],
        ),
    ]


def _signature_interceptor(options: PipelineOptions, forge: Forge) -> Manifest:
    """Return the interceptor that accepts only pushes signed by GitHub, or that contain GitLab's secret token."""
    secret = {"secretName": options.secret, "secretKey": WEBHOOK_SECRET}
    return {
        "ref": {"kind": "ClusterInterceptor", "name": forge},
        "params": [{"name": "secretRef", "value": secret}, {"name": "eventTypes", "value": [PUSH_EVENTS[forge]]}],
    }


def _branch_interceptor(options: PipelineOptions) -> Manifest:
    """Return the interceptor that accepts only pushes to the pipeline's branch."""
    branch = json.dumps(f"refs/heads/{options.revision}")
    return {
        "ref": {"kind": "ClusterInterceptor", "name": "cel"},
        "params": [{"name": "filter", "value": f'body.ref == {branch} && body.after != "{_NO_COMMIT}"'}],
    }


def _param(parameter: Parameter) -> Manifest:
    return {"name": parameter.name, "description": parameter.description}
