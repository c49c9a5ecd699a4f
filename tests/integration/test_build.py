"""`waybill build`, run as people run it: on folders on disk, in a process of its own."""

from __future__ import annotations

import contextlib
import os
import pty
import resource
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from pipeline.system.locks import only_writer
from tests.command import PROGRAM
from tests.conftest import ROOT, Waybill

GREETING = "charts/workflows/charts/greeting"


def bytes_below(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def misspell(repository: Path) -> None:
    edit(repository / "workflows/greeting/greeting.sw.yaml", "transition: GreetInGerman", "transition: GreetInGermn")


def versions(repository: Path, chart: str) -> list[str]:
    index = yaml.safe_load((repository / "dist/index.yaml").read_text(encoding="utf-8"))
    return [entry["version"] for entry in index["entries"].get(chart, [])]


def test_one_command_makes_charts_packages_and_an_index(repository: Path, waybill: Waybill) -> None:
    done = waybill("build", "greeting")
    assert done.code == 0, done.err
    assert done.out == ""
    made = {path.relative_to(repository).as_posix() for path in repository.glob("dist/*")}
    assert made == {"dist/greeting-0.1.0.tgz", "dist/workflows-0.1.0.tgz", "dist/index.yaml"}
    assert (repository / GREETING / "Chart.yaml").is_file()
    stages = [line.split()[0] for line in done.err.splitlines()[:4]]
    assert stages == ["lint", "charts", "packages", "index"]
    assert "next   helm install greeting dist/greeting-0.1.0.tgz" in done.err


def test_json_is_one_document_on_standard_output(repository: Path, waybill: Waybill) -> None:
    document = waybill("build", "--all", "--json").json
    assert document["ok"] is True
    assert [c["chart"] for c in document["charts"]] == ["escalation", "greeting"]
    greeting = document["charts"][1]
    assert greeting["package"] == "dist/greeting-0.1.0.tgz"
    assert greeting["bytes"] == (repository / "dist/greeting-0.1.0.tgz").stat().st_size
    assert greeting["image"].startswith("quay.io/orchestrator/serverless-workflow-greeting:src-")
    assert [c["state"] for c in document["charts"]] == ["new", "new"]


@pytest.mark.parametrize("cached", [True, False])
def test_a_second_build_changes_nothing(repository: Path, waybill: Waybill, *, cached: bool) -> None:
    waybill("build", "--all")
    before = bytes_below(repository / "charts") | bytes_below(repository / "dist")
    if not cached:
        shutil.rmtree(repository / ".cache")
    done = waybill("build", "--all", "--json")
    assert [c["state"] for c in done.json["charts"]] == ["unchanged", "unchanged"]
    assert bytes_below(repository / "charts") | bytes_below(repository / "dist") == before


@pytest.mark.parametrize(
    "spoil",
    [
        lambda r: (r / "dist/index.yaml").unlink(),
        lambda r: (r / "dist/greeting-0.1.0.tgz").write_bytes(b""),
        lambda r: (r / GREETING / "values.yaml").unlink(),
        lambda r: (r / GREETING / "templates/stale.yaml").write_text("kind: Stale"),
    ],
)
def test_a_second_build_mends_what_was_spoilt(
    spoil: Callable[[Path], object], repository: Path, waybill: Waybill
) -> None:
    waybill("build", "--all")
    before = bytes_below(repository / "charts"), bytes_below(repository / "dist")
    spoil(repository)
    assert waybill("build", "--all", env={"SOURCE_DATE_EPOCH": "0"}).code == 0
    charts, dist = bytes_below(repository / "charts"), bytes_below(repository / "dist")
    assert charts == before[0]
    assert dist.keys() == before[1].keys()
    assert all(dist[name] == before[1][name] for name in dist if name.endswith(".tgz"))


def test_the_same_input_gives_the_same_bytes_elsewhere(repository: Path, waybill: Waybill) -> None:
    for place in ("one", "two"):
        done = waybill("build", "--all", "--charts", f"{place}/charts", "--output", f"{place}/dist")
        assert done.code == 0, done.err
    first, second = bytes_below(repository / "one"), bytes_below(repository / "two")
    assert {n: d for n, d in first.items() if n.endswith(".tgz") or "charts/" in n} == {
        n: d for n, d in second.items() if n.endswith(".tgz") or "charts/" in n
    }


def test_somebody_else_s_repository(tmp_path: Path, waybill: Waybill) -> None:
    there = tmp_path / "there"
    shutil.copytree(ROOT / "workflows", there / "flows")
    words = ["--workflows", there / "flows", "--charts", there / "helm", "--output", there / "out"]
    assert waybill("build", "--all", *words).code == 0
    assert (there / "helm/workflows/charts/greeting/Chart.yaml").is_file()
    assert (there / "out/index.yaml").is_file()


class TestCheck:
    def test_all_is_well_after_a_build(self, repository: Path, waybill: Waybill) -> None:
        waybill("build", "--all")
        shutil.rmtree(repository / "dist")
        done = waybill("build", "--all", "--check")
        assert (done.code, done.out) == (0, "")
        assert not (repository / "dist").exists()

    def test_one_flipped_byte_is_named(self, repository: Path, waybill: Waybill) -> None:
        waybill("build", "--all")
        path = repository / GREETING / "files/flow.yaml"
        data = bytearray(path.read_bytes())
        data[-5] ^= 1
        path.write_bytes(data)
        before = bytes_below(repository)
        done = waybill("build", "--all", "--check", "--json")
        assert done.code == 1
        assert done.json == {"ok": False, "different": [f"{GREETING}/files/flow.yaml"]}
        assert bytes_below(repository) == before
        assert waybill("build", "escalation", "--check").code == 0

    def test_missing_and_superfluous_files_are_named(self, repository: Path, waybill: Waybill) -> None:
        waybill("build", "--all")
        (repository / GREETING / "values.yaml").unlink()
        (repository / GREETING / "templates/old.yaml").write_text("", encoding="utf-8")
        done = waybill("build", "greeting", "--check", "--json")
        assert done.json["different"] == [f"{GREETING}/templates/old.yaml", f"{GREETING}/values.yaml"]

    def test_a_changed_workflow_is_noticed(self, repository: Path, waybill: Waybill) -> None:
        waybill("build", "--all")
        with (repository / "workflows/greeting/application.properties").open("a", encoding="utf-8") as file:
            file.write("a=b\n")
        done = waybill("build", "--all", "--check")
        assert done.code == 1
        assert f"{GREETING}/files/application.properties: out of date" in done.err

    def test_one_chart_can_be_checked(self, repository: Path, waybill: Waybill) -> None:
        waybill("chart", "greeting", "-o", "out")
        assert waybill("chart", "greeting", "-o", "out", "--check").code == 0
        (repository / "out/greeting/README.md").write_text("mine", encoding="utf-8")
        done = waybill("chart", "greeting", "-o", "out", "--check")
        assert done.code == 1
        assert "out/greeting/README.md" in done.err
        assert (repository / "out/greeting/README.md").read_text(encoding="utf-8") == "mine"


class TestFindings:
    def test_one_bad_folder_stops_all_before_anything_is_written(self, repository: Path, waybill: Waybill) -> None:
        misspell(repository)
        (repository / "workflows/escalation/ticketEscalation.sw.yaml").write_bytes(b"\xff\xfe")
        done = waybill("build", "--all")
        assert done.code == 1
        assert "workflows/escalation/ticketEscalation.sw.yaml:1:1: error: not UTF-8" in done.err
        assert (
            "transition to the unknown state 'GreetInGermn'; did you mean 'GreetInGerman'? [unknown-state]" in done.err
        )
        assert not (repository / "charts").exists()
        assert not (repository / "dist").exists()

    def test_findings_are_json_for_programs(self, repository: Path, waybill: Waybill) -> None:
        misspell(repository)
        for command in ("build", "lint"):
            done = waybill(command, "greeting", "--json")
            assert done.code == 1
            assert {f["rule"] for f in done.json["findings"]} == {"unknown-state"}
            assert done.json["ok"] is False

    def test_manifests_and_chart_stop_on_what_makes_an_object_impossible_alone(
        self, repository: Path, waybill: Waybill
    ) -> None:
        misspell(repository)
        assert waybill("manifests", "greeting", "-o", "out").code == 0
        assert waybill("chart", "greeting", "-o", "out").code == 0
        edit(repository / "workflows/greeting/greeting.sw.yaml", "id: greeting", "id: gree ting")
        for command in ("manifests", "chart"):
            done = waybill(command, "greeting", "-o", "never")
            assert done.code == 1
            assert "[invalid-name]" in done.err
        assert not (repository / "never").exists()

    def test_two_workflows_of_one_id(self, repository: Path, waybill: Waybill) -> None:
        shutil.copytree(repository / "workflows/greeting", repository / "workflows/hello")
        done = waybill("build", "--all")
        assert done.code == 1
        assert "[duplicate-id]" in done.err

    def test_two_folders_that_make_one_chart(self, repository: Path, waybill: Waybill) -> None:
        shutil.move(repository / "workflows/greeting", repository / "workflows/same")
        shutil.copytree(repository / "workflows/escalation", repository / "workflows/same.x")
        shutil.rmtree(repository / "workflows/escalation")
        done = waybill("build", "--all")
        assert done.code == 1
        assert "both make the chart 'same'" in done.err


class TestVersions:
    def test_a_new_chart_starts_at_the_setting(self, repository: Path, waybill: Waybill) -> None:
        waybill("build", "greeting", "--initial-version", "3.0.0")
        waybill("build", "--all", "--initial-version", "4.0.0")
        assert versions(repository, "greeting") == ["3.0.0"]
        assert versions(repository, "escalation") == ["4.0.0"]

    def test_a_published_version_never_changes(self, repository: Path, waybill: Waybill) -> None:
        waybill("build", "--all")
        before = bytes_below(repository / "charts") | bytes_below(repository / "dist")
        edit(repository / "workflows/greeting/greeting.sw.yaml", "Hallo", "Servus")
        done = waybill("build", "--all")
        assert done.code == 1
        assert "greeting 0.1.0 is in the index with different bytes" in done.err
        assert "--bump auto" in done.err
        assert "escalation" not in done.err
        assert bytes_below(repository / "charts") | bytes_below(repository / "dist") == before

    def test_a_bump_publishes_what_changed_beside_the_old(self, repository: Path, waybill: Waybill) -> None:
        waybill("build", "--all")
        old = (repository / "dist/greeting-0.1.0.tgz").read_bytes()
        edit(repository / "workflows/greeting/greeting.sw.yaml", "Hallo", "Servus")
        done = waybill("build", "--all", "--bump", "minor")
        assert done.code == 0, done.err
        assert versions(repository, "greeting") == ["0.2.0", "0.1.0"]
        assert versions(repository, "escalation") == ["0.1.0"]
        assert versions(repository, "workflows") == ["0.2.0", "0.1.0"]
        assert (repository / "dist/greeting-0.1.0.tgz").read_bytes() == old
        umbrella = yaml.safe_load((repository / "charts/workflows/Chart.yaml").read_text(encoding="utf-8"))
        assert {d["name"]: d["version"] for d in umbrella["dependencies"]} == {
            "escalation": "0.1.0",
            "greeting": "0.2.0",
        }
        assert waybill("build", "--all", "--bump", "minor").code == 0
        assert versions(repository, "greeting") == ["0.2.0", "0.1.0"]

    def test_a_bump_without_an_index_goes_by_what_is_committed(self, repository: Path, waybill: Waybill) -> None:
        waybill("build", "--all")
        shutil.rmtree(repository / "dist")
        edit(repository / "workflows/greeting/greeting.sw.yaml", "Hallo", "Servus")
        for _ in range(2):
            assert waybill("build", "--all", "--bump", "patch").code == 0
            assert versions(repository, "greeting") == ["0.1.1"]
            assert versions(repository, "escalation") == ["0.1.0"]

    def test_the_umbrella_moves_on_by_itself(self, repository: Path, waybill: Waybill) -> None:
        waybill("build", "greeting")
        assert waybill("build", "escalation").code == 0
        assert versions(repository, "workflows") == ["0.1.1", "0.1.0"]
        assert versions(repository, "greeting") == ["0.1.0"]
        assert waybill("build", "--all", "--check").code == 0

    def test_candidates_and_their_release(self, repository: Path, waybill: Waybill) -> None:
        waybill("build", "greeting")
        for _ in range(2):
            assert waybill("build", "greeting", "--bump", "rc").code == 0
        assert waybill("build", "greeting", "--bump", "release").code == 0
        assert versions(repository, "greeting") == ["0.1.1", "0.1.1-rc.2", "0.1.1-rc.1", "0.1.0"]
        done = waybill("build", "greeting", "--bump", "release")
        assert done.code == 1
        assert "0.1.1 is a release already" in done.err

    def test_a_merged_index_counts_as_published(self, repository: Path, waybill: Waybill) -> None:
        waybill("build", "greeting")
        shutil.move(repository / "dist/index.yaml", repository / "published.yaml")
        edit(repository / "workflows/greeting/application.properties", "quarkus.log.level", "quarkus.log.min-level")
        done = waybill("build", "greeting", "--merge", "published.yaml")
        assert done.code == 1
        assert "in the index with different bytes" in done.err
        assert waybill("build", "greeting", "--merge", "published.yaml", "--bump", "patch").code == 0
        assert versions(repository, "greeting") == ["0.1.1", "0.1.0"]


class TestTheChartsFolder:
    def test_what_is_no_longer_generated_goes_and_hand_made_charts_stay(
        self, repository: Path, waybill: Waybill
    ) -> None:
        waybill("build", "--all")
        charts = repository / "charts/workflows/charts"
        (charts / "mine/templates").mkdir(parents=True)
        (charts / "mine/Chart.yaml").write_text("apiVersion: v2\nname: mine\nversion: 1.0.0\n", encoding="utf-8")
        shutil.rmtree(repository / "workflows/escalation")
        assert waybill("build", "--all", "--bump", "patch").code == 0
        assert sorted(path.name for path in charts.iterdir()) == ["greeting", "mine"]
        umbrella = yaml.safe_load((repository / "charts/workflows/Chart.yaml").read_text(encoding="utf-8"))
        assert [d["name"] for d in umbrella["dependencies"]] == ["greeting", "mine"]

    def test_building_one_keeps_the_others(self, repository: Path, waybill: Waybill) -> None:
        waybill("build", "--all")
        before = bytes_below(repository / "charts")
        assert waybill("build", "greeting").code == 0
        assert bytes_below(repository / "charts") == before

    def test_a_folder_that_is_no_chart_is_not_replaced(self, repository: Path, waybill: Waybill) -> None:
        (repository / "charts/workflows").mkdir(parents=True)
        (repository / "charts/workflows/thesis.txt").write_text("years of work", encoding="utf-8")
        (repository / "out/greeting").mkdir(parents=True)
        (repository / "out/greeting/thesis.txt").write_text("years of work", encoding="utf-8")
        for words in (["build", "greeting"], ["chart", "greeting", "-o", "out"]):
            done = waybill(*words)
            assert done.code == 1
            assert "no Chart.yaml" in done.err
        assert (repository / "charts/workflows/thesis.txt").is_file()
        assert (repository / "out/greeting/thesis.txt").is_file()

    def test_the_workflow_s_own_chart_files_become_part_of_its_chart(self, repository: Path, waybill: Waybill) -> None:
        own = repository / "workflows/greeting/chart"
        (own / "templates").mkdir(parents=True)
        (own / "crds").mkdir()
        (own / "templates/broker.yaml").write_text("kind: {{ .Values.broker.kind }}\n", encoding="utf-8")
        (own / "crds/thing.yaml").write_text("kind: CustomResourceDefinition\n", encoding="utf-8")
        (own / "values.yaml").write_text("# Which.\nbroker:\n  kind: Broker\n", encoding="utf-8")
        (own / "README.md").write_text("## The broker\n", encoding="utf-8")
        assert waybill("build", "greeting").code == 0
        chart = repository / GREETING
        assert (chart / "templates/broker.yaml").read_text(encoding="utf-8") == "kind: {{ .Values.broker.kind }}\n"
        assert (chart / "crds/thing.yaml").is_file()
        assert yaml.safe_load((chart / "values.yaml").read_text(encoding="utf-8"))["broker"] == {"kind": "Broker"}
        assert "## The broker" in (chart / "README.md").read_text(encoding="utf-8")
        (own / "templates/sonataflow.yaml").write_text("kind: Mine\n", encoding="utf-8")
        (own / "values.yaml").write_text("image: mine\n", encoding="utf-8")
        for words in (["build", "greeting"], ["lint"]):
            done = waybill(*words)
            assert done.code == 1
            assert "the chart generates 'templates/sonataflow.yaml' itself" in done.err + done.out
            assert "the chart already has values named image" in done.err + done.out


class TestManifests:
    def test_files_of_an_earlier_run_go_and_other_people_s_stay(self, repository: Path, waybill: Waybill) -> None:
        schemas = repository / "workflows/greeting/schemas"
        shutil.copytree(schemas, schemas.parent / "specs")
        waybill("manifests", "greeting", "-o", "out")
        shutil.rmtree(schemas.parent / "specs")
        (repository / "out/notes.yaml").write_text("mine", encoding="utf-8")
        (repository / "out/03-sonataflow_greetings.yaml").write_text("of another workflow", encoding="utf-8")
        waybill("manifests", "greeting", "-o", "out", "--no-persistence")
        assert sorted(path.name for path in (repository / "out").iterdir()) == [
            "01-configmap_greeting-props.yaml",
            "02-configmap_01-greeting-resources-schemas.yaml",
            "03-sonataflow_greeting.yaml",
            "03-sonataflow_greetings.yaml",
            "notes.yaml",
        ]

    def test_persistence_namespace_profile_and_image(self, repository: Path, waybill: Waybill) -> None:
        words = ["--namespace", "n", "--database-namespace", "d", "--profile", "dev", "--image", ""]
        assert waybill("manifests", "greeting", "-o", "out", *words).code == 0
        objects = [yaml.safe_load(p.read_text(encoding="utf-8")) for p in sorted((repository / "out").iterdir())]
        assert {o["metadata"]["namespace"] for o in objects} == {"n"}
        workflow = objects[-1]
        assert workflow["metadata"]["labels"]["sonataflow.org/workflow-namespace"] == "n"
        assert workflow["metadata"]["annotations"]["sonataflow.org/profile"] == "dev"
        assert workflow["spec"]["podTemplate"]["container"] == {"resources": {}}
        service = workflow["spec"]["persistence"]["postgresql"]["serviceRef"]
        assert (service["namespace"], service["databaseSchema"]) == ("d", "greeting")
        assert objects[0]["data"]["application.properties"].endswith("kie.flyway.enabled=true\n")

    def test_secret_values_are_written_only_when_asked_for(self, repository: Path, waybill: Waybill) -> None:
        secret = repository / "workflows/escalation/secret.properties"
        secret.write_text("JIRA_API_TOKEN=hidden\nOCP_API_SERVER_TOKEN=\n", encoding="utf-8")
        done = waybill("manifests", "escalation", "-o", "out")
        assert "ticketescalation-secrets" in done.err
        assert b"hidden" not in b"".join(bytes_below(repository / "out").values())
        waybill("manifests", "escalation", "-o", "out", "--with-secret-values")
        written = repository / "out/02-secret_ticketescalation-secrets.yaml"
        assert b"hidden" in written.read_bytes()
        assert written.stat().st_mode & 0o777 == 0o600


def run_limited(folder: Path, limit: int, *words: str) -> subprocess.CompletedProcess[str]:
    """Run waybill where no file may grow over `limit` bytes: writing fails in the middle, as on a full disk."""
    command = [*PROGRAM, *words]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        cwd=folder,
        check=False,
        env={**os.environ, "XDG_CACHE_HOME": str(folder / ".cache")},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )


