"""`waybill doctor --cluster` on a real API server, read by the real kubectl.

Nothing but the API server runs there, so the tests set the statuses that operators, kubelets and controllers would set:
phases of InstallPlans and ClusterServiceVersions, conditions of everything else, and why containers wait. Logs come
from a kubelet that has nothing else.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
import yaml

from generator.namespaces.policies import WORKFLOW_NAMESPACE
from tests.cluster.apiserver import ApiServer, running
from tests.cluster.conftest import definitions_in, served_alone
from tests.cluster.kubelet import NODE, kubelet
from tests.cluster.test_check_cluster import user_of
from tests.command import Outcome
from tests.conftest import Waybill
from tests.crd_facts import FOLDERS
from tests.healthy_cluster import (
    DATABASE,
    DEMO,
    OPERATORS,
    PASSWORD,
    RHDH,
    SERVICES,
    Manifest,
    deployment,
    healthy,
    hub_config,
    install_plan,
    made,
    operator_version,
    pod,
    properties,
    secret,
    workflow,
)
from tests.waiting import eventually

#: The groups whose kinds a cluster with everything has.
KINDS = ("knative", "olm", "rhdh")
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


class Cluster:
    """A server with the objects of a healthy cluster."""

    def __init__(self, server: ApiServer) -> None:
        self.server = server
        self.kinds: dict[tuple[str, str], tuple[str, bool]] = {}
        self.own = {_key(each) for each in healthy()}
        self.added: list[Manifest] = []

    def place(self, manifest: Mapping[str, Any]) -> str:
        """The path where an object of a kind is created."""
        api, kind = manifest["apiVersion"], manifest["kind"]
        prefix = f"/apis/{api}" if "/" in api else f"/api/{api}"
        if (api, kind) not in self.kinds:
            for each in self.server.must("GET", prefix)["resources"]:
                if "/" not in each["name"]:
                    self.kinds[api, each["kind"]] = each["name"], each["namespaced"]
        plural, namespaced = self.kinds[api, kind]
        return (
            f"{prefix}/namespaces/{manifest['metadata']['namespace']}/{plural}" if namespaced else f"{prefix}/{plural}"
        )

    def put(self, manifest: Manifest) -> None:
        """Create an object or bring it into this state, with its status."""
        place, wanted = self.place(manifest), deepcopy(manifest)
        path = f"{place}/{manifest['metadata']['name']}"
        if _key(manifest) not in self.own:
            self.added.append(manifest)
        there = self.server.ask("GET", path)
        if there.code == HTTPStatus.NOT_FOUND:
            stored = self.server.must("POST", place, wanted)
        else:
            keep = {key: there.content["metadata"][key] for key in ("resourceVersion", "uid")}
            if manifest["kind"] in ("Pod", "Service"):
                wanted = {**there.content, "metadata": {**wanted["metadata"], **keep}}
            stored = self.server.must("PUT", path, {**wanted, "metadata": {**wanted["metadata"], **keep}})
        # A kind without the subresource has taken it already.
        if "status" in manifest and stored.get("status") != manifest["status"]:
            version = {"resourceVersion": stored["metadata"]["resourceVersion"]}
            content = {**stored, "metadata": {**stored["metadata"], **version}, "status": manifest["status"]}
            self.server.must("PUT", f"{path}/status", content)

    def remove(self, manifest: Manifest) -> None:
        """Delete an object at once."""
        path = f"{self.place(manifest)}/{manifest['metadata']['name']}"
        self.server.ask("DELETE", path, {"gracePeriodSeconds": 0})

    def heal(self) -> None:
        """Bring back what a test has changed."""
        for each in healthy():
            self.put(each)

    def run(self, command: str) -> None:
        """Run a printed command in a shell."""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            env={**os.environ, **user_of(self.server)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, (command, done.stderr)


def _key(manifest: Manifest) -> tuple[str, str, str]:
    metadata = manifest["metadata"]
    return manifest["kind"], metadata["name"], metadata.get("namespace", "")


@pytest.fixture(scope="module")
def cluster(apiserver: ApiServer, shared: Path) -> Iterator[Cluster]:
    """A server of its own, since a doctor looks at all namespaces."""
    with running(apiserver.programs) as server:
        folders = [shared / "crds" / FOLDERS["10"], *(shared / "crds-others" / name for name in KINDS)]
        server.define([each for folder in folders for each in definitions_in(folder)])
        found = Cluster(server)
        found.heal()
        yield found


@pytest.fixture
def doctor(cluster: Cluster, waybill: Waybill) -> Callable[..., Outcome]:
    """The command, by somebody who may do anything."""

    def run(*words: str) -> Outcome:
        done = waybill("doctor", "--cluster", *words, env=user_of(cluster.server))
        assert PASSWORD not in done.out + done.err
        return done

    return run


def faults_of(done: Outcome) -> dict[str, list[dict[str, Any]]]:
    """Check to its faults."""
    return {each["check"]: each["faults"] for each in done.json["checks"] if each["faults"]}


def test_a_healthy_cluster_has_no_fault(doctor: Callable[..., Outcome]) -> None:
    done = doctor("--json")
    assert (done.code, faults_of(done)) == (0, {}), done.err
    assert {each["state"] for each in done.json["checks"]} <= {"fine", "skipped"}
    assert not any(each["denied"] for each in done.json["checks"])


@dataclass(frozen=True, kw_only=True)
class Case:
    """A fault: the objects that are put and removed to make it, the check that finds it, and a part of its message.

    `fixed` says that the printed commands fix it, so that they are run; where something else has to happen after them,
    which nothing in this cluster does, it is the objects as they are then.
    """

    put: Sequence[Manifest] = ()
    removed: Sequence[Manifest] = ()
    check: str
    says: str
    fixed: bool = False
    then: Sequence[Manifest] = ()


def the(kind: str, name: str, namespace: str = "", **content: Any) -> Manifest:
    """An object of the healthy cluster, with other content."""
    (found,) = (
        each
        for each in healthy()
        if (each["kind"], each["metadata"]["name"]) == (kind, name)
        and each["metadata"].get("namespace", "") == namespace
    )
    return {**found, **content}


def failing(kind: str, reason: str, message: str) -> Manifest:
    return {"conditions": [{"type": kind, "status": "False", "reason": reason, "message": message}]}


def with_proxy(manifest: Manifest) -> Manifest:
    """A Deployment behind a proxy that is told of one host."""
    found = deepcopy(manifest)
    given = {"HTTPS_PROXY": f"http://user:{PASSWORD}@proxy.example:3128", "NO_PROXY": "localhost"}
    (container,) = found["spec"]["template"]["spec"]["containers"]
    container["env"] = [{"name": name, "value": value} for name, value in given.items()]
    return found


def letting_in(manifest: Manifest, *but: str) -> Manifest:
    """A network policy that no longer names some namespaces."""
    found = deepcopy(manifest)
    (rule,) = found["spec"]["ingress"]
    rule["from"] = [each for each in rule["from"] if not any(name in str(each) for name in but)]
    return found


DATA_INDEX = "sonataflow-platform-data-index-service"
VERSION = "logic-operator.v1.37.2"
GREETING = the("SonataFlow", "greeting", DEMO)
GREETING_POD = the("Pod", "greeting", DEMO)
PLATFORM = the("SonataFlowPlatform", "sonataflow-platform", SERVICES)
WAITING = install_plan("install-1", VERSION, approved=False)
OLD = operator_version("logic-operator-rhel8.v1.36.0", ["logic-operator-rhel8-controller-manager"])
REFUSED = "rpc error: pull access denied: unauthorized: access to the requested resource is not authorized"
WAITS = {"waiting": {"reason": "ErrImagePull", "message": REFUSED}}
IMAGE = "registry.example/greeting:1.0.0"
UNPULLED = {"name": "main", "image": IMAGE, "imageID": "", "ready": False, "restartCount": 0}

CASES = {
    "an InstallPlan waits for an approval": Case(
        put=[WAITING],
        removed=[the("ClusterServiceVersion", VERSION, OPERATORS)],
        check="installplan",
        says=f"the install of {VERSION} waits for an approval",
        fixed=True,
    ),
    "a version of the operator is not in place": Case(
        put=[
            the(
                "ClusterServiceVersion",
                VERSION,
                OPERATORS,
                status={"phase": "Pending", "reason": "RequirementsNotMet", "message": "one CRD is missing"},
            )
        ],
        check="operator",
        says=f"{VERSION} is Pending (RequirementsNotMet: one CRD is missing)",
    ),
    "the operator does not run": Case(
        put=[
            the(
                "Deployment",
                "logic-operator-controller-manager",
                OPERATORS,
                status=failing("Available", "MinimumReplicasUnavailable", "no minimum availability"),
            )
        ],
        check="operator",
        says="deployment/logic-operator-controller-manager is not available (MinimumReplicasUnavailable",
    ),
    "two operators look after the workflows": Case(
        put=[OLD],
        check="operator",
        says="2 operators manage SonataFlows",
        fixed=True,
    ),
    "Knative is not ready": Case(
        put=[
            the(
                "KnativeEventing",
                "knative-eventing",
                "knative-eventing",
                status=failing("Ready", "NotReady", "Waiting on deployments"),
            )
        ],
        check="knative",
        says="KnativeEventing knative-eventing is not ready (Ready: Waiting on deployments)",
    ),
    "the Broker is not there": Case(
        removed=[the("Broker", "default", SERVICES)],
        check="broker",
        says=f"{SERVICES} has no Broker default, which ",
        fixed=True,
        then=[the("Broker", "default", SERVICES)],
    ),
    "the platform has not succeeded": Case(
        put=[{**PLATFORM, "status": failing("Succeed", "Failure", "no registry")}],
        check="platform",
        says="has not succeeded (Failure: no registry)",
    ),
    "a namespace has two platforms": Case(
        put=[
            made(
                "sonataflow.org/v1alpha08",
                "SonataFlowPlatform",
                "another",
                SERVICES,
                spec={},
                status=failing("Succeed", "Duplicated", ""),
            )
        ],
        check="platform",
        says=f"{SERVICES} has two platforms: another and sonataflow-platform; the operator ignores another",
        fixed=True,
    ),
    "no platform serves a namespace": Case(
        removed=[the("SonataFlowClusterPlatform", "cluster-platform")],
        check="platform",
        says=f"the workflows in {DEMO} use no Data Index: nothing shares that of sonataflow-platform in {SERVICES}",
        fixed=True,
        then=[the("SonataFlowClusterPlatform", "cluster-platform")],
    ),
    "Data Index is not available": Case(
        put=[the("Deployment", DATA_INDEX, SERVICES, status=failing("Available", "", "crashes"))],
        check="data-index",
        says=f"deployment/{DATA_INDEX} is not available",
    ),
    "the Jobs service is not deployed": Case(
        removed=[the("Deployment", "sonataflow-platform-jobs-service", SERVICES)],
        check="jobs-service",
        says="there is no deployment/sonataflow-platform-jobs-service",
    ),
    "the Secret of the database is not in a namespace": Case(
        removed=[secret(DEMO)],
        check="database",
        says=f"{DEMO} has no database Secret {DATABASE} for greeting",
    ),
    "the Secret of the database has other keys": Case(
        put=[{**secret(SERVICES), "stringData": {"password": PASSWORD, "username": "postgres"}}],
        removed=[secret(SERVICES)],
        check="database",
        says="has no postgres-username and postgres-password for sonataflow-platform; it has password and username",
    ),
    "the Service of the database is not there": Case(
        removed=[the("Service", DATABASE, SERVICES)],
        check="database",
        says=f"{SERVICES} has no database Service {DATABASE}",
    ),
    "the database does not run": Case(
        put=[the("Pod", "postgresql", SERVICES, status=failing("Ready", "", ""))],
        check="database",
        says=f"no pod behind the database's Service {DATABASE} in {SERVICES} is ready",
    ),
    "a namespace has no label": Case(
        put=[made("v1", "Namespace", DEMO)],
        check="labels",
        says=f"{DEMO} has workflows, but not the label {WORKFLOW_NAMESPACE}",
        fixed=True,
    ),
    "a policy shuts out Knative": Case(
        put=[letting_in(the("NetworkPolicy", "allow-to-workflows", DEMO), "knative-eventing")],
        check="policies",
        says=f"network policies in {DEMO} keep out knative-eventing, which has to reach greeting",
        fixed=True,
    ),
    "a policy shuts out workflows of RHDH": Case(
        put=[letting_in(the("NetworkPolicy", "allow-to-rhdh", RHDH), WORKFLOW_NAMESPACE)],
        check="policies",
        says=f"network policies in {RHDH} keep out {DEMO}, which has to reach backstage-developer-hub",
        fixed=True,
    ),
    "RHDH looks for Data Index elsewhere": Case(
        put=[hub_config("http://sonataflow-platform-data-index-service")],
        check="rhdh",
        says=f"{RHDH} has no Data Index named {DATA_INDEX}; it is http://{DATA_INDEX}.{SERVICES}",
        fixed=True,
    ),
    "a workflow has a proxy for its neighbours": Case(
        put=[with_proxy(the("Deployment", "greeting", DEMO))],
        check="proxy",
        says=f"greeting in {DEMO} uses a proxy, but NO_PROXY has no .{SERVICES}",
    ),
    "two workflows have one id": Case(
        put=[
            made("v1", "Namespace", SERVICES, labels={WORKFLOW_NAMESPACE: ""}),
            workflow("greeting", SERVICES),
            properties("greeting", SERVICES),
        ],
        check="ids",
        says=f"greeting is in {DEMO} and {SERVICES}, and Data Index in {SERVICES} treats them as one workflow",
    ),
    "nothing creates the tables of a workflow": Case(
        put=[properties("greeting", DEMO, "# nothing\n")],
        check="flyway",
        says=f"greeting in {DEMO} has a database, but nothing creates its tables: kie.flyway.enabled is not set",
        fixed=True,
    ),
    "an image is private": Case(
        put=[{**GREETING_POD, "status": {"containerStatuses": [{**UNPULLED, "state": WAITS}]}}],
        check="images",
        says="registry.example/greeting:1.0.0 cannot be pulled in demo (rpc error: pull access denied",
    ),
    "a workflow does not run": Case(
        put=[{**GREETING, "status": failing("Running", "DeploymentFailure", "")}],
        check="workflows",
        says=f"greeting in {DEMO} does not run (DeploymentFailure)",
    ),
}


@pytest.fixture
def healed(cluster: Cluster) -> Iterator[Cluster]:
    """The cluster, healthy before and after a test."""
    yield cluster
    for each in cluster.added:
        cluster.remove(each)
    cluster.added.clear()
    cluster.heal()


@pytest.mark.parametrize("name", CASES)
def test_a_fault_is_found_alone_and_the_printed_commands_fix_it(
    name: str, healed: Cluster, doctor: Callable[..., Outcome]
) -> None:
    case = CASES[name]
    for each in case.removed:
        healed.remove(each)
    for each in case.put:
        healed.put(each)
    done = doctor("--json")
    assert done.code == 1, done.err
    ((check, (fault,)),) = faults_of(done).items()
    assert check == case.check
    assert case.says in fault["message"]
    assert fault["commands"]
    if case.fixed:
        for command in fault["commands"]:
            if " wait " not in command:
                healed.run(command)
        for each in case.then:
            healed.put(each)
        done = doctor("--json", check)
        assert (done.code, faults_of(done)) == (0, {}), done.json


FAILED = {"terminated": {"exitCode": 1, "reason": "Error"}}
CRASHES = {
    "name": "main",
    "image": IMAGE,
    "imageID": "",
    "ready": False,
    "restartCount": 4,
    "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 40s restarting failed container"}},
    "lastState": FAILED,
}
NO_DATABASE = """\
2026-11-29 09:15:01,020 WARN  [io.agr.pool] (agroal-11) Datasource '<default>': FATAL: database "flows" does not exist
java.lang.RuntimeException: Failed to start quarkus
Caused by: org.postgresql.util.PSQLException: FATAL: database "flows" does not exist
	at org.postgresql.core.v3.ConnectionFactoryImpl.doAuthentication(ConnectionFactoryImpl.java:693)
