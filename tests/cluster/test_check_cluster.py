"""`waybill check --cluster`: what it says of a real API server, asked by the real kubectl."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from generator.kubernetes.crd import known_crd
from pipeline.operators.cluster import read_cluster
from tests.cluster.apiserver import ApiServer, running
from tests.cluster.conftest import definitions_in
from tests.conftest import ROOT, Waybill
from tests.crd_facts import FOLDERS

CLUSTER_SERVICE_VERSIONS = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "clusterserviceversions.operators.coreos.com"},
    "spec": {
        "group": "operators.coreos.com",
        "names": {"kind": "ClusterServiceVersion", "plural": "clusterserviceversions"},
        "scope": "Namespaced",
        "versions": [
            {
                "name": "v1alpha1",
                "served": True,
                "storage": True,
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "properties": {"spec": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
                    }
                },
            }
        ],
    },
}


def user_of(server: ApiServer, kubeconfig: Path | None = None) -> dict[str, str]:
    """The environment of somebody who is logged in."""
    path = os.pathsep.join([str(server.programs), os.environ["PATH"]])
    return {"PATH": path, "KUBECONFIG": str(kubeconfig or server.kubeconfig)}


@pytest.fixture
def server(apiserver: ApiServer, shared: Path, monkeypatch: pytest.MonkeyPatch) -> ApiServer:
    """A server of the newest SonataFlow, and this process logged in to it."""
    apiserver.define(definitions_in(shared / "crds" / FOLDERS["10"]))
    for name, value in user_of(apiserver).items():
        monkeypatch.setenv(name, value)
    return apiserver


@pytest.fixture(params=FOLDERS)
def version(request: pytest.FixtureRequest, server: ApiServer, shared: Path) -> str:
    """Each SonataFlow in turn, its CRDs in force and no others."""
    name: str = request.param
    server.define(definitions_in(shared / "crds" / FOLDERS[name]))
    if name != "10":
        server.undefine("sonataflowclusterplatforms.sonataflow.org")
    return name


def test_a_cluster_says_what_the_crd_files_say(version: str) -> None:
    cluster = read_cluster(None)
    assert cluster.crd.facts() == known_crd(version).facts()
    assert version in cluster.schema_match.names
    assert cluster.schema_match.differing == 0


def test_the_verdicts_of_a_cluster_are_those_of_its_version(
    version: str, server: ApiServer, shared: Path, waybill: Waybill
) -> None:
    words = [
        "check",
        "--cluster",
        "--sonataflow",
        version,
        "--workflows",
        str(shared / "corpus" / "workflows"),
        "--json",
    ]
    done = waybill(*words, env=user_of(server))
    named, asked = [], []
    for verdict in done.json["verdicts"]:
        found = (verdict["workflow"], verdict["outcome"], verdict["objections"])
        (named if verdict["sonataflow"] == version else asked).append(found)
    assert len(named) == 21
    assert asked == named


def test_a_chart_that_fits_and_one_that_does_not(server: ApiServer, shared: Path, waybill: Waybill) -> None:
    done = waybill("check", "greeting", "--cluster", cwd=ROOT, env=user_of(server))
    assert done.code == 0, done.err
    assert "SonataFlow of the cluster (schema like 10)" in done.err
    server.define(definitions_in(shared / "crds" / FOLDERS["1.43"]))
    done = waybill("check", "greeting", "--cluster", "--context", "test", cwd=ROOT, env=user_of(server))
    assert done.code == 1
    assert "spec.persistence is unknown to SonataFlow of the context test: it is dropped" in done.err


def test_one_field_that_no_known_version_has_makes_it_only_the_nearest(server: ApiServer, shared: Path) -> None:
    definitions = definitions_in(shared / "crds" / FOLDERS["1.45"])
    flows = next(each for each in definitions if each["spec"]["names"]["kind"] == "SonataFlow")
    spec = flows["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    spec["properties"]["mine"] = {"type": "string"}
    server.define(definitions)
    assert str(read_cluster(None).schema_match) == "schema nearest to 1.45, 1 field differs"


def deployment(image: str, label: str) -> dict[str, Any]:
    """A Deployment as an operator has it: its own container behind a proxy's."""
    labels = {"control-plane": label}
    containers = [{"name": "proxy", "image": "registry.example/proxy:v0.13.0"}, {"name": "manager", "image": image}]
    template = {"metadata": {"labels": labels}, "spec": {"containers": containers}}
    return {
        "metadata": {"generateName": "controller-manager-", "labels": labels},
        "spec": {"selector": {"matchLabels": labels}, "template": template},
    }


