"""The chart `platform` in a cluster: every profile installs in its stages, upgrades and goes.

No controller runs there: nobody brings the kinds of an operator, so a test does.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
import yaml

from generator.platform.platform import platform_chart, platform_sonataflow
from generator.platform.values import STAGES, Profile
from tests.cluster.apiserver import ApiServer
from tests.cluster.conftest import definitions_in, served_alone
from tests.cluster.test_installs import holds, is_kept
from tests.conftest import ROOT, Helm, HelmRefusal, find_helm
from tests.crd_facts import FOLDERS
from tests.platform_values import everything, required
from tests.waiting import eventually

#: Each profile with the newest SonataFlow, and platforms that have less: no Jobs service, no services, no template.
CELLS: list[tuple[Profile, str, int]] = [
    ("openshift", "10", 4),
    ("openshift", "10", 3),
    ("kind", "10", 4),
    ("existing", "10", 4),
    ("kind", "1.45", 4),
    ("existing", "1.44", 3),
    ("openshift", "1.40", 4),
]
#: What the operator does to a platform, by tests/docs/operators.sh.
PLATFORM_READY = """
condition sonataflowplatform/sonataflow-platform sonataflow-infra Succeed
available sonataflow-platform-data-index-service sonataflow-infra
available sonataflow-platform-jobs-service sonataflow-infra
"""
#: In a Secret, the API server keeps none of it.
WRITE_ONLY = "stringData"


@dataclass(frozen=True)
class Platform:
    """A chart in a namespace of its own of a cluster; `user` installs it, who may do anything."""

    chart: Path
    namespace: str
    server: ApiServer
    helm: Helm
    user: str = "test"

    def run(self, *words: str, values: Mapping[str, Any] | None = None) -> str:
        access = (
            "--kubeconfig",
            str(self.server.kubeconfig),
            "--kube-context",
            self.user,
            "--namespace",
            self.namespace,
        )
        given = () if values is None else ("-f", "-")
        return self.helm.run(*words, *given, *access, stdin=None if values is None else json.dumps(values))

    def step(self, verb: str, values: Mapping[str, Any], name: str = "platform") -> list[dict[str, Any]]:
        """Install or upgrade, and return what the release consists of now."""
        self.run(verb, name, str(self.chart), values=values)
        return self.objects(name)

    def objects(self, name: str = "platform") -> list[dict[str, Any]]:
        manifest = self.run("get", "manifest", name)
        return [each for each in yaml.load_all(manifest, yaml.CSafeLoader) if each]

    def not_stored(self, objects: list[dict[str, Any]]) -> list[str]:
        """The objects that the server does not have as they were rendered."""
        found = []
        for each in objects:
            wanted = {key: value for key, value in each.items() if key != WRITE_ONLY}
            stored = self.server.find(each, self.namespace)
            if stored is None or not holds(stored, wanted):
                found.append(f"{each['kind']}/{each['metadata']['name']}")
        return found


@pytest.fixture(scope="module")
def server(apiserver: ApiServer, shared: Path) -> ApiServer:
    """The server with the kinds of all operators but SonataFlow's."""
    for name in ("knative", "olm", "rhdh", "argo-cd/appproject.yaml"):
        place = shared / "crds-others" / name
        definitions = definitions_in(place) if place.is_dir() else list(yaml.safe_load_all(place.read_bytes()))
        apiserver.define([served_alone(each) for each in definitions if each])
    return apiserver


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("platforms")


@pytest.fixture
def platform(request: pytest.FixtureRequest, server: ApiServer, shared: Path, place: Path) -> Platform:
    """The chart of a profile and a SonataFlow, whose kinds the server has, and the Helm that installs it."""
    profile, name, major = request.param
    serve_sonataflow(server, name, shared)
    return Platform(written(profile, name, place), server.namespace(), server, find_helm(major))


def serve_sonataflow(server: ApiServer, name: str, shared: Path) -> None:
    """Have the server serve the kinds of a SonataFlow, and no others."""
    definitions = definitions_in(shared / "crds" / FOLDERS[name])
    server.define(definitions)
    if "sonataflowclusterplatforms.sonataflow.org" not in {each["metadata"]["name"] for each in definitions}:
        server.undefine("sonataflowclusterplatforms.sonataflow.org")