"""


@pytest.fixture
def logs(healed: Cluster, tmp_path: Path) -> Iterator[dict[str, str]]:
    """What the containers of the cluster's only node write."""
    written: dict[str, str] = {}
    with kubelet(tmp_path, written) as node:
        healed.put(node)
        yield written


def crashing(manifest: Manifest) -> Manifest:
    """A pod on the node that crashes again and again."""
    spec = {**manifest["spec"], "nodeName": NODE}
    return {**manifest, "spec": spec, "status": {"containerStatuses": [CRASHES], **failing("Ready", "", "")}}


def test_a_database_that_is_not_in_postgresql_is_named_by_the_log_of_who_wants_it(
    healed: Cluster, doctor: Callable[..., Outcome], logs: dict[str, str]
) -> None:
    index = pod(DATA_INDEX, SERVICES)
    healed.put(crashing(index))
    healed.put(the("Deployment", DATA_INDEX, SERVICES, status=failing("Available", "", "crashes")))
    logs[f"{SERVICES}/{DATA_INDEX}/main"] = NO_DATABASE
    done = doctor("--json")
    assert [*faults_of(done)] == ["database"], done.json
    (fault,) = faults_of(done)["database"]
    assert fault["message"] == f'PostgreSQL refuses {DATA_INDEX} in {SERVICES}: database "flows" does not exist'
    shows, creates, waits, restarts = fault["commands"]
    for command in (shows, creates, restarts):
        healed.run(command)
    (job,) = healed.server.must("GET", f"/apis/batch/v1/namespaces/{SERVICES}/jobs")["items"]
    assert job["spec"]["template"]["spec"]["containers"][0]["command"] == ["createdb", "flows"]
    assert f"condition=Complete job/{job['metadata']['name']} " in waits
    healed.added.append(made("batch/v1", "Job", job["metadata"]["name"], SERVICES))


