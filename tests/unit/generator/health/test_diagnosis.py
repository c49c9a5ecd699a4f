"""What a diagnosis says of a cluster's objects; tests/cluster makes the usual faults on a real API server."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from typing import Any

import pytest

from generator.health.check import Diagnosis
from generator.health.diagnosis import CHECKS, diagnose
from generator.health.objects import ClusterObjects, Denied, Log
from generator.health.pods import WORKFLOW_LABEL
from generator.kubernetes.schema_match import SchemaMatch
from generator.namespaces.policies import named
from tests.healthy_cluster import (
    DATABASE,
    DEMO,
    OPERATORS,
    RHDH,
    SERVICES,
    Manifest,
    changed,
    cluster_of,
    deployment,
    found_in,
    healthy,
    holds,
    hub_config,
    install_plan,
    made,
    pod,
    properties,
    untrue,
    without,
    workflow,
)

DATA_INDEX = "sonataflow-platform-data-index-service"
JOBS = "sonataflow-platform-jobs-service"
PLATFORM_API = "sonataflow.org/v1alpha08"
NAME = "sonataflow-platform"
VERSION = "logic-operator.v1.37.2"
MANAGER = "logic-operator-controller-manager"


def messages(found: Mapping[str, Diagnosis]) -> dict[str, list[str]]:
    return {name: [fault.message for fault in each.faults] for name, each in found.items()}


def spec(**values: Any) -> Callable[[Manifest], None]:
    """A change by which fields of a spec have other values."""
    return lambda manifest: manifest["spec"].update(values)


def plus(*manifests: Manifest) -> list[Manifest]:
    return [*healthy(), *manifests]


def test_a_healthy_cluster_has_nothing_to_fix() -> None:
    diagnoses = diagnose(cluster_of(healthy()))
    assert [each.name for each in diagnoses] == [check.name for check in CHECKS]
    assert {each.state for each in diagnoses} == {"fine", "skipped"}
    assert [each.name for each in diagnoses if each.state == "skipped"] == ["gitops", "proxy"]


def test_checks_come_after_what_they_depend_on() -> None:
    names = [check.name for check in CHECKS]
    assert all(names.index(cause) < names.index(check.name) for check in CHECKS for cause in check.after)


def test_an_empty_cluster_says_what_to_install_first_and_what_waits_for_it() -> None:
    found = {each.name: each for each in diagnose(ClusterObjects())}
    assert found["operator"].message == "there is no SonataFlow operator"
    assert {name for name, each in found.items() if each.is_bad} == {"operator"}
    assert found["crds"].because == ("operator",)
    assert found["platform"].message == "waits for operator"


def container_of(manifest: Manifest) -> dict[str, Any]:
    (container,) = manifest["spec"]["template"]["spec"]["containers"]
    return container  # type: ignore[no-any-return]  # manifests are plain JSON


def failed_plan() -> Manifest:
    plan = install_plan("install-2", "logic-operator.v1.38.0", approved=True, generation=2)
    failed = {"type": "Installed", "status": "False", "reason": "InstallComponentFailed", "message": "quota"}
    return {**plan, "status": {**plan["status"], "phase": "Failed", "conditions": [failed]}}


def failed_job() -> Manifest:
    job = made("batch/v1", "Job", "sonataflow-database-sonataflow-1a2b3c4d5e", SERVICES, spec={})
    condition = {"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded", "message": ""}
    return {**job, "status": {"conditions": [condition]}}


def unbuilt(manifest: Manifest) -> None:
    failed = {"type": "Built", "status": "False", "reason": "BuildFailedReason", "message": "exit status 1"}
    waits = {"type": "Running", "status": "False", "reason": "WaitingForBuild", "message": ""}
    manifest["status"] = {"conditions": [failed, waits]}


def being_built(manifest: Manifest) -> None:
    built = {"type": "Built", "status": "False", "reason": "BuildIsRunning", "message": ""}
    waits = {"type": "Running", "status": "False", "reason": "WaitingForBuild", "message": ""}
    manifest["status"] = {"conditions": [built, waits]}


def shared(name: str, namespace: str) -> Manifest:
    """The cluster's platform."""
    reference = {"platformRef": {"name": name, "namespace": namespace}}
    kind = "SonataFlowClusterPlatform"
    return made(PLATFORM_API, kind, "cluster-platform", spec=reference, status=holds("Succeed"))


