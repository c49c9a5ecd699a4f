"""`waybill new`: what it writes lints, builds and installs, and nothing that was there is lost."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.command import PROGRAM, run
from tests.conftest import Helm, Waybill
from tests.file_server import serving
from tests.integration.test_propose import commit, git
from tests.unit.generator.scaffold.test_starter import SPEC

ROWS = """\
# Ours.
rows:
  - charts: &ours [greeting] # by name
    versions: 0.x
    sonataflow: 10.x
  - charts: *ours
    versions: 1.45.x
    sonataflow: 1.45.x
"""
COMBINATIONS = [
    ["--type", type_, "--layout", layout, *more]
    for type_ in ("infrastructure", "assessment")
    for layout in ("flat", "quarkus")
    for more in (
        ["--backstage"],
        ["--from-openapi", "pets.yaml", "--operation", "listPets", "--operation", "addPet", "--auth"],
    )
]


@pytest.fixture
def start(tmp_path: Path) -> Path:
    """A repository with a compatibility.yaml, an OpenAPI file and no workflows."""
    (tmp_path / "pets.yaml").write_bytes(SPEC)
    (tmp_path / "compatibility.yaml").write_text(ROWS)
    return tmp_path


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A repository with one new workflow of each kind, built."""
    folder = tmp_path_factory.mktemp("started")
    (folder / "pets.yaml").write_bytes(SPEC)
    env = {"WAYBILL_CACHE": str(folder / ".cache")}
    for number, words in enumerate(COMBINATIONS):
        done = run("new", f"flow-{number}", *words, cwd=folder, env=env)
        assert done.code == 0, done.err
    strict = run("lint", "--strict", cwd=folder, env=env)
    assert strict.code == 0, strict.err
    built = run("build", "--all", "--strict", cwd=folder, env=env)
    assert built.code == 0, built.err
    return folder


@pytest.mark.parametrize(
    "number", range(len(COMBINATIONS)), ids=lambda n: " ".join(COMBINATIONS[n][1:5:2] + COMBINATIONS[n][4:5])
)
def test_each_kind_of_new_workflow_lints_builds_and_installs(started: Path, helm: Helm, number: int) -> None:
    chart = started / f"charts/workflows/charts/flow-{number}"
    values = {"requireEnv": False}
    assert not [line for line in helm.lint(chart, values) if "ERROR" in line or "WARNING" in line]
    kinds = [one["kind"] for one in helm.render(chart, values)]
    assert "SonataFlow" in kinds
    assert not list(chart.rglob("*rbac*"))
    assert not list(chart.rglob("input.json"))


def test_what_backstage_reads_is_no_part_of_the_image_or_of_its_tag(start: Path, waybill: Waybill) -> None:
    waybill("new", "order-tea")
    waybill("new", "order-rum", "--backstage")
    tags = [waybill("build", "--all", "--json").json]
    assert tags
    before = (start / "charts/workflows/charts/order-rum/values.yaml").read_text()
    (start / "workflows/order-rum/backstage/template.yaml").write_text("other: true\n")
    (start / "workflows/order-rum/tests/input.json").write_text('{"name": "Eve"}\n')
    assert waybill("build", "--all").code == 0
    assert (start / "charts/workflows/charts/order-rum/values.yaml").read_text() == before


def test_the_chart_and_the_umbrella_are_added_to_the_row_of_the_newest_operator(start: Path, waybill: Waybill) -> None:
    assert waybill("new", "order-tea").code == 0
    expected = ROWS.replace("[greeting]", "[greeting, order-tea, workflows]")
    assert (start / "compatibility.yaml").read_text() == expected
    assert waybill("build", "--all").code == 0
    checked = waybill("check")
    assert checked.code == 0, checked.err


def test_the_repository_gets_the_file_of_github_actions_only_where_it_has_them(start: Path, waybill: Waybill) -> None:
    waybill("new", "order-tea")
    assert not (start / ".github").exists()
    assert waybill("actions", "--uses", f"octo/waybill@{'1' * 40}").code == 0
    assert waybill("new", "order-rum").code == 0
    assert (start / ".github/workflows/order-rum.yaml").is_file()
    assert waybill("actions", "--uses", f"octo/waybill@{'1' * 40}", "--check").code == 0


def test_the_shared_schema_of_results_is_used_where_the_repository_has_one(repository: Path, waybill: Waybill) -> None:
    assert waybill("new", "order-tea").code == 0
    schema = json.loads((repository / "workflows/order-tea/schemas/workflow-output-schema.json").read_text())
    assert schema["properties"]["result"] == {"$ref": "../shared/schemas/workflow-result-schema.json"}
    assert not (repository / "workflows/order-tea/schemas/workflow-result-schema.json").exists()
    assert waybill("lint", "--strict").code == 0


def test_nothing_is_overwritten_and_the_same_command_again_changes_nothing(start: Path, waybill: Waybill) -> None:
    assert waybill("new", "order-tea").code == 0
    again = waybill("new", "order-tea", "--json")
    assert (again.code, again.json["written"]) == (0, [])
    other = waybill("new", "order-tea", "--type", "assessment")
    assert other.code == 1
    assert "workflows/order-tea: exists, with 'README.md'" in other.err
    assert "workflow-type/infrastructure" in (start / "workflows/order-tea/order-tea.sw.yaml").read_text()
    (start / "workflows/taken").write_text("a file")
    assert "is not a folder" in waybill("new", "taken").err
    assert (start / "workflows/taken").read_text() == "a file"
    (start / "workflows/link").symlink_to("order-tea")
    assert waybill("new", "link").code == 1


