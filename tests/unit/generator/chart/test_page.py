"""The page of a workflow: what it shows of the folder, and that text from files stays text."""

from __future__ import annotations

import json
from typing import Any

import pytest
from markdown_it import MarkdownIt

from generator.chart.page import index_row, opening, page, section
from generator.contracts.inputs import inputs
from tests.unit.conftest import MINIMAL, Files
from tests.unit.conftest import workflow as workflow_of

README = """\
# Greets

Greets *people*.
Kindly.

## Try it

Call it:

```sh
## no heading
```

### And again

Done.

## Then

No.
"""


def asking(schema: dict[str, Any], more: Files | None = None) -> list[tuple[str, ...]]:
    definition = {**MINIMAL, "dataInputSchema": "schemas/input.json"}
    files = {"greeting.sw.json": json.dumps(definition), "schemas/input.json": json.dumps(schema), **(more or {})}
    return [(row.path, row.must, row.kind, row.about, row.when) for row in inputs(workflow_of(files))]


def test_a_value_is_mandatory_or_has_a_default_or_may_be_left_out() -> None:
    properties = {
        "a": {"type": "string", "title": "A", "description": "The first."},
        "b": {"enum": ["x", "y"], "default": "x", "title": "Which one?", "description": "One."},
        "c": {"type": "integer", "description": "Alone."},
        "d": True,
    }
    assert asking({"properties": properties, "required": ["a"]}) == [
        ("a", "mandatory", "a string", "A: The first.", ""),
        ("b", "default 'x'", "one of 'x' or 'y'", "Which one? One.", ""),
        ("c", "optional", "a whole number", "Alone.", ""),
        ("d", "optional", "", "", ""),
    ]


def test_what_is_inside_of_maps_and_lists_has_a_row_of_its_own() -> None:
    inner = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
    found = asking({"properties": {"vms": {"type": "array", "items": inner}, "owner": inner}})
    assert [row[:2] for row in found] == [
        ("vms", "optional"),
        ("vms[].name", "mandatory"),
        ("owner", "optional"),
        ("owner.name", "mandatory"),
    ]


def test_references_lead_to_other_files_and_to_parts_of_the_same() -> None:
    schema = {
        "allOf": [{"$ref": "parts.json#/definitions/who"}],
        "properties": {"where": {"$ref": "#/$defs/place", "title": "Here"}},
        "$defs": {"place": {"type": "string", "title": "Place"}},
    }
    parts = {
        "definitions": {"who": {"properties": {"name": {"$ref": "#/definitions/name"}}}, "name": {"type": "string"}}
    }
    found = asking(schema, {"schemas/parts.json": json.dumps(parts)})
    assert [row[0] for row in found] == ["where", "name"]
    assert found[0][3] == "Here"
    assert found[1][2] == "a string"


@pytest.mark.parametrize(
    ("schema", "when"),
    [
        ({"if": {"properties": {"k": {"const": "A"}}}, "then": {"properties": {"x": {}}}}, "'k' is 'A'"),
        ({"if": {"properties": {"k": {"enum": [1, 2]}}}, "else": {"properties": {"x": {}}}}, "not 'k' is '1' or '2'"),
        ({"if": {"required": ["k"]}, "then": {"properties": {"x": {}}}}, "'k' is given"),
        ({"if": True, "then": {"properties": {"x": {}}}}, "something else fits"),
        ({"dependencies": {"k": {"properties": {"x": {}}}}}, "'k' is given"),
        ({"oneOf": [{"properties": {"x": {}}}]}, "in choice 1"),
        ({"oneOf": [{"properties": {"k": {"const": True}, "x": {}}}]}, "'k' is 'true'"),
    ],
)
def test_a_value_that_is_not_always_asked_for_says_when(schema: dict[str, Any], when: str) -> None:
    found = asking({"properties": {"k": {"title": "K"}}, **schema})
    assert [row[0] for row in found] == ["k", "x"]
    assert found[1][4] == when


PETS = {
    "kind": {"type": "string", "title": "Kind", "enum": ["none", "cat"]},
    "name": {"type": "string", "title": "Name"},
}
AGE = {"age": {"type": "integer", "title": "Age"}}


