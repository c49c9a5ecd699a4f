"""`waybill propose` by the command: from workflows to branches that are merged, in two repositories and in one."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from generator.chart.pin import Pin, pinned
from pipeline.charts.archive import package, read_chart_folder
from pipeline.charts.index import EMPTY, add, packages_at, render
from pipeline.images.recipes import Recipes
from pipeline.operators.known import Operators
from pipeline.workspace.settings import Settings
from pipeline.workspace.workflows import read_folder
from tests.conftest import Waybill, copy_readable

WORKFLOW = "workflows/greeting"
CHART = "charts/workflows/charts/greeting"
ANN = ("-c", "user.name=Ann Author", "-c", "user.email=ann@example.com")


def git(folder: Path, *words: str) -> str:
    command = ["git", "-C", str(folder), *ANN, *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def commit(folder: Path, subject: str, *paths: str) -> str:
    git(folder, "add", "--", *(paths or (".",)))
    git(folder, "commit", "--quiet", "--message", subject)
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture(autouse=True)
def no_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gitconfig").write_text("[init]\n\tdefaultBranch = main\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


@pytest.fixture
def source(repository: Path) -> Path:
    """The test's folder as a repository with two workflows."""
    git(repository, "init", "--quiet")
    (repository / ".gitignore").write_text("dist/\n.cache/\nconfig/\nconfig.git/\nmerging/\npublic/\ngitconfig\n")
    commit(repository, "Greet in French, too (#41)")
    return repository


@pytest.fixture
def config(source: Path) -> Path:
    """A config repository, as a checkout below the test's folder."""
    folder = source / "config"
    folder.mkdir()
    git(folder, "init", "--quiet")
    (folder / "README.md").write_text("Followed by the cluster.\n")
    commit(folder, "First")
    return folder


def test_charts_are_proposed_as_branches_merged_and_then_unchanged(
    source: Path, config: Path, waybill: Waybill
) -> None:
    assert waybill("build", "--all").code == 0
    dry = waybill("propose", "--all", "--to", "dir:config", "--dry-run")
    assert dry.code == 0
    assert "dir:config: 2 opened (dry run)" in dry.err
    assert "next   waybill propose --all --to dir:config   proposes it" in dry.err
    assert git(config, "branch", "--format=%(refname:short)") == "main"
    done = waybill("propose", "--all", "--to", "dir:config")
    assert done.code == 0, done.err
    assert "next   git -C config merge waybill/escalation   merges one into main" in done.err
    message = git(config, "log", "-1", "--format=%B", "waybill/greeting")
    assert f"Source-Commit: {git(source, 'rev-parse', 'HEAD')}" in message
    assert "Co-authored-by: Ann Author <ann@example.com>" in message
    assert "dir:config: nothing to propose" in waybill("propose", "--all", "--to", "dir:config").err
    for name in ("greeting", "escalation"):
        git(config, "merge", "--quiet", "--no-edit", f"waybill/{name}")
    after = waybill("propose", "--all", "--to", "dir:config", "--json")
    assert [each["state"] for each in after.json["proposals"]] == ["deleted", "deleted"]
    assert git(config, "branch", "--format=%(refname:short)") == "main"
    again = waybill("propose", "--all", "--to", "dir:config", "--json")
    assert [each["state"] for each in again.json["proposals"]] == ["unchanged", "unchanged"]
    chart = source / "charts/workflows/charts/greeting"
    assert (config / "charts/workflows/charts/greeting/values.yaml").read_bytes() == (
        chart / "values.yaml"
    ).read_bytes()
    assert not (config / "charts/workflows/Chart.yaml").exists()


def test_a_revert_in_a_folder_is_respected(source: Path, config: Path, waybill: Waybill) -> None:
    del source
    waybill("build", "--all")
    waybill("propose", "greeting", "--to", "dir:config")
    git(config, "merge", "--quiet", "--no-ff", "--no-edit", "waybill/greeting")
    git(config, "revert", "--no-edit", "-m", "1", "HEAD")
    git(config, "branch", "-D", "waybill/greeting")
    done = waybill("propose", "greeting", "--to", "dir:config")
    assert done.code == 0
    assert "greeting: waybill/greeting with this content was merged, and main has another one since" in done.err


