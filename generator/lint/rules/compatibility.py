"""Rules about charts and their operators, which lint does not report: `waybill check`, `matrix` and `build` do."""

from __future__ import annotations

from typing import Final

from generator.findings.finding import Severity
from generator.lint.rule import Example, Rule

_BUILD: Final = "waybill build example"
_CHECK: Final = "waybill check example"


def _rows(*rows: str) -> Example:
    """A repository whose compatibility.yaml has these rows."""
    return Example(repository={"compatibility.yaml": "\n".join(["rows:", *(f"  - {{{row}}}" for row in rows)]) + "\n"})


def _made_for(sonataflow: str) -> Example:
    """A repository that knows one SonataFlow: charts are made for it."""
    return Example(repository={"compatibility.yaml": _operators(sonataflow)}, files={"secret.properties": "TOKEN=\n"})


def _operators(sonataflow: str) -> str:
    entry = f'name: "{sonataflow}", versions: {sonataflow}.x, crd: "{sonataflow}"'
    return f"operators:\n  sonataflow:\n    - {{{entry}, properties: {{}}, builder: 'example.com/builder:1'}}\n"


def _brings(sonataflow: str) -> Example:
    """A repository with a row for an Orchestrator, and what that brings."""
    bundle = f"  orchestrator:\n    - {{versions: 1.3.x, sonataflow: {sonataflow}}}\n"
    row = "rows:\n  - {charts: [example], versions: 0.x, orchestrator: 1.3.x}\n"
    return Example(repository={"compatibility.yaml": _operators("10") + bundle + row})


def _crds(group: str, version: str, kind: str) -> Example:
    """A CustomResourceDefinition beside the workflows."""
    return Example(
        repository={
            "crds.yaml": f"""\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: {kind.lower()}s.{group}}}
spec:
  group: {group}
  names: {{kind: {kind}, plural: {kind.lower()}s}}
  scope: Namespaced
  versions:
    - name: {version}
      served: true
      storage: true
      schema:
        openAPIV3Schema: {{type: object, x-kubernetes-preserve-unknown-fields: true}}
"""
        }
    )


def _chart(template: str) -> Example:
    """A chart that somebody made."""
    about = "apiVersion: v2\nname: example\nversion: 0.1.0\n"
    return Example(repository={"chart/Chart.yaml": about, "chart/templates/example.yaml": template})


compatibility = Rule(
    name="compatibility",
    summary="A compatibility.yaml that is misshapen or contradicts itself.",
    reason="It says which charts run on which operators; where two rows hold one version, nobody knows which is right.",
    engine="Charts are made for, and checked against, an operator that nobody chose.",
    bad=_rows(
        "charts: [example], versions: 0.x, sonataflow: 10.x",
        "charts: [example], versions: 0.1.x, sonataflow: 1.45.x",
    ),
    good=_rows(
        "charts: [example], versions: 0.x, sonataflow: 10.x",
        "charts: [example], versions: 1.45.x, sonataflow: 1.45.x",
    ),
    reported_by=("waybill matrix", _CHECK, _BUILD),
)
crd = Rule(
    name="crd",
    summary="CustomResourceDefinitions, or a cluster, without SonataFlow, or with a schema of it that is misshapen.",
    reason="Only the operator's own CRDs say which fields it takes; those of another operator say nothing of it.",
    engine="There is nothing that a chart could be checked against.",
    bad=_crds("serving.knative.dev", "v1", "Service"),
    good=_crds("sonataflow.org", "v1alpha08", "SonataFlow"),
    reported_by=("waybill check example --crds crds.yaml",),
)
dropped_field = Rule(
    name="dropped-field",
    summary="A field of a chart's custom resource that the operator's CRD does not know.",
    reason="What it asks for does not happen: without `spec.persistence`, a workflow's state is lost on restart.",
    engine="The API server drops the field; Helm prints a warning and exits 0.",
    bad=_rows("charts: [example], versions: 0.x, sonataflow: 1.45.x"),
    good=_rows("charts: [example], versions: 0.x, sonataflow: 10.x"),
    reported_by=(_CHECK,),
)
refused_field = Rule(
    name="refused-field",
    summary="A value in a chart's custom resource that the operator's CRD refuses.",
    reason="One such value keeps all of the custom resource out of the cluster.",
    engine="The API server refuses the custom resource, and the installation fails.",
    bad=Example(definition="constants: {limit: 5}"),
    good=Example(definition="states:\n  - {name: Begin, type: inject, data: {limit: 5}, end: true}"),
    reported_by=("waybill check example --sonataflow 10",),
)
left_out = Rule(
    name="left-out",
    summary="Something that a chart cannot give its workflow on the operator that it is made for.",
    reason="The chart installs, and the workflow runs without it: its state over a restart, a value of a Secret.",
    engine="The workflow loses its state on restart, and finds no value where it reads a secret.",
    bad=_made_for("1.44"),
    good=_made_for("1.45"),
    severity=Severity.WARNING,
    reported_by=(_BUILD,),
)
no_row = Rule(
    name="no-row",
    summary="A chart, or a version of it, that no row of compatibility.yaml holds; a warning where none names it.",
    reason="Nobody has said which operators the version runs on, so nothing is checked and its users cannot know.",
    engine="The chart is published without the operators that it needs.",
    bad=_rows("charts: [example], versions: 1.x, sonataflow: 10.x"),
    good=_rows("charts: [example], versions: 0.x, sonataflow: 10.x"),
    reported_by=(_CHECK, _BUILD),
)
refuted_row = Rule(
    name="refuted-row",
    summary="A row of compatibility.yaml that an operator's CRD refutes.",
    reason="The row promises that a chart runs on an operator that drops or refuses a part of it.",
    engine="People install the chart where it cannot run.",
    bad=_rows("charts: [example], versions: 0.x, sonataflow: 1.45.x || 10.x"),
    good=_rows("charts: [example], versions: 0.x, sonataflow: 10.x"),
    reported_by=(_BUILD,),
)
unknown_operator = Rule(
    name="unknown-operator",
    summary="A row with an Orchestrator whose entry does not say which SonataFlow it brings.",
    reason="A chart is checked against a SonataFlow's CRDs; where nobody knows which one, the row stays unproved.",
    engine="The chart may lose fields there, and no build says so.",
    bad=_brings("unknown"),
    good=_brings('"10"'),
    severity=Severity.WARNING,
    reported_by=(_BUILD,),
)
no_sonataflow = Rule(
    name="no-sonataflow",
    summary="A chart that renders no SonataFlow with its default values.",
    reason="Nothing of it was checked. An umbrella whose sub-charts are off is the usual case: check each by itself.",
    engine="A check that says nothing of the chart would look like one that it passed.",
    bad=_chart("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: example}\n"),
    good=_chart(
        """\
apiVersion: sonataflow.org/v1alpha08
kind: SonataFlow
metadata: {name: example}
spec:
  flow:
    start: {stateName: Begin}
    states: [{name: Begin, type: inject, data: {greeting: Hello}, end: {terminate: true}}]
"""
    ),
    reported_by=("waybill check chart --sonataflow 10",),
)