@pytest.fixture
def operators(server: ApiServer) -> Iterator[str]:
    """A namespace for operators; what a test puts there goes with it."""
    namespace = server.namespace()
    yield f"/namespaces/{namespace}"
    for kinds in ("/apis/apps/v1", "/apis/operators.coreos.com/v1alpha1"):
        plural = "deployments" if "apps" in kinds else "clusterserviceversions"
        server.ask("DELETE", f"{kinds}/namespaces/{namespace}/{plural}")


@pytest.mark.parametrize(
    ("image", "label", "operator"),
    [
        (
            "registry.example:5000/apache/incubator-kie-sonataflow-operator:10.1.0",
            "sonataflow-operator",
            "incubator-kie-sonataflow-operator 10.1.0 (schema like 10)",
        ),
        (
            "registry.example/kiegroup/kogito-serverless-operator:1.43.1",
            "controller-manager",
            "kogito-serverless-operator 1.43.1 (schema like 10)",
        ),
        (
            f"registry.example/openshift-serverless-1/logic-operator-rhel8@sha256:{'0' * 64}",
            "controller-manager",
            "logic-operator-rhel8 (schema like 10)",
        ),
        ("registry.example/other-operator:2.0.0", "controller-manager", "SonataFlow of the cluster (schema like 10)"),
    ],
)
def test_the_operator_s_version_is_its_deployment_s(
    image: str, label: str, operator: str, server: ApiServer, operators: str
) -> None:
    server.must("POST", f"/apis/apps/v1{operators}/deployments", deployment("registry.example/other:9.9", label))
    server.must("POST", f"/apis/apps/v1{operators}/deployments", deployment(image, label))
    assert read_cluster(None).operator == operator


def cluster_service_version(version: str, **labels: str) -> dict[str, Any]:
    owned = [{"name": f"{plural}.sonataflow.org"} for plural in ("sonataflowbuilds", "sonataflows")]
    return {
        "apiVersion": "operators.coreos.com/v1alpha1",
        "kind": "ClusterServiceVersion",
        "metadata": {"name": f"logic-operator.v{version}", "labels": labels},
        "spec": {
            "displayName": "OpenShift Serverless Logic Operator",
            "version": version,
            "customresourcedefinitions": {"owned": owned},
        },
    }


def test_the_operator_s_version_is_its_cluster_service_version_s_where_olm_installed_it(
    server: ApiServer, operators: str
) -> None:
    server.define([CLUSTER_SERVICE_VERSIONS])
    place = f"/apis/operators.coreos.com/v1alpha1{operators}/clusterserviceversions"
    for version in ("1.35.0", "1.36.0"):
        server.must("POST", place, cluster_service_version(version))
    image = "registry.example/logic-operator-rhel8:1.34.0"
    server.must("POST", f"/apis/apps/v1{operators}/deployments", deployment(image, "controller-manager"))
    cluster = read_cluster(None)
    assert cluster.operator == "OpenShift Serverless Logic Operator 1.36.0 (schema like 10)"
    assert cluster.as_json() == {
        "operator": "OpenShift Serverless Logic Operator",
        "version": "1.36.0",
        "schemaLike": ["10"],
        "differingFields": 0,
    }


def test_who_has_no_rights_learns_what_the_schema_is_like(server: ApiServer, operators: str, waybill: Waybill) -> None:
    server.define([CLUSTER_SERVICE_VERSIONS])
    place = f"/apis/operators.coreos.com/v1alpha1{operators}/clusterserviceversions"
    server.must("POST", place, cluster_service_version("1.36.0"))
    image = "registry.example/logic-operator-rhel8:1.36.0"
    server.must("POST", f"/apis/apps/v1{operators}/deployments", deployment(image, "controller-manager"))
    for kind in ("clusterserviceversions", "deployments", "customresourcedefinitions"):
        assert not allowed(server, "nobody", kind)
    words = ["check", "greeting", "--cluster", "--context", "nobody", "--json"]
    done = waybill(*words, cwd=ROOT, env=user_of(server))
    assert done.code == 0, done.err
    assert (done.json["cluster"]["operator"], done.json["cluster"]["version"]) == (None, None)
    assert done.json["verdicts"][0]["operator"] == "SonataFlow of the context nobody (schema like 10)"


