"""What the chart of mta-v7.x adds to a cluster that has no MTA, as real Helm renders it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from generator.chart.defaults import OWN_DEFAULTS, without_keys
from tests.command import run
from tests.conftest import ROOT, Helm, HelmRefusal, Rendered
from tests.integration.custom_resources import refusals

GIVEN = {
    "env": {"BACKSTAGE_NOTIFICATIONS_URL": "http://backstage:7007"},
    "secret": {"data": {"NOTIFICATIONS_BEARER_TOKEN": "t"}},
}
ON = {
    "createNamespace": True,
    "operatorGroup": {"enabled": True},
    "subscription": {"enabled": True},
    "tackle": {"enabled": True},
}
KINDS = {
    "createNamespace": "Namespace",
    "operatorGroup": "OperatorGroup",
    "subscription": "Subscription",
    "tackle": "Tackle",
}


@pytest.fixture(scope="module")
def chart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mta")
    done = run("chart", ROOT / "workflows" / "mta-v7.x", "-o", "charts", cwd=folder)
    assert done.code == 0, done.err
    return folder / "charts" / "mta-v7"


def added(rendered: Rendered) -> dict[str, dict[str, Any]]:
    """What is rendered besides the workflow's own objects, by kind."""
    return {d["kind"]: d for d in rendered if d["kind"] not in ("SonataFlow", "ConfigMap", "Secret")}


def test_nothing_is_added_by_default(chart: Path, helm: Helm) -> None:
    assert added(helm.render(chart, GIVEN)) == {}


@pytest.mark.parametrize(("switch", "kind"), KINDS.items())
def test_each_object_has_a_switch_of_its_own(switch: str, kind: str, chart: Path, helm: Helm) -> None:
    assert added(helm.render(chart, {**GIVEN, "mta": {switch: ON[switch]}})).keys() == {kind}


def test_everything_switched_on_satisfies_the_definitions(chart: Path, helm: Helm, shared: Path) -> None:
    labelled = {"commonLabels": {"team": "a"}, "commonAnnotations": {"note": "b"}}
    objects = added(helm.render(chart, {**GIVEN, **labelled, "mta": ON}))
    assert objects.keys() == set(KINDS.values())
    kubernetes_validate.validate(objects["Namespace"], "1.30", strict=True)
    for kind in ("OperatorGroup", "Subscription", "Tackle"):
        assert refusals(objects[kind], shared / "crds-others") == []
        assert objects[kind]["metadata"]["namespace"] == objects["Namespace"]["metadata"]["name"] == "openshift-mta"
    for document in objects.values():
        assert document["metadata"]["labels"] == {"team": "a"}
        assert document["metadata"]["annotations"]["note"] == "b"


def test_the_operator_is_installed_for_the_namespace_that_it_lives_in(chart: Path, helm: Helm) -> None:
    pinned = {"enabled": True, "installPlanApproval": "Manual", "startingCSV": "mta-operator.v7.2.0"}
    objects = added(helm.render(chart, {**GIVEN, "mta": {**ON, "namespace": "tools", "subscription": pinned}}))
    assert objects["OperatorGroup"]["spec"] == {"targetNamespaces": ["tools"]}
    assert objects["Subscription"]["spec"] == {
        "name": "mta-operator",
        "channel": "stable-v7.2",
        "source": "redhat-operators",
        "sourceNamespace": "openshift-marketplace",
        "installPlanApproval": "Manual",
        "startingCSV": "mta-operator.v7.2.0",
    }


def test_mta_asks_nobody_for_a_login_as_the_workflow_has_none(chart: Path, helm: Helm) -> None:
    assert added(helm.render(chart, {**GIVEN, "mta": ON}))["Tackle"]["spec"] == {"feature_auth_required": False}
    larger = {"enabled": True, "spec": {"cache_data_volume_size": "10Gi"}}
    spec = added(helm.render(chart, {**GIVEN, "mta": {"tackle": larger}}))["Tackle"]["spec"]
    assert spec == {"feature_auth_required": False, "cache_data_volume_size": "10Gi"}


def test_a_namespace_with_mta_s_data_outlives_the_release(chart: Path, helm: Helm) -> None:
    namespace = added(helm.render(chart, {**GIVEN, "mta": ON}))["Namespace"]
    assert namespace["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}


def test_a_cluster_without_the_operator_is_told_the_order(chart: Path, helm: Helm) -> None:
    server = ("--api-versions", "v1/ConfigMap", "--api-versions", "sonataflow.org/v1alpha08")
    with pytest.raises(HelmRefusal, match=r"install MTA's operator first \(mta\.subscription\.enabled\)"):
        helm.render(chart, {**GIVEN, "mta": ON}, *server)
    rendered = helm.render(chart, {**GIVEN, "mta": ON}, *server, "--api-versions", "tackle.konveyor.io/v1alpha1")
    assert "Tackle" in added(rendered)


@pytest.mark.parametrize(
    "mta",
    [
        {"operator": {"enabled": True}},
        {"tackle": {"enable": True}},
        {"subscription": {"installPlanApproval": "automatic"}},
        {"namespace": "Open Shift"},
    ],
)
def test_a_value_that_does_not_exist_is_refused(mta: dict[str, Any], chart: Path, helm: Helm) -> None:
    with pytest.raises(HelmRefusal):
        helm.render(chart, {**GIVEN, "mta": mta})


def test_each_value_has_a_comment_and_a_place_in_the_schema(chart: Path, helm: Helm) -> None:
    assert not [line for line in helm.lint(chart, {**GIVEN, "mta": ON}) if "[INFO]" not in line]
    text = (ROOT / "workflows/mta-v7.x/chart/values.yaml").read_text(encoding="utf-8")
    values = without_keys(text, OWN_DEFAULTS).splitlines()
    schema = yaml.safe_load((ROOT / "workflows/mta-v7.x/chart/values.schema.json").read_bytes())
    described = str(schema)
    for before, line in zip(["", *values], values, strict=False):
        key = line.strip().partition(":")[0]
        if not line.lstrip().startswith("#") and key != "feature_auth_required":
            assert before.lstrip().startswith("# "), line
            assert f"'{key}'" in described, key
