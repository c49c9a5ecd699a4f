"""The requests and limits in the charts of our workflows follow from what was measured, and the pages show both."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from pipeline.workspace.folders import all_folders
from tests import resources
from tests.conftest import ROOT

FACTS = resources.read_facts()
FOLDERS = sorted(folder.name for folder in all_folders(ROOT / "workflows"))


def found(*, peak: int = 200, cpu_seconds: float = 6.0) -> dict[str, Any]:
    return {"start": {"cpuSeconds": cpu_seconds}, "peak": {"memoryMiB": peak}}


def test_every_workflow_was_measured() -> None:
    assert sorted(FACTS["workflows"]) == FOLDERS


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_resources_of_a_workflow_follow_from_what_was_measured(folder: str) -> None:
    values = yaml.safe_load((ROOT / "workflows" / folder / "chart/values.yaml").read_text(encoding="utf-8"))
    expected = resources.resources(FACTS["workflows"][folder], FACTS["measured"]["containerMiB"])
    assert values["podTemplate"]["container"]["resources"] == expected, "run: nox -s resources -- --values"


@pytest.mark.parametrize(("cpu_seconds", "request_"), [(3.0, "50m"), (3.1, "100m"), (6.0, "100m"), (12.4, "250m")])
def test_a_start_with_the_cpu_request_alone_takes_at_most_a_minute(cpu_seconds: float, request_: str) -> None:
    assert resources.resources(found(cpu_seconds=cpu_seconds), 512)["requests"]["cpu"] == request_


@pytest.mark.parametrize(
    ("peak", "request_", "limit"),
    [(256, "256Mi", "512Mi"), (257, "320Mi", "512Mi"), (410, "448Mi", "576Mi")],
)
def test_memory_is_the_peak_with_room_above_it_and_no_less_than_was_tried(peak: int, request_: str, limit: str) -> None:
    made = resources.resources(found(peak=peak), 512)
    assert (made["requests"]["memory"], made["limits"]) == (request_, {"memory": limit})
