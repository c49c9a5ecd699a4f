"""`waybill build --exclude`, `--keep-going` and `--dry-run`: what is not built stays as it was."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import Waybill

UMBRELLA = Path("charts/workflows")


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def misspell(repository: Path) -> None:
    edit(repository / "workflows/greeting/greeting.sw.yaml", "transition: GreetInGerman", "transition: GreetInGermn")


def change(repository: Path) -> None:
    edit(repository / "workflows/escalation/ticketEscalation.sw.yaml", 'version: "1.0.0"', 'version: "1.0.1"')


def files(repository: Path) -> dict[str, bytes]:
    found = (path for path in repository.rglob("*") if path.is_file())
    named = {path.relative_to(repository).as_posix(): path for path in found}
    return {name: path.read_bytes() for name, path in named.items() if not name.startswith(".cache")}


def changed(before: dict[str, bytes], after: dict[str, bytes]) -> set[str]:
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


def dependencies(repository: Path) -> dict[str, str]:
    about: dict[str, Any] = yaml.safe_load((repository / UMBRELLA / "Chart.yaml").read_bytes())
    return {each["name"]: each["version"] for each in about["dependencies"]}


@pytest.mark.parametrize("exclude", ["greeting", "gr*"])
def test_an_excluded_workflow_is_not_read_and_its_chart_stays(repository: Path, waybill: Waybill, exclude: str) -> None:
    assert waybill("build", "--all").code == 0
    before = files(repository)
    misspell(repository)
    change(repository)
    done = waybill("build", "--all", "--exclude", exclude, "--bump", "auto")
    assert done.code == 0, done.err
    assert dependencies(repository) == {"escalation": "0.1.1", "greeting": "0.1.0"}
    different = changed(before, files(repository))
    assert not [path for path in different if path.startswith(("charts/workflows/charts/greeting", "dist/greeting"))]
    assert waybill("build", "--all", "--exclude", exclude, "--check").code == 0


def test_a_chart_whose_workflow_is_gone_goes_though_others_are_excluded(repository: Path, waybill: Waybill) -> None:
    shutil.copytree(repository / "workflows/greeting", repository / "workflows/third")
    edit(repository / "workflows/third/greeting.sw.yaml", "id: greeting", "id: third")
    assert waybill("build", "--all").code == 0
    shutil.rmtree(repository / "workflows/third")
    done = waybill("build", "--all", "--exclude", "greeting")
    assert done.code == 0, done.err
    assert sorted(dependencies(repository)) == ["escalation", "greeting"]


@pytest.mark.parametrize(
    ("exclude", "said"),
    [
        (("greting",), "--exclude 'greting' matches no workflow; did you mean 'greeting'?"),
        (("x*",), "--exclude 'x*' matches no workflow"),
        (("gr*", "esc*"), "--exclude leaves no workflow to build"),
    ],
)
def test_a_pattern_that_matches_none_or_all_is_refused(
    repository: Path, waybill: Waybill, exclude: tuple[str, ...], said: str
) -> None:
    done = waybill("build", "--all", *(word for each in exclude for word in ("--exclude", each)))
    assert (done.code, (repository / "charts").exists()) == (2, False)
    assert said in done.err


def test_a_workflow_with_errors_is_left_out_and_the_rest_is_built(repository: Path, waybill: Waybill) -> None:
    assert waybill("build", "--all").code == 0
    before = files(repository)
    misspell(repository)
    change(repository)
    assert waybill("build", "--all", "--bump", "auto").code == 1
    assert not {path for path in changed(before, files(repository)) if not path.startswith("workflows/")}
    done = waybill("build", "--all", "--bump", "auto", "--keep-going")
    assert done.code == 1
    assert "transition to the unknown state 'GreetInGermn'" in done.err
    assert "greeting: left out, so its chart stays as it was: 1 error\n" in done.err
    assert dependencies(repository) == {"escalation": "0.1.1", "greeting": "0.1.0"}
    different = changed(before, files(repository))
    assert not [path for path in different if path.startswith(("charts/workflows/charts/greeting", "dist/greeting"))]
    again = waybill("build", "--all", "--keep-going", "--json")
    assert (again.code, again.json["ok"]) == (1, False)
    assert [chart["chart"] for chart in again.json["charts"]] == ["escalation"]
    assert [(each["workflow"], each["chart"]) for each in again.json["left_out"]] == [("greeting", "greeting")]
    assert "GreetInGermn" in again.json["left_out"][0]["error"]


def test_a_workflow_that_cannot_be_read_or_was_never_built_is_left_out(repository: Path, waybill: Waybill) -> None:
    (repository / "workflows/greeting/greeting.sw.yaml").write_text("id: [")
    (repository / "workflows/empty").mkdir()
    done = waybill("build", "--all", "--keep-going")
    assert done.code == 1
    assert dependencies(repository) == {"escalation": "0.1.0"}
    assert "empty: left out" in done.err
    assert "greeting: left out" in done.err


def test_an_error_in_shared_leaves_out_the_workflows_that_have_it(repository: Path, waybill: Waybill) -> None:
    own = "schemas/greeting-input-schema.json"
    shared = repository / "workflows/shared/schemas/mine.json"
    shared.write_text('{"type": "object", "properties": {"a": {"type": "strng"}}}')
    edit(repository / "workflows/greeting/greeting.sw.yaml", own, "../shared/schemas/mine.json")
    found = waybill("lint", "--json").json["findings"]
    assert {each["path"] for each in found if each["severity"] == "error"} >= {"workflows/shared/schemas/mine.json"}
    done = waybill("build", "--all", "--keep-going")
    assert done.code == 1
    assert dependencies(repository) == {"escalation": "0.1.0"}


def test_a_chart_that_is_published_with_other_bytes_is_left_out(repository: Path, waybill: Waybill) -> None:
    assert waybill("build", "--all").code == 0
    before = files(repository)
    change(repository)
    edit(repository / "workflows/greeting/greeting.sw.yaml", 'version: "1.0.0"', 'version: "1.0.1"')
    assert waybill("bump", "greeting", "patch").code == 0
    done = waybill("build", "--all", "--keep-going")
    assert done.code == 1
    assert "escalation: left out, so its chart stays as it was: escalation 0.1.0 is in the index" in done.err
    assert dependencies(repository) == {"escalation": "0.1.0", "greeting": "0.1.1"}
    different = changed(before, files(repository))
    own = ("charts/workflows/charts/escalation", "dist/escalation")
    assert not [path for path in different if path.startswith(own)]


@pytest.mark.parametrize("words", [("--all",), ("greeting",)])
def test_where_nothing_is_left_to_build_nothing_is_written(
    repository: Path, waybill: Waybill, words: tuple[str, ...]
) -> None:
    misspell(repository)
    (repository / "workflows/escalation/ticketEscalation.sw.yaml").write_text("id: [")
    done = waybill("build", *words, "--keep-going")
    assert (done.code, (repository / "charts").exists(), (repository / "dist").exists()) == (1, False, False)
    assert "nothing was written" in done.err


def test_a_dry_run_says_what_a_build_writes_and_writes_nothing(repository: Path, waybill: Waybill) -> None:
    assert waybill("build", "--all").code == 0
    change(repository)
    before = files(repository)
    words = ("build", "--all", "--bump", "auto")
    document = waybill(*words, "--dry-run", "--json").json
    assert (document["ok"], document["dry_run"]) == (True, True)
    dry = waybill(*words, "--dry-run")
    assert (dry.code, dry.out) == (0, "")
    assert files(repository) == before
    count = len(document["files"])
    assert f"dry run: {count} files would be written or removed\n" in dry.err
    assert dry.err.endswith("next   waybill build --all --bump auto   writes them\n")
    wet = waybill(*words, "--json").json
    assert changed(before, files(repository)) == set(document["files"])
    assert {**wet, "files": document["files"], "dry_run": True} == document


def test_a_dry_run_leaves_no_folder_and_names_what_would_be_removed(repository: Path, waybill: Waybill) -> None:
    before = files(repository)
    done = waybill("build", "--all", "--dry-run", "--exclude", "gr*")
    assert (done.code, files(repository)) == (0, before)
    assert not (repository / "charts").exists()
    assert not (repository / "dist").exists()
    assert done.err.endswith("next   waybill build --all --exclude 'gr*'   writes them\n")
    assert waybill("build", "--all").code == 0
    shutil.rmtree(repository / "workflows/greeting")
    listed = waybill("build", "--all", "--dry-run", "--json").json["files"]
    assert "charts/workflows/charts/greeting/Chart.yaml" in listed


def test_a_dry_run_with_errors_fails_as_the_build_does(repository: Path, waybill: Waybill) -> None:
    misspell(repository)
    assert waybill("build", "--all", "--dry-run").code == 1
    done = waybill("build", "--all", "--dry-run", "--keep-going")
    assert (done.code, (repository / "charts").exists()) == (1, False)
    assert "greeting: left out" in done.err


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize("flag", ["--dry-run", "--keep-going"])
def test_check_goes_with_neither(waybill: Waybill, flag: str) -> None:
    done = waybill("build", "--all", "--check", flag)
    assert done.code == 2
    assert "--check writes nothing and stops at errors; leave out --dry-run and --keep-going" in done.err
