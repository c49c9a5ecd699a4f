"""Evaluates NetworkPolicies (networking.k8s.io/v1): whether they allow a connection between pods.

What cannot be known (the labels of a pod, the number of a named port) counts as allowed, so that no connection is
reported as blocked by mistake.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from generator.health.objects import Object, at, entries, mapping, namespace_of

Direction = Literal["Ingress", "Egress"]

#: The list of rules of each direction, and the list of peers in a rule.
_RULES: Final = {"Ingress": ("ingress", "from"), "Egress": ("egress", "to")}


@dataclass(frozen=True, kw_only=True)
class Pods:
    """Pods with the same labels: their namespace with its labels, their own labels, and the port that they listen on.

    `labels` are None if they are not known: then only policies for all pods of the namespace count. `all_labels` says
    whether `namespace_labels` has all labels of the namespace.
    """

    namespace: str
    namespace_labels: Mapping[str, str]
    all_labels: bool = True
    labels: Mapping[str, str] | None = None
    port: int | None = None


def matches(selector: Mapping[str, Any], labels: Mapping[str, str], *, complete: bool = True) -> bool:
    """Whether a label selector selects an object with these labels, or may select it if they are not `complete`."""
    required = {key: value for key, value in mapping(selector, "matchLabels").items() if complete or key in labels}
    if any(labels.get(key) != value for key, value in required.items()):
        return False
    expressions = (each for each in entries(selector, "matchExpressions") if complete or each.get("key") in labels)
    return all(_expression_matches(each, labels) for each in expressions)


def _expression_matches(expression: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    key, values = str(expression.get("key")), expression.get("values") or ()
    match expression.get("operator"):
        case "In":
            return key in labels and labels[key] in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
    return False


def isolating(policies: Sequence[Object], pods: Pods, direction: Direction) -> list[Object]:
    """Return the policies that restrict the pods' traffic in a direction; without any, all traffic is allowed."""
    return [each for each in policies if namespace_of(each) == pods.namespace and _selects(each, pods, direction)]


def _selects(policy: Object, pods: Pods, direction: Direction) -> bool:
    # Without policyTypes, a policy is for Ingress, and for Egress if it has egress rules.
    types = at(policy, "spec", "policyTypes") or ["Ingress", *(["Egress"] if at(policy, "spec", "egress") else [])]
    selector = mapping(policy, "spec", "podSelector")
    if pods.labels is None:
        return direction in types and not selector
    return direction in types and matches(selector, pods.labels)


def passes(policies: Sequence[Object], source: Pods, target: Pods, direction: Direction) -> bool:
    """Whether the policies at the end of a connection that `direction` selects allow it."""
    here, there = (target, source) if direction == "Ingress" else (source, target)
    chosen = isolating(policies, here, direction)
    rules, peers = _RULES[direction]
    return not chosen or any(
        _allows_peer(rule, peers, there, here) and _allows_port(rule, target.port)
        for policy in chosen
        for rule in entries(policy, "spec", rules)
    )


def _allows_peer(rule: Mapping[str, Any], key: str, there: Pods, here: Pods) -> bool:
    """Whether a rule allows the pods at the other end; a rule without peers allows all."""
    peers = list(entries(rule, key))
    return not peers or any(_peer_matches(each, there, here) for each in peers)


def _peer_matches(peer: Mapping[str, Any], there: Pods, here: Pods) -> bool:
    if "ipBlock" in peer:
        return str(at(peer, "ipBlock", "cidr")) in ("0.0.0.0/0", "::/0")
    spaces = peer.get("namespaceSelector")
    in_namespace = (
        there.namespace == here.namespace
        if spaces is None
        else matches(spaces, there.namespace_labels, complete=there.all_labels)
    )
    return in_namespace and (there.labels is None or matches(mapping(peer, "podSelector"), there.labels))


def _allows_port(rule: Mapping[str, Any], port: int | None) -> bool:
    """Whether a rule allows a port; a rule without ports allows all."""
    ports = list(entries(rule, "ports"))
    return not ports or port is None or any(_port_matches(each, port) for each in ports)


def _port_matches(entry: Mapping[str, Any], port: int) -> bool:
    first = entry.get("port")
    if entry.get("protocol", "TCP") != "TCP":
        return False
    return not isinstance(first, int) or first <= port <= int(entry.get("endPort") or first)
