"""A build for each operator gives charts that its own API server takes whole: nothing refused, nothing dropped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from generator.chart.chart import required_values, workflow_chart
from generator.compatibility.rendered import rendered
from generator.kubernetes.objects import ImageReference
from pipeline.workspace.workflows import read_folder
from tests.chart_facts import capabilities_of, write
from tests.cluster.apiserver import ApiServer, Stored
from tests.cluster.conftest import definitions_in
from tests.cluster.test_cells import named, workflows
from tests.cluster.test_installs import Cluster, table
from tests.conftest import ROOT, Helm
from tests.crd_facts import FOLDERS
from tests.integration.test_our_charts import given

IMAGE = ImageReference(repository="registry.example/workflow", tag="1")
WHOLE = Stored(refused=frozenset(), dropped=frozenset())


def test_the_workflows_of_the_corpus_are_stored_whole_where_they_were_built_for(
    sonataflow: str, apiserver: ApiServer
) -> None:
    namespace, target = apiserver.namespace(), capabilities_of(sonataflow)
    stored: dict[str, Stored] = {}
    for workflow in workflows("workflows"):
        for title, resource in rendered(workflow, target).items():
            cell = f"{workflow.source.name}, {title}"
            stored[cell] = apiserver.stored(named(resource), "sonataflows", namespace)
    assert len(stored) == 21 * 3
    assert {cell: found for cell, found in stored.items() if found != WHOLE} == {}


def charts_for(sonataflow: str, folder: Path) -> dict[Path, dict[str, Any]]:
    """Our charts, built for one SonataFlow into a folder, each with values for all that an install must be given."""
    capabilities = capabilities_of(sonataflow)
    charts: dict[Path, dict[str, Any]] = {}
    for each in sorted((ROOT / "workflows").iterdir()):
        if each.name == "shared":
            continue
        workflow = read_folder(each)
        chart = workflow_chart(workflow, version="1.0.0", image=IMAGE, capabilities=capabilities)
        write(folder / each.name, chart.files)
        charts[folder / each.name] = given(required_values(workflow, capabilities))
    return charts


def test_each_of_our_workflows_installs_upgrades_and_goes_where_it_was_built_for(
    sonataflow: str, other_kinds: ApiServer, helm4: Helm, tmp_path: Path
) -> None:
    cells = Cluster(other_kinds, helm4).cells(charts_for(sonataflow, tmp_path))
    print(f"\nSonataFlow {sonataflow}")
    table(cells)
    assert len(cells) == 10
    assert [name for name, cell in cells.items() if not cell.green] == []


def test_helm_3_installs_upgrades_and_takes_away_those_for_the_oldest(
    other_kinds: ApiServer, helm3: Helm, shared: Path, tmp_path: Path
) -> None:
    other_kinds.define(definitions_in(shared / "crds" / FOLDERS["1.40"]))
    cells = Cluster(other_kinds, helm3).cells(charts_for("1.40", tmp_path))
    assert len(cells) == 10
    assert [name for name, cell in cells.items() if not cell.green] == []
