"""What RHDH's plugins may read: no secret, nothing of everything, and nothing may be changed."""

from __future__ import annotations

import pytest

from generator.rhdh.access import PLUGINS, ClusterAccess


@pytest.mark.parametrize("plugins", [tuple(PLUGINS), *((each,) for each in PLUGINS)])
def test_every_right_is_to_read_something_that_is_named(plugins: tuple[str, ...]) -> None:
    rules = ClusterAccess(namespace="rhdh", plugins=plugins).rules()
    assert {verb for rule in rules for verb in rule["verbs"]} <= {"get", "list", "watch"}
    named = {name for rule in rules for name in (*rule["resources"], *rule["apiGroups"])}
    assert not named & {"*", "secrets", "serviceaccounts"}
    assert len({(*rule["apiGroups"], *rule["verbs"]) for rule in rules}) == len(rules)


def test_no_account_is_bound_to_a_role_of_others() -> None:
    objects = ClusterAccess(namespace="rhdh").objects()
    (role,) = (each for each in objects if each["kind"] == "ClusterRole")
    (binding,) = (each for each in objects if each["kind"] == "ClusterRoleBinding")
    assert binding["roleRef"]["name"] == role["metadata"]["name"] == "rhdh-plugins-rhdh"
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "rhdh-plugins", "namespace": "rhdh"}]


def test_within_namespaces_there_is_no_right_on_the_cluster() -> None:
    objects = ClusterAccess(namespace="rhdh", within=("a", "b")).objects()
    assert [(each["kind"], each["metadata"]["namespace"]) for each in objects] == [
        ("ServiceAccount", "rhdh"),
        ("Role", "a"),
        ("RoleBinding", "a"),
        ("Role", "b"),
        ("RoleBinding", "b"),
        ("Secret", "rhdh"),
    ]


def test_the_orchestrator_alone_reads_nothing_of_the_api_server() -> None:
    objects = ClusterAccess(namespace="rhdh", plugins=("orchestrator",), permanent=False).objects()
    assert [each["kind"] for each in objects] == ["ServiceAccount"]


def test_the_secret_of_the_token_has_no_data() -> None:
    *_, secret = ClusterAccess(namespace="rhdh").objects()
    assert secret["type"] == "kubernetes.io/service-account-token"
    assert not secret.keys() & {"data", "stringData"}
