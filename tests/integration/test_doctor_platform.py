"""What each profile of the chart `platform` installs, as a diagnosis of the cluster sees it.

The statuses, and what operators and controllers make of the chart's objects, are set here as these set them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from generator.health.databases import database_jobs
from generator.health.diagnosis import diagnose
from generator.health.objects import name_of
from generator.health.platforms import SERVICES as SERVICES_OF_PLATFORMS
from generator.kubernetes.objects import PLATFORM, platform_service
from generator.kubernetes.schema_match import SchemaMatch
from generator.namespaces.policies import WORKFLOW_NAMESPACE
from generator.platform.operators import platform_operators
from generator.platform.platform import platform_chart, platform_sonataflow
from generator.platform.values import Profile
from tests.conftest import Helm
from tests.healthy_cluster import (
    DATABASE,
    DEMO,
    RHDH,
    SERVICES,
    Manifest,
    cluster_of,
    deployment,
    healthy,
    holds,
    hub_config,
    install_plan,
    made,
    operator_version,
    pod,
    service,
)
from tests.platform_values import required

DATA_INDEX = platform_service(PLATFORM, "dataIndex")
CLUSTER_WIDE = ("Namespace", "SonataFlowClusterPlatform", "ClusterRole", "ClusterRoleBinding")


def values_of(profile: Profile) -> dict[str, Any]:
    """What a user gives, with the policies, the Broker and a namespace of workflows."""
    given: dict[str, Any] = {
        **required(profile, "10"),
        "operatorCheck": "none",
        "database": {"password": "p", "create": True},
        "broker": {"enabled": True, "name": "default"},
        "networkPolicies": {"rhdhNamespace": RHDH, "inRhdhNamespace": True},
        "namespaces": [{"name": DEMO}],
    }
    if profile == "openshift":
        given["operators"] = {"rhdh": {"enabled": True}}
        given["rhdh"] = {"enabled": True, "dynamicPlugins": "plugins"}
    return given


def of_controllers(rendered: Sequence[Manifest]) -> Iterator[Manifest]:
    """What operators and controllers make of the chart's objects."""
    for each in rendered:
        name, namespace = each["metadata"]["name"], each["metadata"].get("namespace", SERVICES)
        match each["kind"]:
            case "Subscription":
                package = each["spec"]["name"]
                version = each["spec"].get("startingCSV") or f"{package}.v1.0.0"
                manager = f"{package}-controller-manager"
                made_by = operator_version(version, [manager])
                if not package.startswith("logic"):
                    made_by["spec"]["customresourcedefinitions"] = {"owned": []}
                yield {**made_by, "metadata": {"name": version, "namespace": namespace}}
                yield deployment(manager, namespace)
                plan = install_plan(f"install-{package}", version, approved=True)
                yield {**plan, "metadata": {**plan["metadata"], "namespace": namespace}}
            case "SonataFlowPlatform":
                for field in SERVICES_OF_PLATFORMS:
                    assert each["spec"]["services"][field]["enabled"]
                    made_by_it = platform_service(name, field)
                    yield deployment(made_by_it, namespace)
                    yield service(made_by_it, namespace, 80, made_by_it)
            case "StatefulSet":
                yield pod(f"{name}-0", namespace, each["spec"]["template"]["metadata"]["labels"])
            case "Backstage":
                yield deployment(f"backstage-{name}", namespace)


def as_set(each: Manifest) -> Manifest:
    """An object with its namespace and the status that it comes to."""
    metadata = dict(each["metadata"])
    if each["kind"] not in CLUSTER_WIDE:
        metadata.setdefault("namespace", SERVICES)
    status = holds("Ready", "Succeed", "Available", "Deployed", "Complete")
    if each["kind"] == "Subscription":
        status = {"installedCSV": each["spec"].get("startingCSV") or "some"}
    return {**each, "metadata": metadata, "status": status}


def of_others(profile: Profile) -> Iterator[Manifest]:
    """What a cluster has beside the chart: namespaces, a workflow in one of them, what others install."""
    for name in (SERVICES, RHDH, "knative-serving", "knative-eventing"):
        yield made("v1", "Namespace", name)
    yield made("v1", "Namespace", DEMO, labels={WORKFLOW_NAMESPACE: ""})
    yield from (
        each
        for each in healthy()
        if each["metadata"].get("namespace") == DEMO and each["kind"] not in ("NetworkPolicy", "SonataFlowPlatform")
    )
    yield hub_config(f"http://{DATA_INDEX}.{SERVICES}")
    if profile != "openshift":
        volumes = [{"configMap": {"name": "plugins"}}]
        yield deployment("rhdh", RHDH, {"app.kubernetes.io/name": "developer-hub"}, volumes=volumes)
    if profile == "kind":
        manager = deployment("sonataflow-operator-controller-manager", "sonataflow-operator-system")
        operator = platform_operators()["10"]
        manager["spec"]["template"]["spec"]["containers"][0]["image"] = f"{operator.image}:{operator.tag}"
        yield manager
    if profile == "existing":
        cluster_wide = ("ClusterServiceVersion", "KnativeServing", "KnativeEventing", "SonataFlowClusterPlatform")
        names = (DATABASE, "postgresql", "logic-operator-controller-manager")
        yield from (each for each in healthy() if each["kind"] in cluster_wide or each["metadata"]["name"] in names)


def _key(manifest: Manifest) -> tuple[str, str, str]:
    metadata = manifest["metadata"]
    return manifest["kind"], metadata["name"], metadata.get("namespace", "")


@pytest.mark.parametrize("profile", ["openshift", "kind", "existing"])
def test_nothing_is_to_fix_in_a_cluster_as_a_profile_installs_it(profile: Profile, helm4: Helm, tmp_path: Path) -> None:
    for path, data in platform_chart(profile, platform_sonataflow("10"), "1.0.0").items():
        (tmp_path / "platform" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "platform" / path).write_bytes(data)
    rendered = helm4.render(tmp_path / "platform", values_of(profile), "--namespace", SERVICES)
    ours = [*map(as_set, rendered), *of_controllers(rendered)]
    there = {*map(_key, ours)}
    theirs = [each for each in of_others(profile) if _key(each) not in there]
    served = cluster_of([]).served
    if profile == "kind":
        served = frozenset(each for each in served if "coreos" not in each)
    cluster = cluster_of([*theirs, *ours], served=served, schema=SchemaMatch(names=("10",), differing=0))
    jobs = [each["metadata"]["name"] for each in ours if each["kind"] == "Job"]
    assert jobs
    assert [*map(name_of, database_jobs(cluster))] == jobs, "a Job whose failure nobody looks at"
    diagnoses = diagnose(cluster)
    assert {each.name: [fault.message for fault in each.faults] for each in diagnoses if each.faults} == {}
    found = {each.name: each for each in diagnoses}
    skipped = {name for name, each in found.items() if each.state == "skipped"}
    assert skipped == {"gitops", "proxy", *({"installplan"} if profile == "kind" else ())}
    assert found["broker"].message == f"default in {SERVICES}"
    assert found["policies"].message == "all required connections are allowed"
