"""The formats of a picture: valid, the same bytes each time, and nothing in a name that is taken for syntax."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from generator.diagram.from_definition import read_scene
from generator.diagram.output.dot import dot, quoted
from generator.diagram.output.mermaid import embeddable, escaped, mermaid
from generator.diagram.output.stylesheet import ThemeName
from generator.diagram.output.svg import svg
from generator.diagram.output.theme import DARK, DASHES, LIGHT, NEUTRAL_BOXES, NEUTRAL_LINKS, Theme
from generator.diagram.scene import NodeKind, Scene
from generator.workflow.graph import EdgeKind
from tests.unit.conftest import defined
from tests.unit.generator.diagram.workflows import long_workflow


def scene_of(fields: dict[str, Any]) -> Scene:
    return read_scene(defined(fields).definition)


GREETING = scene_of(
    {
        "name": "A greeting",
        "states": [
            {
                "name": "A",
                "type": "switch",
                "dataConditions": [{"name": "ready", "condition": ".a", "transition": "B"}],
                "defaultCondition": {"transition": "Gone"},
            },
            {"name": "B", "type": "sleep", "duration": "PT1S", "end": True},
        ],
    }
)


def test_an_svg_names_and_describes_itself_for_those_who_hear_it() -> None:
    root = ET.fromstring(svg(GREETING).text)  # noqa: S314 - our own text
    title, description = root.attrib["aria-labelledby"].split()
    named = {element.attrib.get("id"): element.text for element in root}
    assert root.attrib["role"] == "img"
    assert named[title] == "A greeting"
    assert named[description] == GREETING.description


def test_an_svg_points_to_nothing_elsewhere() -> None:
    text = svg(GREETING).text.replace("http://www.w3.org/2000/svg", "")
    assert [word for word in ("http", "url(", "@import", "@font-face", "href", "<script", " on") if word in text] == []


def test_auto_asks_the_viewer_and_a_fixed_theme_does_not() -> None:
    question = "@media (prefers-color-scheme:dark)"
    assert question in svg(GREETING).text
    light, dark = (svg(GREETING, theme=theme).text for theme in (ThemeName.LIGHT, ThemeName.DARK))
    assert question not in light + dark
    assert LIGHT.canvas in light
    assert DARK.canvas in dark
    assert DARK.canvas not in light


def test_a_text_of_unknown_width_is_told_its_own() -> None:
    drawn = svg(scene_of({"states": [{"name": "朝食", "type": "inject", "data": {"a": 1}, "end": True}]})).text
    assert re.search(r'textLength="[\d.]+" lengthAdjust="spacingAndGlyphs">朝食<', drawn)
    assert "textLength" not in svg(GREETING).text


def test_every_kind_of_way_is_told_from_the_others_without_colours() -> None:
    """By its dashes, and, where it has none, by the label that a condition has and a transition has not."""
    dashes = [DASHES.get(kind, "") for kind in EdgeKind if kind is not EdgeKind.CONDITION]
    assert len(set(dashes)) == len(dashes)


def texts(theme: Theme) -> Iterator[tuple[str, str]]:
    """Every colour of text with what it stands on."""
    yield from ((theme.text, theme.canvas), (theme.muted, theme.canvas), (theme.text, theme.frame))
    yield from ((colour, theme.canvas) for colour in theme.links.values())
    for paint in theme.boxes.values():
        yield from ((theme.text, paint.fill), (paint.accent, paint.fill), (paint.accent, theme.frame))


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_text_has_a_contrast_of_four_and_a_half_to_what_it_stands_on(theme: Theme) -> None:
    assert [pair for pair in texts(theme) if contrast(*pair) < 4.5] == []


def test_what_mermaid_colours_is_seen_on_light_and_dark() -> None:
    colours = {*NEUTRAL_BOXES.values(), *NEUTRAL_LINKS.values()}
    assert [c for c in colours for ground in (LIGHT.canvas, DARK.canvas) if contrast(c, ground) < 3] == []


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, 1 to 21 (Web Content Accessibility Guidelines 2.2: contrast ratio)."""
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb` (the same: relative luminance)."""
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_contrast_is_what_the_guidelines_say() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_a_flowchart_has_every_state_and_way() -> None:
    text = mermaid(GREETING)
    assert '  n1{{"A<br/>(switch)"}}\n' in text
    assert '  n2("B<br/>(sleep)<br/>waits 1 s")\n' in text
    assert '  n1 -->|"ready"| n2\n' in text
    assert '  n1 -->|"else"| n3\n' in text
    assert "  class n3 unknownState\n" in text


def test_an_entity_stands_for_what_mermaid_would_obey() -> None:
    assert escaped('a "b" #c; <d>') == "a #34;b#34; #35;c#59; #60;d#62;"
    assert escaped("Größe: 1/2 (ok)") == "Größe: 1/2 (ok)"


def test_a_flowchart_too_large_for_mermaid_is_not_put_on_a_page() -> None:
    assert embeddable(GREETING) == mermaid(GREETING)
    assert embeddable(replace(GREETING, links=GREETING.links * 200)) is None
    assert embeddable(replace(GREETING, title="long" * 12_500)) is None


def test_a_graph_for_graphviz_has_every_state_and_way() -> None:
    text = dot(GREETING)
    assert text.startswith('digraph "greeting" {\n')
    assert 'n1 [label="A\\n(switch)" shape=octagon' in text
    assert 'n1 -> n3 [label="else"' in text
    assert 'style="dashed,filled"' in text


@pytest.mark.parametrize(("text", "written"), [('a"b', '"a\\"b"'), ("\\N", '"\\\\N"'), ("&lt;", '"&amp;lt;"')])
def test_a_name_is_quoted_for_graphviz(text: str, written: str) -> None:
    assert quoted(text) == written


def test_a_long_workflow_is_drawn_in_every_format() -> None:
    scene = scene_of(long_workflow(60))
    assert [len(render(scene)) > 4000 for render in (mermaid, dot)] == [True, True]
    assert svg(scene).text.count('class="badge"') == 60
    assert {node.kind for node in scene.nodes} >= {NodeKind.OPERATION, NodeKind.SWITCH, NodeKind.SLEEP}
