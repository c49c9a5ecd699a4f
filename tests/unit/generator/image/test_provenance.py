"""The in-toto statements about an image."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from packageurl import PackageURL

from generator.image.commit import SourceCommit
from generator.image.provenance import Build, Subject, provenance, public_arguments, sbom_statement
from generator.image.recipe import ImageRecipe

DIGEST = f"sha256:{'a' * 64}"
SUBJECT = Subject(repository="quay.io/org/greeting", digest=f"sha256:{'b' * 64}")
RECIPE = ImageRecipe(
    name="greeting",
    dockerfile=b"FROM scratch",
    context={"greeting.sw.yaml": "0" * 64},
    arguments={"FLOW_NAME": "Greeting", "MAVEN_ARGS_APPEND": "-Da=b"},
    builder="docker.io/apache/incubator-kie-sonataflow-builder:10.1.0",
    runtime=f"127.0.0.1:5000/ubi9/openjdk-17:1.21-2@{DIGEST}",
)
BUILD = Build(
    recipe=RECIPE,
    commit=SourceCommit(sha="1" * 40, time=datetime(2026, 1, 2, tzinfo=UTC), url="https://example.com/a"),
    engine="docker",
    versions={"waybill": "0.1.0"},
)


def read(statement: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(statement)
    return found


def materials(build: Build) -> dict[str, Any]:
    listed = read(provenance(SUBJECT, build))["predicate"]["buildDefinition"]["resolvedDependencies"]
    return {one["name"]: one for one in listed}


def test_the_statement_is_about_the_digest_that_the_registry_serves() -> None:
    found = read(provenance(SUBJECT, BUILD))
    assert found["_type"] == "https://in-toto.io/Statement/v1"
    assert found["predicateType"] == "https://slsa.dev/provenance/v1"
    assert found["subject"] == [{"name": "quay.io/org/greeting", "digest": {"sha256": "b" * 64}}]


def test_it_names_the_builder_the_type_of_build_and_its_parameters() -> None:
    predicate = read(provenance(SUBJECT, replace(BUILD, platform="linux/amd64")))["predicate"]
    assert predicate["runDetails"] == {"builder": {"id": "urn:waybill:builder:docker", "version": {"waybill": "0.1.0"}}}
    assert predicate["buildDefinition"]["buildType"] == "urn:waybill:build:image:1"
    assert predicate["buildDefinition"]["externalParameters"] == {
        "name": "greeting",
        "arguments": RECIPE.arguments,
        "builder": RECIPE.builder,
        "runtime": RECIPE.runtime,
        "platform": "linux/amd64",
        "source": {"uri": "https://example.com/a", "revision": "1" * 40, "time": "2026-01-02T00:00:00Z"},
    }


def test_materials_have_digests() -> None:
    found = materials(BUILD)
    assert found["source"] == {
        "name": "source",
        "uri": f"git+https://example.com/a@{'1' * 40}",
        "digest": {"gitCommit": "1" * 40},
    }
    assert found["runtime"]["digest"] == {"sha256": "a" * 64}
    runtime = PackageURL.from_string(found["runtime"]["uri"])
    assert (runtime.type, runtime.name, runtime.version) == ("oci", "openjdk-17", DIGEST)
    assert runtime.qualifiers == {"repository_url": "127.0.0.1:5000/ubi9/openjdk-17", "tag": "1.21-2"}
    assert found["Dockerfile"]["digest"] == {
        "sha256": "67c4282c6928ae380489b6392127b14bb16d8c2f5ba5fa285a934f4f94387b5e"
    }
    assert found["image key"]["digest"] == {"sha256": RECIPE.key}
    assert "digest" not in found["builder"]


def test_a_base_without_a_tag_in_a_registry_with_a_port_keeps_its_port() -> None:
    recipe = replace(RECIPE, runtime=f"127.0.0.1:5000/base@{DIGEST}")
    uri = PackageURL.from_string(materials(replace(BUILD, recipe=recipe))["runtime"]["uri"])
    assert uri.qualifiers == {"repository_url": "127.0.0.1:5000/base"}


def test_jib_takes_neither_a_dockerfile_nor_a_builder_image() -> None:
    assert set(materials(replace(BUILD, engine="jib"))) == {"source", "runtime", "image key"}


def test_a_folder_in_no_repository_has_no_source() -> None:
    nowhere = replace(BUILD, commit=SourceCommit(sha="", time=datetime(2026, 1, 2, tzinfo=UTC)))
    assert "source" not in materials(nowhere)
    assert "source" not in read(provenance(SUBJECT, nowhere))["predicate"]["buildDefinition"]["externalParameters"]


def test_uncommitted_changes_show() -> None:
    dirty = replace(BUILD, commit=replace(BUILD.commit, dirty=True))
    parameters = read(provenance(SUBJECT, dirty))["predicate"]["buildDefinition"]["externalParameters"]
    assert parameters["source"]["revision"] == f"{'1' * 40}-dirty"


@pytest.mark.parametrize(
    ("name", "value", "public"),
    [
        ("FLOW_NAME", "A token of love", "A token of love"),
        ("REGISTRY_PASSWORD", "hunter2", "(left out)"),
        ("GithubToken", "hunter2", "(left out)"),
        ("MAVEN_ARGS_APPEND", "-Dx.password=hunter2 -Db=c", "-Dx.password=(left out) -Db=c"),
        ("MAVEN_ARGS_APPEND", "-Dmy.api-key='hunter2 b' -Db=c", "-Dmy.api-key=(left out) -Db=c"),
        ("MAVEN_ARGS_APPEND", '-Dsecret="a hunter2 b" -Db=c', "-Dsecret=(left out) -Db=c"),
        ("PROXY", "http://user:hunter2@proxy:3128/a", "http://proxy:3128/a"),
    ],
)
def test_arguments_are_shown_without_secrets(name: str, value: str, public: str) -> None:
    assert public_arguments({name: value}) == {name: public}


def test_no_secret_is_in_the_statement() -> None:
    recipe = replace(RECIPE, arguments={"TOKEN": "hunter2", "MAVEN_ARGS_APPEND": "-Da.password=hunter2"})
    assert b"hunter2" not in provenance(SUBJECT, replace(BUILD, recipe=recipe))


def test_the_statement_around_an_sbom_holds_it_whole() -> None:
    found = read(sbom_statement(SUBJECT, b'{"bomFormat": "CycloneDX", "components": [1]}'))
    assert found["predicateType"] == "https://cyclonedx.org/bom"
    assert found["predicate"] == {"bomFormat": "CycloneDX", "components": [1]}


def test_the_same_build_gives_the_same_bytes() -> None:
    turned = replace(RECIPE, arguments=dict(reversed(RECIPE.arguments.items())))
    assert provenance(SUBJECT, BUILD) == provenance(SUBJECT, replace(BUILD, recipe=turned))