def test_who_may_not_read_logs_learns_that_this_is_missing(
    healed: Cluster, waybill: Waybill, tmp_path: Path, logs: dict[str, str]
) -> None:
    logs[f"{DEMO}/crashing/main"] = NO_DATABASE
    healed.put(crashing(pod("crashing", DEMO, {"sonataflow.org/workflow-app": "greeting"})))
    healed.put({**GREETING, "status": failing("Running", "DeploymentIsUnavailable", "")})
    rules = "--verb=get,list --resource=pods,services,deployments.apps,sonataflows.sonataflow.org,jobs.batch"
    healed.run(f"kubectl create role watcher -n {DEMO} {rules}")
    healed.run(f"kubectl create rolebinding watcher -n {DEMO} --role=watcher --user=watcher")
    env = user_of(healed.server, impersonating(healed.server, "watcher", tmp_path / "kubeconfig"))
    done = waybill("doctor", "--cluster", "-n", DEMO, "--json", env=env)
    (fault,) = faults_of(done)["workflows"]
    assert "; its pod crashing: Error (exit code 1), 4 restarts" in fault["message"]
    (database,) = (each for each in done.json["checks"] if each["check"] == "database")
    assert f"get pods/log in {DEMO}" in database["denied"]


def test_who_may_not_read_something_learns_what_is_missing(healed: Cluster, doctor: Callable[..., Outcome]) -> None:
    healed.put(made("v1", "Namespace", DEMO))
    done = doctor("--context", "nobody", "--json")
    assert (done.code, faults_of(done)) == (0, {}), done.err
    messages = {each["check"]: each["message"] for each in done.json["checks"] if each["denied"]}
    right = "list sonataflows.sonataflow.org in all namespaces"
    assert messages["workflows"] == f"not checked everywhere: no right to {right}"
    assert len(messages) == len(done.json["checks"]) - 1, "who may nothing still learns which kinds there are"
    said = doctor("--context", "nobody").err
    assert "waybill doctor --cluster --role USER | kubectl apply -f -" in said
    assert "nothing to fix, but " in said
    refused = doctor("--context", "nobody", "--role", "nobody")
    assert (refused.code, refused.out) == (1, "")


