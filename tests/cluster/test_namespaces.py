"""`waybill namespace add`: what it adds to a real API server, what it leaves alone, and who may do it."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.apiserver import ApiServer
from tests.command import Outcome
from tests.conftest import Waybill

SECRET = "sonataflow-psql-postgresql"  # noqa: S105 - a name


@dataclass(frozen=True)
class World:
    """A server with namespaces of RHDH and of the services, and a name for one more."""

    server: ApiServer
    waybill: Waybill
    rhdh: str
    services: str
    name: str
    folder: Path

    def add(self, *words: str, name: str = "", kubeconfig: Path | None = None) -> Outcome:
        where = ["--rhdh-namespace", self.rhdh, "--services-namespace", self.services, "--allow", "projectcontour"]
        env = environment(self.server, kubeconfig)
        return self.waybill("namespace", "add", name or self.name, *where, *words, env=env)

    def apply(self, objects: list[dict[str, Any]]) -> None:
        """Apply objects as the one who may do everything."""
        text = "\n---\n".join(map(json.dumps, objects))
        shell(self, "kubectl apply -f -", stdin=text)

    def secret(self, namespace: str, name: str = SECRET) -> dict[str, str] | None:
        answer = self.server.ask("GET", f"/api/v1/namespaces/{namespace}/secrets/{name}")
        if answer.code == HTTPStatus.NOT_FOUND:
            return None
        return {key: base64.b64decode(value).decode() for key, value in answer.content["data"].items()}

    def versions(self) -> dict[str, str]:
        """The resourceVersion of everything that the command is about."""
        found = {}
        for path in (
            f"/api/v1/namespaces/{self.name}",
            f"/apis/networking.k8s.io/v1/namespaces/{self.name}/networkpolicies/allow-to-workflows",
            f"/apis/networking.k8s.io/v1/namespaces/{self.services}/networkpolicies/allow-to-sonataflow-services",
            f"/apis/networking.k8s.io/v1/namespaces/{self.rhdh}/networkpolicies/allow-to-rhdh",
            f"/api/v1/namespaces/{self.name}/secrets/{SECRET}",
            f"/api/v1/namespaces/{self.services}/secrets/{self.name}-database",
        ):
            answer = self.server.ask("GET", path)
            if answer.code == HTTPStatus.OK:
                found[path] = answer.content["metadata"]["resourceVersion"]
        for job in self.jobs():
            found[job["metadata"]["name"]] = job["metadata"]["resourceVersion"]
        return found

    def jobs(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.server.must("GET", f"/apis/batch/v1/namespaces/{self.services}/jobs")[
            "items"
        ]
        return items


def kubeconfig_of(user: str, server: ApiServer, folder: Path) -> Path:
    """The kubeconfig of somebody who has no rights but those that tests give."""
    content = json.loads(server.kubeconfig.read_bytes())
    content["users"][0]["user"]["as"] = user
    path = folder / f"kubeconfig-{user}"
    path.touch(mode=0o600)
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def environment(server: ApiServer, kubeconfig: Path | None = None) -> dict[str, str]:
    path = os.pathsep.join([str(server.programs), os.environ["PATH"]])
    return {"PATH": path, "KUBECONFIG": str(kubeconfig or server.kubeconfig)}


def shell(world: World, command: str, stdin: str = "", kubeconfig: Path | None = None) -> str:
    """Run a command as a person does who copied it."""
    env = {**os.environ, **environment(world.server, kubeconfig)}
    words = ["bash", "-o", "pipefail", "-c", command]
    done = subprocess.run(words, input=stdin, capture_output=True, text=True, cwd=world.folder, env=env, check=False)
    assert done.returncode == 0, f"{command}\n{done.stderr}"
    return done.stdout


@pytest.fixture
def world(apiserver: ApiServer, waybill: Waybill, tmp_path: Path) -> World:
    name = apiserver.namespace().replace("test-", "flows-")
    return World(apiserver, waybill, apiserver.namespace(), apiserver.namespace(), name, tmp_path)


def test_apply_adds_everything_and_again_changes_nothing(world: World) -> None:
    done = world.add("--apply", "--json")
    assert done.code == 0, done.err
    assert {each["change"] for each in done.json["changes"]} == {"create"}
    labels = world.server.must("GET", f"/api/v1/namespaces/{world.name}")["metadata"]["labels"]
    assert labels["rhdh.redhat.com/workflow-namespace"] == ""
    assert labels["argocd.argoproj.io/managed-by"] == "openshift-gitops"
    versions = world.versions()
    assert len(versions) == 7
    done = world.add("--apply", "--json")
    assert {each["change"] for each in done.json["changes"]} == {"keep"}
    assert world.versions() == versions


def test_the_workflows_get_a_user_of_their_own_and_the_job_the_same_password(world: World) -> None:
    # With -v, the arguments of each program are among the output.
    done = world.add("--apply", "-v")
    assert "create --filename=-" in done.err
    secret = world.secret(world.name)
    assert secret
    assert secret["postgres-username"] == f"ns_{world.name.replace('-', '_')}"
    assert secret == world.secret(world.services, f"{world.name}-database")
    assert len(secret["postgres-password"]) == 48
    assert secret["postgres-password"] not in done.out + done.err + json.dumps(world.jobs())


def test_a_second_namespace_needs_no_change_around_it(world: World) -> None:
    assert world.add("--apply").code == 0
    done = world.add("--apply", "--json", name=f"{world.name}-2")
    kept = {each["name"] for each in done.json["changes"] if each["change"] == "keep"}
    assert kept == {"allow-to-sonataflow-services", "allow-to-rhdh"}


def test_a_dry_run_changes_nothing(world: World) -> None:
    done = world.add("--apply", "--dry-run")
    assert done.code == 0, done.err
    assert "would be" in done.err
    assert world.versions() == {}


@pytest.mark.parametrize("output", ["files", "a pipe"])
def test_the_printed_commands_run_as_printed(output: str, world: World) -> None:
    if output == "files":
        done = world.add("-o", "out", "--json")
    else:
        done = world.add("--json")
        text = "\n---\n".join(map(json.dumps, done.json["objects"]))
        world.folder.joinpath("objects.yaml").write_text(text, encoding="utf-8")
    *commands, wait, helm = (each["command"] for each in done.json["commands"])
    if output == "a pipe":
        assert commands[0].startswith(f"waybill namespace add {world.name} --rhdh-namespace {world.rhdh} ")
        assert "--json" not in commands[0]
        commands[0] = f"cat objects.yaml | {commands[0].partition(' | ')[2]}"
    for command in commands:
        shell(world, command)
    secret = world.secret(world.name)
    assert secret
    assert secret == world.secret(world.services, f"{world.name}-database")
    assert not [command for command in done.json["commands"] if secret["postgres-password"] in command["command"]]
    assert not (world.folder / f"{world.name}-database").exists()
    assert f"job/{world.jobs()[0]['metadata']['name']} " in wait
    assert secret["postgres-username"] in helm
    # The commands made what --apply makes.
    done = world.add("--apply", "--json")
    assert {each["change"] for each in done.json["changes"]} == {"keep"}, done.out


def test_the_administrator_s_secret_is_shared_only_when_asked(world: World) -> None:
    admin = {"postgres-username": "postgres", "postgres-password": "of the admin"}
    place = f"/api/v1/namespaces/{world.services}/secrets"
    done = world.add("--apply", "--share-admin-secret")
    assert done.code == 1
    assert f"no Secret {SECRET} with postgres-username and postgres-password in {world.services}" in done.err
    world.server.must("POST", place, {"metadata": {"name": SECRET}, "stringData": admin})
    done = world.add("--apply", "--share-admin-secret", "--json")
    assert world.secret(world.name) == admin
    assert world.jobs() == []
    assert "of the admin" not in done.out + done.err
    commands = [each["command"] for each in world.add("--share-admin-secret", "--json").json["commands"]]
    world.server.must("DELETE", f"/api/v1/namespaces/{world.name}/secrets/{SECRET}")
    for command in commands[1:-1]:
        shell(world, command)
    assert world.secret(world.name) == admin


def test_what_broke_off_is_finished_by_the_same_command(world: World) -> None:
    rights = world.add("--role", "ann", "--json").json["objects"]
    kubeconfig = kubeconfig_of("ann", world.server, world.folder)
    without_jobs = [without(each, "jobs") for each in rights]
    world.apply(without_jobs)
    done = world.add("--apply", kubeconfig=kubeconfig)
    assert done.code == 1
    assert "cannot be read: access is denied; see: kubectl auth can-i --list" in done.err
    world.apply(rights)
    world.apply([without(each, "create secrets") for each in rights])
    done = world.add("--apply", kubeconfig=kubeconfig)
    assert done.code == 1
    assert "cannot be created: access is denied; see: kubectl auth can-i create secret" in done.err
    assert "created NetworkPolicy allow-to-workflows" in done.err
    world.apply(rights)
    before = world.versions()
    done = world.add("--apply", kubeconfig=kubeconfig)
    assert done.code == 0, done.err
    assert world.versions().items() >= before.items()
    assert world.secret(world.name)


def without(manifest: dict[str, Any], what: str) -> dict[str, Any]:
    """A Role without the rights on a kind, or without one right on it."""
    verb, _, kind = what.rpartition(" ")
    rules = [
        each
        for each in manifest.get("rules", [])
        if kind not in each["resources"] or (verb and verb not in each["verbs"])
    ]
    return {**manifest, "rules": rules} if "rules" in manifest else manifest


def test_a_user_with_only_the_printed_roles_can_do_what_is_printed(world: World) -> None:
    world.apply(world.add("--role", "ann", "--json").json["objects"])
    kubeconfig = kubeconfig_of("ann", world.server, world.folder)
    commands = world.add("-o", "out", "--json").json["commands"]
    for command in commands[:-2]:
        shell(world, command["command"], kubeconfig=kubeconfig)
    assert world.secret(world.name)
    wait = commands[-2]["command"].replace("--timeout=5m", "--timeout=1s")
    with pytest.raises(AssertionError, match="timed out waiting"):
        shell(world, wait, kubeconfig=kubeconfig)
    done = world.add("--apply", kubeconfig=kubeconfig)
    assert done.code == 0, done.err
    with pytest.raises(AssertionError, match="Forbidden"):
        shell(world, f"kubectl get secret {SECRET} -n {world.services}", kubeconfig=kubeconfig)
    with pytest.raises(AssertionError, match="Forbidden"):
        shell(world, f"kubectl delete networkpolicy allow-to-rhdh -n {world.rhdh}", kubeconfig=kubeconfig)


def test_a_policy_in_another_form_is_left_alone(world: World) -> None:
    assert world.add("--apply").code == 0
    path = f"/apis/networking.k8s.io/v1/namespaces/{world.services}/networkpolicies/allow-to-sonataflow-services"
    policy = world.server.must("GET", path)
    policy["spec"]["ingress"][0]["from"].append({"namespaceSelector": {"matchLabels": {"mine": "yes"}}})
    world.server.must("PUT", path, policy)
    assert world.add("--apply", "--json").json["ok"]
    policy = world.server.must("GET", path)
    del policy["spec"]["ingress"][0]["from"][0]
    version = world.server.must("PUT", path, policy)["metadata"]["resourceVersion"]
    done = world.add("--apply", name=f"{world.name}-2")
    assert done.code == 1
    assert (
        f"NetworkPolicy allow-to-sonataflow-services in {world.services} has another spec.ingress[0].from" in done.err
    )
    assert "nothing was changed" in done.err
    assert world.server.must("GET", path)["metadata"]["resourceVersion"] == version
    assert world.server.ask("GET", f"/api/v1/namespaces/{world.name}-2").code == HTTPStatus.NOT_FOUND


def test_the_printed_commands_replace_no_policy_of_somebody_else(world: World) -> None:
    policies = f"/apis/networking.k8s.io/v1/namespaces/{world.services}/networkpolicies"
    spec = {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{"from": [{"podSelector": {}}]}]}
    made = world.server.must("POST", policies, {"metadata": {"name": "allow-to-sonataflow-services"}, "spec": spec})
    first = world.add("-o", "out", "--json").json["commands"][0]["command"]
    with pytest.raises(AssertionError, match=r"conflict.*\.spec\.ingress"):
        shell(world, first)
    assert world.server.must("GET", f"{policies}/allow-to-sonataflow-services")["spec"] == made["spec"]


def test_labels_are_added_to_a_namespace_that_is_there_and_none_is_replaced(world: World) -> None:
    place = "/api/v1/namespaces"
    labels = {"argocd.argoproj.io/managed-by": "mine", "team": "a"}
    world.server.must("POST", place, {"metadata": {"name": world.name, "labels": labels}})
    done = world.add("--apply")
    assert done.code == 1
    assert f"Namespace {world.name} has another metadata.labels.argocd.argoproj.io/managed-by" in done.err
    done = world.add("--apply", "--argocd-namespace", "", "--json")
    assert {"kind": "Namespace", "namespace": None, "name": world.name, "change": "complete"} in done.json["changes"]
    stored = world.server.must("GET", f"{place}/{world.name}")["metadata"]["labels"]
    assert stored.items() >= {**labels, "rhdh.redhat.com/workflow-namespace": ""}.items()


def test_the_secret_of_another_user_is_left_alone(world: World) -> None:
    world.server.must("POST", "/api/v1/namespaces", {"metadata": {"name": world.name}})
    mine = {"postgres-username": "postgres", "postgres-password": "do-not-tell"}
    place = f"/api/v1/namespaces/{world.name}/secrets"
    world.server.must("POST", place, {"metadata": {"name": SECRET}, "stringData": mine})
    done = world.add("--apply")
    assert done.code == 1
    assert f"Secret {SECRET} in {world.name} is not of the user ns_" in done.err
    assert "do-not-tell" not in done.err
    assert world.secret(world.name) == mine
    assert (
        world.server.must("GET", f"/apis/networking.k8s.io/v1/namespaces/{world.rhdh}/networkpolicies")["items"] == []
    )


def test_namespaces_that_are_not_there_are_named_with_the_nearest(world: World) -> None:
    done = world.add("--apply", "--rhdh-namespace", f"{world.rhdh}x")
    assert done.code == 2
    assert f"no namespace '{world.rhdh}x'; did you mean '{world.rhdh}'?" in done.err
    assert "set --rhdh-namespace" in done.err


def test_rhdh_is_not_cut_off_from_its_users(world: World) -> None:
    where = ["--rhdh-namespace", world.rhdh, "--services-namespace", world.services]
    words = ["namespace", "add", world.name, *where, "--apply"]
    done = world.waybill(*words, env=environment(world.server))
    assert done.code == 2
    assert "would cut off RHDH's users; name the namespace of the ingress controller: --allow" in done.err
    assert world.versions() == {}


def test_who_may_not_see_the_ways_to_rhdh_is_warned(world: World) -> None:
    where = ["--rhdh-namespace", world.rhdh, "--services-namespace", world.services]
    words = ["namespace", "add", world.name, *where, "--no-database"]
    world.apply(world.waybill(*words, "--role", "ann", "--json").json["objects"])
    kubeconfig = kubeconfig_of("ann", world.server, world.folder)
    done = world.waybill(*words, "--apply", env=environment(world.server, kubeconfig))
    assert done.code == 0, done.err
    assert f"a new policy in {world.rhdh} lets in no ingress controller but OpenShift's" in done.err


@pytest.mark.parametrize("options", [("--share-admin-secret",), ("--no-database",), ("--argocd-namespace", "")])
def test_the_printed_roles_are_enough_whatever_the_options(options: tuple[str, ...], world: World) -> None:
    admin = {"postgres-username": "postgres", "postgres-password": "of the admin"}
    place = f"/api/v1/namespaces/{world.services}/secrets"
    world.server.must("POST", place, {"metadata": {"name": SECRET}, "stringData": admin})
    world.apply(world.add(*options, "--role", "ann", "--json").json["objects"])
    kubeconfig = kubeconfig_of("ann", world.server, world.folder)
    commands = [each["command"] for each in world.add(*options, "-o", "out", "--json").json["commands"]]
    for command in commands:
        if not command.startswith(("helm ", "kubectl wait ")):
            shell(world, command, kubeconfig=kubeconfig)
    done = world.add(*options, "--apply", "--json", kubeconfig=kubeconfig)
    assert {each["change"] for each in done.json["changes"]} == {"keep"}


def test_the_objects_of_external_secrets_are_what_is_printed(world: World) -> None:
    done = world.add("--external-secret", "vault", "-o", "out", "--json")
    objects = [yaml.safe_load((world.folder / path).read_bytes()) for path in done.json["files"]]
    secrets = [each for each in objects if each["kind"] == "ExternalSecret"]
    places = {(each["metadata"]["namespace"], each["spec"]["target"]["name"]) for each in secrets}
    assert places == {(world.name, SECRET), (world.services, f"{world.name}-database")}
    assert {each["spec"]["data"][0]["remoteRef"]["key"] for each in secrets} == {f"{world.name}/database"}
    done = world.add("--external-secret", "vault", "--apply")
    assert done.code == 1
    assert "the cluster does not know its kind; install what brings it" in done.err
