"""Tekton: a Pipeline with a Task a step, and what starts it when somebody pushes."""

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
#: The events of a forge by which Tekton's interceptor for it knows a push.
PUSH_EVENTS: Final = {"github": "push", "gitlab": "Push Hook"}
#: GitHub and GitLab name the commit alike; for a branch that is deleted it has zeros alone.
_COMMIT: Final = "$(body.after)"
_NO_COMMIT: Final = "0" * 40
_WORKSPACE: Final = "work"

Forge = Literal["github", "gitlab"]


def tekton_objects(options: PipelineOptions, forge: Forge | None) -> list[Manifest]:
    """Return the account, the Tasks and the Pipeline; with a forge, also what starts it at a push.

    The webhooks of other servers have no signature that Tekton verifies, so nothing is started by them.
    """
    return [
        service_account(options.name, options),
        *(task(step, options) for step in STEPS),
        pipeline(options),
        *(_trigger(options, forge) if forge else ()),
    ]


def task(step: Step, options: PipelineOptions) -> Manifest:
    """One step as a Task, so that only its pod has its secrets."""
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
            "params": [_declared(each) for each in parameters],
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
    """The steps one after the other, in one workspace."""
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
            "params": [{**_declared(each), "default": options.defaults[each.name]} for each in PARAMETERS],
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
    """A run at a revision; everything else is as in the Pipeline."""
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


def _trigger(options: PipelineOptions, forge: Forge) -> list[Manifest]:
    """What listens for pushes, with an account that may start runs and nothing else."""
    listener = f"{options.name}-listener"
    clusters = f"{options.namespace}-{listener}"
    metadata = {"name": options.name, "namespace": options.namespace}
    return [
        {
            "apiVersion": TRIGGERS_API,
            "kind": "TriggerTemplate",
            "metadata": metadata,
            "spec": {
                "params": [_declared(REVISION)],
                "resourcetemplates": [pipeline_run(options, f"$(tt.params.{REVISION.name})")],
            },
        },
        {
            "apiVersion": TRIGGERS_API,
            "kind": "TriggerBinding",
            "metadata": metadata,
            # The commit alone: what is cloned, and where its charts go, no event decides.
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
                        "interceptors": [_verified(options, forge), _of_branch(options)],
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
        # The role that comes with Tekton for this reads every Secret of the cluster, too.
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


def _verified(options: PipelineOptions, forge: Forge) -> Manifest:
    """Lets through what the forge has signed, or for GitLab, what names the secret."""
    secret = {"secretName": options.secret, "secretKey": WEBHOOK_SECRET}
    return {
        "ref": {"kind": "ClusterInterceptor", "name": forge},
        "params": [{"name": "secretRef", "value": secret}, {"name": "eventTypes", "value": [PUSH_EVENTS[forge]]}],
    }


def _of_branch(options: PipelineOptions) -> Manifest:
    """Lets through pushes to the branch that is built."""
    branch = json.dumps(f"refs/heads/{options.revision}")
    return {
        "ref": {"kind": "ClusterInterceptor", "name": "cel"},
        "params": [{"name": "filter", "value": f'body.ref == {branch} && body.after != "{_NO_COMMIT}"'}],
    }


def _declared(parameter: Parameter) -> Manifest:
    return {"name": parameter.name, "description": parameter.description}
