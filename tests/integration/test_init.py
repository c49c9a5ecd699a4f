"""`waybill init`: a new repository that builds at once, and an existing one that is adopted."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from pipeline.build import new_repository
from pipeline.workspace.settings_reader import load_settings
from tests.command import PROGRAM, Outcome
from tests.conftest import ROOT, Helm, Waybill, copy_readable, missing
from tests.integration.test_github_actions import actionlint, zizmor
from tests.killing import Runs, files_below, kill_everywhere, starting_runs
from tests.unit.conftest import write

COMMIT = "0a" * 20
USES = f"acme/waybill@{COMMIT}"
KNOWN = ("--github", "acme/flows", "--uses", USES)


@pytest.fixture(autouse=True)
def installed_from_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests may have installed waybill from somewhere."""
    monkeypatch.setattr(new_repository, "action_of_waybill", lambda: "")
    for name in ("GITHUB_SERVER_URL", "WAYBILL_REGISTRY"):
        monkeypatch.delenv(name, raising=False)


def states(done: Outcome) -> dict[str, str]:
    assert done.code == 0, done.err
    return {file["path"]: file["state"] for file in done.json["files"]}


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(["git", "-C", str(folder), *words], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_an_empty_repository_builds_and_its_actions_are_clean(waybill: Waybill, tmp_path: Path) -> None:
    done = waybill("init", "demo", *KNOWN)
    assert done.code == 0, done.err
    assert done.err.splitlines()[-2:] == ["next   cd demo", "next   waybill new NAME   starts a workflow"]
    demo = tmp_path / "demo"
    assert git(demo, "symbolic-ref", "--short", "HEAD") == "main"
    built = waybill("build", "--all", cwd=demo)
    assert built.code == 0, built.err
    assert "there are no workflows yet" in built.err
    assert waybill("build", "--all", "--check", "--json", cwd=demo).json["ok"] is True
    assert waybill("actions", "--check", cwd=demo).code == 0
    assert actionlint(demo) == ""
    assert zizmor(demo) == ""


def test_nothing_is_committed_and_git_keeps_the_folder_for_workflows(waybill: Waybill, tmp_path: Path) -> None:
    assert waybill("init", "demo", *KNOWN).code == 0
    listed = git(tmp_path / "demo", "status", "--porcelain", "--untracked-files=all").splitlines()
    assert all(line.startswith("?? ") for line in listed)
    assert "?? workflows/README.md" in listed


def test_a_workflow_that_comes_later_builds_with_all_its_checks(waybill: Waybill, tmp_path: Path, helm4: Helm) -> None:
    assert waybill("init", "demo", *KNOWN).code == 0
    demo = tmp_path / "demo"
    for name in ("greeting", "shared"):
        shutil.copytree(ROOT / "workflows" / name, demo / "workflows" / name)
    assert waybill("build", "--all", cwd=demo).code == 0
    assert "kind: SonataFlow" in helm4.run("template", "x", str(demo / "dist/greeting-0.1.0.tgz"))
    assert waybill("actions", cwd=demo).code == 0
    assert actionlint(demo) == ""
    assert zizmor(demo) == ""


def test_a_new_workflow_is_built_checked_and_in_the_pipeline_at_once(waybill: Waybill, tmp_path: Path) -> None:
    assert waybill("init", "demo", *KNOWN).code == 0
    demo = tmp_path / "demo"
    for words in (
        ("new", "order-tea"),
        ("lint", "--strict"),
        ("build", "--all"),
        ("check",),
        ("actions", "--check"),
        ("build", "--all", "--check"),
    ):
        done = waybill(*words, cwd=demo)
        assert done.code == 0, (words, done.err)
    assert actionlint(demo) == ""
    assert zizmor(demo) == ""


def test_a_second_run_changes_nothing(waybill: Waybill, tmp_path: Path) -> None:
    first = states(waybill("init", "demo", *KNOWN, "--json"))
    assert set(first.values()) == {"created"}
    before = files_below(tmp_path / "demo")
    again = waybill("init", "demo", *KNOWN, "--json")
    assert states(again) == dict.fromkeys(first, "kept")
    assert again.json["git"] is False
    assert files_below(tmp_path / "demo") == before


def test_every_line_that_is_a_comment_in_the_settings_is_a_setting(waybill: Waybill, tmp_path: Path) -> None:
    assert waybill("init", "demo").code == 0
    file = tmp_path / "demo" / "waybill.toml"
    text = re.sub(r"^# ([a-z_]+ = )", r"\1", file.read_text(), flags=re.MULTILINE)
    assert text.count("\n# ") > 10
    file.write_text(text)
    settings = load_settings(tmp_path / "demo", {}, {})
    assert settings.publish.to == ("github:OWNER/REPO",)
    assert len(tomllib.loads(text)) == 13


def test_the_owner_gives_the_registry_and_the_url(waybill: Waybill, tmp_path: Path) -> None:
    assert waybill("init", "demo", "--github", "Acme/Flows").code == 0
    settings = load_settings(tmp_path / "demo", {}, {})
    assert settings.registry == "quay.io/acme"
    assert settings.repository_url == "https://acme.github.io/flows"


def test_the_remote_is_the_repository_on_github(waybill: Waybill, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--initial-branch=trunk")
    git(tmp_path, "remote", "add", "origin", "https://somebody:s3cr3t@github.com/acme/flows.git")
    done = waybill("init", "--uses", USES)
    assert done.code == 0
    settings = load_settings(tmp_path, {}, {})
    assert settings.repository_url == "https://acme.github.io/flows"
    assert settings.actions.branch == "trunk"
    assert 'branches: ["trunk"]' in (tmp_path / ".github/workflows/release.yaml").read_text()
    assert not any(b"s3cr3t" in data for path, data in files_below(tmp_path).items() if not path.startswith(".git/"))
    assert "s3cr3t" not in done.err


def test_without_a_source_of_waybill_one_setting_is_left_to_fill_in(waybill: Waybill, tmp_path: Path) -> None:
    done = waybill("init", "demo", "--github", "acme/flows")
    assert done.code == 0
    assert "in waybill.toml, set actions.uses to OWNER/REPO@COMMIT, where waybill is on GitHub; then run" in done.err
    demo = tmp_path / "demo"
    assert not (demo / ".github").exists()
    file = demo / "waybill.toml"
    file.write_text(file.read_text().replace('# uses = "OWNER/REPO@COMMIT"', f'uses = "{USES}"'))
    assert waybill("actions", cwd=demo).code == 0
    assert waybill("actions", "--check", cwd=demo).code == 0


def test_an_installed_waybill_that_is_known_is_taken(
    waybill: Waybill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(new_repository, "action_of_waybill", lambda: USES)
    assert waybill("init", "demo").code == 0
    assert load_settings(tmp_path / "demo", {}, {}).actions.uses == USES
    assert USES in (tmp_path / "demo/.github/workflows/release.yaml").read_text()


@pytest.mark.parametrize("folder", ["workflows", "flows"])
def test_the_real_workflows_are_adopted_and_build(folder: str, waybill: Waybill, tmp_path: Path, shared: Path) -> None:
    copy_readable(shared / "corpus" / "workflows", tmp_path / folder)
    shutil.copytree(shared / "corpus" / "charts", tmp_path / "charts")
    before = files_below(tmp_path)
    found = states(waybill("init", *KNOWN, "--json"))
    assert found[".github/workflows/greeting.yaml"] == "created"
    after = files_below(tmp_path)
    assert {path: after[path] for path in before} == before
    assert load_settings(tmp_path, {}, {}).workflows == Path(folder)
    done = waybill("build", "--all")
    assert done.code == 0, done.err
    assert waybill("check").code == 0
    assert waybill("actions", "--check").code == 0
    assert "no row" not in done.err


def test_a_row_has_the_version_of_the_chart_that_is_there(waybill: Waybill, tmp_path: Path) -> None:
    for name in ("greeting", "shared"):
        shutil.copytree(ROOT / "workflows" / name, tmp_path / "workflows" / name)
    shutil.copytree(ROOT / "charts/workflows/charts/greeting", tmp_path / "charts/workflows/charts/greeting")
    assert waybill("init", *KNOWN).code == 0
    rows = yaml.safe_load((tmp_path / "compatibility.yaml").read_bytes())["rows"]
    assert [(row["charts"], row["versions"]) for row in rows] == [(["greeting"], "2.x"), (["workflows"], "0.x")]
    assert waybill("check").code == 0


def test_settings_in_pyproject_toml_are_taken_and_no_others_written(waybill: Waybill, tmp_path: Path) -> None:
    project = '[project]\nname = "x"\n\n[tool.waybill]\nworkflows = "flows"\nregistry = "ghcr.io/acme"\n'
    write(tmp_path, {"pyproject.toml": project})
    found = states(waybill("init", "--json"))
    assert found["pyproject.toml"] == "kept"
    assert "waybill.toml" not in found
    assert (tmp_path / "flows/README.md").is_file()
    assert "`pyproject.toml` | the settings of waybill" in (tmp_path / "README.md").read_text()
    assert (tmp_path / "pyproject.toml").read_text() == project


def test_a_pyproject_toml_of_somebody_else_stays_as_it_is(waybill: Waybill, tmp_path: Path) -> None:
    write(tmp_path, {"pyproject.toml": '[project]\nname = "x"\n'})
    assert states(waybill("init", "--json"))["waybill.toml"] == "created"
    assert (tmp_path / "pyproject.toml").read_text() == '[project]\nname = "x"\n'


def test_settings_of_a_folder_above_are_not_those_of_a_new_repository(waybill: Waybill, tmp_path: Path) -> None:
    write(tmp_path, {"waybill.toml": 'workflows = "elsewhere"\nregistry = "ghcr.io/other"\n'})
    assert states(waybill("init", "demo", "--json"))["waybill.toml"] == "created"
    assert load_settings(tmp_path / "demo", {}, {}).workflows == Path("workflows")


def test_what_is_there_is_kept_and_gitignore_gets_its_lines(waybill: Waybill, tmp_path: Path) -> None:
    own = {"README.rst": "Ours", ".github/renovate.json5": "{}", ".gitignore": b"*.swp\r\n\xff\r\n"}
    write(tmp_path, own)
    found = states(waybill("init", *KNOWN, "--json"))
    assert (found["README.md"], found["renovate.json"], found[".gitignore"]) == ("kept", "kept", "changed")
    assert not (tmp_path / "README.md").exists()
    assert not (tmp_path / "renovate.json").exists()
    after = (tmp_path / ".gitignore").read_bytes()
    assert after == b"*.swp\r\n\xff\r\n# Written by waybill\r\n/dist/\r\n.waybill-staging-*/\r\n"


def test_workflows_of_github_that_somebody_wrote_are_not_mixed_with_ours(waybill: Waybill, tmp_path: Path) -> None:
    write(tmp_path, {".github/workflows/release.yaml": "name: Ours\n"})
    done = waybill("init", *KNOWN)
    assert done.code == 0
    assert "since .github/workflows/release.yaml is not written by waybill; rename it" in done.err
    assert [path.name for path in (tmp_path / ".github/workflows").iterdir()] == ["release.yaml"]


def test_a_repository_on_gitlab_gets_no_actions(waybill: Waybill, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    git(tmp_path, "remote", "add", "origin", "git@gitlab.com:acme/flows.git")
    done = waybill("init", "--uses", USES)
    assert "the remote is on gitlab.com; docs/ci.md" in done.err
    assert not (tmp_path / ".github").exists()


def test_a_folder_inside_a_repository_gets_neither_git_nor_actions(waybill: Waybill, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    done = waybill("init", "sub/demo", *KNOWN)
    assert done.code == 0, done.err
    assert "GitHub reads only that of the repository's root" in done.err
    assert not (tmp_path / "sub/demo/.git").exists()
    assert not (tmp_path / "sub/demo/.github").exists()


def test_no_git_and_no_actions_leave_them_out(waybill: Waybill, tmp_path: Path) -> None:
    done = waybill("init", "demo", *KNOWN, "--no-git", "--no-actions")
    assert done.code == 0
    assert {path.name for path in (tmp_path / "demo").iterdir()} == {
        *(".gitignore", "README.md", "compatibility.yaml", "renovate.json", "waybill.toml", "workflows")
    }


def test_workflow_folders_at_the_top_are_to_be_moved(waybill: Waybill, tmp_path: Path) -> None:
    for name in ("greeting", "shared"):
        shutil.copytree(ROOT / "workflows" / name, tmp_path / name)
    before = files_below(tmp_path)
    done = waybill("init")
    assert done.code == 1
    assert "mkdir workflows && git mv greeting shared workflows/" in done.err
    assert files_below(tmp_path) == before


def test_an_option_that_contradicts_the_settings_is_refused(waybill: Waybill) -> None:
    assert waybill("init", "demo", "--registry", "ghcr.io/acme").code == 0
    assert waybill("init", "demo", "--registry", "ghcr.io/acme").code == 0
    done = waybill("init", "demo", "--registry", "quay.io/acme")
    assert done.code == 2
    assert "waybill.toml: registry is 'ghcr.io/acme', not 'quay.io/acme'; change the file" in done.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--github", "acme"], "'acme' is not OWNER/REPO"),
        (["--uses", "acme/waybill@main"], "is not OWNER/REPO@COMMIT, with the 40 digits"),
        (["--registry", "https://quay.io"], "registry 'https://quay.io': write host[:port]/namespace"),
        (["--repository-url", "https://me:s3cr3t@example.com"], "repository_url contains a user name or a password"),
    ],
)
def test_a_misshapen_answer_writes_nothing(words: list[str], said: str, waybill: Waybill, tmp_path: Path) -> None:
    done = waybill("init", "demo", *words)
    assert done.code == 2
    assert said in done.err
    assert "s3cr3t" not in done.err
    assert not (tmp_path / "demo").exists()


def file_in_the_way(folder: Path) -> None:
    (folder / "demo").write_text("a file")


def file_above(folder: Path) -> None:
    (folder / "demo").symlink_to(folder / "file" / "below")
    (folder / "file").write_text("a file")


def link_out(folder: Path) -> None:
    (folder / "outside").mkdir()
    (folder / "demo").mkdir()
    (folder / "demo" / "workflows").symlink_to(folder / "outside")


def link_to_nothing(folder: Path) -> None:
    (folder / "demo").mkdir()
    (folder / "demo" / "compatibility.yaml").symlink_to(folder / "nothing")


def fifo(folder: Path) -> None:
    (folder / "demo").mkdir()
    os.mkfifo(folder / "demo" / "README.md")


@pytest.mark.parametrize(
    ("prepare", "said"),
    [
        (file_in_the_way, "demo: is not a folder; name another"),
        (file_above, "demo: is not a folder; name another"),
        (link_out, "demo/workflows/README.md: leads outside demo"),
        (link_to_nothing, "demo/compatibility.yaml: is not a file; move it away"),
        (fifo, "demo/README.md: is not a file; move it away"),
    ],
)
def test_a_hostile_folder_is_left_as_it_is(prepare: Any, said: str, waybill: Waybill, tmp_path: Path) -> None:
    prepare(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    done = waybill("init", "demo", *KNOWN)
    assert done.code == 1
    assert said in done.err
    assert sorted(tmp_path.rglob("*")) == before


def test_a_place_where_no_folder_can_be_made_is_named(waybill: Waybill, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = waybill("init", "file/demo", *KNOWN)
    assert done.code == 1
    assert "file/demo" in done.err or "file: " in done.err


@pytest.fixture(scope="module")
def runs() -> Iterator[Runs]:
    with starting_runs({}) as started:
        yield started


def test_a_run_that_is_killed_is_finished_by_the_next(runs: Runs, tmp_path: Path) -> None:
    start = tmp_path / "start"
    write(start, {".gitignore": "*.swp\n"})

    def check(work: Path, place: str) -> None:
        for path, data in files_below(work).items():
            if path.endswith(".toml"):
                assert tomllib.loads(data.decode()), place
        assert (work / ".gitignore").read_text().startswith("*.swp\n"), place

    words = ("init", "--yes", "--no-git", *KNOWN)
    assert kill_everywhere(runs, start, tmp_path / "work", words, check, thorough=False) > 5


def test_on_a_terminal_it_asks_for_what_no_option_says(tmp_path: Path) -> None:
    done = at_a_terminal(tmp_path, "init", "demo", answers=["acme/flows", "ghcr.io/acme", "", USES])
    assert "Repository on GitHub, as OWNER/REPO" in done
    assert "Registry and namespace of the images [quay.io/acme]" in done
    settings = load_settings(tmp_path / "demo", {}, {})
    assert settings.registry == "ghcr.io/acme"
    assert settings.repository_url == "https://acme.github.io/flows"
    assert settings.actions.uses == USES


def test_on_a_terminal_yes_asks_nothing(tmp_path: Path) -> None:
    assert "Registry and namespace" not in at_a_terminal(tmp_path, "init", "demo", "--yes", answers=[])
    assert (tmp_path / "demo/waybill.toml").is_file()


def at_a_terminal(folder: Path, *words: str, answers: list[str]) -> str:
    """What waybill shows at a terminal at which these answers are typed, one a question."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "WAYBILL_CACHE": str(folder / ".cache")}
    with subprocess.Popen(
        [*PROGRAM, *words], stdin=theirs, stdout=theirs, stderr=theirs, cwd=folder, env=environment
    ) as process:
        os.close(theirs)
        shown, left = "", list(answers)
        while select.select([ours], [], [], 30)[0]:
            try:
                shown += os.read(ours, 4096).decode()
            except OSError:  # the other end is closed
                break
            if left and re.search(r": \Z", shown):
                os.write(ours, f"{left.pop(0)}\n".encode())
    os.close(ours)
    assert process.returncode == 0, shown
    assert not left, shown
    return shown


def test_renovate_takes_the_configuration(waybill: Waybill, tmp_path: Path) -> None:
    schema = Path(os.environ.get("WAYBILL_RENOVATE_SCHEMA", "none"))
    if not schema.is_file():
        missing("Renovate's schema from npm (run: nox -s tests, where npm is)")
    assert waybill("init", "demo", *KNOWN).code == 0
    document = json.loads((tmp_path / "demo/renovate.json").read_bytes())
    validator = jsonschema.Draft7Validator(json.loads(schema.read_bytes()))
    assert [error.message for error in validator.iter_errors(document)] == []
    document["customManagers"][0]["matchString"] = []
    document["packageRules"][0]["enabled"] = "no"
    assert [*validator.iter_errors(document)]


def test_renovates_expressions_find_waybill_in_what_was_written(waybill: Waybill, tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        missing("Node.js")
    for name in ("greeting", "shared"):
        shutil.copytree(ROOT / "workflows" / name, tmp_path / "workflows" / name)
    assert waybill("init", *KNOWN).code == 0
    script = """
      const fs = require('fs'), found = [];
      const all = fs.readdirSync('.', {recursive: true});
      const files = all.filter(f => fs.statSync(f).isFile() && !f.startsWith('.git/'));
      for (const manager of JSON.parse(fs.readFileSync('renovate.json')).customManagers)
        for (const file of files.filter(f => manager.managerFilePatterns.some(p => new RegExp(p.slice(1, -1)).test(f))))
          for (const expression of manager.matchStrings)
            for (const match of fs.readFileSync(file, 'utf8').matchAll(new RegExp(expression, 'g')))
              found.push([file, match.groups.depName, match.groups.currentDigest]);
      console.log(JSON.stringify(found));
    """
    done = subprocess.run([node, "-e", script], cwd=tmp_path, check=True, capture_output=True, text=True)
    found = json.loads(done.stdout)
    assert {(name, commit) for _, name, commit in found} == {("acme/waybill", COMMIT)}
    pinned = {path for path, data in files_below(tmp_path).items() if USES.encode() in data}
    assert {file for file, _, _ in found} == pinned
