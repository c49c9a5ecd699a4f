"""What a template writes, told by its text."""

from __future__ import annotations

import pytest

from generator.handmade.template import Part, can_part, joined, parts_of, twice


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        ("kind: Route\nmetadata:\n  name: a\n", "Route", "a"),
        ('kind: "Route" # of OpenShift\nmetadata:\n    labels:\n        name: b\n    name: "a"\n', "Route", "a"),
        ("{{- if .Values.on }}\nkind: Route\nmetadata:\n  name: a # mine\n{{- end }}\n", "Route", "a"),
        ("kind: Route\nmetadata:\n  name: {{ .Release.Name }}\n", "Route", None),
        ("metadata: {name: a}\nkind: Route\n", "Route", "a"),
        ('{"kind": "Route", "metadata": {"name": "a"}}', "Route", "a"),
        ('{"kind": "Route", "metadata": {"name": "{{ .x }}"}}', "Route", None),
        ("kind: Route\r\nmetadata:\r\n  name: a\r\n", "Route", "a"),
        ("spec:\n  kind: Route\n  name: a\n", None, None),
        ("# kind: Route\n", None, None),
        ("no: [yaml\n", None, None),
    ],
)
def test_kind_and_name_are_told_without_helm(text: str, kind: str | None, name: str | None) -> None:
    part = Part(text=text)
    assert (part.kind, part.name) == (kind, name)


def test_documents_end_at_lines_of_three_dashes() -> None:
    parts = parts_of("---\na: 1\n--- # next\nb: |\n  ---\n---\n\n---\nc: ----\n")
    assert [part.text for part in parts] == ["a: 1\n", "b: |\n  ---\n", "c: ----\n"]
    assert parts_of(joined(parts)) == parts


@pytest.mark.parametrize(
    ("text", "empty"),
    [
        ("# only a comment\n{{- /* and another */}}\n", True),
        ('{{- $name := "a" }}\n{{ if $name }}{{ end }}', True),
        ('{{ include "x" . }}', False),
        ("{{ if .Values.on }}a: 1{{ end }}", False),
    ],
)
def test_a_part_without_output_is_empty(text: str, empty: bool) -> None:  # noqa: FBT001 - a row of the table
    assert Part(text=text).empty is empty


@pytest.mark.parametrize(
    ("gone", "kept", "can"),
    [
        ("a: 1", "b: 2", True),
        ("{{ if .a }}a: 1{{ end }}", "{{ range .b }}b: 2{{ end }}", True),
        ("{{ if .a }}a: 1", "b: 2{{ end }}", False),
        ("{{ $a := 1 }}a: 1", "b: {{ $a }}", False),
        ("{{ $a := 1 }}a: 1", "b: {{ $ab }}", True),
    ],
)
def test_documents_part_where_no_block_and_no_variable_joins_them(gone: str, kept: str, can: bool) -> None:  # noqa: FBT001 - as above
    assert can_part([Part(text=gone)], [Part(text=kept)]) is can


def test_an_object_that_is_written_twice_is_named() -> None:
    text = "kind: Route\nmetadata:\n  name: a\n"
    assert twice(parts_of(f"{text}---\n{text}---\nkind: Broker\n")) == ["Route a"]


def test_what_actions_write_is_left_open() -> None:
    text = "spec:\n  {{- if .Values.x }}\n  image: {{ .Values.image }}:v1\n  {{- end }}\n  flow: {a: 1}\n"
    assert Part(text=text).content is None
    assert Part(text=text).roughly == {"spec": {"image": "…:v1", "flow": {"a": 1}}}


@pytest.mark.parametrize("piece", ["{{ if ", "{{/* ", "name: a ", "   ", "\n", '{{ "', "{{ `", "---\n", "metadata:\n"])
def test_no_text_takes_long(piece: str) -> None:
    """A text of a megabyte that is wrong everywhere; with a pattern that goes back, this would take hours."""
    for part in parts_of(f"metadata:\n  name: a{piece * (1_000_000 // len(piece))}b\n"):
        assert part.kind is None
        assert not part.variables
        _ = (part.empty, part.balanced, part.name)
