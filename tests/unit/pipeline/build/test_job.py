"""The main job: what it writes, what it leaves alone, and that it writes all or nothing."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest
import yaml

from generator.chart import release_size
from generator.compatibility.matrix import known_matrix
from generator.findings.errors import FindingsError, OutputError, VersionError
from generator.findings.finding import Severity, errors
from generator.versions.semver_text import Bump
from pipeline.build.job import MadeImages, build, check
from pipeline.build.request import BuildRequest
from pipeline.build.result import BuildResult
from pipeline.charts.folder import chart_version
from pipeline.charts.index import EMPTY, read_index
from pipeline.images.recipes import image_of
from pipeline.images.result import ImageResult
from pipeline.inspect.lint import read_folders
from pipeline.system.journal import Journal
from pipeline.workspace.folders import all_folders
from pipeline.workspace.settings import LintSettings, Settings
from pipeline.workspace.workflows import read_folder
from tests.unit.conftest import rules, write, write_workflow

NOW = datetime(2026, 3, 4, tzinfo=UTC)
LATER = datetime(2027, 3, 4, tzinfo=UTC)
SUB = Path("charts/workflows/charts")


T = TypeVar("T")


class Stages:
    """Hears the stages of a build."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str]] = []

    def stage(self, name: str, what: str) -> None:
        self.heard.append((name, what))

    def track(self, name: str, items: Sequence[T]) -> Iterable[T]:
        assert name in ("lint", "charts", "packages")
        return items


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository of two workflows, as the folder that the command runs in."""
    write_workflow(tmp_path / "workflows", "greeting", {"specs/a.yaml": "a: 1\n"})
    write_workflow(tmp_path / "workflows", "second")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*names: str, created: datetime = NOW, settings: Settings | None = None, **options: Any) -> BuildResult:
    settings = settings or Settings()
    folders = [Path("workflows") / name for name in names] or all_folders(settings.workflows)
    wanted = BuildRequest(folders=folders, everything=not names, **options)
    return build(wanted, settings, Journal(), created=created, reporter=Stages())


def everything(folder: Path) -> dict[str, bytes]:
    """All files of the repository but the workflows, by path."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.relative_to(folder).parts[0] != "workflows")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(files)}


def change(repository: Path, name: str = "greeting") -> None:
    """Change what a chart is made from."""
    path = repository / "workflows" / name / "specs" / "a.yaml"
    write(path.parent, {path.name: (path.read_text() if path.exists() else "") + "b: 2\n"})


def index(repository: Path) -> dict[str, list[str]]:
    content = yaml.safe_load((repository / "dist" / "index.yaml").read_bytes())
    return {name: [entry["version"] for entry in entries] for name, entries in content["entries"].items()}


def test_a_build_writes_charts_packages_and_an_index(repository: Path) -> None:
    result = run()
    assert sorted(path.name for path in (repository / SUB).iterdir()) == ["greeting", "second"]
    assert sorted(path.name for path in (repository / "dist").iterdir()) == [
        "greeting-0.1.0.tgz",
        "index.yaml",
        "second-0.1.0.tgz",
        "workflows-0.1.0.tgz",
    ]
    assert index(repository) == {"greeting": ["0.1.0"], "second": ["0.1.0"], "workflows": ["0.1.0"]}
    assert [(chart.folder, chart.chart, chart.version, chart.state) for chart in result.charts] == [
        ("greeting", "greeting", "0.1.0", "new"),
        ("second", "second", "0.1.0", "new"),
    ]
    assert (result.umbrella.chart, result.umbrella.state) == ("workflows", "new")
    assert result.index == Path("dist/index.yaml")
    assert [chart.package.stat().st_size for chart in result.charts] == [chart.bytes for chart in result.charts]


def test_a_second_build_gives_the_same_bytes_whenever_it_runs(repository: Path) -> None:
    run()
    before = everything(repository)
    result = run(created=LATER)
    assert everything(repository) == before
    assert {chart.state for chart in (*result.charts, result.umbrella)} == {"unchanged"}


