"""A chart asks the cluster, by discovery, whether its SonataFlow knows all that the chart sets."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cluster.apiserver import ApiServer
from tests.cluster.conftest import definitions_in
from tests.cluster.test_installs import INSTALL, OURS, Cluster
from tests.conftest import Helm3
from tests.crd_facts import FOLDERS

GREETING = OURS / "charts" / "greeting"


@pytest.mark.parametrize("version", [version for version in FOLDERS if version != "10"])
def test_an_older_sonataflow_is_refused_unless_nobody_asks(
    version: str, apiserver: ApiServer, helm3: Helm3, shared: Path
) -> None:
    cluster = Cluster(apiserver, helm3)
    apiserver.define(definitions_in(shared / "crds" / FOLDERS[version]))
    apiserver.undefine("sonataflowclusterplatforms.sonataflow.org")
    refused = cluster.cell(GREETING, INSTALL).install
    assert "SonataFlow operator is older than 10: it would drop spec.persistence" in refused
    assert "is not stored as it was rendered" in cluster.cell(GREETING, {**INSTALL, "operatorCheck": "none"}).install


def test_the_newest_sonataflow_is_taken(apiserver: ApiServer, helm3: Helm3, shared: Path) -> None:
    apiserver.define(definitions_in(shared / "crds" / FOLDERS["10"]))
    assert Cluster(apiserver, helm3).cell(GREETING, INSTALL).green
