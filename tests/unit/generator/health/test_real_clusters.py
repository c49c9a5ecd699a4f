"""Clusters as people have them, in which nothing is to fix: with what is not ours, and otherwise than ours."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import pytest

from generator.health.diagnosis import CHECKS, diagnose
from generator.health.objects import Denied
from generator.health.platforms import local_platform
from generator.health.reading import EVERYWHERE, NEAR, namespaces_to_read, roles
from generator.kubernetes.schema_match import SchemaMatch
from generator.namespaces.database import NamespaceDatabase
from generator.namespaces.policies import WORKFLOW_NAMESPACE, named
from tests.healthy_cluster import (
    DATABASE,
    DEMO,
    OPERATORS,
    RHDH,
    SERVICES,
    Manifest,
    cluster_of,
    deployment,
    found_in,
    healthy,
    holds,
    hub_config,
    install_plan,
    made,
    operator_version,
    pod,
    postgresql,
    properties,
    workflow,
)

DATA_INDEX = "sonataflow-platform-data-index-service"
OLM = "operators.coreos.com/v1alpha1"
PLATFORM = "sonataflow.org/v1alpha08", "SonataFlowPlatform"
UNPULLED = [{"image": "registry.example/shop:1", "state": {"waiting": {"reason": "ImagePullBackOff"}}}]


def but(*kinds: str, namespace: str = "") -> list[Manifest]:
    """The healthy cluster without some kinds, or without what is in a namespace."""
    return [
        each
        for each in deepcopy(healthy())
        if each["kind"] not in kinds and not (namespace and each["metadata"].get("namespace") == namespace)
    ]


def in_namespace(manifest: Manifest, namespace: str) -> Manifest:
    return {**manifest, "metadata": {**manifest["metadata"], "namespace": namespace}}


def openshift() -> list[Manifest]:
    """Other operators: one waits for an approval, one failed, one resolves nothing; copies of ours are everywhere."""
    other = "quay-operator.v3.1.0"
    broken = made(OLM, "ClusterServiceVersion", other, "quay", spec={}, status={"phase": "Failed"})
    resolves = {"type": "ResolutionFailed", "status": "True", "message": "constraints not satisfiable"}
    subscription = made(OLM, "Subscription", "quay", "quay", spec={"name": "quay-operator", "source": "x"})
    plan = in_namespace(install_plan("install-9", other, approved=False), "quay")
    (version,) = (each for each in healthy() if each["kind"] == "ClusterServiceVersion")
    labels = {"olm.copiedFrom": OPERATORS}
    copies = [
        {**version, "metadata": {"name": version["metadata"]["name"], "namespace": each, "labels": labels}}
        for each in (DEMO, "quay")
    ]
    return [*healthy(), plan, broken, {**subscription, "status": {"conditions": [resolves]}}, *copies]


def kind() -> list[Manifest]:
    """Neither OLM nor RHDH nor policies; the operator is a Deployment."""
    manager = deployment(
        "sonataflow-operator-controller-manager", "sonataflow-operator-system", {"control-plane": "sonataflow-operator"}
    )
    manager["spec"]["template"]["spec"]["containers"][0]["image"] = (
        "docker.io/apache/incubator-kie-sonataflow-operator:10.1.0"
    )
    bare = but("ClusterServiceVersion", "Subscription", "InstallPlan", "Backstage", "NetworkPolicy", namespace=RHDH)
    next(each for each in bare if each["metadata"]["name"] == DEMO)["metadata"].pop("labels")
    return [*bare, manager]


def existing() -> list[Manifest]:
    """Everything in one namespace, without Knative's operator and without a SonataFlowClusterPlatform."""
    bare = but("KnativeServing", "KnativeEventing", "SonataFlowClusterPlatform", namespace=DEMO)
    (space,) = (each for each in bare if each["metadata"]["name"] == SERVICES and each["kind"] == "Namespace")
    space["metadata"]["labels"] = {WORKFLOW_NAMESPACE: ""}
    return [*bare, workflow("greeting", SERVICES), properties("greeting", SERVICES), deployment("greeting", SERVICES)]