def test_a_user_with_only_the_printed_roles_is_told_what_an_administrator_is(
    healed: Cluster, doctor: Callable[..., Outcome], logs: dict[str, str]
) -> None:
    healed.put(made("v1", "Namespace", DEMO))
    healed.put(crashing(pod("crashing", DEMO, {"sonataflow.org/workflow-app": "greeting"})))
    logs[f"{DEMO}/crashing/main"] = NO_DATABASE
    printed = doctor("--role", "nobody")
    assert printed.code == 0, printed.err
    roles = list(yaml.safe_load_all(printed.out))
    verbs = {verb for each in roles for rule in each.get("rules", ()) for verb in rule["verbs"]}
    assert verbs == {"list", "get"}
    for rule in (rule for each in roles for rule in each.get("rules", ()) if "secrets" in rule["resources"]):
        assert rule["resourceNames"] == [DATABASE]
    for each in roles:
        healed.put(each)
    done = doctor("--context", "nobody", "--json")
    assert not any(each["denied"] for each in done.json["checks"])
    assert [*faults_of(done)] == ["database", "labels"]
    theirs = doctor("--json").out.replace("kubectl ", "kubectl --context=nobody ")
    assert done.json["checks"] == json.loads(theirs)["checks"]
    # Whoever has less is told what it is.
    (role,) = (each for each in roles if each["kind"] == "Role" and each["metadata"]["namespace"] == DEMO)
    healed.put({**role, "rules": [rule for rule in role["rules"] if rule["resources"] != ["secrets"]]})
    done = doctor("--context", "nobody", "--json")
    denied = {each["check"]: each["denied"] for each in done.json["checks"] if each["denied"]}
    assert denied == {"database": [f"get secrets in {DEMO}"]}


