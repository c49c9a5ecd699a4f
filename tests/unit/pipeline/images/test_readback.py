"""The definition in an image, against the one of the folder."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from generator.workflow.workflow import Workflow
from pipeline.images.errors import ImageError
from pipeline.images.readback import check_definition
from tests.unit.conftest import MINIMAL, workflow

DEFINITION = "greeting.sw.json"


@pytest.fixture
def greeting() -> Workflow:
    return workflow({DEFINITION: json.dumps(MINIMAL), "specs/a.yaml": "a: 1"})


def application(folder: Path, *jars: dict[str, bytes | str]) -> Path:
    """The content of /deployments with these jars of the application."""
    own = folder / "app"
    own.mkdir()
    for number, files in enumerate(jars):
        with zipfile.ZipFile(own / f"workflows-{number}.jar", "w") as jar:
            for path, data in files.items():
                jar.writestr(path, data)
    return folder


def test_the_same_definition_in_another_form_is_equal(greeting: Workflow, tmp_path: Path) -> None:
    other_form = json.dumps(dict(reversed(MINIMAL.items())), indent=4)
    check_definition(greeting, application(tmp_path, {"other.txt": "x"}, {DEFINITION: other_form}))


@pytest.mark.parametrize(
    ("changed", "where"),
    [
        ({"name": "Another"}, "name"),
        ({"states": [{**MINIMAL["states"][0], "name": "B"}]}, "states[0].name"),
        ({"version": "2"}, "version"),
        ({"states": [*MINIMAL["states"], {"name": "Z", "type": "inject", "data": {}, "end": True}]}, "states"),
    ],
)
def test_another_definition_stops_with_the_first_difference(
    greeting: Workflow, tmp_path: Path, changed: dict[str, object], where: str
) -> None:
    there = application(tmp_path, {DEFINITION: json.dumps({**MINIMAL, "start": "A", **changed})})
    with pytest.raises(ImageError, match=r"the definition in the image differs from the folder's at ") as stopped:
        check_definition(workflow({DEFINITION: json.dumps({**MINIMAL, "start": "A"})}), there)
    assert f" at {where};" in str(stopped.value)
    assert greeting.source.definition in str(stopped.value)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({}, "the image does not contain greeting.sw.json"),
        ({DEFINITION: "["}, "the definition in the image cannot be read"),
    ],
)
def test_a_definition_that_is_not_there_or_broken_stops(
    greeting: Workflow, tmp_path: Path, data: dict[str, bytes | str], message: str
) -> None:
    with pytest.raises(ImageError, match=message):
        check_definition(greeting, application(tmp_path, data))


def test_a_jar_that_is_none_stops(greeting: Workflow, tmp_path: Path) -> None:
    application(tmp_path)
    (tmp_path / "app" / "broken.jar").write_bytes(b"PK\x03\x04")
    with pytest.raises(ImageError, match=r"app/broken.jar of the image cannot be read"):
        check_definition(greeting, tmp_path)
