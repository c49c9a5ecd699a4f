"""`waybill check CHART`: charts that somebody else made or published, as real Helm renders them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from generator.compatibility.rendered import rendered
from generator.compatibility.verdict import Outcome, Verdict, judge_resource
from generator.kubernetes.crd import known_crd, known_crds
from generator.lint.registry import RULES
from pipeline.workspace.workflows import read_folder
from tests.conftest import ROOT, Helm, Waybill
from tests.unit.conftest import write

CHARTS = ROOT / "charts" / "workflows" / "charts"


@pytest.fixture(autouse=True)
def helm_on_path(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """`waybill check CHART` finds Helm 4, or each Helm in turn where a test asks for `helm`."""
    name = "helm" if "helm" in request.fixturenames else "helm4"
    monkeypatch.setenv("PATH", request.getfixturevalue(name).path)


def sonataflow(name: str, flow: Mapping[str, Any] | None = None) -> dict[str, Any]:
    states = [{"name": "A", "type": "inject", "data": {"a": 1}, "end": {"terminate": True}}]
    spec = {"flow": {"start": {"stateName": "A"}, "states": states, **(flow or {})}}
    return {"apiVersion": "sonataflow.org/v1alpha08", "kind": "SonataFlow", "metadata": {"name": name}, "spec": spec}


def chart(folder: Path, *resources: object, version: str = "1.2.3", **metadata: Any) -> Path:
    """A chart that somebody made by hand."""
    templates = folder / "templates"
    templates.mkdir(parents=True)
    about = {"apiVersion": "v2", "name": folder.name, "version": version, **metadata}
    folder.joinpath("Chart.yaml").write_text(yaml.safe_dump(about))
    folder.joinpath("all.yaml").write_text(yaml.safe_dump_all(resources))
    templates.joinpath("all.yaml").write_text('{{ .Files.Get "all.yaml" }}')
    return folder


def test_a_chart_folder_and_its_package_get_the_verdicts_of_their_workflow(
    helm: Helm, tmp_path: Path, waybill: Waybill
) -> None:
    helm.run("package", str(CHARTS / "greeting"), cwd=tmp_path)
    done = waybill("check", CHARTS / "greeting", "greeting-2.0.0.tgz", "--sonataflow", "all", "--json")
    assert done.code == 1
    resource = rendered(read_folder(ROOT / "workflows" / "greeting"))["default values"]
    expected = []
    for version in known_crds():
        objections = tuple(judge_resource(resource, known_crd(version), given="default values"))
        expected.append(Verdict(workflow="greeting", operator="", sonataflow=version, objections=objections))
    found = [(v["sonataflow"], v["outcome"], [o["field"] for o in v["objections"]]) for v in done.json["verdicts"]]
    assert found == [(v.sonataflow, v.outcome, [o.field for o in v.objections]) for v in expected] * 2


def test_a_chart_that_asks_for_variables_is_rendered_without_them(waybill: Waybill) -> None:
    done = waybill("check", CHARTS / "move2kube", CHARTS / "escalation", "--sonataflow", "10")
    assert done.code == 0, done.err
    assert done.err.count("fits") == 2


def test_a_chart_made_by_hand_is_told_what_is_refused_and_what_to_write(tmp_path: Path, waybill: Waybill) -> None:
    retries = [{"name": "thrice", "maxAttempts": 3, "jitter": 0.5}]
    chart(tmp_path / "theirs", sonataflow("noted", {"retries": retries, "constants": {"a": {"b": 1}}}))
    done = waybill("check", "theirs", "--sonataflow", "10")
    assert done.code == 1
    assert (
        "the chart of theirs: error: spec.flow.retries[0].jitter must be an object, not a number, for SonataFlow 10; "
        "leave it out: the engine repeats no action [refused-field]"
    ) in done.err
    assert "spec.flow.constants.a must be a string, not an object, for SonataFlow 10; put the values into" in done.err


def test_the_row_of_a_chart_is_that_of_its_name_and_version(tmp_path: Path, waybill: Waybill) -> None:
    rows = "rows:\n  - {charts: [theirs], versions: 1.x, sonataflow: 1.45.x || 10.x}\n"
    tmp_path.joinpath("compatibility.yaml").write_text(rows)
    chart(tmp_path / "folder", sonataflow("noted"), name="theirs")
    done = waybill("check", "folder", "--json")
    assert [(v["workflow"], v["operator"]) for v in done.json["verdicts"]] == [
        ("theirs", "SonataFlow 1.45"),
        ("theirs", "SonataFlow 10"),
    ]
    chart(tmp_path / "later", sonataflow("noted"), name="theirs", version="2.0.0")
    done = waybill("check", "later")
    assert done.code == 1
    assert "no row covers theirs 2.0.0" in done.err


@pytest.mark.usefixtures("helm")
def test_every_sonataflow_of_an_umbrella_counts(tmp_path: Path, waybill: Waybill) -> None:
    below = tmp_path / "both" / "charts"
    chart(below / "good", sonataflow("good"))
    chart(below / "bad", {"apiVersion": "v1", "kind": "List", "items": [sonataflow("bad", {"odd": 1})]})
    chart(tmp_path / "both", {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}})
    done = waybill("check", "both", "--sonataflow", "10", "--json")
    assert done.code == 1
    assert {v["workflow"]: v["outcome"] for v in done.json["verdicts"]} == {"both/good": "fits", "both/bad": "loses"}


@pytest.mark.usefixtures("helm")
def test_a_chart_that_renders_no_sonataflow_is_not_fine(waybill: Waybill) -> None:
    done = waybill("check", ROOT / "charts" / "workflows")
    assert done.code == 1
    assert "error: workflows 2.0.0 renders no SonataFlow with its default values" in done.err
    assert "check each separately [no-sonataflow]" in done.err


def test_the_examples_of_no_sonataflow_are_told_apart(tmp_path: Path, waybill: Waybill) -> None:
    rule = RULES["no-sonataflow"]
    for example, code in ((rule.bad, 1), (rule.good, 0)):
        write(tmp_path, example.repository)
        for command in rule.reported_by:
            done = waybill(*command.split()[1:])
            assert (done.code, "[no-sonataflow]" in done.err) == (code, bool(code)), done.err


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ('{{ fail "the moon is \\u001b[31mwrong" }}', "the moon is \\x1b[31mwrong"),
        ("{{ .Values.a.b.c }}", "nil pointer"),
        ("{{ end }}", "unexpected {{end}}"),
        ("a: b: c", "error converting YAML to JSON"),
    ],
)
@pytest.mark.usefixtures("helm")
def test_a_chart_that_does_not_render_is_shown_with_helm_s_own_message(
    template: str, said: str, tmp_path: Path, waybill: Waybill
) -> None:
    chart(tmp_path / "broken").joinpath("templates", "all.yaml").write_text(template)
    done = waybill("check", "broken", "--sonataflow", "10")
    assert done.code == 1
    assert "broken: Helm cannot render it; fix the chart:\nError: " in done.err
    assert said in done.err


@pytest.mark.usefixtures("helm")
def test_a_file_that_is_no_package_is_refused_by_helm(tmp_path: Path, waybill: Waybill) -> None:
    tmp_path.joinpath("theirs.tgz").write_bytes(b"\x1f\x8bno archive")
    done = waybill("check", "theirs.tgz")
    assert done.code == 1
    assert "theirs.tgz: Helm cannot render it; fix the chart:\nError: " in done.err


def test_without_helm_a_person_is_told_to_install_it(tmp_path: Path, waybill: Waybill) -> None:
    chart(tmp_path / "theirs", sonataflow("noted"))
    done = waybill("check", "theirs", env={"PATH": str(tmp_path)})
    assert done.code == 2
    assert "which is not on PATH; install it" in done.err


def test_workflows_and_charts_are_checked_together(repository: Path, waybill: Waybill) -> None:
    chart(repository / "theirs", sonataflow("noted"))
    done = waybill("check", "greeting", "theirs", "--sonataflow", "10", "--json")
    assert done.code == 0, done.err
    assert [verdict["workflow"] for verdict in done.json["verdicts"]] == ["greeting", "theirs"]


def test_the_charts_of_the_real_workflows_get_the_verdicts_of_their_workflows(
    corpus_charts: Path, corpus_workflows: Path, tmp_path: Path, waybill: Waybill
) -> None:
    charts = sorted((corpus_charts / "charts").iterdir())
    done = waybill("check", *charts, "--sonataflow", "all", "--json", cwd=tmp_path)
    by_workflow = waybill("check", "--workflows", corpus_workflows, "--sonataflow", "all", "--json")
    assert len(charts) == 20

    def outcomes(found: Any) -> dict[tuple[str, str], str]:
        return {(v["workflow"].replace(".x", ""), v["sonataflow"]): v["outcome"] for v in found["verdicts"]}

    assert outcomes(done.json) == outcomes(by_workflow.json)
    assert sum(outcome == Outcome.REFUSED for outcome in outcomes(done.json).values()) == 8 * 4


def test_of_the_reference_s_resources_five_are_refused_by_all(shared: Path, tmp_path: Path, waybill: Waybill) -> None:
    for each in sorted((shared / "corpus" / "manifests").glob("spec-*")):
        (file,) = each.glob("*-sonataflow_*.yaml")
        folder = tmp_path / "charts" / each.name.removeprefix("spec-").replace(".", "-")
        chart(folder, yaml.safe_load(file.read_text()))
    charts = sorted((tmp_path / "charts").iterdir())
    found = waybill("check", *charts, "--sonataflow", "all", "--json").json
    assert len(charts) == 26
    refused: dict[str, int] = {}
    for verdict in found["verdicts"]:
        refused[verdict["workflow"]] = refused.get(verdict["workflow"], 0) + (verdict["outcome"] == Outcome.REFUSED)
    assert {name for name, times in refused.items() if times == len(known_crds())} == {
        "applicationrequest-issue103-json",
        "applicationrequest-issue69-json",
        "applicationrequest-multiauth-json",
        "customerbankingtransactions-json",
        "greetings-constants-file-yaml",
    }
    assert "constants.Data" in json.dumps(found["findings"])
