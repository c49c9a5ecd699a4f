"""`waybill doctor --cluster` on a real API server, read by the real kubectl.

Nothing but the API server runs there, so the tests set the statuses that operators, kubelets and controllers would set:
phases of InstallPlans and ClusterServiceVersions, conditions of everything else, and why containers wait.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.apiserver import ApiServer, running
from tests.cluster.conftest import definitions_in
from tests.cluster.test_check_cluster import user_of
from tests.command import Outcome
from tests.conftest import Waybill
from tests.crd_facts import FOLDERS
from tests.healthy_cluster import (
    PASSWORD,
    Manifest,
    healthy,
)

#: The groups whose kinds a cluster with everything has.
KINDS = ("knative", "olm", "rhdh")


class Cluster:
    """A server with the objects of a healthy cluster."""

    def __init__(self, server: ApiServer) -> None:
        self.server = server
        self.kinds: dict[tuple[str, str], tuple[str, bool]] = {}

    def place(self, manifest: Mapping[str, Any]) -> str:
        """The path where an object of a kind is created."""
        api, kind = manifest["apiVersion"], manifest["kind"]
        prefix = f"/apis/{api}" if "/" in api else f"/api/{api}"
        if (api, kind) not in self.kinds:
            for each in self.server.must("GET", prefix)["resources"]:
                if "/" not in each["name"]:
                    self.kinds[api, each["kind"]] = each["name"], each["namespaced"]
        plural, namespaced = self.kinds[api, kind]
        return (
            f"{prefix}/namespaces/{manifest['metadata']['namespace']}/{plural}" if namespaced else f"{prefix}/{plural}"
        )

    def put(self, manifest: Manifest) -> None:
        """Create an object or bring it into this state, with its status."""
        place, wanted = self.place(manifest), deepcopy(manifest)
        path = f"{place}/{manifest['metadata']['name']}"
        there = self.server.ask("GET", path)
        if there.code == HTTPStatus.NOT_FOUND:
            stored = self.server.must("POST", place, wanted)
        else:
            keep = {key: there.content["metadata"][key] for key in ("resourceVersion", "uid")}
            if manifest["kind"] in ("Pod", "Service"):
                wanted = {**there.content, "metadata": {**wanted["metadata"], **keep}}
            stored = self.server.must("PUT", path, {**wanted, "metadata": {**wanted["metadata"], **keep}})
        if "status" in manifest:
            version = {"resourceVersion": stored["metadata"]["resourceVersion"]}
            content = {**stored, "metadata": {**stored["metadata"], **version}, "status": manifest["status"]}
            self.server.must("PUT", f"{path}/status", content)

    def remove(self, manifest: Manifest) -> None:
        """Delete an object at once."""
        path = f"{self.place(manifest)}/{manifest['metadata']['name']}"
        self.server.ask("DELETE", path, {"gracePeriodSeconds": 0})

    def heal(self) -> None:
        """Bring back what a test has changed."""
        for each in healthy():
            self.put(each)

    def run(self, command: str) -> None:
        """Run a printed command in a shell."""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            env={**os.environ, **user_of(self.server)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, (command, done.stderr)


@pytest.fixture(scope="module")
def cluster(apiserver: ApiServer, shared: Path) -> Iterator[Cluster]:
    """A server of its own, since a doctor looks at all namespaces."""
    with running(apiserver.programs) as server:
        server.define(definitions_in(shared / "crds" / FOLDERS["10"]))
        for name in KINDS:
            server.define(definitions_in(shared / "crds-others" / name))
        found = Cluster(server)
        found.heal()
        yield found


@pytest.fixture
def doctor(cluster: Cluster, waybill: Waybill) -> Callable[..., Outcome]:
    """The command, by somebody who may do anything."""

    def run(*words: str) -> Outcome:
        done = waybill("doctor", "--cluster", *words, env=user_of(cluster.server))
        assert PASSWORD not in done.out + done.err
        return done

    return run


def faults_of(done: Outcome) -> dict[str, list[dict[str, Any]]]:
    """Check to its faults."""
    return {each["check"]: each["faults"] for each in done.json["checks"] if each["faults"]}


def test_a_healthy_cluster_has_no_fault(doctor: Callable[..., Outcome]) -> None:
    done = doctor("--json")
    assert (done.code, faults_of(done)) == (0, {}), done.err
    assert {each["state"] for each in done.json["checks"]} <= {"fine", "skipped"}
    assert not any(each["denied"] for each in done.json["checks"])
