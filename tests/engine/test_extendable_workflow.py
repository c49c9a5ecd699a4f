"""extendable-workflow on the real engine."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.engine.engine import Engine
from tests.engine.results import result

ID = "extendable-workflow"
COMPONENT = {"name": "cart", "language": "Java"}
DATABASE = {"needed": True, "engine": "PostgreSQL", "gigabytes": 10}
OPERATION = {"environment": "development", "replicas": 1}
IN_PRODUCTION = {"environment": "production", "replicas": 2, "contact": "group:default/shop"}


def order(**steps: dict[str, Any]) -> dict[str, Any]:
    return {"component": COMPONENT, "database": DATABASE, "operation": OPERATION, **steps}


def test_an_order_is_summed_up(engine: Engine) -> None:
    assert result(engine.start(ID, order()).finish()) == {
        "completedWith": "success",
        "message": "The order of cart in Java is complete: database PostgreSQL, 10 GiB, "
        "environment development, replicas 1.",
        "outputs": [
            {"key": "Component", "value": "cart", "format": "text"},
            {"key": "Language", "value": "Java", "format": "text"},
            {"key": "Database", "value": "PostgreSQL, 10 GiB", "format": "text"},
            {"key": "Environment", "value": "development", "format": "text"},
            {"key": "Replicas", "value": 1, "format": "number"},
            {"key": "Contact", "value": "nobody", "format": "text"},
        ],
    }


def test_what_a_form_does_not_show_is_not_ordered(engine: Engine) -> None:
    steps = {"database": {**DATABASE, "needed": False}, "operation": IN_PRODUCTION}
    outputs = {
        output["key"]: output["value"] for output in result(engine.start(ID, order(**steps)).finish())["outputs"]
    }
    assert (outputs["Database"], outputs["Contact"]) == ("none", "group:default/shop")


def test_one_replica_in_production_is_refused_with_what_to_do(engine: Engine) -> None:
    run = engine.start(ID, order(operation={**IN_PRODUCTION, "replicas": 1}))
    assert result(run.finish()) == {
        "completedWith": "error",
        "message": "The order of cart in Java was not taken. In production a component needs at least two replicas, "
        "so that one can be replaced while the other works. Order again with more.",
        "outputs": [{"key": "Component", "value": "cart", "format": "text"}],
    }
    assert run.states == ["ReadOrder", "CheckOrder", "TooFewReplicas", "ReportFailure"]


@pytest.mark.parametrize(
    ("steps", "named"),
    [
        ({"component": {**COMPONENT, "name": "Cart!"}}, "component.name"),
        ({"component": {**COMPONENT, "language": "Cobol"}}, "component.language"),
        ({"database": {"needed": True, "gigabytes": 10}}, "database.engine"),
        ({"database": {**DATABASE, "gigabytes": 501}}, "database.gigabytes"),
        ({"operation": {**OPERATION, "replicas": 0}}, "operation.replicas"),
        ({"operation": {"environment": "production", "replicas": 2}}, "operation.contact"),
        ({"operation": {**IN_PRODUCTION, "contact": "somebody"}}, "operation.contact"),
    ],
)
def test_input_that_does_not_fit_is_refused_by_the_field_s_name(
    steps: dict[str, Any], named: str, engine: Engine
) -> None:
    status, body = engine.post(ID, order(**steps))
    assert status == 400
    assert named in str(body)


def test_the_orchestrator_makes_steps_of_the_form() -> None:
    """It does so where each property has the type object, and does not look behind a `$ref` for that."""
    schema = json.loads((ROOT / f"workflows/{ID}/schemas/{ID}-input-schema.json").read_bytes())
    steps = [(step["title"], step["type"], step["$ref"]) for step in schema["properties"].values()]
    assert steps == [(name, "object", f"steps/{name.lower()}.json") for name in ("Component", "Database", "Operation")]