def second() -> Manifest:
    condition = {"type": "Succeed", "status": "False", "reason": "Duplicated", "message": ""}
    return {"metadata": {"name": "another"}, "status": {"conditions": [condition]}}


def unresolved(manifest: Manifest) -> None:
    reason = {
        "type": "ResolutionFailed",
        "status": "True",
        "reason": "ConstraintsNotSatisfiable",
        "message": "no channel",
    }
    manifest["status"] = {"conditions": [reason]}


def shut_off(namespace: str) -> Manifest:
    """A policy by which the pods of a namespace call nobody but the cluster's DNS."""
    rule = {"to": [named("kube-system")]}
    return made(
        "networking.k8s.io/v1",
        "NetworkPolicy",
        "dns-only",
        namespace,
        spec={"podSelector": {}, "policyTypes": ["Egress"], "egress": [rule]},
    )


FAULTS: Mapping[str, tuple[list[Manifest], str, str, str]] = {
    "an install fails": (
        plus(failed_plan()),
        "installplan",
        "the install of logic-operator.v1.38.0 failed (InstallComponentFailed: quota)",
        f"kubectl describe installplan/install-2 -n {OPERATORS}",
    ),
    "OLM resolves nothing": (
        changed("Subscription", "logic-operator", unresolved),
        "installplan",
        "OLM has not installed logic-operator (ConstraintsNotSatisfiable: no channel)",
        "kubectl get catalogsources.operators.coreos.com -n openshift-marketplace",
    ),
    "the operator's Deployment is not available": (
        changed("Deployment", MANAGER, untrue("Available")),
        "operator",
        f"deployment/{MANAGER} is not available",
        f"kubectl wait --for=condition=Available deployment/{MANAGER} -n {OPERATORS} --timeout=10m",
    ),
    "a version that is not in place names the Deployments to wait for": (
        changed("ClusterServiceVersion", VERSION, lambda each: each.update(status={"phase": "Installing"})),
        "operator",
        f"{VERSION} is Installing",
        f"kubectl wait --for=condition=Available deployment/{MANAGER} -n {OPERATORS} --timeout=10m",
    ),
    "a Broker is not ready": (
        changed("Broker", "default", untrue("Ready", "TriggerChannelFailure", "no channel")),
        "broker",
        f"the Broker default in {SERVICES} is not ready (Ready: no channel)",
        f"kubectl describe brokers.eventing.knative.dev/default -n {SERVICES}",
    ),
    "the cluster has a second platform": (
        plus({**shared("x", "y"), **second()}),
        "platform",
        "SonataFlowClusterPlatform another is a second one, which the operator ignores",
        "kubectl delete sonataflowclusterplatform/another",
    ),
    "the cluster's platform names one that is not there": (
        changed("SonataFlowClusterPlatform", "cluster-platform", spec(platformRef={"name": "x", "namespace": "y"})),
        "platform",
        "SonataFlowClusterPlatform cluster-platform names x in y, which is not there",
        "kubectl edit sonataflowclusterplatform/cluster-platform",
    ),
    "a Service has another port": (
        changed("Service", DATABASE, spec(ports=[{"port": 5433}])),
        "database",
        f"the Service {DATABASE} in {SERVICES} has no port 5432; it has 5433",
        f"kubectl describe service/{DATABASE} -n {SERVICES}",
    ),
    "the Job for the database failed": (
        plus(failed_job()),
        "database",
        f"the Job sonataflow-database-sonataflow-1a2b3c4d5e in {SERVICES} failed (BackoffLimitExceeded)",
        f"kubectl logs job/sonataflow-database-sonataflow-1a2b3c4d5e -n {SERVICES} --tail=50",
    ),
    "somebody has stopped the operator": (
        changed("Deployment", MANAGER, spec(replicas=0)),
        "operator",
        f"deployment/{MANAGER} is scaled to zero",
        f"kubectl scale deployment/{MANAGER} -n {OPERATORS} --replicas=1",
    ),
    "the Jobs service waits for its sink": (
        changed("Deployment", JOBS, spec(replicas=0)),
        "jobs-service",
        f"deployment/{JOBS} is scaled to zero: the operator waits until Knative Eventing gives it K_SINK",
        f"kubectl describe deployment/{JOBS} -n {SERVICES}",
    ),
    "somebody has stopped Data Index": (
        changed("Deployment", DATA_INDEX, spec(replicas=0)),
        "data-index",
        f"deployment/{DATA_INDEX} is scaled to zero",
        f"kubectl describe deployment/{DATA_INDEX} -n {SERVICES}",
    ),
    "an image is not built": (
        changed("SonataFlow", "greeting", unbuilt),
        "workflows",
        f"greeting in {DEMO} does not run (BuildFailedReason: exit status 1)",
        f"kubectl describe sonataflowbuild/greeting -n {DEMO}",
    ),
    "an image is being built": (
        changed("SonataFlow", "greeting", being_built),
        "workflows",
        f"greeting in {DEMO} does not run (BuildIsRunning)",
        f"kubectl describe sonataflowbuild/greeting -n {DEMO}",
    ),
    "a platform is shared that has no Data Index": (
        [
            *without("SonataFlowClusterPlatform", "cluster-platform"),
            made(PLATFORM_API, "SonataFlowPlatform", "bare", "bare", spec={}, status=holds("Succeed")),
            shared("bare", "bare"),
        ],
        "platform",
        f"the workflows in {DEMO} use no Data Index: nothing shares that of {NAME} in {SERVICES} with them",
        "kubectl edit sonataflowclusterplatform/cluster-platform",
    ),
    "RHDH is not deployed": (
        without("Deployment", "backstage-developer-hub"),
        "rhdh",
        f"the Backstage developer-hub in {RHDH} is not deployed",
        f"kubectl wait --for=condition=Deployed backstages.rhdh.redhat.com/developer-hub -n {RHDH} --timeout=10m",
    ),
    "RHDH's configuration has no Data Index": (
        changed("ConfigMap", "plugins", lambda each: each.update(data={"dynamic-plugins.yaml": "plugins: []"})),
        "rhdh",
        f"RHDH in {RHDH} has no dataIndexService.url: http://{DATA_INDEX}.{SERVICES}",
        f"kubectl get configmaps -n {RHDH}",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found_alone_with_its_command(name: str) -> None:
    manifests, check, message, command = FAULTS[name]
    found = found_in(manifests)
    assert [*found] == [check]
    (fault,) = found[check].faults
    assert fault.message == message
    assert command in fault.commands
    assert found[check].is_bad


def test_an_update_that_waits_for_an_approval_is_no_fault() -> None:
    found = found_in(plus(install_plan("install-2", "logic-operator.v1.38.0", approved=False, generation=2)))
    assert messages(found) == {"installplan": ["the update to logic-operator.v1.38.0 waits for an approval"]}
    assert found["installplan"].state == "note"


def test_an_approval_that_is_for_other_operators_too_says_so() -> None:
    plan = install_plan("install-2", "logic-operator.v1.38.0", approved=False, generation=2)
    plan["spec"]["clusterServiceVersionNames"].append("quay-operator.v3.1.0")
    (fault,) = found_in(plus(plan))["installplan"].faults
    assert fault.help == "the approval also covers quay-operator.v3.1.0"


def test_of_several_install_plans_only_the_newest_counts() -> None:
    old = install_plan("install-0", "logic-operator.v1.37.1", approved=False, generation=0)
    assert messages(found_in(plus(old))) == {}


def test_copies_of_a_version_are_one_operator() -> None:
    (version,) = (each for each in healthy() if each["kind"] == "ClusterServiceVersion")
    labels = {"olm.copiedFrom": OPERATORS}
    copies = [{**version, "metadata": {**version["metadata"], "namespace": each, "labels": labels}} for each in "ab"]
    assert found_in(plus(*copies)) == {}
    assert found_in([*without("ClusterServiceVersion", VERSION), *copies]) == {}


def test_an_approval_is_followed_by_the_commands_that_wait_for_the_version() -> None:
    manifests = [
        *without("ClusterServiceVersion", VERSION),
        install_plan("install-2", VERSION, approved=False, generation=2),
    ]
    (fault,) = found_in(manifests)["installplan"].faults
    place = f"clusterserviceversions.operators.coreos.com/{VERSION} -n {OPERATORS} --timeout=10m"
    assert fault.commands[1:] == (
        f"kubectl wait --for=create {place}",
        f"kubectl wait '--for=jsonpath={{.status.phase}}=Succeeded' {place}",
    )


def test_an_approval_that_is_missing_explains_everything_after_it() -> None:
    waiting = install_plan("install-1", VERSION, approved=False)
    bare = [each for each in healthy() if each["kind"] in ("Namespace", "Subscription")]
    found = found_in([*bare, waiting], served=frozenset({"installplans.operators.coreos.com"}))
    assert [name for name, each in found.items() if each.is_bad] == ["installplan"]
    assert found["operator"].because == ("installplan",)
    assert found["crds"].because == ("installplan",)
    assert found["platform"].because == ("installplan",)


def test_schemas_of_another_version_than_the_operator_are_old() -> None:
    manager = deployment("manager", OPERATORS, {"control-plane": "sonataflow-operator"})
    container_of(manager)["image"] = "docker.io/apache/incubator-kie-sonataflow-operator:10.1.0"
    manifests = [each for each in healthy() if each["kind"] not in ("ClusterServiceVersion", "Subscription")]
    schema = SchemaMatch(names=("1.45",), differing=0)
    found = found_in([*manifests, manager], schema=schema)
    (fault,) = found["crds"].faults
    assert (
        fault.message
        == "the schemas of SonataFlow are not those of incubator-kie-sonataflow-operator 10.1.0: schema like 1.45"
    )
    assert "10.1.0/packages/sonataflow-operator/operator.yaml" in fault.commands[0]
    assert found["crds"].state == "old"


@pytest.mark.parametrize(
    ("served", "says"),
    [
        ((), "there is no Knative Serving"),
        (("knativeservings.operator.knative.dev",), "Knative's operator is installed, but there is no KnativeServing"),
        (("services.serving.knative.dev",), None),
    ],
)
def test_a_cluster_without_knative_serving_is_told_so_and_no_more(served: Sequence[str], says: str | None) -> None:
    manifests = without("KnativeServing", "knative-serving")
    kinds = cluster_of(manifests).served - {"knativeservings.operator.knative.dev"}
    found = found_in(manifests, served=kinds | {*served})
    assert messages(found) == ({"knative": [says]} if says else {})
    assert not any(each.is_bad for each in found.values())


def test_a_platform_without_data_index_is_told_how_to_switch_it_on() -> None:
    manifests = changed(
        "SonataFlowPlatform", "sonataflow-platform", lambda each: each["spec"]["services"].pop("dataIndex"), SERVICES
    )
    (fault,) = found_in(manifests)["data-index"].faults
    assert fault.state == "note"
    assert '"path": "/spec/services/dataIndex", "value": {"enabled": true}' in fault.commands[0]


def test_an_image_that_cannot_be_pulled_explains_what_does_not_run() -> None:
    waiting = {"reason": "ImagePullBackOff", "message": "Back-off pulling image"}
    statuses = [{"image": "registry.example/index:1", "state": {"waiting": waiting}}]
    broken = [{**pod(DATA_INDEX, SERVICES), "status": {"containerStatuses": statuses}}]
    manifests = changed("Deployment", DATA_INDEX, untrue("Available"))
    greeting = next(each for each in manifests if each["kind"] == "SonataFlow")
    untrue("Running")(greeting)
    found = found_in([*manifests, *broken])
    assert [name for name, each in found.items() if each.is_bad] == ["images"]
    assert found["data-index"].because == ("images",)
    assert found["workflows"].because == ("images",)


def test_a_fault_in_another_namespace_explains_nothing() -> None:
    waiting = {"reason": "ErrImagePull", "message": "manifest unknown"}
    statuses = [{"image": "registry.example/hub:1", "state": {"waiting": waiting}}]
    manifests = changed("Deployment", DATA_INDEX, untrue("Available"))
    found = found_in([*manifests, {**pod("backstage-developer-hub", RHDH), "status": {"containerStatuses": statuses}}])
    assert [name for name, each in found.items() if each.is_bad] == ["images", "data-index"]


@pytest.mark.parametrize(
    ("message", "commands"),
    [
        ("manifest unknown", 1),
        ("unauthorized: authentication required", 4),
        ("pull access denied, repository does not exist or may require authorization", 4),
    ],
)
def test_an_image_that_a_registry_refuses_is_told_how_to_log_in(message: str, commands: int) -> None:
    first = {"reason": "ErrImagePull", "message": message}
    later = {"reason": "ImagePullBackOff", "message": "Back-off"}
    pods = [
        {
            **pod(name, DEMO, {WORKFLOW_LABEL: "greeting"}),
            "status": {"containerStatuses": [{"image": "registry.example/a", "state": {"waiting": state}}]},
        }
        for name, state in (("one", later), ("two", first))
    ]
    (fault,) = found_in(plus(*pods))["images"].faults
    assert message in fault.message
    assert len(fault.commands) == commands


def test_policies_that_keep_pods_from_calling_are_found_at_their_end() -> None:
    found = found_in(plus(shut_off(DEMO)))
    assert messages(found)["policies"] == [
        f"network policies in {DEMO} keep its pods from {DATA_INDEX}, {JOBS} and {DATABASE} in {SERVICES}",
        f"network policies in {DEMO} keep its pods from backstage-developer-hub in {RHDH}",
    ]
    assert '"policyTypes": ["Egress"]' in found["policies"].faults[0].commands[1]


def test_a_policy_for_some_pods_is_completed_for_these_alone() -> None:
    manifests = [
        each for each in healthy() if (each["kind"], each["metadata"].get("namespace")) != ("NetworkPolicy", DEMO)
    ]
    chosen = {"podSelector": {"matchLabels": {"app": "greeting"}}, "ingress": [{"from": [{"podSelector": {}}]}]}
    manifests.append(made("networking.k8s.io/v1", "NetworkPolicy", "mine", DEMO, spec=chosen))
    faults = found_in(manifests)["policies"].faults
    assert {fault.message.split()[6].rstrip(",") for fault in faults} == {
        RHDH,
        SERVICES,
        "knative-eventing",
        "knative-serving",
    }
    assert all('"podSelector": {"matchLabels": {"app": "greeting"}}' in fault.commands[1] for fault in faults)


def test_a_label_that_is_missing_explains_the_policies_that_go_by_it() -> None:
    manifests = changed("Namespace", DEMO, lambda each: each["metadata"].pop("labels"))
    found = found_in(manifests)
    assert [name for name, each in found.items() if each.is_bad] == ["labels"]
    assert found["policies"].because == ("labels",)


def test_a_namespace_that_is_named_and_not_there_is_created_first() -> None:
    found = found_in(healthy(), named=("other",))
    assert found["labels"].faults[0].commands == ("kubectl create namespace other",)


def test_without_rhdh_and_policies_no_label_is_asked_for() -> None:
    kinds = ("Backstage", "NetworkPolicy")
    manifests = [each for each in healthy() if each["kind"] not in kinds and each["metadata"].get("namespace") != RHDH]
    next(each for each in manifests if each["metadata"]["name"] == DEMO)["metadata"].pop("labels")
    assert found_in(manifests) == {}


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        (f"http://{DATA_INDEX}.{SERVICES}", None),
        (f"http://{DATA_INDEX}.{SERVICES}:80/", None),
        (f"http://{DATA_INDEX}.{SERVICES}.svc.cluster.local", None),
        ("https://data-index.apps.example.com", None),
        ("${DATA_INDEX_URL}", None),
        (f"http://{DATA_INDEX}", f"{RHDH} has no Data Index named {DATA_INDEX}"),
        (f"http://other.{SERVICES}.svc", f"{SERVICES} has no Data Index named other"),
        (f"http://{DATA_INDEX}.{SERVICES}/graphql", "the plugin adds /graphql itself"),
        (f"http://{DATA_INDEX}.{SERVICES}:8080", "its Service has no port 8080"),
        (f"https://{DATA_INDEX}.{SERVICES}", "its Service has no port 443"),
        ("sonataflow-platform", "this URL has no host"),
        ("http://[", "this URL has no host"),
    ],
)
def test_a_url_of_data_index_is_held_against_its_service(url: str, problem: str | None) -> None:
    manifests = [each for each in healthy() if each["metadata"]["name"] != "plugins"]
    found = found_in([*manifests, hub_config(url)])
    if problem is None:
        assert found == {}
    else:
        (fault,) = found["rhdh"].faults
        assert f"{problem}; it is http://{DATA_INDEX}.{SERVICES}" in fault.message


