"""The command line: exit codes, what goes to which stream, and one JSON document where a program asks."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
import yaml

from generator.findings.errors import SettingsError
from pipeline.cli import SHORT_HELPS, waybill
from tests.command import run
from tests.conftest import ROOT
from tests.unit.conftest import write, write_workflow

COMMANDS = ["build", "manifests", "chart", "lint", "diagram", "diff", "explain", "package", "index", "run"]
COMMANDS += ["bump", "changelog", "gitops"]


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository of one good and one bad workflow, as the folder that the command runs in."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    write_workflow(tmp_path / "workflows", "greeting", {"secret.properties": "TOKEN=hidden\n"})
    write_workflow(tmp_path / "workflows", "bad", start="Aa")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


GOOD = [
    ["build", "greeting"],
    ["manifests", "greeting", "-o", "out"],
    ["chart", "greeting", "-o", "out"],
    ["lint", "greeting"],
    ["diagram", "greeting", "-o", "out/greeting.svg"],
    ["diff", "greeting", "charts/workflows/charts/greeting"],
    ["explain", "greeting"],
    ["package", "charts/workflows/charts/greeting", "-o", "out"],
    ["index", "dist"],
    ["gitops", "flux", "--namespace", "demo", "--chart-repo", "https://charts.example.com", "-o", "out"],
    ["bump", "greeting", "patch"],
    ["changelog", "greeting"],
]


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize("words", GOOD, ids=lambda words: words[0])
def test_a_command_ends_well_and_json_is_all_of_standard_output(words: list[str]) -> None:
    assert run("build", "greeting").code == 0
    assert run(*words).code == 0
    result = run(*words, "--json")
    assert result.code == 0
    assert result.json["ok"] is True


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize(
    "words",
    [words for words in GOOD if words[0] not in ("lint", "diff", "explain")],
    ids=lambda words: words[0],
)
def test_without_json_standard_output_stays_empty(words: list[str]) -> None:
    run("build", "greeting")
    assert run(*words).out == ""


UNKNOWN_STATE = (
    "workflows/bad/bad.sw.json:6:12: error: start at the unknown state 'Aa'; did you mean 'A'? [unknown-state]"
)


@pytest.mark.usefixtures("repository")
def test_lint_writes_findings_to_standard_output_and_exits_1() -> None:
    result = run("lint")
    assert (result.code, result.out) == (1, f"{UNKNOWN_STATE}\n")
    assert result.err == "1 error in 2 workflows\n"


@pytest.mark.usefixtures("repository")
def test_lint_in_json_holds_each_finding() -> None:
    result = run("lint", "bad", "--json")
    assert result.code == 1
    assert result.json == {
        "ok": False,
        "findings": [
            {
                "path": "workflows/bad/bad.sw.json",
                "line": 6,
                "column": 12,
                "severity": "error",
                "rule": "unknown-state",
                "message": "start at the unknown state 'Aa'; did you mean 'A'?",
                "fixable": False,
            }
        ],
        "fixed": [],
    }


def test_a_build_with_findings_exits_1_and_writes_nothing(repository: Path) -> None:
    before = names(repository)
    result = run("build", "--all")
    assert (result.code, result.out) == (1, "")
    assert UNKNOWN_STATE in result.err.splitlines()
    assert names(repository) == before
    assert run("build", "--all", "--json").json["findings"][0]["rule"] == "unknown-state"


USAGE = [
    ["build"],
    ["build", "greeting", "--all"],
    ["build", "greeting", "--bump", "huge"],
    ["manifests", "greeting"],
    ["chart", "-o", "out"],
    ["package", "-o", "out"],
    ["index"],
    ["zzz"],
    ["lint", "--zzz"],
    ["build", "greting"],
    ["lint", "none"],
    ["lint", "--format", "xml"],
    ["lint", "--rules", "unknown-stat"],
    ["lint", "--rules", "--format", "sarif"],
    ["build", "greeting", "--registry", "A B"],
    ["build", "greeting", "--initial-version", "1"],
    ["index", "dist", "--url", "https://user:s3cret@example.org"],
    ["build", "--all", "--workflows", "none"],
]


@pytest.mark.parametrize("words", USAGE, ids=" ".join)
def test_a_mistake_of_usage_or_settings_exits_2_and_writes_nothing(repository: Path, words: list[str]) -> None:
    before = names(repository)
    result = run(*words)
    assert result.code == 2
    assert result.out == ""
    assert result.err
    assert "s3cret" not in result.err
    assert names(repository) == before


@pytest.mark.usefixtures("repository")
def test_a_workflow_that_is_not_there_is_told_with_the_nearest_name() -> None:
    assert run("build", "greting").err == (
        "waybill: error: there is no workflow 'greting' in workflows; did you mean 'greeting'?\n"
    )
    document = run("build", "greting", "--json").json
    assert document["ok"] is False
    assert "did you mean 'greeting'?" in document["error"]


def test_a_wrong_source_date_epoch_exits_2(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    result = run("build", "greeting")
    assert result.code == 2
    assert "SOURCE_DATE_EPOCH is 'yesterday'" in result.err
    assert not (repository / "dist").exists()


@pytest.mark.parametrize("command", ["build", "chart"])
def test_a_check_exits_1_and_names_what_differs_then_0_after_it_was_written(repository: Path, command: str) -> None:
    words = [command, "greeting", *(["-o", "out"] if command == "chart" else [])]
    first = run(*words, "--check")
    assert first.code == 1
    assert "greeting/Chart.yaml: out of date" in first.err
    assert names(repository / "charts") == names(repository / "out") == []
    assert run(*words).code == 0
    assert run(*words, "--check").code == 0
    (values,) = [path for path in repository.rglob("greeting/values.yaml") if "workflows/greeting" not in str(path)]
    values.write_bytes(values.read_bytes() + b"#")
    result = run(*words, "--check", "--json")
    assert result.code == 1
    assert result.json == {"ok": False, "different": [values.relative_to(repository).as_posix()]}


def test_manifests_take_their_options(repository: Path) -> None:
    options = ["--namespace", "demo", "--image", "", "--profile", "dev", "--database-namespace", "db"]
    assert run("manifests", "greeting", "-o", "out", *options).code == 0
    text = (repository / "out" / "02-sonataflow_greeting.yaml").read_text()
    for part in ('namespace: "demo"', 'sonataflow.org/profile: "dev"', 'namespace: "db"', 'workflow-namespace: "demo"'):
        assert part in text
    assert "image:" not in text
    assert names(repository / "out") == ["01-configmap_greeting-props.yaml", "02-sonataflow_greeting.yaml"]


def test_manifests_without_persistence_and_with_secret_values(repository: Path) -> None:
    result = run("manifests", "greeting", "-o", "out", "--no-persistence", "--with-secret-values", "--image", "q/r:1")
    assert result.code == 0
    assert names(repository / "out") == ["01-secret_greeting-secrets.yaml", "02-sonataflow_greeting.yaml"]
    text = (repository / "out" / "02-sonataflow_greeting.yaml").read_text()
    assert 'image: "q/r:1"' in text
    assert "persistence" not in text
    assert "hidden" in (repository / "out" / "01-secret_greeting-secrets.yaml").read_text()


def test_manifests_for_an_older_operator_are_what_its_chart_installs(repository: Path) -> None:
    done = run("manifests", "greeting", "-o", "out", "--sonataflow", "1.45")
    assert done.code == 0, done.err
    spec = yaml.safe_load(next((repository / "out").glob("*sonataflow*")).read_text(encoding="utf-8"))
    assert spec["metadata"]["annotations"]["sonataflow.org/profile"] == "prod"
    assert "persistence" not in spec["spec"]


def test_manifests_say_what_an_operator_has_no_place_for(repository: Path) -> None:
    done = run("manifests", "greeting", "-o", "out", "--sonataflow", "1.44", "--with-secret-values")
    assert done.code == 0, done.err
    assert "[left-out]" in done.err
    assert not list((repository / "out").glob("*secret*"))


@pytest.mark.usefixtures("repository")
def test_manifests_say_which_secret_is_to_be_made_by_hand() -> None:
    assert "create 'greeting-secrets' with TOKEN" in run("manifests", "greeting", "-o", "out").err


def test_the_image_of_manifests_names_the_content(repository: Path) -> None:
    run("manifests", "greeting", "-o", "out")
    assert (
        'image: "quay.io/orchestrator/serverless-workflow-greeting:src-'
        in (repository / "out" / "02-sonataflow_greeting.yaml").read_text()
    )


def test_manifests_and_charts_stop_only_on_what_makes_an_object_impossible(repository: Path) -> None:
    assert run("manifests", "bad", "-o", "out").code == 0
    assert run("chart", "bad", "-o", "out").code == 0
    write_workflow(repository / "workflows", "impossible", constants={"a": 1})
    for command in ("manifests", "chart"):
        result = run(command, "impossible", "-o", "none")
        assert (result.code, result.out) == (1, "")
        assert "error: no custom resource can hold 'constants'" in result.err
    assert not (repository / "none").exists()
    result = run("build", "impossible", "--output", "none")
    assert result.code == 1
    assert "error: no custom resource can hold 'constants'" in result.err
    assert not (repository / "none").exists()
    linted = run("lint", "impossible")
    assert linted.code == 0
    assert "warning: no custom resource can hold 'constants'" in linted.out


def test_a_second_build_is_answered_from_the_record_and_says_the_same(repository: Path) -> None:
    run("build", "greeting")
    first = run("build", "greeting", "--json").json
    assert first["charts"][0]["state"] == "unchanged"
    write(repository / "workflows" / "greeting", {"specs/a.yaml": "a: 1"})
    assert run("build", "greeting").code == 1
    assert run("build", "greeting", "--bump", "patch", "--json").json["charts"][0]["version"] == "0.1.1"


@pytest.mark.usefixtures("repository")
def test_settings_come_from_file_then_variable_then_option(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(repository, {"waybill.toml": 'initial_version = "1.0.0"\nregistry = "file.io/x"\n'})
    monkeypatch.setenv("WAYBILL_REGISTRY", "env.io/x")
    chart = run("build", "greeting", "--json").json["charts"][0]
    assert (chart["version"], chart["image"].split(":")[0]) == ("1.0.0", "env.io/x/serverless-workflow-greeting")
    chart = run("build", "greeting", "--bump", "patch", "--registry", "option.io/x", "--json").json["charts"][0]
    assert (chart["version"], chart["image"].split("/")[0]) == ("1.0.1", "option.io")


@pytest.mark.usefixtures("repository")
def test_debug_shows_where_it_failed() -> None:
    with pytest.raises(SettingsError):
        run("lint", "none", "--debug")


@pytest.mark.parametrize("command", SHORT_HELPS)
def test_each_command_explains_itself_with_an_example(command: str) -> None:
    result = run(command, "--help")
    assert result.code == 0
    assert re.search(rf"\nExample:\n  (\w+=\S+ )?waybill {command}\b", result.out)
    assert "--json" in result.out
    assert "-q, --quiet" in result.out
    assert "-v, --verbose" in result.out


@pytest.mark.parametrize("form", ["argocd", "flux", "tekton", "argo-workflows"])
def test_what_gitops_writes_has_an_example_for_each_form(form: str) -> None:
    assert f"  waybill gitops {form} " in run("gitops", form, "--help").out


def test_help_names_the_commands() -> None:
    result = run("--help")
    assert result.code == 0
    assert [command for command in COMMANDS if f"\n  {command} " not in result.out] == []


@pytest.mark.parametrize("name", SHORT_HELPS)
def test_the_help_of_the_group_says_of_each_command_what_the_command_says(name: str) -> None:
    command = waybill.get_command(click.Context(waybill), name)
    assert command is not None
    assert (command.name, command.short_help) == (name, SHORT_HELPS[name])


def test_each_module_of_a_command_is_in_the_help() -> None:
    modules = {path.stem.rstrip("_") for path in (ROOT / "pipeline" / "commands").glob("*.py")}
    assert modules - {"__init", "command"} == set(SHORT_HELPS)


@pytest.mark.parametrize(
    ("name", "end"),
    [
        ("biuld", "'biuld'; did you mean 'build'?"),
        ("Manifest", "'Manifest'; did you mean 'manifests'?"),
        ("zzz", "'zzz'."),
    ],
)
def test_a_typo_in_the_name_of_a_command_suggests_the_nearest_name(name: str, end: str) -> None:
    result = run(name, "greeting")
    assert (result.code, result.out) == (2, "")
    assert result.err.splitlines()[-1] == f"Error: No such command {end}"


@pytest.mark.parametrize(
    ("words", "offered"),
    [("waybill b", ["build", "bump"]), ("waybill --v", ["--version"]), ("waybill build --b", ["--bump", "--builder"])],
)
def test_a_shell_is_offered_commands_and_options(words: str, offered: list[str]) -> None:
    environment = {"_WAYBILL_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    result = run(env=environment)
    assert result.out.split() == [f"plain,{name}" for name in offered]


#: What takes its time to load, and what only some commands need.
HEAVY = {
    "filelock", "generator.lint.linter", "git", "gitlab", "graphlay", "javaproperties", "jinja2", "jq", "jsonschema_rs",
    "msgspec", "resvg_py", "semver", "urllib.request", "urllib3", "yaml",
}  # fmt: skip


def loaded(code: str) -> str:
    """Which of the heavy modules a program has loaded at its end, as it writes them."""
    code = f"import sys\n{code}\nprint(sorted({HEAVY | {'rich'}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["biuld"]], ids=" ".join)
def test_the_command_line_loads_nothing_heavy_before_it_is_needed(words: list[str]) -> None:
    code = (
        f"import contextlib\nfrom pipeline.cli import waybill\nwith contextlib.suppress(SystemExit): waybill({words})"
    )
    assert loaded(code).splitlines()[-1] == "[]"


@pytest.mark.usefixtures("repository")
def test_a_build_that_changes_nothing_loads_what_locks_its_output_alone() -> None:
    run("build", "greeting")
    run("build", "greeting")
    assert loaded("from pipeline.cli import waybill\nwaybill(['build', 'greeting'], standalone_mode=False)") == (
        "['filelock']\n"
    )


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize(
    ("words", "unneeded"),
    [
        (
            ["explain", "greeting"],
            {"filelock", "generator.lint.linter", "git", "graphlay", "jinja2", "jq", "jsonschema_rs", "resvg_py"},
        ),
        (["lint", "greeting"], {"filelock", "git", "graphlay", "jsonschema_rs", "resvg_py"}),
        (
            ["diagram", "greeting", "--format", "svg"],
            {"filelock", "generator.lint.linter", "git", "jinja2", "jq", "resvg_py"},
        ),
        (["diff", "greeting", "greeting"], {"filelock", "git", "graphlay", "jsonschema_rs", "resvg_py", "urllib3"}),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_a_command_does_not_load_what_others_need(words: list[str], unneeded: set[str]) -> None:
    out = loaded(f"from pipeline.cli import waybill\nwaybill({words}, standalone_mode=False)").splitlines()[-1]
    assert [name for name in unneeded if f"'{name}'" in out] == []
