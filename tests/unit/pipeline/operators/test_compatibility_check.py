"""`waybill check`: what a SonataFlow says to a workflow's chart."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from generator.compatibility.verdict import Outcome, findings, judge
from generator.kubernetes.crd import known_crd
from pipeline.operators.crds import read_crds
from pipeline.workspace.workflows import read_folder
from tests.conftest import ROOT, Waybill

WORKFLOW = """\
id: noted
version: "1.0"
specVersion: "0.8"
name: Noted
start: Done
functions:
  - name: log
    type: custom
    operation: sysout
    metadata: {level: info}
states:
  - name: Done
    type: operation
    actions: [{functionRef: {refName: log, arguments: {message: done}}}]
    metadata:
      errorMessage: It went wrong
    end: true
"""


@pytest.fixture
def noted(tmp_path: Path) -> Path:
    """A workflow with strings in its metadata."""
    folder = tmp_path / "workflows" / "noted"
    folder.mkdir(parents=True)
    folder.joinpath("noted.sw.yaml").write_text(WORKFLOW)
    return folder


def test_our_workflows_fit_the_newest_sonataflow_whole(waybill: Waybill) -> None:
    done = waybill("check", cwd=ROOT)
    assert done.code == 0, done.err
    assert "SonataFlow 10" in done.err
    assert done.err.count("fits") == 10
    assert "error" not in done.err


def test_a_field_that_is_dropped_is_reported_as_the_loss_it_is() -> None:
    verdict = judge(read_folder(ROOT / "workflows" / "greeting"), known_crd("1.45"))
    assert verdict.outcome is Outcome.LOSES
    first, second, third = findings([verdict])
    assert str(first) == (
        "the chart of greeting: error: spec.persistence is unknown to SonataFlow 1.45: it is dropped and the "
        "workflow's state is lost on restart [dropped-field]"
    )
    assert second.message.startswith("spec.sink is unknown to SonataFlow 1.45: where a value sets it, it is dropped")
    assert third.message.startswith("spec.sources is unknown")


def test_what_is_refused_is_named_with_its_line_and_all_versions_that_refuse_it(noted: Path, waybill: Waybill) -> None:
    done = waybill("check", "noted", "--sonataflow", "1.44", "--sonataflow", "1.45")
    assert done.code == 1
    expected = (
        "workflows/noted/noted.sw.yaml:16:7: error: spec.flow.states[0].metadata.errorMessage must be an object, "
        "not a string, for SonataFlow 1.44 and 1.45 [refused-field]"
    )
    assert expected in done.err.splitlines()
    assert done.err.split().count("refused") == 2
    assert judge(read_folder(noted), known_crd("10")).outcome is Outcome.FITS


@pytest.mark.usefixtures("noted")
def test_json_has_a_verdict_for_each_pair(waybill: Waybill) -> None:
    done = waybill("check", "--json", "--sonataflow", "1.45", "--sonataflow", "10")
    assert done.code == 1
    assert [(v["workflow"], v["sonataflow"], v["outcome"]) for v in done.json["verdicts"]] == [
        ("noted", "1.45", "refused"),
        ("noted", "10", "fits"),
    ]
    first = done.json["verdicts"][0]["objections"][0]
    assert first["field"] == "spec.flow.functions[0].metadata.level"
    assert (first["line"], first["values"]) == (10, "default values")
    assert not done.json["ok"]


@pytest.mark.usefixtures("noted")
def test_all_known_versions_are_asked_by_one_word(waybill: Waybill) -> None:
    done = waybill("check", "--json", "--sonataflow", "all")
    assert [verdict["sonataflow"] for verdict in done.json["verdicts"]] == ["1.40", "1.43", "1.44", "1.45", "10"]


@pytest.mark.usefixtures("noted")
def test_the_next_command_builds_for_the_operator_that_would_lose_something(waybill: Waybill) -> None:
    asked = ("--sonataflow", "1.44", "--sonataflow", "1.45", "--sonataflow", "10")
    assert "next   waybill build noted --sonataflow 1.45   makes charts for it" in waybill("check", *asked).err
    assert "next" not in waybill("check", "--sonataflow", "10").err


@pytest.mark.usefixtures("noted")
def test_the_chart_that_is_checked_is_the_one_that_a_build_makes(tmp_path: Path, waybill: Waybill) -> None:
    only = '{name: "1.45", versions: 1.45.x, crd: "1.45", properties: {}, builder: b}'
    tmp_path.joinpath("compatibility.yaml").write_text(f"operators:\n  sonataflow:\n    - {only}\n")
    assert waybill("check", "noted", "--sonataflow", "1.45").code == 0
    assert waybill("build", "noted").code == 0


@pytest.mark.parametrize("rows", ["", "rows:\n  - {charts: ['*'], versions: 1.45.x, sonataflow: 1.45.x}\n"])
@pytest.mark.usefixtures("noted")
def test_a_chart_for_the_newest_needs_no_row(tmp_path: Path, waybill: Waybill, rows: str) -> None:
    if rows:
        tmp_path.joinpath("compatibility.yaml").write_text(rows)
    done = waybill("check", "--json")
    assert done.code == 0, done.err
    assert [(v["operator"], v["outcome"]) for v in done.json["verdicts"]] == [("SonataFlow 10", "fits")]
    assert done.json["findings"] == []


ROWS = """\
rows:
  - charts: [noted]
    versions: 0.1.x
    sonataflow: 1.44.x || 10.x
    orchestrator: 1.3.x
