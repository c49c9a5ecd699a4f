"""The values of a chart: values.yaml and its schema say the same, and a misspelt key is rejected."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
import yaml

from generator.chart.chart import Chart, workflow_chart
from generator.chart.umbrella import SubChart, umbrella_files
from generator.chart.values import Value, rows, umbrella_values, workflow_values
from generator.compatibility.capabilities import newest_capabilities
from generator.kubernetes.objects import Database, ImageReference
from generator.workflow.properties import Variable
from tests.unit.conftest import defined

IMAGE = ImageReference(repository="quay.io/orchestrator/serverless-workflow-greeting", tag="src-0123456789ab")


def chart(files: dict[str, str] | None = None) -> Chart:
    return workflow_chart(defined({}, files), version="0.1.0", image=IMAGE)


FULL = chart(
    {
        "application.properties": "# Where Jira is.\nurl=${JIRA_URL}\nlevel=${LEVEL:INFO}\nempty=${EMPTY:}\n",
        "secret.properties": "# From your profile.\nTOKEN=hidden\nmy.key=\n",
    }
)
#: What reads `portal.url`.
READS = {
    "name": "A",
    "type": "inject",
    "data": {},
    "stateDataFilter": {"output": "${ $SECRET.portal.url }"},
    "end": True,
}
UMBRELLA = umbrella_files(
    [
        SubChart(name="greeting", version="0.1.0", description="d"),
        SubChart(name="a-b", version="1.0.0", description="d"),
    ],
    version="2.0.0",
)


def values_of(files: Any) -> dict[str, Any]:
    """values.yaml as Helm reads it."""
    found: dict[str, Any] = yaml.load(files["values.yaml"], yaml.CSafeLoader)
    return found


def schema_of(files: Any) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(files["values.schema.json"])
    return schema


def check(files: Any, given: dict[str, Any]) -> None:
    """Refuse values that the chart's schema refuses, as Helm does: the defaults with these over them."""
    jsonschema.Draft7Validator(schema_of(files)).validate(merged(values_of(files), given))


def merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    result = dict(base)
    for key, value in over.items():
        inner = result.get(key)
        result[key] = merged(inner, value) if isinstance(inner, dict) and isinstance(value, dict) else value
    return result


@pytest.mark.parametrize("files", [FULL.files, chart().files, UMBRELLA], ids=["full", "smallest", "umbrella"])
def test_the_defaults_fit_the_schema_and_the_schema_is_one(files: dict[str, bytes]) -> None:
    jsonschema.Draft7Validator.check_schema(schema_of(files))
    check(files, {})


DEFAULTS: dict[str, Any] = {
    "image": {"repository": IMAGE.repository, "tag": IMAGE.tag, "digest": ""},
    "imagePullSecrets": [],
    "env": {"EMPTY": "", "JIRA_URL": "", "LEVEL": ""},
    "envFrom": [],
    "requireEnv": True,
    "secret": {"data": {"TOKEN": "", "my.key": ""}, "existingSecret": ""},
    "properties": "",
    "persistence": {
        "enabled": True,
        "secretRef": {
            "name": "sonataflow-psql-postgresql",
            "userKey": "postgres-username",
            "passwordKey": "postgres-password",
        },
        "serviceRef": {
            "name": "sonataflow-psql-postgresql",
            "port": 5432,
            "databaseName": "sonataflow",
            "databaseSchema": "greeting",
            "namespace": "",
        },
        "jdbcUrl": "",
        "migrateDBOnStartUp": None,
    },
    "trustedCertificates": {"configMap": "", "key": "ca-bundle.crt"},
    "networkPolicy": {
        "enabled": False,
        "rhdhNamespace": "rhdh-operator",
        "sonataflowNamespace": "sonataflow-infra",
        "extraNamespaces": [],
    },
    "profile": "gitops",
    "operatorCheck": "discovery",
    "replicas": None,
    "podTemplate": {"container": {"resources": {}}},
    "sink": {},
    "sources": [],
    "rollOnChange": True,
    "commonLabels": {},
    "commonAnnotations": {},
    "versionLabel": False,
    "global": {"imageRegistry": "", "env": {}},
}


def test_values_yaml_holds_the_defaults_of_the_table_in_the_issue() -> None:
    assert values_of(FULL.files) == DEFAULTS