def test_what_rhdh_s_operator_writes_counts_only_where_the_user_says_nothing() -> None:
    theirs = hub_config("http://elsewhere")
    theirs["metadata"] |= {
        "name": "backstage-dynamic-plugins-developer-hub",
        "ownerReferences": [{"kind": "Backstage", "name": "developer-hub"}],
    }
    hub = deployment("backstage-developer-hub", RHDH, volumes=[{"configMap": {"name": theirs["metadata"]["name"]}}])
    manifests = [*without("Deployment", "backstage-developer-hub"), hub, theirs]
    assert found_in(manifests) == {}
    manifests = [each for each in manifests if each["metadata"]["name"] != "plugins"]
    (fault,) = found_in(manifests)["rhdh"].faults
    assert fault.help.endswith("RHDH's operator writes this one")


def test_a_policy_keeps_workflows_from_their_database() -> None:
    rule = {"from": [{"podSelector": {}}], "ports": [{"port": 5432}]}
    chosen = {"podSelector": {"matchLabels": {"app": "postgresql"}}, "ingress": [rule]}
    manifests = [
        *without("NetworkPolicy", "allow-to-sonataflow-services", SERVICES),
        made("networking.k8s.io/v1", "NetworkPolicy", "database", SERVICES, spec=chosen),
    ]
    manifests.remove(next(each for each in manifests if each["metadata"]["name"] == "allow-to-workflows"))
    (fault,) = found_in(manifests)["policies"].faults
    assert fault.message == f"network policies in {SERVICES} keep out {DEMO}, which has to reach {DATABASE}"


