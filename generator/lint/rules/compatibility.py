"""Rules about charts and operators, which `waybill check`, `matrix` and `build` report instead of lint."""

from __future__ import annotations

from typing import Final

from generator.findings.finding import Severity
from generator.lint.rule import Example, Rule
from generator.lint.rules.kubernetes import ANOTHER

_BUILD: Final = "waybill build example"
_CHECK: Final = "waybill check example"


def _rows(*rows: str) -> Example:
    """Return a repository whose compatibility.yaml has these rows."""
    return Example(repository={"compatibility.yaml": "\n".join(["rows:", *(f"  - {{{row}}}" for row in rows)]) + "\n"})


def _for_sonataflow(sonataflow: str) -> Example:
    """Return a repository with a single SonataFlow version, for which charts are built."""
    return Example(repository={"compatibility.yaml": _operators(sonataflow)}, files={"secret.properties": "TOKEN=\n"})


def _operators(sonataflow: str) -> str:
    entry = f'name: "{sonataflow}", versions: {sonataflow}.x, crd: "{sonataflow}"'
    return f"operators:\n  sonataflow:\n    - {{{entry}, properties: {{}}, builder: 'example.com/builder:1'}}\n"


def _with_bundle(sonataflow: str) -> Example:
    """Return a repository with a row for an Orchestrator, and the SonataFlow version that it includes."""
    bundle = f"  orchestrator:\n    - {{versions: 1.3.x, sonataflow: {sonataflow}}}\n"
    row = "rows:\n  - {charts: [example], versions: 0.x, orchestrator: 1.3.x}\n"
    return Example(repository={"compatibility.yaml": _operators("10") + bundle + row})


def _crds(group: str, version: str, kind: str) -> Example:
    """Return a repository with a CustomResourceDefinition."""
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
    """Return a repository with a hand-made chart."""
    metadata = "apiVersion: v2\nname: example\nversion: 0.1.0\n"
    return Example(repository={"chart/Chart.yaml": metadata, "chart/templates/example.yaml": template})


_SWITCH: Final = """\
states:
  - name: Begin
    type: switch
    dataConditions: [{condition: .approved, end: true}, {condition: .approved | not, end: true}]
"""

