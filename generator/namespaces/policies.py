"""Network policies between the namespaces of workflows, SonataFlow's services and Red Hat Developer Hub.

A NetworkPolicy that selects a pod also cuts off all peers that it does not name. Each list of peers below is therefore
complete: a namespace that had no policy keeps working with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from generator.kubernetes.objects import RHDH_NAMESPACE, SERVICES_NAMESPACE, Manifest

#: The label of a namespace with workflows; its value is empty. The Orchestrator's own policies select by it, too.
WORKFLOW_NAMESPACE: Final = "rhdh.redhat.com/workflow-namespace"
#: The label with the name of its namespace, which every namespace has (Kubernetes, NamespaceDefaultLabelName).
NAME_LABEL: Final = "kubernetes.io/metadata.name"
#: The label of the namespaces of OpenShift's routers, however they are published.
INGRESS: Final = "policy-group.network.openshift.io/ingress"
#: The namespace of the OpenShift Serverless Logic operator.
OPERATOR: Final = "openshift-serverless-logic"
#: The namespace of OpenShift's Prometheus for user-defined projects.
MONITORING: Final = "openshift-user-workload-monitoring"

#: The policies' names, which are the same in every cluster, so that no policy is created twice.
TO_WORKFLOWS: Final = "allow-to-workflows"
TO_SERVICES: Final = "allow-to-sonataflow-services"
TO_RHDH: Final = "allow-to-rhdh"


@dataclass(frozen=True, kw_only=True)
class Neighbours:
    """The namespaces that workflows communicate with; `others` may reach the workflows and RHDH, too."""

    rhdh: str = RHDH_NAMESPACE
    services: str = SERVICES_NAMESPACE
    knative_eventing: str = "knative-eventing"
    knative_serving: str = "knative-serving"
    others: tuple[str, ...] = ()


def named(namespace: str) -> Manifest:
    """Return the peer of a policy that selects the pods of a namespace."""
    return {"namespaceSelector": {"matchLabels": {NAME_LABEL: namespace}}}


def labelled(key: str, value: str = "") -> Manifest:
    """Return the peer of a policy that selects the pods of all namespaces with a label."""
    return {"namespaceSelector": {"matchLabels": {key: value}}}


#: The pods of the policy's own namespace.
ITSELF: Final[Manifest] = {"podSelector": {}}


def workflow_peers(neighbours: Neighbours) -> list[Manifest]:
    """Return the peers of workflows: RHDH starts them, the services call back, Knative delivers events."""
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
    """Return the peers of Data Index, the Jobs service and the database: RHDH, all workflows, Knative, the operator.

    The order is that of the chart `platform`: server-side apply treats a list in another order as a conflict.
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
    """Return the peers of RHDH: its users, through the router, and all workflows, for notifications and actions."""
    return [
        labelled(WORKFLOW_NAMESPACE),
        named(neighbours.services),
        ITSELF,
        labelled(INGRESS),
        named(MONITORING),
        *map(named, neighbours.others),
    ]


def policy(name: str, namespace: str, peers: Sequence[Manifest]) -> Manifest:
    """Return a NetworkPolicy that lets these peers reach all pods of a namespace."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{"from": list(peers)}]},
    }


def policies(namespace: str, neighbours: Neighbours) -> list[Manifest]:
    """Return the policies for a namespace with workflows: its own, and those of the services and of RHDH.

    The latter select workflows by their namespace's label, so that further namespaces need no change there.
    """
    return [
        policy(TO_WORKFLOWS, namespace, workflow_peers(neighbours)),
        policy(TO_SERVICES, neighbours.services, service_peers(neighbours)),
        policy(TO_RHDH, neighbours.rhdh, rhdh_peers(neighbours)),
    ]
