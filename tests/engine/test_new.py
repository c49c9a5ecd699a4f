"""`waybill run NAME --mock` works at once with what `waybill new` has written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.application import maven
from tests.command import run_process
from tests.conftest import missing
from tests.unit.generator.scaffold.test_starter import SPEC


@pytest.fixture(autouse=True)
def _with_tools() -> None:
    for what in maven.lacking():
        missing(what)


def ran(folder: Path, *words: str) -> dict[str, object]:
    """What a run of a new workflow came to."""
    assert run_process("new", "order-tea", *words, cwd=folder).code == 0
    done = run_process("run", "order-tea", "--mock", "--json", cwd=folder)
    assert done.code == 0, done.err
    found: dict[str, object] = done.json
    return found


def test_a_new_assessment_in_a_quarkus_project_runs_and_offers_what_is_next(tmp_path: Path) -> None:
    found = ran(tmp_path, "--type", "assessment", "--layout", "quarkus", "--backstage")
    assert found["data"] == {
        "result": {
            "completedWith": "success",
            "message": "Order tea ran for Ada.",
            "outputs": [{"key": "Name", "value": "Ada", "format": "text"}],
            "nextWorkflows": [],
        },
        "workflowOptions": {
            "newOptions": [],
            "otherOptions": [],
            "upgradeOptions": [],
            "migrationOptions": [],
            "continuationOptions": [],
        },
    }


def test_a_new_workflow_calls_operations_as_their_file_describes_them(tmp_path: Path) -> None:
    """One call has no operationId, and a parameter of a format that the engine cannot send."""
    more = """\
  /pets/{id}:
    get:
      parameters: [{name: id, in: path, required: true, schema: {type: string, format: uuid}}]
      responses: {"200": {description: ok, content: {application/json: {schema: {$ref: "#/components/schemas/Pet"}}}}}
components:
"""
    (tmp_path / "pets.yaml").write_text(SPEC.decode().replace("components:\n", more, 1))
    operations = [word for name in ("listPets", "addPet", "GET /pets/{id}") for word in ("--operation", name)]
    found = ran(tmp_path, "--from-openapi", "pets.yaml", *operations, "--auth")
    calls = found["calls"]
    assert isinstance(calls, list)
    assert [(call["method"], call["status"], call["misfits"]) for call in calls] == [
        ("GET", 200, []),
        ("POST", 201, []),
        ("GET", 200, []),
    ]
    assert "called listPets, addPet and petsIdGet" in json.dumps(found["data"])
