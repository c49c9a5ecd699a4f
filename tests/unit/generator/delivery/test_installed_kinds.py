"""The kinds that charts install, out of their templates."""

from __future__ import annotations

import pytest

from generator.chart.chart import workflow_chart
from generator.delivery.installed_kinds import Kind, kinds_in, parse_kinds, workflow_kinds
from generator.findings.errors import SettingsError
from generator.kubernetes.objects import ImageReference
from tests.chart_facts import WORKFLOW
from tests.unit.conftest import workflow

OBJECTS = """\
{{- if .Values.broker }}
---
apiVersion: eventing.knative.dev/v1
kind: Broker
spec:
  ref:
    apiVersion: v1
    kind: Service
{{- end }}
---
kind: "Deployment"
apiVersion: 'apps/v1'
---
apiVersion: {{ .Values.version }}
kind: Templated
"""


def test_the_kinds_are_those_of_the_objects_and_not_of_what_they_refer_to() -> None:
    files = {"templates/objects.yaml": OBJECTS.encode(), "crds/a.yaml": b"apiVersion: v1\nkind: ConfigMap\n"}
    assert kinds_in(files) == {
        Kind("eventing.knative.dev", "Broker"),
        Kind("apps", "Deployment"),
        Kind("", "ConfigMap"),
    }


def test_files_that_helm_does_not_install_have_no_kinds() -> None:
    data = b"apiVersion: v1\nkind: Secret\n"
    assert not kinds_in(dict.fromkeys(("files/a.yaml", "values.yaml", "templates/_a.tpl", "templates/NOTES.txt"), data))


def test_the_table_of_objects_and_the_templates_have_the_same_kinds() -> None:
    chart = workflow_chart(workflow(WORKFLOW), version="1.0.0", image=ImageReference(repository="registry.example/a"))
    assert kinds_in(chart.files) == workflow_kinds()


def test_people_name_kinds_with_their_group() -> None:
    assert parse_kinds(["apps/Deployment", "Service"]) == {Kind("apps", "Deployment"), Kind("", "Service")}


@pytest.mark.parametrize("text", ["deployment", "apps/v1/Deployment", "apps/", "", "Apps/Deployment", "*/*"])
def test_what_is_no_kind_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="is not a kind; write GROUP/KIND"):
        parse_kinds([text])
