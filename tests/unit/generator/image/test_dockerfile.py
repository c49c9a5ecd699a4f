"""The images that a Dockerfile starts from."""

from __future__ import annotations

import pytest

from generator.image.dockerfile import base_images


@pytest.mark.parametrize(
    ("dockerfile", "images"),
    [
        ("FROM a:1", ("a:1",)),
        ("from a:1 as x\nFROM scratch\nCOPY --from=x / /", ("a:1",)),
        ("FROM a:1 AS x\nFROM X\nFROM b AS y\nFROM a:1", ("a:1", "b")),
        ("FROM --platform=linux/amd64 a@sha256:12", ("a@sha256:12",)),
        ("FROM a\nCOPY --chown=1 --from=host:5000/tool:2 /x /x\nCOPY --from=0 /y /y", ("a", "host:5000/tool:2")),
        ("# FROM no\nARG V=1\nFROM a:$V", ("a:1",)),
        ('ARG V="1"\nARG I=a:${V}\nFROM ${I}', ("a:1",)),
        ("ARG GIVEN=x\nFROM a:${GIVEN}", ("a:given",)),
        ("ARG GIVEN\nFROM ${GIVEN:-default}", ("given",)),
        ("ARG V\nFROM ${V:-host:1/a:2}", ("host:1/a:2",)),
        ("ARG V=\nFROM ${V-unset}a${V:+no}", ("a",)),
        ("FROM \\\n  # why\n  a:1 \\\n  AS x\nFROM x", ("a:1",)),
        # What is no ARG before the first FROM is no value for it.
        ("FROM a${GIVEN}\nARG GIVEN=x\nFROM b${GIVEN}", ("a", "b")),
        ("RUN echo FROM nowhere", ()),
    ],
    ids=str,
)
def test_a_build_needs_the_images_of_from_and_of_copy(dockerfile: str, images: tuple[str, ...]) -> None:
    assert base_images(dockerfile.encode(), {"GIVEN": "given"}) == images
