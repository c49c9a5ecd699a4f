"""A real published index: what of it an operator runs by the rows of compatibility.yaml."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from tests.conftest import ROOT, Waybill


def test_what_orchestrator_1_2_runs_of_a_real_repository(shared: Path, waybill: Waybill) -> None:
    index = shared / "corpus" / "index" / "index.yaml"
    done = waybill("check", "--json", "--index", index, "--operator", "1.2.4", cwd=ROOT)
    assert done.code == 0
    versions = done.json["versions"]
    assert len({each["chart"] for each in versions}) == 13
    claimed = [each["chart"] for each in versions if each["status"] == "claimed"]
    assert set(claimed) == {
        *("create-ocp-project", "modify-vm-resources", "move2kube", "mta-v6", "mta-v7"),
        *("mtv-migration", "mtv-plan", "request-vm-cnv"),
    }
    assert Counter(claimed)["mta-v7"] == 1
    assert {each["status"] for each in versions} == {"claimed", "refuted", "no row"}
