"""`waybill run NAME --mock` works at once with what `waybill new` has written."""

from __future__ import annotations

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


def test_a_new_assessment_calls_operations_as_described_and_offers_what_is_next(tmp_path: Path) -> None:
    """One call has no operationId, and a parameter of a format that the engine cannot send.

    One build has all that a workflow can start with: it is the build that takes time, not the run.
    """
    more = """\
  /pets/{id}:
    get:
      parameters: [{name: id, in: path, required: true, schema: {type: string, format: uuid}}]
      responses: {"200": {description: ok, content: {application/json: {schema: {$ref: "#/components/schemas/Pet"}}}}}
components:
"""
    (tmp_path / "pets.yaml").write_text(SPEC.decode().replace("components:\n", more, 1))
    operations = [word for name in ("listPets", "addPet", "GET /pets/{id}") for word in ("--operation", name)]
    kind = ("--type", "assessment", "--layout", "quarkus", "--backstage", "--auth")
    new = run_process("new", "order-tea", "--from-openapi", "pets.yaml", *operations, *kind, cwd=tmp_path)
    assert new.code == 0, new.err
    done = run_process("run", "order-tea", "--mock", "--json", cwd=tmp_path)
    assert done.code == 0, done.err
    assert [(call["method"], call["status"], call["misfits"]) for call in done.json["calls"]] == [
        ("GET", 200, []),
        ("POST", 201, []),
        ("GET", 200, []),
    ]
    result = done.json["data"]["result"]
    assert (result["completedWith"], result["nextWorkflows"]) == ("success", [])
    assert result["message"] == "Order tea called listPets, addPet and petsIdGet."
    assert [output["key"] for output in result["outputs"]] == ["List pets", "Pets id get"]
    assert done.json["data"]["workflowOptions"] == {
        "newOptions": [],
        "otherOptions": [],
        "upgradeOptions": [],
        "migrationOptions": [],
        "continuationOptions": [],
    }
