"""The results of runs, held against WorkflowResult."""

from __future__ import annotations

import json
from typing import Any

import jsonschema

from tests.conftest import ROOT
from tests.engine.engine import Run

#: What a result ends with where its notification was not taken.
NOT_NOTIFIED = "Nobody was notified: check BACKSTAGE_NOTIFICATIONS_URL, NOTIFICATIONS_BEARER_TOKEN and the recipients."
SCHEMA = json.loads((ROOT / "workflows/shared/schemas/workflow-result-schema.json").read_bytes())


def result(data: Any) -> dict[str, Any]:
    """Return the result in the data of a run."""
    assert isinstance(data, dict), data
    found: dict[str, Any] = data["result"]
    jsonschema.validate(found, SCHEMA)
    return found


def succeeded(run: Run) -> dict[str, Any]:
    """Wait for the end of a run that does what it was asked to do; return its result."""
    return _ended(run, "success")


def failed(run: Run) -> dict[str, Any]:
    """Wait for the end of a run that does not do what it was asked to do; return its result."""
    return _ended(run, "error")


def _ended(run: Run, completed: str) -> dict[str, Any]:
    found = result(run.finish())
    assert found["completedWith"] == completed, found
    return found
