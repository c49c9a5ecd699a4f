"""The custom resource that a workflow's chart renders, with its default values and with every optional one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from generator.definition import Definition
from generator.manifests import Manifest, ManifestOptions, manifests
from generator.workflow import Workflow


@dataclass(frozen=True, kw_only=True)
class RenderedChart:
    """A chart as operators see it: its custom resource by what it is rendered with (`default values`, …).

    `name` is what a table calls it. `definition` is what it was made of; None where nobody has that.
    """

    name: str
    resources: Mapping[str, Manifest]
    definition: Definition | None = None


def rendered_chart(workflow: Workflow) -> RenderedChart:
    """The chart of a workflow; a table calls it by the workflow's folder."""
    return RenderedChart(name=workflow.source.name, resources=rendered(workflow), definition=workflow.definition)


def rendered(workflow: Workflow) -> Mapping[str, Manifest]:
    """Return the custom resources of a workflow's chart by what they are rendered with (`default values`, …).

    What a chart sets beside the workflow is taken from what real Helm rendered (facts/chart-spec.json): all values in
    it are examples, all fields are those of the chart.
    """
    resource = next(each for each in manifests(workflow, ManifestOptions()) if each["kind"] == "SonataFlow")
    own = {key: resource["spec"][key] for key in ("flow", "resources")}
    return {title: {**resource, "spec": {**spec, **own}} for title, spec in _chart_specs().items()}


@cache
def _chart_specs() -> Mapping[str, dict[str, Any]]:
    specs: dict[str, dict[str, Any]] = json.loads((resources.files("generator") / "facts/chart-spec.json").read_bytes())
    return specs
