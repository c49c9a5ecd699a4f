"""Which charts have the same content."""

from __future__ import annotations

import pytest

from generator.chart.chart import workflow_chart
from generator.chart.content import content_key
from generator.kubernetes.objects import ImageReference
from tests.unit.conftest import workflow

IMAGE = ImageReference(repository="quay.io/me/greeting", tag="src-1")
SOME, OTHER = (ImageReference(repository="quay.io/me/greeting", tag="src-1", digest=f"sha256:{c * 64}") for c in "ab")


def key(version: str = "1.0.0", image: ImageReference = IMAGE) -> str:
    return content_key(workflow_chart(workflow({}), version=version, image=image).files)


@pytest.mark.parametrize("version", ["1.0.1", "2.0.0-rc.1", "1.0.0+build"])
def test_a_version_is_no_content(version: str) -> None:
    assert key(version) == key()


def test_a_digest_of_the_image_is_no_content() -> None:
    assert key(image=SOME) == key(image=OTHER) == key()


def test_a_tag_is_content() -> None:
    assert key(image=ImageReference(repository="quay.io/me/greeting", tag="src-2")) != key()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {"a": b""}),
        ({"a": b"1"}, {"a": b"2"}),
        ({"a": b"1"}, {"b": b"1"}),
        ({"a": b"", "b": b"1"}, {"a": b"1", "b": b""}),
        ({"Chart.yaml": b"version: 1.0.0\nname: a\n"}, {"Chart.yaml": b"version: 1.0.0\nname: b\n"}),
        ({"Chart.yaml": b"version: 1.0.0\n# a\n"}, {"Chart.yaml": b"version: 1.0.0\n# b\n"}),
        ({"x/Chart.yaml": b"version: 1.0.0\n"}, {"x/Chart.yaml": b"version: 1.0.1\n"}),
        ({"values.yaml": b"digest: a\n"}, {"values.yaml": b"digest: b\n"}),
        ({"values.yaml": b"image: a\n"}, {"values.yaml": b"image: b\n"}),
        ({"values.yaml": b"a: [\n"}, {"values.yaml": b"b: [\n"}),
    ],
)
def test_everything_else_is_content(before: dict[str, bytes], after: dict[str, bytes]) -> None:
    assert content_key(before) != content_key(after)