def test_a_url_with_a_password_is_not_shown() -> None:
    manifests = [each for each in healthy() if each["metadata"]["name"] != "plugins"]
    (fault,) = found_in([*manifests, hub_config("http://user:do-not-tell@elsewhere")])["rhdh"].faults
    assert "do-not-tell" not in str(fault)
    assert fault.commands == (f"kubectl edit configmap/plugins -n {RHDH}",)


@pytest.mark.parametrize(
    ("without", "fine"),
    [
        (f"localhost,.{SERVICES}", True),
        (f"*.{SERVICES}", True),
        ("*", True),
        (f"localhost {DATA_INDEX}.{SERVICES},sonataflow-platform-jobs-service.{SERVICES}", True),
        (SERVICES, False),
        (".svc,.cluster.local", False),
        ("", False),
    ],
)
def test_no_proxy_has_to_name_neighbours_as_they_are_called(without: str, *, fine: bool) -> None:
    manifests = deepcopy(healthy())
    greeting = next(
        each for each in manifests if each["kind"] == "Deployment" and each["metadata"]["name"] == "greeting"
    )
    container_of(greeting)["env"] = [
        {"name": "http_proxy", "value": "http://proxy.example"},
        {"name": "no_proxy", "value": without},
    ]
    found = found_in(manifests)
    assert [*found] == ([] if fine else ["proxy"])
    if not fine:
        wanted = ",".join(filter(None, (without, f".{SERVICES}")))
        assert f'"name": "NO_PROXY", "value": "{wanted}"' in found["proxy"].faults[0].commands[0]


