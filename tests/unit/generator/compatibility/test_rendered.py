"""What a chart sets of the custom resource, with the workflow's own defaults."""

from __future__ import annotations

import re

import pytest

from generator.compatibility.capabilities import newest_capabilities
from generator.compatibility.rendered import rendered
from generator.kubernetes.admission import admit
from generator.text.yaml_reader import field_path
from tests.unit.conftest import workflow


@pytest.mark.parametrize(
    ("values", "dropped"),
    [
        ("podTemplate: {container: {resorces: {}}}", ["spec.podTemplate.container.resorces"]),
        ("podTemplate: {container: {env: [{nam: A}]}}", ["spec.podTemplate.container.env[].nam"]),
        ("podTemplate: {container: {resources: {limits: {memory: 1Gi}}}}", []),
        ("podTemplate: 3", []),
        ("podTemplate: [", []),
    ],
)
def test_a_default_that_an_operator_would_drop_is_seen(values: str, dropped: list[str]) -> None:
    for resource in rendered(workflow({}, overlay={"values.yaml": values})).values():
        found = admit(resource, newest_capabilities().crd).dropped
        assert [re.sub(r"\[\d+\]", "[]", field_path(each)) for each in found] == dropped