def test_a_folder_that_makes_the_same_chart_is_named(start: Path, waybill: Waybill) -> None:
    (start / "workflows/order-tea.x").mkdir(parents=True)
    done = waybill("new", "order-tea")
    assert (done.code, "order-tea.x makes the chart 'order-tea'" in done.err) == (2, True)


def test_a_folder_that_has_a_workflow_of_the_same_id_is_named(repository: Path, waybill: Waybill) -> None:
    done = waybill("new", "ticketescalation")
    assert done.code == 2
    assert "workflows/escalation has a workflow with the id 'ticketescalation'" in done.err
    (repository / "workflows/greeting/greeting.sw.yaml").write_text("[")
    assert waybill("new", "order-tea").code == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "NAME is missing"),
        (["OrderTea"], "try 'order-tea'"),
        (["order-tea", "--operation", "a"], "add --from-openapi FILE"),
        (["order-tea", "--from-openapi", "none.yaml"], "none.yaml: cannot be read"),
        (["order-tea", "--from-openapi", "."], "is not a file"),
        (["order-tea", "--from-openapi", "pets.yaml"], "--operation:\n  listPets  GET /pets\n  addPet  POST /pets"),
        (["order-tea", "--from-openapi", "pets.yaml", "--operation", "adPet"], "did you mean 'addPet'?"),
    ],
)
def test_a_wrong_command_line_is_exit_code_2(start: Path, waybill: Waybill, words: list[str], message: str) -> None:
    done = waybill("new", *words)
    assert done.code == 2
    assert message in done.err
    assert not (start / "workflows").exists()
    assert (start / "compatibility.yaml").read_text() == ROWS


def test_a_compatibility_file_that_cannot_be_read_stops_before_anything_is_written(
    start: Path, waybill: Waybill
) -> None:
    (start / "compatibility.yaml").write_text("rows: 5\n")
    done = waybill("new", "order-tea")
    assert done.code == 1
    assert "compatibility.yaml:1:7" in done.err
    assert not (start / "workflows/order-tea").exists()


def test_a_dry_run_shows_the_files_and_writes_none(start: Path, waybill: Waybill) -> None:
    done = waybill("new", "order-tea", "--dry-run")
    assert done.code == 0
    assert "workflows/order-tea/order-tea.sw.yaml" in done.err
    assert "nothing was written" in done.err
    assert not (start / "workflows").exists()
    assert (start / "compatibility.yaml").read_text() == ROWS


def test_on_a_terminal_it_asks_for_what_is_missing(start: Path) -> None:
    pty = pytest.importorskip("pty", reason="this system has no terminals of that kind")
    terminal, other = pty.openpty()
    command = [*PROGRAM, "new", "--from-openapi", "pets.yaml"]
    said = b""
    with subprocess.Popen(command, cwd=start, stdin=other, stdout=other, stderr=other) as process:
        os.close(other)
        for question, answer in (
            (b"Name:", b"Order Tea\n"),
            (b"Name:", b"order-tea\n"),
            (b"[infrastructure]:", b"assessment\n"),
            (b"[flat]:", b"\n"),
            (b"[listPets]:", b"addPet listPets\n"),
            (b"waybill build", b""),
        ):
            part = b""
            while question not in part:
                part += os.read(terminal, 4096)
            said += part
            os.write(terminal, answer)
        assert process.wait() == 0
    os.close(terminal)
    assert b"try 'order-tea'" in said
    definition = yaml.safe_load((start / "workflows/order-tea/order-tea.sw.yaml").read_text())
    assert definition["annotations"] == ["workflow-type/assessment"]
    assert [one["name"] for one in definition["functions"]][:2] == ["addPet", "listPets"]


@pytest.mark.parametrize("words", [COMBINATIONS[0], COMBINATIONS[5]], ids=["infrastructure", "assessment"])
def test_a_new_workflow_is_built_proposed_merged_published_and_rendered_from_there(
    start: Path, waybill: Waybill, helm: Helm, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (start / "gitconfig").write_text("[init]\n\tdefaultBranch = main\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(start / "gitconfig"))
    git(start, "init", "--quiet")
    (start / ".gitignore").write_text("dist/\n.cache/\nconfig/\npublic/\ngitconfig\n")
    assert waybill("new", "order-tea", *words).code == 0
    assert waybill("build", "--all").code == 0
    commit(start, "Order tea")
    (start / "config").mkdir()
    git(start / "config", "init", "--quiet")
    (start / "config/README.md").write_text("Followed by the cluster.\n")
    commit(start / "config", "First")
    proposed = waybill("propose", "--all", "--to", "dir:config")
    assert proposed.code == 0, proposed.err
    git(start / "config", "merge", "--quiet", "waybill/order-tea")
    [chart] = [path.parent for path in (start / "config").rglob("Chart.yaml")]
    done = waybill("publish", chart, "--to", "dir:public", "--init", "--allow-tag")
    assert done.code == 0, done.err
    with serving(start / "public") as url:
        rendered = helm.run("template", "demo", "order-tea", "--repo", url, "--set", "requireEnv=false")
    assert "kind: SonataFlow" in rendered


@pytest.mark.parametrize("profile", ["gitops", "preview", "dev"])
def test_the_operator_takes_a_new_workflow_in_each_profile(started: Path, profile: str, tmp_path: Path) -> None:
    for number in range(len(COMBINATIONS)):
        words = ["manifests", f"flow-{number}", "--profile", profile, "-o", tmp_path / f"{number}"]
        done = run(*words, cwd=started, env={"WAYBILL_CACHE": str(tmp_path / ".cache")})
        assert done.code == 0, done.err
