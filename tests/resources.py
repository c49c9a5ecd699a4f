"""What was measured of the workflows (docs/workflows/resources.json), and the requests and limits that follow from it.

`nox -s resources` measures and writes both; `nox -s resources -- --values` writes the values alone.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from generator.text.yaml_blocks import blocks_of
from tests.conftest import ROOT

FACTS: Final = ROOT / "docs/workflows/resources.json"
#: Seconds that a start may take on a node that has no CPU to spare beyond requests. The operator's startup probe gives
#: up after 10 s and five looks 15 s apart (incubator-kie-kogito-serverless-operator, healthStartedFailureThreshold).
START_SECONDS: Final = 60
#: What quantities are rounded up to: millicores and MiB.
CPU_STEP: Final = 50
MEMORY_STEP: Final = 64
#: By how much a limit exceeds the peak.
HEADROOM: Final = 1.25
_KEY: Final = "podTemplate"
_TEXT: Final = """\
# What the workflow was measured to need: docs/workflows/README.md.
podTemplate:
  container:
    resources:
      requests: {{cpu: {cpu}, memory: {memory}}}
      limits: {{memory: {limit}}}
"""


def read_facts() -> dict[str, Any]:
    """Read the data file."""
    content: dict[str, Any] = json.loads(FACTS.read_text(encoding="utf-8"))
    return content


def write_facts(facts: Mapping[str, Any]) -> None:
    """Write the data file."""
    FACTS.write_text(json.dumps(facts, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def resources(found: Mapping[str, Any], container: int) -> dict[str, Any]:
    """Return the requests and limits for what was measured in a container with so many MiB.

    CPU: a start with the request alone takes at most START_SECONDS; no limit, since one would make each start as slow.
    Memory: the request is the peak, since Java keeps what it once had; the limit is HEADROOM times that, and not below
    the container of the measurement: Java's heap is a part of it, so a smaller one was never tried.
    """
    peak = found["peak"]["memoryMiB"]
    cpu = _up(found["start"]["cpuSeconds"] * 1000 / START_SECONDS, CPU_STEP)
    limit = max(_up(peak * HEADROOM, MEMORY_STEP), container)
    return {
        "requests": {"cpu": f"{cpu}m", "memory": f"{_up(peak, MEMORY_STEP)}Mi"},
        "limits": {"memory": f"{limit}Mi"},
    }


def write_values() -> None:
    """Write the requests and limits into the chart/values.yaml of each workflow; other values stay as they are."""
    facts = read_facts()
    for folder, found in facts["workflows"].items():
        made = resources(found, facts["measured"]["containerMiB"])
        text = _TEXT.format(**made["requests"], limit=made["limits"]["memory"])
        file = ROOT / "workflows" / folder / "chart/values.yaml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text + _others(file), encoding="utf-8")


def _others(file: Path) -> str:
    if not file.exists():
        return ""
    head, blocks = blocks_of(file.read_text(encoding="utf-8"), file.name)
    return "".join([*head, *(line for block in blocks if block.key != _KEY for line in block.lines)])


def _up(number: float, step: int) -> int:
    return math.ceil(number / step) * step