compatibility = Rule(
    name="compatibility",
    summary="A compatibility.yaml that is malformed or contradicts itself.",
    reason="It defines which charts run on which operators; where two rows cover one version, it is unclear which "
    "applies.",
    consequence="Charts are built for, and checked against, an operator that nobody chose.",
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
    summary="CustomResourceDefinitions, or a cluster, without SonataFlow, or with a malformed schema of it.",
    reason="Only the operator's own CRDs define which fields it accepts; those of another operator say nothing about "
    "it.",
    consequence="There is nothing to check a chart against.",
    bad=_crds("serving.knative.dev", "v1", "Service"),
    good=_crds("sonataflow.org", "v1alpha08", "SonataFlow"),
    reported_by=("waybill check example --crds crds.yaml",),
)
dropped_field = Rule(
    name="dropped-field",
    summary="A field of a chart's custom resource that the operator's CRD does not define.",
    reason="The field has no effect: without `spec.persistence`, a workflow's state is lost on restart.",
    consequence="The API server drops the field; Helm prints a warning and exits 0.",
    bad=_rows("charts: [example], versions: 0.x, sonataflow: 1.45.x"),
    good=_rows("charts: [example], versions: 0.x, sonataflow: 10.x"),
    reported_by=(_CHECK,),
)
refused_field = Rule(
    name="refused-field",
    summary="A value in a chart's custom resource that the operator's CRD refuses, or that the operator cannot decode.",
    reason="A single such value keeps the whole custom resource out of the cluster, or the operator from all of them.",
    consequence="The API server refuses the custom resource, and the installation fails. With a value that an operator "
    "cannot decode, its cache of all workflows may not fill.",
    bad=Example(definition="constants: {limit: 5}"),
    good=Example(definition="states:\n  - {name: Begin, type: inject, data: {limit: 5}, end: true}"),
    reported_by=("waybill check example --sonataflow 10",),
)
rewritten_value = Rule(
    name="rewritten-value",
    summary="A value that the operator changes when it writes the definition itself, in the profiles preview and dev.",
    reason="In these profiles, the operator generates the definition from the custom resource and builds it. Its SDK "
    "turns `false` into true where true is the default, rounds numbers, and writes a missing `defaultCondition` or "
    "`name` as an empty one.",
    consequence="The workflow does something else than its definition says, or the operator's build fails. With the "
    "profile gitops, the image contains the definition unchanged.",
    bad=Example(definition=_SWITCH),
    good=Example(definition=_SWITCH + "    defaultCondition: {end: true}\n"),
    reported_by=("waybill manifests example -o out --profile preview",),
)
left_out = Rule(
    name="left-out",
    summary="Something that a chart cannot give its workflow on the operator that it is built for.",
    reason="The chart installs, but the workflow runs without it: its state across a restart, a value of a Secret.",
    consequence="The workflow loses its state on restart, and finds no value where it reads a secret.",
    bad=_for_sonataflow("1.44"),
    good=_for_sonataflow("1.45"),
    severity=Severity.WARNING,
    reported_by=(_BUILD,),
)
no_row = Rule(
    name="no-row",
    summary="A version of a chart that is in no row of compatibility.yaml, though rows name others for the newest "
    "SonataFlow; a warning for a package that no row names.",
    reason="A chart is built for the newest SonataFlow and needs no row. But if rows list which of its versions run "
    "there, and omit this one, nothing checks it against what they promise.",
    consequence="Users who rely on compatibility.yaml do not find the version.",
    bad=_rows("charts: [example], versions: 1.x, sonataflow: 10.x"),
    good=_rows("charts: [example], versions: 0.x, sonataflow: 10.x"),
    reported_by=(_CHECK, _BUILD),
)
refuted_row = Rule(
    name="refuted-row",
    summary="A row of compatibility.yaml that an operator's CRD contradicts.",
    reason="The row promises that a chart runs on an operator that drops or refuses part of it.",
    consequence="People install the chart where it cannot run.",
    bad=_rows("charts: [example], versions: 0.x, sonataflow: 1.45.x || 10.x"),
    good=_rows("charts: [example], versions: 0.x, sonataflow: 10.x"),
    reported_by=(_BUILD,),
)
unknown_operator = Rule(
    name="unknown-operator",
    summary="An Orchestrator row whose entry does not specify which SonataFlow it includes.",
    reason="A chart is checked against the CRDs of a SonataFlow; if it is unknown, the row cannot be verified.",
    consequence="The chart may lose fields there, and no build reports it.",
    bad=_with_bundle("unknown"),
    good=_with_bundle('"10"'),
    severity=Severity.WARNING,
    reported_by=(_BUILD,),
)
no_sonataflow = Rule(
    name="no-sonataflow",
    summary="A chart that renders no SonataFlow with its default values.",
    reason="Nothing in it was checked. The usual case is an umbrella chart with disabled subcharts: check each by "
    "itself.",
    consequence="A check that covers nothing of the chart would look like one that passed.",
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
colliding_id = Rule(
    name="colliding-id",
    summary="A workflow with the id of another one that is checked with it; a warning for two versions of one chart.",
    reason="The id names every object of a workflow. To run two versions side by side, give the later one an id of its "
    "own, such as `example-v2`; the annotation `sonataflow.org/version` alone does not tell them apart.",
    consequence="In one namespace, the second workflow replaces the first, or Helm refuses it.",
    bad=Example(definition='version: "2.0"', beside={"other/other.sw.yaml": ANOTHER}),
    good=Example(definition='id: example-v2\nversion: "2.0"', beside={"other/other.sw.yaml": ANOTHER}),
    reported_by=("waybill check example other",),
)
