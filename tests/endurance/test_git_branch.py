"""Charts on a branch that many publish to at once, and on one with a long history."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.git_publisher import (
    environment_of,
    fill,
    most_bytes,
    packed,
    publish,
    start,
    target_of,
    versions,
    versions_in_index,
)
from tests.git_server import GitServer, git_server

PROCESSES = int(os.environ.get("PUBLISHERS", "20"))
VERSIONS = 10


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitServer]:
    with git_server(tmp_path / "server") as serving:
        yield serving


def test_all_versions_of_all_publishers_are_in_at_the_end(server: GitServer, tmp_path: Path) -> None:
    server.hold_first_push = True
    environment = environment_of(tmp_path)
    processes = [
        start(server, tmp_path / str(number), environment, *(packed(f"{number}.{part}.0") for part in range(VERSIONS)))
        for number in range(PROCESSES)
    ]
    tries = []
    for process in processes:
        out, error = process.communicate()
        assert process.returncode == 0, error
        tries.append(int(out))
    expected = sorted(f"{number}.{part}.0" for number in range(PROCESSES) for part in range(VERSIONS))
    assert sorted(versions(server)) == expected
    assert server.git("rev-list", "--count", "gh-pages") == str(len(expected))
    assert sum(tries) > len(expected), "no push was rejected"
    assert not list((tmp_path / "tmp").iterdir())


def test_500_mb_of_packages_do_not_go_over_the_wire(server: GitServer, tmp_path: Path) -> None:
    index = fill(server, 2000, 250_000)
    new = packed("9.0.0")
    with closing(target_of(f"git:{server.url}", environment_of(tmp_path))) as target:
        publish(target, new)
    assert 0 < server.sent + server.received <= most_bytes(server, index, new)
    assert len(versions_in_index(server)) == 2001
