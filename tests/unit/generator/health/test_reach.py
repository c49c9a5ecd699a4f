"""Network policies as the API's reference describes them: who gets through."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from generator.health.reach import Pods, matches, passes
from tests.healthy_cluster import made

SOURCE = Pods(namespace="rhdh", namespace_labels={"team": "portal"}, labels={"app": "backstage"})
TARGET = Pods(namespace="demo", namespace_labels={"team": "flows"}, labels={"app": "greeting"}, port=8080)
PORTAL = {"namespaceSelector": {"matchLabels": {"team": "portal"}}}
EVERYBODY: Mapping[str, Any] = {}


def let_through(*specs: Mapping[str, Any], source: Pods = SOURCE, target: Pods = TARGET) -> bool:
    policies = [made("networking.k8s.io/v1", "NetworkPolicy", "one", "demo", spec=spec) for spec in specs]
    return passes(policies, source, target, "Ingress")


def ingress(*peers: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"podSelector": {}, "ingress": [{"from": list(peers), **more}]}


@pytest.mark.parametrize(
    ("specs", "expected"),
    [
        ([], True),
        ([{"podSelector": {}}], False),
        ([{"podSelector": {}, "policyTypes": ["Egress"]}], True),
        ([{"podSelector": {"matchLabels": {"app": "other"}}}], True),
        ([{"podSelector": {"matchLabels": {"app": "greeting"}}}], False),
        ([{"podSelector": {}, "ingress": [{}]}], True),
        ([ingress(PORTAL)], True),
        ([{"podSelector": {}}, ingress(PORTAL)], True),
        ([ingress({"podSelector": {}})], False),
        ([ingress({"namespaceSelector": {}})], True),
        ([ingress({**PORTAL, "podSelector": {"matchLabels": {"app": "backstage"}}})], True),
        ([ingress({**PORTAL, "podSelector": {"matchLabels": {"app": "other"}}})], False),
        ([ingress({"ipBlock": {"cidr": "10.0.0.0/8"}})], False),
        ([ingress({"ipBlock": {"cidr": "0.0.0.0/0"}})], True),
        ([ingress(PORTAL, ports=[{"port": 8080}])], True),
        ([ingress(PORTAL, ports=[{"port": 8443}, {"port": 8080, "protocol": "UDP"}])], False),
        ([ingress(PORTAL, ports=[{"port": 8000, "endPort": 8100}])], True),
        ([ingress(PORTAL, ports=[{"port": "http"}])], True),
    ],
)
def test_policies_let_through_what_one_of_them_names(specs: list[Mapping[str, Any]], *, expected: bool) -> None:
    assert let_through(*specs) == expected


def test_a_policy_of_another_namespace_says_nothing() -> None:
    elsewhere = made("networking.k8s.io/v1", "NetworkPolicy", "one", "other", spec={"podSelector": {}})
    assert passes([elsewhere], SOURCE, TARGET, "Ingress")


def test_pods_without_known_labels_count_as_let_in() -> None:
    unknown = Pods(namespace="rhdh", namespace_labels={"team": "portal"})
    assert let_through(ingress({**PORTAL, "podSelector": {"matchLabels": {"app": "other"}}}), source=unknown)
    somewhere = Pods(namespace="demo", namespace_labels={})
    assert let_through({"podSelector": {"matchLabels": {"app": "greeting"}}}, target=somewhere)
    assert not let_through({"podSelector": {}}, target=somewhere)


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ({}, True),
        ({"matchExpressions": [{"key": "team", "operator": "In", "values": ["portal", "ops"]}]}, True),
        ({"matchExpressions": [{"key": "team", "operator": "NotIn", "values": ["portal"]}]}, False),
        ({"matchExpressions": [{"key": "other", "operator": "NotIn", "values": ["portal"]}]}, True),
        ({"matchExpressions": [{"key": "team", "operator": "Exists"}]}, True),
        ({"matchExpressions": [{"key": "team", "operator": "DoesNotExist"}]}, False),
        ({"matchLabels": {"team": "portal"}, "matchExpressions": [{"key": "x", "operator": "Exists"}]}, False),
    ],
)
def test_selectors_choose_by_all_that_they_have(selector: Mapping[str, Any], *, expected: bool) -> None:
    assert matches(selector, {"team": "portal"}) == expected
