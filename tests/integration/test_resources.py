"""Resources of our workflows as their charts set them, for every operator and beside a user's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from generator.chart.chart import workflow_chart
from generator.kubernetes.crd import known_crds
from generator.kubernetes.objects import ImageReference
from pipeline.workspace.workflows import read_folder
from tests.chart_facts import capabilities_of, write
from tests.conftest import ROOT, Helm

FOLDER = ROOT / "workflows" / "move2kube"
DEFAULT = yaml.safe_load((FOLDER / "chart/values.yaml").read_text(encoding="utf-8"))["podTemplate"]["container"]


def spec(folder: Path, sonataflow: str, helm: Helm, *options: str) -> dict[str, Any]:
    image = ImageReference(repository="registry.example/workflow", tag="1")
    capabilities = capabilities_of(sonataflow)
    chart = workflow_chart(read_folder(FOLDER), version="1.0.0", image=image, capabilities=capabilities)
    write(folder, chart.files)
    rendered = helm.render(folder, {"requireEnv": False}, *options)
    found: dict[str, Any] = next(each for each in rendered if each["kind"] == "SonataFlow")["spec"]
    return found


@pytest.mark.parametrize("sonataflow", known_crds())
def test_they_reach_the_container_of_each_operator_that_lets_a_chart_decide(
    sonataflow: str, helm: Helm, tmp_path: Path
) -> None:
    found = spec(tmp_path, sonataflow, helm)
    if capabilities_of(sonataflow).pods:
        assert found["podTemplate"]["container"]["resources"] == DEFAULT["resources"]
    else:
        assert "podTemplate" not in found


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("limits.memory=2Gi", {**DEFAULT["resources"], "limits": {"memory": "2Gi"}}),
        ("limits.cpu=1", {**DEFAULT["resources"], "limits": {**DEFAULT["resources"]["limits"], "cpu": 1}}),
        ("requests=null", {"limits": DEFAULT["resources"]["limits"]}),
    ],
)
def test_those_of_a_user_win(option: str, expected: dict[str, Any], helm: Helm, tmp_path: Path) -> None:
    found = spec(tmp_path, "10", helm, "--set", f"podTemplate.container.resources.{option}")
    assert found["podTemplate"]["container"]["resources"] == expected


def test_a_user_can_do_without(helm: Helm, tmp_path: Path) -> None:
    found = spec(tmp_path, "10", helm, "--set", "podTemplate.container.resources=null")
    assert not found["podTemplate"]["container"].get("resources")
