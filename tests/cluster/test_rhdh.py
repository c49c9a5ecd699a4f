"""`waybill rhdh secret`: what a real API server stores of it, and what RHDH's plugins may then read."""

from __future__ import annotations

import base64
import json
import os
import ssl
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from generator.kubernetes.rbac import bound_role, user
from generator.rhdh.access import PLUGINS
from pipeline.cluster import rhdh_secret
from tests.cluster.apiserver import ApiServer
from tests.cluster.test_namespaces import environment, kubeconfig_of
from tests.command import Outcome
from tests.conftest import Waybill

NAME = "orchestrator-auth-secret"


@dataclass(frozen=True)
class Hub:
    """A server with a namespace of RHDH, and a folder to run commands in."""

    server: ApiServer
    waybill: Waybill
    namespace: str
    folder: Path

    def secret(
        self, *words: str, variables: Mapping[str, str] | None = None, kubeconfig: Path | None = None
    ) -> Outcome:
        env = {**environment(self.server, kubeconfig), **(variables or {})}
        return self.waybill("rhdh", "secret", "--namespace", self.namespace, *words, env=env)

    def stored(self, name: str = NAME) -> dict[str, str]:
        answer = self.server.ask("GET", f"/api/v1/namespaces/{self.namespace}/secrets/{name}")
        data = answer.content.get("data", {})
        return {key: base64.b64decode(value).decode() for key, value in data.items()}

    def version(self, name: str = NAME) -> str:
        path = f"/api/v1/namespaces/{self.namespace}/secrets/{name}"
        return str(self.server.must("GET", path)["metadata"]["resourceVersion"])

    def create(self, name: str, values: Mapping[str, str]) -> None:
        place = f"/api/v1/namespaces/{self.namespace}/secrets"
        self.server.must("POST", place, {"metadata": {"name": name}, "stringData": values})


@pytest.fixture
def hub(apiserver: ApiServer, waybill: Waybill, tmp_path: Path) -> Iterator[Hub]:
    namespace = apiserver.namespace()
    yield Hub(apiserver, waybill, namespace, tmp_path)
    for kind in ("clusterrolebindings", "clusterroles"):
        for name in ("rhdh-plugins", "rhdh-secret"):
            apiserver.ask("DELETE", f"/apis/rbac.authorization.k8s.io/v1/{kind}/{name}-{namespace}")


def test_apply_creates_it_and_again_changes_nothing(hub: Hub) -> None:
    done = hub.secret("--from-env", "--apply", variables={"GITHUB_TOKEN": "do-not-tell", "GITLAB_TOKEN": ""})
    assert done.code == 0, done.err
    stored = hub.stored()
    assert stored.keys() == {"BACKEND_SECRET", "GITHUB_TOKEN"}
    assert "do-not-tell" not in done.out + done.err
    version = hub.version()
    done = hub.secret("--from-env", "--apply", "--json", variables={"GITHUB_TOKEN": "do-not-tell"})
    assert (done.json["added"], done.json["kept"]) == ([], [])
    assert hub.version() == version


def test_what_is_there_stays_and_missing_keys_are_added(hub: Hub) -> None:
    mine = {"BACKEND_SECRET": "mine", "GITHUB_TOKEN": "mine", "OTHER": "mine"}
    hub.create(NAME, mine)
    done = hub.secret("--from-env", "--apply", variables={"GITHUB_TOKEN": "do-not-tell", "GITLAB_TOKEN": "new"})
    assert done.code == 0, done.err
    assert hub.stored() == {**mine, "GITLAB_TOKEN": "new"}
    assert "GITHUB_TOKEN: keeps its present value" in done.err


def test_whoever_applies_their_own_keys_again_takes_none_away(hub: Hub) -> None:
    theirs = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": NAME}, "stringData": {"OTHER": "theirs"}}
    env = {**os.environ, **environment(hub.server)}
    words = ["kubectl", "apply", "--namespace", hub.namespace, "-f", "-"]
    for _ in ("first", "again"):
        subprocess.run(words, input=json.dumps(theirs), text=True, env=env, check=True, capture_output=True)
        assert hub.secret("--apply").code == 0
    subprocess.run(words, input=json.dumps(theirs), text=True, env=env, check=True, capture_output=True)
    assert hub.stored().keys() == {"OTHER", "BACKEND_SECRET"}


def test_a_release_of_helm_keeps_the_token_that_the_chart_made(hub: Hub) -> None:
    hub.create("hub-auth", {"backend-secret": "of the chart"})
    assert hub.secret("--release", "hub", "--apply").code == 0
    assert hub.stored("hub-auth") == {"backend-secret": "of the chart", "BACKEND_SECRET": "of the chart"}


