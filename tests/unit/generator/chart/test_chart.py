"""The files of a workflow's chart. What Helm makes of them is shown in tests/integration."""

from __future__ import annotations

import json
import random
from typing import Any

import jsonschema
import pytest
import yaml

from generator.chart import values
from generator.chart.chart import Chart, chart_name, workflow_chart
from generator.chart.files import ChartFiles
from generator.chart.release_size import MAX_RELEASE_BYTES, release_bytes
from generator.compatibility.capabilities import newest_capabilities
from generator.findings.errors import FindingsError
from generator.findings.finding import Finding
from generator.kubernetes.objects import Database, ImageReference, flow, version_label
from generator.text.yaml_reader import parse
from generator.workflow.workflow import Workflow
from tests.unit.conftest import MINIMAL, Files, defined, workflow

IMAGE = ImageReference(repository="quay.io/orchestrator/serverless-workflow-greeting", tag="src-0123456789ab")
FILES = {
    "application.properties": "url=${JIRA_URL}\n",
    "secret.properties": "TOKEN=hidden\n",
    "specs/a.yaml": "  a: {{ 1 }}\n",
    "subflows/schemas/s.json": "{}",
}


def chart(found: Workflow, version: str = "0.1.0") -> Chart:
    return workflow_chart(found, version=version, image=IMAGE)


def with_overlay(overlay: Files, files: Files | None = None) -> Chart:
    return chart(workflow(files or {}, overlay=overlay))


def why(overlay: Files, files: Files | None = None) -> Finding:
    """The one finding that an overlay is refused with."""
    with pytest.raises(FindingsError) as caught:
        with_overlay(overlay, files)
    (finding,) = caught.value.findings
    assert finding.rule == "chart-files"
    assert finding.blocking
    return finding


def read(data: bytes) -> Any:
    """YAML as a YAML 1.2 reader, such as Helm's, takes it; the same for a YAML 1.1 reader."""
    found = parse(data, "a.yaml").root.plain()
    assert yaml.safe_load(data) == found
    return found


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("greeting", "greeting"),
        ("mta-v7.x", "mta-v7"),
        ("mta.v7.1", "mta-v7-1"),
        ("a.x.x", "a-x"),
        ("move2kube", "move2kube"),
        ("x", "x"),
        ("a.x.b", "a-x-b"),
    ],
)
def test_a_chart_has_its_folder_s_name_without_dots(folder: str, name: str) -> None:
    assert chart_name(folder) == name


@pytest.mark.parametrize(
    "folder", ["a b", "größe", "-a", "a-", ".x", "a/b", "global", "networkPolicy", "workflows", "a,b"]
)
def test_a_folder_whose_name_makes_no_chart_is_refused(folder: str) -> None:
    with pytest.raises(FindingsError) as caught:
        chart(workflow({}, name=folder))
    (finding,) = caught.value.findings
    assert (finding.rule, finding.blocking) == ("chart-name", True)
    assert f"'{chart_name(folder)}'" in finding.message


@pytest.mark.parametrize("folder", ["a", "a-b", "a_b", "A1", "123", "1e3", "null", "on", "true", "0x10"])
def test_a_chart_s_name_is_a_string_whatever_it_looks_like(folder: str) -> None:
    assert read(chart(workflow({}, name=folder)).files["Chart.yaml"])["name"] == folder


def test_the_files_of_the_smallest_chart() -> None:
    assert list(chart(defined({})).files) == [
        "Chart.yaml",
        "README.md",
        "files/flow.yaml",
        "templates/NOTES.txt",
        "templates/_operator.tpl",
        "templates/_pod.tpl",
        "templates/_trust.tpl",
        "templates/_workflow.tpl",
        "templates/networkpolicy.yaml",
        "templates/properties.yaml",
        "templates/sonataflow.yaml",
        "values.schema.json",
        "values.yaml",
    ]


def test_the_files_of_a_workflow_are_in_its_chart_as_they_are() -> None:
    files = chart(defined({}, FILES)).files
    assert {
        path: files[path].decode() for path in files if path.startswith("files/") and path != "files/flow.yaml"
    } == {
        "files/application.properties": "url=${JIRA_URL}\n",
        "files/specs/a.yaml": "  a: {{ 1 }}\n",
        "files/subflows/schemas/s.json": "{}",
    }
    assert "templates/secret.yaml" in files


def test_the_flow_of_the_chart_is_that_of_the_manifests() -> None:
    found = defined({"metadata": {"big": 12345678901234567890, "on": "off"}, "annotations": ["a: b"]})
    assert parse(chart(found).files["files/flow.yaml"], "f.yaml").root.plain() == flow(found)