def impersonating(server: ApiServer, name: str, path: Path) -> Path:
    """A kubeconfig for a user whom the administrator impersonates."""
    content = json.loads(server.kubeconfig.read_bytes())
    content["users"] = [{"name": "test", "user": {"token": server.token, "as": name}}]
    path.touch(mode=0o600)
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_who_may_read_one_namespace_has_it_judged(healed: Cluster, tmp_path: Path, waybill: Waybill) -> None:
    healed.put({**GREETING, "status": failing("Running", "DeploymentFailure", "")})
    rules = "--verb=get,list --resource=pods,services,deployments.apps,sonataflows.sonataflow.org,jobs.batch"
    healed.run(f"kubectl create role reader -n {DEMO} {rules}")
    healed.run(f"kubectl create rolebinding reader -n {DEMO} --role=reader --user=reader")
    env = user_of(healed.server, impersonating(healed.server, "reader", tmp_path / "kubeconfig"))
    done = waybill("doctor", "--cluster", "-n", DEMO, "--json", env=env)
    assert [*faults_of(done)] == ["workflows"]
    images = next(each for each in done.json["checks"] if each["check"] == "images")
    assert images["message"] == f"not checked everywhere: no right to list pods in {SERVICES}"


def test_a_cluster_without_olm_is_judged_by_its_deployments(
    healed: Cluster, shared: Path, doctor: Callable[..., Outcome]
) -> None:
    definitions = definitions_in(shared / "crds-others" / "olm")
    manager = deployment("sonataflow-operator", OPERATORS, {"control-plane": "sonataflow-operator"})
    (container,) = manager["spec"]["template"]["spec"]["containers"]
    container["image"] = "docker.io/apache/incubator-kie-sonataflow-operator:10.1.0"
    healed.put(manager)
    for each in definitions:
        healed.server.must("DELETE", f"{CRDS}/{each['metadata']['name']}")
    eventually(lambda: "operators.coreos.com" not in str(healed.server.must("GET", "/apis")), "OLM is gone")
    done = doctor("--json")
    assert (done.code, faults_of(done)) == (0, {}), done.err
    messages = {each["check"]: each["message"] for each in done.json["checks"]}
    assert messages["installplan"] == "the cluster has no OLM"
    assert messages["operator"] == "incubator-kie-sonataflow-operator 10.1.0"
    sonataflow = {name: definitions_in(shared / "crds" / FOLDERS[name]) for name in ("1.45", "10")}
    healed.server.define(sonataflow["1.45"])
    done = doctor("--json", "crds")
    healed.server.define(sonataflow["10"])
    (fault,) = faults_of(done)["crds"]
    assert (done.code, fault["state"]) == (1, "old")
    assert "10.1.0: schema like 1.45" in fault["message"]
    healed.remove(manager)
    done = doctor()
    assert done.code == 1
    assert "operator: there is no SonataFlow operator" in done.err
    healed.server.define(definitions)


