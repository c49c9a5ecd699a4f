"""Pictures of other people's workflows: nothing in one touches what it should not."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.diagram.layout import picture
from pipeline.inspect.diagram import read_folder_scene
from tests.conftest import SHARED
from tests.pictures import crossings, faults

#: One name where there is no data, so that the fixture says what is left out.
FOLDERS = sorted(
    path.relative_to(SHARED / "corpus").as_posix()
    for kind in ("workflows", "spec")
    for path in (SHARED / "corpus" / kind).glob("*")
    if path.name != "shared"
) or ["no data"]

#: Folder to the crossings that nobody has found a way around: in the first, one of two ways to each of two states; in
#: the second, three states that lead to the same two, among others.
CROSSINGS = {"workflows/mta-v7.x": 1, "spec/greetings-v08-spec-yaml": 5}


@pytest.mark.parametrize("name", FOLDERS)
@pytest.mark.parametrize("expand", [False, True], ids=["folded", "expanded"])
def test_a_real_workflow_is_drawn_without_a_fault(name: str, expand: bool, shared: Path) -> None:  # noqa: FBT001 - a table
    placed = picture(read_folder_scene(shared / "corpus" / name, expand=expand))
    assert list(faults(placed)) == []
    assert crossings(placed) <= CROSSINGS.get(name, 0)
