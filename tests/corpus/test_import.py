"""`waybill import` of ten real hand-made charts and 21 real workflows, in a git repository as their own has them."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from generator.chart.chart import chart_name
from generator.workflow.properties import parse_properties
from tests.command import Outcome, run
from tests.conftest import SHARED, UNREADABLE, Helm, HelmRefusal, Rendered
from tests.m2k_function import git

#: One name where there is no data, so that the fixture says what is left out.
WORKFLOWS = sorted(p.name for p in (SHARED / "corpus/workflows").glob("*") if p.name != "shared") or ["no data"]
CHARTS = sorted(path.name for path in (SHARED / "corpus/charts").glob("*")) or ["no data"]
BUILDING = [name for name in WORKFLOWS if name != UNREADABLE]

#: What people wrote in the charts, as docs/how-to.md counts it: all else is made by a build.
WRITTEN = {
    "move2kube": {
        "templates/00-knative-resources.yaml",
        "templates/00-move2kube-instance-route.yaml",
        "templates/00-move2kube-instance.yaml",
        "templates/NOTES.txt",
        "values.schema.json",
        "values.yaml",
    },
    "mta-v7.x": {
        "crds/tackle.konveyor.io_tackles.yaml",
        "templates/00-mta-operator.yaml",
        "templates/00-tackle-resources.yaml",
        "templates/NOTES.txt",
        "values.schema.json",
        "values.yaml",
    },
    "rpj": {"templates/00-proxy.yaml"},
}
#: Where an object of the hand-made chart is not in ours as it was: chart, kind and name to the place and the reason.
EXCEPTIONS = {
    ("move2kube", "ConfigMap", "m2k-props"): (
        "data.quarkus.flyway.migrate-at-start",
        "an older engine's name for kie.flyway.enabled, in the chart alone; the import says so",
    ),
    ("request-vm-cnv", "SonataFlow", "request-vm-cnv"): (
        "spec.flow.states.5.actions.0.functionRef.arguments.spec.template.spec.volumes.1.cloudInitNoCloud.userData",
        "the password was changed in the chart alone; the definition holds, and the import says where they differ",
    ),
}
#: The chart that no Helm renders: its numbered template does not escape `{{backend…}}`, which an input schema has.
UNRENDERED = "sample-retry-test"
#: The Secret that hand-made charts read as a whole: its keys are in WORKFLOW-secrets now, and the import says so.
CREDENTIALS = "-creds"


@dataclass(frozen=True)
class Imported:
    """Both repositories, and what the import said."""

    theirs: Path
    ours: Path
    outcome: Outcome

    def workflow(self, name: str) -> dict[str, Any]:
        return next(each for each in self.outcome.json["workflows"] if each["name"] == name)

    def chart(self, name: str) -> Path:
        return self.ours / "charts/workflows/charts" / chart_name(name)


@pytest.fixture(scope="module")
def imported(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Imported:
    folder = tmp_path_factory.mktemp("import")
    theirs, ours = folder / "theirs", folder / "ours"
    shutil.copytree(shared / "corpus/workflows", theirs / "workflows")
    shutil.copytree(shared / "corpus/charts", theirs / "deploy/charts")
    git(theirs, "init", "-q", "-b", "main")
    git(theirs, "add", "--all")
    git(theirs, "commit", "-qm", "Start")
    ours.mkdir()
    done = run("import", f"file://{theirs}", "--json", cwd=ours, env=environment(folder))
    return Imported(theirs, ours, done)


def environment(folder: Path) -> dict[str, str]:
    return {"WAYBILL_CACHE": str(folder / ".cache"), "GIT_CONFIG_GLOBAL": os.devnull}


def test_all_folders_that_build_come_over_without_a_hand(imported: Imported) -> None:
    states = {each["name"]: each["state"] for each in imported.outcome.json["workflows"]}
    assert states == {name: "left out" if name == UNREADABLE else "imported" for name in WORKFLOWS}
    assert [each["by_hand"] for each in imported.outcome.json["workflows"]] == [[]] * len(WORKFLOWS)
    [why] = [finding for finding in imported.workflow(UNREADABLE)["findings"] if finding["severity"] == "error"]
    assert why["rule"] == "unreadable-value"
    assert imported.outcome.code == 1


def test_what_was_imported_builds_and_the_build_changes_no_chart(imported: Imported) -> None:
    before = {path: path.read_bytes() for path in (imported.ours / "charts").rglob("*") if path.is_file()}
    done = run("build", "--all", "--json", cwd=imported.ours, env=environment(imported.ours.parent))
    assert done.code == 0, done.err
    assert {chart["state"] for chart in done.json["charts"]} == {"unchanged"}
    assert {path: path.read_bytes() for path in (imported.ours / "charts").rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("name", BUILDING)
def test_diff_shows_nothing_lost(name: str, imported: Imported) -> None:
    words = ("diff", imported.theirs / "workflows" / name, f"workflows/{name}", "--json")
    done = run(*words, cwd=imported.ours, env=environment(imported.ours.parent))
    assert done.code == 0, done.err
    [difference] = done.json["differences"]
    added = {change["what"] for change in difference["changes"]} if difference["changes"] else set()
    assert {change["impact"] for change in difference["changes"]} <= {"compatible"}
    assert bool(added) == (name in {"move2kube", "mta-v7.x"})
    assert difference["running"] == []


@pytest.mark.parametrize("name", BUILDING)
def test_the_files_of_the_folder_are_here_to_the_byte(name: str, imported: Imported) -> None:
    before = files(imported.theirs / "workflows" / name)
    after = files(imported.ours / "workflows" / name)
    assert {path: after.get(path) for path in before} == before
    written = {f"chart/{path}" for path in WRITTEN.get(name, ())}
    assert after.keys() - before.keys() == written
    assert {move["to"] for move in imported.workflow(name)["moved"]} == written


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_shared_files_came_along(imported: Imported) -> None:
    assert files(imported.ours / "workflows/shared") == files(imported.theirs / "workflows/shared")


@pytest.mark.parametrize("name", CHARTS)
def test_the_chart_goes_on_after_the_hand_made_version_and_has_a_row(name: str, imported: Imported) -> None:
    about = imported.workflow(name)
    before = yaml.safe_load((imported.theirs / "deploy/charts" / name / "Chart.yaml").read_text())["version"]
    number = int(before.removeprefix("1.7.0-rc"))
    assert (about["hand_made_version"], about["version"]) == (before, f"1.7.0-rc{number + 1}")
    [row] = [row for row in imported.outcome.json["rows"] if chart_name(name) in row["charts"]]
    assert (row["versions"], row["sonataflow"]) == (">=1.7.0 <2.0.0", "10.x")


@pytest.mark.parametrize("name", CHARTS)
def test_each_object_of_the_hand_made_chart_is_in_ours(name: str, imported: Imported, helm4: Helm) -> None:
    theirs = by_name(rendered(imported.theirs / "deploy/charts" / name, helm4))
    keys = values_of(imported.chart(name)).get("secret", {}).get("data", {})
    given = {"requireEnv": False, "secret": {"data": dict.fromkeys(keys, "given")}} if keys else {"requireEnv": False}
    ours = by_name(helm4.render(imported.chart(name), given, "--include-crds"))
    differences = set()
    for (kind, object_name), document in theirs.items():
        if kind == "Secret" and object_name.endswith(CREDENTIALS):
            replaced = ours["Secret", object_name.replace(CREDENTIALS, "-secrets")]
            assert document["data"].keys() == replaced["stringData"].keys()
            assert any("existingSecret" in note["why"] for note in imported.workflow(name)["notes"])
            continue
        assert (kind, object_name) in ours, (kind, object_name)
        found = lost(meaning(document), meaning(ours[kind, object_name]))
        differences |= {(name, kind, object_name, place) for place in found}
    excused = {(*key, place) for key, (place, _) in EXCEPTIONS.items() if key[0] == name}
    assert differences == excused
    notes = [note["why"] for note in imported.workflow(name)["notes"]]
    assert sum("differs" in why for why in notes) == len(excused)


def rendered(chart: Path, helm: Helm) -> Rendered:
    """The objects of a hand-made chart; where Helm cannot render it, those that its templates hold as text."""
    if chart.name != UNRENDERED:
        return helm.render(chart, {}, "--include-crds")
    with pytest.raises(HelmRefusal, match='function "backend" not defined'):
        helm.render(chart, {})
    return [yaml.load(path.read_text(), yaml.CSafeLoader) for path in sorted((chart / "templates").iterdir())]


def by_name(rendered: Rendered) -> dict[tuple[str, str], dict[str, Any]]:
    """Objects by kind and name; of one that a chart has twice, the last, as a cluster would keep it."""
    return {(each["kind"], each["metadata"]["name"]): each for each in rendered}


def values_of(chart: Path) -> dict[str, Any]:
    values: dict[str, Any] = yaml.safe_load((chart / "values.yaml").read_text())
    return values


def meaning(document: Mapping[str, Any]) -> dict[str, Any]:
    """An object without what says nothing, with files as what they say, and without what an image's tag says."""
    content: dict[str, Any] = json.loads(json.dumps(document))
    content.pop("status", None)
    if content["kind"] == "ConfigMap":
        content["data"] = {key: parsed(key, text) for key, text in content.get("data", {}).items()}
        if properties := content["data"].pop("application.properties", None):
            content["data"] |= properties
    if content["kind"] == "Secret":
        content = {**content, "keys": sorted(content.pop("stringData", {}) | content.pop("data", {}))}
    if content["kind"] == "SonataFlow":
        container = content["spec"]["podTemplate"]["container"]
        container["image"] = container["image"].partition(":")[0]
        # Who reads the Secret as a whole now reads its keys one by one, which the Secrets above are held to.
        container.pop("env", None)
        container.pop("envFrom", None)
    pruned: dict[str, Any] = prune(content)
    return pruned


