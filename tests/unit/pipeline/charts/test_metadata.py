"""Fields of Chart.yaml get the Go types with which Helm reads them."""

from __future__ import annotations

from typing import Any

import pytest

from generator.findings.errors import FindingsError
from generator.text.yaml_reader import parse
from pipeline.charts.archive import package
from pipeline.charts.metadata import GoTypeError, chart_metadata, is_string, is_time


def metadata(text: str) -> dict[str, Any]:
    return chart_metadata(parse(text.encode(), "Chart.yaml").root)


@pytest.mark.parametrize("text", ["1.16", "392065e2", "010", "0x1F", "true", "Yes", "on", "y", "1:30", "1_0", "-5"])
def test_a_scalar_without_quotes_is_a_string_as_it_was_written(text: str) -> None:
    found = metadata(
        f"name: {text}\nappVersion: {text}\ndescription: {text}\nkeywords: [{text}]\nannotations: {{a: {text}}}\n"
        f"maintainers: [{{name: {text}, email: {text}, url: {text}}}]\n"
        f"dependencies: [{{name: {text}, version: {text}, tags: [{text}]}}]\n"
    )
    assert found == {
        "name": text,
        "appVersion": text,
        "description": text,
        "keywords": [text],
        "annotations": {"a": text},
        "maintainers": [{"name": text, "email": text, "url": text}],
        "dependencies": [{"name": text, "version": text, "tags": [text]}],
    }
    assert {type(found[key]) for key in ("name", "appVersion", "description")} == {str}


def test_fields_without_a_value_and_those_that_helm_does_not_copy_are_left_out() -> None:
    assert metadata(
        "name: a\nhome:\nicon: ~\nmine: 1\nmaintainers: [{name: b, mine: 1}]\nannotations: {a: , b: c}\n"
    ) == {
        "name": "a",
        "maintainers": [{"name": "b"}],
        "annotations": {"a": "", "b": "c"},
    }


@pytest.mark.parametrize(("text", "value"), [("true", True), ("False", False), ("yes", True), ("off", False)])
def test_deprecated_is_true_or_false(text: str, value: bool) -> None:  # noqa: FBT001 - the expected value
    assert metadata(f"deprecated: {text}") == {"deprecated": value}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("keywords: a", "'keywords' must be a list"),
        ("annotations: [a]", "'annotations' must be a map"),
        ("annotations: {a: [1]}", "'annotations.a' must be a string"),
        ("description: {a: 1}", "'description' must be a string"),
        ("deprecated: 1", "'deprecated' must be true or false"),
        ("maintainers: [a]", "'maintainers[0]' must be a map"),
        ("maintainers: [~]", "'maintainers[0]' must be a map"),
        ("dependencies: [{name: a}, {tags: b}]", "'dependencies[1].tags' must be a list"),
    ],
)
def test_what_no_conversion_makes_a_type_of_helm_is_refused_with_the_chart(text: str, message: str) -> None:
    with pytest.raises(GoTypeError) as caught:
        metadata(text)
    assert str(caught.value) == message
    with pytest.raises(FindingsError) as refused:
        package({"Chart.yaml": f"name: demo\nversion: 1.0.0\n{text}\n".encode()}, "charts/demo")
    assert str(refused.value).startswith(f"charts/demo/Chart.yaml: error: demo 1.0.0: {message}")


@pytest.mark.parametrize("text", ["a", "1.2.3", "v1", "0b94", "2026-01-01", "e1", "a: b", "nully", "0b2", "0xg"])
def test_what_every_reader_takes_for_a_string_is_one(text: str) -> None:
    assert is_string(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-31T12:00:00Z", True),
        ("2024-12-18T09:50:23.145466658Z", True),
        ("2024-02-29T00:00:00+01:00", True),
        ("2026-02-29T00:00:00Z", False),
        ("2026-01-31 12:00:00Z", False),
        ("2026-01-31T12:00:00", False),
        ("2026-01-31T24:00:00Z", False),
        ("2026-01-31T12:00:00z", False),
        ("2026-01-31", False),
    ],
)
def test_a_time_is_one_that_go_reads(text: str, expected: bool) -> None:  # noqa: FBT001 - the expected value
    assert is_time(text) is expected
