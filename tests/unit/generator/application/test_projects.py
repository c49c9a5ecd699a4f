"""Which workflows share an application of the engine, and what it holds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree as ET

import javaproperties
import pytest

from generator.application.projects import Application, applications
from generator.workflow.workflow import Workflow
from pipeline.workspace.workflows import read_folder
from tests.conftest import ROOT

DEFINITION = """
id: {id}
version: "1.0"
specVersion: "0.8"
start: Begin
functions: [{{name: call, operation: "specs/{spec}#read"}}]
states: [{{name: Begin, type: operation, actions: [{{functionRef: call}}], end: true}}]
"""
SPEC = "openapi: 3.0.3\ninfo: {title: T, version: v1}\npaths: {/a: {get: {operationId: read, responses: {}}}}\n"


def written(
    folder: Path, name: str, files: Mapping[str, str] | None = None, *, spec: str = "", **given: str
) -> Workflow:
    spec = spec or f"{name}.yaml"
    text = DEFINITION.format(id=given.get("id", name), spec=spec)
    for path, content in ({f"{name}.sw.yaml": text, f"specs/{spec}": SPEC} | dict(files or {})).items():
        file = folder / name / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")
    return read_folder(folder / name)


def together(*workflows: Workflow) -> list[tuple[str, ...]]:
    return [one.workflows for one in applications(workflows, persistent=False)]


def test_workflows_that_do_not_clash_share_one_application(tmp_path: Path) -> None:
    assert together(written(tmp_path, "a"), written(tmp_path, "b")) == [("a", "b")]


def test_the_workflows_of_this_repository_share_one_application() -> None:
    folders = sorted(folder for folder in (ROOT / "workflows").iterdir() if folder.name != "shared")
    workflows = [read_folder(folder) for folder in folders]
    assert together(*workflows) == [tuple(workflow.definition.id for workflow in workflows)]


CLASHES = {
    "one path with two contents": ({"specs/x.json": "{}"}, {"specs/x.json": "[]"}),
    "one property with two values": ({"application.properties": "a=1"}, {"application.properties": "a: 2"}),
}


@pytest.mark.parametrize("case", CLASHES)
def test_a_clash_needs_an_application_of_its_own(tmp_path: Path, case: str) -> None:
    one, other = CLASHES[case]
    workflows = (written(tmp_path, "a", one), written(tmp_path, "b", other), written(tmp_path, "c", one))
    assert together(*workflows) == [("a", "c"), ("b",)]


def test_one_id_of_two_workflows_needs_two_applications(tmp_path: Path) -> None:
    assert together(written(tmp_path, "a"), written(tmp_path, "b", id="a")) == [("a",), ("a",)]


def test_specs_of_the_same_letters_need_the_same_bytes(tmp_path: Path) -> None:
    one = written(tmp_path, "a", spec="tickets-v1.yaml")
    same = written(tmp_path, "b", spec="tickets-v2.yaml")
    other = written(tmp_path, "c", {"specs/tickets-v3.yaml": SPEC.replace("/a", "/c")}, spec="tickets-v3.yaml")
    assert together(one, same, other) == [("a", "b"), ("c",)]


def test_the_same_file_and_property_in_two_workflows_is_no_clash(tmp_path: Path) -> None:
    files = {"specs/x.json": "{}", "application.properties": "a=1"}
    assert together(written(tmp_path, "a", files), written(tmp_path, "b", files)) == [("a", "b")]


@pytest.fixture
def greeting() -> dict[bool, Application]:
    workflow = read_folder(ROOT / "workflows" / "greeting")
    return {persistent: applications([workflow], persistent=persistent)[0] for persistent in (False, True)}


def test_a_database_is_asked_for_only_where_instances_are_to_be_kept(greeting: dict[bool, Application]) -> None:
    for persistent, application in greeting.items():
        ET.fromstring(application.files["pom.xml"])  # noqa: S314 - our own
        assert (b"persistence-jdbc" in application.files["pom.xml"]) is persistent
        properties = application.files["src/main/resources/application.properties"]
        assert (b"postgresql" in properties) is persistent


@pytest.mark.parametrize("jobs", [False, True])
def test_a_jobs_service_is_built_in_only_where_timers_are_to_be_kept(*, jobs: bool) -> None:
    workflow = read_folder(ROOT / "workflows" / "greeting")
    (application,) = applications([workflow], persistent=True, jobs=jobs)
    ET.fromstring(application.files["pom.xml"])  # noqa: S314 - our own
    assert (b"jobs-service" in application.files["pom.xml"]) is jobs
    assert (b"jobs-service" in application.files["src/main/resources/application.properties"]) is jobs


def test_the_application_holds_the_workflows_files_and_the_shared_ones_but_no_secrets(tmp_path: Path) -> None:
    secret = {"secret.properties": "TOKEN=abc", "application.properties": "key=é ${A:x=y}\\\n  z", "README.md": "x"}
    (application,) = applications([written(tmp_path, "a", secret)], persistent=False)
    names = {path.removeprefix("src/main/resources/") for path in application.files}
    assert names == {"pom.xml", "a.sw.yaml", "specs/a.yaml", "application.properties"}
    properties = application.files["src/main/resources/application.properties"].decode()
    assert javaproperties.loads(properties)["key"] == "é ${A:x=y}z"


def test_the_same_workflows_give_the_same_bytes() -> None:
    workflow = read_folder(ROOT / "workflows" / "greeting")
    first, second = (applications([workflow], persistent=True) for _ in range(2))
    assert first == second
