"""`waybill diagram` as a program, and its pictures in the tools that show them: Mermaid, Graphviz, Chromium."""

from __future__ import annotations

import json
import os
import re
import shutil
import struct
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from generator.diagram.from_definition import read_scene
from generator.diagram.output.dot import dot
from generator.diagram.output.mermaid import mermaid
from generator.diagram.output.stylesheet import ThemeName
from generator.diagram.output.svg import svg
from pipeline.inspect.diagram import read_folder_scene
from tests.conftest import ROOT, SHARED, Waybill, find_node_tool, missing
from tests.unit.conftest import defined
from tests.unit.generator.diagram.workflows import long_workflow, workflows

OURS: Final = sorted(path for path in (ROOT / "workflows").iterdir() if path.name != "shared")
CORPUS: Final = sorted(
    path for path in SHARED.glob("corpus/*/*") if (path / "..").resolve().name in {"workflows", "spec"}
)
PARSER: Final = ROOT / "tests" / "node" / "mermaid_parse.mjs"
PNG_START: Final = b"\x89PNG\r\n\x1a\n"

slow = settings(
    max_examples=1, phases=[Phase.generate], deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)


def folders() -> list[Path]:
    return [*OURS, *(path for path in CORPUS if path.is_dir() and path.name != "shared")]


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize("kind", ["svg", "png", "mmd", "dot"])
def test_a_file_is_what_its_name_says_and_the_same_each_time(kind: str, waybill: Waybill, repository: Path) -> None:
    for name in ("one", "two"):
        done = waybill("diagram", "escalation", "-o", f"{name}.{kind}", "--theme", "dark", "--expand")
        assert (done.code, done.out) == (0, "")
        assert done.err == f"{name}.{kind}  Ticket escalation, ticketEscalation · 1.0.0 · 17 states\n"
    data = (repository / f"one.{kind}").read_bytes()
    assert data == (repository / f"two.{kind}").read_bytes()
    starts = {"svg": b"<svg ", "png": PNG_START, "mmd": b"flowchart TD\n", "dot": b'digraph "ticketEscalation" {\n'}
    assert data.startswith(starts[kind])


@pytest.mark.usefixtures("repository")
def test_standard_output_takes_the_picture_and_nothing_else(waybill: Waybill) -> None:
    done = waybill("diagram", "greeting")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("<svg ")
    assert waybill("diagram", "workflows/greeting", "--format", "mmd").out.startswith("flowchart TD\n")


@pytest.mark.usefixtures("repository")
def test_a_dash_is_standard_output(waybill: Waybill) -> None:
    assert waybill("diagram", "greeting", "-o", "-").out == waybill("diagram", "greeting").out


@pytest.mark.usefixtures("repository")
def test_json_tells_of_the_file(waybill: Waybill) -> None:
    done = waybill("diagram", "greeting", "-o", "a/b/greeting.svg", "--json")
    assert done.json == {"ok": True, "file": "a/b/greeting.svg", "format": "svg", "bytes": done.json["bytes"]}


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["-o", "x.svgg"],
            "there is no picture format '.svgg'; did you mean '.svg'? (one of .svg, .png, .mmd, .dot)",
        ),
        (["-o", "picture"], "picture: has no suffix; one of .svg, .png, .mmd, .dot"),
        (["-o", "x.svg", "--format", "png"], "the name means svg, but --format is png; omit one of them"),
        (["--json"], "name a file for the picture: -o FILE"),
        (["--theme", "drak"], "'drak' is not one of"),
    ],
)
def test_what_makes_no_sense_is_said_and_nothing_is_written(
    words: list[str], message: str, waybill: Waybill, repository: Path
) -> None:
    before = sorted(repository.iterdir())
    done = waybill("diagram", "greeting", *words)
    assert done.code == 2
    assert message in done.err
    assert sorted(repository.iterdir()) == before


def test_a_definition_with_a_mistake_is_drawn_and_one_that_cannot_be_read_is_reported(
    waybill: Waybill, repository: Path
) -> None:
    definition = repository / "workflows" / "greeting" / "greeting.sw.yaml"
    text = definition.read_text()
    definition.write_text(text.replace("transition: GreetInGerman", "transition: GreetInGermn"))
    assert ">Unknown state<" in waybill("diagram", "greeting").out
    definition.write_text("states: [")
    done = waybill("diagram", "greeting", "-o", "x.svg")
    assert done.code == 1
    assert done.err.startswith("workflows/greeting/greeting.sw.yaml:2:1: error: not well-formed YAML")
    assert not (repository / "x.svg").exists()


def test_a_png_has_two_pixels_for_each_unit_and_needs_no_font_of_the_machine(
    waybill: Waybill, repository: Path, tmp_path: Path
) -> None:
    nothing = {"FONTCONFIG_FILE": str(tmp_path / "none"), "HOME": str(tmp_path)}
    for name, env in (("one", nothing), ("two", {})):
        assert waybill("diagram", "greeting", "-o", f"{name}.png", env=env).code == 0
    data = (repository / "one.png").read_bytes()
    assert data == (repository / "two.png").read_bytes()
    drawn = svg(read_folder_scene(repository / "workflows" / "greeting", expand=False))
    assert struct.unpack(">II", data[16:24]) == (2 * drawn.width, 2 * drawn.height)


