"""compatibility.yaml: what is read of it, what is wrong with one, and the operators that waybill knows."""

from __future__ import annotations

import contextlib
import json
from typing import Any, Final

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from semver import Version

from generator.compatibility.matrix import Matrix, known_matrix, read_matrix
from generator.compatibility.matrix_reader import MAX_ITEMS
from generator.findings.errors import FindingsError, WaybillError
from tests.conftest import ROOT

SCHEMA: Final = json.loads((ROOT / "generator" / "compatibility" / "schema.json").read_text(encoding="utf-8"))
OURS: Final = tuple(sorted(folder.name for folder in (ROOT / "charts" / "workflows" / "charts").iterdir()))

OWN: Final = read_matrix((ROOT / "compatibility.yaml").read_bytes(), "compatibility.yaml", known=known_matrix())

TWO: Final = """\
operators:
  sonataflow:
    - {name: 1.40, versions: 1.40.x, crd: crds/old.yaml, properties: {a.b: "true"}, builder: example.com/old}
    - {name: "10", versions: 10.x, crd: 10, properties: {}, builder: example.com/new}
  orchestrator:
    - {versions: 1.2.x, sonataflow: 1.40}
    - {versions: 1.3.x, sonataflow: unknown}
"""


def read(text: str, known: Matrix | None = None) -> Matrix:
    return read_matrix(text.encode(), "compatibility.yaml", known=known)


def refused(text: str) -> list[str]:
    with pytest.raises(FindingsError) as error:
        read(text)
    return [str(finding) for finding in error.value.findings]


def test_a_number_is_read_as_it_was_written() -> None:
    old, new = read(TWO).sonataflows
    assert (old.name, old.crd, dict(old.properties), old.builder) == (
        "1.40",
        "crds/old.yaml",
        {"a.b": "true"},
        "example.com/old",
    )
    assert (new.name, new.crd) == ("10", "10")
    assert str(new.at) == "compatibility.yaml:4:7"


def test_an_orchestrator_has_the_sonataflow_that_it_names_underneath() -> None:
    matrix = read(TWO)
    brings, unknown = matrix.orchestrators
    assert matrix.underneath(brings) is matrix.sonataflows[0]
    assert (unknown.sonataflow, matrix.underneath(unknown)) == (None, None)


@pytest.mark.parametrize(
    ("version", "name"), [("1.40.3", "1.40"), ("10.0.0", "10"), ("10.1.0-rc.1", None), ("1.41.0", None)]
)
def test_an_operator_is_found_by_its_version_as_helm_would(version: str, name: str | None) -> None:
    found = read(TWO).sonataflow(Version.parse(version))
    assert (found.name if found else None) == name


@pytest.mark.parametrize(("version", "found"), [("1.2.9", True), ("1.3.0-rc.1", False), ("1.4.0", False)])
def test_an_orchestrator_is_found_by_its_version_as_helm_would(version: str, found: bool) -> None:  # noqa: FBT001 - a column
    assert (read(TWO).orchestrator(Version.parse(version)) is not None) == found


@pytest.mark.parametrize(("version", "found"), [("1.3.0-rc.2", True), ("1.3.7+build.1", True), ("1.2.9", False)])
def test_a_pre_release_of_a_chart_is_looked_up_as_its_release(version: str, found: bool) -> None:  # noqa: FBT001 - a column
    matrix = read(TWO + "rows: [{charts: [greeting], versions: 1.3.x, orchestrator: 1.2.x}]")
    assert (matrix.row_of("greeting", Version.parse(version)) is not None) == found
    assert matrix.row_of("other", Version.parse(version)) is None