def test_a_kind_of_sonataflow_that_is_missing_explains_everything_after_it(
    healed: Cluster, shared: Path, doctor: Callable[..., Outcome]
) -> None:
    name = "sonataflowbuilds.sonataflow.org"
    (definition,) = (
        each for each in definitions_in(shared / "crds" / FOLDERS["10"]) if each["metadata"]["name"] == name
    )
    healed.server.undefine(name)
    done = doctor("--json")
    healed.server.define([definition])
    assert {check: [each["message"] for each in faults] for check, faults in faults_of(done).items()} == {
        "crds": [f"the cluster has no {name}"]
    }


#: What tells OpenShift GitOps from another Argo CD; nothing of it is read.
ARGO_CDS = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "argocds.argoproj.io"},
    "spec": {
        "group": "argoproj.io",
        "names": {"kind": "ArgoCD", "plural": "argocds"},
        "scope": "Namespaced",
        "versions": [
            {"name": "v1beta1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {"type": "object"}}}
        ],
    },
}


def test_a_namespace_where_openshift_gitops_has_no_rights_gets_its_label(
    healed: Cluster, shared: Path, doctor: Callable[..., Outcome]
) -> None:
    (applications,) = yaml.safe_load_all((shared / "crds-others" / "argo-cd" / "application.yaml").read_bytes())
    healed.server.define([served_alone(applications), ARGO_CDS])
    place = {"server": "https://kubernetes.default.svc", "namespace": DEMO}
    spec = {"destination": place, "project": "default", "source": {"repoURL": "https://git.example/flows.git"}}
    status = {"sync": {"status": "OutOfSync"}}
    flows = made("argoproj.io/v1alpha1", "Application", "flows", "openshift-gitops", spec=spec, status=status)
    healed.put(made("v1", "Namespace", "openshift-gitops"))
    healed.put(flows)
    done = doctor("--json")
    ((check, (fault,)),) = faults_of(done).items()
    assert check == "gitops"
    for command in fault["commands"]:
        healed.run(command)
    done = doctor("--json")
    assert (done.code, faults_of(done)) == (0, {}), done.json
    for name in ("applications.argoproj.io", "argocds.argoproj.io"):
        healed.server.must("DELETE", f"{CRDS}/{name}")
