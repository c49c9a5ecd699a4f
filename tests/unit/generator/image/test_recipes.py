"""What an image is built from, and the key that follows from it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from generator.image.recipe import ImageRecipe
from generator.image.recipes import ImageBase, function_recipe, workflow_recipe
from generator.workflow.workflow import read_workflow
from tests.unit.conftest import read, write, write_workflow

BASE = ImageBase(dockerfile=b"FROM x", builder="example.com/builder:1", runtime="example.com/runtime:1")
DIGEST = f"sha256:{'a' * 64}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_workflow(tmp_path / "workflows", "greeting")


def recipe(folder: Path, base: ImageBase = BASE, **arguments: str) -> ImageRecipe:
    return workflow_recipe(read_workflow(read(folder)), base, arguments)


TAG_FILES = {
    "application.properties": "a=1",
    "argfile.conf": "FLOW_NAME=x",
    "specs/a.yaml": "a: 1",
    "schemas/a.json": "{}",
    "subflows/s.sw.yaml": "id: s\nversion: '1'\nstates: [{name: A, type: inject, data: {}, end: true}]",
    "src/Main.java": "class Main {}",
    "README.md": "x",
    "secret.properties": "K=v",
    "chart/templates/a.yaml": "kind: X",
}


def tag(folder: Path) -> str:
    return workflow_recipe(read_workflow(read(folder)), BASE).tag


@pytest.mark.parametrize(
    "path",
    [
        "greeting.sw.json",
        "application.properties",
        "argfile.conf",
        "specs/a.yaml",
        "schemas/a.json",
        "subflows/s.sw.yaml",
        "src/Main.java",
        "specs/new.yaml",
        "../shared/schemas/r.json",
        "../shared/new.json",
    ],
)
def test_the_image_tag_changes_with_what_the_image_is_built_from(folder: Path, path: str) -> None:
    write(folder, TAG_FILES)
    write(folder.parent / "shared", {"schemas/r.json": "{}"})
    before = tag(folder)
    target = folder / path
    more = "\nFLOW_SUMMARY=y\n" if path == "argfile.conf" else "\n"
    target.write_text((target.read_text() if target.exists() else "") + more)
    assert tag(folder) != before


@pytest.mark.parametrize(
    "path",
    [
        "README.md",
        "secret.properties",
        "chart/templates/a.yaml",
        "chart/new.txt",
        "functions/f/x.json",
        "diagram.svg",
        "target/x.json",
    ],
)
def test_the_image_tag_does_not_change_with_anything_else(folder: Path, path: str) -> None:
    write(folder, TAG_FILES)
    before = tag(folder)
    write(folder, {path: "x=2"})
    assert tag(folder) == before


@pytest.mark.parametrize("path", ["README.md", "src/main/resources/secret.properties"])
def test_the_image_tag_of_a_quarkus_project_leaves_out_the_same(tmp_path: Path, path: str) -> None:
    definition = "id: g\nversion: '1'\nstates: [{name: A, type: inject, data: {}, end: true}]"
    project = write(tmp_path / "g", {"pom.xml": "<a/>", "src/main/resources/g.sw.yaml": definition})
    before = tag(project)
    write(project, {path: "x=2"})
    assert tag(project) == before
    write(project, {"pom.xml": "<b/>"})
    assert tag(project) != before


def test_the_image_tag_is_src_and_twelve_digits_and_does_not_depend_on_where_the_folder_is(
    tmp_path: Path, folder: Path
) -> None:
    elsewhere = write_workflow(tmp_path / "elsewhere", "greeting")
    assert tag(folder) == tag(elsewhere)
    assert re.fullmatch("src-[0-9a-f]{12}", tag(folder))


def test_moving_a_file_changes_the_image_tag(folder: Path) -> None:
    write(folder, {"specs/a.yaml": "a: 1"})
    before = tag(folder)
    (folder / "specs" / "a.yaml").rename(folder / "specs" / "b.yaml")
    assert tag(folder) != before


@pytest.mark.parametrize("text", ["FLOW_NAME=x\n\n", "# a comment\nFLOW_NAME=x", "  FLOW_NAME=x  \r\n"])
def test_comments_and_blank_lines_of_argfile_conf_change_nothing(folder: Path, text: str) -> None:
    write(folder, {"argfile.conf": "FLOW_NAME=x"})
    before = tag(folder)
    write(folder, {"argfile.conf": text})
    assert tag(folder) == before


def test_a_recipe_has_the_arguments_of_argfile_conf_the_id_and_the_folder_in_the_context(folder: Path) -> None:
    write(folder, {"argfile.conf": "FLOW_NAME=A greeting\nQUARKUS_EXTENSIONS=a:b=c"})
    assert recipe(folder).all_arguments == {
        "FLOW_NAME": "A greeting",
        "QUARKUS_EXTENSIONS": "a:b=c",
        "WORKFLOW_ID": "greeting",
        "WF_RESOURCES": "greeting",
        "BUILDER_IMAGE": "example.com/builder:1",
        "RUNTIME_IMAGE": "example.com/runtime:1",
    }


def test_arguments_of_the_command_line_win_over_argfile_conf_and_that_over_the_settings(folder: Path) -> None:
    write(folder, {"argfile.conf": "FLOW_NAME=x\nBUILDER_IMAGE=example.com/mine:2"})
    assert recipe(folder).builder == "example.com/mine:2"
    given = recipe(folder, BUILDER_IMAGE="example.com/theirs:3", FLOW_NAME="y")
    assert (given.builder, given.arguments["FLOW_NAME"]) == ("example.com/theirs:3", "y")


def test_the_context_is_the_folder_and_shared_beside_the_definition(folder: Path) -> None:
    write(folder, {"specs/a.yaml": "a: 1", "secret.properties": "K=v", "target/x.jar": "x", "a.svg": "<svg/>"})
    write(folder.parent / "shared", {"schemas/r.json": "{}"})
    assert sorted(recipe(folder).context) == [
        "greeting/greeting.sw.json",
        "greeting/shared/schemas/r.json",
        "greeting/specs/a.yaml",
    ]


def test_shared_lies_among_the_resources_of_a_quarkus_project(tmp_path: Path) -> None:
    definition = "id: g\nversion: '1'\nstates: [{name: A, type: inject, data: {}, end: true}]"
    project = write(tmp_path / "w" / "g", {"pom.xml": "<a/>", "src/main/resources/g.sw.yaml": definition})
    write(tmp_path / "w" / "shared", {"r.json": "{}"})
    assert "g/src/main/resources/shared/r.json" in recipe(project).context


def test_a_digest_of_images_lock_is_named_and_changes_the_key(folder: Path) -> None:
    pinned = recipe(folder, replace(BASE, pins={BASE.builder: DIGEST}))
    assert (pinned.builder, pinned.runtime) == (f"{BASE.builder}@{DIGEST}", BASE.runtime)
    assert pinned.key != recipe(folder).key


@pytest.mark.parametrize(
    "changed",
    [
        {"dockerfile": b"FROM y"},
        {"builder": "example.com/builder:2"},
        {"runtime": "example.com/runtime:2"},
        {"arguments": {"FLOW_NAME": "y"}},
        {"context": {"a": "1"}},
    ],
)
def test_the_key_changes_with_each_part_of_a_recipe(folder: Path, changed: dict[str, object]) -> None:
    made = recipe(folder)
    assert replace(made, **changed).key != made.key


def test_a_recipe_that_is_overridden_says_so_in_its_tag(folder: Path) -> None:
    made = recipe(folder)
    assert replace(made, custom=True).tag == f"{made.tag}-custom"


def test_a_function_is_a_folder_with_a_dockerfile_and_its_context_is_that_folder(folder: Path) -> None:
    write(
        folder,
        {
            "functions/save/Dockerfile": "FROM scratch",
            "functions/save/app/main.py": "x = 1",
            "functions/save/app/__pycache__/main.pyc": "x",
            "functions/notes/README.md": "none",
        },
    )
    [function] = read_workflow(read(folder)).source.functions
    made = function_recipe(function)
    assert (made.name, made.dockerfile, list(made.context)) == ("save", b"FROM scratch", ["app/main.py"])
    assert re.fullmatch("src-[0-9a-f]{12}", made.tag)
