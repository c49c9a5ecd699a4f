"""Which folder of a repository has the workflow folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.findings.errors import OutputError
from pipeline.workspace.adoption import find_workflows
from tests.unit.conftest import write


@pytest.mark.parametrize(
    ("paths", "found"),
    [
        ([], None),
        (["src/main.py", "docs/a/b.md"], None),
        (["workflows/a/a.sw.yaml"], "workflows"),
        (["flows/a/a.sw.json"], "flows"),
        (["flows/a/src/main/resources/a.sw.yml"], "flows"),
        (["flows/a/a.sw.yaml", "flows/b/b.sw.yaml", "workflows/a/a.sw.yaml"], "workflows"),
        (["a/x/x.sw.yaml", "b/x/x.sw.yaml", "b/y/y.sw.yaml"], "b"),
        (["b/x/x.sw.yaml", "a/x/x.sw.yaml"], "a"),
        (["flows/a/a.sw.yaml", "greeting/greeting.sw.yaml"], "flows"),
        ([".hidden/a/a.sw.yaml", "flows/.hidden/a.sw.yaml", "flows/shared/a.sw.yaml"], None),
        (["flows/a/subflows/a.sw.yaml"], None),
        (["flows/a/a.sw.yaml", "flows/a/chart/x.sw.yaml", "b/target/b.sw.yaml"], "flows"),
        (["flows/a/a.sw.yaml", "charts/a/Chart.yaml", "charts/a/a.sw.yaml", "charts/b/Chart.yaml"], "flows"),
        (["deploy/a/Chart.yaml", "deploy/a/a.sw.yaml"], None),
        (["a.sw.yaml", "subflows/b.sw.yaml"], None),
    ],
    ids=str,
)
def test_the_folder_with_the_most_workflow_folders_is_found(
    paths: list[str], found: str | None, tmp_path: Path
) -> None:
    write(tmp_path, dict.fromkeys(paths, "{}"))
    assert find_workflows(tmp_path) == (Path(found) if found else None)


def test_workflow_folders_at_the_top_are_refused_with_what_moves_them(tmp_path: Path) -> None:
    write(tmp_path, {"b/b.sw.yaml": "{}", "a/a.sw.yaml": "{}", "shared/x": "", "docs/y": ""})
    with pytest.raises(OutputError, match=r"mkdir workflows && git mv a b shared workflows/"):
        find_workflows(tmp_path)


def test_a_folder_that_is_not_there_has_none(tmp_path: Path) -> None:
    assert find_workflows(tmp_path / "none") is None