def test_the_repository_of_the_workflows_is_a_place_and_a_merged_proposal_makes_no_other_one(
    source: Path, waybill: Waybill, tmp_path: Path
) -> None:
    waybill("build", "--all")
    assert waybill("propose", "--all", "--to", ".").code == 0
    changed = git(source, "diff", "--name-only", "main", "waybill/greeting").splitlines()
    assert all(path.startswith("charts/workflows/charts/greeting/") for path in changed)
    clone = tmp_path / "merging"
    git(tmp_path, "clone", "--quiet", str(source), str(clone))
    for name in ("greeting", "escalation"):
        git(clone, "merge", "--quiet", "--squash", f"origin/waybill/{name}")
        commit(clone, f"Merge {name}")
    assert waybill("umbrella", cwd=clone).code == 0
    commit(clone, "Write the umbrella")
    assert waybill("build", "--all", "--check", cwd=clone).code == 0
    done = waybill("propose", "--all", "--to", ".", "--json", cwd=clone)
    assert [each["state"] for each in done.json["proposals"]] == ["unchanged", "unchanged"]


def test_another_repository_gets_the_digests_that_the_index_knows_and_the_own_one_does_not(
    source: Path, config: Path, waybill: Waybill
) -> None:
    waybill("build", "--all")
    sonataflow = Operators(source / "compatibility.yaml").line().capabilities.sonataflow
    ((recipe, image),) = Recipes(settings=Settings(), sonataflow=sonataflow).all(read_folder(source / WORKFLOW))
    pin = Pin(repository=image.repository, tag=image.tag or "", digest=f"sha256:{'a' * 64}", key=recipe.key)
    files = pinned(read_chart_folder(source / CHART), [pin])
    index = add(EMPTY, [package(files, "greeting")], created=datetime.now(UTC), url=packages_at(""))
    (source / "dist/index.yaml").write_bytes(render(index))
    assert waybill("propose", "greeting", "--to", "dir:config").code == 0
    assert pin.digest in git(config, "show", f"waybill/greeting:{CHART}/values.yaml")
    assert waybill("propose", "greeting", "--to", ".").code == 0
    assert pin.digest not in git(source, "show", f"waybill/greeting:{CHART}/values.yaml")


def test_values_of_an_environment_go_along(source: Path, config: Path, waybill: Waybill) -> None:
    waybill("build", "--all")
    (source / "envs/dev").mkdir(parents=True)
    (source / "envs/dev/greeting.yaml").write_text("replicas: 2\n")
    assert waybill("propose", "--all", "--env", "dev", "--to", "dir:config").code == 0
    assert git(config, "show", "waybill/greeting:envs/dev/greeting.yaml") == "replicas: 2"
    wrong = waybill("propose", "--all", "--env", "prod", "--to", "dir:config")
    assert wrong.code == 2
    assert "envs/prod does not exist" in wrong.err


def test_a_chart_that_is_out_of_date_is_to_be_built_first(source: Path, config: Path, waybill: Waybill) -> None:
    waybill("build", "--all")
    path = source / "workflows/greeting/greeting.sw.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("salutation: Hello", "salutation: Good day"))
    commit(source, "Good day", "workflows")
    done = waybill("propose", "--all", "--to", "dir:config")
    assert done.code == 1
    message = "charts/workflows: greeting out of date; build first: waybill build greeting --bump auto"
    assert message in done.err
    waybill("build", "greeting", "--bump", "auto")
    assert waybill("propose", "greeting", "--to", "dir:config").code == 0
    assert git(config, "log", "-1", "--format=%s", "waybill/greeting").startswith("Add greeting 0.1.1")


def test_a_workflow_that_is_not_committed_is_not_proposed(source: Path, config: Path, waybill: Waybill) -> None:
    del config
    waybill("build", "--all")
    (source / "workflows/greeting/notes.md").write_text("mine\n")
    done = waybill("propose", "--all", "--to", "dir:config")
    assert done.code == 1
    assert "workflows: has changes that are not committed; commit them first" in done.err


def test_a_patch_is_what_would_be_committed(source: Path, config: Path, waybill: Waybill) -> None:
    waybill("build", "--all")
    assert waybill("propose", "--all", "--to", "dir:config", "--patch", "charts.patch").code == 0
    assert git(config, "branch", "--format=%(refname:short)") == "main"
    git(config, "am", "--quiet", "../charts.patch")
    done = waybill("propose", "--all", "--to", "dir:config", "--json")
    assert [each["state"] for each in done.json["proposals"]] == ["unchanged", "unchanged"]
    assert git(config, "log", "-2", "--format=%s").splitlines() == ["Add greeting 0.1.0", "Add escalation 0.1.0"]
    del source


