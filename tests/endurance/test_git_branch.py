"""Charts on a branch that many publish to at once, and on one with a long history."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from pipeline.charts.archive import Package
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

PUBLISHERS = 20
VERSIONS = 10


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitServer]:
    with git_server(tmp_path / "server") as serving:
        yield serving


def releases(number: int) -> list[Package]:
    return [packed(f"{number}.{part}.0") for part in range(VERSIONS)]


def check(server: GitServer, commits: int) -> None:
    """All versions are in the index, by so many commits, and some pushes were rejected on the way."""
    assert sorted(versions(server)) == sorted(f"{n}.{part}.0" for n in range(PUBLISHERS) for part in range(VERSIONS))
    assert server.git("rev-list", "--count", "gh-pages") == str(commits)
    assert sum(request.endswith("/git-receive-pack") for request in server.requests) > commits


def test_20_publishers_of_10_versions_at_once(server: GitServer, tmp_path: Path) -> None:
    server.hold_first_push = True
    environment = environment_of(tmp_path)
    processes = [start(server, tmp_path / str(n), environment, *releases(n)) for n in range(PUBLISHERS)]
    for process in processes:
        _, error = process.communicate()
        assert process.returncode == 0, error
    check(server, PUBLISHERS)
    assert not list((tmp_path / "tmp").iterdir())


def test_20_publishers_of_10_versions_one_after_the_other(server: GitServer, tmp_path: Path) -> None:
    environment = environment_of(tmp_path)

    def publish_each(number: int) -> list[str]:
        failed = []
        for package in releases(number):
            with start(server, tmp_path / str(number), environment, package) as process:
                _, error = process.communicate()
            failed += [error] if process.returncode else []
        return failed

    with ThreadPoolExecutor(PUBLISHERS) as pool:
        assert [error for failed in pool.map(publish_each, range(PUBLISHERS)) for error in failed] == []
    check(server, PUBLISHERS * VERSIONS)
    assert not list((tmp_path / "tmp").iterdir())


def test_500_mb_of_packages_do_not_go_over_the_wire(server: GitServer, tmp_path: Path) -> None:
    index = fill(server, 2000, 250_000)
    new = packed("9.0.0")
    with closing(target_of(f"git:{server.url}", environment_of(tmp_path))) as target:
        publish(target, new)
    assert 0 < server.sent + server.received <= most_bytes(server, index, new)
    assert len(versions_in_index(server)) == 2001
