"""Who must reach whom between the namespaces of workflows, of the services and of RHDH."""

from __future__ import annotations

from typing import Any

import pytest

from generator.namespaces.policies import NAME_LABEL, Neighbours, policies

NEIGHBOURS = Neighbours(rhdh="hub", services="infra", others=("contour",))
TO_WORKFLOWS, TO_SERVICES, TO_RHDH = policies("demo", NEIGHBOURS)


def let_in(policy: dict[str, Any], namespace: str, **labels: str) -> bool:
    """Whether a NetworkPolicy lets in the pods of a namespace, as Kubernetes reads it (one rule, no ports)."""
    own = policy["metadata"]["namespace"] == namespace
    carried = {NAME_LABEL: namespace, **labels}
    (rule,) = policy["spec"]["ingress"]
    return any(
        ("podSelector" in peer and own)
        or ("namespaceSelector" in peer and peer["namespaceSelector"]["matchLabels"].items() <= carried.items())
        for peer in rule["from"]
    )


@pytest.mark.parametrize(
    ("policy", "namespace"),
    [
        *((TO_WORKFLOWS, each) for each in ("hub", "infra", "knative-eventing", "knative-serving", "demo", "contour")),
        *((TO_SERVICES, each) for each in ("hub", "infra", "knative-eventing", "knative-serving")),
        *((TO_SERVICES, each) for each in ("openshift-serverless-logic", "openshift-user-workload-monitoring")),
        *((TO_RHDH, each) for each in ("hub", "infra", "contour")),
    ],
)
def test_each_side_lets_in_whom_it_works_with(policy: dict[str, Any], namespace: str) -> None:
    assert let_in(policy, namespace)
    assert policy["spec"]["podSelector"] == {}
    assert policy["spec"]["policyTypes"] == ["Ingress"]


@pytest.mark.parametrize("policy", [TO_SERVICES, TO_RHDH])
def test_the_reverse_policies_let_in_every_namespace_with_the_label(policy: dict[str, Any]) -> None:
    assert let_in(policy, "demo", **{"rhdh.redhat.com/workflow-namespace": ""})
    assert let_in(policy, "another", **{"rhdh.redhat.com/workflow-namespace": ""})
    assert let_in(policy, "openshift-ingress", **{"policy-group.network.openshift.io/ingress": ""})


@pytest.mark.parametrize("policy", [TO_WORKFLOWS, TO_SERVICES, TO_RHDH])
def test_nobody_else_is_let_in(policy: dict[str, Any]) -> None:
    assert not let_in(policy, "default")


def test_workflows_of_another_namespace_are_not_let_in_to_these() -> None:
    assert not let_in(TO_WORKFLOWS, "another", **{"rhdh.redhat.com/workflow-namespace": ""})
