"""Names that not every file system takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.lint.rules.files import unportable
from tests.command import run
from tests.unit.conftest import write_workflow


@pytest.mark.parametrize("name", ["aux.json", "CON", "nul.tar.gz", "com1.txt", "LPT9", "con .txt"])
def test_a_name_of_a_device_is_found_with_any_ending(name: str) -> None:
    device = name.partition(".")[0].rstrip()
    assert [*unportable([f"specs/{name}"])] == [(f"specs/{name}", f"Windows keeps the name '{device}' for a device")]


@pytest.mark.parametrize(
    "name", ["auxiliary.json", "a.con", "com.json", "com10.txt", "console", ".hidden", "a b.json", "ä.json"]
)
def test_a_name_that_only_looks_so_is_none(name: str) -> None:
    assert [*unportable([name])] == []


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("a.", "Windows has no names that end with a dot or a space"),
        ("a ", "Windows has no names that end with a dot or a space"),
        ("a:b", "Windows has no names with ':'"),
        ("a\\b", r"Windows has no names with '\\'"),
        ("a\tb", r"Windows has no names with '\t'"),
    ],
)
def test_a_name_that_windows_refuses_is_found(path: str, found: str) -> None:
    assert [*unportable([path])] == [(path, found)]


def test_a_folder_is_found_once_whatever_is_in_it() -> None:
    assert [path for path, _ in unportable(["aux/a", "aux/b", "aux/nul/c"])] == ["aux", "aux/nul"]


SAME = "macOS and Windows take it for '%s', which differs in upper and lower case only"


@pytest.mark.parametrize(
    ("paths", "found"),
    [
        (["specs/A.yaml", "specs/a.yaml", "b.yaml"], [("specs/a.yaml", SAME % "specs/A.yaml")]),
        (["Specs/a.yaml", "specs/b.yaml", "specs/a.yaml"], [("specs", SAME % "Specs")]),
    ],
)
def test_names_that_differ_in_case_only_are_found_where_they_begin_to(
    paths: list[str], found: list[tuple[str, str]]
) -> None:
    assert [*unportable(paths)] == found


def test_the_name_of_the_folder_itself_is_looked_at(tmp_path: Path) -> None:
    write_workflow(tmp_path / "workflows", "nul")
    done = run("lint", cwd=tmp_path)
    assert done.code == 0
    assert (
        "workflows/nul: warning: Windows keeps the name 'nul' for a device; rename the folder [portable-name]"
        in done.out
    )
