"""The table of what a chart installs, held against real Helm, and `waybill manifests` against the chart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from generator.chart.chart import CHECKSUM_VARIABLE, workflow_chart
from generator.kubernetes.objects import Database, ImageReference, ManifestOptions, installed_objects, manifests
from generator.workflow.workflow import Workflow
from pipeline.workspace.folders import all_folders
from pipeline.workspace.workflows import read_folder
from tests.chart_facts import EVERY_VALUE, WORKFLOW, capabilities_of, known_of, write
from tests.conftest import ROOT, Helm, Rendered

FOLDERS = {folder.name: folder for folder in all_folders(ROOT / "workflows")}
SONATAFLOWS = ["10", "1.45", "1.44"]
IMAGE = ImageReference(repository="registry.example/workflow", tag="1")


@pytest.fixture(params=["everything", *FOLDERS])
def workflow(request: pytest.FixtureRequest, tmp_path: Path) -> Workflow:
    """One with all that a chart can have, and each of ours without the objects of its own chart/."""
    folder = FOLDERS.get(request.param, tmp_path / "workflow")
    if request.param == "everything":
        write(folder, {path: text.encode() for path, text in WORKFLOW.items()})
    read = read_folder(folder)
    return replace(read, source=replace(read.source, overlay={}))


def rendered(workflow: Workflow, sonataflow: str, folder: Path, helm: Helm, values: Mapping[str, Any]) -> Rendered:
    chart = workflow_chart(workflow, version="1.0.0", image=IMAGE, capabilities=capabilities_of(sonataflow))
    write(folder, chart.files)
    own = yaml.safe_load(chart.files["values.yaml"])
    secrets = {"secret": {"data": dict.fromkeys(own.get("secret", {}).get("data", {}), "given")}}
    return helm.render(folder, {"requireEnv": False, **known_of({**values, **secrets}, own)})


@pytest.mark.parametrize("sonataflow", SONATAFLOWS)
def test_a_chart_with_every_value_set_installs_what_the_table_has(
    workflow: Workflow, sonataflow: str, helm: Helm, tmp_path: Path
) -> None:
    every = {key: value for key, value in EVERY_VALUE.items() if key != "env"}
    values = {**every, "networkPolicy": {"enabled": True}, "properties": "mine=1"}
    documents = rendered(workflow, sonataflow, tmp_path / "chart", helm, values)
    rows = installed_objects(workflow, capabilities_of(sonataflow).crd)
    table = [(row.kind, name) for row in rows for name in row.names(workflow).values()]
    assert sorted((each["kind"], each["metadata"]["name"]) for each in documents) == sorted(table)


@pytest.mark.parametrize("sonataflow", SONATAFLOWS)
def test_manifests_are_what_the_chart_installs(workflow: Workflow, sonataflow: str, helm: Helm, tmp_path: Path) -> None:
    capabilities = capabilities_of(sonataflow)
    options = ManifestOptions(
        image=str(IMAGE),
        profile=capabilities.sonataflow.profiles[0],
        database=Database(schema=workflow.source.name, namespace="default"),
        secret_values=True,
        crd=capabilities.crd,
        properties=capabilities.sonataflow.properties,
    )
    values = {"persistence": {"serviceRef": {"namespace": "default"}}}
    documents = rendered(workflow, sonataflow, tmp_path / "chart", helm, values)
    assert by_name(manifests(workflow, options)) == by_name(documents)


def by_name(documents: Rendered) -> dict[tuple[str, str], Any]:
    """Kind and name to what is in an object, without what Helm alone can say of it."""
    return {(each["kind"], each["metadata"]["name"]): _compared(each) for each in documents}


def _compared(document: dict[str, Any]) -> dict[str, Any]:
    if document["kind"] == "Secret":
        return {"keys": sorted(document["stringData"])}
    if document["kind"] != "SonataFlow":
        return {"data": document["data"]}
    spec = {field: value for field, value in document["spec"].items() if value}
    container = spec.get("podTemplate", {}).get("container", {})
    variables = [each for each in container.pop("env", []) if each["name"] != CHECKSUM_VARIABLE]
    return {"spec": spec, "variables": variables, "annotations": document["metadata"]["annotations"]}
