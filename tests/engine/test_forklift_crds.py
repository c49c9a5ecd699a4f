"""The stand-in for Forklift, and what the workflows send to it, against Forklift's CustomResourceDefinitions."""

from __future__ import annotations

from pathlib import Path

from tests.engine.engine import Engine
from tests.engine.results import succeeded
from tests.engine.services.forklift import condition
from tests.engine.services.kubernetes import Kubernetes
from tests.engine.services.service import Call
from tests.engine.test_mtv_plan import INPUT
from tests.integration.custom_resources import refusals


def test_what_is_sent_and_what_is_answered_are_forklifts_own_resources(
    engine: Engine, kubernetes: Kubernetes, shared: Path
) -> None:
    succeeded(engine.start("mtv-migration", INPUT))
    sent = [call.body for call in kubernetes.calls if call.method == "POST"]
    answered = [getattr(kubernetes, method)(_call(name)).body for method, name in _LOOKS]
    assert [body["kind"] for body in sent] == ["Plan", "Migration"]
    for body in (*sent, *answered):
        assert refusals(body, shared / "crds-others" / "forklift") == []


def test_conditions_of_every_category_are_forklifts_own(kubernetes: Kubernetes, shared: Path) -> None:
    said = [condition(name, category=name, message="Said.", items=["web"]) for name in ("Critical", "Error", "Warn")]
    kubernetes.add("Provider", "vsphere", said)
    body = kubernetes.get_provider(_call("vsphere")).body
    assert body["status"]["conditions"] == said
    assert refusals(body, shared / "crds-others" / "forklift") == []


_LOOKS = (
    ("get_provider", "vsphere"),
    ("get_provider", "host"),
    ("get_storage_map", "datastores"),
    ("get_network_map", "networks"),
    ("get_plan", "web-shop"),
    ("get_migration", "web-shop-00001"),
)


def _call(name: str) -> Call:
    return Call(
        service="kubernetes",
        operation="",
        method="GET",
        path="",
        parameters={"namespace": "openshift-mtv", "name": name},
        query={},
        headers={},
        body=None,
    )
