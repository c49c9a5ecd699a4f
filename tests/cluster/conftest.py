"""What the tests in a cluster share: one API server for all of them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.apiserver import ApiServer, programs_in, running
from tests.conftest import missing


@pytest.fixture(scope="session")
def apiserver() -> Iterator[ApiServer]:
    programs = programs_in(os.environ.get("WAYBILL_KUBERNETES", ""))
    if programs is None:
        missing("kube-apiserver, etcd and kubectl (run: nox -s e2e-cluster, where Go is)")
    with running(programs) as server:
        yield server


def definitions_in(folder: Path) -> list[dict[str, Any]]:
    """The CustomResourceDefinitions of a folder."""
    files = (path.read_bytes() for path in sorted(folder.rglob("*.yaml")))
    return [document for data in files for document in yaml.load_all(data, yaml.CSafeLoader) if document]
