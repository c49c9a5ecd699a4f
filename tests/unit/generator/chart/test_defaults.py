"""Defaults that a workflow's chart/values.yaml gives values that every chart has."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from generator.chart.chart import Chart, workflow_chart
from generator.compatibility.capabilities import OperatorCapabilities
from generator.findings.errors import FindingsError
from generator.kubernetes.objects import ImageReference
from tests.chart_facts import capabilities_of
from tests.unit.conftest import workflow

RESOURCES = {"requests": {"cpu": "100m"}, "limits": {"memory": "512Mi"}}
POD = {"podTemplate": {"container": {"resources": RESOURCES}}}


def made(values: str, capabilities: OperatorCapabilities | None = None) -> Chart:
    image = ImageReference(repository="quay.io/a/greeting", tag="1")
    found = workflow({}, overlay={"values.yaml": values})
    return workflow_chart(found, version="1.0.0", image=image, capabilities=capabilities)


def values_of(chart: Chart) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(chart.files["values.yaml"])
    return found


def test_resources_of_the_workflow_are_the_chart_s_default_and_stand_once_in_its_values() -> None:
    chart = made(yaml.safe_dump(POD))
    assert values_of(chart)["podTemplate"]["container"]["resources"] == RESOURCES
    assert chart.files["values.yaml"].decode().count("podTemplate:") == 1
    assert '"memory": "512Mi"' in chart.files["README.md"].decode()


def test_what_the_chart_does_not_have_below_the_pod_template_is_added_to_it() -> None:
    pod = {"nodeSelector": {"disk": "fast"}, "container": {"imagePullPolicy": "Always"}}
    found = values_of(made(yaml.safe_dump({"podTemplate": pod})))["podTemplate"]
    assert found == {"container": {"resources": {}, "imagePullPolicy": "Always"}, "nodeSelector": {"disk": "fast"}}


def test_the_workflow_s_other_values_keep_their_text_and_their_comments() -> None:
    before, after = "# The broker.\nbroker: x\n", "# The sender.\nsender: 'y'  # who\n"
    pod = "# What it needs.\npodTemplate:\n  # Inside.\n  container:\n    resources: {}\n"
    text = made(before + pod + after).files["values.yaml"].decode()
    assert text.endswith(f"# From the workflow's own chart/values.yaml.\n\n{before}{after}")


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ("podTemplate: 3", "podTemplate"),
        ("podTemplate: {container: [a]}", "podTemplate.container"),
        ("podTemplate: {container: {resources: 1Gi}}", "podTemplate.container.resources"),
    ],
)
def test_a_default_that_is_no_map_is_refused_by_its_path(values: str, path: str) -> None:
    with pytest.raises(FindingsError) as caught:
        made(values)
    (finding,) = caught.value.findings
    assert (finding.path, finding.rule) == ("workflows/greeting/chart/values.yaml", "chart-files")
    assert finding.message == f"'{path}' must be a map"


def test_an_operator_that_decides_on_pods_itself_gets_no_such_value() -> None:
    assert "podTemplate" not in values_of(made(yaml.safe_dump(POD), capabilities_of("1.44")))