def helm_hub() -> list[Manifest]:
    """RHDH by its chart, with the services and the workflows in its namespace, as the chart's flavour has them."""
    bare = but("Backstage", "NetworkPolicy", "SonataFlowClusterPlatform", namespace=DEMO)
    moved = [in_namespace(each, RHDH) if each["metadata"].get("namespace") == SERVICES else each for each in bare]
    moved = [each for each in moved if each["metadata"]["name"] not in ("backstage-developer-hub", "plugins")]
    text = json.dumps(moved).replace(f'"{SERVICES}"', f'"{RHDH}"')
    moved = [each for each in json.loads(text) if (each["kind"], each["metadata"]["name"]) != ("Namespace", DEMO)]
    config = hub_config(f"http://{DATA_INDEX}.{RHDH}")
    hub = deployment(
        "rhdh-developer-hub",
        RHDH,
        {"app.kubernetes.io/name": "developer-hub"},
        volumes=[{"configMap": {"name": "plugins"}}],
    )
    labelled = {"namespaceSelector": {"matchLabels": {WORKFLOW_NAMESPACE: ""}}}
    inside = [{"podSelector": {}}, labelled, *map(named, ("knative-eventing", "knative-serving"))]
    spec = {"podSelector": {}, "ingress": [{"from": inside}]}
    moved.append(made("networking.k8s.io/v1", "NetworkPolicy", "inside", RHDH, spec=spec))
    return [*moved, config, hub, workflow_in(RHDH), properties("greeting", RHDH), deployment("greeting", RHDH)]


def workflow_in(namespace: str) -> Manifest:
    found = workflow("greeting", namespace)
    found["spec"]["persistence"] = postgresql(namespace)
    return found


def knative() -> list[Manifest]:
    """A workflow that Knative has scaled to none."""
    scaled = deployment("greeting-00001-deployment", DEMO)
    scaled["spec"]["replicas"] = 0
    bare = [
        each
        for each in healthy()
        if (each["kind"], each["metadata"]["name"]) not in (("Deployment", "greeting"), ("Pod", "greeting"))
    ]
    return [*bare, scaled]


def profiles() -> list[Manifest]:
    """A workflow in development, which uses no Data Index, and one whose image the operator built."""
    draft = workflow("draft", "dev")
    draft["metadata"]["annotations"] = {"sonataflow.org/profile": "dev"}
    draft["spec"]["persistence"] = {}
    draft["status"] = {"conditions": [{"type": "Built", "status": "Unknown"}, *holds("Running")["conditions"]]}
    built = {**workflow("built", SERVICES), "status": holds("Running", "Built")}
    bare = but("SonataFlowClusterPlatform", "NetworkPolicy", namespace=DEMO)
    bare = [each for each in bare if (each["kind"], each["metadata"]["name"]) != ("Namespace", SERVICES)]
    spaces = [made("v1", "Namespace", each, labels={WORKFLOW_NAMESPACE: ""}) for each in ("dev", SERVICES)]
    return [*bare, *spaces, draft, built, properties("built", SERVICES)]


def another_name() -> list[Manifest]:
    """A platform and services of another name."""
    text = json.dumps(healthy()).replace("sonataflow-platform", "orders")
    return json.loads(text)  # type: ignore[no-any-return]  # what it was made from


def outside() -> list[Manifest]:
    """A database behind a JDBC URL, outside of the cluster."""
    text = json.dumps(
        [
            each
            for each in healthy()
            if each["metadata"]["name"] not in (DATABASE, "postgresql") or each["kind"] == "Secret"
        ]
    )
    found = json.loads(text)
    for each in found:
        _outside(each)
    return found  # type: ignore[no-any-return]  # as above


