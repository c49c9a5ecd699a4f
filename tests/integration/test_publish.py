"""`waybill publish` and `waybill umbrella`, with the clients that people have."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.command import Outcome
from tests.conftest import ROOT, Helm, Waybill
from tests.file_server import serving


@pytest.fixture
def built(repository: Path, waybill: Waybill) -> Path:
    """The test's folder with two workflows, their charts in charts/ and the packages in dist/."""
    assert waybill("build", "--all").code == 0
    return repository


@pytest.fixture
def public(built: Path, waybill: Waybill) -> Path:
    """A chart repository with the packages of dist/, in the folder public/."""
    assert waybill("publish", "--to", "dir:public", "--init", "--allow-tag").code == 0
    return built / "public"


@pytest.fixture
def url(public: Path) -> Iterator[str]:
    """The chart repository of `public` as a server has it."""
    with serving(public) as address:
        yield address


def printed_command(done: Outcome) -> list[str]:
    """The command after `next`, without what it is good for."""
    line = next(line for line in done.err.splitlines() if line.startswith("next "))
    return shlex.split(line.removeprefix("next").partition("   renders it")[0])


def rows(done: Outcome) -> list[list[str]]:
    """The rows of the table of charts: chart, version, state."""
    cells = (line.split() for line in done.err.splitlines())
    return [row[:3] for row in cells if len(row) == 5 and row[4].startswith(("dir:", "git:", "oci:", "github:"))]


