"""What the operator's reader says to the flows of other people's folders and of ours, as they are rendered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from generator.compatibility.matrix import known_matrix
from generator.findings.errors import FindingsError
from generator.findings.finding import blocking
from generator.kubernetes.crd import known_crd, known_crds
from generator.kubernetes.objects import ManifestOptions, flow, manifests
from generator.kubernetes.operator_reader import unreadable
from generator.kubernetes.operator_writer import Kept, rewritten
from generator.lint.linter import lint
from generator.workflow.workflow import Workflow
from pipeline.workspace.workflows import read_folder
from tests.conftest import ROOT
from tests.operator_reader import changed, read, write

#: The folders that are refused for arguments that are one expression or a list; the engine runs all of them.
ARGUMENTS = {
    "python",
    "ex-serverless-workflow-greeting-rpc-quarkus-serverless-workflow-greeting-client-rpc-quarkus-jsongreetbidistream-json",
    "ex-serverless-workflow-greeting-rpc-quarkus-serverless-workflow-greeting-client-rpc-quarkus-jsongreetbidistreamerror-json",
    "ex-serverless-workflow-temperature-conversion-conversion-workflow-full",
    "ex-serverless-workflow-temperature-conversion-conversion-workflow-spec",
    "rt-add-camel-deployment-t-valid-camel-soap-expression-args-json",
    "rt-it-openapiarray-json",
    "rt-it-squareservice-json",
}


def _workflows(shared: Path) -> Iterator[Workflow]:
    groups = [ROOT / "workflows", *(shared / "corpus" / name for name in ("workflows", "spec", "public"))]
    for folder in (folder for group in groups for folder in sorted(group.iterdir()) if folder.name != "shared"):
        if folder.is_dir():
            try:
                yield read_folder(folder)
            except FindingsError:
                continue


@pytest.fixture(scope="module")
def workflows(shared: Path) -> list[Workflow]:
    """Every folder that can be read at all, with errors or without."""
    return list(_workflows(shared))


def _flows(workflow: Workflow, profile: str) -> Iterator[Mapping[str, Any]]:
    """The flow of a workflow as it is rendered for each SonataFlow."""
    for version in known_crds():
        objects = manifests(workflow, ManifestOptions(profile=profile, crd=known_crd(version)))
        yield next(each["spec"]["flow"] for each in objects if each["kind"] == "SonataFlow")


@pytest.mark.parametrize("profile", sorted({name for flow in known_matrix().sonataflows for name in flow.profiles}))
def test_the_operator_reads_each_flow_that_is_rendered(profile: str, workflows: list[Workflow]) -> None:
    rendered = [(workflow, flow) for workflow in workflows for flow in _flows(workflow, profile)]
    answers = read(flow for _, flow in rendered)
    wrong = {
        workflow.source.name: said
        for (workflow, flow), said in zip(rendered, answers, strict=True)
        if any(said.values()) != bool(list(unreadable(flow))) or (any(said.values()) and not blocking(lint(workflow)))
    }
    assert len(workflows) > 200
    assert wrong == {}


def test_arguments_that_are_no_map_are_what_the_operator_cannot_read(workflows: list[Workflow]) -> None:
    found = {
        workflow.source.name: [finding.message for finding in lint(workflow) if finding.rule == "unreadable-value"]
        for workflow in workflows
    }
    assert {name for name, messages in found.items() if messages} == ARGUMENTS
    assert all("'arguments' as a " in message for messages in found.values() for message in messages)


def test_what_the_operator_writes_differs_where_that_is_said(workflows: list[Workflow]) -> None:
    flows = {workflow.source.name: flow(workflow) for workflow in workflows if not blocking(lint(workflow))}
    found = {}
    for (name, content), said in zip(flows.items(), write(flows.values()), strict=True):
        predicted = {each.path for each in rewritten(content) if each.kind is not Kept.MISSING}
        for answer in said.values():
            actual = set(changed(content, answer["written"])) if answer["written"] else {"nothing"}
            if actual != predicted and not (answer["written"] is None and predicted):
                found[name] = (actual, predicted, answer["error"])
    assert len(flows) > 100
    assert found == {}
