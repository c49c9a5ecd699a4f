"""The umbrella's own files. What Helm makes of them is shown in tests/integration."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from generator.chart.umbrella import SubChart, umbrella_files
from generator.text.yaml_reader import parse

ONE = SubChart(name="greeting", version="0.1.0", description="Greets | <people>.")
OTHER = SubChart(name="a-b", version="1.0.0-rc.1", description="d")
HAND_MADE = SubChart(name="mine", version="3.0.0", description="", checked=False)


def chart_yaml(*charts: SubChart) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(umbrella_files(charts, version="2.0.0")["Chart.yaml"])
    return found


def test_the_umbrella_depends_on_each_chart_under_its_own_condition() -> None:
    found = chart_yaml(ONE, OTHER)
    assert (found["name"], found["version"], found["kubeVersion"]) == ("workflows", "2.0.0", ">= 1.20.0-0")
    assert found["dependencies"] == [
        {"name": "a-b", "version": "1.0.0-rc.1", "condition": "a-b.enabled"},
        {"name": "greeting", "version": "0.1.0", "condition": "greeting.enabled"},
    ]


def test_an_umbrella_over_no_chart_has_no_dependencies() -> None:
    assert "dependencies" not in chart_yaml()
    assert yaml.safe_load(umbrella_files([], version="1.0.0")["values.yaml"])["networkPolicy"]["enabled"] is False


@pytest.mark.parametrize("name", ["123", "1e3", "on", "null", "0x10"])
def test_a_chart_s_name_is_a_string_whatever_it_looks_like(name: str) -> None:
    files = umbrella_files([SubChart(name=name, version="1.0.0", description="")], version="1.0.0")
    assert parse(files["Chart.yaml"], "c.yaml").root.plain()["dependencies"][0]["name"] == name
    assert yaml.safe_load(files["Chart.yaml"])["dependencies"][0]["name"] == name
    assert yaml.safe_load(files["values.yaml"])[name] == {"enabled": False}


def test_only_charts_of_waybill_are_asked_for_missing_variables() -> None:
    text = umbrella_files([ONE, HAND_MADE], version="1.0.0")["templates/requirements.yaml"].decode()
    assert '"greeting.missing"' in text
    assert "mine" not in text


def test_the_umbrella_owns_the_policy_of_the_namespace() -> None:
    text = umbrella_files([ONE], version="1.0.0")["templates/networkpolicy.yaml"].decode()
    assert "name: allow-rhdh-to-sonataflow-and-workflows" in text
    assert "podSelector: {}" in text


def test_the_readme_lists_the_charts_in_a_table_that_no_description_breaks() -> None:
    readme = umbrella_files([ONE], version="1.0.0")["README.md"].decode()
    assert "| [greeting](charts/greeting/README.md) | 0.1.0 | Greets \\| &lt;people>. |" in readme
    assert "--set greeting.enabled=true" in readme


def test_the_order_of_the_charts_does_not_matter() -> None:
    assert umbrella_files([ONE, OTHER], version="1.0.0") == umbrella_files([OTHER, ONE], version="1.0.0")
