"""Charts for older operators: made of what their CRDs know, and proved before they are packed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from semver import Version

from generator.chart.chart import required_values, workflow_chart
from generator.compatibility.capabilities import OperatorCapabilities, newest_capabilities
from generator.compatibility.matrix import known_matrix
from generator.compatibility.proof import Candidate, left_out, refuted
from generator.compatibility.rendered import rendered
from generator.compatibility.verdict import Outcome, judge
from generator.findings.errors import VersionError
from generator.kubernetes import objects
from generator.kubernetes.admission import admit
from generator.kubernetes.crd import known_crd
from generator.kubernetes.objects import ImageReference
from generator.versions.ranges import parse_range
from generator.versions.steps import Step
from generator.workflow.workflow import Workflow
from pipeline.operators.known import Operators
from tests.chart_facts import capabilities_of
from tests.unit.conftest import defined

IMAGE = ImageReference(repository="quay.io/q/r", tag="1")
ALL = ("1.40", "1.43", "1.44", "1.45", "10")
FILES = {"application.properties": "url=${JIRA_URL}\n", "secret.properties": "TOKEN=\n", "schemas/a.json": "{}\n"}


def with_metadata() -> Workflow:
    """A workflow with metadata that operators before 10 refuse, and some that they take."""
    return defined(
        {
            "metadata": {"team": "x"},
            "functions": [{"name": "f", "type": "custom", "operation": "sysout", "metadata": {"configKey": "k"}}],
            "states": [
                {
                    "name": "Start",
                    "type": "operation",
                    "metadata": {"errorMessage": "none"},
                    "actions": [{"functionRef": {"refName": "f", "arguments": {"metadata": {"a": "b"}}}}],
                    "end": True,
                }
            ],
        },
        FILES,
    )


def values_of(workflow: Workflow, sonataflow: str) -> dict[str, Any]:
    files = workflow_chart(workflow, version="1.0.0", image=IMAGE, capabilities=capabilities_of(sonataflow)).files
    found: dict[str, Any] = yaml.safe_load(files["values.yaml"])
    return found


@pytest.mark.parametrize("sonataflow", ALL)
def test_a_chart_for_each_operator_fits_it(sonataflow: str) -> None:
    capabilities, workflow = capabilities_of(sonataflow), with_metadata()
    assert judge(workflow, capabilities.crd, capabilities=capabilities).outcome is Outcome.FITS
    for resource in rendered(workflow, capabilities).values():
        admission = admit(resource, capabilities.crd)
        assert (admission.dropped, admission.refused) == ((), ())


@pytest.mark.parametrize("sonataflow", ALL[:-1])
def test_metadata_that_an_operator_refuses_is_left_out_and_no_more(sonataflow: str) -> None:
    workflow = with_metadata()
    flow = capabilities_of(sonataflow).flow(objects.flow(workflow))
    assert flow["metadata"] == {"team": "x"}
    assert "metadata" not in flow["functions"][0]
    assert "metadata" not in flow["states"][0]
    assert flow["states"][0]["actions"][0]["functionRef"]["arguments"] == {"metadata": {"a": "b"}}
    assert objects.flow(workflow)["functions"][0]["metadata"] == {"configKey": "k"}


def test_the_newest_operator_takes_all_metadata() -> None:
    flow = objects.flow(with_metadata())
    assert newest_capabilities().flow(flow) == flow


def test_a_chart_has_the_values_that_its_operator_has_a_use_for() -> None:
    newest, middle, oldest = (values_of(with_metadata(), sonataflow) for sonataflow in ("10", "1.45", "1.44"))
    assert newest.keys() - middle.keys() == {"sink", "sources"}
    assert newest["persistence"].keys() - middle["persistence"].keys() == {"migrateDBOnStartUp"}
    assert middle.keys() - oldest.keys() == {
        "envFrom",
        "image",
        "imagePullSecrets",
        "persistence",
        "podTemplate",
        "replicas",
        "rollOnChange",
        "secret",
        "trustedCertificates",
    }
    assert (newest["profile"], middle["profile"], oldest["profile"]) == ("gitops", "prod", "prod")


def test_a_variable_without_a_pod_is_a_string() -> None:
    files = workflow_chart(with_metadata(), version="1.0.0", image=IMAGE, capabilities=capabilities_of("1.44")).files
    schema = json.loads(files["values.schema.json"])
    assert "object" not in schema["properties"]["env"]["properties"]["JIRA_URL"]["type"]
    assert required_values(with_metadata(), capabilities_of("1.44")) == ("env.JIRA_URL",)
    assert required_values(with_metadata()) == ("env.JIRA_URL", "secret.data.TOKEN")


def test_what_a_chart_cannot_give_is_said() -> None:
    assert list(left_out([with_metadata()], capabilities_of("10"))) == []
    assert list(left_out([with_metadata()], capabilities_of("1.45"))) == []
    state, secret = left_out([with_metadata()], capabilities_of("1.44"))
    assert "lose their state" in state.message
    assert secret.message == "SonataFlow 1.44 reads nothing from Secrets, so its chart does not ask for TOKEN"
    assert secret.path.endswith("secret.properties")


def test_the_properties_of_persistence_are_the_operators() -> None:
    assert newest_capabilities().sonataflow.properties == {objects.FLYWAY: "true"}
    chart = workflow_chart(with_metadata(), version="1.0.0", image=IMAGE, capabilities=capabilities_of("1.45"))
    assert '"quarkus.flyway.migrate-at-start=true"' in chart.files["templates/_workflow.tpl"].decode()


ROWS = """\
rows:
  - {charts: [a, workflows], versions: 2.x, sonataflow: 10.x}
  - {charts: [a, workflows], versions: 1.45.x, sonataflow: 1.45.x}
  - {charts: [a], versions: 1.3.x, orchestrator: 1.3.x}
  - {charts: [b], versions: 1.x, sonataflow: ">=1.45"}
