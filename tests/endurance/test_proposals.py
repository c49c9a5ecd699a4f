"""Runs of proposals that are killed before and after each request and each call, and many at one time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from generator.proposal.marker import read_marker
from tests.git_server import PASSWORD, GitServer, git_server
from tests.proposal_killing import Killing, order_of, states
from tests.proposed import NumberedSource, environment_of
from tests.proposer import FileForge, start


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitServer]:
    with git_server(tmp_path) as running:
        running.import_files({"README.md": b"Hi\n"}, branch="main")
        yield running


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {**environment_of(tmp_path / "here"), "WAYBILL_GIT_TOKEN": PASSWORD}


def test_a_run_that_is_killed_at_any_request_is_finished_by_a_rerun(
    server: GitServer, environment: dict[str, str]
) -> None:
    killing = Killing.prepared(server, environment)
    for number in range(1, len(killing.requests) + 1):
        killing.at_request(number, "before")
        killing.at_request(number, "after")


def test_a_run_that_is_killed_at_any_call_of_the_forge_is_finished_by_a_rerun(
    server: GitServer, environment: dict[str, str]
) -> None:
    killing = Killing.prepared(server, environment)
    for number in range(1, killing.calls + 1):
        killing.at_call(number, after=False)
        killing.at_call(number, after=True)


def test_six_runs_at_one_time_end_with_one_pull_request_of_the_newest_commit(
    server: GitServer, environment: dict[str, str]
) -> None:
    for _ in range(3):
        orders = [order_of(server, {"greeting": f"1.{number}.0"}, number) for number in range(1, 7)]
        for each in [start(order, environment) for order in orders]:
            states(each)
        forge = FileForge(server.repository, server.url, Path(orders[0].forge))
        (request,) = forge.read()
        marker = read_marker(request.body)
        assert marker is not None
        assert marker.commit == NumberedSource(6).commit.sha
        server.git("update-ref", "-d", "refs/heads/waybill/greeting")
        Path(orders[0].forge).unlink()