@pytest.mark.parametrize(
    ("kind", "name", "change"),
    [
        (
            "SonataFlowPlatform",
            "sonataflow-platform",
            spec(properties={"flow": [{"name": "kie.flyway.enabled", "value": "true"}]}),
        ),
        (
            "SonataFlow",
            "greeting",
            lambda each: each["spec"]["podTemplate"]["container"].update(
                env=[{"name": "KIE_FLYWAY_ENABLED", "value": "true"}]
            ),
        ),
        (
            "ConfigMap",
            "greeting-props",
            lambda each: each.update(properties("greeting", DEMO, "kie.flyway.enabled=false")),
        ),
        ("SonataFlow", "greeting", spec(persistence={})),
    ],
    ids=["the platform", "a variable", "somebody else creates them", "there is no database"],
)
def test_tables_are_created_by_whoever_says_so(kind: str, name: str, change: Callable[[Manifest], None]) -> None:
    manifests = changed(kind, name, change, DEMO)
    if kind != "ConfigMap":
        next(each for each in manifests if each["metadata"]["name"] == "greeting-props")["data"] = {}
    assert found_in(manifests) == {}


def test_up_to_1_45_another_property_creates_the_tables() -> None:
    schema = SchemaMatch(names=("1.45",), differing=0)
    (fault,) = found_in(healthy(), schema=schema)["flyway"].faults
    assert "quarkus.flyway.migrate-at-start is not set" in fault.message
    assert "QUARKUS_FLYWAY_MIGRATE_AT_START" in fault.commands[0]


