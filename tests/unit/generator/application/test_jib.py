"""The project by which jib makes an image."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from generator.application.jib import ENTRYPOINT, PORT, USER, VARIABLES, JibImage, jib_map, jib_project
from tests.conftest import ROOT

POM = {"": "http://maven.apache.org/POM/4.0.0"}
IMAGE = JibImage(
    reference="quay.io/org/a:src-1", base=f"quay.io/base@sha256:{'a' * 64}", platform="linux/arm64", has_login=True
)
DOCKERFILES = sorted(ROOT.glob("pipeline/*.Dockerfile"))


def configuration(image: JibImage) -> ET.Element:
    found = ET.fromstring(jib_project(image)).find("build/plugins/plugin/configuration", POM)  # noqa: S314 - our own
    assert found is not None
    return found


def test_the_project_names_the_base_the_image_and_the_platform() -> None:
    found = configuration(IMAGE)
    assert found.findtext("from/image", namespaces=POM) == IMAGE.base
    assert found.findtext("from/platforms/platform/os", namespaces=POM) == "linux"
    assert found.findtext("from/platforms/platform/architecture", namespaces=POM) == "arm64"
    assert found.findtext("to/image", namespaces=POM) == IMAGE.reference


@pytest.mark.parametrize(("has_login", "helper"), [(True, "${project.basedir}/login"), (False, None)])
def test_a_login_is_asked_for_only_where_there_is_one(helper: str | None, *, has_login: bool) -> None:
    image = JibImage(reference="a:1", base="b", platform="linux/amd64", has_login=has_login)
    assert configuration(image).findtext("from/credHelper", namespaces=POM) == helper


def test_the_time_is_the_commits_and_else_that_of_jib() -> None:
    given = JibImage(reference="a:1", base="b", platform="linux/amd64", created="2026-01-02T03:04:05Z")
    assert configuration(given).findtext("container/creationTime", namespaces=POM) == "2026-01-02T03:04:05Z"
    assert configuration(IMAGE).find("container/creationTime", POM) is None


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"a": "b", "c": ""}, "a=b,c="),
        ({"a": "b, c=d"}, r"a=b\, c=d"),
        ({"a": "one\n  line"}, "a=one line"),
        ({"a": "ends\\", "b": "x"}, "a=ends\\ ,b=x"),
        ({"a": "${user.home}"}, "a=${user.home}"),
    ],
)
def test_a_map_is_written_as_jib_reads_it(values: dict[str, str], text: str) -> None:
    assert jib_map(values) == text


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.name)
def test_an_image_runs_as_our_dockerfiles_say(path: object) -> None:
    text = ROOT.joinpath(str(path)).read_text(encoding="utf-8").rpartition("\nFROM ")[2]
    environment = {
        name: value.strip("\"'")
        for line in re.findall(r"^ENV (.*)$", text, re.MULTILINE)
        for name, value in re.findall(r"(\w+)=(\"[^\"]*\"|'[^']*'|\S+)", line)
    }
    assert environment == VARIABLES
    assert re.findall(r"^USER (.*)$", text, re.MULTILINE)[-1] == USER
    assert re.findall(r"^EXPOSE (.*)$", text, re.MULTILINE) == [PORT]
    assert re.findall(r"^ENTRYPOINT (.*)$", text, re.MULTILINE) == [f'["{ENTRYPOINT}"]']
