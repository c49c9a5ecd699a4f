"""The chart's value `trustedCertificates` on the real engine: a service with a private authority's certificate."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from tests.certificates import Authority
from tests.conftest import Helm
from tests.engine.engine import Engine
from tests.engine.results import failed, result
from tests.integration.test_trusted_certificates import TRUSTING, authority, chart, fill, pod_of

__all__ = ["authority", "chart"]

GIVEN = {"namespace": "team-a", "manager": "boss"}


class OpensIssues(BaseHTTPRequestHandler):
    """Says that an issue was opened, and knows nothing of any."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = json.dumps({"id": "1", "key": "TEST-1", "self": "https://localhost/1"}).encode()
        self.send_response(201)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        self.send_error(404)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def jira_url(authority: Authority) -> Iterator[str]:
    with authority.serving(OpensIssues) as served:
        yield served


def test_a_private_authority_is_refused_without_the_value_and_trusted_with_what_it_sets(
    engine: Engine, chart: Path, helm4: Helm, authority: Authority, jira_url: str
) -> None:
    engine.restart(JIRA_URL=jira_url)
    refused = failed(engine.start("ticketEscalation", GIVEN))
    assert "Jira did not answer" in refused["message"]

    store = authority.folder / "cacerts"
    filled = fill(chart, helm4, authority.certificate, store)
    assert filled.returncode == 0, filled.stderr
    pod = pod_of(helm4.render(chart, TRUSTING))
    options = {each["name"]: each.get("value", "") for each in pod["container"]["env"]}["JDK_JAVA_OPTIONS"]
    mounted = pod["initContainers"][0]["args"][-1]
    engine.restart(JIRA_URL=jira_url, JDK_JAVA_OPTIONS=options.replace(mounted, str(store)))
    run = engine.start("ticketEscalation", GIVEN)
    assert run.data["link"] == f"{jira_url}/browse/TEST-1"
    assert "did not find the issue" in result(run.finish())["message"]
