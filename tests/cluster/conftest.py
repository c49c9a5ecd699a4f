"""Fixtures of the tests with an API server, which all of them share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.apiserver import ApiServer, programs_in, running
from tests.conftest import missing
from tests.crd_facts import FOLDERS

#: The other operators whose kinds the charts use. There is no data for SinkBinding, so its definition allows any field.
OTHERS = ("knative", "openshift", "olm", "tackles.yaml")
SINK_BINDING = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "sinkbindings.sources.knative.dev"},
    "spec": {
        "group": "sources.knative.dev",
        "names": {"kind": "SinkBinding", "plural": "sinkbindings"},
        "scope": "Namespaced",
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "properties": {"spec": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
                    }
                },
            }
        ],
    },
}


@pytest.fixture(scope="session")
def apiserver() -> Iterator[ApiServer]:
    programs = programs_in(os.environ.get("WAYBILL_KUBERNETES", ""))
    if programs is None:
        missing("kube-apiserver, etcd and kubectl (run: nox -s e2e-cluster, where Go is)")
    with running(programs) as server:
        yield server


def definitions_in(folder: Path) -> list[dict[str, Any]]:
    """Return the CustomResourceDefinitions of a folder."""
    files = (path.read_bytes() for path in sorted(folder.rglob("*.yaml")))
    return [document for data in files for document in yaml.load_all(data, yaml.CSafeLoader) if document]


def served_alone(definition: dict[str, Any]) -> dict[str, Any]:
    """Return a definition without a conversion webhook."""
    return {**definition, "spec": {**definition["spec"], "conversion": {"strategy": "None"}}}


@pytest.fixture(scope="module", params=FOLDERS)
def sonataflow(request: pytest.FixtureRequest, apiserver: ApiServer, shared: Path) -> str:
    """Each SonataFlow in turn, with its CRDs served."""
    apiserver.define(definitions_in(shared / "crds" / FOLDERS[request.param]))
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def other_kinds(apiserver: ApiServer, shared: Path) -> ApiServer:
    """The server with the kinds of other operators that the charts use."""
    for name in OTHERS:
        place = shared / "crds-others" / name
        apiserver.define(definitions_in(place) if place.is_dir() else list(yaml.safe_load_all(place.read_bytes())))
    apiserver.define([SINK_BINDING])
    return apiserver
