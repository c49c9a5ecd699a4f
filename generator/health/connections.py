"""Checks of the connections between namespaces: labels and network policies."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from generator.delivery.argocd import IN_CLUSTER, MANAGED_BY
from generator.health.check import Fault, Report
from generator.health.databases import database_references
from generator.health.developer_hub import hubs, showing_namespaces
from generator.health.objects import (
    ClusterObjects,
    Object,
    at,
    entries,
    labels_of,
    mapping,
    name_of,
    namespace_of,
    some,
)
from generator.health.operators import KNATIVE
from generator.health.platforms import (
    SERVICES,
    has_service,
    is_looked_at,
    platform_of,
    platforms,
    service_name,
    workflow_namespaces,
    workflows,
)
from generator.health.pods import selected
from generator.health.reach import Direction, Pods, isolating, matches, passes
from generator.namespaces.policies import (
    NAME_LABEL,
    WORKFLOW_NAMESPACE,
    Neighbours,
    named,
    policy,
    rhdh_peers,
    service_peers,
    workflow_peers,
)

#: The container ports: of the engine and the services (Quarkus), and of RHDH.
_QUARKUS_PORT: Final = 8080
_RHDH_PORT: Final = 7007
#: The resource of the OpenShift GitOps operator; without the operator, Argo CD does not use the label.
_OPENSHIFT_GITOPS: Final = "argocds.argoproj.io"


@dataclass(frozen=True, kw_only=True)
class Target:
    """The target of a connection: its name for messages, its pods, and the selector of these."""

    title: str
    pods: Pods
    selector: Mapping[str, str] = field(default_factory=dict)


def labels(cluster: ClusterObjects) -> Report:
    """Check that the namespaces with workflows have the label that policies select by, and that named ones exist."""
    found, selecting = workflow_namespaces(cluster), _namespaces_selecting_by_label(cluster)
    faults = []
    for name in found:
        is_selected = bool(selecting - {name})
        item = cluster.one("Namespace", name)
        if item is None and name in cluster.named and cluster.may_see("namespaces", name):
            command = cluster.command("create", "namespace", name)
            faults.append(
                Fault(message=f"there is no namespace {name}", commands=(command,), namespace=name, state="missing")
            )
        elif (
            item is not None
            and WORKFLOW_NAMESPACE not in labels_of(item)
            and (is_selected or any(each != name for each in showing_namespaces(cluster)))
        ):
            command = cluster.command("label", f"namespace/{name}", f"{WORKFLOW_NAMESPACE}=")
            message = f"{name} has workflows, but not the label {WORKFLOW_NAMESPACE}"
            # Without a policy that selects by the label, nothing is blocked yet.
            state: Literal["failed", "note"] = "failed" if is_selected else "note"
            faults.append(Fault(message=message, commands=(command,), namespace=name, state=state))
    return Report(faults=faults, fine=some(found), skipped="" if found else "no namespace has workflows")


def _namespaces_selecting_by_label(cluster: ClusterObjects) -> set[str]:
    """Return the namespaces with a policy that selects others by the label."""
    found = cluster.all("NetworkPolicy")
    return {namespace_of(each) for each in found if WORKFLOW_NAMESPACE in json.dumps(each.get("spec"))}


def gitops(cluster: ClusterObjects) -> Report:
    """Check that namespaces with workflows have the label that lets OpenShift GitOps deploy to them."""
    if not cluster.serves(_OPENSHIFT_GITOPS):
        return Report(skipped="the cluster has no OpenShift GitOps")
    return Report(faults=list(_unmanaged_faults(cluster)), fine="no Application waits for the label")


def _unmanaged_faults(cluster: ClusterObjects) -> Iterator[Fault]:
    """Yield a fault for each namespace without the label to which an Application deploys."""
    labelled = {name_of(each) for each in cluster.all("Namespace") if WORKFLOW_NAMESPACE in labels_of(each)}
    wanted = {*workflow_namespaces(cluster), *(each for each in labelled if is_looked_at(cluster, each))}
    for item in cluster.all("Application"):
        # An Application in sync has its rights in another way.
        name = str(at(item, "spec", "destination", "namespace") or "")
        if name not in wanted or not _deploys_to_own_cluster(item) or at(item, "status", "sync", "status") == "Synced":
            continue
        argocd = str(at(item, "status", "controllerNamespace") or namespace_of(item))
        space = cluster.one("Namespace", name)
        stored = labels_of(space or {}).get(MANAGED_BY)
        if space is not None and stored != argocd:
            problem = f"has the label {MANAGED_BY}={stored}" if stored else f"does not have the label {MANAGED_BY}"
            message = f"{name} {problem}, so Argo CD in {argocd} may not deploy its Application {name_of(item)} there"
            words = ["label", f"namespace/{name}", f"{MANAGED_BY}={argocd}", *(["--overwrite"] if stored else [])]
            yield Fault(message=message, commands=(cluster.command(*words),), namespace=name)


def _deploys_to_own_cluster(application: Object) -> bool:
    """Whether an Application deploys to the cluster of its Argo CD."""
    place = mapping(application, "spec", "destination")
    return place.get("server") == IN_CLUSTER or place.get("name") == "in-cluster"


def policies(cluster: ClusterObjects) -> Report:
    """Check that network policies allow the connections between RHDH, workflows, their services and Knative."""
    blocked: dict[tuple[str, str, str, tuple[tuple[str, str], ...]], list[str]] = {}
    for target, sources in _connections(cluster):
        for source in sources:
            ends: tuple[tuple[Direction, str, str], ...] = (
                ("Ingress", target.pods.namespace, source),
                ("Egress", source, target.pods.namespace),
            )
            for direction, here, there in ends:
                selector = _blocked_pods(cluster, direction, source, target)
                if selector is not None:
                    key = (direction, here, there, tuple(sorted(selector.items())))
                    blocked.setdefault(key, []).append(target.title)
    faults = [_blocked_fault(cluster, key, titles) for key, titles in blocked.items()]
    exist = bool(cluster.all("NetworkPolicy"))
    return Report(
        faults=faults, fine="all required connections are allowed" if exist else "there are no network policies"
    )


def _connections(cluster: ClusterObjects) -> Iterator[tuple[Target, list[str]]]:
    """Yield each target, and the namespaces that must reach it."""
    rhdh, knative = showing_namespaces(cluster), _knative_namespaces(cluster)
    spaces = workflow_namespaces(cluster)
    infra = sorted({namespace_of(each) for each in platforms(cluster)})
    known = {*rhdh, knative.knative_eventing, knative.knative_serving, *spaces, *infra}
    by_rhdh = rhdh or [""]
    for item in workflows(cluster):
        homes = [platform_of(cluster, namespace_of(item), kind) for kind in SERVICES]
        services = sorted({namespace_of(home) for home in homes if home})
        peers = [
            peer
            for hub in by_rhdh
            for service in services or [""]
            for peer in workflow_peers(replace(knative, rhdh=hub, services=service))
        ]
        yield _target(cluster, name_of(item), namespace_of(item)), _selected_namespaces(cluster, peers, known)
    for item in platforms(cluster):
        peers = [peer for hub in by_rhdh for peer in service_peers(replace(knative, rhdh=hub))]
        others = {*rhdh, knative.knative_eventing, knative.knative_serving}
        for kind in SERVICES:
            served = [each for each in spaces if platform_of(cluster, each, kind) is item]
            sources = sorted({*_selected_namespaces(cluster, peers, {*others, *served}), *served})
            if has_service(item, kind):
                yield _target(cluster, service_name(item, kind), namespace_of(item)), sources
    yield from _database_connections(cluster)
    for deployment in (each for each in hubs(cluster) if namespace_of(each) in rhdh):
        peers = [peer for each in infra or [""] for peer in rhdh_peers(Neighbours(services=each))]
        name, namespace = name_of(deployment), namespace_of(deployment)
        sources = sorted({*_selected_namespaces(cluster, peers, {*infra, *spaces}), *spaces})
        yield _target(cluster, name, namespace, port=_RHDH_PORT), sources


def _database_connections(cluster: ClusterObjects) -> Iterator[tuple[Target, list[str]]]:
    """Yield each database, and the namespaces whose workflows and services use it."""
    callers: dict[tuple[str, str], set[str]] = {}
    for reference in database_references(cluster):
        if reference.service:
            callers.setdefault(reference.service, set()).add(reference.namespace)
    for (namespace, name), sources in callers.items():
        found = cluster.one("Service", name, namespace) or {}
        selector = mapping(found, "spec", "selector")
        chosen = selected(cluster, namespace, selector)
        if chosen:
            ports = [each.get("targetPort", each.get("port")) for each in entries(found, "spec", "ports")]
            port = ports[0] if len(ports) == 1 and isinstance(ports[0], int) else None
            pods = _pods(cluster, namespace, labels_of(chosen[0]), port)
            yield Target(title=name, pods=pods, selector=selector), sorted(sources)


def _knative_namespaces(cluster: ClusterObjects) -> Neighbours:
    """Return the namespaces of Knative Serving and Eventing: the default ones if they are not installed."""
    usual = Neighbours()
    (serving, *_), (eventing, *_) = (
        [*(namespace_of(each) for each in cluster.all(kind)), default]
        for (kind, _, _), default in zip(KNATIVE, (usual.knative_serving, usual.knative_eventing), strict=True)
    )
    return Neighbours(knative_serving=serving, knative_eventing=eventing)


def _target(cluster: ClusterObjects, name: str, namespace: str, *, port: int = _QUARKUS_PORT) -> Target:
    deployment = cluster.one("Deployment", name, namespace)
    selector = mapping(deployment, "spec", "selector", "matchLabels")
    pod_labels = mapping(deployment, "spec", "template", "metadata", "labels") if deployment else None
    return Target(title=name, pods=_pods(cluster, namespace, pod_labels, port), selector=selector)


def _pods(
    cluster: ClusterObjects, namespace: str, pod_labels: Mapping[str, str] | None = None, port: int | None = None
) -> Pods:
    item = cluster.one("Namespace", namespace)
    # Every namespace has its name as this label (Kubernetes, NamespaceDefaultLabelName), even one that is not readable.
    spaces = {NAME_LABEL: namespace, **labels_of(item or {})}
    known = item is not None
    return Pods(namespace=namespace, namespace_labels=spaces, all_labels=known, labels=pod_labels, port=port)


def _selected_namespaces(cluster: ClusterObjects, peers: Iterable[Mapping[str, Any]], known: set[str]) -> list[str]:
    """Return the `known` namespaces that exist and that the peers select."""
    there = {name_of(each) for each in cluster.all("Namespace")} & known
    selectors = [each["namespaceSelector"] for each in peers if "namespaceSelector" in each]
    labelled = {name: _pods(cluster, name).namespace_labels for name in there}
    return sorted(name for name, found in labelled.items() if any(matches(each, found) for each in selectors))


def _blocked_pods(
    cluster: ClusterObjects, direction: Direction, source: str, target: Target
) -> Mapping[str, str] | None:
    """Return the labels of the pods whose policies block one end of a connection, or None if it is allowed."""
    found = cluster.all("NetworkPolicy")
    origin = _pods(cluster, source)
    if passes(found, origin, target.pods, direction):
        return None
    here = target.pods if direction == "Ingress" else origin
    # A new policy for all pods would isolate pods that no other policy selects.
    whole = any(not mapping(each, "spec", "podSelector") for each in isolating(found, here, direction))
    return {} if whole else target.selector


def _blocked_fault(
    cluster: ClusterObjects, key: tuple[str, str, str, tuple[tuple[str, str], ...]], titles: Sequence[str]
) -> Fault:
    direction, here, there, selector = key
    arrow = "from" if direction == "Ingress" else "to"
    new_policy = policy(f"allow-{arrow}-{there}", here, [named(there)])
    spec: dict[str, Any] = {**new_policy["spec"], "podSelector": {"matchLabels": dict(selector)} if selector else {}}
    if direction == "Egress":
        spec |= {"policyTypes": ["Egress"], "egress": [{"to": [named(there)]}]}
        del spec["ingress"]
    reached = some(list(dict.fromkeys(titles)))
    message = (
        f"network policies in {here} keep out {there}, which has to reach {reached}"
        if direction == "Ingress"
        else f"network policies in {here} keep its pods from {reached} in {there}"
    )
    commands = (cluster.command("get", "networkpolicies", "-n", here), cluster.apply({**new_policy, "spec": spec}))
    return Fault(message=message, commands=commands, namespace=here, depends=(there,))