def test_workflows_of_one_id_are_no_fault_where_each_has_a_platform_of_its_own() -> None:
    own = deepcopy(next(each for each in healthy() if each["kind"] == "SonataFlowPlatform"))
    own["metadata"]["namespace"] = "team"
    labelled = made("v1", "Namespace", "team", labels={"rhdh.redhat.com/workflow-namespace": ""})
    more = [labelled, own, workflow("greeting", "team"), properties("greeting", "team")]
    assert "ids" not in found_in(plus(*more))


def test_only_the_named_namespaces_are_judged() -> None:
    manifests = changed("SonataFlow", "greeting", untrue("Running"))
    assert [*found_in(manifests, named=(SERVICES,))] == ["labels"]
    assert [*found_in(manifests, named=(DEMO,))] == ["workflows"]


def test_what_may_not_be_read_is_not_said_to_be_missing() -> None:
    kinds = ("SonataFlowPlatform", "Deployment", "Broker", "ClusterServiceVersion", "Service", "Pod")
    manifests = [each for each in healthy() if each["kind"] not in kinds]
    resources = (
        "sonataflowplatforms.sonataflow.org",
        "deployments.apps",
        "brokers.eventing.knative.dev",
        "clusterserviceversions.operators.coreos.com",
        "services",
        "pods",
    )
    denied = tuple(Denied(resource=each) for each in resources)
    diagnoses = {each.name: each for each in diagnose(cluster_of(manifests, denied=denied, secret_keys={}))}
    assert not any(each.is_bad for each in diagnoses.values())
    rights = "list sonataflowplatforms.sonataflow.org and deployments.apps in all namespaces"
    assert diagnoses["data-index"].message == f"not checked everywhere: no right to {rights}"


