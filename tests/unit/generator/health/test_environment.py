"""JSON patches that set one variable and leave the others alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from generator.health.environment import setting

PATH = ("spec", "podTemplate", "container", "env")


@pytest.mark.parametrize(
    ("spec", "operations"),
    [
        (
            {},
            [
                {"op": "add", "path": "/spec/podTemplate", "value": {}},
                {"op": "add", "path": "/spec/podTemplate/container", "value": {}},
                {"op": "add", "path": "/spec/podTemplate/container/env", "value": [{"name": "A", "value": "1"}]},
            ],
        ),
        (
            {"podTemplate": {"container": {"image": "x"}}},
            [{"op": "add", "path": "/spec/podTemplate/container/env", "value": [{"name": "A", "value": "1"}]}],
        ),
        (
            {"podTemplate": {"container": {"env": [{"name": "B", "value": "secret"}]}}},
            [{"op": "add", "path": "/spec/podTemplate/container/env/-", "value": {"name": "A", "value": "1"}}],
        ),
        (
            {"podTemplate": {"container": {"env": [{"name": "B"}, {"name": "a", "valueFrom": {}}]}}},
            [{"op": "replace", "path": "/spec/podTemplate/container/env/1", "value": {"name": "a", "value": "1"}}],
        ),
    ],
    ids=["nothing is there", "no list is there", "others are there", "it is there"],
)
def test_a_variable_is_set_where_it_belongs(spec: Mapping[str, Any], operations: list[Mapping[str, Any]]) -> None:
    assert setting({"spec": spec}, PATH, "A", "1") == operations