def test_a_file_without_operators_takes_those_that_are_known() -> None:
    matrix = read("rows: [{charts: [mine], versions: 0.x, sonataflow: ^10}]", known_matrix())
    assert matrix.sonataflows == known_matrix().sonataflows
    assert matrix.orchestrators == known_matrix().orchestrators
    assert [row.charts for row in matrix.rows] == [("mine",)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "1:1: error: the file is a list; write a map with operators and rows"),
        ("operatrs: {}", "1:1: error: the file has the unknown key 'operatrs'; did you mean 'operators'? (one of"),
        ("operators: {}", "1:12: error: operators has no sonataflow; add it"),
        ("operators: {sonataflow: []}", "1:25: error: operators.sonataflow is empty; write a list of one or more"),
        ("operators: {sonataflow: {}}", "1:25: error: operators.sonataflow is a map; write a list of one or more"),
        ("rows: {}", "1:7: error: rows is a map; write a list of one or more"),
        ("rows:", "error: rows is nothing; write a list of one or more"),
        ("rows: [a]", "1:8: error: a row is a string; write a map with charts, versions, orchestrator and sonataflow"),
        ("rows: [{charts: [a], versions: 1.x, sonataflow: new}]", "1:49: error: sonataflow 'new' is not a range of"),
        ("rows: [{charts: [a], versions: true, sonataflow: 10}]", "1:32: error: versions is a boolean; write a string"),
        (
            "rows: [{charts: [1], versions: 1, sonataflow: 10}]",
            "1:18: error: a chart's name is a number; write a string",
        ),
        ("rows: [{charts: [''], versions: 1, sonataflow: 10}]", "1:18: error: a chart's name is empty; write it"),
        (
            "rows: [{charts: [], versions: 1, sonataflow: 10}]",
            "1:17: error: charts is empty; write a list of one or more",
        ),
        ("rows: [{charts: [a], sonataflow: 10}]", "1:8: error: a row has no versions; add it"),
        ("rows: [{charts: [a], versions: 1}]", "1:8: error: a row names no operator; write orchestrator or sonataflow"),
        ("rows: [{charts: [a], version: 1, sonataflow: 10}]", "unknown key 'version'; did you mean 'versions'?"),
        ("rows: [{charts: [a, a], versions: 1, sonataflow: 10}]", "1:17: error: a row names the chart 'a' twice"),
    ],
)
def test_a_misshapen_file_is_refused_where_it_is_wrong_by_us_and_by_the_schema(text: str, message: str) -> None:
    assert any(message in finding for finding in refused(text)), refused(text)
    assert all(finding.endswith("[compatibility]") for finding in refused(text))
    if "is not a range" not in message:
        assert not jsonschema.Draft202012Validator(SCHEMA).is_valid(yaml.safe_load(text))


@pytest.mark.parametrize(
    ("field", "written", "message"),
    [
        ("name", "[]", "3:14: error: the name is a list; write a string"),
        ("name", "''", "3:14: error: the name is empty; write it"),
        ("name", "unknown", "3:14: error: no operator can be named unknown; give it another"),
        (
            "versions",
            "latest",
            "error: versions 'latest' is not a range of versions: 'latest' is not a version; write a range",
        ),
        ("crd", "null", "error: crd is nothing; write a string"),
        ("properties", "{a: true}", "error: the property 'a' is a boolean; write a string, in quotes"),
        ("properties", "{a: ''}", "error: the property 'a' is empty; write it"),
        ("properties", "[a=b]", "error: properties is a list; write a map of strings"),
        ("builder", "{}", "error: builder is a map; write a string"),
    ],
)
def test_a_field_of_an_operator_is_refused_where_it_is_wrong(field: str, written: str, message: str) -> None:
    fields = {"name": "n", "versions": "1.x", "crd": "c", "properties": "{}", "builder": "b"} | {field: written}
    flow = ", ".join(f"{key}: {value}" for key, value in fields.items())
    text = f"operators:\n  sonataflow:\n    - {{{flow}}}\n"
    [found] = refused(text)
    assert message in found
    if field != "versions":
        assert not jsonschema.Draft202012Validator(SCHEMA).is_valid(yaml.safe_load(text))


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (
            "    - {versions: 1.4.x, sonataflow: 1.4}",
            "8:37: error: no SonataFlow operator is named '1.4'; did you mean '1.40'? (one of 1.40, 10,",
        ),
        (
            "    - {versions: '>=1.3.5', sonataflow: unknown}",
            "8:7: error: Orchestrator >=1.3.5 overlaps 1.3.x of line 7; a version has one entry",
        ),
        (
            "rows: [{charts: [a], versions: 1.x, sonataflow: 1.45.x}]",
            "8:49: error: no entry below operators.sonataflow has versions of 1.45.x; add one, or name another version",
        ),
        (
            "rows: [{charts: ['*'], versions: 1, orchestrator: 1.x},\n {charts: [a], versions: 1, orchestrator: 1.x}]",
            "9:2: error: a 1 overlaps 1 of line 8 and says the same; keep one of them",
        ),
        (
            "rows: [{charts: ['*'], versions: 1, orchestrator: 1.x},\n {charts: ['*'], versions: 1, sonataflow: '10'}]",
            "9:2: error: every chart 1 overlaps 1 of line 8 and names other operators; a version has one row",
        ),
        (
            "rows: [{charts: ['*', a], versions: 1.x, orchestrator: 1.2.x}]",
            "8:17: error: '*' is every chart; remove the others",
        ),
        (
            "rows: [{charts: [a], versions: 1.x, orchestrator: 1.4}]",
            "8:51: error: no entry below operators.orchestrator has versions of 1.4;",
        ),
        (
            "rows:\n- {charts: [a, b], versions: 1, sonataflow: 10}\n- {charts: [b], versions: 1.3, sonataflow: 1.40}",
            "10:3: error: b 1.3 overlaps 1 of line 9 and names other operators; a version has one row",
        ),
        (
            "rows:\n- {charts: [a], versions: 1.x, sonataflow: 10}\n- {charts: [a], versions: ^1.2, sonataflow: 10}",
            "10:3: error: a ^1.2 overlaps 1.x of line 9 and says the same; keep one of them",
        ),
    ],
)
def test_what_contradicts_itself_is_refused_though_its_shape_is_right(more: str, message: str) -> None:
    [found] = refused(TWO + more)
    assert message in found
    jsonschema.Draft202012Validator(SCHEMA).validate(yaml.safe_load(TWO + more))