class TestFailuresInTheMiddle:
    @pytest.mark.parametrize("limit", [100, 6000, 9000, 14000])
    def test_a_full_disk_leaves_everything_as_it_was(self, limit: int, repository: Path, waybill: Waybill) -> None:
        waybill("build", "greeting")
        before = bytes_below(repository)
        done = run_limited(repository, limit, "build", "--all")
        assert done.returncode == 1
        assert "cannot be written" in done.stderr
        assert "Traceback" not in done.stderr
        assert bytes_below(repository) == before
        assert waybill("build", "--all").code == 0

    def test_ctrl_c_leaves_everything_as_it_was(self, repository: Path, waybill: Waybill) -> None:
        for number in range(300):
            folder = repository / f"workflows/copy-{number:03d}"
            shutil.copytree(repository / "workflows/escalation", folder)
            edit(folder / "ticketEscalation.sw.yaml", "id: ticketEscalation", f"id: copy{number}")
        before = bytes_below(repository)
        command = [*PROGRAM, "build", "--all"]
        with subprocess.Popen(
            command,
            cwd=repository,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "XDG_CACHE_HOME": str(repository / "c")},
            # A background job of a shell ignores Ctrl-C, and its children would inherit that.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no threads here
        ) as process:
            assert process.stderr is not None
            assert "lint" in process.stderr.readline()
            process.send_signal(signal.SIGINT)
            rest = process.stderr.read()
        assert process.returncode == 1
        assert "interrupted; nothing was changed" in rest
        assert "Traceback" not in rest
        assert bytes_below(repository) == before
        assert waybill("lint", "greeting").code == 0

    def test_two_builds_at_once_lose_nothing(self, repository: Path) -> None:
        for number in range(20):
            folder = repository / f"workflows/copy-{number:02d}"
            shutil.copytree(repository / "workflows/greeting", folder)
            edit(folder / "greeting.sw.yaml", "id: greeting", f"id: copy{number}")
        command = [*PROGRAM, "build"]
        names = [[f"copy-{number:02d}" for number in numbers] for numbers in (range(10), range(10, 20))]
        running = [subprocess.Popen([*command, *some], cwd=repository, stderr=subprocess.DEVNULL) for some in names]
        assert [process.wait() for process in running] == [0, 0]
        assert all(versions(repository, name) == ["0.1.0"] for some in names for name in some)
        assert len(list((repository / "charts/workflows/charts").iterdir())) == 20

    def test_an_output_that_cannot_be_a_folder(self, repository: Path, waybill: Waybill) -> None:
        (repository / "dist").write_text("a file", encoding="utf-8")
        done = waybill("build", "--all")
        assert done.code == 1
        assert "dist" in done.err
        assert not (repository / "charts").exists()


