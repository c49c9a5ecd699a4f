"""What a stored object lacks, and what of it is in another form than the one that is wanted."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.kubernetes.stored import complete, title

PEERS = [{"podSelector": {}}, {"namespaceSelector": {"matchLabels": {"a": "b"}}}]


def policy(*peers: object, **spec: object) -> dict[str, Any]:
    return {
        "kind": "NetworkPolicy",
        "metadata": {"name": "x", "namespace": "n"},
        "spec": {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{"from": list(peers)}], **spec},
    }


@pytest.mark.parametrize(
    ("stored", "differing"),
    [
        (policy(*PEERS), ()),
        (policy(*reversed(PEERS)), ()),
        (policy(*PEERS, {"ipBlock": {"cidr": "10.0.0.0/8"}}), ()),
        (policy(PEERS[0]), ("spec.ingress[0].from[1]",)),
        (policy(*PEERS, egress=[]), ()),
        (policy(*PEERS, policyTypes=["Egress"]), ("spec.policyTypes[0]",)),
        (policy(*PEERS, policyTypes=["Ingress", "Egress"]), ("spec.policyTypes",)),
        (policy(*PEERS, podSelector={"matchLabels": {"a": "b"}}), ("spec.podSelector",)),
        ({**policy(), "spec": {}}, ("spec.podSelector", "spec.policyTypes", "spec.ingress")),
        ({**policy(), "spec": None}, ("spec",)),
    ],
)
def test_a_policy_that_lets_in_all_that_are_wanted_is_in_the_right_form(
    stored: dict[str, Any], differing: tuple[str, ...]
) -> None:
    assert complete(stored, policy(*PEERS)).differing == differing


def namespace(**labels: str) -> dict[str, Any]:
    return {"kind": "Namespace", "metadata": {"name": "n", "labels": labels, "uid": "1"}}


def test_labels_are_added_and_none_is_replaced() -> None:
    found = complete(namespace(mine="yes"), namespace(wanted=""))
    assert found.differing == ()
    assert found.completed["metadata"]["labels"] == {"mine": "yes", "wanted": ""}
    assert found.completed["metadata"]["uid"] == "1"
    assert complete(namespace(wanted="no"), namespace(wanted="")).differing == ("metadata.labels.wanted",)
    assert complete({"kind": "Namespace", "metadata": {"name": "n"}}, namespace(a="b")).completed["metadata"]["labels"]


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "from", "spec"]), inner),
    max_leaves=8,
)


@given(values, values)
def test_an_object_is_in_its_own_form_and_any_other_is_read(one: object, other: object) -> None:
    first, second = ({"kind": "K", "metadata": {"name": "n"}, "spec": each} for each in (one, other))
    assert complete(first, first).differing == ()
    assert complete(first, first).completed == first
    complete(first, second)


def test_a_title_has_the_namespace_where_there_is_one() -> None:
    assert title(policy()) == "NetworkPolicy x in n"
    assert title(namespace()) == "Namespace n"
