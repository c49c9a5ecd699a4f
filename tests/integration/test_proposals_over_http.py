"""Proposals by real git over HTTP: one clone, no half left behind, and runs at one time that end with the newer."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from generator.proposal.marker import read_marker
from pipeline.proposals.errors import ProposalError
from pipeline.publish.errors import AuthenticationError
from tests.git_server import PASSWORD, GitServer, git_server
from tests.memory_forge import MemoryForge
from tests.proposal_killing import Killing, order_of, states
from tests.proposed import FOLDER, NumberedSource, Run, candidate, environment_of
from tests.proposer import FileForge, start

GREETING = "waybill/greeting"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitServer]:
    with git_server(tmp_path) as running:
        running.import_files({"README.md": b"Hi\n"}, branch="main")
        yield running


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {**environment_of(tmp_path / "here"), "WAYBILL_GIT_TOKEN": PASSWORD}


def test_many_workflows_take_one_clone_and_one_push_each(server: GitServer, environment: dict[str, str]) -> None:
    server.import_files({f"big/{number}.bin": os.urandom(100_000) for number in range(20)}, branch="main")
    forge = MemoryForge(server.repository, server.url)
    run = Run(forge=forge, environment=environment)
    names = [f"w{number}" for number in range(5)]
    server.count()
    run.run(*map(candidate, names))
    posts = [each for each in server.requests if each.startswith("POST")]
    assert sum("receive-pack" in each for each in posts) == 5
    # Which refs there are, and what they are at.
    assert sum("upload-pack" in each for each in posts) == 2
    assert forge.calls.count("opened") == 1
    assert server.sent < 200_000
    server.count()
    forge.calls = []
    run.source = NumberedSource(2)
    run.run(*map(candidate, names))
    assert not [each for each in server.requests if "receive-pack" in each]
    assert forge.calls == ["opened"]


def test_a_changed_chart_takes_no_more_than_four_calls(server: GitServer, environment: dict[str, str]) -> None:
    forge = MemoryForge(server.repository, server.url)
    run = Run(forge=forge, environment=environment)
    run.run(candidate("a"), candidate("b"))
    for number in (1, 2):
        forge.person_merges(number)
    forge.calls = []
    server.count()
    run.source = NumberedSource(2)
    run.run(candidate("a", "1.1.0"), candidate("b", "1.1.0"))
    pushes = sum("POST" in each and "receive-pack" in each for each in server.requests)
    assert forge.calls[0] == "opened"
    assert (len(forge.calls) - 1 + pushes) / 2 <= 4
    # The refs, their commits, and the files of both charts at once.
    assert sum("POST" in each and "upload-pack" in each for each in server.requests) == 3


def test_a_run_that_is_killed_around_a_push_is_finished_by_a_rerun(
    server: GitServer, environment: dict[str, str]
) -> None:
    killing = Killing.prepared(server, environment)
    pushes = [number for number, each in enumerate(killing.requests, 1) if "POST" in each and "receive-pack" in each]
    assert len(pushes) == 3
    for number, moment in ((pushes[0], "before"), (pushes[1], "after"), (pushes[2], "after")):
        killing.at_request(number, moment)


def test_a_run_that_is_killed_around_opening_a_pull_request_is_finished_by_a_rerun(
    server: GitServer, environment: dict[str, str]
) -> None:
    killing = Killing.prepared(server, environment)
    for after in (False, True):
        killing.at_call(killing.calls, after=after)


def test_two_runs_at_one_time_end_with_one_pull_request_of_the_newer_commit(
    server: GitServer, environment: dict[str, str]
) -> None:
    server.hold_first_push = True
    older, newer = order_of(server, {"greeting": "1.0.0"}, 1), order_of(server, {"greeting": "1.1.0"}, 2)
    first = start(older, environment)
    assert server.holding.wait(60)
    second = start(newer, environment)
    for each in (first, second):
        states(each)
    (request,) = FileForge(server.repository, server.url, Path(newer.forge)).read()
    marker = read_marker(request.body)
    assert marker is not None
    assert marker.commit == NumberedSource(2).commit.sha
    assert b"version: 1.1.0\n" in server.show(f"{FOLDER}/greeting/Chart.yaml", GREETING)


def test_proposals_merged_in_any_order_give_one_tree(server: GitServer, environment: dict[str, str]) -> None:
    forge = MemoryForge(server.repository, server.url)
    run = Run(forge=forge, environment=environment)
    run.run(*(candidate(f"w{number}") for number in range(20)))
    start_at, trees = forge.head("main"), set()
    heads = {each.branch: forge.head(each.branch) for each in forge.requests}
    for seed in range(3):
        forge.git("update-ref", "refs/heads/main", start_at)
        for branch, head in heads.items():
            forge.git("update-ref", f"refs/heads/{branch}", head)
        numbers = list(range(1, 21))
        random.Random(seed).shuffle(numbers)  # noqa: S311 - no secret
        for number in numbers:
            forge.person_merges(number, "merge" if seed else "squash")
        trees.add(forge.git("rev-parse", "main^{tree}"))
    assert len(trees) == 1


def test_a_push_that_the_server_refuses_is_said_and_opens_nothing(
    server: GitServer, environment: dict[str, str]
) -> None:
    server.hook("pre-receive", "echo 'branch waybill/greeting is protected' >&2; exit 1")
    forge = MemoryForge(server.repository, server.url)
    run = Run(forge=forge, environment=environment)
    with pytest.raises(ProposalError, match=r"github:octo/config: .*branch waybill/greeting is protected"):
        run.run(candidate())
    assert not forge.requests
    assert not run.journal.effects


def test_a_refused_login_says_what_to_do(server: GitServer, environment: dict[str, str]) -> None:
    environment = {**environment, "WAYBILL_GIT_TOKEN": "wrong"}
    run = Run(forge=MemoryForge(server.repository, server.url), environment=environment)
    with pytest.raises(AuthenticationError, match="check the token from WAYBILL_GIT_TOKEN"):
        run.run(candidate())
