"""Digests in the package of a chart, and the chart without them."""

from __future__ import annotations

import json

import pytest
import yaml

from generator.chart.chart import workflow_chart
from generator.chart.files import ChartFiles
from generator.chart.pin import ANNOTATION, Pin, pinned, pins_in, tagged, unpinned, version_and_tags
from generator.chart.umbrella import SubChart, umbrella_files
from generator.kubernetes.objects import ImageReference
from tests.unit.conftest import workflow

IMAGE = ImageReference(repository="quay.io/me/greeting", tag="src-000000000001")
PIN = Pin(repository=IMAGE.repository, tag="src-000000000001", digest=f"sha256:{'a' * 64}", key="1" * 64)
OTHER = Pin(repository="quay.io/me/save", tag="src-000000000002", digest=f"sha256:{'b' * 64}", key="2" * 64)
VALUES = """\
function:
  image:
    # Where it is.
    repository: quay.io/me/save
    tag: "src-000000000002"
    digest: ""
"""


def chart() -> ChartFiles:
    made = workflow({}, overlay={"values.yaml": VALUES})
    return workflow_chart(made, version="1.0.0", image=IMAGE).files


def test_a_pinned_chart_has_the_digest_beside_the_tag() -> None:
    values = yaml.safe_load(pinned(chart(), [PIN, OTHER])["values.yaml"])
    assert values["image"] == {"repository": PIN.repository, "tag": PIN.tag, "digest": PIN.digest}
    assert values["function"]["image"] == {"repository": OTHER.repository, "tag": OTHER.tag, "digest": OTHER.digest}


def test_the_readme_of_a_pinned_chart_has_the_digest_as_the_default() -> None:
    assert f'| `image.digest` | `"{PIN.digest}"` |' in pinned(chart(), [PIN])["README.md"].decode()


def test_the_annotations_of_a_pinned_chart_say_what_each_image_was_built_from() -> None:
    metadata = yaml.safe_load(pinned(chart(), [OTHER, PIN])["Chart.yaml"])
    assert pins_in(metadata["annotations"]) == (PIN, OTHER)


def test_a_chart_without_its_pins_is_what_it_was() -> None:
    assert unpinned(pinned(chart(), [PIN, OTHER])) == chart()


def test_a_chart_without_pins_stays_as_it_is() -> None:
    assert pinned(chart(), []) == chart() == unpinned(chart())


@pytest.mark.parametrize("annotations", [{}, {"a": "b"}])
def test_an_umbrella_without_its_pins_is_what_it_was(annotations: dict[str, str]) -> None:
    sub = SubChart(name="greeting", version="1.0.0", description="")
    own = umbrella_files([sub], version="1.0.0", annotations=annotations)
    umbrella = ChartFiles.joined(own, {"greeting": chart()})
    there = ChartFiles.joined(pinned(umbrella.own, [PIN]), {"greeting": pinned(chart(), [PIN])})
    assert pins_in(yaml.safe_load(there["Chart.yaml"])["annotations"]) == (PIN,)
    assert unpinned(there) == umbrella


def test_a_digest_that_a_person_wrote_stays() -> None:
    theirs = f"sha256:{'c' * 64}"
    files = ChartFiles({**chart(), "values.yaml": f"other:\n  repository: x/y\n  digest: '{theirs}'\n".encode()})
    assert theirs.encode() in unpinned(files)["values.yaml"]


def test_the_tag_of_another_recipe_replaces_the_one_in_the_values() -> None:
    custom = Pin(repository=PIN.repository, tag="src-000000000009-custom", digest=PIN.digest, key="9" * 64)
    assert yaml.safe_load(pinned(chart(), [custom])["values.yaml"])["image"]["tag"] == custom.tag


@pytest.mark.parametrize(
    "annotations",
    [None, [], {}, {ANNOTATION: 1}, {ANNOTATION: "["}, {ANNOTATION: "[1]"}, {ANNOTATION: json.dumps([{"x": 1}])}],
)
def test_misshapen_annotations_have_no_pins(annotations: object) -> None:
    assert pins_in(annotations) == ()


def test_the_version_and_the_tags_of_a_chart() -> None:
    assert version_and_tags(chart()) == ("1.0.0", {IMAGE.repository: IMAGE.tag, OTHER.repository: OTHER.tag})
    assert version_and_tags({}) == ("", {})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a:\n  repository: x/save\n  tag: '1'\n", "a:\n  repository: r/save\n  tag: 't'\n"),
        ("a: {repository: save, tag: latest} # b\n", "a: {repository: r/save, tag: t} # b\n"),
        ('a:\n  repository: "x/other"\n  tag: "1"\n', 'a:\n  repository: "x/other"\n  tag: "1"\n'),
        ("a:\n  repository: x/save\n", "a:\n  repository: r/save\n"),
        ("[", "["),
    ],
)
def test_the_values_of_a_function_name_its_image(text: str, expected: str) -> None:
    assert tagged(text, {"save": ImageReference(repository="r/save", tag="t")}) == expected
