"""The laws of reading a workflow: whatever is in it, it is read or refused with findings."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from generator.chart.chart import workflow_chart
from generator.findings.finding import blocking
from generator.kubernetes.objects import ImageReference, ManifestOptions, manifest_files, manifests
from generator.lint.linter import lint
from generator.lint.support.object_literal import read_object
from generator.workflow.workflow import Workflow, read_workflow
from tests.unit.conftest import defined, findings_of, read, write, write_workflow

if TYPE_CHECKING:
    import pytest

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("aA1 .", max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "name",
                    "type",
                    "end",
                    "transition",
                    "actions",
                    "functionRef",
                    "data",
                    "start",
                    "operation",
                    "schedule",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)
sections = st.sampled_from(
    [
        "id",
        "states",
        "functions",
        "events",
        "auth",
        "start",
        "timeouts",
        "retries",
        "extensions",
        "constants",
        "secrets",
    ]
)


def all_made_from(found: Workflow) -> None:
    """Check a workflow, and make its objects and its chart where nothing makes them impossible."""
    if not blocking(lint(found)):
        manifest_files(manifests(found, ManifestOptions(secret_values=True)))
        workflow_chart(found, version="0.1.0", image=ImageReference(repository="q/r"))


@given(st.dictionaries(sections, values, max_size=5))
@settings(max_examples=200)
def test_a_definition_of_any_values_is_read_or_refused_with_findings(fields: dict[str, Any]) -> None:
    findings_of(lambda: all_made_from(defined(fields)))


@given(st.binary(max_size=200), st.sampled_from(["g.sw.yaml", "g.sw.json", "application.properties", "specs/a.yaml"]))
@settings(max_examples=100)
def test_a_folder_of_arbitrary_bytes_is_read_or_refused_with_findings(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, name: str
) -> None:
    folder = tmp_path_factory.mktemp("w") / "greeting"
    if not name.startswith("g."):
        write_workflow(folder.parent, "greeting")
    write(folder, {name: data})
    findings = findings_of(lambda: all_made_from(read_workflow(read(folder))))
    assert all(finding.path.startswith("workflows/greeting/") for finding in findings)


@given(st.recursive(st.text(max_size=20) | st.integers() | st.none(), lambda inner: st.dictionaries(st.text(), inner)))
def test_arguments_of_any_shape_are_read(arguments: Any) -> None:
    action = {"functionRef": {"refName": "post", "arguments": arguments}}
    states = [{"name": "A", "type": "operation", "actions": [action], "end": True}]
    functions = [{"name": "post", "type": "custom", "operation": "rest:post:/greet"}]
    lint(defined({"functions": functions, "states": states}))


@given(st.dictionaries(st.text(max_size=3), st.recursive(st.integers() | st.text(max_size=3), st.lists), max_size=4))
def test_what_json_writes_is_read_back(content: dict[str, Any]) -> None:
    assert read_object(json.dumps(content, ensure_ascii=False)) == content or "\\(" in json.dumps(content)
