"""Reads argfile.conf."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.findings.errors import FindingsError
from generator.workflow.argfile import parse_argfile


def test_a_line_is_an_argument_up_to_its_end() -> None:
    text = b"# the image\n\nFLOW_NAME=A = B # no comment\r\n  MAVEN_ARGS_APPEND=-Da=b -Dc=d  \nFLOW_SUMMARY="
    assert parse_argfile(text, "argfile.conf") == {
        "FLOW_NAME": "A = B # no comment",
        "MAVEN_ARGS_APPEND": "-Da=b -Dc=d",
        "FLOW_SUMMARY": "",
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("FLOW_NAME=a\nFLOW_NAME", "argfile.conf:2:1: error: not NAME=VALUE; write a build argument"),
        ("FLOW_NAMES=a", "argfile.conf:1:1: error: the Dockerfiles take no build argument FLOW_NAMES; did you mean"),
        ("OTHER=a", "they take FLOW_NAME, FLOW_SUMMARY"),
    ],
)
def test_another_line_is_refused_with_its_place_and_what_to_write(text: str, message: str) -> None:
    with pytest.raises(FindingsError) as caught:
        parse_argfile(text.encode(), "argfile.conf")
    assert message in str(caught.value)


@given(st.binary(max_size=200))
def test_any_bytes_are_arguments_or_findings(data: bytes) -> None:
    with contextlib.suppress(FindingsError):
        assert all("\n" not in value for value in parse_argfile(data, "argfile.conf").values())
