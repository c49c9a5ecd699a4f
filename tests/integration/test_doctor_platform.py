"""What the chart `platform` installs, as a diagnosis of the cluster sees it."""

from __future__ import annotations

from generator.health.diagnosis import diagnose
from tests.conftest import ROOT, Helm
from tests.healthy_cluster import DATABASE, DEMO, RHDH, SERVICES, cluster_of, healthy, holds, pod

#: Of these kinds the chart's objects stand in place of those of the healthy cluster.
KINDS = ("Broker", "NetworkPolicy", "Secret", "Service", "SonataFlowClusterPlatform", "SonataFlowPlatform")
VALUES = {
    "operatorCheck": "none",
    "database": {"password": "p"},
    "broker": {"enabled": True, "name": "default"},
    "networkPolicies": {"rhdhNamespace": RHDH, "inRhdhNamespace": True},
    "namespaces": [{"name": DEMO}],
}


def test_a_cluster_with_the_objects_of_the_platform_s_chart_has_no_fault(helm4: Helm) -> None:
    rendered = helm4.render(ROOT / "charts" / "platform", VALUES, "--namespace", SERVICES)
    ours = [each for each in rendered if each["kind"] in KINDS]
    assert {each["kind"] for each in ours} == {*KINDS}
    for each in ours:
        if not each["kind"].endswith("ClusterPlatform"):
            each["metadata"].setdefault("namespace", SERVICES)
        each["status"] = holds("Ready", "Succeed")
    (service,) = (each for each in ours if each["kind"] == "Service")
    database = pod("database", SERVICES)
    database["metadata"]["labels"] = service["spec"]["selector"]
    theirs = [
        each
        for each in healthy()
        if each["kind"] not in KINDS or (each["kind"], each["metadata"].get("namespace")) == ("Secret", DEMO)
    ]
    diagnoses = diagnose(cluster_of([*theirs, *ours, database]))
    assert [fault.message for each in diagnoses for fault in each.faults] == []
    found = {each.name: each for each in diagnoses}
    assert found["broker"].message == f"default in {SERVICES}"
    assert found["database"].message == f"{DATABASE} in {SERVICES}"
    assert found["policies"].message == "everybody who has to is let in"