def test_chart_yaml_says_what_the_chart_is() -> None:
    found = defined({"version": "1.10", "description": "One\n  line."})
    content = read(chart(found, "2.0.0-rc.1").files["Chart.yaml"])
    assert content.pop("icon").startswith("data:image/svg+xml;base64,")
    assert content == {
        "apiVersion": "v2",
        "name": "greeting",
        "description": "One line.",
        "type": "application",
        "version": "2.0.0-rc.1",
        "appVersion": "1.10",
        "kubeVersion": ">= 1.20.0-0",
        "keywords": ["serverless-workflow", "sonataflow", "orchestrator"],
        "annotations": {
            "waybill/folder": "greeting",
            "waybill/workflow-id": "greeting",
            "waybill/sonataflow-versions": "10.x",
        },
    }


def test_a_workflow_without_a_version_has_no_app_version() -> None:
    fields = {key: value for key, value in MINIMAL.items() if key != "version"}
    content = read(chart(workflow({"g.sw.json": json.dumps(fields)})).files["Chart.yaml"])
    assert "appVersion" not in content


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"description": "d"}, "d"),
        ({"name": "N"}, "N"),
        ({"name": ""}, "greeting"),
        ({"description": " \n "}, "Greeting"),
    ],
)
def test_a_chart_is_described_by_description_name_or_id(fields: dict[str, str], expected: str) -> None:
    assert chart(defined(fields)).description == expected


EVIL = '{{ fail "x" }} << x >> <% y %> "quoted" \\ `tick` : # } é {{/* */}}'


def test_text_of_a_workflow_is_never_a_template() -> None:
    found = defined(
        {"description": EVIL, "version": EVIL}, {"application.properties": f"# {EVIL}\na=${{X:{{{{ y }}}}}}\n"}
    )
    files = chart(found).files
    assert read(files["Chart.yaml"])["description"] == EVIL
    assert read(files["Chart.yaml"])["appVersion"] == EVIL
    line = next(line for line in files["templates/sonataflow.yaml"].decode().splitlines() if "description:" in line)
    literal = line.split(": ", 1)[1].removeprefix("{{ ").removesuffix(" | toJson }}")
    assert json.loads(literal) == EVIL
    outside = files["templates/sonataflow.yaml"].decode().replace(json.dumps(EVIL, ensure_ascii=False), "")
    outside = outside.replace(f'"{version_label(EVIL)}"', "")
    assert "fail" not in outside


def test_no_template_holds_text_of_specs_or_properties() -> None:
    marked = {path: f"MARK{text}" for path, text in FILES.items() if path.startswith("specs")}
    files = chart(defined({}, {**FILES, **marked})).files
    assert not [path for path, data in files.items() if path.startswith("templates/") and b"MARK" in data]


def test_the_readme_has_a_row_for_each_value_and_each_variable() -> None:
    found = defined({}, FILES)
    readme = chart(found).files["README.md"].decode()
    table = values.workflow_values(
        capabilities=newest_capabilities(),
        image=IMAGE,
        database=Database(schema="greeting"),
        variables=found.variables(),
        secret_comments=found.secret_comments(),
    )
    for row in values.rows(table):
        assert f"| `{row.path}` |" in readme
    assert "| JIRA_URL | `env.JIRA_URL` | yes |" in readme
    assert "| TOKEN | `secret.data.TOKEN` | yes, secret |" in readme
    assert "--set env.JIRA_URL=..." in readme
    assert "hidden" not in readme


def test_a_bar_in_a_default_does_not_break_the_table_of_the_readme() -> None:
    readme = chart(defined({}, {"application.properties": "# a|b\nx=${VAR:c|d <e>}\n"})).files["README.md"].decode()
    (row,) = [line for line in readme.splitlines() if line.startswith("| VAR |")]
    assert row == "| VAR | `env.VAR` | no, default `c\\|d &lt;e>` | a\\|b |"


@pytest.mark.parametrize(
    "path", ["templates/broker.yaml", "templates/tests/t.yaml", "crds/c.yaml", "files/extra/x.txt"]
)
def test_a_file_of_the_overlay_is_in_the_chart(path: str) -> None:
    files = with_overlay({path: "kind: {{ .Values.x }}\n"}).files
    assert files[path] == b"kind: {{ .Values.x }}\n"
    assert set(files) - {path} == set(chart(workflow({})).files)


