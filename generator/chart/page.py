"""Generates a workflow's page: its purpose, input, calls, installation and a trial run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import quote

from generator.chart.chart import Chart, chart_name, description_of, installation
from generator.contracts.inputs import InputRow, inputs
from generator.explain.explanation import Explanation, explain
from generator.text import templates
from generator.text.markdown import code, paragraph, plain, row
from generator.workflow.workflow import Workflow

#: The sections of an explanation that a page shows; its diagram and tables show the rest.
_SECTIONS: Final = ("What it calls", "Which events it knows", "How it ends")
_TYPE: Final = "workflow-type/"
_HEADING: Final = re.compile(r"#{1,6}\s+(.*?)\s*#*")
_SECTION: Final = re.compile(r"##?\s+(.*?)\s*#*")
_FENCE: Final = re.compile(r" {0,3}(`{3,}|~{3,})")


def page(workflow: Workflow, readme: str, folder: str) -> str:
    """Return the page as Markdown; `readme` is the text of the folder's README, `folder` the link to the folder.

    Text from the workflow's files is escaped. Its README is Markdown already: the section `Try it` is shown as it is.
    """
    definition = workflow.definition
    explanation = explain(workflow)
    name = chart_name(workflow.source.name)
    chart = Chart(name=name, version="", folder=workflow.source.name, description="", app_version=definition.version)
    return templates.render(
        "chart/page/workflow.md",
        chart=chart,
        title=plain(definition.name or definition.id),
        description=paragraph(opening(readme) or description_of(definition)),
        folder=plain(workflow.source.name),
        link=quote(folder),
        facts=code(f"{definition.id} {definition.version}".strip()),
        type=_type(workflow),
        inputs=[_input_row(given) for given in inputs(workflow)],
        sections=list(_sections(explanation)),
        trial=section(readme, "Try it"),
        **installation(workflow),
    )


def index_row(workflow: Workflow, page_path: str) -> str:
    """Return a workflow's row of the table of all workflows: its name with a link, its type, its description."""
    name = plain(workflow.source.name)
    return row([f"[{name}]({quote(page_path)})", _type(workflow), paragraph(description_of(workflow.definition))])


def opening(readme: str) -> str:
    """Return the first paragraph below the title, or "" if the README begins with something else."""
    blocks = [block.strip() for block in re.split(r"\n\s*\n", readme.replace("\r\n", "\n")) if block.strip()]
    prose = next((block for block in blocks if not _HEADING.fullmatch(block)), "")
    return prose if re.match(r"\w", prose) else ""


def section(readme: str, title: str) -> str:
    """Return the text of the second-level section `title`, up to the next heading of the same or a higher level."""
    found: list[str] = []
    fence = ""
    inside = False
    for line in readme.splitlines():
        if mark := _FENCE.match(line):
            fence = "" if fence and mark[1].startswith(fence) else fence or mark[1]
        heading = None if fence else _SECTION.fullmatch(line)
        if heading:
            inside = line.startswith("## ") and heading[1] == title
        elif inside:
            found.append(line)
    return "\n".join(found).strip("\n")


def _type(workflow: Workflow) -> str:
    annotations = workflow.definition.flow.get("annotations", ())
    types = [each.removeprefix(_TYPE) for each in annotations if each.startswith(_TYPE)]
    return plain(types[0]) if types else "infrastructure"


def _input_row(given: InputRow) -> str:
    kind = f"{given.kind}, when {given.when}" if given.when else given.kind
    return row([code(given.path), plain(given.must), plain(kind), paragraph(given.about)])


def _sections(explanation: Explanation) -> Iterator[dict[str, object]]:
    for each in explanation.sections:
        if each.title in _SECTIONS:
            yield {"title": each.title, "sentences": [plain(sentence) for sentence in each.sentences]}