def parsed(key: str, text: str) -> Any:
    if key == "application.properties":
        return parse_properties(text.encode(), key).effective()
    if key.endswith((".yaml", ".yml", ".json")):
        return yaml.load(text, yaml.CSafeLoader)
    return text


def prune(value: Any) -> Any:
    match value:
        case dict():
            inner = {key: prune(each) for key, each in value.items()}
            return {key: each for key, each in inner.items() if each not in (None, {}, [], "")}
        case list():
            return [prune(each) for each in value]
    return value


def lost(before: Any, after: Any, place: str = "") -> Iterator[str]:
    """The places of what `before` says and `after` does not; what `after` says besides is an addition."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key, value in before.items():
            here = f"{place}.{key}".removeprefix(".")
            if key in after:
                yield from lost(value, after[key], here)
            else:
                yield here
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from lost(one, other, f"{place}.{index}")
    elif before != after:
        yield place


@pytest.mark.parametrize("name", sorted(WRITTEN))
def test_a_chart_with_what_people_wrote_lints_and_shows_their_notes(name: str, imported: Imported, helm: Helm) -> None:
    assert helm.lint(imported.chart(name), {"requireEnv": False}) == []
    notes = imported.theirs / "deploy/charts" / name / "templates/NOTES.txt"
    if notes.is_file():
        assert (imported.chart(name) / "templates/NOTES.txt").read_text().endswith(f"\n{notes.read_text()}")


def test_a_second_run_changes_nothing(imported: Imported) -> None:
    before = files(imported.ours)
    again = run("import", imported.theirs, "--json", cwd=imported.ours, env=environment(imported.ours.parent))
    states = {each["state"] for each in again.json["workflows"] if each["name"] != UNREADABLE}
    assert states == {"unchanged"}
    assert files(imported.ours) == before
