"""A command writes the same files from whichever folder of a repository it runs in, and never among workflows."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.conftest import Waybill


def files(folder: Path) -> dict[str, bytes]:
    """All files of a repository but git's."""
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in paths
        if not {".git", ".cache"} & {*path.relative_to(folder).parts}
    }


@pytest.fixture(params=["waybill.toml", "git"])
def rooted(repository: Path, request: pytest.FixtureRequest) -> Path:
    """A repository that is known by its settings file, or by git alone."""
    if request.param == "git":
        subprocess.run(["git", "init", "--quiet", str(repository)], check=True)
    else:
        (repository / "waybill.toml").write_text("")
    return repository


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("workflows", "greeting"),
        ("workflows", "./greeting"),
        ("workflows/greeting", "."),
        ("workflows/greeting", "greeting"),
        ("workflows/greeting/schemas", ".."),
    ],
)
def test_a_build_writes_the_same_files_from_each_folder_of_a_repository(
    rooted: Path, waybill: Waybill, folder: str, name: str
) -> None:
    before = files(rooted)
    done = waybill("build", name, cwd=rooted / folder)
    assert done.code == 0, done.err
    written = files(rooted)
    assert {path.split("/")[0] for path in written.keys() - before.keys()} == {"charts", "dist"}
    for path in written.keys() - before.keys():
        (rooted / path).unlink()
    assert waybill("build", "greeting", cwd=rooted).code == 0
    assert files(rooted).keys() == written.keys()
    assert {path for path, data in files(rooted).items() if data != written[path]} <= {"dist/index.yaml"}
    assert waybill("build", "--all", cwd=rooted / folder).code == 0


def test_the_files_of_github_actions_are_those_of_the_repository(rooted: Path, waybill: Waybill) -> None:
    words = ("actions", "--uses", f"me/waybill@{'1' * 40}")
    assert waybill(*words, cwd=rooted / "workflows" / "greeting").code == 0
    assert (rooted / ".github" / "workflows" / "greeting.yaml").is_file()
    assert waybill(*words, "--check", cwd=rooted).code == 0


def test_paths_of_the_command_line_are_relative_to_where_it_runs(rooted: Path, waybill: Waybill) -> None:
    (rooted / "elsewhere").mkdir()
    done = waybill("build", "greeting", "--charts", "a", "--output", "b", cwd=rooted / "elsewhere")
    assert done.code == 0, done.err
    assert sorted(path.name for path in (rooted / "elsewhere").iterdir()) == ["a", "b"]


def test_a_workflows_folder_that_is_in_no_repository_is_not_written_into(repository: Path, waybill: Waybill) -> None:
    before = files(repository)
    done = waybill("build", "greeting", cwd=repository / "workflows")
    assert (done.code, files(repository)) == (2, before)
    assert f"the charts folder, charts, is in the workflows folder, {repository}/workflows, where each" in done.err


def test_a_workflow_folder_that_is_in_no_repository_is_not_written_into(repository: Path, waybill: Waybill) -> None:
    before = files(repository)
    done = waybill("build", ".", cwd=repository / "workflows" / "greeting")
    assert (done.code, files(repository)) == (2, before)
    assert done.err == (
        "waybill: error: the charts folder, charts, is in the workflow folder .; name another folder with --charts\n"
    )


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("build", "greeting", "--charts", "workflows"), "the charts folder, workflows, is"),
        (
            ("build", "greeting", "--charts", "workflows/greeting/charts"),
            "the charts folder, workflows/greeting",
        ),
        (("build", "--all", "--output", "workflows/dist"), "the output folder, workflows/dist, is"),
        (("build", "--all", "--check", "--charts", "workflows/x"), "the charts folder, workflows/x, is"),
        (("bump", "greeting", "minor", "--charts", "workflows"), "the charts folder, workflows, is"),
        (("changelog", "greeting", "--charts", "workflows"), "the charts folder, workflows, is"),
        (("umbrella", "--charts", "workflows"), "the charts folder, workflows, is"),
        (("image", "greeting", "--output", "workflows"), "the output folder, workflows, is"),
        (("chart", "greeting", "-o", "workflows"), "--out, workflows, is"),
        (("manifests", "greeting", "-o", "workflows/greeting/out"), "--out, workflows/greeting/out, is"),
        (("package", "charts/x", "-o", "workflows/dist"), "--out, workflows/dist, is"),
        (("gitops", "flux", "--namespace", "x", "-o", "workflows/x"), "--out, workflows/x, is"),
        (("actions", "-C", "workflows"), "-C, workflows, is"),
        (("publish", "--to", "dir:workflows/public"), "--to, workflows/public, is"),
    ],
)
def test_nothing_is_written_among_workflows(
    repository: Path, waybill: Waybill, words: tuple[str, ...], what: str
) -> None:
    before = files(repository)
    done = waybill(*words)
    assert (done.code, files(repository)) == (2, before), done.err
    assert f"waybill: error: {what}" in done.err
    assert re.search("in the (workflows folder, workflows, where|workflow folder workflows/greeting;)", done.err)
    assert "; name another folder" in done.err


@pytest.mark.usefixtures("repository")
def test_the_workflows_folder_is_not_in_the_charts_folder(waybill: Waybill) -> None:
    done = waybill("build", "--all", "--charts", ".")
    assert done.code == 2
    assert "the workflows folder, workflows, is in the charts folder, ., which builds replace" in done.err