def test_the_name_goes_by_the_release_of_rhdh(hub: Hub) -> None:
    assert hub.secret("--rhdh", "1.6", "--apply").code == 0
    assert hub.stored("backstage-backend-auth-secret").keys() == {"BACKEND_SECRET"}


def test_a_namespace_that_is_not_there_is_named_with_the_nearest(hub: Hub) -> None:
    wrong = f"{hub.namespace}x"
    done = hub.waybill("rhdh", "secret", "--namespace", wrong, "--apply", env=environment(hub.server))
    assert done.code == 2
    assert f"the cluster has no namespace '{wrong}'; did you mean '{hub.namespace}'?" in done.err
    assert "set --namespace" in done.err


def reads(server: ApiServer, token: str, path: str) -> int:
    """The status of a GET with a token."""
    request = urllib.request.Request(server.address + path, headers={"Authorization": f"Bearer {token}"})  # noqa: S310 - our own server
    context = ssl.create_default_context(cafile=str(server.certificate))
    try:
        with urllib.request.urlopen(request, context=context, timeout=60) as answer:  # noqa: S310 - as above
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def rights() -> Iterator[tuple[str, str, str]]:
    """Group, resource and verb of each right that the plugins are to have."""
    for rows in PLUGINS.values():
        for group, resources, verbs in rows:
            yield from ((group, resource, verb) for resource in resources for verb in verbs)


def allowed(hub: Hub, group: str, resource: str, verb: str, namespace: str = "") -> bool:
    """What the server says of the account's rights."""
    plain, _, below = resource.partition("/")
    what = {"group": group, "resource": plain, "subresource": below, "verb": verb, "namespace": namespace}
    user = f"system:serviceaccount:{hub.namespace}:rhdh-plugins"
    review = {"spec": {"user": user, "resourceAttributes": what}}
    answer = hub.server.must("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", review)
    return bool(answer["status"]["allowed"])


def test_the_token_reads_what_the_plugins_read_and_nothing_else(hub: Hub) -> None:
    done = hub.secret("--cluster-access", "--token-duration", "1h", "--apply")
    assert done.code == 0, done.err
    stored = hub.stored()
    assert stored["K8S_CLUSTER_URL"] == "https://kubernetes.default.svc"
    token = stored["K8S_CLUSTER_TOKEN"]
    assert token not in done.out + done.err
    assert reads(hub.server, token, "/api/v1/pods?labelSelector=a") == 200
    assert reads(hub.server, token, "/apis/apps/v1/namespaces/default/deployments") == 200
    assert reads(hub.server, token, f"/api/v1/namespaces/{hub.namespace}/secrets/{NAME}") == 403
    for group, resource, verb in rights():
        assert allowed(hub, group, resource, verb), (group, resource, verb)
    for group, resource, verb in [
        ("", "secrets", "get"),
        ("", "pods", "create"),
        ("", "pods/exec", "create"),
        ("apps", "deployments", "patch"),
        ("sonataflow.org", "sonataflows", "delete"),
        ("rbac.authorization.k8s.io", "clusterroles", "escalate"),
    ]:
        assert not allowed(hub, group, resource, verb), (group, resource, verb)
    version = hub.version()
    assert hub.secret("--cluster-access", "--token-duration", "1h", "--apply").code == 0
    assert hub.version() == version


def test_within_namespaces_nothing_is_read_elsewhere(hub: Hub) -> None:
    words = ["--cluster-access", "--token-duration", "1h", "--plugin", "tekton", "--in", hub.namespace, "--apply"]
    assert hub.secret(*words).code == 0
    assert allowed(hub, "tekton.dev", "pipelineruns", "list", hub.namespace)
    assert not allowed(hub, "tekton.dev", "pipelineruns", "list")
    assert not allowed(hub, "", "configmaps", "list", hub.namespace)


def test_a_token_that_no_controller_has_made_yet_is_added_by_the_same_command(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rhdh_secret, "LOOKS", 2)
    monkeypatch.setattr(rhdh_secret, "PAUSE", 0)
    done = hub.secret("--cluster-access", "--apply")
    assert done.code == 0, done.err
    assert "K8S_CLUSTER_TOKEN is not there yet" in done.err
    assert "K8S_CLUSTER_TOKEN" not in hub.stored()
    # What the cluster's controller does.
    made = "of-the-controller"
    path = f"/api/v1/namespaces/{hub.namespace}/secrets/rhdh-plugins-token"
    secret = hub.server.must("GET", path)
    hub.server.must("PUT", path, {**secret, "stringData": {"token": made}})
    assert hub.secret("--cluster-access", "--apply").code == 0
    assert hub.stored()["K8S_CLUSTER_TOKEN"] == made


