"""What the single steps write."""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from generator.compatibility.capabilities import newest_capabilities
from generator.compatibility.version_line import VersionLine
from generator.findings.errors import FindingsError, OutputError, VersionError
from generator.kubernetes.objects import ManifestOptions, manifest_files, manifests
from pipeline.build.single_steps import (
    chart_for,
    read_for_output,
    write_chart,
    write_manifests,
    write_packages,
)
from pipeline.charts.index import parse_index
from pipeline.charts.packages_folder import write_index
from pipeline.system.journal import Journal
from pipeline.workspace.settings import Settings
from pipeline.workspace.workflows import read_folder
from tests.unit.conftest import rules, write, write_workflow

NOW = datetime(2026, 3, 4, tzinfo=UTC)
CHART = {"Chart.yaml": "name: demo\nversion: 1.2.3\n", "values.yaml": "a: 1\n"}

NEWEST = VersionLine(capabilities=newest_capabilities())


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_manifests_replace_those_of_an_earlier_run_and_leave_other_files(tmp_path: Path) -> None:
    stale = [
        "01-configmap_greeting-props.yaml",
        "02-secret_greeting-secrets.yaml",
        "03-configmap_01-greeting-resources-specs.yaml",
        "05-sonataflow_greeting.yaml",
    ]
    kept = ["01-route_greeting.yaml", "02-sonataflow_other.yaml", "kustomization.yaml", "sub/01-secret_greeting.yaml"]
    out = write(tmp_path / "out", dict.fromkeys([*stale, *kept], "x"))
    workflow = read_folder(write_workflow(tmp_path / "workflows", "greeting"))
    files = manifest_files(manifests(workflow, ManifestOptions()))
    write_manifests(out, "greeting", files, Journal())
    assert names(out) == sorted([*kept, "01-sonataflow_greeting.yaml"])
    assert (out / "01-sonataflow_greeting.yaml").read_bytes() == files["01-sonataflow_greeting.yaml"]


def test_manifests_that_are_there_already_are_not_written_again(tmp_path: Path) -> None:
    write_manifests(tmp_path, "x", {"01-sonataflow_x.yaml": b"a"}, Journal())
    os.utime(tmp_path / "01-sonataflow_x.yaml", (1, 1))
    write_manifests(tmp_path, "x", {"01-sonataflow_x.yaml": b"a"}, Journal())
    assert (tmp_path / "01-sonataflow_x.yaml").stat().st_mtime == 1


def test_a_secret_is_for_nobody_else_s_eyes(tmp_path: Path) -> None:
    write_manifests(tmp_path, "x", {"01-secret_x-secrets.yaml": b"a", "02-sonataflow_x.yaml": b"b"}, Journal())
    modes = [stat.S_IMODE(path.stat().st_mode) for path in sorted(tmp_path.iterdir())]
    assert modes == [0o600, 0o644]


def test_manifests_stop_on_what_makes_an_object_impossible_and_on_nothing_else(tmp_path: Path) -> None:
    goes_on = write_workflow(tmp_path / "w", "greeting", start="nowhere", zzz=1)
    assert read_for_output(goes_on)[0].object_name == "greeting"
    stops = write_workflow(tmp_path / "w", "b", start="nowhere", constants={"a": 1})
    with pytest.raises(FindingsError) as caught:
        read_for_output(stops)
    assert rules(caught.value.findings) == ["constants"]


def test_a_chart_keeps_the_version_that_it_has(tmp_path: Path) -> None:
    workflow = read_folder(write_workflow(tmp_path / "workflows", "greet.x"))
    settings = Settings(initial_version="0.5.0")
    made, target = chart_for(workflow, tmp_path / "out", NEWEST, settings)
    assert (made.version, target) == ("0.5.0", tmp_path / "out" / "greet")
    write(target, {"Chart.yaml": "name: greet\nversion: 3.2.1-rc.1\n"})
    assert chart_for(workflow, tmp_path / "out", NEWEST, settings)[0].version == "3.2.1-rc.1"
    write(target, {"Chart.yaml": "name: greet\nversion: '1'\n"})
    with pytest.raises(VersionError):
        chart_for(workflow, tmp_path / "out", NEWEST, settings)


