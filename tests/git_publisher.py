"""Publishes packages on a branch: by the target alone, and by `waybill publish` in a process of its own."""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from pipeline.charts import index as index_file
from pipeline.charts.archive import Package, package
from pipeline.publish.git_branch import BranchTarget
from pipeline.publish.target import Change, IndexMovedError, Snapshot
from pipeline.system.journal import Journal
from pipeline.workspace.places import GitBranch, parse_place
from tests.command import PROGRAM
from tests.git_server import PASSWORD, GitServer


def target_of(place: str, environment: Mapping[str, str]) -> BranchTarget:
    parsed = parse_place(place)
    assert isinstance(parsed, GitBranch)
    return BranchTarget(parsed, environment, lambda line: print(f"warning: {line}", file=sys.stderr))


def packed(version: str, *, name: str = "greeting", notes: bytes = b"") -> Package:
    """A small package."""
    about = f"apiVersion: v2\nname: {name}\nversion: {version}\n".encode()
    return package({"Chart.yaml": about, "templates/NOTES.txt": notes}, name)


def change_of(base: Snapshot, *packages: Package) -> Change:
    """What publishes packages on top of what was read."""
    index = index_file.parse_index(base.index, "index.yaml") if base.index is not None else index_file.EMPTY
    added = index_file.add(index, packages, created=datetime.now(UTC), url=index_file.packages_at(""))
    return Change(
        base=base,
        packages=packages,
        index=base.index if base.index is not None and added == index else index_file.render(added),
        archive=None,
        subject=f"Publish {', '.join(f'{one.name} {one.version}' for one in packages)}",
    )


def publish(target: BranchTarget, *packages: Package) -> int:
    """Publish packages together, and return how often that was tried."""
    for attempt in range(1, 200):
        try:
            target.write(change_of(target.read(), *packages), Journal())
        except IndexMovedError:
            time.sleep(random.uniform(0, min(3, 0.1 * 2**attempt)))  # noqa: S311 - no secret
        else:
            return attempt
    raise AssertionError("nobody waits so long")


def environment_of(folder: Path) -> dict[str, str]:
    """An environment with the token, without any configuration of git, and with temporary files in `folder`."""
    (folder / "gitconfig").touch()
    (folder / "tmp").mkdir()
    own = {"GIT_CONFIG_GLOBAL": str(folder / "gitconfig"), "GIT_CONFIG_NOSYSTEM": "1", "TMPDIR": str(folder / "tmp")}
    return {"PATH": os.environ["PATH"], **own, "WAYBILL_GIT_TOKEN": PASSWORD}


def start(
    server: GitServer,
    folder: Path,
    environment: Mapping[str, str],
    *packages: Package,
    options: Sequence[str] = (),
) -> subprocess.Popen[str]:
    """Start `waybill publish` in a process of its own."""
    folder.mkdir(exist_ok=True)
    paths = [folder / package.file_name for package in packages]
    for path, one in zip(paths, packages, strict=True):
        path.write_bytes(one.data)
    command = [*PROGRAM, "publish", *map(str, paths), "--to", f"git:{server.url}", "--init", *options]
    return subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def versions(server: GitServer, path: str = "index.yaml") -> list[str]:
    """The versions that the index on the branch has, each with a package on the branch."""
    index = index_file.parse_index(server.show(path), path)
    entries = index.entries["greeting"]
    folder = path.removesuffix("index.yaml")
    for entry in entries:
        assert hashlib.sha256(server.show(folder + entry["urls"][0])).hexdigest() == entry["digest"]
    return [entry["version"] for entry in entries]


def versions_in_index(server: GitServer) -> list[str]:
    return [entry["version"] for entry in index_file.parse_index(server.show("index.yaml"), "").entries["greeting"]]


def fill(server: GitServer, count: int, size: int) -> int:
    """Give the branch commits with a package each, then an index; returns the bytes of the index."""
    noise = random.Random(1)  # noqa: S311 - no secret
    author = "committer t <t@t> 1700000000 +0000\ndata 0\n"
    commits, entries = [], []
    for number in range(count):
        name = f"greeting-0.{number}.0.tgz"
        head = f"commit refs/heads/gh-pages\n{author}M 100644 inline {name}\ndata {size}\n"
        commits.append(head.encode() + noise.randbytes(size) + b"\n")
        digest = noise.randbytes(32).hex()
        entries.append(f"  - digest: {digest}\n    name: greeting\n    urls: [{name}]\n    version: 0.{number}.0\n")
    index = f"apiVersion: v1\nentries:\n  greeting:\n{''.join(entries)}"
    head = f"commit refs/heads/gh-pages\n{author}M 100644 inline index.yaml\ndata {len(index)}\n{index}\n"
    server.git("-c", "core.compression=0", "fast-import", "--quiet", stdin=b"".join(commits) + head.encode())
    return len(index)


def most_bytes(server: GitServer, index: int, *packages: Package) -> int:
    """The most that reading an index and publishing may take over the wire."""
    tree = int(server.git("cat-file", "-s", "gh-pages^{tree}"))
    return index + tree + sum(len(package.data) for package in packages) + 64 * 1024
