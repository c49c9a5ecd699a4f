"""Commands that write, each in a folder where it changes what is there, and what holds when it is killed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

from pipeline.charts.archive import read_package
from pipeline.charts.index import parse_index
from tests.conftest import ROOT
from tests.killing import Runs, files_below

CHART: Final = "charts/workflows/charts/greeting"


@dataclass(frozen=True)
class Case:
    """A command, and what makes the folder that it changes."""

    words: tuple[str, ...]
    prepare: Callable[[Runs, Path], None]
    repository: str = "dist"
    """The folder with the index."""


def prepare_workflow(_: Runs, folder: Path) -> None:
    for name in ("greeting", "shared"):
        shutil.copytree(ROOT / "workflows" / name, folder / "workflows" / name)


def prepare_built(runs: Runs, folder: Path) -> None:
    """A repository with a published version, whose workflow has changed since."""
    prepare_workflow(runs, folder)
    succeed(runs, folder, "build", "--all")
    edit(folder / "workflows/greeting/greeting.sw.yaml", "salutation: Hello", "salutation: Good day")


def prepare_packed(runs: Runs, folder: Path) -> None:
    """An index, and packages that it does not have yet."""
    prepare_built(runs, folder)
    succeed(runs, folder, "build", "--all", "--bump", "minor")
    (folder / "dist/index.yaml").unlink()
    for package in folder.glob("dist/*-0.2.0.tgz"):
        package.rename(folder / package.name)
    succeed(runs, folder, "index", "dist")
    for package in folder.glob("*.tgz"):
        package.rename(folder / "dist" / package.name)


def prepare_unpacked(runs: Runs, folder: Path) -> None:
    prepare_built(runs, folder)
    (folder / "dist/greeting-0.1.0.tgz").write_bytes(b"old")
    (folder / "dist/workflows-0.1.0.tgz").unlink()


def prepare_chart(runs: Runs, folder: Path) -> None:
    prepare_workflow(runs, folder)
    succeed(runs, folder, "chart", "greeting", "-o", "out")
    edit(folder / "out/greeting/Chart.yaml", "version: 0.1.0", "version: 0.3.0")
    (folder / "out/greeting/superfluous.txt").write_text("old")


def prepare_manifests(runs: Runs, folder: Path) -> None:
    prepare_workflow(runs, folder)
    succeed(runs, folder, "manifests", "greeting", "-o", "out")
    for path in folder.glob("out/*.yaml"):
        path.write_text("old")
    (folder / "out/77-configmap_greeting-props.yaml").write_text("of an earlier run")


def prepare_fixes(runs: Runs, folder: Path) -> None:
    prepare_workflow(runs, folder)
    shutil.copytree(folder / "workflows/greeting", folder / "workflows/again")
    edit(folder / "workflows/again/greeting.sw.yaml", "id: greeting", "id: again")
    for path in folder.glob("workflows/*/greeting.sw.yaml"):
        edit(path, "transition: GreetInEnglish", "transition: GreetInEnglsh")


def prepare_published(runs: Runs, folder: Path) -> None:
    """A chart repository in a folder, and packages that it does not have yet."""
    prepare_built(runs, folder)
    succeed(runs, folder, "publish", "--to", "dir:public", "--init", "--allow-tag")
    succeed(runs, folder, "build", "--all", "--bump", "minor")


def prepare_new(runs: Runs, folder: Path) -> None:
    """A repository with a compatibility.yaml and the files of GitHub Actions."""
    prepare_workflow(runs, folder)
    rows = "rows:\n  - charts: [greeting, workflows]\n    versions: 0.x\n    sonataflow: 10.x\n"
    (folder / "compatibility.yaml").write_text(rows)
    succeed(runs, folder, "actions", "--uses", f"octo/waybill@{'1' * 40}")


def prepare_theirs(_: Runs, folder: Path) -> None:
    """Somebody's repository with a hand-made chart, beside one with a row."""
    for name in ("greeting", "shared"):
        shutil.copytree(ROOT / "workflows" / name, folder / "theirs/workflows" / name)
    chart = folder / "theirs/deploy/charts/greeting"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: greeting\nversion: 1.0.0\n")
    (chart / "templates/broker.yaml").write_text("kind: Broker\nmetadata:\n  name: default\n")
    row = "rows:\n  - {charts: [other], versions: 1.x, sonataflow: 10.x}\n"
    (folder / "compatibility.yaml").write_text(row)


#: The commands that write, by a name for the test.
CASES: Final = {
    "a first build": Case(("build", "--all"), prepare_workflow),
    "a build": Case(("build", "--all", "--bump", "auto"), prepare_built),
    "an index": Case(("index", "dist"), prepare_packed),
    "packages": Case(("package", CHART, "charts/workflows", "-o", "dist"), prepare_unpacked),
    "a chart": Case(("chart", "greeting", "-o", "out"), prepare_chart),
    "manifests": Case(("manifests", "greeting", "-o", "out"), prepare_manifests),
    "a publication": Case(("publish", "--to", "dir:public", "--allow-tag"), prepare_published, "public"),
    "a new workflow": Case(("new", "order-tea", "--backstage"), prepare_new),
    "an import": Case(("import", "theirs"), prepare_theirs),
    "fixes": Case(("lint", "--fix"), prepare_fixes),
}


def succeed(runs: Runs, folder: Path, *words: str) -> None:
    done = runs.run(*words, cwd=folder)
    assert done.status == 0, done.said


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text, path
    path.write_text(text.replace(old, new), encoding="utf-8")


def entries(repository: Path) -> dict[str, object]:
    """What an index has of each version; nothing where there is none."""
    path = repository / "index.yaml"
    if not path.exists():
        return {}
    index = parse_index(path.read_bytes(), "index.yaml")
    return {f"{name}-{one['version']}": one for name, listed in index.entries.items() for one in listed}


def check_of(case: Case, start: Path) -> Callable[[Path, str], None]:
    """What holds of a folder in which a command was killed that found it as `start`."""
    before = entries(start / case.repository)
    files = files_below(start)

    def check(work: Path, place: str) -> None:
        repository = work / case.repository
        listed = entries(repository)
        assert before.items() <= listed.items(), place
        for name in listed.keys() - before.keys():
            read_package(repository / f"{name}.tgz")
        for path, data in files_below(work).items():
            if ".waybill-staging-" not in path and data != files.get(path):
                _readable(path, data, place)

    return check


def _readable(path: str, data: bytes, place: str) -> None:
    """A file that is not as it was is whole."""
    assert data, (place, path)
    if path.endswith((".yaml", ".yml")) and "/templates/" not in path:
        assert list(yaml.load_all(data, yaml.CSafeLoader)), (place, path)
    if path.endswith(".json"):
        json.loads(data)