def written(profile: Profile, name: str, place: Path) -> Path:
    folder = place / f"{profile}-{name}" / "platform"
    for path, data in platform_chart(profile, platform_sonataflow(name), "1.0.0").items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return folder


def alone(profile: Profile, name: str, server: ApiServer, chart: Path) -> dict[str, Any]:
    """Values with everything on, each namespace under a name that no other test has: what is kept is there for good."""
    suffix = secrets.token_hex(4)
    defaults = yaml.safe_load((chart / "values.yaml").read_bytes())
    values = {**everything(profile, name), "broker": {"enabled": True, "name": "default"}}
    for group in ("knative", "operators"):
        for key, child in defaults.get(group, {}).items():
            own = {"namespace": f"{child['namespace']}-{suffix}", "createNamespace": True}
            values.setdefault(group, {}).setdefault(key, {}).update(own)
    values["namespaces"] = [{**each, "name": f"{each['name']}-{suffix}"} for each in values["namespaces"]]
    values["gitops"] |= {"namespace": f"argocd-{suffix}"}
    values["networkPolicies"] |= {"rhdhNamespace": f"rhdh-{suffix}"}
    if profile == "openshift":
        values["rhdh"]["namespace"] = f"rhdh-{suffix}"
    there = [each["name"] for each in values["namespaces"] if not each.get("create")]
    for each in (f"argocd-{suffix}", f"rhdh-{suffix}", *there):
        server.must("POST", "/api/v1/namespaces", {"metadata": {"name": each}})
    return values


@pytest.mark.parametrize("platform", CELLS, ids=[f"{p}-{n}-helm{m}" for p, n, m in CELLS], indirect=True)
def test_a_platform_installs_in_its_stages_upgrades_and_goes(
    platform: Platform, request: pytest.FixtureRequest
) -> None:
    profile, name, _ = request.node.callspec.params["platform"]
    values = alone(profile, name, platform.server, platform.chart)
    verb = "install"
    for stage in STAGES.get(profile, ("",)):
        given = {**values, "stage": stage} if stage else values
        objects = platform.step(verb, given)
        assert platform.not_stored(objects) == []
        verb = "upgrade"
    assert {each["kind"] for each in objects} >= {"SonataFlowPlatform", "StatefulSet", "Job", "NetworkPolicy", "Broker"}
    image = {**values["postgresql"], "image": "quay.io/a/b:1"}
    changed = {**values, "commonLabels": {"changed": "yes"}, "postgresql": image}
    upgraded = platform.step("upgrade", changed)
    assert platform.not_stored(upgraded) == []
    jobs = [{each["metadata"]["name"] for each in some if each["kind"] == "Job"} for some in (objects, upgraded)]
    assert len(jobs[0]) == len(jobs[1]) == 2
    assert not jobs[0] & jobs[1]
    platform.run("uninstall", "platform")
    left = [each for each in (*objects, *upgraded) if platform.server.find(each, platform.namespace)]
    assert left
    assert [f"{each['kind']}/{each['metadata']['name']}" for each in left if not is_kept(each)] == []


@pytest.mark.parametrize("platform", [("openshift", "10", 4)], ids=["openshift-10"], indirect=True)
def test_going_back_a_stage_removes_what_came_with_it(platform: Platform) -> None:
    values = alone("openshift", "10", platform.server, platform.chart)
    objects = platform.step("install", values)
    fewer = platform.step("upgrade", {**values, "stage": "operators"})
    assert platform.not_stored(fewer) == []
    gone = [each for each in objects if each not in fewer and not is_kept(each)]
    assert {"KnativeServing", "SonataFlowPlatform", "SonataFlowClusterPlatform"} <= {each["kind"] for each in gone}
    assert [each["kind"] for each in gone if platform.server.find(each, platform.namespace)] == []
    platform.run("uninstall", "platform")