def _outside(item: Any) -> None:
    if isinstance(item, dict) and "serviceRef" in item:
        item["jdbcUrl"] = "jdbc:postgresql://db.example.com:5432/sonataflow"
        del item["serviceRef"]
    for each in item.values() if isinstance(item, dict) else item if isinstance(item, list) else ():
        _outside(each)


def external_name() -> list[Manifest]:
    """A Service that is another name for a database elsewhere: it has neither ports nor pods."""
    bare = [each for each in healthy() if each["metadata"]["name"] != "postgresql"]
    place = made("v1", "Service", DATABASE, SERVICES, spec={"type": "ExternalName", "externalName": "db.example.com"})
    return [each if each["metadata"]["name"] != DATABASE or each["kind"] != "Service" else place for each in bare]


def neighbours() -> list[Manifest]:
    """Pods and Jobs of others in the same namespaces, none of which does what it should."""
    broken = [
        {**pod(name, name_space), "status": {"containerStatuses": UNPULLED}}
        for name, name_space in (("shop", DEMO), ("backup", SERVICES), ("other-operator", OPERATORS))
    ]
    failed = {"conditions": [{"type": "Failed", "status": "True"}]}
    jobs = [
        made("batch/v1", "Job", name, SERVICES, spec={}, status=failed)
        for name in ("database-backup-29384", "sonataflow-report")
    ]
    return [*healthy(), *broken, *jobs]


def made_up_for() -> list[Manifest]:
    """A Job that failed, and a later one that did what it was for."""
    name = NamespaceDatabase(namespace=DEMO, services=SERVICES).job()["metadata"]["name"]
    later = f"{name.rpartition('-')[0]}-00000000"
    found = []
    for each, condition, day in ((name, "Failed", 1), (later, "Complete", 2)):
        job = made("batch/v1", "Job", each, SERVICES, spec={}, status=holds(condition))
        job["metadata"]["creationTimestamp"] = f"2026-11-0{day}T00:00:00Z"
        found.append(job)
    return [*healthy(), *found]


def second_hub() -> list[Manifest]:
    """A second RHDH, which is for something else."""
    hub = deployment("backstage-other", "other-hub", {"app.kubernetes.io/name": "backstage"})
    return [*healthy(), made("v1", "Namespace", "other-hub"), hub]


def in_memory() -> list[Manifest]:
    """A workflow without a database: the shared platform's is only for workflows in the platform's namespace."""
    flow = workflow("greeting", DEMO)
    del flow["spec"]["persistence"]
    names = ("greeting-props", "greeting")
    bare = [
        each for each in healthy() if each["metadata"]["name"] not in names or each["kind"] in ("Deployment", "Pod")
    ]
    return [*(each for each in bare if each["kind"] != "Secret" or each["metadata"]["namespace"] != DEMO), flow]


def asleep() -> list[Manifest]:
    """A Jobs service that its platform wants no replicas of."""
    found = deepcopy(healthy())
    for each in found:
        if each["kind"] == "SonataFlowPlatform" and "services" in each["spec"]:
            each["spec"]["services"]["jobService"] = {"enabled": True, "podTemplate": {"replicas": 0}}
        if each["metadata"]["name"] == "sonataflow-platform-jobs-service":
            each["spec"]["replicas"] = 0
    return found


CLUSTERS = (
    openshift,
    kind,
    existing,
    helm_hub,
    knative,
    profiles,
    another_name,
    outside,
    external_name,
    neighbours,
    made_up_for,
    second_hub,
    in_memory,
    asleep,
)


@pytest.mark.parametrize("made_by", CLUSTERS, ids=lambda each: each.__name__)
def test_nothing_is_to_fix_in_a_cluster_that_is_otherwise(made_by: Callable[[], list[Manifest]]) -> None:
    served = cluster_of([]).served
    if made_by is kind:
        served = frozenset(each for each in served if "coreos" not in each and "rhdh" not in each)
    if made_by is existing:
        served |= {"services.serving.knative.dev"}
    found = found_in(made_by(), served=served)
    assert {name: [fault.message for fault in each.faults] for name, each in found.items()} == {}


