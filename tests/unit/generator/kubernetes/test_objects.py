"""The Kubernetes objects of a workflow, and what a person may choose about them."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from generator.kubernetes.crd import known_crd, known_crds
from generator.kubernetes.objects import (
    OBJECTS,
    RESOURCES,
    Database,
    ImageReference,
    ManifestOptions,
    flow,
    installed_objects,
    manifest_files,
    manifests,
    properties_text,
    resource_map_names,
    version_label,
)
from generator.workflow.properties import parse_properties
from generator.workflow.workflow import Workflow
from tests.unit.conftest import defined, workflow

FILES = {
    "application.properties": "a=1\n",
    "secret.properties": "TOKEN=hidden\nmy.key=also\n",
    "specs/b.yaml": "b: 1\n",
    "specs/a.yaml": "a: 1\n",
    "schemas/s.json": "{}",
    "subflows/schemas/t.json": "{}",
}


@pytest.fixture
def full() -> Workflow:
    return defined({"id": "Hello", "description": "d", "version": "1.10"}, FILES)


def by_name(found: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {f"{manifest['kind']} {manifest['metadata']['name']}": manifest for manifest in found}


def resource(found: list[dict[str, Any]]) -> dict[str, Any]:
    return found[-1]


def test_a_workflow_without_files_is_one_custom_resource() -> None:
    found = defined({})
    assert manifests(found, ManifestOptions()) == [
        {
            "apiVersion": "sonataflow.org/v1alpha08",
            "kind": "SonataFlow",
            "metadata": {
                "name": "greeting",
                "labels": {
                    "app": "greeting",
                    "app.kubernetes.io/component": "serverless-workflow",
                    "app.kubernetes.io/managed-by": "sonataflow-operator",
                    "app.kubernetes.io/name": "greeting",
                    "sonataflow.org/workflow-app": "greeting",
                    "sonataflow.org/workflow-namespace": "",
                },
                "annotations": {
                    "sonataflow.org/description": "",
                    "sonataflow.org/expressionLang": "jq",
                    "sonataflow.org/profile": "gitops",
                    "sonataflow.org/version": "1.0.0",
                },
            },
            "spec": {
                "flow": flow(found),
                "podTemplate": {"container": {"resources": {}}},
                "resources": {},
            },
        }
    ]


def test_objects_come_in_the_order_they_are_applied_in(full: Workflow) -> None:
    assert list(by_name(manifests(full, ManifestOptions(secret_values=True)))) == [
        "ConfigMap hello-props",
        "Secret hello-secrets",
        "ConfigMap 01-hello-resources-schemas",
        "ConfigMap 02-hello-resources-specs",
        "ConfigMap 03-hello-resources-subflows-schemas",
        "SonataFlow hello",
    ]


def test_the_files_are_numbered_and_hold_one_object_each(full: Workflow) -> None:
    found = manifests(full, ManifestOptions(secret_values=True))
    files = manifest_files(found)
    assert list(files) == [
        "01-configmap_hello-props.yaml",
        "02-secret_hello-secrets.yaml",
        "03-configmap_01-hello-resources-schemas.yaml",
        "04-configmap_02-hello-resources-specs.yaml",
        "05-configmap_03-hello-resources-subflows-schemas.yaml",
        "06-sonataflow_hello.yaml",
    ]
    assert [yaml.safe_load(data) for data in files.values()] == found


def test_a_config_map_holds_the_files_of_one_folder(full: Workflow) -> None:
    found = by_name(manifests(full, ManifestOptions()))
    assert found["ConfigMap 02-hello-resources-specs"] == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "02-hello-resources-specs"},
        "data": {"a.yaml": "a: 1\n", "b.yaml": "b: 1\n"},
    }


def test_the_custom_resource_mounts_each_folder_where_it_was(full: Workflow) -> None:
    assert resource(manifests(full, ManifestOptions()))["spec"]["resources"] == {
        "configMaps": [
            {"configMap": {"name": "01-hello-resources-schemas"}, "workflowPath": "schemas"},
            {"configMap": {"name": "02-hello-resources-specs"}, "workflowPath": "specs"},
            {"configMap": {"name": "03-hello-resources-subflows-schemas"}, "workflowPath": "subflows/schemas"},
        ]
    }


def test_shared_files_are_in_no_config_map() -> None:
    found = workflow({"specs/a.yaml": ""}, shared={"schemas/r.json": "{}"})
    assert resource_map_names(found) == {"specs": "01-greeting-resources-specs"}


def test_a_hundred_folders_have_names_of_their_own() -> None:
    names = resource_map_names(workflow({f"specs/f{n:03}/a": "" for n in range(101)}))
    assert len(set(names.values())) == 101
    assert names["specs/f100"] == "101-greeting-resources-specs-f100"


def test_a_namespace_is_metadata_of_each_object_and_a_label(full: Workflow) -> None:
    found = manifests(full, ManifestOptions(namespace="demo", secret_values=True))
    assert {manifest["metadata"]["namespace"] for manifest in found} == {"demo"}
    labelled = [
        m["metadata"]["labels"]["sonataflow.org/workflow-namespace"] for m in found if "labels" in m["metadata"]
    ]
    assert labelled == ["demo"] * 3


def test_without_a_namespace_no_object_has_one_and_the_label_is_empty(full: Workflow) -> None:
    found = manifests(full, ManifestOptions(secret_values=True))
    assert not any("namespace" in manifest["metadata"] for manifest in found)
    assert resource(found)["metadata"]["labels"]["sonataflow.org/workflow-namespace"] == ""


def test_an_image_is_set_on_the_container_and_an_empty_one_is_left_out() -> None:
    found = defined({})
    with_image = resource(manifests(found, ManifestOptions(image="quay.io/x/y:1")))
    assert with_image["spec"]["podTemplate"] == {"container": {"image": "quay.io/x/y:1", "resources": {}}}
    assert resource(manifests(found, ManifestOptions(image="")))["spec"]["podTemplate"] == {
        "container": {"resources": {}}
    }


def test_the_profile_is_an_annotation(full: Workflow) -> None:
    annotations = resource(manifests(full, ManifestOptions(profile="dev")))["metadata"]["annotations"]
    assert annotations == {
        "sonataflow.org/description": "d",
        "sonataflow.org/expressionLang": "jq",
        "sonataflow.org/profile": "dev",
        "sonataflow.org/version": "1.10",
    }


@pytest.mark.parametrize(
    ("version", "label"),
    [
        ("2.0.0", "2.0.0"),
        ("2.0.0-rc.1+build.5", "2.0.0-rc.1_build.5"),
        ("Frühling 2026", "Fr_hling_2026"),
        ("-1.0-", "1.0"),
        ("v" * 62 + ".1", "v" * 62),
        ("+", ""),
        ("", ""),
    ],
)
def test_any_version_makes_a_label_that_kubernetes_takes(version: str, label: str) -> None:
    assert version_label(version) == label
    # apimachinery, IsValidLabelValue
    assert re.fullmatch(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?", label)


@pytest.mark.parametrize("sonataflow", known_crds())
def test_the_version_is_a_label_of_the_custom_resource_alone_where_one_asks_for_it(sonataflow: str) -> None:
    found = defined({"version": "2.0.0+5"}, FILES)
    crd = known_crd(sonataflow)
    plain = manifests(found, ManifestOptions(crd=crd, secret_values=True))
    labelled = manifests(found, ManifestOptions(crd=crd, secret_values=True, version_label=True))
    assert labelled[:-1] == plain[:-1]
    metadata = resource(labelled)["metadata"]
    assert metadata["annotations"] == resource(plain)["metadata"]["annotations"]
    assert metadata["labels"] == {**resource(plain)["metadata"]["labels"], "sonataflow.org/version": "2.0.0_5"}


def test_each_key_of_the_secret_is_a_variable_of_the_container(full: Workflow) -> None:
    env = resource(manifests(full, ManifestOptions()))["spec"]["podTemplate"]["container"]["env"]
    assert env == [
        {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "hello-secrets", "key": "TOKEN"}}},
        {"name": "MY_KEY", "valueFrom": {"secretKeyRef": {"name": "hello-secrets", "key": "my.key"}}},
    ]


def test_the_values_of_the_secret_are_written_only_when_asked_for(full: Workflow) -> None:
    asked = by_name(manifests(full, ManifestOptions(secret_values=True)))
    assert asked["Secret hello-secrets"]["stringData"] == {"TOKEN": "hidden", "my.key": "also"}
    not_asked = manifests(full, ManifestOptions())
    assert "hidden" not in str(not_asked)
    assert "Secret hello-secrets" not in by_name(not_asked)


def test_a_workflow_without_a_secret_has_none_even_when_asked() -> None:
    assert len(manifests(defined({}), ManifestOptions(secret_values=True))) == 1


def test_persistence_names_the_database_of_the_developer_hub(full: Workflow) -> None:
    found = resource(manifests(full, ManifestOptions(database=Database(schema="hello-folder"))))
    assert found["spec"]["persistence"] == {
        "postgresql": {
            "secretRef": {
                "name": "sonataflow-psql-postgresql",
                "userKey": "postgres-username",
                "passwordKey": "postgres-password",
            },
            "serviceRef": {
                "name": "sonataflow-psql-postgresql",
                "port": 5432,
                "databaseName": "sonataflow",
                "databaseSchema": "hello-folder",
            },
        }
    }


def test_the_database_may_be_in_another_namespace(full: Workflow) -> None:
    database = Database(schema="s", namespace="sonataflow-infra")
    found = resource(manifests(full, ManifestOptions(database=database, namespace="demo")))
    assert found["spec"]["persistence"]["postgresql"]["serviceRef"]["namespace"] == "sonataflow-infra"
    assert found["metadata"]["namespace"] == "demo"


def test_without_persistence_there_is_none(full: Workflow) -> None:
    found = manifests(full, ManifestOptions())
    assert "persistence" not in resource(found)["spec"]
    assert by_name(found)["ConfigMap hello-props"]["data"] == {"application.properties": "a=1\n"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, "kie.flyway.enabled=true\n"),
        ("", "kie.flyway.enabled=true\n"),
        ("a=1", "a=1\nkie.flyway.enabled=true\n"),
        ("a=1\n", "a=1\nkie.flyway.enabled=true\n"),
        ("# kie.flyway.enabled=false\n", "# kie.flyway.enabled=false\nkie.flyway.enabled=true\n"),
        ("%dev.kie.flyway.enabled=true\n", "%dev.kie.flyway.enabled=true\nkie.flyway.enabled=true\n"),
        ("kie.flyway.enabled=false\n", "kie.flyway.enabled=false\n"),
        ("%prod.kie.flyway.enabled=false\n", "%prod.kie.flyway.enabled=false\n"),
    ],
)
def test_persistence_switches_flyway_on_unless_the_properties_say_something_about_it(
    text: str | None, expected: str
) -> None:
    properties = None if text is None else parse_properties(text.encode(), "p")
    assert properties_text(properties, {"kie.flyway.enabled": "true"}) == expected
    assert properties_text(properties, {}) == text


@pytest.mark.parametrize(
    ("repository", "tag", "digest", "expected"),
    [
        ("q/r", "1", None, "q/r:1"),
        ("q/r", None, None, "q/r:latest"),
        ("q/r", None, "sha256:ab", "q/r@sha256:ab"),
        ("q/r", "1", "sha256:ab", "q/r@sha256:ab"),
    ],
)
def test_a_digest_wins_over_a_tag(repository: str, tag: str | None, digest: str | None, expected: str) -> None:
    assert str(ImageReference(repository=repository, tag=tag, digest=digest)) == expected


def test_jitter_and_multiplier_of_a_retry_are_left_out_and_nothing_else() -> None:
    retry = {"name": "r", "delay": "PT1S", "maxDelay": "PT9S", "increment": "PT1S", "maxAttempts": 3}
    found = defined({"retries": [{**retry, "jitter": 0.3, "multiplier": 2}]})
    assert flow(found)["retries"] == [retry]
    assert found.definition.flow["retries"][0]["jitter"] == 0.3


def test_the_flow_comes_by_key_and_each_field_below_in_its_own_order() -> None:
    found = flow(defined({"timeouts": {"eventTimeout": "PT1S"}, "annotations": ["a"]}))
    assert list(found) == ["annotations", "start", "states", "timeouts"]
    assert list(found["states"][0]) == ["name", "type", "end", "data"]


def test_text_that_looks_like_a_template_stays_as_it_is() -> None:
    found = defined({"description": "{{ .Values.x }}"}, {"specs/a.yaml": "{{ fail }}"})
    listed = manifests(found, ManifestOptions())
    assert listed[0]["data"] == {"a.yaml": "{{ fail }}"}
    assert resource(listed)["metadata"]["annotations"]["sonataflow.org/description"] == "{{ .Values.x }}"


def test_a_byte_order_mark_is_not_mounted_and_line_ends_are_kept() -> None:
    found = workflow({"specs/a.yaml": b"\xef\xbb\xbfa: 1\r\n", "application.properties": b"\xef\xbb\xbfa=1\r\n"})
    listed = manifests(found, ManifestOptions())
    assert [manifest.get("data") for manifest in listed[:2]] == [
        {"application.properties": "a=1\r\n"},
        {"a.yaml": "a: 1\r\n"},
    ]
    files = list(manifest_files(listed).values())
    assert yaml.safe_load(files[1])["data"] == {"a.yaml": "a: 1\r\n"}


def test_the_same_workflow_gives_the_same_bytes(full: Workflow) -> None:
    again = defined({"id": "Hello", "description": "d", "version": "1.10"}, dict(reversed(FILES.items())))
    options = ManifestOptions(secret_values=True)
    assert manifest_files(manifests(full, options)) == manifest_files(manifests(again, options))


def test_a_row_has_a_pattern_for_each_name_that_it_gives(full: Workflow) -> None:
    for row in OBJECTS:
        pattern = re.compile(row.name_pattern("hello"))
        assert row.names(full)
        assert all(pattern.fullmatch(name) for name in row.names(full).values())
        assert not pattern.fullmatch("hello-world")


def test_a_folder_of_resources_has_an_object_of_its_own(full: Workflow) -> None:
    assert RESOURCES.names(full) == {
        "schemas": "01-hello-resources-schemas",
        "specs": "02-hello-resources-specs",
        "subflows/schemas": "03-hello-resources-subflows-schemas",
    }
    assert RESOURCES.names(defined({})) == {}


@pytest.mark.parametrize(
    ("crd", "kinds"),
    [
        ("10", ["ConfigMap", "Secret", "ConfigMap", "NetworkPolicy", "SonataFlow"]),
        ("1.45", ["ConfigMap", "Secret", "ConfigMap", "NetworkPolicy", "SonataFlow"]),
        ("1.44", ["ConfigMap", "ConfigMap", "NetworkPolicy", "SonataFlow"]),
    ],
)
def test_an_operator_without_pod_templates_gets_no_secret(full: Workflow, crd: str, kinds: list[str]) -> None:
    assert [row.kind for row in installed_objects(full, known_crd(crd))] == kinds


def test_an_operator_without_persistence_gets_the_variables_of_the_database(full: Workflow) -> None:
    options = ManifestOptions(database=Database(schema="hello", namespace="db"), crd=known_crd("1.45"))
    spec = resource(manifests(full, options))["spec"]
    assert "persistence" not in spec
    variables = {each["name"]: each for each in spec["podTemplate"]["container"]["env"]}
    url = "jdbc:postgresql://sonataflow-psql-postgresql.db:5432/sonataflow?currentSchema=hello"
    assert variables["QUARKUS_DATASOURCE_JDBC_URL"]["value"] == url
    assert variables["QUARKUS_DATASOURCE_PASSWORD"]["valueFrom"]["secretKeyRef"]["key"] == "postgres-password"


def test_an_operator_without_pod_templates_gets_neither_pod_nor_database(full: Workflow) -> None:
    found = manifests(full, ManifestOptions(database=Database(schema="hello"), crd=known_crd("1.44")))
    assert set(resource(found)["spec"]) == {"flow", "resources"}
    assert by_name(found)["ConfigMap hello-props"]["data"] == {"application.properties": "a=1\n"}