def bare(**values: Any) -> dict[str, Any]:
    """The values of an install that makes nothing but the platform."""
    off: dict[str, Any] = {each: {"enabled": False} for each in ("postgresql", "networkPolicies")}
    return {**off, "database": {"existingSecret": "mine", "create": False}, **values}


def content_of(server: ApiServer, namespace: str) -> list[str]:
    """What is in a namespace that a chart may have put there, Helm's own records too."""
    found = []
    for path in (
        "api/v1",
        "apis/batch/v1",
        "apis/apps/v1",
        "apis/networking.k8s.io/v1",
        "apis/sonataflow.org/v1alpha08",
    ):
        for kind in server.must("GET", f"/{path}")["resources"]:
            if kind["namespaced"] and "list" in kind["verbs"] and "/" not in kind["name"]:
                items = server.must("GET", f"/{path}/namespaces/{namespace}/{kind['name']}")["items"]
                found += [f"{kind['kind']}/{each['metadata']['name']}" for each in items]
    return found


@pytest.mark.parametrize("platform", [("existing", "10", 4)], ids=["existing-10"], indirect=True)
def test_a_second_platform_in_a_namespace_is_refused_before_anything_is_created(platform: Platform) -> None:
    platform.step("install", bare())
    before = content_of(platform.server, platform.namespace)
    assert "SonataFlowPlatform/sonataflow-platform" in before
    with pytest.raises(HelmRefusal, match=r"sonataflow-platform.*exists and cannot be imported"):
        platform.step("install", required("existing", "10"), "second")
    # Helm 4 keeps a record of what failed; of the chart there is nothing.
    assert [each for each in content_of(platform.server, platform.namespace) if "sh.helm" not in each] == [
        each for each in before if "sh.helm" not in each
    ]


@pytest.mark.parametrize("platform", [("existing", "10", 4)], ids=["existing-10"], indirect=True)
@pytest.mark.parametrize("check", ["discovery", "none"])
def test_a_platform_beside_one_of_another_name_is_refused_before_anything_is_created(
    platform: Platform, check: str
) -> None:
    other = {
        "apiVersion": "sonataflow.org/v1alpha08",
        "kind": "SonataFlowPlatform",
        "metadata": {"name": "by-hand"},
        "spec": {},
    }
    path = f"/apis/sonataflow.org/v1alpha08/namespaces/{platform.namespace}/sonataflowplatforms"
    platform.server.must("POST", path, other)
    with pytest.raises(HelmRefusal, match=f"{platform.namespace} has the SonataFlowPlatform by-hand already"):
        platform.step("install", {**required("existing", "10"), "operatorCheck": check})
    assert content_of(platform.server, platform.namespace) == ["SonataFlowPlatform/by-hand"]


@pytest.mark.parametrize("platform", [("kind", "10", 4), ("kind", "10", 3)], ids=["helm4", "helm3"], indirect=True)
def test_the_quota_refuses_a_platform_of_another_name_whoever_creates_it(platform: Platform) -> None:
    off = {"enabled": False}
    values = bare(knative={"serving": off, "eventing": off}, clusterPlatform=off, broker={"enabled": False, "name": ""})
    platform.step("install", values)
    values["platform"] = {"quota": True}
    objects = platform.step("upgrade", values)
    assert platform.not_stored(objects) == []
    quotas = f"/api/v1/namespaces/{platform.namespace}/resourcequotas/sonataflow-platform"
    quota = platform.server.must("GET", quotas)
    hard = quota["spec"]["hard"]
    # What the controller of quotas counts.
    quota["status"] = {"hard": hard, "used": dict.fromkeys(hard, "1")}
    platform.server.must("PUT", f"{quotas}/status", quota)
    path = f"/apis/sonataflow.org/v1alpha08/namespaces/{platform.namespace}/sonataflowplatforms"
    other = {"apiVersion": "sonataflow.org/v1alpha08", "kind": "SonataFlowPlatform", "spec": {}}
    other["metadata"] = {"name": "by-hand"}
    server = platform.server

    def refused() -> bool:
        answer = server.apply(f"{path}/by-hand?fieldManager=argocd&dryRun=All", other)
        return answer.code == HTTPStatus.FORBIDDEN and "exceeded quota" in answer.content["message"]

    eventually(refused, "the API server knows what is used")
    answer = server.ask("POST", path, other)
    assert (answer.code, answer.content["message"].count("exceeded quota: sonataflow-platform")) == (403, 1)
    assert platform.not_stored(platform.step("upgrade", {**values, "commonLabels": {"changed": "yes"}})) == []
    platform.run("uninstall", "platform")
    assert [each["kind"] for each in objects if server.find(each, platform.namespace)] == []


