"""The custom resource that waybill checks is the one that real Helm renders."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from generator.chart.chart import workflow_chart
from generator.chart.values import rows, workflow_values
from generator.compatibility.capabilities import newest_capabilities
from generator.compatibility.rendered import rendered
from generator.kubernetes.admission import admit
from generator.kubernetes.crd import known_crds
from generator.kubernetes.objects import Database, ImageReference
from generator.workflow.properties import parse_properties
from pipeline.workspace.workflows import read_folder
from tests.chart_facts import EVERY_VALUE, FACTS, VALUES, WORKFLOW, capabilities_of, facts, known_of, write
from tests.conftest import ROOT, Helm, Rendered

CHARTS = ROOT / "charts" / "workflows" / "charts"
FOLDERS = sorted(folder for folder in (ROOT / "workflows").iterdir() if folder.name != "shared")
#: Values that reach other objects, the metadata of this one, or a field that is set without them, too.
ELSEWHERE = (
    "image.digest",
    "global",
    "secret.existingSecret",
    "env",
    "networkPolicy",
    "commonLabels",
    "commonAnnotations",
    "versionLabel",
    "properties",
    "profile",
    "requireEnv",
    "secret.data",
)


#: The values that facts are made of; a real workflow has variables of its own.
OF_A_WORKFLOW = {**VALUES, "every value": {**EVERY_VALUE, "env": {}}}


def sonataflow_of(resources: Rendered) -> dict[str, Any]:
    return next(each for each in resources if each["kind"] == "SonataFlow")


def fields(value: Any, path: str = "") -> Iterator[str]:
    """The fields of a value, whatever the place in a list."""
    match value:
        case dict():
            for key, child in value.items():
                yield f"{path}.{key}"
                yield from fields(child, f"{path}.{key}")
        case list():
            for child in value:
                yield from fields(child, f"{path}[]")


def test_the_facts_of_the_chart_are_what_helm_renders(helm: Helm) -> None:
    assert facts(helm) == FACTS.read_bytes(), "run: nox -s chart-facts"


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_workflows_of_this_repository_set_no_field_that_is_not_checked(folder: Path, helm: Helm) -> None:
    workflow = read_folder(folder)
    chart = CHARTS / folder.name.removesuffix(".x")
    checked = rendered(workflow)
    given = {title: {"requireEnv": False, **values} for title, values in OF_A_WORKFLOW.items()}
    for title, resources in helm.render_each(chart, given).items():
        spec = sonataflow_of(resources)["spec"]
        assert set(fields(spec)) <= set(fields(checked[title]["spec"])), title
        assert spec["flow"] == checked[title]["spec"]["flow"]


@pytest.mark.parametrize("sonataflow", known_crds())
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_chart_for_an_operator_sets_what_is_checked_and_nothing_that_it_does_not_know(
    folder: Path, sonataflow: str, helm: Helm, tmp_path: Path
) -> None:
    workflow, capabilities = read_folder(folder), capabilities_of(sonataflow)
    image = ImageReference(repository="registry.example/workflow", tag="1")
    chart = workflow_chart(workflow, version="1.0.0", image=image, capabilities=capabilities)
    write(tmp_path / "chart", chart.files)
    own = yaml.safe_load(chart.files["values.yaml"])
    checked = rendered(workflow, capabilities)
    given = {title: {"requireEnv": False, **known_of(values, own)} for title, values in OF_A_WORKFLOW.items()}
    for title, resources in helm.render_each(tmp_path / "chart", given).items():
        resource = sonataflow_of(resources)
        assert set(fields(resource["spec"])) <= set(fields(checked[title]["spec"])), title
        admission = admit(resource, capabilities.crd)
        assert (admission.dropped, admission.refused) == ((), ()), title


def variables_of(resources: Rendered) -> dict[str, Any]:
    spec = sonataflow_of(resources)["spec"]
    return {each["name"]: each.get("value", each.get("valueFrom")) for each in spec["podTemplate"]["container"]["env"]}


def test_without_spec_persistence_a_chart_connects_the_workflow_with_its_database(helm: Helm, tmp_path: Path) -> None:
    write(tmp_path / "w", {path: text.encode() for path, text in WORKFLOW.items()})
    image = ImageReference(repository="registry.example/workflow", tag="1")
    chart = workflow_chart(
        read_folder(tmp_path / "w"), version="1.0.0", image=image, capabilities=capabilities_of("1.45")
    )
    write(tmp_path / "chart", chart.files)
    resources = helm.render(tmp_path / "chart", {"requireEnv": False})
    set_ = variables_of(resources)
    secret = "sonataflow-psql-postgresql"  # noqa: S105 - a Secret's name
    assert set_["QUARKUS_DATASOURCE_PASSWORD"] == {"secretKeyRef": {"name": secret, "key": "postgres-password"}}
    assert set_["QUARKUS_DATASOURCE_USERNAME"] == {"secretKeyRef": {"name": secret, "key": "postgres-username"}}
    assert set_["QUARKUS_DATASOURCE_JDBC_URL"] == (
        f"jdbc:postgresql://{secret}.default:5432/sonataflow?currentSchema=w"
    )
    properties = next(
        each for each in resources if each["kind"] == "ConfigMap" and each["metadata"]["name"].endswith("-props")
    )
    assert "quarkus.flyway.migrate-at-start=true\n" in properties["data"]["application.properties"]
    off = variables_of(helm.render(tmp_path / "chart", {"requireEnv": False, "persistence": {"enabled": False}}))
    assert not [name for name in off if name.startswith(("QUARKUS_", "KOGITO_"))]
    mine = {"container": {"env": [{"name": "QUARKUS_DATASOURCE_JDBC_URL", "value": "mine"}]}}
    assert (
        variables_of(helm.render(tmp_path / "chart", {"requireEnv": False, "podTemplate": mine}))[
            "QUARKUS_DATASOURCE_JDBC_URL"
        ]
        == "mine"
    )


#: Values that Java's properties would read otherwise, if they were written as they are.
AWKWARD = ("plain", " leads", "back\\slash", "two\nlines", "\ttab", "a=b:c", "#no comment", "ends\\", "ü ${X}", "1.50")


@pytest.mark.parametrize("value", AWKWARD)
def test_without_a_pod_variables_are_lines_that_say_what_was_given(value: str, helm: Helm, tmp_path: Path) -> None:
    write(tmp_path / "w", {path: text.encode() for path, text in WORKFLOW.items()})
    image = ImageReference(repository="registry.example/workflow", tag="1")
    chart = workflow_chart(
        read_folder(tmp_path / "w"), version="1.0.0", image=image, capabilities=capabilities_of("1.44")
    )
    write(tmp_path / "chart", chart.files)
    resources = helm.render(tmp_path / "chart", {"env": {"ADDRESS": value}})
    properties = next(each for each in resources if each["metadata"]["name"].endswith("-props"))
    text = properties["data"]["application.properties"]
    read = parse_properties(text.encode(), "application.properties").effective()
    assert read == {"address": "${ADDRESS}", "ADDRESS": value}


def test_no_value_that_reaches_the_custom_resource_is_left_out() -> None:
    taken = {path.removeprefix(".") for path in fields(EVERY_VALUE)} | {"persistence.jdbcUrl"}
    values = workflow_values(
        capabilities=newest_capabilities(),
        image=ImageReference(repository="registry.example/workflow", tag="1"),
        database=Database(schema="workflow"),
        variables=(),
        secret_comments={},
    )
    unset = [row.path for row in rows(values) if row.default in (None, "", {}, [], False)]
    assert [path for path in unset if path not in taken and not path.startswith(ELSEWHERE)] == []