"""


def operators(folder: Path, rows: str = ROWS) -> Operators:
    path = folder / "compatibility.yaml"
    path.unlink(missing_ok=True)
    if rows:
        path.write_text(rows)
    return Operators(path)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, {"waybill/sonataflow-versions": "10.x"}),
        ({"sonataflow": "1.45"}, {"waybill/operator-versions": "1.2.x", "waybill/sonataflow-versions": "1.45.x"}),
        ({"operator": "1.2"}, {"waybill/operator-versions": "1.2.x", "waybill/sonataflow-versions": "1.45.x"}),
        ({"operator": "1.3", "sonataflow": "1.45"}, {"waybill/operator-versions": "1.3.x"}),
    ],
)
def test_annotations_say_what_a_chart_was_made_for_and_what_one_operator_brings_of_the_other(
    tmp_path: Path, asked: dict[str, str], expected: dict[str, str]
) -> None:
    text = """\
operators:
  sonataflow:
    - {name: "1.45", versions: 1.45.x, crd: "1.45", properties: {}, builder: b}
    - {name: "10", versions: 10.x, crd: "10", properties: {}, builder: b}
  orchestrator:
    - {versions: 1.2.x, sonataflow: "1.45"}
    - {versions: 1.3.x, sonataflow: unknown}
