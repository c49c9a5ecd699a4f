"""What is read of a cluster: a few kinds everywhere, the rest where the first lead."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from generator.health import developer_hub, flows
from generator.health.databases import database_references, failing_logs
from generator.health.objects import LOGS, ClusterObjects, Log, Object, name_of, namespace_of
from generator.health.operators import KNATIVE, PLANS, SUBSCRIPTIONS, VERSIONS, operator_versions, running_operators
from generator.health.platforms import platforms, workflow_namespaces, workflows
from generator.kubernetes.objects import Manifest
from generator.kubernetes.rbac import bound_role, user

#: What is read in all namespaces: few objects, and small ones.
EVERYWHERE: Final = (
    "namespaces",
    "networkpolicies.networking.k8s.io",
    "sonataflows.sonataflow.org",
    "sonataflowplatforms.sonataflow.org",
    "sonataflowclusterplatforms.sonataflow.org",
    PLANS,
    SUBSCRIPTIONS,
    *(resource for _, resource, _ in KNATIVE),
    flows.BROKERS,
    "backstages.rhdh.redhat.com",
    "applications.argoproj.io",
)
#: What is in no namespace.
CLUSTER_WIDE: Final = ("namespaces", "sonataflowclusterplatforms.sonataflow.org")
#: What is read in the namespaces that the others lead to.
NEAR: Final = ("deployments.apps", "services", "pods", "jobs.batch")
#: The name of the Role with the rights for all of this.
ROLE: Final = "waybill-doctor"
#: What is read by a label: OLM copies a ClusterServiceVersion into each namespace, and the copies have that of its own;
#: the Deployments of the operator (10.x and before) and of RHDH.
LABELLED: Final = (
    (VERSIONS, "!olm.copiedFrom"),
    ("deployments.apps", "control-plane in (sonataflow-operator, controller-manager)"),
    ("deployments.apps", f"{developer_hub.NAME_LABEL} in ({', '.join(developer_hub.NAMES)})"),
)


def namespaces_to_read(cluster: ClusterObjects) -> list[str]:
    """The namespaces of workflows, platforms, their databases, RHDH and the operators; not those of other operators."""
    databases = [each.service[0] for each in database_references(cluster) if each.service]
    versions, deployments = operator_versions(cluster), running_operators(cluster)
    placed = map(namespace_of, (*platforms(cluster), *versions, *deployments))
    found = {*workflow_namespaces(cluster), *databases, *placed, *developer_hub.hub_namespaces(cluster)}
    there: set[str] = set(map(name_of, cluster.all("Namespace")))
    return sorted(found & there if there else found)


def config_maps_to_read(cluster: ClusterObjects) -> dict[str, list[str]]:
    """The ConfigMaps with the properties of workflows and the configuration of RHDH, by namespace."""
    found: dict[str, set[str]] = {}
    for part in (flows.config_maps(cluster), developer_hub.config_maps(cluster)):
        for namespace, names in part.items():
            found.setdefault(namespace, set()).update(names)
    return {namespace: sorted(names) for namespace, names in sorted(found.items()) if names}


def secrets_to_read(cluster: ClusterObjects) -> dict[str, list[str]]:
    """The Secrets of databases whose keys are looked at, by namespace."""
    found: dict[str, set[str]] = {}
    for each in database_references(cluster):
        found.setdefault(each.namespace, set()).add(each.secret)
    return {namespace: sorted(names) for namespace, names in sorted(found.items())}


def logs_to_read(cluster: ClusterObjects) -> list[Log]:
    """The logs that may have what PostgreSQL says."""
    return list(failing_logs(cluster))


def roles(cluster: ClusterObjects, who: str) -> list[Manifest]:
    """The rights with which a user can diagnose a cluster, and no more; its administrator applies them.

    Everything is only listed, but for what has a name: ConfigMaps and Secrets. Rights by name are as many as the
    objects of today lead to, so a new workflow with a database needs them anew.
    """
    resources = dict.fromkeys((*EVERYWHERE, *NEAR, VERSIONS))
    found = bound_role(ROLE, _rules(resources, "list"), [user(who)])
    config_maps, secrets = config_maps_to_read(cluster), secrets_to_read(cluster)
    callers = {namespace_of(each) for each in (*platforms(cluster), *workflows(cluster))}
    for place in sorted({*config_maps, *secrets, *callers}):
        rules = [
            {"apiGroups": [""], "resources": [kind], "verbs": ["get"], "resourceNames": names[place]}
            for kind, names in (("configmaps", config_maps), ("secrets", secrets))
            if place in names
        ]
        logs = _rules([LOGS], "get") if place in callers else []
        found += bound_role(ROLE, [*rules, *logs], [user(who)], namespace=place)
    return found


def _rules(resources: Iterable[str], verb: str) -> list[Manifest]:
    """A rule for each API group of some resources (`deployments.apps`)."""
    groups: dict[str, list[str]] = {}
    for each in resources:
        name, _, group = each.partition(".")
        groups.setdefault(group, []).append(name)
    return [{"apiGroups": [group], "resources": names, "verbs": [verb]} for group, names in sorted(groups.items())]


def unique(items: list[Object]) -> list[Object]:
    """Objects without those that were read twice."""
    return list({(item.get("kind"), namespace_of(item), name_of(item)): item for item in items}.values())
