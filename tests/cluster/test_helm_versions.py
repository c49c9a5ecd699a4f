"""What becomes of a release in a cluster where Helm 3 and Helm 4 meet, or do not do the same."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.apiserver import ApiServer
from tests.cluster.conftest import definitions_in
from tests.cluster.test_installs import INSTALL, OURS, Cluster, required_by, table
from tests.conftest import ROOT, Helm, HelmRefusal
from tests.crd_facts import FOLDERS

GREETING = OURS / "charts" / "greeting"
ESCALATION = OURS / "charts" / "escalation"
LABELLED = {**INSTALL, "commonLabels": {"team": "a"}}
ON_THE_CLIENT, ON_THE_SERVER = {"Update"}, {"Apply"}
SECRET = "ticketescalation-secrets"  # noqa: S105 - a Secret's name
BOTH = {**INSTALL, "secret": {"data": {"JIRA_API_TOKEN": "a", "OCP_API_SERVER_TOKEN": "b"}}}
ONE = {**INSTALL, "secret": {"data": {"JIRA_API_TOKEN": "c"}}}


@pytest.fixture(scope="module")
def server(other_kinds: ApiServer, shared: Path) -> ApiServer:
    other_kinds.define(definitions_in(shared / "crds" / FOLDERS["10"]))
    return other_kinds


@pytest.fixture(scope="module")
def by_helm3(server: ApiServer, helm3: Helm) -> Cluster:
    return Cluster(server, helm3)


@pytest.fixture(scope="module")
def by_helm4(server: ApiServer, helm4: Helm) -> Cluster:
    return Cluster(server, helm4)


def kubectl(server: ApiServer, namespace: str, *words: str) -> None:
    access = ("--kubeconfig", str(server.kubeconfig), "--namespace", namespace)
    subprocess.run([server.programs / "kubectl", *words, *access], check=True, capture_output=True)


def greeting(server: ApiServer, namespace: str) -> dict[str, Any]:
    """The custom resource of the chart greeting."""
    path = f"/apis/sonataflow.org/v1alpha08/namespaces/{namespace}/sonataflows/greeting"
    found: dict[str, Any] = server.must("GET", path)
    return found


def ways(resource: dict[str, Any]) -> set[str]:
    """How Helm has written an object: `Update` is a patch that the client made, `Apply` is server-side apply."""
    return {each["operation"] for each in resource["metadata"]["managedFields"] if each["manager"] == "helm"}


def image(resource: dict[str, Any]) -> str:
    found: str = resource["spec"]["podTemplate"]["container"]["image"]
    return found


def tokens(server: ApiServer, namespace: str) -> dict[str, str]:
    """What the Secret of the chart escalation holds."""
    data = server.must("GET", f"/api/v1/namespaces/{namespace}/secrets/{SECRET}")["data"]
    return {key: base64.b64decode(value).decode() for key, value in data.items()}


def test_helm_4_upgrades_and_takes_away_each_of_our_charts_that_helm_3_installed(
    by_helm3: Cluster, helm4: Helm
) -> None:
    values = required_by(ROOT / "workflows")
    cells = by_helm3.cells({chart: values[chart.name] for chart in sorted((OURS / "charts").iterdir())}, later=helm4)
    print("\ninstalled by Helm 3, then Helm 4")
    table(cells)
    assert len(cells) == 10
    assert [name for name, cell in cells.items() if not cell.green] == []


def test_an_upgrade_by_helm_4_writes_as_the_install_did(by_helm3: Cluster, by_helm4: Cluster) -> None:
    for cluster, way in ((by_helm3, ON_THE_CLIENT), (by_helm4, ON_THE_SERVER)):
        namespace = cluster.server.namespace()
        assert cluster.step(namespace, GREETING, INSTALL, "install") == ""
        assert ways(greeting(cluster.server, namespace)) == way
        assert by_helm4.step(namespace, GREETING, LABELLED, "upgrade") == ""
        written = greeting(cluster.server, namespace)
        assert (ways(written), written["metadata"]["labels"]["team"]) == (way, "a")
        assert by_helm4.step(namespace, GREETING, INSTALL, "upgrade") == ""
        assert "team" not in greeting(cluster.server, namespace)["metadata"]["labels"]


def test_a_release_of_helm_3_moves_to_the_server_where_helm_4_is_told_to(by_helm3: Cluster, by_helm4: Cluster) -> None:
    namespace = by_helm3.server.namespace()
    assert by_helm3.step(namespace, GREETING, LABELLED, "install") == ""
    assert by_helm4.step(namespace, GREETING, INSTALL, "upgrade", "--server-side=true") == ""
    moved = greeting(by_helm3.server, namespace)
    assert ways(moved) == ON_THE_SERVER
    assert "team" not in moved["metadata"]["labels"]


def test_helm_3_may_upgrade_a_release_of_helm_4(by_helm4: Cluster, helm3: Helm) -> None:
    assert by_helm4.cell(GREETING, INSTALL, later=helm3).green


def test_what_a_person_patched_stays_in_a_release_of_helm_3_and_stops_one_of_helm_4(
    by_helm3: Cluster, by_helm4: Cluster
) -> None:
    patch = json.dumps({"spec": {"podTemplate": {"container": {"image": "mine:1"}}}})
    said = []
    for first, second in ((by_helm3, by_helm3), (by_helm3, by_helm4), (by_helm4, by_helm4)):
        namespace = first.server.namespace()
        assert first.step(namespace, GREETING, INSTALL, "install") == ""
        kubectl(first.server, namespace, "patch", "sonataflow", "greeting", "--type=merge", "-p", patch)
        said.append(second.step(namespace, GREETING, LABELLED, "upgrade"))
        assert image(greeting(first.server, namespace)) == "mine:1"
    # Helm is content; what it rendered is not what is there.
    assert said[:2] == ["greeting is not stored as it was rendered"] * 2
    assert 'conflict with "kubectl-patch"' in said[2]
    assert ".spec.podTemplate.container.image" in said[2]
    assert by_helm4.step(namespace, GREETING, LABELLED, "upgrade", "--force-conflicts") == ""
    assert image(greeting(by_helm4.server, namespace)) != "mine:1"


@pytest.mark.parametrize("major", [3, 4])
def test_objects_of_kubectl_apply_are_taken_over(
    major: int, by_helm3: Cluster, by_helm4: Cluster, shared: Path
) -> None:
    cluster = by_helm3 if major == 3 else by_helm4
    namespace = cluster.server.namespace()
    kubectl(cluster.server, namespace, "apply", "-f", str(shared / "corpus" / "manifests" / "greeting"))
    install = (namespace, GREETING, INSTALL, "upgrade", "--install", "--take-ownership")
    if major == 4:
        assert 'conflicts with "kubectl-client-side-apply"' in cluster.step(*install)
        install += ("--force-conflicts",)
    assert cluster.step(*install) == ""
    assert cluster.uninstall(namespace) == ""


def test_a_key_of_a_secret_stays_where_a_later_upgrade_does_not_give_it(by_helm3: Cluster, by_helm4: Cluster) -> None:
    for first, second in ((by_helm3, by_helm3), (by_helm4, by_helm4), (by_helm3, by_helm4), (by_helm4, by_helm3)):
        namespace = first.server.namespace()
        assert first.step(namespace, ESCALATION, BOTH, "install") == ""
        assert second.step(namespace, ESCALATION, ONE, "upgrade") == ""
        assert tokens(first.server, namespace) == {"JIRA_API_TOKEN": "c", "OCP_API_SERVER_TOKEN": "b"}
        assert second.step(namespace, ESCALATION, INSTALL, "upgrade") == ""
        assert second.uninstall(namespace) == ""
        assert tokens(first.server, namespace) == {"JIRA_API_TOKEN": "c", "OCP_API_SERVER_TOKEN": "b"}


@pytest.mark.parametrize("again", [False, True], ids=["an upgrade", "another install"])
def test_server_side_apply_takes_keys_away_that_helm_3_wrote(
    again: bool,  # noqa: FBT001 - a column
    by_helm3: Cluster,
    by_helm4: Cluster,
) -> None:
    namespace = by_helm3.server.namespace()
    assert by_helm3.step(namespace, ESCALATION, BOTH, "install") == ""
    if again:
        assert by_helm4.uninstall(namespace) == ""
    assert tokens(by_helm3.server, namespace).keys() == {"JIRA_API_TOKEN", "OCP_API_SERVER_TOKEN"}
    verb = ("install",) if again else ("upgrade", "--server-side=true")
    assert by_helm4.step(namespace, ESCALATION, ONE, *verb) == ""
    assert tokens(by_helm3.server, namespace) == {"JIRA_API_TOKEN": "c"}


@pytest.mark.parametrize(("major", "option"), [(3, "--atomic"), (4, "--rollback-on-failure")])
def test_an_upgrade_that_fails_goes_back_to_what_was_there(
    major: int, option: str, by_helm3: Cluster, by_helm4: Cluster, tmp_path: Path
) -> None:
    cluster = by_helm3 if major == 3 else by_helm4
    namespace = cluster.server.namespace()
    chart = tmp_path / "greeting"
    shutil.copytree(GREETING, chart)
    assert cluster.step(namespace, chart, LABELLED, "install") == ""
    template = chart / "templates" / "sonataflow.yaml"
    text = template.read_text(encoding="utf-8")
    template.write_text(text.replace("  podTemplate:\n", "  podTemplate:\n    replicas: many\n"), encoding="utf-8")
    with pytest.raises(HelmRefusal, match="UPGRADE FAILED"):
        cluster.run(namespace, "upgrade", "demo", str(chart), option)
    history = json.loads(cluster.run(namespace, "history", "demo", "-o", "json"))
    assert [(each["status"], each["description"]) for each in history][2:] == [("deployed", "Rollback to 1")]
    assert greeting(cluster.server, namespace)["metadata"]["labels"]["team"] == "a"