@pytest.mark.parametrize(
    ("annotations", "status"),
    [
        ({"sonataflow.org/secondary.platform": "true"}, holds("Succeed")),
        ({}, {"conditions": [{"type": "Succeed", "status": "False", "reason": "Duplicated"}]}),
    ],
)
def test_a_platform_that_the_operator_passes_over_serves_nobody(annotations: dict[str, str], status: Manifest) -> None:
    other = made(*PLATFORM, "a", SERVICES, spec={}, status=status)
    other["metadata"]["annotations"] = annotations
    found = local_platform(cluster_of([other, *healthy()]), SERVICES)
    assert found is not None
    assert found["metadata"]["name"] == "sonataflow-platform"


def test_the_namespaces_of_other_operators_are_not_read() -> None:
    other = deployment("quay-operator", "quay", {"control-plane": "controller-manager"})
    assert namespaces_to_read(cluster_of([*openshift(), other, made("v1", "Namespace", "quay")])) == [
        DEMO,
        OPERATORS,
        RHDH,
        SERVICES,
    ]


def test_a_team_whose_platform_rhdh_does_not_show_is_not_told_to_take_the_other_s_place() -> None:
    own = made(
        *PLATFORM,
        "sonataflow-platform",
        "team",
        spec={"services": {"dataIndex": {"enabled": True}}},
        status=holds("Succeed"),
    )
    team = [
        made("v1", "Namespace", "team", labels={WORKFLOW_NAMESPACE: ""}),
        own,
        deployment(DATA_INDEX, "team"),
        deployment("sonataflow-platform-jobs-service", "team"),
    ]
    assert "rhdh" not in found_in([*healthy(), *team], named=("team",))


def test_serverless_logic_is_not_taken_for_the_sonataflow_of_the_same_number() -> None:
    newer = operator_version("logic-operator.v1.45.0", ["logic-operator-controller-manager"])
    manifests = [*but("ClusterServiceVersion", "InstallPlan"), newer]
    assert found_in(manifests, schema=SchemaMatch(names=("10",), differing=0)) == {}


def _paths(item: Any, before: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The paths of all fields and entries."""
    pairs = item.items() if isinstance(item, dict) else enumerate(item) if isinstance(item, list) else ()
    for key, value in pairs:
        yield (*before, key)
        yield from _paths(value, (*before, key))


def test_whatever_field_is_missing_everything_else_is_judged() -> None:
    text = json.dumps(healthy())
    needed = {
        ("kind",),
        ("apiVersion",),
        ("stringData",),
        ("metadata",),
        ("metadata", "name"),
        ("metadata", "namespace"),
    }
    for number, manifest in enumerate(json.loads(text)):
        for path in _paths(manifest):
            if path in needed:
                continue
            manifests = json.loads(text)
            holder = manifests[number]
            for key in path[:-1]:
                holder = holder[key]
            del holder[path[-1]]
            cluster = cluster_of(manifests)
            assert diagnose(cluster), (manifest["kind"], path)
            assert roles(cluster, "ann")


@pytest.mark.parametrize("resource", [*EVERYWHERE, *NEAR, "clusterserviceversions.operators.coreos.com"])
def test_without_a_right_no_check_that_needs_it_says_that_all_is_well(resource: str) -> None:
    plural = resource.partition(".")[0]
    left = [each for each in healthy() if plural not in (f"{each['kind']}s".lower(), f"{each['kind'][:-1]}ies".lower())]
    assert len(left) < len(healthy()) or plural in ("applications", "jobs")
    found = {each.name: each for each in diagnose(cluster_of(left, denied=(Denied(resource=resource),)))}
    assert not [each.message for each in found.values() if each.is_bad]
    needing = [check.name for check in CHECKS if resource in check.reads]
    assert needing
    assert all(found[name].state == "skipped" for name in needing)