def test_commands_are_for_the_program_and_the_context_that_were_asked() -> None:
    found = found_in(
        changed("Namespace", DEMO, lambda each: each["metadata"].pop("labels")), program="oc", context="prod"
    )
    assert found["labels"].faults[0].commands == (
        f"oc --context=prod label namespace/{DEMO} rhdh.redhat.com/workflow-namespace=",
    )


def application(status: str = "OutOfSync", **destination: str) -> Manifest:
    """An Application of OpenShift GitOps."""
    place = {"server": "https://kubernetes.default.svc", "namespace": DEMO, **destination}
    found = made("argoproj.io/v1alpha1", "Application", "flows", "openshift-gitops", spec={"destination": place})
    return {**found, "status": {"sync": {"status": status}}}


def with_gitops(*manifests: Manifest) -> dict[str, Diagnosis]:
    served = cluster_of([]).served | {"argocds.argoproj.io"}
    return found_in(manifests, served=served)


@pytest.mark.parametrize(
    ("managed", "said", "options"),
    [
        (None, "does not have the label", ""),
        ("argocd", "has the label argocd.argoproj.io/managed-by=argocd", " --overwrite"),
    ],
)
def test_a_namespace_where_openshift_gitops_has_no_rights_is_found(
    managed: str | None, said: str, options: str
) -> None:
    def label(manifest: Manifest) -> None:
        manifest["metadata"]["labels"] |= {"argocd.argoproj.io/managed-by": managed} if managed else {}

    (fault,) = with_gitops(*changed("Namespace", DEMO, label), application())["gitops"].faults
    assert fault.message.startswith(f"demo {said}")
    assert fault.message.endswith(", so Argo CD in openshift-gitops may not deploy its Application flows there")
    assert fault.commands == (f"kubectl label namespace/demo argocd.argoproj.io/managed-by=openshift-gitops{options}",)


@pytest.mark.parametrize(
    "harmless",
    [application("Synced"), application(namespace="another"), application(server="https://elsewhere.example.com")],
    ids=["in sync", "no workflows", "another cluster"],
)
def test_an_application_that_is_in_sync_or_elsewhere_is_no_fault(harmless: Manifest) -> None:
    assert with_gitops(*plus(harmless)) == {}


def test_argo_cd_without_openshift_gitops_does_not_go_by_the_label() -> None:
    assert found_in(plus(application())) == {}


def crashing(name: str, namespace: str, labels: Mapping[str, str] | None = None) -> Manifest:
    """A pod that crashes again and again."""
    ended = {"terminated": {"exitCode": 1, "reason": "Error"}}
    status = {"name": "main", "ready": False, "restartCount": 3, "state": ended, "lastState": ended}
    return {**pod(name, namespace, labels), "status": {"containerStatuses": [status]}}