@pytest.fixture
def without_knative(server: ApiServer, shared: Path) -> Iterator[ApiServer]:
    """The server as it is before the operator of Knative has brought its kinds."""
    definitions = definitions_in(shared / "crds-others" / "knative")
    names = {each["metadata"]["name"] for each in definitions if each["spec"]["group"] == "operator.knative.dev"}
    for name in names:
        server.ask("DELETE", f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}")
    eventually(lambda: "operator.knative.dev" not in str(server.must("GET", "/apis")), "Knative's operator is gone")
    yield server
    server.define([served_alone(each) for each in definitions if each["metadata"]["name"] in names])


@pytest.mark.parametrize("platform", [("openshift", "10", 4)], ids=["openshift-10"], indirect=True)
def test_an_operator_that_is_missing_stops_an_install_before_anything_is_created(
    platform: Platform, without_knative: ApiServer
) -> None:
    values = alone("openshift", "10", without_knative, platform.chart)
    said = r"this cluster has no operator\.knative\.dev/v1beta1/Knative\w+: install the operators first"
    with pytest.raises(HelmRefusal, match=said):
        platform.step("install", values)
    assert content_of(without_knative, platform.namespace) == []
    logic = values["operators"]["serverlessLogic"]["namespace"]
    assert without_knative.ask("GET", f"/api/v1/namespaces/{logic}").code == HTTPStatus.NOT_FOUND
    assert platform.not_stored(platform.step("install", {**values, "stage": "operators"})) == []
    platform.run("uninstall", "platform")


@pytest.mark.parametrize(
    "platform", [("existing", "10", 4), ("existing", "10", 3)], ids=["helm4", "helm3"], indirect=True
)
def test_the_role_of_the_readme_is_enough_to_install_upgrade_and_remove(platform: Platform) -> None:
    values = bare(
        postgresql={"enabled": True}, networkPolicies={"enabled": True}, database={"password": "p", "create": True}
    )
    values["broker"] = {"enabled": True, "name": "default"}
    nobody = replace(platform, user="nobody")
    with pytest.raises(HelmRefusal, match="forbidden"):
        nobody.step("install", values)
    give_role(platform, platform.namespace)
    objects = nobody.step("install", values)
    assert {each["kind"] for each in objects} >= {"SonataFlowPlatform", "StatefulSet", "Job", "NetworkPolicy", "Broker"}
    assert platform.not_stored(objects) == []
    assert platform.not_stored(nobody.step("upgrade", {**values, "commonLabels": {"changed": "yes"}})) == []
    nobody.run("uninstall", "platform")
    left = [each["kind"] for each in objects if platform.server.find(each, platform.namespace)]
    assert left == ["Secret"]


def give_role(platform: Platform, namespace: str) -> None:
    """Give nobody the Role of the chart's README in a namespace."""
    (role,) = (yaml.safe_load(each) for each in blocks(platform.chart, "yaml") if "kind: Role" in each)
    assert role["metadata"].pop("namespace") == "sonataflow-infra"
    path = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}"
    platform.server.must("POST", f"{path}/roles", role)
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": role["metadata"]["name"]}
    subject = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "nobody"}
    binding = {"metadata": {"name": "nobody"}, "roleRef": reference, "subjects": [subject]}
    platform.server.must("POST", f"{path}/rolebindings", binding)


