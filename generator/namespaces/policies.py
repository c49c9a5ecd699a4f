"""Who must reach whom: the namespaces of workflows, of SonataFlow's services and of Red Hat Developer Hub.

A NetworkPolicy that selects a pod also cuts off whoever it does not name. So each list below is whole: a namespace
that has no policy yet goes on working with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from generator.kubernetes.objects import RHDH_NAMESPACE, SERVICES_NAMESPACE, Manifest

#: The label of a namespace with workflows; its value is empty. The Orchestrator's own policies go by it, too.
WORKFLOW_NAMESPACE: Final = "rhdh.redhat.com/workflow-namespace"
#: Every namespace has its name as this label (Kubernetes, NamespaceDefaultLabelName).
NAME_LABEL: Final = "kubernetes.io/metadata.name"
#: The namespaces of OpenShift's routers, whichever way they are published.
INGRESS: Final = "policy-group.network.openshift.io/ingress"
#: Where the operator of OpenShift Serverless Logic runs.
OPERATOR: Final = "openshift-serverless-logic"
#: Where OpenShift's Prometheus for users' own projects runs.
MONITORING: Final = "openshift-user-workload-monitoring"

#: The policies' names, the same in every cluster, so that none is there twice.
TO_WORKFLOWS: Final = "allow-to-workflows"
TO_SERVICES: Final = "allow-to-sonataflow-services"
TO_RHDH: Final = "allow-to-rhdh"


@dataclass(frozen=True, kw_only=True)
class Neighbours:
    """The namespaces that workflows have to do with; `others` are further ones that may reach them and RHDH."""

    rhdh: str = RHDH_NAMESPACE
    services: str = SERVICES_NAMESPACE
    knative_eventing: str = "knative-eventing"
    knative_serving: str = "knative-serving"
    others: tuple[str, ...] = ()


def named(namespace: str) -> Manifest:
    """The pods of a namespace, as a peer of a policy."""
    return {"namespaceSelector": {"matchLabels": {NAME_LABEL: namespace}}}


def labelled(key: str, value: str = "") -> Manifest:
    """The pods of all namespaces with a label, as a peer of a policy."""
    return {"namespaceSelector": {"matchLabels": {key: value}}}


#: The pods of the policy's own namespace.
ITSELF: Final[Manifest] = {"podSelector": {}}


def workflow_peers(neighbours: Neighbours) -> list[Manifest]:
    """Who reaches workflows: RHDH starts them, the services call back, Knative delivers events and calls functions."""
    return [
        ITSELF,
        named(neighbours.services),
        named(neighbours.rhdh),
        named(neighbours.knative_eventing),
        named(neighbours.knative_serving),
        named(MONITORING),
        *map(named, neighbours.others),
    ]


def service_peers(neighbours: Neighbours) -> list[Manifest]:
    """Who reaches Data Index, the Jobs service and the database: RHDH, all workflows, Knative, the operator.

    The order is that of the chart `platform`: server-side apply takes a list in another order for a conflict.
    """
    return [
        ITSELF,
        named(neighbours.rhdh),
        named(neighbours.knative_eventing),
        named(neighbours.knative_serving),
        named(OPERATOR),
        named(MONITORING),
        labelled(WORKFLOW_NAMESPACE),
        labelled(INGRESS),
    ]


def rhdh_peers(neighbours: Neighbours) -> list[Manifest]:
    """Who reaches RHDH: its users by the router, and all workflows, for notifications and the scaffolder's actions."""
    return [
        labelled(WORKFLOW_NAMESPACE),
        named(neighbours.services),
        ITSELF,
        labelled(INGRESS),
        named(MONITORING),
        *map(named, neighbours.others),
    ]


def policy(name: str, namespace: str, peers: Sequence[Manifest]) -> Manifest:
    """A NetworkPolicy that lets these peers in to all pods of a namespace."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{"from": list(peers)}]},
    }


def policies(namespace: str, neighbours: Neighbours) -> list[Manifest]:
    """The policies of a namespace with workflows: its own, and the reverse ones of the services and of RHDH.

    The reverse ones go by the label, so that further namespaces need no change there.
    """
    return [
        policy(TO_WORKFLOWS, namespace, workflow_peers(neighbours)),
        policy(TO_SERVICES, neighbours.services, service_peers(neighbours)),
        policy(TO_RHDH, neighbours.rhdh, rhdh_peers(neighbours)),
    ]