class TestUsage:
    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (["build"], "name one or more workflows, or give --all"),
            (["build", "--all", "greeting"], "not both"),
            (["build", "greting"], "did you mean 'greeting'?"),
            (["lint", "nothing-like-it"], "it has escalation, greeting"),
            (["build", "--bump", "huge", "greeting"], "'huge' is not one of"),
            (["build", "--all", "--workflows", "nowhere"], "nowhere: contains no workflow folders"),
            (["build", "--all", "--registry", "https://x"], "registry 'https://x'"),
            (["build", "--all", "--initial-version", "one"], "initial_version 'one'"),
            (["biuld"], "No such command 'biuld'"),
        ],
    )
    def test_wrong_use_ends_with_2_and_says_what_is_right(
        self, words: list[str], said: str, repository: Path, waybill: Waybill
    ) -> None:
        done = waybill(*words)
        assert done.code == 2
        assert said in done.err
        assert {path.name for path in repository.iterdir()} <= {"workflows", ".cache"}

    @pytest.mark.parametrize("command", ["build", "manifests", "chart", "lint", "package", "index"])
    def test_help_has_an_example(self, command: str, waybill: Waybill) -> None:
        done = waybill(command, "--help")
        assert done.code == 0
        assert f"Example:\n  waybill {command} " in done.out

    def test_a_traceback_is_there_for_those_who_ask(self, repository: Path) -> None:
        misspell(repository)
        command = [*PROGRAM, "build", "greeting", "--debug"]
        done = subprocess.run(command, capture_output=True, text=True, cwd=repository, check=False)
        assert done.returncode == 1
        assert "Traceback" in done.stderr

    def test_settings_from_file_then_variables_then_options(self, repository: Path, waybill: Waybill) -> None:
        (repository / "waybill.toml").write_text(
            'registry = "one.example/a"\nimage_prefix = "wf-"\ninitial_version = "5.0.0"\n', encoding="utf-8"
        )
        image = waybill("build", "greeting", "--json").json["charts"][0]["image"]
        assert image.startswith("one.example/a/wf-greeting:src-")
        env = {"WAYBILL_REGISTRY": "two.example/b"}
        image = waybill("build", "greeting", "--bump", "patch", "--json", env=env).json["charts"][0]["image"]
        assert image.startswith("two.example/b/wf-greeting:src-")
        words = ["--registry", "three.example", "--bump", "patch", "--json"]
        image = waybill("build", "greeting", *words, env=env).json["charts"][0]["image"]
        assert image.startswith("three.example/wf-greeting:src-")
        assert versions(repository, "greeting")[-1] == "5.0.0"

    def test_a_second_build_says_that_it_waits_for_the_first(self, repository: Path) -> None:
        command = [*PROGRAM, "build", "greeting"]
        with only_writer(repository / "dist", lambda: None):
            second = subprocess.Popen(command, cwd=repository, stderr=subprocess.PIPE, text=True)
            assert second.stderr is not None
            assert second.stderr.readline() == "another waybill is writing here; waiting for it to finish\n"
        second.communicate()
        assert second.returncode == 0

    def test_a_misspelt_setting_is_named_with_its_line(self, repository: Path, waybill: Waybill) -> None:
        (repository / "waybill.toml").write_text('\nregistri = "x"\n', encoding="utf-8")
        done = waybill("build", "greeting")
        assert done.code == 2
        assert "waybill.toml:2: unknown setting 'registri'; did you mean 'registry'?" in done.err


