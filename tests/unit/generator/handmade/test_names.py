"""Names that a hand-made chart and the generated one both have."""

from __future__ import annotations

import json

import pytest
import yaml

from generator.handmade.makefile import image_names
from generator.handmade.names import (
    OwnNames,
    ValueNames,
    defined_in,
    moved_values,
    moved_values_schema,
    read_by,
    values_taken,
)

GENERATED = {"values.schema.json": json.dumps({"properties": {"image": {}, "env": {}, "global": {}}}).encode()}


def names(text: str, *, values: ValueNames | None = None, chart: str = "old", taken: tuple[str, ...] = ()) -> OwnNames:
    return OwnNames(
        chart=chart,
        defined=defined_in([text]) | {"old.labels", "port"},
        taken=frozenset(taken),
        prefix="new",
        values=values or ValueNames(),
        read=read_by([text]),
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('{{ include "new.labels" . }}', '{{ include "new.own.labels" . }}'),
        ('{{- define "new.labels" -}}', '{{- define "new.own.labels" -}}'),
        ("{{ template `new.labels` . }}", "{{ template `new.own.labels` . }}"),
        ('{{ include "old.labels" . }}', '{{ include "old.labels" . }}'),
        ('{{ include "port" . }}', '{{ include "new.port" . }}'),
        ('{{ include "of.a.library" . }}', '{{ include "of.a.library" . }}'),
        ("{{ .Values.image.tag }}", "{{ .Values.own.image.tag }}"),
        ("{{ $.Values.image }}", "{{ $.Values.own.image }}"),
        ("{{ .Values.imagePull }}", "{{ .Values.imagePull }}"),
        ('{{ printf "%s-x" .Chart.Name }}', '{{ printf "%s-x" "old" }}'),
        ("{{ $.Chart.Name }}", '{{ "old" }}'),
        ('{{ .Files.Get "a/b.json" }}', '{{ .Files.Get "files/own/a/b.json" }}'),
        ('{{ (.Files.Glob "a/*").AsConfig }}', '{{ (.Files.Glob "files/own/a/*").AsConfig }}'),
    ],
)
def test_names_that_are_taken_change_wherever_they_are_used(before: str, after: str) -> None:
    own = names('{{ define "new.labels" }}', values=ValueNames(moved=frozenset({"image"})), taken=("new.labels",))
    assert own.renamed(before) == after


@pytest.mark.parametrize(
    ("path", "pattern", "read"),
    [
        ("a/b.json", "a/b.json", True),
        ("a/b.json", "a/*.json", True),
        ("a/c/b.json", "a/*.json", False),
        ("a/c/b.json", "a/**.json", True),
        ("a/b.json", "a/?.json", True),
        ("a/b.json", "./a/b.json", True),
        ("b.json", "a/b.json", False),
    ],
)
def test_files_that_templates_read_come_along(path: str, pattern: str, read: bool) -> None:  # noqa: FBT001 - a row of the table
    text = f'{{{{ .Files.Glob "{pattern}" }}}}'
    assert names(text).file(path) == (f"files/own/{path}" if read else None)


@pytest.mark.parametrize(
    ("text", "strange"),
    [
        ('{{ .Files.Get "a" }}', False),
        ("{{ .Files.Get .Values.path }}", True),
        ("{{ range $p, $_ := .Files }}{{ end }}", True),
        ("{{ toYaml .Values }}", True),
        ("{{ .Values.image }}", True),
        ("{{ .Values.other }}", False),
    ],
)
def test_names_that_cannot_be_told_are_left_to_people(text: str, strange: bool) -> None:  # noqa: FBT001 - as above
    assert bool(names(text, values=ValueNames(stuck=frozenset({"image"}))).strange(text)) is strange


@pytest.mark.parametrize(
    ("values", "text", "expected"),
    [
        ({"image": "a"}, "{{ .Values.image }}", {"moved": {"image"}}),
        ({"image": "a"}, "{{ .Values.other }}", {"unused": {"image"}, "undeclared": {"other"}}),
        ({"image": "a"}, "{{ with .Values }}{{ .image }}{{ end }}", {"stuck": {"image"}}),
        ({"global": {"a": 1}}, "{{ .Values.global.a }}", {"stuck": {"global"}}),
        ({"broker": "a"}, "{{ .Values.broker }}", {}),
        ({"own": 1, "env": {}}, "{{ .Values.env }}", {"moved": {"env"}, "below": "chart"}),
    ],
)
def test_what_becomes_of_values_follows_from_how_they_are_used(
    values: dict[str, object], text: str, expected: dict[str, object]
) -> None:
    wanted = {key: found if key == "below" else frozenset(found) for key, found in expected.items()}  # type: ignore[call-overload]  # a set or a key
    assert values_taken(values, GENERATED, [text]) == ValueNames(**wanted)


@pytest.mark.parametrize(
    "text",
    [
        "# First.\nkeep: 1 # here\n\n# The image.\nimage:\n  tag: v1\nenv: {a: 1}\ngone: |\n  x\n\n  y\n",
        "image: {tag: v1}\nkeep: 1\nenv:\n- a\ngone: 2",
        "{keep: 1, image: {tag: v1}, env: 2, gone: 3}\n",
    ],
)
def test_values_move_with_their_comments_and_keep_their_meaning(text: str) -> None:
    values = yaml.safe_load(text)
    moved = ValueNames(moved=frozenset({"image", "env"}), unused=frozenset({"gone"}))
    written = moved_values(text, values, moved)
    assert yaml.safe_load(written) == {"keep": 1, "own": {"image": values["image"], "env": values["env"]}}
    assert ("# The image." in written) == ("# The image." in text)


def test_values_that_nothing_is_wrong_with_keep_their_text() -> None:
    text = "broker: {name:   default}  # mine"
    assert moved_values(text, {"broker": {}}, ValueNames()) == text
    undeclared = moved_values(text, {"broker": {}}, ValueNames(undeclared=frozenset({"a"})))
    assert yaml.safe_load(undeclared) == {"broker": {"name": "default"}, "a": None}


def test_the_schema_of_values_moves_with_them() -> None:
    schema = {"required": ["image", "broker"], "properties": {"image": {"type": "string"}, "broker": {}, "gone": {}}}
    moved = ValueNames(moved=frozenset({"image"}), unused=frozenset({"gone"}))
    found = json.loads(moved_values_schema(json.dumps(schema), schema, moved))
    assert found == {
        "required": ["broker"],
        "properties": {"broker": {}, "own": {"type": "object", "properties": {"image": {"type": "string"}}}},
    }
    assert moved_values_schema("{}", {}, moved) == ""


def test_a_makefile_s_names_are_read_where_they_are_plain_text() -> None:
    text = "REGISTRY ?= quay.io\nREGISTRY_REPO := team # ours\nIMAGE_PREFIX = flow\nX = $(REGISTRY)\n"
    assert image_names(text) == ("quay.io/team", "flow-")
    assert image_names("REGISTRY = quay.io\nREGISTRY_REPO ?= $(shell id -un)\nIMAGE_PREFIX =\n") == ("", "")
