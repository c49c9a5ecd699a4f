"""The custom resources that a workflow's chart renders, with its default values and with all optional ones."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

from generator.compatibility.capabilities import OperatorCapabilities, newest_capabilities
from generator.findings.errors import FindingsError
from generator.kubernetes.objects import Manifest, ManifestOptions, manifests
from generator.text.yaml_reader import parse
from generator.workflow.definition import Definition
from generator.workflow.workflow import Workflow

#: The two forms of a chart in facts/chart-spec.json: the operator or the chart connects a workflow to its database.
CONNECTED_BY_OPERATOR: Final = "connected by the operator"
CONNECTED_BY_CHART: Final = "connected by the chart"
_POD_TEMPLATE: Final = "podTemplate"


@dataclass(frozen=True, kw_only=True)
class RenderedChart:
    """A chart's custom resources by the values they are rendered with (`default values`, …).

    `name` is its name in tables. `definition` is the one that it was generated from, or None if unknown.
    """

    name: str
    resources: Mapping[str, Manifest]
    definition: Definition | None = None


def rendered_chart(workflow: Workflow, capabilities: OperatorCapabilities | None = None) -> RenderedChart:
    """Return the rendered chart of a workflow, named like the workflow's folder."""
    return RenderedChart(
        name=workflow.source.name, resources=rendered(workflow, capabilities), definition=workflow.definition
    )


def rendered(workflow: Workflow, capabilities: OperatorCapabilities | None = None) -> Mapping[str, Manifest]:
    """Return the custom resources of a workflow's chart by the values they are rendered with (`default values`, …).

    `capabilities` are those the chart was generated for. The fields that do not depend on the workflow come from an
    output of Helm (facts/chart-spec.json): the fields are those of the chart and of the workflow's own defaults, their
    values are examples.
    """
    capabilities = capabilities or newest_capabilities()
    options = ManifestOptions(crd=capabilities.crd)
    resource = next(each for each in manifests(workflow, options) if each["kind"] == "SonataFlow")
    own = {field: resource["spec"][field] for field in ("flow", "resources")}
    pods = {_POD_TEMPLATE: _own_pod_template(workflow)}
    return {
        title: {**resource, "spec": {**(_merged(spec, pods) if _POD_TEMPLATE in spec else spec), **own}}
        for title, spec in _chart_specs(capabilities)
    }


def _own_pod_template(workflow: Workflow) -> dict[str, Any]:
    """Return the podTemplate of chart/values.yaml; errors in that file are findings of the chart."""
    with suppress(FindingsError):
        content = parse(workflow.source.overlay.get("values.yaml", b""), "values.yaml").root.plain()
        found = content.get(_POD_TEMPLATE) if isinstance(content, dict) else None
        return found if isinstance(found, dict) else {}
    return {}


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return the maps merged as Helm merges them, and lists with the items of both."""
    merged = {**base, **over}
    for key in base.keys() & over.keys():
        match base[key], over[key]:
            case dict() as below, dict() as above:
                merged[key] = _merged(below, above)
            case list() as below, list() as above:
                merged[key] = [*below, *above]
    return merged


def _chart_specs(capabilities: OperatorCapabilities) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the spec of charts for a SonataFlow by the values they are rendered with."""
    for title, spec in _facts()[CONNECTED_BY_OPERATOR if capabilities.persistence else CONNECTED_BY_CHART].items():
        yield title, {field: value for field, value in spec.items() if capabilities.crd.knows("spec", field)}


@cache
def _facts() -> Mapping[str, Mapping[str, dict[str, Any]]]:
    facts: dict[str, Any] = json.loads((resources.files("generator.kubernetes") / "facts/chart-spec.json").read_bytes())
    return facts