@pytest.mark.parametrize(
    "path",
    ["templates/sonataflow.yaml", "templates/_workflow.tpl", "files/flow.yaml", "files/specs/a.yaml", "Chart.yaml"],
)
def test_a_file_of_the_overlay_that_the_chart_generates_itself_is_refused(path: str) -> None:
    finding = why({path: "x"}, FILES)
    assert finding.path == f"workflows/greeting/chart/{path}"
    assert finding.message == f"the chart generates '{path}' itself; rename the file"


@pytest.mark.parametrize("path", ["notes.txt", "template/x.yaml", "charts/x/Chart.yaml", ".helmignore", "values.yml"])
def test_a_file_of_the_overlay_that_has_no_place_in_a_chart_is_refused(path: str) -> None:
    assert why({path: "x"}).message == (
        f"'{path}' does not belong in a chart; chart/ takes templates/, crds/, files/, README.md, values.yaml, "
        "values.schema.json"
    )


def test_all_that_is_wrong_with_an_overlay_is_said_at_once() -> None:
    with pytest.raises(FindingsError) as caught:
        with_overlay({"a.txt": "", "templates/_pod.tpl": "", "b.txt": ""})
    assert len(caught.value.findings) == 3


def test_notes_of_the_overlay_end_the_notes() -> None:
    notes = with_overlay({"templates/NOTES.txt": "Needs {{ .Values.broker }}.\n"}).files["templates/NOTES.txt"].decode()
    generated = chart(workflow({})).files["templates/NOTES.txt"].decode()
    assert notes == f"{generated}\nNeeds {{{{ .Values.broker }}}}.\n"


def test_values_that_the_overlay_s_schema_requires_are_required() -> None:
    schema = json.dumps({"required": ["broker"], "properties": {"broker": {"type": "string"}}})
    files = with_overlay({"values.yaml": "broker: a\n", "values.schema.json": schema}).files
    assert json.loads(files["values.schema.json"])["required"] == ["broker"]


def test_text_of_the_overlay_ends_the_readme() -> None:
    readme = with_overlay({"README.md": "\n## Brokers\n\nNeeds one.\n"}).files["README.md"].decode()
    assert readme.endswith("\n\n## Brokers\n\nNeeds one.\n")
    assert readme.startswith("# greeting\n")


OWN_VALUES = [
    "broker:\n  name: default\nnumber: 1.10\n",
    "# mine\nbroker: {name: default}\nnumber: 1.10",
    "---\nbroker: {name: default}\nnumber: 1.10\n",
    "{broker: {name: default}, number: 1.10}\n",
    "  broker: {name: default}\n  number: 1.10\n",
    "\ufeffbroker: {name: default}\nnumber: 1.10\n",
    "broker: {name: default}\r\nnumber: 1.10\r\n",
    "broker: {name: default}\nnumber: 1.10\n...\n",
    "broker: &b {name: default}\nnumber: 1.10\n",
]


@pytest.mark.parametrize("own", OWN_VALUES)
def test_values_of_the_overlay_stand_beside_the_chart_s_own(own: str) -> None:
    found = read(with_overlay({"values.yaml": own}).files["values.yaml"])
    assert (found["broker"], found["number"]) == ({"name": "default"}, 1.1)
    assert found["image"]["repository"] == IMAGE.repository
    assert len(found) == len(read(chart(workflow({})).files["values.yaml"])) + 2


def validate(overlay: Files, given: dict[str, Any]) -> None:
    files = with_overlay(overlay).files
    schema = json.loads(files["values.schema.json"])
    jsonschema.Draft7Validator(schema).validate({**read(files["values.yaml"]), **given})


def test_a_value_of_the_overlay_without_a_schema_may_be_anything() -> None:
    validate({"values.yaml": "broker: x\n"}, {"broker": {"a": [1]}})
    with pytest.raises(jsonschema.ValidationError):
        validate({"values.yaml": "broker: x\n"}, {"brokr": "x"})


def test_a_schema_of_the_overlay_is_part_of_the_chart_s() -> None:
    overlay = {"values.yaml": "broker: x\n", "values.schema.json": '{"properties": {"broker": {"type": "string"}}}'}
    validate(overlay, {"broker": "y"})
    with pytest.raises(jsonschema.ValidationError):
        validate(overlay, {"broker": 7})


@pytest.mark.parametrize("section", ["definitions", "$defs"])
def test_a_schema_of_the_overlay_may_refer_to_its_own_definitions(section: str) -> None:
    schema = {"properties": {"broker": {"$ref": f"#/{section}/name"}}, section: {"name": {"type": "string"}}}
    overlay = {"values.yaml": "broker: x\n", "values.schema.json": json.dumps(schema)}
    validate(overlay, {"broker": "y"})
    with pytest.raises(jsonschema.ValidationError):
        validate(overlay, {"broker": 7})


