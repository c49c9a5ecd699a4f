"""The laws of a picture: valid in each format, and nothing touches anything, whatever the workflow is like."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree as ET

from hypothesis import Phase, given, settings

from generator.diagram.from_definition import read_scene
from generator.diagram.layout import picture
from generator.diagram.output.dot import dot
from generator.diagram.output.mermaid import mermaid
from generator.diagram.output.svg import svg
from generator.diagram.scene import Scene
from tests.pictures import faults
from tests.unit.conftest import defined
from tests.unit.generator.diagram.workflows import workflows

SVG = "{http://www.w3.org/2000/svg}"
#: All that a picture is made of; no script, link, image, animation or foreign content.
ELEMENTS = {"svg", "title", "desc", "style", "rect", "circle", "path", "text", "g"}
ATTRIBUTES = {
    *("class", "cx", "cy", "d", "height", "id", "r", "role", "rx", "transform", "viewBox", "width", "x", "y"),
    *("aria-labelledby", "lengthAdjust", "stroke-linecap", "stroke-width", "textLength"),
}


def scene_of(fields: dict[str, Any]) -> Scene:
    return read_scene(defined(fields).definition)


@given(workflows())
@settings(max_examples=60)
def test_an_svg_is_well_formed_and_holds_shapes_and_text_alone(fields: dict[str, Any]) -> None:
    root = ET.fromstring(svg(scene_of(fields)).text.encode())  # noqa: S314 - our own text
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= ELEMENTS
    assert {name for element in root.iter() for name in element.attrib} <= ATTRIBUTES


@given(workflows())
@settings(max_examples=20)
def test_the_same_scene_gives_the_same_bytes(fields: dict[str, Any]) -> None:
    one, other = scene_of(fields), scene_of(fields)
    assert [render(one) for render in (svg, mermaid, dot)] == [render(other) for render in (svg, mermaid, dot)]


@given(workflows())
@settings(max_examples=60)
def test_no_name_is_taken_for_syntax_of_mermaid(fields: dict[str, Any]) -> None:
    for line in mermaid(scene_of(fields)).splitlines():
        inside = re.findall(r'"([^"]*)"', line)
        assert re.sub(r'"[^"]*"', "", line).isascii() or line.startswith("  acc")
        for text in inside:
            plain = re.sub(r"#\d+;|<br/>", "", text)
            assert not set(plain) & set("\"'`<>[]{}|&;#%\\") - {"'"}


@given(workflows())
@settings(max_examples=60, phases=[Phase.explicit, Phase.generate])
def test_no_box_label_or_link_touches_what_it_should_not(fields: dict[str, Any]) -> None:
    read = defined(fields)
    assert list(faults(picture(read_scene(read.definition, read.subflows)))) == []