def test_the_same_workflows_give_the_same_bytes_elsewhere(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run()
    elsewhere = repository / "elsewhere"
    write_workflow(elsewhere / "workflows", "second")
    write_workflow(elsewhere / "workflows", "greeting", {"specs/a.yaml": "a: 1\n"})
    monkeypatch.chdir(elsewhere)
    run()
    before = {path: data for path, data in everything(repository).items() if not path.startswith("elsewhere")}
    assert everything(elsewhere) == before


def test_the_stages_are_told_as_they_go(repository: Path) -> None:
    stages = Stages()
    folders = [repository / "workflows" / "greeting"]
    build(BuildRequest(folders=folders), Settings(), Journal(), created=NOW, reporter=stages)
    assert [name for name, _ in stages.heard] == ["lint", "charts", "packages", "index"]
    assert stages.heard[0] == ("lint", "1 workflow")


def test_the_image_is_named_by_folder_and_content(repository: Path) -> None:
    settings = Settings(registry="localhost:5000/x", image_prefix="wf-")
    write_workflow(repository / "workflows", "Mixed.x")
    workflow = read_folder(repository / "workflows" / "Mixed.x")
    reference = image_of(workflow, settings, known_matrix().newest)
    assert re.fullmatch(r"localhost:5000/x/wf-mixed\.x:src-[0-9a-f]{12}", str(reference))
    result = run("Mixed.x", settings=settings)
    assert result.charts[0].image == str(reference)
    values = yaml.safe_load((repository / SUB / "Mixed" / "values.yaml").read_bytes())
    assert values["image"]["tag"] == reference.tag


def test_one_bad_folder_stops_before_anything_is_written_with_every_folder_s_findings(repository: Path) -> None:
    write_workflow(repository / "workflows", "bad", start="nowhere")
    write(repository / "workflows" / "worse", {"a.sw.yaml": "["})
    write_workflow(repository / "workflows", "warned", version=1.0)
    with pytest.raises(FindingsError) as caught:
        run()
    assert sorted(rules(caught.value.findings)) == ["syntax", "unknown-state", "wrong-type"]
    assert not (repository / "charts").exists()
    assert not (repository / "dist").exists()


def test_a_bad_folder_leaves_an_earlier_build_as_it_was(repository: Path) -> None:
    run()
    before = everything(repository)
    change(repository, "greeting")
    write_workflow(repository / "workflows", "second", start="nowhere")
    with pytest.raises(FindingsError):
        run()
    assert everything(repository) == before


def test_warnings_stop_nothing_and_are_in_the_result(repository: Path) -> None:
    write_workflow(repository / "workflows", "second", version=1.5)
    assert rules(run().findings) == ["wrong-type"]


def test_two_folders_that_make_one_chart_are_refused(repository: Path) -> None:
    write_workflow(repository / "workflows", "a.b")
    write_workflow(repository / "workflows", "a-b")
    with pytest.raises(FindingsError, match="both make the chart 'a-b'; rename one"):
        run()
    assert not (repository / "charts").exists()


def test_two_workflows_of_one_id_are_refused(repository: Path) -> None:
    write_workflow(repository / "workflows", "third", id="greeting")
    with pytest.raises(FindingsError, match="duplicate-id"):
        run()


def test_a_mistake_of_an_overlay_is_told_with_all_other_findings(repository: Path) -> None:
    write(repository / "workflows" / "greeting", {"chart/x.txt": ""})
    write(repository / "workflows" / "second", {"chart/y.txt": ""})
    with pytest.raises(FindingsError) as caught:
        run()
    assert rules(caught.value.findings) == ["chart-files", "chart-files"]


def test_a_chart_is_generated_as_a_whole(repository: Path) -> None:
    run()
    write(repository / SUB / "greeting", {"templates/05-old.yaml": "kind: Old\n"})
    (repository / "workflows" / "greeting" / "specs" / "a.yaml").unlink()
    (repository / "dist").rename(repository / "published")
    run("greeting")
    assert not (repository / SUB / "greeting" / "templates" / "05-old.yaml").exists()
    assert not (repository / SUB / "greeting" / "files" / "specs").exists()


def test_a_build_of_one_workflow_leaves_the_charts_of_others(repository: Path) -> None:
    run("greeting")
    run("second")
    before = everything(repository / SUB)
    (repository / "workflows" / "second").rename(repository / "away")
    result = run("greeting")
    assert everything(repository / SUB) == before
    assert [chart.chart for chart in result.charts] == ["greeting"]


def test_with_all_the_chart_of_a_workflow_that_is_gone_goes_and_hand_made_ones_stay(repository: Path) -> None:
    run()
    write(repository / SUB / "mine", {"Chart.yaml": "name: mine\nversion: 3.0.0\ndescription: d\n", "x.txt": "x"})
    (repository / "workflows" / "second").rename(repository / "away")
    (repository / "dist").rename(repository / "published")
    run()
    assert sorted(path.name for path in (repository / SUB).iterdir()) == ["greeting", "mine"]
    umbrella = yaml.safe_load((repository / "charts" / "workflows" / "Chart.yaml").read_bytes())
    assert [chart["name"] for chart in umbrella["dependencies"]] == ["greeting", "mine"]
    assert (repository / SUB / "mine" / "x.txt").read_text() == "x"


def test_a_new_chart_starts_at_the_setting_and_a_committed_one_keeps_its_version(repository: Path) -> None:
    write(repository / SUB / "second", {"Chart.yaml": "name: second\nversion: 4.5.6\n"})
    write(repository / "charts" / "workflows", {"Chart.yaml": "name: workflows\nversion: 7.0.0\n"})
    result = run(settings=Settings(initial_version="2.0.0"))
    assert {chart.chart: chart.version for chart in (*result.charts, result.umbrella)} == {
        "greeting": "2.0.0",
        "second": "4.5.6",
        "workflows": "7.0.0",
    }


def test_a_committed_version_is_read_from_chart_yaml(tmp_path: Path) -> None:
    assert chart_version(tmp_path) is None
    write(tmp_path, {"Chart.yaml": "name: a\nversion: 1.2.3-rc.1\n"})
    assert chart_version(tmp_path) == "1.2.3-rc.1"
    write(tmp_path, {"Chart.yaml": "name: a\nversion: 1.10\n"})
    with pytest.raises(VersionError, match=r"Chart\.yaml: version '1\.1"):
        chart_version(tmp_path)


def test_a_version_with_other_bytes_is_refused_and_nothing_changes(repository: Path) -> None:
    run()
    before = everything(repository)
    change(repository)
    with pytest.raises(VersionError, match=r"^greeting 0\.1\.0 is in the index with different bytes"):
        run()
    assert everything(repository) == before


def test_a_version_that_is_published_elsewhere_is_refused_too(repository: Path) -> None:
    run()
    (repository / "dist").rename(repository / "published")
    change(repository)
    with pytest.raises(VersionError, match=r"^greeting 0\.1\.0 is in the index with different bytes"):
        run(merge=Path("published/index.yaml"))


def test_all_charts_that_are_refused_are_named_at_once(repository: Path) -> None:
    run()
    change(repository, "greeting")
    change(repository, "second")
    with pytest.raises(VersionError) as caught:
        run()
    assert [line.split()[0] for line in str(caught.value).splitlines()] == ["greeting", "second"]


@pytest.mark.parametrize(
    ("bump", "version"), [("patch", "0.1.1"), ("minor", "0.2.0"), ("major", "1.0.0"), ("rc", "0.1.1-rc.1")]
)
def test_a_bump_with_all_moves_what_changed_and_nothing_else(repository: Path, bump: Bump, version: str) -> None:
    run()
    change(repository)
    result = run(bump=bump)
    assert {chart.chart: chart.version for chart in result.charts} == {"greeting": version, "second": "0.1.0"}
    assert index(repository)["greeting"] == [version, "0.1.0"]
    assert index(repository)["second"] == ["0.1.0"]
    assert index(repository)["workflows"] == [version, "0.1.0"]


def test_a_bump_of_a_named_workflow_always_moves_it(repository: Path) -> None:
    run()
    assert run("greeting", bump="patch").charts[0].version == "0.1.1"
    assert run("greeting", bump="rc").charts[0].version == "0.1.2-rc.1"
    assert run("greeting", bump="rc").charts[0].version == "0.1.2-rc.2"
    assert run("greeting", bump="release").charts[0].version == "0.1.2"
    assert index(repository)["greeting"] == ["0.1.2", "0.1.2-rc.2", "0.1.2-rc.1", "0.1.1", "0.1.0"]


def test_a_release_of_what_is_released_is_refused_with_the_chart_s_name(repository: Path) -> None:
    run()
    with pytest.raises(VersionError, match=r"^greeting: 0\.1\.0 is a release already"):
        run("greeting", bump="release")
    assert index(repository)["greeting"] == ["0.1.0"]


@pytest.mark.usefixtures("repository")
def test_a_release_with_all_releases_the_candidates() -> None:
    run()
    run("greeting", bump="rc")
    result = run(bump="release")
    assert {chart.chart: chart.version for chart in result.charts} == {"greeting": "0.1.1", "second": "0.1.0"}


def test_the_umbrella_moves_on_by_itself_when_something_in_it_changed(repository: Path) -> None:
    run("greeting")
    assert run("second").umbrella.version == "0.1.1"
    assert run("second").umbrella.version == "0.1.1"
    assert index(repository)["workflows"] == ["0.1.1", "0.1.0"]


def test_entries_of_a_published_index_are_in_the_new_one(repository: Path) -> None:
    entry = "{name: old, version: 1.0.0, digest: x, urls: [old.tgz]}"
    write(repository, {"published.yaml": f"apiVersion: v1\nentries: {{old: [{entry}]}}\n"})
    run(merge=Path("published.yaml"))
    assert index(repository)["old"] == ["1.0.0"]


def test_the_time_of_a_new_entry_is_the_one_given(repository: Path) -> None:
    run()
    content = yaml.safe_load((repository / "dist" / "index.yaml").read_bytes())
    assert str(content["entries"]["greeting"][0]["created"]) == "2026-03-04T00:00:00Z"


def test_specs_are_cut_down_when_asked_for(repository: Path) -> None:
    operations = {f"/{n}": {"get": {"operationId": n, "description": "x" * 300}} for n in ("used", "unused")}
    files = {"specs/a.json": json.dumps({"openapi": "3.0.0", "paths": operations})}
    functions = [{"name": "f", "operation": "specs/a.json#used"}]
    write_workflow(repository / "workflows", "greeting", files, functions=functions)
    (saving,) = run("greeting", minify_specs=True).savings
    assert saving.path == "workflows/greeting/specs/a.json"
    packed = (repository / SUB / "greeting" / "files" / "specs" / "a.json").read_bytes()
    assert len(packed) == saving.after
    assert b"unused" not in packed


@pytest.mark.parametrize("size", [1_200_000, 12_000_000])
def test_a_config_map_that_is_too_large_is_no_matter_once_it_is_cut_down(repository: Path, size: int) -> None:
    paths = {
        "/a": {"get": {"operationId": "used"}},
        "/b": {"get": {"operationId": "b", "description": "x" * size}},
    }
    functions = [{"name": "f", "operation": "specs/a.json#used"}]
    files = {
        "specs/a.json": json.dumps({"openapi": "3.0.0", "servers": [{"url": "https://a.example.com"}], "paths": paths})
    }
    write_workflow(repository / "workflows", "greeting", files, functions=functions)
    with pytest.raises(FindingsError, match=r"cut the specs down with --minify-specs, .* \[config-map-size\]"):
        run("greeting")
    assert errors(run("greeting", minify_specs=True).findings) == ()


@pytest.mark.usefixtures("repository")
def test_an_umbrella_that_helm_cannot_store_is_told_with_both_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release_size, "MAX_RELEASE_BYTES", 1_000)
    (finding,) = [each for each in run().findings if each.rule == "release-size"]
    assert (finding.severity, finding.path) == (Severity.WARNING, "charts/workflows")
    assert re.fullmatch(
        r"a release of the umbrella of 2 charts takes about [\d,]+ bytes; Helm stores at most 1,000; "
        r"install the charts one by one, or split the workflows into several folders, .*",
        finding.message,
    )
    with pytest.raises(FindingsError, match="release-size"):
        run(settings=Settings(strict=True))
    quiet = Settings(lint=LintSettings(ignore=("release-size",)))
    assert [each for each in run(settings=quiet).findings if each.rule == "release-size"] == []