@pytest.mark.parametrize(
    ("schema", "more"),
    [
        ({"dependencies": {"kind": ["name"]}}, [("name", "mandatory", "'kind' is given")]),
        ({"dependentRequired": {"kind": ["name"]}}, [("name", "mandatory", "'kind' is given")]),
        ({"dependentSchemas": {"kind": {"properties": AGE}}}, [("age", "optional", "'kind' is given")]),
        (
            {
                "dependencies": {
                    "kind": {
                        "oneOf": [
                            {"properties": {"kind": {"enum": ["none"]}}},
                            {"properties": {"kind": {"enum": ["cat"]}, **AGE}, "required": ["kind", "age"]},
                        ]
                    }
                }
            },
            [("age", "mandatory", "'kind' is 'cat'")],
        ),
        (
            {"dependencies": {"kind": {"oneOf": [{"properties": AGE}, {"properties": {"size": {"title": "Size"}}}]}}},
            [
                ("age", "optional", "'kind' is given and in choice 1"),
                ("size", "optional", "'kind' is given and in choice 2"),
            ],
        ),
        (
            {"if": {"properties": {"kind": {"const": "cat"}}}, "then": {"required": ["name"]}},
            [("name", "mandatory", "'kind' is 'cat'")],
        ),
        (
            {
                "if": {"properties": {"kind": {"const": "cat"}}},
                "then": {"properties": {"name": {}}, "required": ["name"]},
            },
            [("name", "mandatory", "'kind' is 'cat'")],
        ),
        ({"dependencies": {"kind": ["nobody"]}}, []),
        (
            {"dependencies": {"kind": {"properties": {"all": {"title": "All", "items": {"properties": AGE}}}}}},
            [("all", "optional", "'kind' is given"), ("all[].age", "optional", "'kind' is given")],
        ),
    ],
)
def test_what_depends_on_another_value_is_listed_with_its_condition(
    schema: dict[str, Any], more: list[tuple[str, str, str]]
) -> None:
    found = [(row[0], row[1], row[4]) for row in asking({"properties": PETS, **schema})]
    assert found == [("kind", "optional", ""), ("name", "optional", ""), *more]


def test_lists_in_lists_and_choices_of_what_a_list_holds_are_listed() -> None:
    deep = {"type": "array", "items": {"type": "array", "items": {"oneOf": [{"properties": AGE}]}}}
    assert [(row[0], row[4]) for row in asking({"properties": {"all": deep}})] == [
        ("all", ""),
        ("all[][].age", "in choice 1"),
    ]


def test_what_one_part_declares_and_another_requires_is_mandatory() -> None:
    (row,) = asking({"required": ["age"], "allOf": [{"properties": AGE}]})
    assert row[:2] == ("age", "mandatory")


def test_a_schema_that_refers_to_itself_comes_to_an_end() -> None:
    assert len(asking({"properties": {"a": {"$ref": "#"}, "b": {"$ref": "#"}}})) <= 200


def test_a_page_has_the_paragraph_and_the_trial_of_the_readme() -> None:
    text = page(workflow_of({}), README, "../folder")
    assert "\nGreets *people*. Kindly.\n" in text
    assert "Call it:\n\n```sh\n## no heading\n```\n\n### And again\n\nDone.\n\nIf something" in text
    assert "[greeting](../folder)" in text
    assert "waybill run greeting --mock" in text


@pytest.mark.parametrize("readme", ["", "# Title\n", "# Title\n\n| a | b |\n", "<p>no</p>\n"])
def test_a_page_without_a_readme_says_what_the_definition_says(readme: str) -> None:
    definition = {**MINIMAL, "description": "Says hello."}
    assert opening(readme) == ""
    assert "\nSays hello.\n" in page(workflow_of({"greeting.sw.json": json.dumps(definition)}), readme, "x")
    assert section(readme, "Try it") == ""


def test_the_page_lists_what_an_install_must_be_given() -> None:
    files = {"application.properties": "# Where it is.\na=${SERVICE_URL}\n", "secret.properties": "TOKEN=x\n"}
    text = page(workflow_of(files), "", "x")
    assert "--set env.SERVICE_URL=..." in text
    assert "--set secret.data.TOKEN=..." in text
    assert "| SERVICE_URL | `env.SERVICE_URL` | yes | Where it is. |" in text


def test_names_of_a_workflow_are_neither_tags_nor_links_nor_cells() -> None:
    bad = "<script>|[x](http://evil)`"
    definition = {
        **MINIMAL,
        "name": bad,
        "description": "<img>",
        "annotations": [f"workflow-type/{bad}"],
        "dataInputSchema": {"schema": {"properties": {bad: {"title": "<b>", "default": bad}}}},
    }
    flow = workflow_of({"greeting.sw.json": json.dumps(definition)})
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(page(flow, "", "x"))
    for tag in ("<script", "<img", "<b>", 'href="http://evil'):
        assert tag not in html
    row = index_row(flow, "greeting.md")
    assert row.startswith("| [greeting](greeting.md) | ")
    assert "<img" not in row
