"""The templates: their delimiters cannot meet Helm's, and nothing is left out silently."""

from __future__ import annotations

import re

import jinja2
import pytest

from generator.chart.chart import workflow_chart
from generator.chart.umbrella import SubChart, umbrella_files
from generator.kubernetes.objects import ImageReference
from generator.text.templates import render, template_folders
from tests.unit.conftest import defined

FULL = workflow_chart(
    defined(
        {},
        {
            "application.properties": "url=${JIRA_URL}\nlevel=${LEVEL:INFO}\n",
            "secret.properties": "TOKEN=x\n",
            "specs/a.yaml": "a: 1\n",
        },
    ),
    version="0.1.0",
    image=ImageReference(repository="q/r", tag="1"),
).files
UMBRELLA = umbrella_files([SubChart(name="greeting", version="0.1.0", description="d")], version="0.1.0")
CHART = template_folders()["chart"]
TEMPLATES = sorted(path.relative_to(CHART).as_posix() for path in CHART.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    "template", ["workflow/Chart.yaml", "workflow/templates/sonataflow.yaml", "umbrella/Chart.yaml"]
)
def test_a_variable_that_is_not_there_is_an_error(template: str) -> None:
    with pytest.raises(jinja2.UndefinedError):
        render(f"chart/{template}")


@pytest.mark.parametrize("files", [FULL, UMBRELLA], ids=["chart", "umbrella"])
def test_none_of_our_delimiters_is_left_in_what_was_rendered(files: dict[str, bytes]) -> None:
    assert not [path for path, data in files.items() if re.search(rb"<<|<%|%>|<#|#>", data)]


def test_every_template_is_used() -> None:
    assert {path.removeprefix("workflow/") for path in TEMPLATES if path.startswith("workflow/")} <= set(FULL)
    assert {path.removeprefix("umbrella/") for path in TEMPLATES if path.startswith("umbrella/")} <= set(UMBRELLA)


def test_helm_s_own_expressions_come_through() -> None:
    assert b'{{- .Files.Get "files/flow.yaml" | nindent 4 }}' in FULL["templates/sonataflow.yaml"]
    assert b'{{ .Files.Get "files/specs/a.yaml" | toJson }}' in FULL["templates/resources.yaml"]