def test_the_name_of_a_crd_that_waybill_does_not_have_is_refused() -> None:
    [found] = refused(TWO.replace("crd: 10", "crd: 1.46"))
    assert "4:41: error: waybill has no CRD named '1.46'; did you mean '1.45'? (one of 1.40, 1.43," in found
    assert "or write a path from this file, as in crds/1.46.yaml" in found


def test_two_sonataflows_of_one_version_or_one_name_are_refused() -> None:
    entry = "{name: %s, versions: %s, crd: c, properties: {}, builder: b}"
    text = f"operators: {{sonataflow: [{entry % ('a', '1.x')}, {entry % ('b', '1.2.3')}, {entry % ('a', '2.x')}]}}"
    overlap, twice = refused(text)
    assert "SonataFlow 1.2.3 overlaps 1.x of line 1; a version has one entry" in overlap
    assert "a second SonataFlow is named 'a'; give each its own name" in twice


def test_all_that_is_wrong_is_said_at_once() -> None:
    text = (
        TWO.replace("versions: 10.x", "versions: ten")
        + "rows: [{charts: [a], sonataflow: 10.x}, {charts: a, verions: 1}]"
    )
    assert [found.split(": error: ")[0] for found in refused(text)] == [
        "compatibility.yaml:4:30",
        "compatibility.yaml:8:8",
        *["compatibility.yaml:8:41"] * 2,
        "compatibility.yaml:8:50",
        "compatibility.yaml:8:53",
    ]


def test_a_row_is_not_blamed_for_operators_that_cannot_be_read() -> None:
    rows = "rows: [{charts: [a], versions: 1.x, sonataflow: 11.x}]"
    [found] = refused(TWO.replace("versions: 10.x", "versions: ten") + rows)
    assert "versions 'ten' is not a range" in found


def test_a_key_that_stands_twice_is_refused() -> None:
    assert "2:1: error: the key 'rows' is repeated here" in "\n".join(refused("rows: [1]\nrows: [2]"))


def test_more_items_than_anybody_writes_are_refused() -> None:
    rows = [{"charts": ["a"], "versions": f"1.0.{number}", "sonataflow": "10.x"} for number in range(MAX_ITEMS + 1)]
    text = json.dumps({"rows": rows})
    assert f"rows has more than {MAX_ITEMS} items; write fewer" in "\n".join(refused(text))
    assert not jsonschema.Draft202012Validator(SCHEMA).is_valid(json.loads(text))


def test_the_schema_is_a_schema_and_takes_the_file_that_waybill_carries() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    validator = jsonschema.Draft202012Validator(SCHEMA)
    validator.validate(yaml.safe_load((ROOT / "compatibility.yaml").read_bytes()))
    validator.validate(yaml.safe_load(TWO))


texts = st.sampled_from(["1.x", "10.x", "a", "unknown", "", "^1"]) | st.text(max_size=5)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3))
rough = scalars | values


