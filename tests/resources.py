"""The measured resources of the workflows (docs/workflows/resources.json), and the requests and limits from them.

`nox -s resources` measures and writes both; `nox -s resources -- --values` writes only the values.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, Final

from generator.chart.defaults import without_keys
from tests.conftest import ROOT

FACTS: Final = ROOT / "docs/workflows/resources.json"
#: Seconds that a start may take on a node without spare CPU beyond requests. The operator's startup probe fails after
#: 10 s and five attempts 15 s apart (incubator-kie-kogito-serverless-operator, healthStartedFailureThreshold).
START_SECONDS: Final = 60
#: The steps to which quantities are rounded up, in millicores and MiB.
CPU_STEP: Final = 50
MEMORY_STEP: Final = 64
#: The factor from the peak to the limit.
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
    """Return the requests and limits for what was measured in a container with `container` MiB of memory.

    CPU: with only the request, a start takes at most START_SECONDS; a limit would make every start that slow, so there
    is none. Memory: the request is the peak, since Java rarely returns memory. The limit is HEADROOM times that, and at
    least the container of the measurement: the heap is a fraction of it, so a smaller container was never measured.
    """
    peak = found["peak"]["memoryMiB"]
    cpu = _rounded_up(found["start"]["cpuSeconds"] * 1000 / START_SECONDS, CPU_STEP)
    limit = max(_rounded_up(peak * HEADROOM, MEMORY_STEP), container)
    return {
        "requests": {"cpu": f"{cpu}m", "memory": f"{_rounded_up(peak, MEMORY_STEP)}Mi"},
        "limits": {"memory": f"{limit}Mi"},
    }


def write_values() -> None:
    """Write the requests and limits into the chart/values.yaml of each workflow; other values stay as they are."""
    facts = read_facts()
    for folder, found in facts["workflows"].items():
        requests_and_limits = resources(found, facts["measured"]["containerMiB"])
        text = _TEXT.format(**requests_and_limits["requests"], limit=requests_and_limits["limits"]["memory"])
        file = ROOT / "workflows" / folder / "chart/values.yaml"
        file.parent.mkdir(exist_ok=True)
        present = file.read_text(encoding="utf-8") if file.exists() else ""
        file.write_text(text + without_keys(present, (_KEY,)), encoding="utf-8")


def _rounded_up(number: float, step: int) -> int:
    return math.ceil(number / step) * step
