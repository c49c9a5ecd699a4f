"""`waybill diff` and `waybill explain` on other people's workflows: nothing that is false, nothing left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.chart.chart import chart_name
from pipeline.workspace.workflows import read_folder
from tests.conftest import SHARED, UNREADABLE, Waybill

#: One name where there is no data, so that the fixture says what is left out.
WORKFLOWS = sorted(p.name for p in (SHARED / "corpus" / "workflows").glob("*") if p.name != "shared") or ["no data"]


@pytest.mark.parametrize("name", [name for name in WORKFLOWS if name != UNREADABLE])
def test_a_folder_and_its_built_chart_are_the_same(
    name: str, shared: Path, corpus_charts: Path, waybill: Waybill
) -> None:
    folder, chart = shared / "corpus" / "workflows" / name, corpus_charts / "charts" / chart_name(name)
    for old, new in ((folder, chart), (chart, folder)):
        done = waybill("diff", old, new, "--json")
        assert done.code == 0, done.err
        (difference,) = done.json["differences"]
        assert (difference["changes"], difference["running"], difference["bump"]) == ([], [], None)


@pytest.mark.parametrize("name", WORKFLOWS)
def test_every_state_and_every_called_function_is_explained(name: str, shared: Path, waybill: Waybill) -> None:
    folder = shared / "corpus" / "workflows" / name
    told = " ".join(waybill("explain", folder).out.split())
    for definition in read_folder(folder).definitions():
        for state in definition.graph.states:
            assert f"'{' '.join(state.split())}': " in told
        for reference in definition.references:
            if reference.target == "event":
                assert f"'{reference.name}'" in told
    assert "None" not in told