def test_the_umbrella_switches_everything_off() -> None:
    found = values_of(UMBRELLA)
    assert (found["greeting"], found["a-b"]) == ({"enabled": False}, {"enabled": False})
    assert found["networkPolicy"]["enabled"] is False
    assert found["global"] == {"imageRegistry": "", "env": {}, "checkedBy": "workflows"}


GOOD: list[dict[str, Any]] = [
    {"enabled": True},
    {"global": {"anything": {"of": "others"}}},
    {"global": {"imageRegistry": "r", "env": {"X": "1"}}},
    {"env": {"JIRA_URL": "https://x"}},
    {"env": {"JIRA_URL": 7}},
    {"env": {"JIRA_URL": True}},
    {"env": {"JIRA_URL": None}},
    {"env": {"JIRA_URL": {"configMapKeyRef": {"name": "a", "key": "b"}}}},
    {"envFrom": [{"secretRef": {"name": "mine"}}]},
    {"requireEnv": False},
    {"secret": {"data": {"TOKEN": "x", "my.key": 7}}},
    {"secret": {"existingSecret": "mine"}},
    {"image": {"digest": "sha256:" + "a" * 64}},
    {"image": {"tag": "latest"}},
    {"image": {"tag": 20241201}},
    {"global": {"env": {"JIRA_URL": 8080, "OTHER": {"secretKeyRef": {"name": "a", "key": "b"}}}}},
    {"commonLabels": {"release": 20241201}},
    {"replicas": 0},
    {"replicas": None},
    {"persistence": {"enabled": False}},
    {"persistence": {"migrateDBOnStartUp": True}},
    {"persistence": {"jdbcUrl": "jdbc:postgresql://x"}},
    {"podTemplate": {"affinity": {}, "container": {"resources": {"limits": {"cpu": "1"}}, "env": []}}},
    {"networkPolicy": {"extraNamespaces": ["a"]}},
    {"sink": {"ref": {"kind": "Broker"}}},
    {"sources": [{"ref": {}}]},
    {"profile": "preview"},
    {"operatorCheck": "none"},
    {"operatorCheck": "strict"},
    {"commonLabels": {"a": "b"}},
    {"versionLabel": True},
]
BAD: list[dict[str, Any]] = [
    {"image": {"tag": 1.5}},
    {"image": {"tag": 2**53}},
    {"env": {"JIRA_URL": 1.5}},
    {"secret": {"data": {"TOKEN": 1.5}}},
    {"global": {"env": {"JIRA_URL": 1.5}}},
    {"commonLabels": {"release": 1.5}},
    {"commonAnnotations": {"release": {}}},
    {"imag": {}},
    {"Enabled": True},
    {"enabled": "true"},
    {"requireenv": False},
    {"requireEnv": "no"},
    {"operatorCheck": False},
    {"operatorCheck": "lax"},
    {"image": {"tga": "1"}},
    {"image": {"repository": ""}},
    {"image": {"digest": "abc"}},
    {"image": {"digest": "sha256:" + "A" * 64}},
    {"env": {"JIRA_ULR": "x"}},
    {"env": {"JIRA_URL": ["x"]}},
    {"env": "x"},
    {"envFrom": {"secretRef": {}}},
    {"secret": {"data": {"TOKN": "x"}}},
    {"secret": {"data": {"TOKEN": {}}}},
    {"secret": {"existing": "x"}},
    {"persistence": {"enabld": True}},
    {"persistence": {"secretRef": {"nme": "x"}}},
    {"persistence": {"serviceRef": {"port": "x"}}},
    {"persistence": {"serviceRef": {"schema": "x"}}},
    {"networkPolicy": {"extraNamespace": []}},
    {"networkPolicy": {"extraNamespaces": [1]}},
    {"replicas": -1},
    {"replicas": "2"},
    {"profile": "production"},
    {"rollOnChange": "x"},
    {"versionLabel": "2.0.0"},
    {"properties": []},
]


@pytest.mark.parametrize("given", GOOD, ids=str)
def test_values_that_make_sense_fit_the_schema(given: dict[str, Any]) -> None:
    check(FULL.files, given)