def test_a_chart_is_written_as_a_whole(tmp_path: Path) -> None:
    workflow = read_folder(write_workflow(tmp_path / "workflows", "greeting"))
    out = write(tmp_path / "out", {"greeting/Chart.yaml": CHART["Chart.yaml"], "greeting/templates/old.yaml": ""})
    made, target = chart_for(workflow, out, NEWEST, Settings())
    write_chart(target, made, Journal())
    assert names(target) == sorted(made.files)
    assert all((target / path).read_bytes() == data for path, data in made.files.items())


def test_a_folder_that_is_no_chart_is_never_replaced(tmp_path: Path) -> None:
    workflow = read_folder(write_workflow(tmp_path / "workflows", "greeting"))
    made, target = chart_for(workflow, write(tmp_path / "out", {"greeting/thesis.txt": "mine"}), NEWEST, Settings())
    with pytest.raises(OutputError, match=r"contains files but no Chart\.yaml"):
        write_chart(target, made, Journal())
    assert names(target) == ["thesis.txt"]


def test_charts_are_packed_and_indexed(tmp_path: Path) -> None:
    one = write(tmp_path / "one", CHART)
    two = write(tmp_path / "two", {"Chart.yaml": "name: two\nversion: 1.0.0\n"})
    packages = write_packages(tmp_path / "dist", [one, two], Journal())
    assert names(tmp_path / "dist") == ["demo-1.2.3.tgz", "two-1.0.0.tgz"]
    assert [(tmp_path / "dist" / p.file_name).read_bytes() for p in packages] == [p.data for p in packages]
    written = write_index(tmp_path / "dist", None, Journal(), url="https://x", created=NOW)
    content = yaml.safe_load((tmp_path / "dist" / "index.yaml").read_bytes())
    assert content["entries"]["demo"][0]["urls"] == ["https://x/demo-1.2.3.tgz"]
    assert content["entries"]["demo"][0]["digest"] == packages[0].digest
    assert written == parse_index((tmp_path / "dist" / "index.yaml").read_bytes(), "i")


def test_nothing_is_packed_when_one_chart_is_none(tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        write_packages(tmp_path / "dist", [write(tmp_path / "one", CHART), tmp_path / "none"], Journal())
    assert not (tmp_path / "dist").exists()


def test_an_index_written_twice_stays_the_same(tmp_path: Path) -> None:
    write_packages(tmp_path, [write(tmp_path / "one", CHART)], Journal())
    write_index(tmp_path, None, Journal(), url="", created=NOW)
    before = (tmp_path / "index.yaml").read_bytes()
    write_index(tmp_path, None, Journal(), url="https://elsewhere", created=datetime(2030, 1, 1, tzinfo=UTC))
    assert (tmp_path / "index.yaml").read_bytes() == before


def test_an_index_keeps_what_another_one_has(tmp_path: Path) -> None:
    write_packages(tmp_path / "dist", [write(tmp_path / "one", CHART)], Journal())
    entry = "    digest: abc\n    name: old\n    urls:\n    - old.tgz\n    version: 1.0.0\n"
    index = f"apiVersion: v1\nentries:\n  old:\n  - description: it's mine\n{entry}"
    published = write(tmp_path, {"published.yaml": index})
    write_index(tmp_path / "dist", published / "published.yaml", Journal(), url="", created=NOW)
    text = (tmp_path / "dist" / "index.yaml").read_text()
    assert f"  - description: it's mine\n{entry}" in text
    assert list(yaml.safe_load(text)["entries"]) == ["demo", "old"]


def test_a_folder_or_an_index_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"none: does not exist"):
        write_index(tmp_path / "none", None, Journal(), url="", created=NOW)
    with pytest.raises(OutputError, match=r"none\.yaml: does not exist"):
        write_index(tmp_path, tmp_path / "none.yaml", Journal(), url="", created=NOW)


def test_one_bad_package_leaves_the_index_as_it_was(tmp_path: Path) -> None:
    write_packages(tmp_path, [write(tmp_path / "one", CHART)], Journal())
    write(tmp_path, {"bad.tgz": "x", "index.yaml": "apiVersion: v1\nentries: {}\n"})
    with pytest.raises(FindingsError, match=r"bad\.tgz"):
        write_index(tmp_path, None, Journal(), url="", created=NOW)
    assert (tmp_path / "index.yaml").read_text() == "apiVersion: v1\nentries: {}\n"
