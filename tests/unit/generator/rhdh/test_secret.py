"""RHDH's Secret: its name by release, its keys, and what a completion keeps."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.findings.errors import SettingsError
from generator.forms.releases import Release
from generator.rhdh.secret import HELM_KEY, KEYS, check_key, check_values, completed, manifest, secret_name


@pytest.mark.parametrize(
    ("release", "helm", "name"),
    [
        (Release(1, 5), "", "backstage-backend-auth-secret"),
        (Release(1, 6), "", "backstage-backend-auth-secret"),
        (Release(1, 7), "", "orchestrator-auth-secret"),
        (Release(1, 10), "", "orchestrator-auth-secret"),
        (None, "", "orchestrator-auth-secret"),
        (Release(1, 6), "hub", "hub-auth"),
    ],
)
def test_the_name_is_that_of_the_release(release: Release | None, helm: str, name: str) -> None:
    assert secret_name(release, helm) == name


def test_empty_keys_are_left_out_and_argo_cd_s_user_is_admin() -> None:
    assert check_values({"GITHUB_TOKEN": "", "GITLAB_TOKEN": "a"}) == {"GITLAB_TOKEN": "a"}
    assert check_values({"ARGOCD_PASSWORD": "a"}) == {"ARGOCD_PASSWORD": "a", "ARGOCD_USERNAME": "admin"}
    assert check_values({"ARGOCD_PASSWORD": "a", "ARGOCD_USERNAME": "b"})["ARGOCD_USERNAME"] == "b"


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("GITHUB_TOKEN", "do-not\ntell", "line break"),
        ("GITHUB_TOKEN", "do-not\x00tell", "control character"),
        ("GITHUB_TOKEN", " do-not-tell", "begins or ends with a space"),
        ("K8S_CLUSTER_URL", "do-not-tell.example.com", "not an HTTP URL"),
        ("K8S_CLUSTER_URL", "https://[do-not-tell", "not an HTTP URL"),
        ("ARGOCD_URL", "ftp://do-not-tell", "not an HTTP URL"),
    ],
)
def test_a_value_that_cannot_be_right_is_refused_without_being_shown(key: str, value: str, said: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(said)) as caught:
        check_values({key: value})
    assert key in str(caught.value)
    assert "tell" not in str(caught.value)


def test_an_unknown_key_is_told_with_the_nearest() -> None:
    with pytest.raises(SettingsError, match="did you mean 'GITHUB_TOKEN'"):
        check_key("GITHUB_TOKNE")


values = st.dictionaries(st.sampled_from([*KEYS, HELM_KEY, "mine"]), st.text("ab", min_size=1, max_size=3))


@pytest.mark.parametrize("helm", [True, False])
@given(stored=values, wanted=values)
def test_nothing_that_is_there_is_replaced_and_again_nothing_is_added(
    *, stored: dict[str, str], wanted: dict[str, str], helm: bool
) -> None:
    wanted = {key: value for key, value in wanted.items() if key in KEYS}
    found = completed(stored, wanted, backend="new", helm=helm)
    assert found.values.items() >= stored.items()
    assert found.values.keys() >= {"BACKEND_SECRET", *wanted}
    again = completed(found.values, wanted, backend="another", helm=helm)
    assert (again.added, again.values) == ((), found.values)


def test_a_release_of_helm_has_one_token_under_both_keys() -> None:
    assert completed({}, {}, backend="a", helm=True).values == {"BACKEND_SECRET": "a", HELM_KEY: "a"}
    # What the chart has made is the token, whatever is given.
    found = completed({HELM_KEY: "b"}, {"BACKEND_SECRET": "c"}, backend="a", helm=True)
    assert found.values == {"BACKEND_SECRET": "b", HELM_KEY: "b"}
    assert completed({"BACKEND_SECRET": "d"}, {}, backend="a", helm=True).values[HELM_KEY] == "d"
    assert HELM_KEY not in completed({}, {}, backend="a", helm=False).values


def test_the_values_are_in_plain_text_where_the_server_encodes_them() -> None:
    secret = manifest("a", "b", {"GITHUB_TOKEN": "c"})
    assert (secret["stringData"], secret.get("data")) == ({"GITHUB_TOKEN": "c"}, None)