@pytest.mark.parametrize("given", BAD, ids=str)
def test_a_misspelt_key_or_a_wrong_value_is_rejected(given: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        check(FULL.files, given)


def test_a_variable_of_a_workflow_that_has_none_is_rejected() -> None:
    with pytest.raises(jsonschema.ValidationError):
        check(chart().files, {"env": {"X": "1"}})


def test_the_umbrella_takes_the_values_of_its_charts_and_rejects_a_misspelt_chart() -> None:
    check(UMBRELLA, {"greeting": {"enabled": True, "replicas": 2, "env": {"X": "1"}}, "global": {"env": {"X": "1"}}})
    with pytest.raises(jsonschema.ValidationError):
        check(UMBRELLA, {"greting": {"enabled": True}})
    with pytest.raises(jsonschema.ValidationError):
        check(UMBRELLA, {"greeting": {"enabled": "yes"}})


def comment_above(text: str, key: str) -> list[str]:
    lines = text.splitlines()
    index = next(n for n, line in enumerate(lines) if line.strip().startswith(f"{key}:"))
    above: list[str] = []
    while index and lines[index - 1].strip().startswith("#"):
        index -= 1
        above.insert(0, lines[index].strip().removeprefix("# "))
    return above


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("JIRA_URL", ["Where Jira is.", "Required."]),
        ("LEVEL", ["Default: INFO."]),
        ("EMPTY", ["Default: empty."]),
        ("TOKEN", ["From your profile.", "Required."]),
        ("digest", ["sha256:…; wins over the tag."]),
    ],
)
def test_a_value_is_documented_right_above_it(key: str, expected: list[str]) -> None:
    assert comment_above(FULL.files["values.yaml"].decode(), key) == expected


def test_every_value_is_documented() -> None:
    listed = workflow_values(
        capabilities=newest_capabilities(),
        image=IMAGE,
        database=Database(schema="s"),
        variables=[Variable(name="X")],
        secret_comments={"K": ""},
    )
    undocumented = [row.path for row in [*rows(listed), *rows(umbrella_values(["a"]))] if not row.description.strip()]
    assert undocumented == []


def test_a_comment_of_several_lines_or_with_yaml_in_it_stays_a_comment() -> None:
    text = "# one\n# x: 1 # two\na=${VAR:a\\nb: 2}\n"
    found = chart({"application.properties": text})
    assert values_of(found.files)["env"] == {"VAR": ""}
    assert comment_above(found.files["values.yaml"].decode(), "VAR") == ["one x: 1 # two", "Default: a b: 2."]


YAML_WORDS = ["ON", "NO", "YES", "TRUE", "NULL", "Y", "N"]


@pytest.mark.parametrize("name", YAML_WORDS)
def test_a_variable_may_be_called_like_a_word_of_yaml(name: str) -> None:
    found = chart({"application.properties": f"a=${{{name}}}\n"})
    assert values_of(found.files)["env"] == {name: ""}
    check(found.files, {"env": {name: "x"}})


@pytest.mark.parametrize("key", ["on", "true", "null", "123", "1e3", "0x10", "1.5", "-", "a-b", "."])
def test_a_key_of_the_secret_may_look_like_anything_in_yaml(key: str) -> None:
    found = chart({"secret.properties": f"{key}=x\n"})
    assert values_of(found.files)["secret"]["data"] == {key: ""}
    check(found.files, {"secret": {"data": {key: "x"}}})


def test_values_of_the_secret_are_in_no_file_of_the_chart() -> None:
    assert not [path for path, data in FULL.files.items() if b"hidden" in data]


def test_rows_are_the_leaves_with_their_paths() -> None:
    inner = Value(key="b", default=1, comment=("one", "two"))
    assert [(row.path, row.default, row.description) for row in rows([Value(key="a", children=(inner,)), inner])] == [
        ("a.b", 1, "one two"),
        ("b", 1, "one two"),
    ]


@pytest.mark.parametrize(
    ("files", "given"),
    [
        ({"application.properties": "portal.url=http://portal\n"}, ({}, {})),
        ({"application.properties": "portal.url=${PORTAL:http://portal}\n"}, ({"PORTAL": ""}, {})),
        ({"secret.properties": "portal.url=\n"}, ({}, {"portal.url": ""})),
        ({}, ({"PORTAL_URL": ""}, {})),
    ],
)
def test_a_secret_with_dots_is_asked_for_as_its_property_is(
    files: dict[str, str], given: tuple[dict[str, str], dict[str, str]]
) -> None:
    values = values_of(workflow_chart(defined({"states": [READS]}, files), version="0.1.0", image=IMAGE).files)
    assert (values.get("env", {}), values.get("secret", {}).get("data", {})) == given
