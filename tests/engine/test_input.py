"""Input that does not fit a workflow's schema, sent to each of them on the real engine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from generator.mocks.run_inputs import made_input, schema_of_input
from tests.engine.conftest import WORKFLOWS, Engine


def bad_inputs() -> Iterator[Any]:
    """Each workflow with inputs that lack something mandatory, or hold another type, by what is wrong with them."""
    for name, workflow in WORKFLOWS.items():
        schema = schema_of_input(workflow)
        assert schema, f"{name} has no input schema"
        good = made_input(workflow).value
        properties = schema.content.get("properties", {})
        wrong = {f"without {key}": {k: v for k, v in good.items() if k != key} for key in schema.content["required"]}
        wrong |= {f"a wrong {key}": {**good, key: {"no": ["text"]}} for key in properties}
        wrong |= {"a list": [good], "a text": "text"}
        for what, given in wrong.items():
            if not schema.fits(given):
                yield pytest.param(workflow.definition.id, given, id=f"{workflow.definition.id}: {what}")


@pytest.mark.parametrize(("workflow", "given"), [*bad_inputs()])
def test_what_does_not_fit_the_schema_is_refused_and_starts_nothing(engine: Engine, workflow: str, given: Any) -> None:
    before = set(engine.record.instances)
    status, body = engine.post(workflow, given)
    assert status == 400, body
    started = [engine.record.instances[one] for one in set(engine.record.instances) - before]
    assert not [instance for instance in started if instance.nodes]


def test_each_workflow_has_something_to_refuse() -> None:
    refused = {given.values[0] for given in bad_inputs()}
    assert refused == {workflow.definition.id for workflow in WORKFLOWS.values()}
