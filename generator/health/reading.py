"""What is read of a cluster: a few kinds everywhere, the rest where the first lead."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from generator.health import developer_hub, flows
from generator.health.objects import ClusterObjects, Object, name_of, namespace_of
from generator.health.operators import KNATIVE, PLANS, SUBSCRIPTIONS, VERSIONS
from generator.health.platforms import database_references, platforms, workflow_namespaces

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
#: What is read by a label: OLM copies a ClusterServiceVersion into each namespace, and the copies have that of its own;
#: the Deployments of the operator (10.x and before) and of RHDH.
LABELLED: Final = (
    (VERSIONS, "!olm.copiedFrom"),
    ("deployments.apps", "control-plane in (sonataflow-operator, controller-manager)"),
    ("deployments.apps", f"{developer_hub.NAME_LABEL} in ({', '.join(developer_hub.NAMES)})"),
)


def namespaces_to_read(cluster: ClusterObjects) -> list[str]:
    """The namespaces of workflows, platforms, their databases, RHDH and the operators."""
    databases = [each.service[0] for each in database_references(cluster) if each.service]
    owners = [*platforms(cluster), *cluster.all("ClusterServiceVersion"), *cluster.all("Backstage")]
    placed = map(namespace_of, (*owners, *cluster.all("Deployment")))
    found = {*workflow_namespaces(cluster), *databases, *placed}
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


def grants(cluster: ClusterObjects) -> list[str]:
    """The commands by which an administrator gives USER the rights that are missing, and no more.

    Rights by name are known only when the objects that lead to these names can be read.
    """
    # Whoever administers the cluster has a context of another name.
    found, role, anywhere = [], "waybill-doctor", replace(cluster, context=None)
    places = sorted({each.namespace for each in cluster.unreadable})
    if "" in places:
        resources = [each for each in dict.fromkeys((*EVERYWHERE, *NEAR, VERSIONS)) if cluster.serves(each)]
        given = ["--verb=list", f"--resource={','.join(resources)}"]
        found.append(anywhere.command("create", "clusterrole", role, *given))
        found.append(anywhere.command("create", "clusterrolebinding", role, f"--clusterrole={role}", "--user=USER"))
    for place in filter(None, places):
        verbs = ["get"] if "" in places else ["list", "get"]
        for verb in verbs:
            here = sorted(
                {each.resource for each in cluster.unreadable if (each.namespace, each.verb) == (place, verb)}
            )
            names = [*config_maps_to_read(cluster).get(place, ()), *secrets_to_read(cluster).get(place, ())]
            only = [f"--resource-name={name}" for name in names] if verb == "get" else []
            if here:
                name, given = f"{role}-{verb}", [f"--verb={verb}", f"--resource={','.join(here)}", *only]
                found.append(anywhere.command("create", "role", name, "-n", place, *given))
                bound = [f"--role={name}", "--user=USER"]
                found.append(anywhere.command("create", "rolebinding", name, "-n", place, *bound))
    return found


def unique(items: list[Object]) -> list[Object]:
    """Objects without those that were read twice."""
    return list({(item.get("kind"), namespace_of(item), name_of(item)): item for item in items}.values())