def some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A map with any of the fields, right or not, and now and then another."""
    return st.fixed_dictionaries({}, optional=fields | {"other": rough}) | rough


ranges_of_charts = st.lists(
    some(charts=st.lists(texts, max_size=2) | rough, versions=rough, orchestrator=rough, sonataflow=rough), max_size=3
)
sonataflow_entries = some(name=rough, versions=rough, crd=rough, properties=rough, builder=rough)
orchestrator_entries = some(versions=rough, sonataflow=rough)
files = some(
    operators=some(
        sonataflow=st.lists(sonataflow_entries, max_size=2), orchestrator=st.lists(orchestrator_entries, max_size=2)
    ),
    rows=ranges_of_charts,
)


@given(st.binary() | st.text().map(str.encode))
def test_whatever_the_bytes_are_they_are_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(WaybillError):
        read_matrix(data, "compatibility.yaml")


@given(files)
def test_whatever_the_values_are_they_are_read_or_refused_and_what_is_read_fits_the_schema(value: Any) -> None:
    text = json.dumps(value)
    with contextlib.suppress(WaybillError):
        read_matrix(text.encode(), "compatibility.yaml", known=known_matrix())
        jsonschema.Draft202012Validator(SCHEMA).validate(value)


@pytest.mark.parametrize(
    ("charts", "versions", "outside", "orchestrator"),
    [
        ("move2kube create-ocp-project request-vm-cnv modify-vm-resources", ("1.3.0", "1.3.9-rc.1"), "1.4.0", "1.3.x"),
        ("mta-v7 mtv-migration mtv-plan", ("1.3.0", "1.3.2"), "1.2.9", "1.3.x"),
        ("mta-analysis", ("0.3.0", "0.3.5"), "0.4.0", "1.2.x"),
        ("move2kube", ("0.3.0", "0.3.5"), "0.2.9", "1.2.x"),
        ("create-ocp-project request-vm-cnv modify-vm-resources", ("0.1.0", "0.1.5"), "0.2.0", "1.2.x"),
        ("mta-v6", ("0.2.0", "0.2.9"), "0.3.0", "1.2.x"),
        ("mta-v7", ("0.2.37",), "0.2.36", "1.2.x"),
        ("mtv-migration", ("0.0.1", "0.0.20"), "0.1.0", "1.2.x"),
        ("mtv-plan", ("0.0.13",), "0.0.14", "1.2.x"),
    ],
)
def test_a_published_chart_runs_on_the_orchestrator_that_it_was_published_for(
    charts: str, versions: tuple[str, ...], outside: str, orchestrator: str
) -> None:
    for chart in charts.split():
        for version in versions:
            row = OWN.row_of(chart, Version.parse(version))
            assert row is not None, (chart, version)
            assert (str(row.orchestrator), row.sonataflow) == (orchestrator, None)
        assert OWN.row_of(chart, Version.parse(outside)) is None


@pytest.mark.parametrize("chart", OURS)
def test_a_chart_of_this_repository_runs_on_sonataflow_10(chart: str) -> None:
    row = OWN.row_of(chart, Version.parse("2.0.0"))
    assert row is not None
    assert (row.orchestrator, str(row.sonataflow)) == (None, "10.x")


@pytest.mark.parametrize(
    ("version", "name", "properties", "builder"),
    [
        ("1.40.1", "1.40", {"quarkus.flyway.migrate-at-start": "true"}, "quay.io/kiegroup/kogito-swf-builder:1.40"),
        ("1.43.1", "1.43", {"quarkus.flyway.migrate-at-start": "true"}, "quay.io/kiegroup/kogito-swf-builder:1.43"),
        ("1.44.1", "1.44", {"quarkus.flyway.migrate-at-start": "true"}, "quay.io/kiegroup/kogito-swf-builder:1.44"),
        ("1.45.0", "1.45", {"quarkus.flyway.migrate-at-start": "true"}, "quay.io/kiegroup/kogito-swf-builder:1.45"),
        ("10.1.0", "10", {"kie.flyway.enabled": "true"}, "docker.io/apache/incubator-kie-sonataflow-builder:10.1.0"),
    ],
)
def test_a_known_sonataflow_says_what_workflows_need(
    version: str, name: str, properties: dict[str, str], builder: str
) -> None:
    found = known_matrix().sonataflow(Version.parse(version))
    assert found is not None
    assert (found.name, found.crd, dict(found.properties), found.builder) == (name, name, properties, builder)


@pytest.mark.parametrize("version", ["1.2.0", "1.3.2"])
def test_what_an_orchestrator_brings_is_unknown_where_nobody_published_it(version: str) -> None:
    found = known_matrix().orchestrator(Version.parse(version))
    assert found is not None
    assert known_matrix().underneath(found) is None
    assert found.sonataflow is None


def test_what_waybill_knows_has_no_rows_so_that_ours_are_nobody_else_s() -> None:
    assert known_matrix().rows == ()
    assert OWN.sonataflows == known_matrix().sonataflows


def test_a_star_is_every_chart() -> None:
    matrix = read_matrix(b"rows: [{charts: ['*'], versions: 1.x, sonataflow: 10.x}]\n", "x", known=known_matrix())
    assert [matrix.row_of(chart, Version(1)) for chart in ("greeting", "workflows")] == [*matrix.rows] * 2
    assert matrix.row_of("greeting", Version(2)) is None
