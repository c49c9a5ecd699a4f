"""What `waybill gitops` writes, as a real API server takes it that has the definitions of those whom it is for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.apiserver import Answer, ApiServer
from tests.cluster.conftest import definitions_in, served_alone
from tests.cluster.test_installs import holds
from tests.conftest import Waybill
from tests.integration import test_gitops_pipelines as pipelines
from tests.integration.test_gitops import FORMS, written

PLURALS = {
    "AppProject": "appprojects",
    "ApplicationSet": "applicationsets",
    "ClusterRole": "clusterroles",
    "ClusterRoleBinding": "clusterrolebindings",
    "EventListener": "eventlisteners",
    "HelmRelease": "helmreleases",
    "HelmRepository": "helmrepositories",
    "Namespace": "namespaces",
    "OCIRepository": "ocirepositories",
    "Pipeline": "pipelines",
    "PipelineRun": "pipelineruns",
    "Role": "roles",
    "RoleBinding": "rolebindings",
    "ServiceAccount": "serviceaccounts",
    "Task": "tasks",
    "TriggerBinding": "triggerbindings",
    "TriggerTemplate": "triggertemplates",
    "WorkflowTemplate": "workflowtemplates",
}


@pytest.fixture(scope="module")
def server(apiserver: ApiServer, shared: Path) -> ApiServer:
    for name in ("argo-cd", "argo-workflows", "flux", "tekton"):
        apiserver.define([served_alone(each) for each in definitions_in(shared / "crds-others" / name)])
    return apiserver


def applied(server: ApiServer, resource: Mapping[str, Any]) -> Answer:
    """What the server says to a server-side apply that refuses unknown fields, as of kubectl and Flux."""
    metadata = resource["metadata"]
    within = f"/namespaces/{metadata['namespace']}" if "namespace" in metadata else ""
    served = "/api/v1" if resource["apiVersion"] == "v1" else f"/apis/{resource['apiVersion']}"
    path = f"{served}{within}/{PLURALS[resource['kind']]}/{metadata['name']}"
    return server.apply(f"{path}?fieldManager=test&fieldValidation=Strict", resource)


@pytest.mark.parametrize("words", FORMS.values(), ids=FORMS)
def test_every_object_is_stored_as_it_was_written(
    words: list[str], server: ApiServer, waybill: Waybill, tmp_path: Path
) -> None:
    names = {name: server.namespace() for name in ("demo", "openshift-gitops")}
    for each in written(waybill, tmp_path, *words):
        metadata = {**each["metadata"]}
        key = "name" if each["kind"] == "Namespace" else "namespace"
        metadata[key] = names[metadata[key]]
        resource = {**each, "metadata": metadata}
        answer = applied(server, resource)
        assert answer.code in {HTTPStatus.OK, HTTPStatus.CREATED}, answer.content
        assert holds(answer.content, without_nulls(resource))
        assert answer.warnings == ()


@pytest.mark.parametrize("words", pipelines.PIPELINES.values(), ids=pipelines.PIPELINES)
def test_every_object_of_a_pipeline_is_stored_as_it_was_written(
    words: list[str], server: ApiServer, waybill: Waybill
) -> None:
    namespace = server.namespace()
    objects = pipelines.written(waybill, *words)
    runs = pipelines.runs_in(objects)
    for each in runs:
        each["metadata"] = {"name": "run", "namespace": "demo"}
    for each in (*objects, *runs):
        resource = {**each, "metadata": {**each["metadata"]}}
        if "namespace" in resource["metadata"]:
            resource["metadata"]["namespace"] = namespace
        answer = applied(server, resource)
        assert answer.code in {HTTPStatus.OK, HTTPStatus.CREATED}, answer.content
        assert holds(answer.content, resource)
        assert answer.warnings == ()


def test_the_server_refuses_a_field_that_nobody_knows(server: ApiServer, waybill: Waybill, tmp_path: Path) -> None:
    (release,) = (each for each in written(waybill, tmp_path, *FORMS["flux, a registry"]) if "chartRef" in each["spec"])
    namespace = server.namespace()
    resource = yaml.safe_load(json.dumps(release))
    resource["metadata"]["namespace"] = namespace
    resource["spec"]["install"]["remediation"]["retry"] = 3
    assert "retry" in str(applied(server, resource).content)
    del resource["spec"]["install"]["remediation"]["retry"]
    # Rules in CEL are the server's alone: a release has a chart or a reference to one.
    resource["spec"]["chart"] = {"spec": {"chart": "greeting", "sourceRef": {"kind": "HelmRepository", "name": "a"}}}
    assert "either chart or chartRef must be set" in str(applied(server, resource).content)


def without_nulls(value: Any) -> Any:
    match value:
        case dict():
            return {key: without_nulls(child) for key, child in value.items() if child is not None}
        case list():
            return [without_nulls(child) for child in value]
    return value