def test_branches_that_are_left_over_are_listed_and_then_deleted(source: Path, config: Path, waybill: Waybill) -> None:
    waybill("build", "--all")
    waybill("propose", "greeting", "--to", "dir:config")
    git(config, "merge", "--quiet", "waybill/greeting")
    git(config, "branch", "waybill/old-20250101", "main")
    listed = waybill("propose", "--prune", "--to", "dir:config")
    assert "next   waybill propose --prune --to dir:config --apply   deletes them" in listed.err
    assert waybill("propose", "--prune", "--apply", "--to", "dir:config").code == 0
    assert git(config, "branch", "--format=%(refname:short)") == "main"
    del source


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("greeting",), "name a place: --to PLACE, or propose.to in the settings"),
        (("--to", "."), "name one or more workflows, or give --all"),
        (("greeting", "--all", "--to", "."), "names or --all, not both"),
        (("--prune", "--all", "--to", "."), "--prune takes no workflow"),
        (("greeting", "--apply", "--to", "."), "--apply goes with --prune"),
        (("greeting", "--to", "oci://quay.io/x"), "charts are proposed to a git repository"),
        (("greeting", "--to", "dir:dist"), "dir:dist: not a git repository"),
        (("greeting", "--to", "githob:a/b"), "did you mean 'github'"),
        (("greting", "--to", "."), "did you mean 'greeting'"),
        (("greeting", "--to", ".", "--path", "../x"), "'../x' is not a folder inside the repository"),
        (("greeting", "--to", ".", "--commit", "api"), "--commit api goes with github:OWNER/REPO"),
    ],
)
def test_what_cannot_be_done_is_said_with_what_can(
    source: Path, waybill: Waybill, words: tuple[str, ...], message: str
) -> None:
    del source
    done = waybill("propose", *words)
    assert done.code == 2, done.err
    assert message in done.err


def test_the_settings_say_where_to_propose(source: Path, config: Path, waybill: Waybill) -> None:
    waybill("build", "--all")
    (source / "waybill.toml").write_text('[propose]\nto = "dir:config"\npath = "deploy/workflows"\n')
    assert waybill("propose", "greeting").code == 0
    changed = git(config, "diff", "--name-only", "main", "waybill/greeting").splitlines()
    assert all(path.startswith("deploy/workflows/charts/greeting/") for path in changed)


def test_a_preflight_changes_nothing(source: Path, config: Path, waybill: Waybill) -> None:
    del source, config
    done = waybill("propose", "--preflight", "--to", "dir:config", "--base", "trunk")
    assert done.code == 1
    assert "error: dir:config: there is no branch 'trunk'; name another with --base" in done.err
    assert waybill("propose", "--preflight", "--to", "dir:config").code == 0


def test_the_corpus_is_built_proposed_merged_and_published_and_then_nothing_changes(
    shared: Path, tmp_path: Path, waybill: Waybill
) -> None:
    copy_readable(shared / "corpus" / "workflows", tmp_path / "workflows")
    git(tmp_path, "init", "--quiet")
    commit(tmp_path, "Workflows", "workflows")
    config = tmp_path / "config"
    config.mkdir()
    git(config, "init", "--quiet")
    git(config, "commit", "--quiet", "--allow-empty", "--message", "First")
    assert waybill("build", "--all").code == 0
    first = waybill("propose", "--all", "--to", "dir:config", "--json")
    assert first.code == 0, first.err
    assert [each["state"] for each in first.json["proposals"]] == ["opened"] * 20
    for each in first.json["proposals"]:
        git(config, "merge", "--quiet", "--squash", each["branch"])
        commit(config, f"Merge {each['chart']}")
    assert waybill("umbrella", cwd=config).code == 0
    commit(config, "Write the umbrella")
    published = ("publish", "charts/workflows", "charts/workflows/charts", "--to", "dir:../public", "--allow-tag")
    assert waybill(*published, "--init", cwd=config).code == 0
    index = (tmp_path / "public/index.yaml").read_bytes()
    assert waybill("build", "--all").code == 0
    second = waybill("propose", "--all", "--to", "dir:config", "--json")
    assert {each["state"] for each in second.json["proposals"]} == {"closed"}
    third = waybill("propose", "--all", "--to", "dir:config", "--json")
    assert {each["state"] for each in third.json["proposals"]} == {"unchanged"}
    assert waybill(*published, cwd=config).code == 0
    assert (tmp_path / "public/index.yaml").read_bytes() == index
