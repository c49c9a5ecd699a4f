"""A publication to releases in a process of its own, which a test may kill; FOLDER has the index, in place of a branch.

python -m tests.github.publish OWNER/REPO FOLDER PACKAGE…
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.charts.archive import Package, read_package
from pipeline.publish.errors import PublishError
from pipeline.publish.github_api import GithubApi
from pipeline.publish.github_release import GithubReleases, commit_of
from pipeline.publish.target import Change, Snapshot
from pipeline.system.http_request import Backoff
from pipeline.system.journal import Journal
from pipeline.workspace.places import GithubRepository

#: A server that is away, or busy, is given up soon.
BACKOFF = Backoff(attempts=3, first=0.01, longest=0.05, longest_asked=2)


@dataclass(frozen=True)
class FolderBranch:
    """A folder in the place of the branch: what becomes of an index there is for the tests of git."""

    folder: Path
    place = "the branch"

    def read(self) -> Snapshot:
        index = self.folder / "index.yaml"
        return Snapshot(index=index.read_bytes() if index.exists() else None, archive=None, revision="1")

    def url(self, package: Package) -> str:
        raise AssertionError(package)

    def write(self, change: Change, journal: Journal) -> None:  # noqa: ARG002 - as a target has it
        assert change.packages == ()
        self.folder.mkdir(exist_ok=True)
        new = self.folder / "new"
        new.write_bytes(change.index)
        new.replace(self.folder / "index.yaml")

    def fetch(self, url: str) -> bytes:
        raise PublishError(f"{self.place} has no {url}")


def releases(folder: Path, environment: Mapping[str, str], name: str = "acme/charts") -> GithubReleases:
    """The releases of a repository, with what the environment says."""
    return GithubReleases(
        repository=GithubRepository(name=name, branch="", folder=""),
        branch=FolderBranch(folder),
        api=GithubApi.of(environment, pause=0, backoff=BACKOFF),
        commit=commit_of(name, environment),
    )


def publish(target: GithubReleases, packages: Sequence[Package], journal: Journal | None = None) -> None:
    """Publish packages with an index that names them."""
    entries = {
        package.name: [
            {
                **package.metadata,
                "urls": [target.url(package)],
                "digest": package.digest,
                "created": "2024-01-01T00:00:00Z",
            }
        ]
        for package in packages
    }
    index = json.dumps({"apiVersion": "v1", "entries": entries, "generated": "2024-01-01T00:00:00Z"})
    change = Change(
        base=target.read(), packages=tuple(packages), index=index.encode(), archive=None, subject="Publish charts"
    )
    target.write(change, journal or Journal())


if __name__ == "__main__":
    publish(releases(Path(sys.argv[2]), os.environ, sys.argv[1]), [read_package(Path(path)) for path in sys.argv[3:]])