def test_the_printed_commands_run_as_printed(hub: Hub) -> None:
    done = hub.secret("--cluster-access", "--token-duration", "1h", "--json")
    commands = [each["command"] for each in done.json["commands"]]
    objects = "\n---\n".join(map(json.dumps, done.json["objects"]))
    hub.folder.joinpath("objects.yaml").write_text(objects, encoding="utf-8")
    env = {**os.environ, **environment(hub.server)}
    for command in [f"cat objects.yaml | {commands[0].partition(' | ')[2]}", *commands[1:]]:
        if command.startswith("waybill "):
            words: Any = command.split()[1:]
            assert hub.waybill(*words, env=environment(hub.server)).code == 0
            continue
        ran = subprocess.run(
            ["bash", "-c", command], cwd=hub.folder, env=env, capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, ran.stderr
    stored = hub.stored()
    assert stored.keys() == {"BACKEND_SECRET", "K8S_CLUSTER_URL", "K8S_CLUSTER_TOKEN"}
    assert reads(hub.server, stored["K8S_CLUSTER_TOKEN"], "/api/v1/pods") == 200
    assert [path.name for path in hub.folder.iterdir() if path.is_file()] == ["objects.yaml"]


def kubectl(hub: Hub, *words: str, stdin: str = "", kubeconfig: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run kubectl as somebody."""
    env = {**os.environ, **environment(hub.server, kubeconfig)}
    return subprocess.run(["kubectl", *words], input=stdin, env=env, capture_output=True, text=True, check=False)


def apply_role(hub: Hub, *words: str) -> Path:
    """Apply what --role prints as the administrator; return the user's kubeconfig."""
    printed = hub.secret(*words, "--role", "ann")
    assert printed.code == 0, printed.err
    done = kubectl(hub, "apply", "-f", "-", stdin=printed.out)
    assert done.returncode == 0, done.stderr
    return kubeconfig_of("ann", hub.server, hub.folder)


@pytest.mark.parametrize("where", ["everywhere", "in one namespace"])
def test_a_user_with_only_the_printed_role_can_apply_and_do_no_more(where: str, hub: Hub) -> None:
    elsewhere = hub.server.namespace()
    within = [] if where == "everywhere" else ["--in", elsewhere]
    words = ["--cluster-access", *within, "--token-duration", "1h"]
    kubeconfig = apply_role(hub, *words)
    assert hub.stored() == {}
    variables = {"GITHUB_TOKEN": "do-not-tell"}
    done = hub.secret(*words, "--from-env", "--apply", variables=variables, kubeconfig=kubeconfig)
    assert done.code == 0, done.err
    stored = hub.stored()
    assert stored.keys() == {"BACKEND_SECRET", "GITHUB_TOKEN", "K8S_CLUSTER_URL", "K8S_CLUSTER_TOKEN"}
    pods = f"/api/v1/namespaces/{elsewhere}/pods"
    assert reads(hub.server, stored["K8S_CLUSTER_TOKEN"], pods) == 200
    # Whoever could do one of these could have the rights of another account.
    for denied in (
        ["create", "secret", "generic", "mine"],
        ["create", "token", "default"],
        ["create", "serviceaccount", "mine"],
        ["get", "secrets"],
        ["create", "clusterrolebinding", "mine", "--clusterrole=cluster-admin", "--user=ann"],
        ["get", "pods", "--all-namespaces"],
    ):
        refused = kubectl(hub, *denied, "--namespace", hub.namespace, kubeconfig=kubeconfig)
        assert "forbidden" in refused.stderr.lower(), (denied, refused.stderr)


def test_a_role_without_cluster_access_is_one_of_rhdh_s_namespace_alone(hub: Hub) -> None:
    objects = hub.secret("--role", "ann", "--json").json["objects"]
    assert {(each["kind"], each["metadata"]["namespace"]) for each in objects} == {
        ("Secret", hub.namespace),
        ("Role", hub.namespace),
        ("RoleBinding", hub.namespace),
    }
    kubeconfig = apply_role(hub)
    assert hub.secret("--apply", kubeconfig=kubeconfig).code == 0
    assert hub.stored().keys() == {"BACKEND_SECRET"}
    done = hub.secret("--cluster-access", "--apply", kubeconfig=kubeconfig)
    assert done.code == 1
    assert "what the cluster has cannot be read: access is denied" in done.err


def test_the_printed_role_takes_no_value_out_of_a_secret_that_is_there(hub: Hub) -> None:
    hub.create(NAME, {"BACKEND_SECRET": "mine", "OTHER": "mine"})
    kubeconfig = apply_role(hub)
    assert hub.secret("--apply", kubeconfig=kubeconfig).code == 0
    assert hub.stored() == {"BACKEND_SECRET": "mine", "OTHER": "mine"}


def test_the_user_with_the_role_reads_the_token_of_a_controller_and_moves_it_to_no_other_account(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rhdh_secret, "LOOKS", 1)
    kubeconfig = apply_role(hub, "--cluster-access")
    assert hub.secret("--cluster-access", "--apply", kubeconfig=kubeconfig).code == 0
    path = f"/api/v1/namespaces/{hub.namespace}/secrets/rhdh-plugins-token"
    hub.server.must("PUT", path, {**hub.server.must("GET", path), "stringData": {"token": "of-the-controller"}})
    assert hub.secret("--cluster-access", "--apply", kubeconfig=kubeconfig).code == 0
    assert hub.stored()["K8S_CLUSTER_TOKEN"] == "of-the-controller"  # noqa: S105 - of this test
    for denied in (
        ["annotate", "secret", "rhdh-plugins-token", "kubernetes.io/service-account.name=default", "--overwrite"],
        ["label", "clusterrole", f"rhdh-plugins-{hub.namespace}", "mine=yes"],
    ):
        refused = kubectl(hub, *denied, "--namespace", hub.namespace, kubeconfig=kubeconfig)
        assert "forbidden" in refused.stderr.lower(), (denied, refused.stderr)


def test_who_cannot_have_the_rights_of_the_plugins_is_told_who_can(hub: Hub) -> None:
    kinds = {
        "": ["serviceaccounts", "namespaces", "secrets"],
        "rbac.authorization.k8s.io": ["clusterroles", "clusterrolebindings"],
    }
    rules = [
        {"apiGroups": [group], "resources": names, "verbs": ["get", "create", "update"]}
        for group, names in kinds.items()
    ]
    objects = bound_role(f"rhdh-secret-{hub.namespace}", rules, [user("eve")])
    kubectl(hub, "apply", "-f", "-", stdin="\n---\n".join(map(json.dumps, objects)))
    done = hub.secret("--cluster-access", "--apply", kubeconfig=kubeconfig_of("eve", hub.server, hub.folder))
    assert done.code == 1
    assert (
        f"ClusterRole rhdh-plugins-{hub.namespace} cannot be created: it grants rights that you do not have" in done.err
    )


def test_a_value_of_somebody_else_may_be_any_bytes_and_one_of_rhdh_may_not(hub: Hub) -> None:
    place = f"/api/v1/namespaces/{hub.namespace}/secrets"
    hub.server.must("POST", place, {"metadata": {"name": NAME}, "data": {"keystore": "/w=="}})
    assert hub.secret("--apply").code == 0
    data = hub.server.must("GET", f"{place}/{NAME}")["data"]
    assert (data.keys(), data["keystore"]) == ({"keystore", "BACKEND_SECRET"}, "/w==")
    hub.server.must("PUT", f"{place}/{NAME}", {"metadata": {"name": NAME}, "data": {"GITHUB_TOKEN": "/w=="}})
    done = hub.secret("--apply")
    assert (done.code, "the value of GITHUB_TOKEN is not text; nothing was changed" in done.err) == (1, True), done.err


def test_an_immutable_secret_is_told(hub: Hub) -> None:
    place = f"/api/v1/namespaces/{hub.namespace}/secrets"
    hub.server.must("POST", place, {"metadata": {"name": NAME}, "immutable": True})
    done = hub.secret("--apply")
    assert done.code == 1
    assert f"Secret {NAME} in {hub.namespace} is immutable and has no BACKEND_SECRET" in done.err


def test_a_dry_run_changes_nothing_and_says_what_the_run_says(hub: Hub) -> None:
    words = ["--cluster-access", "--token-duration", "1h", "--apply"]
    would = hub.secret(*words, "--dry-run", "--json").json
    assert hub.stored() == {}
    account = f"/api/v1/namespaces/{hub.namespace}/serviceaccounts/rhdh-plugins"
    assert hub.server.ask("GET", account).code == HTTPStatus.NOT_FOUND
    assert f"ServiceAccount rhdh-plugins in {hub.namespace}: would be created" in hub.secret(*words, "--dry-run").err
    assert hub.secret(*words, "--json").json == would


def test_the_command_that_is_told_for_a_kept_key_lets_it_be_replaced(hub: Hub) -> None:
    hub.create(NAME, {"BACKEND_SECRET": "mine", "GITHUB_TOKEN": "old"})
    words, variables = ["--from-env", "--apply"], {"GITHUB_TOKEN": "new"}
    done = hub.secret(*words, variables=variables)
    command = done.err.partition("first run: ")[2].strip()
    env = {**os.environ, **environment(hub.server)}
    subprocess.run(["bash", "-c", command], env=env, check=True, capture_output=True)
    assert hub.secret(*words, variables=variables).code == 0
    assert hub.stored() == {"BACKEND_SECRET": "mine", "GITHUB_TOKEN": "new"}