def blocks(chart: Path, language: str) -> list[str]:
    """The code blocks of a chart's README, without the indentation of a list."""
    text = (chart / "README.md").read_text(encoding="utf-8")
    return [
        textwrap.dedent(each) for each in re.findall(rf"^ *```{language}\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)
    ]


@pytest.mark.parametrize("platform", [("existing", "10", 4)], ids=["existing-10"], indirect=True)
def test_the_commands_of_the_readme_run_with_its_role_alone(platform: Platform, tmp_path: Path) -> None:
    demo = platform.server.namespace()
    for namespace in (platform.namespace, demo):
        give_role(platform, namespace)
    access = json.loads(platform.server.kubeconfig.read_bytes())
    access["current-context"] = "nobody"
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.touch(mode=0o600)
    kubeconfig.write_text(json.dumps(access), encoding="utf-8")
    (tmp_path / "platform").symlink_to(platform.chart)
    (tmp_path / "database-password").write_text("p", encoding="utf-8")
    path = os.pathsep.join([str(platform.server.programs), platform.helm.path])

    def run(script: str, kubeconfig: Path) -> None:
        env = {**os.environ, "PATH": path, "KUBECONFIG": str(kubeconfig)}
        words = ["bash", "-eo", "pipefail", "-c", script]
        done = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path, env=env, check=False)
        assert done.returncode == 0, f"{script}\n{done.stderr}"

    def here(text: str) -> str:
        text = re.sub(
            r"(-n|name:|namespace) demo\b", rf"\1 {demo}", text.replace("sonataflow-infra", platform.namespace)
        )
        text = re.sub(r"^kubectl create namespace .*\n", "", text, flags=re.MULTILINE)
        return text.replace("REPOSITORY", str(ROOT / "charts/workflows/charts"))

    (values,) = (each for each in blocks(platform.chart, "yaml") if each.startswith("# demo.yaml"))
    (tmp_path / "demo.yaml").write_text(here(values), encoding="utf-8")
    commands = blocks(platform.chart, "console")
    assert len(commands) == 7
    for each in commands:
        if "--for=condition=Available" in each:
            run(f". {ROOT / 'tests/docs/operators.sh'}\n{here(PLATFORM_READY)}", platform.server.kubeconfig)
        run(here(each), kubeconfig)
    within = f"-n {platform.namespace}"
    run(f"kubectl get pvc {within}; kubectl auth can-i get pods --subresource=log {within}", kubeconfig)


def test_the_operators_of_kind_get_pinned_images_that_there_are(apiserver: ApiServer, place: Path) -> None:
    folder = written("kind", "10", place) / "kind" / "operators"
    text = (folder / "kustomization.yaml").read_text(encoding="utf-8")
    addresses = re.findall(r"https://\S+", text)
    assert len(addresses) == 2
    local = place / "operators"
    local.mkdir()
    images = ("docker.io/apache/incubator-kie-sonataflow-operator:main", "gcr.io/kubebuilder/kube-rbac-proxy:v0.13.0")
    containers = [{"name": name, "image": image} for name, image in zip(("manager", "proxy"), images, strict=True)]
    deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "operator"}}
    deployment["spec"] = {"template": {"spec": {"containers": containers}}}
    (local / "operator.yaml").write_text(json.dumps(deployment), encoding="utf-8")
    for address, path in zip(addresses, ("knative.yaml", "operator.yaml"), strict=True):
        text = text.replace(address, path)
    knative = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "knative-operator"}}
    (local / "knative.yaml").write_text(json.dumps(knative), encoding="utf-8")
    (local / "kustomization.yaml").write_text(text, encoding="utf-8")
    done = subprocess.run(
        [apiserver.programs / "kubectl", "kustomize", local], capture_output=True, text=True, check=True
    )
    (operator,) = (each for each in yaml.safe_load_all(done.stdout) if each["kind"] == "Deployment")
    assert [each["image"] for each in operator["spec"]["template"]["spec"]["containers"]] == [
        "docker.io/apache/incubator-kie-sonataflow-operator:10.1.0",
        "quay.io/brancz/kube-rbac-proxy:v0.13.1",
    ]