def said_in(*pods: Manifest, said: str) -> dict[Log, str]:
    return {
        Log(namespace=each["metadata"]["namespace"], pod=each["metadata"]["name"], container="main"): said
        for each in pods
    }


def test_what_postgresql_says_to_several_is_one_fault_and_explains_that_they_do_not_run() -> None:
    pods = [crashing(DATA_INDEX, SERVICES), crashing(JOBS, SERVICES)]
    manifests = [
        untrue_one if each["metadata"]["name"] in (DATA_INDEX, JOBS) and each["kind"] == "Deployment" else each
        for each in healthy()
        for untrue_one in [{**each, "status": {}}]
    ]
    found = found_in([*manifests, *pods], logs=said_in(*pods, said='FATAL: database "sonataflow" does not exist'))
    assert messages(found)["database"] == [
        f'PostgreSQL refuses {DATA_INDEX} and {JOBS} in {SERVICES}: database "sonataflow" does not exist'
    ]
    assert [name for name, each in found.items() if each.is_bad] == ["database"]
    commands = found["database"].faults[0].commands
    assert len([each for each in commands if '"createdb", "sonataflow"' in each]) == 1
    assert commands[-2:] == tuple(
        f"kubectl rollout restart deployment/{each} -n {SERVICES}" for each in (DATA_INDEX, JOBS)
    )
    (host,) = {each["value"] for each in _created(commands)["env"] if each["name"] == "PGHOST"}
    assert host == f"{DATABASE}.{SERVICES}"


def _created(commands: Sequence[str]) -> dict[str, Any]:
    """The container of the Job that commands create."""
    (text,) = (each for each in commands if each.startswith("echo "))
    job = json.loads(shlex.split(text)[1])
    (container,) = job["spec"]["template"]["spec"]["containers"]
    return container  # type: ignore[no-any-return]  # manifests are plain JSON


@pytest.mark.parametrize(
    ("said", "command"),
    [
        ('FATAL: password authentication failed for user "ns_demo"', "waybill namespace add demo --apply"),
        ('ERROR: schema "ns_demo" does not exist', "waybill namespace add demo --apply"),
        ('FATAL: password authentication failed for user "me"', f"kubectl describe secret/{DATABASE} -n demo"),
        ("ERROR: permission denied for schema public", f"kubectl rollout restart deployment/greeting -n {DEMO}"),
    ],
)
def test_a_workflow_that_postgresql_refuses_is_told_what_to_do(said: str, command: str) -> None:
    crashes = crashing("other", DEMO, {WORKFLOW_LABEL: "greeting"})
    (fault,) = found_in(plus(crashes), logs=said_in(crashes, said=said))["database"].faults
    assert fault.message == f"PostgreSQL refuses greeting in {DEMO}: {said.partition(': ')[2]}"
    assert command in fault.commands


def test_a_job_that_postgresql_refuses_is_named_once() -> None:
    job = failed_job()
    crashes = crashing("create", SERVICES, {"batch.kubernetes.io/job-name": job["metadata"]["name"]})
    said = 'psql: error: FATAL:  password authentication failed for user "postgres"'
    (fault,) = found_in(plus(job, crashes), logs=said_in(crashes, said=said))["database"].faults
    assert fault.message.startswith(f"PostgreSQL refuses the Job {job['metadata']['name']} in {SERVICES}: password")
    assert fault.commands[-1] == f"kubectl delete job/{job['metadata']['name']} -n {SERVICES}"


def test_logs_that_say_nothing_of_postgresql_leave_the_fault_where_it_is() -> None:
    crashes = crashing(DATA_INDEX, SERVICES)
    manifests = [*changed("Deployment", DATA_INDEX, untrue("Available")), crashes]
    found = found_in(manifests, logs=said_in(crashes, said="java.lang.OutOfMemoryError"))
    assert messages(found) == {
        "data-index": [
            f"deployment/{DATA_INDEX} is not available; its pod {DATA_INDEX}: Error (exit code 1), 3 restarts"
        ]
    }


def test_a_label_that_no_policy_goes_by_is_only_a_note() -> None:
    manifests = [each for each in deepcopy(healthy()) if each["kind"] != "NetworkPolicy"]
    next(each for each in manifests if each["metadata"]["name"] == DEMO)["metadata"].pop("labels")
    assert found_in(manifests)["labels"].state == "note"
