"""A chart asks the cluster whether its SonataFlow knows all that the chart sets: by discovery, or by its schema."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from generator.kubernetes.admission import admit
from generator.kubernetes.crd import Crd, crd_of, known_crd
from generator.text.yaml_reader import field_path
from tests.cluster.apiserver import ApiServer
from tests.cluster.conftest import definitions_in
from tests.cluster.test_installs import INSTALL, OURS, Cluster
from tests.conftest import Helm, HelmRefusal
from tests.crd_facts import FOLDERS

GREETING = OURS / "charts" / "greeting"
STRICT = {**INSTALL, "operatorCheck": "strict"}
#: What a user may add, with fields that some operator or none knows, at every kind of place in a schema.
ADDED: Mapping[str, Any] = {
    "sink": {"uri": "https://sink.example.com", "unheard": {"of": 1}},
    "sources": [{"eventType": "asked", "unheard": True}],
    "podTemplate": {
        "replicas": 2,
        "nodeSelector": {"unheard": "of, but any name may be there"},
        "volumes": [{"name": "settings", "configMap": {"name": "settings", "unheard": [1]}}, {"unheard": {}}],
        "container": {"resources": {"limits": {"memory": "1Gi"}, "unheard": None}},
    },
}
#: The server's words for a field that is unknown, where Helm lets it apply objects; of several it names any one.
UNDECLARED = ": field not declared in schema"
FORBIDDEN = 'customresourcedefinitions.apiextensions.k8s.io "sonataflows.sonataflow.org" is forbidden'


@dataclass(frozen=True)
class User:
    """Somebody who may do anything in one namespace, and nothing beside it."""

    name: str
    namespace: str
    server: ApiServer
    helm: Helm

    def install(self, chart: Path, values: Mapping[str, Any]) -> str:
        """What Helm says against an install; "" where it goes well."""
        access = ("--kubeconfig", str(self.server.folder / "kubeconfig"), "--kube-as-user", self.name)
        words = ("install", "demo", str(chart), "--namespace", self.namespace, "-f", "-")
        try:
            self.helm.run(*words, *access, stdin=json.dumps(values))
        except HelmRefusal as refusal:
            return str(refusal)
        return ""


@pytest.fixture
def user(apiserver: ApiServer, helm: Helm) -> User:
    namespace = apiserver.namespace()
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "owner"}
    subject = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": f"owner-of-{namespace}"}
    everything = [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]
    of_namespace = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}"
    apiserver.must("POST", f"{of_namespace}/roles", {"metadata": {"name": "owner"}, "rules": everything})
    binding = {"metadata": {"name": "owner"}, "roleRef": role, "subjects": [subject]}
    apiserver.must("POST", f"{of_namespace}/rolebindings", binding)
    return User(subject["name"], namespace, apiserver, helm)


@pytest.fixture(scope="module")
def rendered(corpus_charts: Path, helm4: Helm) -> list[tuple[Path, Mapping[str, Any], Mapping[str, Any]]]:
    """Charts, ours as they are and of the corpus with what a user adds: each with its values and custom resource."""
    cases = [(chart, STRICT) for chart in sorted((OURS / "charts").iterdir())]
    cases += [(chart, {**STRICT, **ADDED}) for chart in sorted((corpus_charts / "charts").iterdir())]
    return [(chart, values, sonataflow(helm4, chart, values)) for chart, values in cases]


def sonataflow(helm: Helm, chart: Path, values: Mapping[str, Any]) -> Mapping[str, Any]:
    return next(each for each in helm.render(chart, values) if each["kind"] == "SonataFlow")


def serve(apiserver: ApiServer, shared: Path, version: str) -> None:
    """Put one version of SonataFlow into the cluster; only the newest has a kind of its own for whole clusters."""
    apiserver.define(definitions_in(shared / "crds" / FOLDERS[version]))
    if version != "10":
        apiserver.undefine("sonataflowclusterplatforms.sonataflow.org")


def lost(said: str) -> set[str]:
    """The fields that a refusal names."""
    assert "error calling" not in said
    return set(re.findall(r"^  (\S+)$", said, re.MULTILINE)) if "operator would drop fields" in said else set()


def dropped(resource: Mapping[str, Any], crd: Crd) -> set[str]:
    """The fields that we say are dropped."""
    return {field_path(path) for path in admit(resource, crd).dropped}


@pytest.mark.parametrize("version", [version for version in FOLDERS if version != "10"])
def test_an_older_sonataflow_is_refused_unless_nobody_asks(
    version: str, apiserver: ApiServer, helm: Helm, shared: Path
) -> None:
    cluster = Cluster(apiserver, helm)
    serve(apiserver, shared, version)
    refused = cluster.cell(GREETING, INSTALL).install
    assert "SonataFlow operator is older than 10: it would drop spec.persistence" in refused
    unasked = cluster.cell(GREETING, {**INSTALL, "operatorCheck": "none"}).install
    assert ("is not stored as it was rendered" if helm.major == 3 else UNDECLARED) in unasked


def test_helm_4_drops_what_an_older_sonataflow_does_not_know_if_it_applies_as_helm_3_did(
    apiserver: ApiServer, helm4: Helm, shared: Path
) -> None:
    serve(apiserver, shared, "1.45")
    cell = Cluster(apiserver, helm4).cell(GREETING, {**INSTALL, "operatorCheck": "none"}, "--server-side=false")
    assert "is not stored as it was rendered" in cell.install


@pytest.mark.parametrize("values", [INSTALL, STRICT], ids=["by discovery", "by its schema"])
def test_the_newest_sonataflow_is_taken(
    values: Mapping[str, Any], apiserver: ApiServer, helm: Helm, shared: Path
) -> None:
    serve(apiserver, shared, "10")
    assert Cluster(apiserver, helm).cell(GREETING, values).green


@pytest.mark.parametrize("version", FOLDERS)
def test_strict_names_just_the_fields_that_we_predict(
    version: str,
    rendered: list[tuple[Path, Mapping[str, Any], Mapping[str, Any]]],
    apiserver: ApiServer,
    helm4: Helm,
    shared: Path,
) -> None:
    serve(apiserver, shared, version)
    crd = known_crd(version)
    cluster = Cluster(apiserver, helm4)
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        said = pool.map(cluster.asked, (chart for chart, _, _ in rendered), (values for _, values, _ in rendered))
        named = {chart: lost(each) for (chart, _, _), each in zip(rendered, said, strict=True)}
    assert len(named) == 30
    assert named == {chart: dropped(resource, crd) for chart, _, resource in rendered}


def test_strict_names_fields_of_the_flow_wherever_they_are(apiserver: ApiServer, helm: Helm, shared: Path) -> None:
    definitions = definitions_in(shared / "crds" / FOLDERS["10"])
    (definition,) = (each for each in definitions if each["spec"]["names"]["kind"] == "SonataFlow")
    schema = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    flow = schema["properties"]["spec"]["properties"]["flow"]["properties"]
    del flow["functions"]["items"]["properties"]["operation"]
    del flow["states"]["x-kubernetes-preserve-unknown-fields"]
    apiserver.define(definitions)
    named = lost(Cluster(apiserver, helm).asked(GREETING, STRICT))
    assert named > {"spec.flow.functions[0].operation", "spec.flow.states[0].dataConditions"}
    crd = crd_of(definitions, name="cut", shown="a definition that was cut")
    assert named == dropped(sonataflow(helm, GREETING, STRICT), crd)


def test_strict_takes_an_older_sonataflow_that_knows_all_that_is_set(
    apiserver: ApiServer, helm: Helm, shared: Path
) -> None:
    serve(apiserver, shared, "1.45")
    cluster = Cluster(apiserver, helm)
    assert lost(cluster.cell(GREETING, STRICT).install) == {"spec.persistence"}
    assert cluster.cell(GREETING, {**STRICT, "persistence": {"enabled": False}}).green


def test_each_chart_of_an_umbrella_asks_for_itself(apiserver: ApiServer, helm: Helm, shared: Path) -> None:
    serve(apiserver, shared, "1.45")
    cluster = Cluster(apiserver, helm)
    values = {"greeting": {**STRICT, "enabled": True}, "escalation": {**INSTALL, "enabled": True}}
    without = {"persistence": {"enabled": False}}
    values["escalation"] |= {"operatorCheck": "none", **without}
    said = cluster.cell(OURS, values).install
    assert lost(said) == {"spec.persistence"}
    assert "fields that greeting sets" in said
    assert said.rstrip().endswith("--set greeting.operatorCheck=none, and --server-side=false with Helm 4")
    assert cluster.cell(OURS, {**values, "greeting": {**values["greeting"], **without}}).green


def test_a_dry_run_on_the_client_takes_what_discovery_says_by_helm_3_and_asks_nobody_by_helm_4(
    apiserver: ApiServer, helm3: Helm, helm4: Helm, shared: Path
) -> None:
    serve(apiserver, shared, "1.45")
    assert "operator is older than 10" in Cluster(apiserver, helm3).asked(GREETING, STRICT, "client")
    assert Cluster(apiserver, helm4).asked(GREETING, STRICT, "client") == ""


def test_strict_needs_a_right_that_the_readme_gives(user: User, apiserver: ApiServer, shared: Path) -> None:
    serve(apiserver, shared, "10")
    assert FORBIDDEN in user.install(GREETING, STRICT)
    text = (GREETING / "README.md").read_text(encoding="utf-8")
    assert '"sonataflows.sonataflow.org" is forbidden' in text
    (given,) = re.findall(r"```yaml\n(apiVersion: rbac.*?)```", text, re.DOTALL)
    rights = list(yaml.safe_load_all(given.replace("NAME", user.name)))
    for each in rights:
        apiserver.must("POST", f"/apis/{each['apiVersion']}/{each['kind'].lower()}s", each)
    assert user.install(GREETING, STRICT) == ""
    for each in rights:
        apiserver.must("DELETE", f"/apis/{each['apiVersion']}/{each['kind'].lower()}s/{each['metadata']['name']}")


def test_discovery_needs_no_right(user: User, apiserver: ApiServer, shared: Path) -> None:
    serve(apiserver, shared, "10")
    assert user.install(GREETING, INSTALL) == ""