def test_an_umbrella_that_helm_does_not_load_is_refused_before_anything_is_written(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(release_size, "MAX_UNPACKED_BYTES", 1_000)
    before = everything(repository)
    with pytest.raises(
        FindingsError, match=r"the umbrella of 2 charts has [\d,]+ bytes; Helm loads at most 1,000; split"
    ):
        run()
    assert everything(repository) == before


def test_a_charts_folder_that_is_no_chart_is_never_replaced(repository: Path) -> None:
    write(repository, {"charts/workflows/thesis.txt": "mine"})
    with pytest.raises(OutputError, match=r"charts/workflows: contains files but no Chart\.yaml"):
        run()
    assert everything(repository) == {"charts/workflows/thesis.txt": b"mine"}


@pytest.mark.parametrize("place", ["dist", "charts", "dist/index.yaml"])
def test_a_place_that_cannot_be_written_leaves_everything_as_it_was(repository: Path, place: str) -> None:
    run()
    change(repository)
    target = repository / place
    if place == "dist/index.yaml":
        target.unlink()
        target.mkdir()
        (target / "x").write_text("mine")
    else:
        target.rename(repository / "away")
        target.write_text("no folder")
    before = everything(repository)
    with pytest.raises((OutputError, FindingsError)):
        run(bump="patch")
    assert everything(repository) == before


def checked(*names: str) -> tuple[str, ...]:
    folders = [Path("workflows") / name for name in names] or all_folders(Path("workflows"))
    return check(BuildRequest(folders=folders, everything=not names), Settings(), reporter=Stages())


def test_a_check_names_nothing_after_a_build_and_writes_nothing(repository: Path) -> None:
    run()
    before = everything(repository)
    assert checked() == ()
    assert checked("greeting") == ()
    assert everything(repository) == before


def test_a_check_names_the_file_with_one_flipped_byte(repository: Path) -> None:
    run()
    for path in [path for path in sorted((repository / "charts").rglob("*")) if path.is_file()]:
        data = path.read_bytes()
        at = data.find(b"application") + 10 if path.name == "Chart.yaml" else len(data) - 1
        path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        assert checked() == (path.relative_to(repository).as_posix(),)
        path.write_bytes(data)


def test_a_check_names_files_that_are_missing_and_files_that_nobody_generates(repository: Path) -> None:
    run()
    (repository / SUB / "greeting" / "README.md").unlink()
    write(repository / SUB / "greeting", {"templates/old.yaml": ""})
    assert checked() == (
        "charts/workflows/charts/greeting/README.md",
        "charts/workflows/charts/greeting/templates/old.yaml",
    )


def test_a_check_before_the_first_build_names_everything_and_writes_nothing(repository: Path) -> None:
    assert f"{SUB}/greeting/Chart.yaml" in checked()
    assert not (repository / "charts").exists()


def test_a_check_sees_a_change_of_a_workflow(repository: Path) -> None:
    run()
    change(repository)
    assert checked() == tuple(
        f"{SUB.as_posix()}/greeting/{path}" for path in ("README.md", "files/specs/a.yaml", "values.yaml")
    )


def test_a_check_refuses_a_workflow_with_errors(repository: Path) -> None:
    write_workflow(repository / "workflows", "second", start="nowhere")
    with pytest.raises(FindingsError):
        checked()


def test_folders_that_cannot_be_read_are_among_the_findings_and_the_others_are_read(repository: Path) -> None:
    write(repository / "workflows" / "bad", {"a.txt": ""})
    workflows, findings = read_folders(all_folders(Path("workflows")), Settings())
    assert [workflow.source.name for workflow in workflows] == ["greeting", "second"]
    assert rules(findings) == ["no-definition"]


def test_an_index_that_is_not_there_is_empty_only_where_it_may_be(tmp_path: Path) -> None:
    assert read_index(tmp_path / "index.yaml", optional=True) == EMPTY
    with pytest.raises(OutputError, match="does not exist"):
        read_index(tmp_path / "index.yaml")
    with pytest.raises(OutputError, match="cannot be read"):
        read_index(tmp_path)


def test_a_chart_whose_image_failed_stays_and_one_whose_workflow_is_gone_goes(repository: Path) -> None:
    write_workflow(repository / "workflows", "third")
    run()
    change(repository)
    shutil.rmtree(repository / "workflows" / "second")
    before = everything(repository)
    failed = ImageResult(workflow="greeting", name="i", repository="r", tags=("t",), key="k", state="failed")
    result = build(
        BuildRequest(folders=all_folders(Path("workflows")), everything=True, bump="auto"),
        Settings(),
        Journal(),
        created=NOW,
        reporter=Stages(),
        make_images=lambda _plan, _before: MadeImages(images=(failed,)),
    )
    assert result.failed == (failed,)
    assert sorted(path.name for path in (repository / SUB).iterdir()) == ["greeting", "third"]
    after = everything(repository)
    assert [path for path in before if "charts/greeting/" in path and before[path] != after[path]] == []