def test_a_published_repository_is_added_searched_pulled_and_rendered(
    url: str, public: Path, helm: Helm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HELM_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("HELM_CACHE_HOME", str(tmp_path / "cache"))
    helm.run("repo", "add", "ours", url)
    helm.run("repo", "update")
    found = yaml.safe_load(helm.run("search", "repo", "ours/", "--versions", "-o", "yaml"))
    assert {entry["name"] for entry in found} == {"ours/escalation", "ours/greeting", "ours/workflows"}
    helm.run("pull", "ours/escalation", "-d", str(tmp_path))
    assert (tmp_path / "escalation-0.1.0.tgz").read_bytes() == (public / "escalation-0.1.0.tgz").read_bytes()
    assert helm.run("template", "demo", "greeting", "--repo", url)


def test_the_printed_command_renders_a_chart(built: Path, waybill: Waybill, helm: Helm) -> None:
    done = waybill("publish", "--to", "dir:public", "--init", "--allow-tag")
    program, *words = printed_command(done)
    assert program == "helm"
    assert "kind: SonataFlow" in helm.run(*words, cwd=built)


def test_the_printed_command_names_the_repository_by_its_url(
    built: Path, public: Path, url: str, waybill: Waybill, helm: Helm
) -> None:
    (built / "workflows/greeting/greeting.sw.yaml").write_text(
        (built / "workflows/greeting/greeting.sw.yaml").read_text().replace("Hello", "Welcome")
    )
    assert waybill("build", "--all", "--bump", "auto").code == 0
    done = waybill("publish", "--to", "dir:public", "--allow-tag", "--repository-url", url)
    _, *words = printed_command(done)
    assert words[3:7] == ["--repo", url, "--version", "0.1.1"]
    assert "kind: SonataFlow" in helm.run(*words, cwd=public)
    assert "; 3 published versions kept" in done.err


def test_a_change_of_one_workflow_publishes_it_and_the_umbrella(built: Path, public: Path, waybill: Waybill) -> None:
    before = yaml.safe_load((public / "index.yaml").read_bytes())["entries"]
    flow = built / "workflows/greeting/greeting.sw.yaml"
    flow.write_text(flow.read_text().replace("Hello", "Welcome"))
    assert waybill("build", "--all", "--bump", "auto").code == 0
    shown = waybill("publish", "--to", "dir:public", "--allow-tag", "--dry-run")
    assert "next   waybill publish --to dir:public --allow-tag   writes it" in shown.err
    assert len(list(public.iterdir())) == 4
    done = waybill("publish", "--to", "dir:public", "--allow-tag")
    assert rows(done) == rows(shown)
    assert [row for row in rows(done) if row[2] == "new"] == [
        ["greeting", "0.1.1", "new"],
        ["workflows", "0.1.1", "new"],
    ]
    after = yaml.safe_load((public / "index.yaml").read_bytes())["entries"]
    for name, entries in before.items():
        assert after[name][-len(entries) :] == entries
    again = waybill("publish", "--to", "dir:public", "--allow-tag", "--json")
    assert {chart["state"] for chart in again.json["places"][0]["charts"]} == {"unchanged"}


def test_a_config_repository_has_charts_and_no_workflows(tmp_path: Path, waybill: Waybill, helm: Helm) -> None:
    shutil.copytree(ROOT / "charts/workflows/charts/greeting", tmp_path / "charts/greeting")
    assert waybill("publish", "charts", "--to", "dir:public", "--init", "--allow-tag").code == 0
    assert "kind: SonataFlow" in helm.run("template", str(tmp_path / "public/greeting-2.0.0.tgz"))
    assert waybill("verify", "dir:public").err == "dir:public: 1 version checked against the index; no problems\n"


def test_verify_names_what_is_not_as_the_index_says(public: Path, waybill: Waybill) -> None:
    (public / "greeting-0.1.0.tgz").write_bytes((public / "escalation-0.1.0.tgz").read_bytes())
    (public / "escalation-0.1.0.tgz").unlink()
    done = waybill("verify", "dir:public")
    assert done.code == 1
    assert "escalation 0.1.0: public/escalation-0.1.0.tgz: does not exist" in done.err
    assert "greeting 0.1.0: greeting-0.1.0.tgz has sha256:" in done.err
    assert waybill("verify", "dir:public", "--json").json["versions"] == 3


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--to", "public"], "a folder is dir:public"),
        ([], "name a place: --to TARGET, or publish.to in the settings"),
        (["--to", "dir:public", "--deprecate", "a", "--keep", "3"], "--deprecate or --keep, not both"),
        (["--to", "dir:public", "--apply"], "--apply goes with --keep"),
        (["dist", "--to", "dir:public", "--keep", "3"], "--keep publishes nothing"),
        (["--to", "dir:public", "--index-only"], "--index-only goes with one registry"),
        (["--to", "oci://localhost:1/x", "--keep", "3"], "a registry has no index to edit"),
        (["--to", "dir:public", "--deprecate", "greting", "--init"], "did you mean 'greeting'?"),
    ],
)
def test_a_wrong_command_line_is_exit_code_2(public: Path, waybill: Waybill, words: list[str], message: str) -> None:
    before = (public / "index.yaml").read_bytes()
    done = waybill("publish", *words)
    assert done.code == 2
    assert message in done.err
    assert (public / "index.yaml").read_bytes() == before


def test_the_settings_say_where_to_publish(built: Path, waybill: Waybill) -> None:
    (built / "waybill.toml").write_text('[publish]\nto = ["dir:one", "dir:other"]\n')
    assert waybill("publish", "--init", "--allow-tag").code == 0
    assert (built / "one/index.yaml").read_bytes() == (built / "other/index.yaml").read_bytes()


def test_the_umbrella_is_made_of_the_sub_charts_that_are_there(built: Path, waybill: Waybill) -> None:
    umbrella = built / "charts/workflows"
    before = {path: path.read_bytes() for path in umbrella.rglob("*") if path.is_file()}
    shutil.move(umbrella / "charts", built / "kept")
    shutil.rmtree(umbrella)
    shutil.copytree(built / "kept", umbrella / "charts")
    assert waybill("umbrella", "--check").code == 1
    assert waybill("umbrella").code == 0
    assert {path: path.read_bytes() for path in umbrella.rglob("*") if path.is_file()} == before
    assert waybill("umbrella", "--check").code == 0


def test_an_umbrella_without_sub_charts_is_an_error(tmp_path: Path, waybill: Waybill) -> None:
    done = waybill("umbrella")
    assert done.code == 1
    assert "contains no sub-charts; write some: waybill chart WORKFLOW -o charts/workflows/charts" in done.err
    assert not (tmp_path / "charts").exists()
