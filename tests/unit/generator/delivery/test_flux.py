"""The sources and the releases of Flux."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from generator.delivery.flux import FluxOptions, Verification, flux_objects
from generator.delivery.release import ChartRelease

OPTIONS = FluxOptions(name="workflows", namespace="demo", url="https://charts.example.com")
REGISTRY = replace(OPTIONS, url="oci://registry.example.com/charts")
PINNED = ChartRelease(chart="greeting", version="2.0.0+build.1", values={"replicas": 2})
RANGE = ChartRelease(chart="escalation", version="^2.0.0")


def specs(options: FluxOptions, *releases: ChartRelease) -> list[tuple[str, Any]]:
    return [(each["kind"], each["spec"]) for each in flux_objects(releases, options)]


def test_a_chart_repository_is_one_source_for_all_releases() -> None:
    (kind, source), (_, greeting), (_, escalation) = specs(OPTIONS, PINNED, RANGE)
    assert (kind, source["url"]) == ("HelmRepository", "https://charts.example.com")
    versions = [each["chart"]["spec"]["version"] for each in (greeting, escalation)]
    assert versions == ["2.0.0+build.1", "^2.0.0"]
    assert greeting["chart"]["spec"]["sourceRef"] == {"kind": "HelmRepository", "name": "workflows"}


def test_in_a_registry_each_chart_is_a_source_with_a_tag_or_a_range() -> None:
    (kind, greeting), (_, release), (_, escalation), _ = specs(REGISTRY, PINNED, RANGE)
    assert (kind, greeting["url"]) == ("OCIRepository", "oci://registry.example.com/charts/greeting")
    assert greeting["ref"] == {"tag": "2.0.0_build.1"}
    assert escalation["ref"] == {"semver": "^2.0.0"}
    assert release["chartRef"] == {"kind": "OCIRepository", "name": "greeting"}
    assert "chart" not in release


@pytest.mark.parametrize(
    ("verification", "verify"),
    [
        (Verification(keys="cosign"), {"provider": "cosign", "secretRef": {"name": "cosign"}}),
        (
            Verification(issuer="^https://issuer$", subject="^me$"),
            {"provider": "cosign", "matchOIDCIdentity": [{"issuer": "^https://issuer$", "subject": "^me$"}]},
        ),
    ],
    ids=["key", "identity"],
)
def test_signatures_are_verified_by_key_or_identity(verification: Verification, verify: dict[str, Any]) -> None:
    (_, source), _ = specs(replace(REGISTRY, verification=verification), RANGE)
    assert source["verify"] == verify


@pytest.mark.parametrize("options", [OPTIONS, REGISTRY], ids=["index", "registry"])
def test_the_login_is_a_secret_by_its_name(options: FluxOptions) -> None:
    (_, source), _ = specs(replace(options, login="registry-login"), RANGE)
    assert source["secretRef"] == {"name": "registry-login"}


def test_a_release_has_the_values_and_goes_back_where_the_last_upgrade_fails() -> None:
    _, (_, with_values), (_, without) = specs(OPTIONS, PINNED, RANGE)
    assert with_values["values"] == {"replicas": 2}
    assert "values" not in without
    assert with_values["upgrade"]["remediation"] == {"retries": 3, "remediateLastFailure": True, "strategy": "rollback"}


def test_a_kustomization_replaces_nothing_in_values() -> None:
    _, greeting, escalation = flux_objects((PINNED, RANGE), OPTIONS)
    assert greeting["metadata"]["annotations"] == {"kustomize.toolkit.fluxcd.io/substitute": "disabled"}
    assert "annotations" not in escalation["metadata"]


def test_all_is_in_one_namespace() -> None:
    objects = flux_objects((PINNED, RANGE), REGISTRY)
    assert {each["metadata"]["namespace"] for each in objects} == {"demo"}
