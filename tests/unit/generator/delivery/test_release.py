"""Versions, values and names of what a cluster follows."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from generator.delivery.names import check_chart, check_name, object_name
from generator.delivery.release import HEADER, check_version, files_of, merged, secret_values
from generator.findings.errors import SettingsError


@pytest.mark.parametrize("text", ["2.0.0", "2.0.0-rc.1+build", "^2.0.0", "~2.0", "2.x", ">=2.0.0 <3.0.0 || 4.x"])
def test_a_version_or_a_range_is_taken_as_it_is(text: str) -> None:
    assert check_version(text, "greeting") == text


@pytest.mark.parametrize("text", ["", "nope", "2.0.0.0", "^"])
def test_what_helm_takes_for_no_version_is_refused_with_its_chart(text: str) -> None:
    with pytest.raises(SettingsError, match=r"^greeting: the version '"):
        check_version(text, "greeting")


def test_values_are_merged_as_helm_merges_files() -> None:
    shared = {"env": {"A": "1", "B": "2"}, "tolerations": [1], "replicas": 1}
    over = {"env": {"B": "3"}, "tolerations": [2], "replicas": {"min": 1}}
    assert merged(shared, over) == {"env": {"A": "1", "B": "3"}, "tolerations": [2], "replicas": {"min": 1}}
    assert shared["env"] == {"A": "1", "B": "2"}


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ({"secret": {"data": {"TOKEN": "hidden"}}}, ["secret.data.TOKEN"]),
        ({"greeting": {"secret": {"data": {"TOKEN": "hidden"}}}}, ["greeting.secret.data.TOKEN"]),
        ({"secret": {"data": {"TOKEN": "", "OTHER": None}}}, []),
        ({"secret": {"existingSecret": "mine"}}, []),
        ({"env": {"secret": "text"}}, []),
        ([], []),
    ],
)
def test_a_secret_in_values_is_found_in_a_chart_and_below_the_umbrella(values: Any, found: list[str]) -> None:
    assert secret_values(values) == found


def test_each_object_is_a_file_that_says_who_wrote_it() -> None:
    content = {"kind": "HelmRelease", "metadata": {"name": "greeting"}, "spec": {"version": "1.10", "on": "yes"}}
    ((name, data),) = files_of([content]).items()
    assert name == "helmrelease_greeting.yaml"
    assert data.decode().startswith(HEADER)
    assert yaml.safe_load(data) == content


@pytest.mark.parametrize("name", ["demo", "a", "0-b", "a" * 63])
def test_a_name_of_kubernetes_is_taken(name: str) -> None:
    assert check_name(name, "a namespace") == name


@pytest.mark.parametrize(
    ("name", "meant"),
    [("My_Team", "my-team"), ("-demo-", "demo"), ("a" * 64, "a" * 63), ("a.b", "a-b"), ("demo\n", "demo")],
)
def test_another_name_is_refused_with_the_nearest_one(name: str, meant: str) -> None:
    with pytest.raises(SettingsError, match=f"did you mean '{meant}'") as refused:
        check_name(name, "a namespace")
    assert check_name(meant, "a namespace") == meant
    assert "for a namespace" in str(refused.value)


@pytest.mark.parametrize("name", ["greeting", "My_chart", "mta-v7", "0"])
def test_a_chart_has_a_name_of_letters_digits_and_more(name: str) -> None:
    assert check_name(object_name(check_chart(name)), "a release")


@pytest.mark.parametrize("name", ["", "../charts", "a b", "größe", "-a", "a.b", "a" * 64])
def test_what_no_chart_is_called_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match="is not a chart's name"):
        check_chart(name)


@pytest.mark.parametrize("name", ["", "--", "…"])
def test_a_name_without_a_nearest_one_is_refused_without(name: str) -> None:
    with pytest.raises(SettingsError) as refused:
        check_name(name, "a namespace")
    assert "did you mean" not in str(refused.value)