def test_long_work_shows_a_bar_at_a_terminal(repository: Path) -> None:
    for number in range(60):
        folder = repository / f"workflows/copy-{number:03d}"
        shutil.copytree(repository / "workflows/greeting", folder)
        edit(folder / "greeting.sw.yaml", "id: greeting", f"id: copy{number}")
    ours, theirs = pty.openpty()
    command = [*PROGRAM, "build", "--all"]
    env = {**os.environ, "XDG_CACHE_HOME": str(repository / "c"), "TERM": "xterm", "COLUMNS": "100"}
    with subprocess.Popen(command, cwd=repository, stderr=theirs, env=env) as process:
        os.close(theirs)
        shown = b"".join(read_to_the_end(ours))
    assert process.returncode == 0
    assert "100%" in shown.decode()
    assert "━" in shown.decode()


def read_to_the_end(terminal: int) -> Iterator[bytes]:
    with os.fdopen(terminal, "rb", buffering=0) as file, contextlib.suppress(OSError):  # Linux says EIO at the end
        while data := file.read(4096):
            yield data


def test_whether_specs_are_cut_down_can_be_a_setting(repository: Path, waybill: Waybill) -> None:
    (repository / "waybill.toml").write_text("minify_specs = true\n", encoding="utf-8")
    spec = repository / "workflows/escalation/specs/kube.yaml"
    edit(spec, "paths:\n", "paths:\n  /never:\n    get:\n      operationId: never\n      responses: {}\n")
    assert waybill("build", "--all", "--json").json["savings"]
    assert waybill("build", "--all", "--check").code == 0
    assert waybill("build", "--all", "--check", "--no-minify-specs").code == 1


def test_specs_are_cut_down_to_what_is_called(repository: Path, waybill: Waybill) -> None:
    spec = repository / "workflows/escalation/specs/kube.yaml"
    edit(spec, "paths:\n", "paths:\n  /never:\n    get:\n      operationId: never\n      responses: {}\n")
    done = waybill("build", "escalation", "--minify-specs", "--json")
    assert done.code == 0, done.err
    saved = {s["path"]: s["before"] - s["after"] for s in done.json["savings"]}
    assert saved["workflows/escalation/specs/kube.yaml"] > 0
    cut = repository / "charts/workflows/charts/escalation/files/specs/kube.yaml"
    assert "never" not in cut.read_text(encoding="utf-8")
    assert "createNamespace" in cut.read_text(encoding="utf-8")