def test_a_png_with_other_scripts_says_that_fonts_matter(waybill: Waybill, repository: Path) -> None:
    definition = repository / "workflows" / "greeting" / "greeting.sw.yaml"
    definition.write_text(definition.read_text().replace("ReportGreeting", "挨拶"))
    done = waybill("diagram", "greeting", "-o", "x.png")
    assert done.code == 0
    assert "some characters come from the fonts of this machine" in done.err
    assert (repository / "x.png").read_bytes().startswith(PNG_START)


def mermaid_says(texts: list[str]) -> list[str]:
    """What Mermaid's own parser says of some flowcharts."""
    modules = find_node_tool("mermaid").parent
    program = shutil.which("node") or missing("node")
    done = subprocess.run(
        [program, PARSER],
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "WAYBILL_NODE_MODULES": str(modules)},
    )
    assert done.returncode == 0, done.stderr
    said: list[str] = json.loads(done.stdout)
    return said


def test_mermaid_reads_every_flowchart() -> None:
    texts = [mermaid(read_folder_scene(folder, expand=expand)) for folder in folders() for expand in (False, True)]
    assert set(mermaid_says([*texts, mermaid(read_scene(defined(long_workflow(60)).definition))])) == {"flowchart-v2"}


@given(st.lists(workflows(), min_size=60, max_size=60))
@slow
def test_mermaid_reads_any_names(made: list[dict[str, Any]]) -> None:
    assert set(mermaid_says([mermaid(read_scene(defined(fields).definition)) for fields in made])) == {"flowchart-v2"}


def test_mermaid_refuses_what_is_no_flowchart() -> None:
    assert mermaid_says(["flowchart TD\n  a[\n"])[0].startswith("error: Parse error")


def test_readmes_of_charts_hold_flowcharts_that_mermaid_reads() -> None:
    readmes = [path.read_text() for path in sorted((ROOT / "charts").glob("workflows/charts/*/README.md"))]
    found = [
        text for readme in readmes for text in re.findall(r"^```mermaid\n(.*?)^```$", readme, re.DOTALL | re.MULTILINE)
    ]
    assert len(found) == len(readmes)
    assert set(mermaid_says(found)) == {"flowchart-v2"}


def graphviz_reads(text: str) -> bool:
    program = shutil.which("dot") or missing("Graphviz (dot on PATH)")
    done = subprocess.run([program, "-Tcanon"], input=text, capture_output=True, text=True, check=False)
    return done.returncode == 0 and not done.stderr


def test_graphviz_reads_every_graph() -> None:
    assert [f.name for f in folders() if not graphviz_reads(dot(read_folder_scene(f, expand=True)))] == []


@given(st.lists(workflows(), min_size=20, max_size=20))
@slow
def test_graphviz_reads_any_names(made: list[dict[str, Any]]) -> None:
    assert [f for f in made if not graphviz_reads(dot(read_scene(defined(f).definition)))] == []


#: Says which text leaves the box that it stands in, by the font that Chromium found.
MEASURE: Final = """
const faults = [];
for (const text of document.querySelectorAll("svg text")) {
  const box = [...text.parentNode.children].find((e) => e.matches(".box, .frame, .label-box"));
  const place = text.getBoundingClientRect(), room = (box || document.querySelector(".canvas")).getBoundingClientRect();
  if (place.left < room.left || place.right > room.right) faults.push(text.textContent);
}
document.title = JSON.stringify({faults, fill: getComputedStyle(document.querySelector(".canvas")).fill});
"""


def shown_in_chromium(pictures: list[str], folder: Path, *, dark: bool = False) -> dict[str, Any]:
    """What Chromium makes of SVG pictures on one page: the texts that leave their box, and the ground's colour."""
    program = shutil.which("chromium") or shutil.which("google-chrome") or missing("chromium")
    page = folder / "page.html"
    page.write_text(f"<meta charset=utf-8><body>{''.join(pictures)}<script>{MEASURE}</script>", encoding="utf-8")
    colours = ["--blink-settings=preferredColorScheme=0"] if dark else ["--blink-settings=preferredColorScheme=1"]
    options = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder / 'profile'}", *colours]
    done = subprocess.run(
        [program, *options, "--dump-dom", page.as_uri()], capture_output=True, text=True, check=True, timeout=120
    )
    title = re.search(r"<title>(\{.*?\})</title>", done.stdout)
    assert title, done.stdout[:500]
    found: dict[str, Any] = json.loads(title[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
    return found


def test_no_text_leaves_its_box_in_a_browser(tmp_path: Path) -> None:
    scenes = [read_folder_scene(folder, expand=True) for folder in folders()]
    scenes += [read_scene(defined({"name": "朝食 Größe Ω Ж", "states": [state]}).definition) for state in ODD]
    assert shown_in_chromium([svg(scene).text for scene in scenes], tmp_path)["faults"] == []


ODD: Final = [
    {"name": name, "type": "operation", "actions": [{"functionRef": name}, {"subFlowRef": name}], "end": True}
    for name in ("朝食を準備する" * 4, "Ж" * 40, "W" * 40, "مرحبا بالعالم " * 4, "🙂" * 20, "i" * 80)
]


@pytest.mark.parametrize(("dark", "colour"), [(False, "rgb(255, 255, 255)"), (True, "rgb(13, 17, 23)")])
def test_auto_follows_the_viewer_in_a_browser(dark: bool, colour: str, tmp_path: Path) -> None:  # noqa: FBT001 - a table
    drawn = svg(read_folder_scene(OURS[0], expand=False), theme=ThemeName.AUTO)
    assert shown_in_chromium([drawn.text], tmp_path, dark=dark)["fill"] == colour