def allowed(server: ApiServer, user: str, kind: str) -> bool:
    group = {"deployments": "apps", "customresourcedefinitions": "apiextensions.k8s.io"}.get(
        kind, "operators.coreos.com"
    )
    review = {"user": user, "resourceAttributes": {"verb": "list", "resource": kind, "group": group}}
    answer = server.must("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", {"spec": review})
    return bool(answer["status"]["allowed"])


@pytest.fixture
def copied(server: ApiServer) -> Iterator[None]:
    """OLM's copy of a ClusterServiceVersion in the namespace `default`, where `nobody` may read it."""
    server.define([CLUSTER_SERVICE_VERSIONS])
    versions = "/apis/operators.coreos.com/v1alpha1/namespaces/default/clusterserviceversions"
    access = "/apis/rbac.authorization.k8s.io/v1/namespaces/default"
    rule = {"apiGroups": ["operators.coreos.com"], "resources": ["clusterserviceversions"], "verbs": ["list"]}
    bound = {"subjects": [{"kind": "User", "name": "nobody"}], "roleRef": {"kind": "Role", "name": "reader"}}
    copy = cluster_service_version("1.36.0", **{"olm.copiedFrom": "operators"})
    server.must("POST", versions, copy)
    server.must("POST", f"{access}/roles", {"metadata": {"name": "reader"}, "rules": [rule]})
    server.must("POST", f"{access}/rolebindings", {"metadata": {"name": "reader"}, **bound})
    yield
    for there in (f"{access}/rolebindings/reader", f"{access}/roles/reader", f"{versions}/{copy['metadata']['name']}"):
        server.must("DELETE", there)


@pytest.mark.usefixtures("copied")
def test_who_sees_one_namespace_learns_the_version_by_olm_s_copy_there() -> None:
    assert read_cluster("nobody").operator == "OpenShift Serverless Logic Operator 1.36.0 (schema like 10)"


def test_a_cluster_without_sonataflow_is_told_what_to_install(apiserver: ApiServer, waybill: Waybill) -> None:
    with running(apiserver.programs) as empty:
        done = waybill("check", "greeting", "--cluster", cwd=ROOT, env=user_of(empty))
    assert done.code == 1
    assert "it has no sonataflow.org/v1alpha08; install the SonataFlow operator, or name another" in done.err


def test_a_context_that_is_not_there_is_named_with_the_nearest(apiserver: ApiServer, waybill: Waybill) -> None:
    done = waybill("check", "greeting", "--cluster", "--context", "nobdy", cwd=ROOT, env=user_of(apiserver))
    assert done.code == 2
    assert "the kubeconfig has no context 'nobdy'; did you mean 'nobody'? (one of nobody, test)" in done.err


SECRET = "do-not-tell"  # noqa: S105 - no secret at all
PLUGIN = {
    "apiVersion": "client.authentication.k8s.io/v1",
    "command": "sh",
    "args": ["-c", f"echo {SECRET} >&2; exit 1"],
    "interactiveMode": "Never",
}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"user": {"token": SECRET}}, "cannot be read: authentication failed; log in"),
        ({"user": {"exec": PLUGIN}}, "cannot be read: the kubeconfig's credential plugin fails"),
        ({"cluster": {"server": "https://127.0.0.1:1"}}, "cannot be read: it cannot be reached; log in"),
        ({"cluster": {"certificate-authority": None}}, "the kubeconfig does not trust its certificate"),
        ({"cluster": SECRET}, "to see why, run: kubectl get --raw /openapi/v3/apis/sonataflow.org/v1alpha08"),
    ],
)
def test_a_login_that_does_not_work_is_told_without_its_secrets(
    changed: dict[str, Any], said: str, apiserver: ApiServer, tmp_path: Path, waybill: Waybill
) -> None:
    content = json.loads(apiserver.kubeconfig.read_bytes())
    for part, value in changed.items():
        before = content[f"{part}s"][0][part]
        content[f"{part}s"][0][part] = {**before, **value} if part == "cluster" and isinstance(value, dict) else value
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.touch(mode=0o600)
    kubeconfig.write_text(json.dumps(content), encoding="utf-8")
    done = waybill("check", "greeting", "--cluster", cwd=ROOT, env=user_of(apiserver, kubeconfig))
    assert done.code == 1
    assert said in done.err
    assert SECRET not in done.err + done.out