"""
    capabilities = operators(tmp_path, text).line(**asked).capabilities
    files = workflow_chart(defined({}), version="2.0.0", image=IMAGE, capabilities=capabilities).files
    annotations = yaml.safe_load(files["Chart.yaml"])["annotations"]
    assert annotations == {"waybill/folder": "greeting", "waybill/workflow-id": "greeting", **expected}


@pytest.mark.parametrize("asked", [{}, {"sonataflow": "1.45"}, {"operator": "1.3", "sonataflow": "1.45"}])
def test_no_row_changes_a_chart(tmp_path: Path, asked: dict[str, str]) -> None:
    rows = (
        "",
        "rows:\n  - {charts: ['*'], versions: '>=1', sonataflow: '>=10'}\n",
        "rows:\n  - {charts: [greeting], versions: '>1', orchestrator: 1.3.x}\n",
        ROWS,
    )
    made = [
        workflow_chart(
            defined({}), version="2.0.0", image=IMAGE, capabilities=operators(tmp_path, each).line(**asked).capabilities
        ).files
        for each in rows
    ]
    assert [files == made[0] for files in made] == [True] * len(rows)


@pytest.mark.parametrize(
    ("asked", "chart", "there", "expected"),
    [
        ({}, "a", (None, []), "0.1.0"),
        ({}, "a", ("2.0.0", ["2.0.1"]), "2.0.0"),
        ({"sonataflow": "10"}, "a", (None, []), "0.1.0"),
        ({"sonataflow": "1.45"}, "a", (None, []), "1.45.0"),
        ({"sonataflow": "1.45.0"}, "a", (None, ["2.0.0", "1.45.2", "1.45.10"]), "1.45.10"),
        ({"sonataflow": "1.45"}, "a", ("1.45.1-rc.1", ["1.45.0"]), "1.45.1-rc.1"),
        ({"sonataflow": "1.45"}, "b", (None, []), "1.0.0"),
        ({"operator": "1.3.2", "sonataflow": "1.45"}, "a", (None, ["1.3.4"]), "1.3.4"),
    ],
)
def test_a_version_is_of_the_line_that_was_asked_for(
    tmp_path: Path, asked: dict[str, str], chart: str, there: tuple[str | None, list[str]], expected: str
) -> None:
    line = operators(tmp_path).line(**asked)
    assert line.start(chart, *there, "0.1.0") == expected


@pytest.mark.parametrize("before", ["  - ", "- ", "      - ", ""])
@pytest.mark.parametrize("everything", [True, False])
def test_charts_without_a_row_for_the_operator_are_told_which_row_to_write(
    tmp_path: Path, before: str, *, everything: bool
) -> None:
    rows = ROWS.rpartition("  - ")[0].replace("  - ", before) if before else ""
    line = operators(tmp_path, rows).line(sonataflow="1.44")
    with pytest.raises(VersionError) as error:
        line.require(["workflows", "a", "b"], everything=everything)
    said, _, written = str(error.value).partition("\n")
    assert said == (
        f"no row of {tmp_path}/compatibility.yaml says which versions of a, b and workflows are for SonataFlow 1.44; "
        f"{'add to its rows' if rows else 'write into that file'}:"
    )
    there = operators(tmp_path, f"{rows}{written}\n").line(sonataflow="1.44")
    there.require(["workflows", "a", "b"])
    assert there.capabilities.matrix.rows[-1].charts == (("*",) if everything else ("a", "b", "workflows"))
    assert str(there.versions("a")) == "1.44.x"


def test_a_row_for_charts_that_lack_one_names_these_alone(tmp_path: Path) -> None:
    line = operators(tmp_path).line(sonataflow="1.45")
    with pytest.raises(VersionError) as error:
        line.require(["a", "c", "d", "e", "f", "g", "h", "workflows"], everything=True)
    said, _, written = str(error.value).partition("\n")
    assert "which versions of 6 charts are for SonataFlow 1.45" in said
    assert yaml.safe_load(written)[0]["charts"] == ["c", "d", "e", "f", "g", "h"]


def test_a_committed_version_of_another_line_is_refused(tmp_path: Path) -> None:
    with pytest.raises(VersionError, match=r"a is at 2\.0\.0, but its versions for SonataFlow 1\.45 are 1\.45\.x"):
        operators(tmp_path).line(sonataflow="1.45").start("a", "2.0.0", (), "0.1.0")


def test_a_step_stays_in_its_line_or_is_refused(tmp_path: Path) -> None:
    line = operators(tmp_path).line(sonataflow="1.45")
    step = Step(before=Version.parse("1.45.1"), part="minor", towards="minor")
    assert str(line.step("a", step, exactly=False).after) == "1.45.2"
    with pytest.raises(VersionError, match=r"1\.46\.0 is not one of the versions 1\.45\.x"):
        line.step("a", step, exactly=True)
    assert line.step("b", step, exactly=True) is step


@pytest.mark.parametrize(
    "text", ["1.45.x", ">=1.2 <1.4", "^1.2", "!=0.0.0", ">1.3", "0.2.37 || 0.1.x", "~1.3", "*", "1.2 - 1.5"]
)
def test_the_first_version_of_a_range_is_in_it_and_none_before(text: str) -> None:
    versions = parse_range(text, "versions")
    first = versions.first()
    assert versions.holds(first)
    small = (Version(major, minor, patch) for major in range(2) for minor in range(6) for patch in range(40))
    assert not [each for each in small if each < first and versions.holds(each)]


def proved(folder: Path, rows: str, sonataflow: str | None = None, chart: str = "greeting") -> list[str]:
    known = operators(folder, rows)
    capabilities = known.line(sonataflow=sonataflow).capabilities
    candidates = [Candidate(chart=chart, version="2.0.0", workflow=with_metadata())]
    return [str(finding).replace(str(folder), "") for finding in refuted(candidates, capabilities, known.crd)]


def test_a_row_that_the_crd_refutes_is_said_with_its_field_and_what_mends_it(tmp_path: Path) -> None:
    found = proved(tmp_path, "rows:\n  - {charts: [greeting], versions: 2.x, sonataflow: 1.45.x || 10.x}\n")
    persistence = next(text for text in found if "spec.persistence" in text)
    assert persistence.startswith("/compatibility.yaml:2:5: error: greeting 2.0.0 cannot run on SonataFlow 1.45")
    assert "it is dropped and the workflow's state is lost on restart" in persistence
    assert "build for it with --sonataflow 1.45, or remove SonataFlow 1.45 from the row" in persistence
    assert [text for text in found if "SonataFlow 10 " in text] == []
    refused = next(text for text in found if "errorMessage" in text)
    assert "(workflows/greeting/greeting.sw.json:" in refused


def test_what_was_built_for_the_oldest_of_a_row_fits_all_of_it(tmp_path: Path) -> None:
    rows = 'rows:\n  - {charts: [greeting], versions: 2.x, sonataflow: ">=1.40"}\n'
    assert proved(tmp_path, rows, "1.40") == []
    assert proved(tmp_path, rows, "1.45") != []


def test_a_chart_needs_no_row_for_the_newest_unless_others_of_its_versions_have_one(tmp_path: Path) -> None:
    assert proved(tmp_path, "") == []
    for quiet in (
        "{charts: [another], versions: 1.x, sonataflow: 10.x}",
        "{charts: ['*'], versions: 1.45.x, sonataflow: 1.45.x}",
    ):
        assert proved(tmp_path, f"rows:\n  - {quiet}\n") == []
    named = "rows:\n  - {charts: [greeting], versions: 1.x, sonataflow: 10.x}\n"
    assert ["error: no row covers greeting 2.0.0" in text for text in proved(tmp_path, named)] == [True]


def test_an_operator_that_nobody_knows_is_a_warning(tmp_path: Path) -> None:
    rows = "rows:\n  - {charts: [greeting], versions: 2.x, orchestrator: 1.3.x}\n"
    (found,) = proved(tmp_path, rows)
    assert "warning: greeting 2.0.0 was not checked against Orchestrator 1.3.x" in found


def test_the_newest_operator_is_the_newest_wherever_it_stands() -> None:
    known = known_matrix()
    assert replace(known, sonataflows=known.sonataflows[::-1]).newest is known.newest is known.sonataflows[-1]


def test_a_schema_without_metadata_needs_no_validator() -> None:
    crd = known_crd("10")
    bare = OperatorCapabilities(
        sonataflow=newest_capabilities().sonataflow, crd=crd, matrix=newest_capabilities().matrix
    )
    flow = objects.flow(defined({}))
    assert bare.flow(flow) == flow
