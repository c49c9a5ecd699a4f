"""What a chart's custom resource sets beside the workflow, made anew: `nox -s chart-facts`, by Helm 4.

It writes generator/kubernetes/facts/chart-spec.json: `spec` without `flow` and `resources`, as real Helm renders it.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from generator.chart.chart import workflow_chart
from generator.compatibility.capabilities import OperatorCapabilities
from generator.compatibility.matrix import known_matrix
from generator.compatibility.rendered import CONNECTED_BY_CHART, CONNECTED_BY_OPERATOR
from generator.kubernetes.crd import known_crd
from generator.kubernetes.objects import ImageReference
from pipeline.workspace.workflows import read_folder
from tests.conftest import ROOT, Helm, find_helm

FACTS: Final = ROOT / "generator" / "kubernetes" / "facts" / "chart-spec.json"
#: Values for everything that reaches the custom resource and is empty by default.
EVERY_VALUE: Final[Mapping[str, Any]] = {
    "imagePullSecrets": [{"name": "pull"}],
    "envFrom": [{"secretRef": {"name": "mine"}}],
    "env": {"ADDRESS": {"configMapKeyRef": {"name": "addresses", "key": "address"}}},
    "persistence": {"serviceRef": {"namespace": "sonataflow-infra"}, "migrateDBOnStartUp": True},
    "trustedCertificates": {"configMap": "authorities"},
    "replicas": 2,
    "podTemplate": {"container": {"resources": {"requests": {"cpu": "250m", "memory": "512Mi"}}}},
    "sink": {"ref": {"apiVersion": "eventing.knative.dev/v1", "kind": "Broker", "name": "events"}},
    "sources": [
        {"eventType": "approved", "ref": {"apiVersion": "eventing.knative.dev/v1", "kind": "Broker", "name": "events"}}
    ],
}
#: What the resource is rendered with, by what a message calls it.
VALUES: Final[Mapping[str, Mapping[str, Any]]] = {
    "default values": {},
    "every value": EVERY_VALUE,
    "persistence.jdbcUrl": {"persistence": {"jdbcUrl": "jdbc:postgresql://database:5432/sonataflow"}},
}

#: A SonataFlow for each form that a chart has.
FORMS: Final[Mapping[str, str]] = {CONNECTED_BY_OPERATOR: "10", CONNECTED_BY_CHART: "1.45"}

#: A workflow with all that a chart can have: a variable, a Secret and mounted resources.
WORKFLOW: Final[Mapping[str, str]] = {
    "workflow.sw.yaml": """\
id: workflow
version: "1.0"
specVersion: "0.8"
name: Workflow
start: Done
states:
  - {name: Done, type: inject, data: {}, end: true}
""",
    "application.properties": "address=${ADDRESS}\n",
    "secret.properties": "TOKEN=\n",
    "schemas/input.json": "{}\n",
}


def facts(helm: Helm) -> bytes:
    """What generator/kubernetes/facts/chart-spec.json holds."""
    specs: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as name:
        write(Path(name, "workflow"), {path: text.encode() for path, text in WORKFLOW.items()})
        image = ImageReference(repository="registry.example/workflow", tag="1")
        for form, sonataflow in FORMS.items():
            workflow = read_folder(Path(name, "workflow"))
            chart = workflow_chart(workflow, version="1.0.0", image=image, capabilities=capabilities_of(sonataflow))
            write(Path(name, form), chart.files)
            specs[form] = {title: _spec(helm, Path(name, form), given) for title, given in VALUES.items()}
    return (json.dumps(specs, indent=1, sort_keys=True) + "\n").encode()


def capabilities_of(sonataflow: str) -> OperatorCapabilities:
    """What charts for a SonataFlow that waybill knows are made for; no chart has a row."""
    matrix = known_matrix()
    found = next(each for each in matrix.sonataflows if each.name == sonataflow)
    return OperatorCapabilities(sonataflow=found, crd=known_crd(found.crd), matrix=matrix)


def write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files below a folder."""
    for path, data in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)


def known_of(values: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """The values that a chart has; one for an older operator has fewer."""
    return {
        key: known_of(value, own[key]) if isinstance(value, dict) and own[key] else value
        for key, value in values.items()
        if key in own
    }


def _spec(helm: Helm, folder: Path, values: Mapping[str, Any]) -> dict[str, Any]:
    own = yaml.safe_load((folder / "values.yaml").read_bytes())
    rendered = helm.render(folder, {"requireEnv": False, **known_of(values, own)})
    spec = next(each for each in rendered if each["kind"] == "SonataFlow")["spec"]
    return {key: value for key, value in spec.items() if key not in ("flow", "resources")}


if __name__ == "__main__":
    FACTS.write_bytes(facts(find_helm(4)))
