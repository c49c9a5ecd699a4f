"""A build for each operator gives charts that its own API server takes whole: nothing refused, nothing dropped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from generator.chart import required_values, workflow_chart
from generator.compatibility.rendered import rendered
from generator.manifests import ImageReference
from pipeline.reading import read_folder
from tests.chart_facts import target_for, write
from tests.cluster.apiserver import ApiServer, Stored
from tests.cluster.test_cells import named, workflows
from tests.cluster.test_installs import Cell, Cluster, table
from tests.conftest import ROOT, Helm
from tests.integration.test_our_charts import given

IMAGE = ImageReference(repository="registry.example/workflow", tag="1")
WHOLE = Stored(refused=frozenset(), dropped=frozenset())


@pytest.fixture(scope="module")
def cluster(other_kinds: ApiServer, helm3: Helm) -> Cluster:
    return Cluster(other_kinds, helm3)


def test_the_workflows_of_the_corpus_are_stored_whole_where_they_were_built_for(
    sonataflow: str, apiserver: ApiServer
) -> None:
    namespace, target = apiserver.namespace(), target_for(sonataflow)
    stored: dict[str, Stored] = {}
    for workflow in workflows("workflows"):
        for title, resource in rendered(workflow, target).items():
            cell = f"{workflow.source.name}, {title}"
            stored[cell] = apiserver.stored(named(resource), "sonataflows", namespace)
    assert len(stored) == 21 * 3
    assert {cell: found for cell, found in stored.items() if found != WHOLE} == {}


def test_each_of_our_workflows_installs_upgrades_and_goes_where_it_was_built_for(
    sonataflow: str, cluster: Cluster, tmp_path: Path
) -> None:
    target = target_for(sonataflow)
    cells: dict[str, Cell] = {}
    for folder in sorted((ROOT / "workflows").iterdir()):
        if folder.name == "shared":
            continue
        workflow = read_folder(folder)
        write(tmp_path / folder.name, workflow_chart(workflow, version="1.0.0", image=IMAGE, target=target).files)
        values: dict[str, Any] = given(required_values(workflow, target))
        cells[folder.name] = cluster.cell(tmp_path / folder.name, values)
    print(f"\nSonataFlow {sonataflow}")
    table(cells)
    assert len(cells) == 10
    assert [name for name, cell in cells.items() if not cell.green] == []
