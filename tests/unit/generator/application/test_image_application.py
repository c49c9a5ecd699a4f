"""The application in an image: what of a build context and its arguments becomes of it."""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree import ElementTree as ET

import javaproperties
import pytest

from generator.application.image_application import image_application
from generator.findings.errors import SettingsError

FLAT = {"greeting.sw.yaml": b"id: greeting", "application.properties": b"a=1\n%prod.b=2\n%dev.b=3\n"}
QUARKUS = {f"src/main/resources/{path}": data for path, data in FLAT.items()}
SHARED = {"shared/specs/jira.yaml": b"openapi"}
POM = "{http://maven.apache.org/POM/4.0.0}"
TRIO = "org.kie:kie-addons-quarkus-persistence-jdbc", "io.quarkus:quarkus-jdbc-postgresql", "io.quarkus:quarkus-agroal"


def properties(files: Mapping[str, bytes]) -> dict[str, str]:
    return javaproperties.loads(files["src/main/resources/application.properties"].decode())


def dependencies(files: Mapping[str, bytes]) -> dict[str, str | None]:
    """GROUP:ARTIFACT to version; None where Quarkus and Kogito manage it."""
    project = ET.fromstring(files["pom.xml"])  # noqa: S314 - our own
    listed = project.findall(f"{POM}dependencies/{POM}dependency")
    names = [f"{one.findtext(f'{POM}groupId')}:{one.findtext(f'{POM}artifactId')}" for one in listed]
    assert len(names) == len(set(names))
    return dict(zip(names, (one.findtext(f"{POM}version") for one in listed), strict=True))


@pytest.mark.parametrize("context", [FLAT, QUARKUS], ids=["flat", "quarkus"])
def test_both_layouts_give_one_application_with_the_shared_files(context: Mapping[str, bytes]) -> None:
    left_out = (
        {"README.md": b"x", "argfile.conf": b"FLOW_NAME=x"} if context is FLAT else {"mvnw": b"", "README.md": b""}
    )
    files = image_application("greeting", {**context, **SHARED, **left_out}, {}).files
    assert [path.removeprefix("src/main/resources/") for path in files] == [
        "pom.xml",
        "application.properties",
        "greeting.sw.yaml",
        "shared/specs/jira.yaml",
    ]


def test_the_folder_of_the_resources_may_be_named() -> None:
    context = {f"flows/{path}": data for path, data in (FLAT | SHARED).items()} | {"other/x.yaml": b""}
    named = image_application("greeting", context, {"WF_RESOURCES": "./flows/"})
    assert named == image_application("greeting", {**FLAT, **SHARED}, {})
    with pytest.raises(SettingsError, match="build context of greeting has no folder 'flow'"):
        image_application("greeting", context, {"WF_RESOURCES": "flow"})


def test_the_application_keeps_its_state_unless_the_argument_says_otherwise() -> None:
    default, none = (image_application("a", FLAT, arguments) for arguments in ({}, {"QUARKUS_EXTENSIONS": ""}))
    assert (default.persistent, none.persistent) == (True, False)
    assert set(dependencies(default.files)) - set(dependencies(none.files)) == set(TRIO)
    assert set(properties(default.files)) - set(properties(none.files)) == {
        "kogito.persistence.type",
        "quarkus.datasource.db-kind",
    }
    # The chart says so where it connects a database: without one, the engine would not start.
    assert "kie.flyway.enabled" not in properties(default.files)


def test_extensions_become_dependencies_and_those_of_the_platform_have_its_version() -> None:
    named = (
        "org.kie:kie-addons-quarkus-persistence-jdbc:9.100.0.redhat-00004, "
        "io.quarkiverse.vault:quarkus-vault:4.1.0,,io.quarkus:quarkus-arc:3.8.4\n io.quarkus:quarkus-smallrye-jwt,"
    )
    found = dependencies(image_application("a", FLAT, {"QUARKUS_EXTENSIONS": named}).files)
    assert found["org.kie:kie-addons-quarkus-persistence-jdbc"] is None
    assert found["io.quarkiverse.vault:quarkus-vault"] == "4.1.0"
    assert found["io.quarkus:quarkus-smallrye-jwt"] is found["io.quarkus:quarkus-arc"] is None


@pytest.mark.parametrize("wrong", ["quarkus-vault", "a:b:c:d", "a:b</artifactId>", "a:${env.HOME}"])
def test_what_is_no_extension_is_refused_with_what_to_write(wrong: str) -> None:
    with pytest.raises(SettingsError, match=r"is not GROUP:ARTIFACT or GROUP:ARTIFACT:VERSION, as in io.quarkus:"):
        image_application("a", FLAT, {"QUARKUS_EXTENSIONS": f"io.quarkus:quarkus-agroal,{wrong}"})


def test_arguments_for_maven_are_split_as_a_shell_does() -> None:
    given = {"MAVEN_ARGS_APPEND": "-DmaxYamlCodePoints=35000000 -Da='b c'"}
    assert image_application("a", FLAT, given).arguments == ("-DmaxYamlCodePoints=35000000", "-Da=b c")
    assert "-DmaxYamlCodePoints=35000000" in image_application("a", FLAT, {}).arguments
    with pytest.raises(SettingsError, match="MAVEN_ARGS_APPEND: No closing quotation"):
        image_application("a", FLAT, {"MAVEN_ARGS_APPEND": "-Da='b"})


def test_the_workflows_own_properties_win_as_in_production() -> None:
    own = b"kogito.events.processinstances.enabled=true\nquarkus.datasource.db-kind=h2\n%prod.b=2\nb=1\n"
    found = properties(image_application("a", {**FLAT, "application.properties": own}, {}).files)
    assert found["kogito.events.processinstances.enabled"] == "true"
    assert found["quarkus.datasource.db-kind"] == "h2"
    assert found["b"] == "2"


def test_java_is_compiled_with_the_workflow() -> None:
    java = {"src/main/java/org/acme/Call.java": b"class", "src/test/java/org/acme/CallTest.java": b"class"}
    files = image_application("a", {**QUARKUS, **java}, {}).files
    assert [path for path in files if path.endswith(".java")] == ["src/main/java/org/acme/Call.java"]


def test_sources_that_are_not_java_are_refused() -> None:
    said = "greeting has src/main/kotlin/Call.kt, which is neither Java in src/main/java/ nor a resource"
    with pytest.raises(SettingsError, match=said):
        image_application("greeting", {**QUARKUS, "src/main/kotlin/Call.kt": b""}, {})


def test_a_pom_of_the_folder_is_not_read_as_in_the_builder_images() -> None:
    given = {**QUARKUS, "pom.xml": b"<project/>", "mvnw": b""}
    assert image_application("greeting", given, {}) == image_application("greeting", QUARKUS, {})


def test_options_of_maven_in_the_folder_hold() -> None:
    for context in (FLAT, QUARKUS):
        assert ".mvn/maven.config" in image_application("a", {**context, ".mvn/maven.config": b"-T1"}, {}).files


def test_the_order_of_the_context_makes_no_difference() -> None:
    context = {**QUARKUS, **SHARED}
    assert image_application("a", context, {}) == image_application("a", dict(reversed(context.items())), {})