"""


@pytest.mark.usefixtures("noted")
def test_a_chart_is_checked_against_what_its_row_claims(tmp_path: Path, waybill: Waybill) -> None:
    tmp_path.joinpath("compatibility.yaml").write_text(ROWS)
    done = waybill("check", "--json")
    assert done.code == 1
    assert [(v["operator"], v["sonataflow"], v["outcome"]) for v in done.json["verdicts"]] == [
        ("Orchestrator 1.3.x", None, "unknown"),
        ("SonataFlow 1.44", "1.44", "refused"),
        ("SonataFlow 10", "10", "fits"),
    ]


@pytest.mark.usefixtures("noted")
def test_a_version_that_no_row_of_its_chart_holds_is_an_error(tmp_path: Path, waybill: Waybill) -> None:
    tmp_path.joinpath("compatibility.yaml").write_text(ROWS.replace("0.1.x", "0.2.x"))
    done = waybill("check")
    assert done.code == 1
    assert (
        "compatibility.yaml: error: no row covers noted 0.1.0, only its versions 0.2.x; widen that row, or add one"
        in done.err
    )


@pytest.mark.usefixtures("noted")
def test_an_operator_whose_sonataflow_nobody_knows_is_never_fine(waybill: Waybill) -> None:
    done = waybill("check", "--operator", "1.3.2")
    assert done.code == 1
    assert "unknown" in done.err


@pytest.mark.usefixtures("noted")
def test_an_operator_with_crds_of_its_own_is_checked_by_them(tmp_path: Path, waybill: Waybill) -> None:
    schema = {
        "type": "object",
        "properties": {"spec": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
    }
    tmp_path.joinpath("mine.json").write_text(json.dumps(definition(schema)))
    flow = {"name": "mine", "versions": "11.x", "crd": "mine.json", "properties": {}, "builder": "builder.example/x:1"}
    operators = {"sonataflow": [flow], "orchestrator": [{"versions": "2.x", "sonataflow": "mine"}]}
    tmp_path.joinpath("compatibility.yaml").write_text(json.dumps({"operators": operators}))
    done = waybill("check", "--json", "--operator", "2.1")
    assert done.code == 0
    assert done.json["verdicts"][0]["sonataflow"] == "mine"


@pytest.mark.usefixtures("noted")
def test_a_compatibility_yaml_that_is_wrong_stops_the_check_with_its_line(tmp_path: Path, waybill: Waybill) -> None:
    tmp_path.joinpath("compatibility.yaml").write_text(ROWS.replace("0.1.x", "~>one"))
    done = waybill("check")
    assert done.code == 1
    assert "compatibility.yaml:3:15: error:" in done.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--sonataflow", "11"], "SonataFlow '11' is unknown; the known ones are 1.40, 1.43, 1.44, 1.45, 10"),
        (["--sonataflow", "../crds/10"], "--sonataflow '../crds/10' is not a version"),
        (["--operator", "3"], "Orchestrator '3' is not in compatibility.yaml; it has 1.2.x, 1.3.x"),
        (["--crds", "nowhere"], "nowhere: does not exist"),
        (["notd"], "did you mean 'noted'?"),
    ],
)
@pytest.mark.usefixtures("noted")
def test_what_is_not_there_is_a_matter_of_usage(words: list[str], said: str, waybill: Waybill) -> None:
    done = waybill("check", *words)
    assert done.code == 2
    assert said in done.err


def definition(schema: object) -> dict[str, object]:
    """A CustomResourceDefinition of SonataFlow."""
    version = {"name": "v1alpha08", "served": True, "schema": {"openAPIV3Schema": schema}}
    names = {"kind": "SonataFlow", "plural": "sonataflows"}
    return {
        "kind": "CustomResourceDefinition",
        "spec": {"group": "sonataflow.org", "names": names, "versions": [version]},
    }


@pytest.mark.usefixtures("noted")
def test_real_crds_take_the_place_of_what_is_known(tmp_path: Path, waybill: Waybill) -> None:
    closed = {"type": "object", "properties": {"spec": {"type": "object", "properties": {"flow": {"type": "object"}}}}}
    text = "# A licence.\n---\n" + yaml.safe_dump_all([{"kind": "Namespace"}, definition(closed)])
    tmp_path.joinpath("mine.yaml").write_text(text)
    done = waybill("check", "--json", "--crds", "mine.yaml")
    assert [verdict["sonataflow"] for verdict in done.json["verdicts"]] == ["of mine.yaml"]
    fields = {objection["field"] for objection in done.json["verdicts"][0]["objections"]}
    assert {"spec.podTemplate", "spec.persistence", "spec.flow.states"} <= fields


def test_crds_are_read_from_a_folder_and_as_json(tmp_path: Path) -> None:
    schema = {"type": "object", "properties": {"spec": {"type": "object"}}}
    folder = tmp_path / "crds"
    folder.mkdir()
    folder.joinpath("sonataflows.json").write_text(json.dumps(definition(schema)))
    folder.joinpath("notes.txt").write_text("{")
    assert read_crds(str(folder)).schema == schema


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: b\n---\nc: [\n", "crds.yaml:4:1"),
        ("", "no CustomResourceDefinition of SonataFlow"),
        ("# nothing\n", "no CustomResourceDefinition of SonataFlow"),
        ("\x00\x01", "crds.yaml"),
        ("a: &a [*a]\n", "crds.yaml"),
    ],
)
@pytest.mark.usefixtures("noted")
def test_crds_that_cannot_be_read_are_findings(tmp_path: Path, text: str, said: str, waybill: Waybill) -> None:
    tmp_path.joinpath("crds.yaml").write_text(text)
    done = waybill("check", "--crds", "crds.yaml")
    assert done.code == 1
    assert said in done.err
