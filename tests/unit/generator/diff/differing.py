"""What the tests of `waybill diff` share: small workflows to change, and what is said of the change."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from generator.chart.chart import workflow_chart
from generator.diff.change import Difference
from generator.diff.compare import compare
from generator.diff.snapshot import Snapshot, snapshot_of_chart, snapshot_of_workflow
from generator.diff.words import subject_of, told
from generator.kubernetes.objects import ImageReference
from generator.workflow.workflow import Workflow
from tests.unit.conftest import MINIMAL, Files, defined

IMAGE = ImageReference(repository="quay.io/me/greeting", tag="src-000000000001")

Fields = dict[str, Any]


def snapshot(read: Workflow, image: ImageReference = IMAGE) -> Snapshot:
    return snapshot_of_workflow(read, title="here", image=image)


def chart_snapshot(read: Workflow, version: str = "1.0.0", image: ImageReference = IMAGE) -> Snapshot:
    return snapshot_of_chart(workflow_chart(read, version=version, image=image).files, title="chart", shown="chart")


def between(old: Fields, new: Fields, before: Files | None = None, after: Files | None = None) -> Difference:
    return compare(snapshot(defined(old, before)), snapshot(defined(new, before if after is None else after)))


def said(difference: Difference) -> list[str]:
    """The changes as a person sees them, with their impact."""
    return [f"{change.impact}: {subject_of(change)}: {told(change)}" for change in difference.changes]


def hazards(difference: Difference) -> list[str]:
    return [hazard.message for hazard in difference.hazards]


def inject(name: str, target: str | None = None, **more: Any) -> Fields:
    way: Fields = {"end": True} if target is None else {"transition": target}
    return {"name": name, "type": "inject", "data": {"by": name}, **way, **more}


def call(name: str, *functions: str, **more: Any) -> Fields:
    actions = [{"functionRef": function} for function in functions]
    return {"name": name, "type": "operation", "actions": actions, "end": True, **more}


def switch(name: str, ways: Mapping[str, str], default: str) -> Fields:
    conditions = [{"condition": condition, "transition": target} for condition, target in ways.items()]
    return {"name": name, "type": "switch", "dataConditions": conditions, "defaultCondition": {"transition": default}}


def flow(*states: Fields, **more: Any) -> Fields:
    return {"start": states[0]["name"], "states": list(states), **more}


F = {"name": "f", "operation": "specs/a.yaml#go"}
G = {"name": "g", "operation": "specs/a.yaml#stop"}
EVENT = {"name": "approved", "type": "org.approved", "source": "/x"}
WAITING = {"name": "Wait", "type": "event", "onEvents": [{"eventRefs": ["approved"]}], "end": True}
CONDITIONS = {".x": "B", ".y": "C"}


def subflow(name: str, *states: Fields, **more: Any) -> str:
    return json.dumps({**MINIMAL, "id": name, **flow(*states, **more)})
