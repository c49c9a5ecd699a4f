"""Proposals of other people's workflows: each has a body that fits, the same each time, and shows text as text."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest

from generator.chart.chart import workflow_chart
from generator.lint.linter import lint
from generator.proposal.body import LONGEST_TITLE, body, title
from generator.proposal.commit_message import commit_message
from generator.proposal.fitting import GITHUB_LIMIT, SMALLEST_LIMIT, length
from generator.proposal.marker import read_marker
from generator.proposal.proposal import Proposal
from pipeline.system.environment import without_home
from pipeline.workspace.workflows import read_folder
from tests.conftest import SHARED, UNREADABLE
from tests.unit.generator.proposal.proposals import COMMAND, NEW, OLD, ORIGIN, unsafe

#: One name where there is no data, so that the fixture says what is left out.
WORKFLOWS = sorted(
    path.name for path in (SHARED / "corpus" / "workflows").glob("*") if path.name not in ("shared", UNREADABLE)
) or ["no data"]
LINKS = [quote(url, safe="/:") for url in (ORIGIN.url, ORIGIN.pull_request)]


@pytest.fixture(params=WORKFLOWS)
def proposed(request: pytest.FixtureRequest, shared: Path) -> Proposal:
    workflow = read_folder(shared / "corpus" / "workflows" / request.param)
    with without_home():
        findings = tuple(lint(workflow))
    chart = workflow_chart(workflow, version="2.0.0", image=NEW)
    return Proposal(workflow=workflow, chart=chart, old=None, origin=ORIGIN, command=COMMAND, findings=findings)


def test_a_real_workflow_has_a_body_that_fits(proposed: Proposal) -> None:
    text = body(proposed)
    assert text == body(replace(proposed))
    assert unsafe(text, LINKS) == []
    assert length(text) <= GITHUB_LIMIT
    assert "Left out" not in text
    assert "```mermaid" in text
    marker = read_marker(text)
    assert marker is not None
    assert marker.workflow == proposed.workflow.source.name
    short = body(proposed, SMALLEST_LIMIT)
    assert length(short) <= SMALLEST_LIMIT
    assert unsafe(short, LINKS) == []


def test_another_image_is_all_that_changes(proposed: Proposal) -> None:
    base = workflow_chart(proposed.workflow, version="1.0.0", image=OLD).files
    update = replace(proposed, old=base)
    assert "**Only the image changes.**" in body(update)
    assert len(title(update)) <= LONGEST_TITLE
    assert "\n\nOnly the image changes.\n\n" in commit_message(update, None)


def test_a_change_to_any_other_workflow_fits(proposed: Proposal, shared: Path) -> None:
    other = read_folder(shared / "corpus" / "workflows" / WORKFLOWS[0])
    base = workflow_chart(other, version="1.0.0", image=OLD).files
    text = body(replace(proposed, old=base))
    assert length(text) <= GITHUB_LIMIT
    assert unsafe(text, LINKS) == []
