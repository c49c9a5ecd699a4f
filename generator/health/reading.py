"""Decides what to read from a cluster: a few kinds in all namespaces, the rest where these lead."""

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

#: The resources to read in all namespaces: few and small objects.
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
#: The cluster-scoped resources.
CLUSTER_WIDE: Final = ("namespaces", "sonataflowclusterplatforms.sonataflow.org")
#: The resources to read in the namespaces that the others lead to.
NEAR: Final = ("deployments.apps", "services", "pods", "jobs.batch")
#: The name of the Role with the rights to read all of this.
ROLE: Final = "waybill-doctor"
#: The resources to read by a label selector: ClusterServiceVersions that are not copies (OLM copies each into every
#: namespace), and the Deployments of the operator (10.x and before) and of RHDH.
LABELLED: Final = (
    (VERSIONS, "!olm.copiedFrom"),
    ("deployments.apps", "control-plane in (sonataflow-operator, controller-manager)"),
    ("deployments.apps", f"{developer_hub.NAME_LABEL} in ({', '.join(developer_hub.NAMES)})"),
)


def namespaces_to_read(cluster: ClusterObjects) -> list[str]:
    """Return the namespaces of workflows, platforms, their databases, RHDH and the operators."""
    databases = [each.service[0] for each in database_references(cluster) if each.service]
    versions, deployments = operator_versions(cluster), running_operators(cluster)
    placed = map(namespace_of, (*platforms(cluster), *versions, *deployments))
    found = {*workflow_namespaces(cluster), *databases, *placed, *developer_hub.hub_namespaces(cluster)}
    there: set[str] = set(map(name_of, cluster.all("Namespace")))
    return sorted(found & there if there else found)


def config_maps_to_read(cluster: ClusterObjects) -> dict[str, list[str]]:
    """Map namespaces to the ConfigMaps with properties of workflows or the configuration of RHDH."""
    found: dict[str, set[str]] = {}
    for part in (flows.config_maps(cluster), developer_hub.config_maps(cluster)):
        for namespace, names in part.items():
            found.setdefault(namespace, set()).update(names)
    return {namespace: sorted(names) for namespace, names in sorted(found.items()) if names}


def secrets_to_read(cluster: ClusterObjects) -> dict[str, list[str]]:
    """Map namespaces to the database Secrets whose keys are read."""
    found: dict[str, set[str]] = {}
    for each in database_references(cluster):
        found.setdefault(each.namespace, set()).add(each.secret)
    return {namespace: sorted(names) for namespace, names in sorted(found.items())}


def logs_to_read(cluster: ClusterObjects) -> list[Log]:
    """Return the logs that may have PostgreSQL's errors."""
    return list(failing_logs(cluster))


def roles(cluster: ClusterObjects, who: str) -> list[Manifest]:
    """Return the Roles with which a user can diagnose a cluster and do nothing else; its administrator applies them.

    Most resources are only listed, but ConfigMaps and Secrets are read by name. These names come from the present
    objects, so after adding a workflow with a database the Roles must be generated again.
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
    """Return one rule for each API group of the resources (`deployments.apps`)."""
    groups: dict[str, list[str]] = {}
    for each in resources:
        name, _, group = each.partition(".")
        groups.setdefault(group, []).append(name)
    return [{"apiGroups": [group], "resources": names, "verbs": [verb]} for group, names in sorted(groups.items())]


def unique(items: list[Object]) -> list[Object]:
    """Drop duplicate objects."""
    return list({(item.get("kind"), namespace_of(item), name_of(item)): item for item in items}.values())
