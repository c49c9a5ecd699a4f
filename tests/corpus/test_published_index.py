"""A real published index: what of it an operator runs, and what publishing leaves of it."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import yaml

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


def test_publishing_keeps_each_entry_of_a_real_index_to_the_letter(
    shared: Path, tmp_path: Path, waybill: Waybill
) -> None:
    public = tmp_path / "public"
    public.mkdir()
    shutil.copy(shared / "corpus" / "index" / "index.yaml", public)
    before = entries_as_written(public)
    words = ("publish", ROOT / "charts/workflows/charts/mtv-plan", "--to", "dir:public", "--allow-tag")
    done = waybill(*words)
    assert done.code == 0, done.err
    assert "dir:public: 1 change; 365 published versions kept" in done.err
    after = entries_as_written(public)
    assert sum(map(len, after.values())) == 366
    new = next(entry for entry in after["mtv-plan"] if entry["version"] == "2.0.0")
    after["mtv-plan"].remove(new)
    assert after == before
    written = (public / "index.yaml").read_bytes()
    assert "nothing to publish; 366 published versions kept" in waybill(*words).err
    assert (public / "index.yaml").read_bytes() == written


def test_verify_names_the_versions_that_a_real_index_lists_twice(
    shared: Path, tmp_path: Path, waybill: Waybill
) -> None:
    index = yaml.load((shared / "corpus" / "index" / "index.yaml").read_bytes(), yaml.CSafeLoader)
    for entries in index["entries"].values():
        for entry in entries:
            entry["urls"] = [entry["urls"][0].rpartition("/")[2]]
    (tmp_path / "public").mkdir()
    (tmp_path / "public" / "index.yaml").write_text(yaml.dump(index, Dumper=yaml.CSafeDumper))
    done = waybill("verify", "dir:public", "--json")
    assert done.code == 1
    assert sum("is listed with different bytes" in problem for problem in done.json["problems"]) == 24
    assert sum("does not exist" in problem for problem in done.json["problems"]) == 365


def entries_as_written(public: Path) -> dict[str, list[dict[str, Any]]]:
    """The entries, with each scalar as its text."""
    content = yaml.load((public / "index.yaml").read_bytes(), yaml.CBaseLoader)  # noqa: S506 - it makes strings alone
    entries: dict[str, list[dict[str, Any]]] = content["entries"]
    return entries