@pytest.mark.parametrize(
    ("overlay", "path", "message"),
    [
        ({"values.yaml": "image: x\nenv: y\n"}, "values.yaml", "the chart already has values named env, image"),
        (
            {"values.schema.json": '{"properties": {"global": {}}}'},
            "values.schema.json",
            "the chart already has values named global",
        ),
        ({"values.yaml": "- a\n"}, "values.yaml", "expected a map, found a list"),
        ({"values.schema.json": "[]"}, "values.schema.json", "expected a map, found a list"),
        ({"values.schema.json": '{"properties": [1]}'}, "values.schema.json", "must be a map, not a list"),
        ({"values.schema.json": '{"properties": "x"}'}, "values.schema.json", "must be a map, not a string"),
        ({"values.schema.json": '{"required": "x"}'}, "values.schema.json", "'required' must be a list of names"),
    ],
)
def test_values_of_the_overlay_that_do_not_fit_are_refused(overlay: Files, path: str, message: str) -> None:
    finding = why(overlay)
    assert finding.path == f"workflows/greeting/chart/{path}"
    assert message in finding.message


@pytest.mark.parametrize(
    ("overlay", "rule"),
    [
        ({"values.yaml": "a: [\n"}, "syntax"),
        ({"values.schema.json": "{"}, "syntax"),
        ({"values.yaml": "a: é".encode("latin-1")}, "encoding"),
        ({"README.md": "é".encode("latin-1")}, "encoding"),
        ({"templates/a.yaml": "# é".encode("latin-1")}, "encoding"),
    ],
)
def test_a_file_of_the_overlay_that_cannot_be_read_is_refused_with_its_name(overlay: Files, rule: str) -> None:
    with pytest.raises(FindingsError) as caught:
        with_overlay(overlay)
    (finding,) = caught.value.findings
    assert (finding.path, finding.rule) == (f"workflows/greeting/chart/{next(iter(overlay))}", rule)


@pytest.mark.parametrize("path", ["values.yaml", "values.schema.json", "README.md"])
def test_an_empty_file_of_the_overlay_changes_nothing(path: str) -> None:
    assert with_overlay({path: "\n"}).files["values.schema.json"] == chart(workflow({})).files["values.schema.json"]


def noise(size: int) -> bytes:
    """Bytes that do not compress well: letters at random, the same each time."""
    return bytes(random.Random(7).choices(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/", k=size))  # noqa: S311 - no secret


def test_a_release_over_one_mebibyte_is_refused_with_its_figure() -> None:
    files = {f"specs/f{n}/a.txt": noise(900_000)[n:] for n in range(3)}
    with pytest.raises(FindingsError) as caught:
        chart(defined({}, files))
    (finding,) = caught.value.findings
    assert (finding.rule, finding.path, finding.blocking) == ("release-size", "workflows/greeting", True)
    assert f"at most {MAX_RELEASE_BYTES:,}; cut the specs down with --minify-specs" in finding.message
    figure = int(finding.message.split(" about ")[1].split(" bytes")[0].replace(",", ""))
    assert figure > MAX_RELEASE_BYTES


def test_a_large_workflow_that_compresses_well_is_no_matter() -> None:
    assert chart(defined({}, {"specs/a.yaml": "a: 1\n" * 200_000})).files["files/specs/a.yaml"]


def test_the_size_of_a_release_grows_with_its_files() -> None:
    small = ChartFiles({"files/a": noise(10_000)})
    large = ChartFiles({"files/a": noise(900_000)})
    assert 10_000 <= release_bytes(small) < 100_000
    assert release_bytes(large) > 900_000


def test_the_same_workflow_gives_the_same_bytes() -> None:
    again = defined({}, dict(reversed(FILES.items())))
    assert chart(defined({}, FILES)).files == chart(again).files


def test_a_byte_order_mark_of_a_workflow_s_file_is_in_no_chart() -> None:
    marked = {path: b"\xef\xbb\xbf" + text.encode() for path, text in FILES.items()}
    assert not [path for path, data in chart(defined({}, marked)).files.items() if b"\xef\xbb\xbf" in data]


def test_the_readme_shows_the_workflow_unless_it_is_too_large_to_draw() -> None:
    def readme(number: int) -> str:
        states = [{"name": f"S{n}", "type": "inject", "data": {"a": 1}, "end": True} for n in range(number)]
        return chart(defined({"start": "S0", "states": states})).files["README.md"].decode()

    assert "```mermaid\nflowchart TD\n" in readme(2)
    assert "```mermaid" not in readme(400)
    assert "## What it does" not in readme(400)
